//! An argument that cannot be right.

use std::fmt;

/// Longest piece of a bad value that a message repeats, in characters.
const SHOWN_MAX: usize = 64;

/// An invalid argument, found before anything was sent.
///
/// The text names the rule and, unless it may be a secret, the value that breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake(String);

impl Mistake {
    /// A mistake with this explanation.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The explanation.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

/// A value made fit for a one-line message: quoted, escaped, and cut when it is long.
pub fn shown(value: &str) -> String {
    let mut text = String::with_capacity(value.len().min(SHOWN_MAX) + 5);
    text.push('"');
    let mut rest = value.chars();
    for character in rest.by_ref().take(SHOWN_MAX) {
        text.extend(character.escape_debug());
    }
    if rest.next().is_some() {
        text.push('…');
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_values_stay_on_one_line_and_short() {
        assert_eq!(shown("plain"), "\"plain\"");
        assert_eq!(shown("a\r\nb\0\u{1b}"), r#""a\r\nb\0\u{1b}""#);
        let long = shown(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), SHOWN_MAX + 3);
        assert!(long.ends_with("…\""));
        assert_eq!(shown(&"x".repeat(SHOWN_MAX)), format!("\"{}\"", "x".repeat(SHOWN_MAX)));
    }

    #[test]
    fn a_mistake_reads_as_its_message() {
        let mistake = Mistake::new("the key is empty");
        assert_eq!(mistake.to_string(), "the key is empty");
        assert_eq!(mistake.message(), "the key is empty");
    }
}
