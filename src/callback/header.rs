//! The rules for headers that OSS is to send with a callback.

use crate::wire::mistake::{Mistake, shown};

/// Most headers of one callback.
pub(super) const HEADERS_MAX: usize = 10;
/// Names that begin with this are OSS's own.
const OWN_PREFIX: &str = "x-oss-";

/// Checks one header. The value may be empty.
pub(super) fn check(name: &str, value: &str) -> Result<(), Mistake> {
    check_name(name)?;
    if value.contains(['\r', '\n']) {
        return Err(Mistake::new(format!("the value of the callback header {} has a line end", shown(name))));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Mistake> {
    if name.is_empty() {
        return Err(Mistake::new("the name of a callback header is empty"));
    }
    let rule = if !name.bytes().all(is_name_character) {
        "has only lower-case letters, digits and '-'"
    } else if name.starts_with(OWN_PREFIX) {
        "does not begin with x-oss-, as OSS's own do"
    } else {
        return Ok(());
    };
    Err(Mistake::new(format!("the name of a callback header {rule}: {}", shown(name))))
}

fn is_name_character(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_are_right() {
        for (name, value) in [("a", ""), ("0-9", "b: c, d=\"e\""), ("x-os", "\té"), ("-", "v")] {
            assert_eq!(check(name, value), Ok(()), "{name}: {value}");
        }
    }

    #[test]
    fn headers_that_are_wrong() {
        for (name, value, rule) in [
            ("", "v", "empty"),
            ("Key", "v", "lower-case"),
            ("a_b", "v", "lower-case"),
            ("a b", "v", "lower-case"),
            ("é", "v", "lower-case"),
            ("x-oss-", "v", "OSS's own"),
            ("x-oss-a", "v", "OSS's own"),
            ("a", "b\r\nc: d", "line end"),
            ("a", "\n", "line end"),
            ("a", "\r", "line end"),
        ] {
            let mistake = check(name, value).unwrap_err().to_string();
            assert!(mistake.contains(rule) && !mistake.contains("c: d"), "{name:?}: {mistake}");
        }
    }
}
