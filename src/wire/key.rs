//! Object keys and bucket names: their rules, and how they are written in a URL.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::mistake::{Mistake, shown};

/// Longest object key, in bytes of UTF-8.
pub(crate) const KEY_MAX: usize = 1023;

/// Everything but `A-Z a-z 0-9 - _ . ~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const RESERVED_BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');

/// Checks an object key. Line ends, `?` and other odd characters are data.
pub fn check_key(key: &str) -> Result<(), Mistake> {
    if key.is_empty() {
        return Err(Mistake::new("the object key is empty"));
    }
    if key.len() > KEY_MAX {
        return Err(Mistake::new(format!(
            "the object key has {} bytes, more than the {KEY_MAX} that OSS allows: {}",
            key.len(),
            shown(key)
        )));
    }
    if key.starts_with(['/', '\\']) {
        return Err(Mistake::new(format!(
            "an object key must not begin with a slash or backslash: {}",
            shown(key)
        )));
    }
    Ok(())
}

/// Checks a bucket name: 3 to 63 of `a-z 0-9 -`, with a letter or digit at both ends.
pub fn check_bucket_name(name: &str) -> Result<(), Mistake> {
    let rule = if !(3..=63).contains(&name.len()) {
        "has 3 to 63 characters"
    } else if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        "consists of lower-case letters, digits and hyphens"
    } else if name.starts_with('-') || name.ends_with('-') {
        "begins and ends with a letter or digit"
    } else {
        return Ok(());
    };
    Err(Mistake::new(format!("a bucket name {rule}: {}", shown(name))))
}

/// Percent-encodes everything but unreserved characters.
pub fn encode(text: &str) -> String {
    encoded(text).into_owned()
}

/// As [`encode`], without a copy when there is nothing to encode.
pub fn encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

/// Percent-encodes a key and keeps its slashes, without a copy when there is nothing to encode.
pub fn encoded_keeping_slash(key: &str) -> Cow<'_, str> {
    utf8_percent_encode(key, RESERVED_BUT_SLASH).into()
}

/// The path of a request, as text for a URL.
///
/// `bucket_in_path` is the bucket in path style, and `None` when the host carries it. Without a key the path is that
/// of the bucket, or of the service.
///
/// URL parsers resolve the segments `.` and `..`, even when they are percent-encoded. In a key they are data, so
/// such a key travels with encoded slashes, as one segment that means nothing to a parser.
pub fn request_path(bucket_in_path: Option<&str>, key: Option<&str>) -> Result<String, Mistake> {
    let Some(key) = key else {
        return Ok(bucket_in_path.map_or_else(|| "/".to_owned(), |bucket| format!("/{bucket}/")));
    };
    let has_dot_segment = key.split('/').any(|segment| matches!(segment, "." | ".."));
    let (separator, encoded_key) =
        if has_dot_segment { ("%2F", encoded(key)) } else { ("/", encoded_keeping_slash(key)) };
    match bucket_in_path {
        Some(bucket) => Ok(format!("/{bucket}{separator}{encoded_key}")),
        None if matches!(key, "." | "..") => Err(Mistake::new(format!(
            "the object key {} cannot be written in a URL whose host names the bucket: it would be taken for a \
             relative path",
            shown(key)
        ))),
        None => Ok(format!("/{encoded_key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_checked_by_bytes_and_first_character() {
        for good in ["a", "?x", "a/../b", "line\r\nend", "\u{0}", "é/é", &"k".repeat(KEY_MAX), "a\\b"] {
            assert_eq!(check_key(good), Ok(()), "{good:?}");
        }
        for (bad, rule) in [
            ("", "empty"),
            ("/a", "slash"),
            ("\\a", "slash"),
            (&*"k".repeat(KEY_MAX + 1), "1024 bytes"),
            (&*"é".repeat(512), "1024 bytes"),
        ] {
            let mistake = check_key(bad).unwrap_err().to_string();
            assert!(mistake.contains(rule), "{mistake}");
            assert!(mistake.len() < 300, "{mistake}");
        }
    }

    #[test]
    fn bucket_names_are_checked() {
        for good in ["abc", "a-b", "0-9", &"b".repeat(63)] {
            assert_eq!(check_bucket_name(good), Ok(()), "{good:?}");
        }
        for bad in ["", "ab", &*"b".repeat(64), "-ab", "ab-", "aBc", "a.b", "a_b", "a/b", "bücket", "a\nb"] {
            assert!(check_bucket_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn encoding_copies_only_when_it_must() {
        assert!(matches!(encoded("plain-_.~09AZ"), Cow::Borrowed(_)));
        assert!(matches!(encoded_keeping_slash("a/b"), Cow::Borrowed(_)));
        assert_eq!(encode("a/b c+%~"), "a%2Fb%20c%2B%25~");
        assert_eq!(encoded_keeping_slash("a/b c"), "a/b%20c");
    }

    #[test]
    fn paths_of_the_three_levels() {
        assert_eq!(request_path(None, None).unwrap(), "/");
        assert_eq!(request_path(Some("bkt"), None).unwrap(), "/bkt/");
        assert_eq!(request_path(None, Some("a/b c")).unwrap(), "/a/b%20c");
        assert_eq!(request_path(Some("bkt"), Some("a//b")).unwrap(), "/bkt/a//b");
    }

    #[test]
    fn dot_segments_never_stand_alone() {
        assert_eq!(request_path(None, Some("a/./b")).unwrap(), "/a%2F.%2Fb");
        assert_eq!(request_path(None, Some("../b")).unwrap(), "/..%2Fb");
        assert_eq!(request_path(Some("bkt"), Some("a/..")).unwrap(), "/bkt%2Fa%2F..");
        assert_eq!(request_path(Some("bkt"), Some("..")).unwrap(), "/bkt%2F..");
        assert_eq!(request_path(None, Some("...")).unwrap(), "/...");
        assert_eq!(request_path(None, Some("%2e%2e/b")).unwrap(), "/%252e%252e/b");
        for key in [".", ".."] {
            let mistake = request_path(None, Some(key)).unwrap_err().to_string();
            assert!(mistake.contains("relative path"), "{mistake}");
        }
    }
}
