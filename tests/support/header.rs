//! Reads the C header, as far as its plain and regular form needs it.

use super::{read, repository};

pub const HEADER: &str = "include/oss_upload.h";

/// Something that the header declares, with the comment before it.
#[derive(Debug)]
pub struct Item {
    pub name: String,
    pub line: usize,
    /// The text of the comment without its frame; `None` without a comment.
    pub doc: Option<String>,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    /// An enum with its enumerators, each documented or not.
    Enum(Vec<Enumerator>),
    /// An opaque struct.
    Handle,
    /// Anything else that is named by a typedef, such as a pointer to a function.
    Alias,
    Function {
        /// All of it, up to the closing parenthesis.
        prototype: String,
        parameters: Vec<Parameter>,
        returns: bool,
    },
}

#[derive(Debug)]
pub struct Enumerator {
    pub name: String,
    pub value: Option<i64>,
    pub documented: bool,
}

#[derive(Debug)]
pub struct Parameter {
    pub name: String,
    pub is_pointer: bool,
}

impl Item {
    pub fn parameters(&self) -> Option<&[Parameter]> {
        match &self.kind {
            Kind::Function { parameters, .. } => Some(parameters),
            _ => None,
        }
    }

    pub fn prototype(&self) -> Option<&str> {
        match &self.kind {
            Kind::Function { prototype, .. } => Some(prototype),
            _ => None,
        }
    }
}

/// Everything that the committed header declares.
pub fn items() -> Vec<Item> {
    let items = parse(&read(repository(HEADER)));
    let functions = items.iter().filter(|item| item.parameters().is_some()).count();
    assert!(functions > 50, "only {functions} functions found: the header's form is not understood");
    items
}

/// The examples in the comments of the header.
pub fn examples(header: &str) -> Vec<String> {
    let blocks = header.split("@code").skip(1);
    let blocks = blocks.map(|block| block.split_once("@endcode").expect("@code without @endcode").0);
    let lines = |block: &str| {
        let lines = block.lines().map(|line| line.trim_start().trim_start_matches('*').to_owned());
        lines.collect::<Vec<_>>().join("\n")
    };
    blocks.map(lines).collect()
}

/// The calls in C code whose status nobody looks at: those that a statement begins with.
pub fn unchecked(code: &str) -> Vec<&str> {
    let items = items();
    let gives_status = |name: &str| {
        let item = items.iter().find(|item| item.name == name);
        item.and_then(Item::prototype).is_some_and(|prototype| prototype.starts_with("oss_status "))
    };
    let mut goes_on = false;
    let mut found = Vec::new();
    for line in code.lines() {
        let call = line.trim().split_once('(').is_some_and(|(name, _)| gives_status(name));
        if call && !goes_on {
            found.push(line);
        }
        goes_on = line.ends_with(['&', '|', '=', '(', ',']);
    }
    found
}

/// Reads declarations: `/** comment */`, then lines up to the one that ends with `;`.
pub fn parse(header: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut doc: Option<String> = None;
    let mut lines = header.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.starts_with("/*") {
            let mut text = line.to_owned();
            while !text.ends_with("*/") {
                let Some((_, more)) = lines.next() else { panic!("line {}: an endless comment", number + 1) };
                text.push('\n');
                text.push_str(more.trim());
            }
            doc = text.starts_with("/**").then(|| without_frame(&text));
            continue;
        }
        if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
            doc = None;
            continue;
        }
        if line == "extern \"C\" {" || line.starts_with("}  //") {
            continue;
        }
        let mut declaration = line.to_owned();
        while !(declaration.ends_with(';') && balanced(&declaration)) {
            let Some((_, more)) = lines.next() else { panic!("line {}: an endless declaration", number + 1) };
            declaration.push('\n');
            declaration.push_str(more.trim());
        }
        items.push(item(&declaration, number + 1, doc.take()));
    }
    items
}

/// The text of a comment, and a ` * ` at the beginning of each of its lines taken away.
fn without_frame(comment: &str) -> String {
    let inner = comment.trim_start_matches("/**").trim_end_matches("*/");
    let lines = inner.lines().map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix('*').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn balanced(text: &str) -> bool {
    text.matches('{').count() == text.matches('}').count()
}

fn item(declaration: &str, line: usize, doc: Option<String>) -> Item {
    let text = declaration.trim_end_matches(';');
    let last_word =
        |text: &str| words(text).last().unwrap_or_else(|| panic!("line {line}: {text}")).to_owned();
    let (name, kind) = if let Some((_, rest)) = text.split_once('{') {
        let (body, name) = rest.rsplit_once('}').unwrap_or_else(|| panic!("line {line}: {text}"));
        (last_word(name), Kind::Enum(enumerators(body)))
    } else if text.starts_with("typedef struct") {
        (last_word(text), Kind::Handle)
    } else if let Some((_, rest)) = text.strip_prefix("typedef").and_then(|text| text.split_once("(*")) {
        (words(rest).next().unwrap_or_default().to_owned(), Kind::Alias)
    } else if text.starts_with("typedef") {
        (last_word(text), Kind::Alias)
    } else {
        let (head, rest) = text.split_once('(').unwrap_or_else(|| panic!("line {line}: {text}"));
        let (list, _) = rest.rsplit_once(')').unwrap_or_else(|| panic!("line {line}: {text}"));
        let parameters =
            list.split(',').map(str::trim).filter(|parameter| !matches!(*parameter, "" | "void"));
        let parameters = parameters.map(|text| Parameter {
            name: last_word(text),
            // Types that point to functions end with `_fn`.
            is_pointer: text.contains('*') || text.contains("_fn "),
        });
        let returns = !head.starts_with("void ") || head.contains('*');
        let prototype = text.to_owned();
        (last_word(head), Kind::Function { prototype, parameters: parameters.collect(), returns })
    };
    Item { name, line, doc, kind }
}

fn enumerators(body: &str) -> Vec<Enumerator> {
    let mut enumerators = Vec::new();
    let mut rest = body.trim();
    while !rest.is_empty() {
        let documented = rest.starts_with("/**");
        if documented {
            let (_, after) = rest.split_once("*/").unwrap_or_else(|| panic!("an endless comment: {rest}"));
            rest = after.trim();
        }
        let (entry, after) = rest.split_once(',').unwrap_or((rest, ""));
        let (name, value) = match entry.split_once('=') {
            Some((name, value)) => (name, value.trim().parse().ok()),
            None => (entry, None),
        };
        enumerators.push(Enumerator { name: name.trim().to_owned(), value, documented });
        rest = after.trim();
    }
    enumerators
}

/// What the comments of a header leave out, or say of what is not there.
pub fn undocumented(items: &[Item]) -> Vec<String> {
    let mut found = Vec::new();
    for item in items {
        let mut complain = |complaint: String| found.push(format!("line {}: {complaint}", item.line));
        let doc = item.doc.as_deref().unwrap_or_default();
        if doc.is_empty() {
            complain(format!("{} has no comment", item.name));
        }
        match &item.kind {
            Kind::Enum(enumerators) => {
                for enumerator in enumerators.iter().filter(|enumerator| !enumerator.documented) {
                    complain(format!("{} has no comment", enumerator.name));
                }
            }
            Kind::Handle | Kind::Alias => {}
            Kind::Function { parameters, returns, .. } => {
                let described: Vec<&str> =
                    doc.split("@param ").skip(1).filter_map(|text| words(text).next()).collect();
                for parameter in parameters.iter().filter(|known| !described.contains(&&*known.name)) {
                    complain(format!("{} does not say what {} is", item.name, parameter.name));
                }
                for name in described {
                    if !parameters.iter().any(|parameter| parameter.name == name) {
                        complain(format!("{} describes {name}, which it does not have", item.name));
                    }
                }
                match (returns, doc.contains("@return ")) {
                    (true, false) => complain(format!("{} does not say what it returns", item.name)),
                    (false, true) => complain(format!("{} returns nothing", item.name)),
                    _ => {}
                }
            }
        }
    }
    found
}

/// The identifiers of a text.
pub fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
