//! A template of JSON, looked at as OSS fills it in.

use super::Callback;
use super::render::{Values, is_quoted};
use super::template::{Piece, SYSTEM_VARIABLES, pieces, placeholders};

/// Whether there is a backslash outside of its strings, where JSON has none.
pub(super) fn is_escaped_twice(template: &str) -> bool {
    let before_strings = template.split('"').next().unwrap_or_default();
    before_strings.contains('\\')
}

/// The placeholders inside the strings of a JSON text, whose values are strings themselves.
pub(super) fn quoted_placeholders(template: &str) -> Vec<&str> {
    let mut quoted = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for piece in pieces(template).filter_map(Result::ok) {
        match piece {
            Piece::Placeholder(name) if in_string && is_quoted(name) => quoted.push(name),
            Piece::Placeholder(_) => escaped = false,
            Piece::Text(text) => {
                for character in text.chars() {
                    match character {
                        '"' if !escaped => in_string = !in_string,
                        _ => {}
                    }
                    escaped = in_string && character == '\\' && !escaped;
                }
            }
        }
    }
    quoted
}

/// Whether the body is JSON for an upload of which everything is known.
pub(super) fn becomes_json(body: &str, callback: &Callback) -> bool {
    let mut values = Values::default();
    SYSTEM_VARIABLES.into_iter().for_each(|name| values.put(name, "1"));
    let mut callback = callback.clone();
    for name in placeholders(body).filter_map(Result::ok).filter(|name| name.starts_with("x:")) {
        // One that is not set is told of by itself; one that is set cannot be set again.
        let _ = callback.add_variable(name, "");
    }
    let body = callback.render(&values);
    body.is_ok_and(|body| serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok())
}
