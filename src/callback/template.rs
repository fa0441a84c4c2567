//! The template of a callback's body: text, and placeholders in it.

use crate::wire::mistake::{Mistake, shown};

/// What OSS itself can put in.
pub(super) const SYSTEM_VARIABLES: [&str; 14] = [
    "bucket",
    "object",
    "etag",
    "size",
    "mimeType",
    "imageInfo.height",
    "imageInfo.width",
    "imageInfo.format",
    "crc64",
    "contentMd5",
    "vpcId",
    "clientIp",
    "reqId",
    "operation",
];

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// What is sent as it is.
    Text(&'a str),
    /// The name in a placeholder `${name}`.
    Placeholder(&'a str),
}

/// The pieces of a template, in order. Stops after the first placeholder that is written wrongly.
pub(super) fn pieces(template: &str) -> impl Iterator<Item = Result<Piece<'_>, Mistake>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let piece = next_piece(rest);
        rest = piece.as_ref().map_or("", |(_, after)| *after);
        Some(piece.map(|(piece, _)| piece))
    })
}

/// The first piece, and what comes after it.
fn next_piece(template: &str) -> Result<(Piece<'_>, &str), Mistake> {
    let Some(inside) = template.strip_prefix("${") else {
        check_blank(template)?;
        // The first character may be a dollar sign that begins no placeholder.
        let from = template.chars().next().map_or(0, char::len_utf8);
        let length = template.get(from..).and_then(|after| after.find('$'));
        let end = length.map_or(template.len(), |length| from + length);
        let (text, after) = template.split_at_checked(end).unwrap_or((template, ""));
        return Ok((Piece::Text(text), after));
    };
    match inside.split_once('}') {
        Some((name, after)) => Ok((Piece::Placeholder(name), after)),
        None => Err(Mistake::new(format!(
            "the callback body has a placeholder that is not closed: {}",
            shown(template)
        ))),
    }
}

fn check_blank(template: &str) -> Result<(), Mistake> {
    let Some(after_dollar) = template.strip_prefix('$') else { return Ok(()) };
    let after_blanks = after_dollar.trim_start();
    if after_blanks.len() < after_dollar.len() && after_blanks.starts_with('{') {
        return Err(Mistake::new(format!(
            "the callback body has a blank between '$' and '{{', which OSS refuses: {}",
            shown(template)
        )));
    }
    Ok(())
}

/// The names in the placeholders, in order.
pub(super) fn placeholders(template: &str) -> impl Iterator<Item = Result<&str, Mistake>> {
    pieces(template).filter_map(|piece| match piece {
        Ok(Piece::Text(_)) => None,
        Ok(Piece::Placeholder(name)) => Some(Ok(name)),
        Err(mistake) => Some(Err(mistake)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_order() {
        let names: Result<Vec<&str>, Mistake> = placeholders("a=${b}&$${c}${}$d$e}${x:f}$").collect();
        assert_eq!(names.unwrap(), ["b", "c", "", "x:f"]);
        assert_eq!(placeholders("").count(), 0);
    }

    #[test]
    fn pieces_together_are_the_template() {
        let template = "a=${b}&$${c}${}$d$e}${x:f}é$(g)$";
        let joined: String = pieces(template)
            .map(|piece| match piece.unwrap() {
                Piece::Text(text) => text.to_owned(),
                Piece::Placeholder(name) => format!("${{{name}}}"),
            })
            .collect();
        assert_eq!(joined, template);
    }

    #[test]
    fn the_first_fault_ends_it() {
        let mut names = placeholders("${a}$ {b}${c}");
        assert_eq!(names.next().unwrap(), Ok("a"));
        assert!(names.next().unwrap().is_err());
        assert!(names.next().is_none());
    }
}
