//! Blocks of code in Markdown.

/// A block of code, and what the comment on the line before it says.
#[derive(Debug, PartialEq)]
pub struct Block {
    pub language: String,
    pub comment: String,
    pub code: String,
}

pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    let mut previous = "";
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let comment = previous.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
            blocks.push(Block {
                language: language.to_owned(),
                comment: comment.unwrap_or_default().to_owned(),
                code: code.join("\n"),
            });
        }
        previous = line;
    }
    blocks
}

/// The blocks after such a comment, of which there is at least one.
pub fn blocks_after(text: &str, comment: &str) -> Vec<Block> {
    let blocks: Vec<Block> = blocks(text).into_iter().filter(|block| block.comment == comment).collect();
    assert!(!blocks.is_empty(), "there is no block after <!-- {comment} -->");
    blocks
}
