//! The value of `x-oss-tagging`.

use super::key;
use super::mistake::{Mistake, shown};

/// Most tags of one object.
pub(crate) const TAGS_MAX: usize = 10;
/// Longest key of a tag, in characters.
pub(crate) const TAG_KEY_MAX: usize = 128;
/// Longest value of a tag, in characters.
pub(crate) const TAG_VALUE_MAX: usize = 256;

/// Checks one tag by itself.
pub fn check_tag(tag_key: &str, value: &str) -> Result<(), Mistake> {
    let rule = if tag_key.is_empty() {
        "is not empty"
    } else if tag_key.chars().count() > TAG_KEY_MAX {
        "has at most 128 characters"
    } else if value.chars().count() > TAG_VALUE_MAX {
        return Err(Mistake::new(format!(
            "the value of a tag has at most {TAG_VALUE_MAX} characters: tag {}",
            shown(tag_key)
        )));
    } else {
        return Ok(());
    };
    Err(Mistake::new(format!("the key of a tag {rule}: {}", shown(tag_key))))
}

/// Writes tags as `k1=v1&k2=v2`, percent-encoded, after checking each and their number.
pub fn tagging(tags: &[(String, String)]) -> Result<String, Mistake> {
    let mut text = String::new();
    let mut keys: Vec<&str> = Vec::new();
    for (tag_key, value) in tags {
        check_tag(tag_key, value)?;
        if keys.contains(&tag_key.as_str()) {
            return Err(Mistake::new(format!("a tag is given twice: {}", shown(tag_key))));
        }
        if keys.len() == TAGS_MAX {
            return Err(Mistake::new(format!("an object has at most {TAGS_MAX} tags")));
        }
        if !keys.is_empty() {
            text.push('&');
        }
        text.push_str(&key::encoded(tag_key));
        text.push('=');
        text.push_str(&key::encoded(value));
        keys.push(tag_key);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn tags_are_encoded_on_both_sides() {
        let text = tagging(&tags(&[("k1", "v1"), ("k 2", "v+2"), ("名", "")])).unwrap();
        assert_eq!(text, "k1=v1&k%202=v%2B2&%E5%90%8D=");
        assert_eq!(tagging(&[]).unwrap(), "");
    }

    #[test]
    fn limits_count_characters() {
        let (key, value) = ("é".repeat(TAG_KEY_MAX), "é".repeat(TAG_VALUE_MAX));
        assert_eq!(check_tag(&key, &value), Ok(()));
        assert!(check_tag(&(key + "x"), "").is_err());
        assert!(tagging(&tags(&[("k", &(value + "x"))])).is_err());
        assert!(tagging(&tags(&[("", "v")])).is_err());
    }

    #[test]
    fn ten_tags_and_none_twice() {
        assert!(tagging(&tags(&[("k", "1"), ("k", "2")])).unwrap_err().to_string().contains("twice"));
        let many: Vec<(String, String)> = (0..=TAGS_MAX).map(|i| (i.to_string(), String::new())).collect();
        assert!(tagging(&many[1..]).is_ok());
        assert!(tagging(&many).unwrap_err().to_string().contains("at most 10"));
    }
}
