//! Header names and values: what may be sent, and what only the engine may set.

use super::mistake::{Mistake, shown};
use std::fmt::Display;

pub use super::tagging::{check_tagging, tagging};

/// What begins the name of a metadata header.
pub const METADATA_PREFIX: &str = "x-oss-meta-";
/// Most bytes that all metadata of an object may have together: the names of the headers, prefix included, and the values.
pub(crate) const METADATA_MAX: usize = 8 * 1024;

/// Checks the name of a header, or of something else: one or more of the characters that HTTP calls a token.
pub fn check_name(name: &str, of: &str) -> Result<(), Mistake> {
    if name.is_empty() {
        return Err(Mistake::new(format!("a {of} name is empty")));
    }
    if !name.bytes().all(is_token) {
        return Err(Mistake::new(format!(
            "a {of} name has characters that HTTP does not allow: {}",
            shown(name)
        )));
    }
    Ok(())
}

/// Checks what becomes a header's value: no control characters but the tab, so that no value can end its line. UTF-8 is allowed.
///
/// The message says what the value is, and does not repeat it: it may be one that nobody should read in a log.
pub fn check_value(value: &str, what: impl Display) -> Result<(), Mistake> {
    match control_character(value) {
        None => Ok(()),
        Some(byte) => Err(Mistake::new(format!("{what} has the control character 0x{byte:02x}"))),
    }
}

/// The first character of a value that could end its line, or does not belong there otherwise.
pub(crate) fn control_character(value: &str) -> Option<u8> {
    value.bytes().find(|byte| byte.is_ascii_control() && *byte != b'\t')
}

/// A value without the blanks around it, which HTTP drops on the way and signatures leave out.
pub fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// True for headers that the engine sets itself, or that steer the connection. Case does not matter.
pub fn is_owned_by_engine(name: &str) -> bool {
    const OWNED: [&str; 18] = [
        "authorization",
        "connection",
        "content-length",
        "date",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-oss-callback",
        "x-oss-callback-var",
        "x-oss-content-sha256",
        "x-oss-date",
        "x-oss-security-token",
    ];
    OWNED.iter().any(|owned| name.eq_ignore_ascii_case(owned)) || has_prefix(name, "proxy-")
}

/// Checks the name of a piece of metadata, and returns it in lower case.
///
/// It comes without its prefix and consists of letters, digits and hyphens.
pub fn check_metadata_name(name: &str) -> Result<String, Mistake> {
    if name.is_empty() {
        return Err(Mistake::new("a metadata name is empty"));
    }
    if has_prefix(name, METADATA_PREFIX) {
        return Err(Mistake::new(format!(
            "a metadata name is given without {METADATA_PREFIX}, which is added to it: {}",
            shown(name)
        )));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Mistake::new(format!(
            "a metadata name consists of letters, digits and hyphens: {}",
            shown(name)
        )));
    }
    Ok(name.to_ascii_lowercase())
}

/// Checks the size of all metadata of an object together. The names come without their prefix, which counts.
pub fn check_metadata_total(metadata: &[(String, String)]) -> Result<(), Mistake> {
    let size = metadata.iter().fold(0_usize, |size, (name, value)| {
        size.saturating_add(METADATA_PREFIX.len())
            .saturating_add(name.len())
            .saturating_add(trim(value).len())
    });
    if size > METADATA_MAX {
        return Err(Mistake::new(format!(
            "the metadata has {size} bytes of names, each with {METADATA_PREFIX}, and values, more than the {METADATA_MAX} \
             that OSS allows"
        )));
    }
    Ok(())
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tokens() {
        for good in ["a", "Content-Type", "x-oss-meta-a", "a_b.c~"] {
            assert_eq!(check_name(good, "header"), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a:", "a\r\nb", "a\n", "é", "a\0", "(x)", "a/b"] {
            assert!(check_name(bad, "header").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn values_cannot_end_a_line() {
        for good in ["", "a b", "tab\tinside", "名字", "\u{80}"] {
            assert_eq!(check_value(good, "it"), Ok(()), "{good:?}");
        }
        for bad in ["a\r\nx: y", "a\n", "\r", "a\0", "\u{1b}[0m", "\u{7f}", "\u{b}"] {
            let mistake = check_value(bad, "the ETag").unwrap_err().to_string();
            assert!(mistake.starts_with("the ETag has the control character"), "{mistake}");
        }
        let mistake = check_value("tell-nobody\n", "it").unwrap_err().to_string();
        assert!(!mistake.contains("tell-nobody"), "{mistake}");
    }

    #[test]
    fn trimming_takes_blanks_only() {
        assert_eq!(trim(" \t a \u{a0} \t"), "a \u{a0}");
        assert_eq!(trim("  "), "");
    }

    #[test]
    fn the_engine_owns_its_headers() {
        for owned in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "CONNECTION",
            "Date",
            "Authorization",
            "x-oss-date",
            "X-Oss-Content-Sha256",
            "x-oss-security-token",
            "x-oss-callback",
            "x-oss-callback-var",
            "Proxy-Authorization",
            "Expect",
        ] {
            assert!(is_owned_by_engine(owned), "{owned}");
        }
        for free in ["Content-Type", "x-oss-meta-date", "x-oss-callbacks", "Cache-Control", "proxy", ""] {
            assert!(!is_owned_by_engine(free), "{free}");
        }
    }

    #[test]
    fn metadata_names_become_lower_case() {
        assert_eq!(check_metadata_name("Author-1").unwrap(), "author-1");
        for bad in ["", "a_b", "a b", "é", "a:b", "a\r\n", "x-oss-meta-a", "X-OSS-Meta-a"] {
            assert!(check_metadata_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn metadata_has_a_total() {
        let pair = |name: &str, length: usize| (name.to_owned(), "v".repeat(length));
        let most = METADATA_MAX - "x-oss-meta-a".len();
        assert_eq!(check_metadata_total(&[pair("a", most)]), Ok(()));
        assert!(check_metadata_total(&[pair("ab", most)]).is_err());
        assert!(check_metadata_total(&[pair("a", most + 1)]).is_err());
        assert!(check_metadata_total(&[pair("a", most), pair("b", 0)]).is_err());
        assert_eq!(check_metadata_total(&[("a".to_owned(), " ".repeat(METADATA_MAX))]), Ok(()));
    }
}
