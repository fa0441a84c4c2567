//! The value of `x-oss-tagging`.

use super::key;
use super::mistake::{Mistake, shown};
use percent_encoding::percent_decode_str;

/// Most tags of one object.
pub(crate) const TAGS_MAX: usize = 10;
/// Longest key of a tag, in characters.
pub(crate) const TAG_KEY_MAX: usize = 128;
/// Longest value of a tag, in characters.
pub(crate) const TAG_VALUE_MAX: usize = 256;

/// What a tag may have besides letters and digits. Of what is beyond ASCII OSS takes letters, and its pages do not say which.
const MARKS: &str = " +-=._:/";

/// Checks one tag by itself.
pub fn check_tag(tag_key: &str, value: &str) -> Result<(), Mistake> {
    if tag_key.is_empty() {
        return Err(Mistake::new("the key of a tag is not empty"));
    }
    check_part("key", tag_key, TAG_KEY_MAX, tag_key)?;
    check_part("value", value, TAG_VALUE_MAX, tag_key)
}

fn check_part(which: &str, text: &str, longest: usize, tag_key: &str) -> Result<(), Mistake> {
    let rule = if text.chars().count() > longest {
        format!("has at most {longest} characters")
    } else if !text.chars().all(is_allowed) {
        "consists of letters, digits, blanks and + - = . _ : /".to_owned()
    } else {
        return Ok(());
    };
    Err(Mistake::new(format!("the {which} of a tag {rule}: tag {}", shown(tag_key))))
}

fn is_allowed(character: char) -> bool {
    match character.is_ascii() {
        true => character.is_ascii_alphanumeric() || MARKS.contains(character),
        false => !character.is_control(),
    }
}

/// Checks tags that are written already.
pub fn check_tagging(text: &str) -> Result<(), Mistake> {
    let decoded = |text: &str| match percent_decode_str(&text.replace('+', " ")).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Mistake::new("the tags are not UTF-8")),
    };
    let tag = |text: &str| {
        let (tag_key, value) = text.split_once('=').unwrap_or((text, ""));
        Ok((decoded(tag_key)?, decoded(value)?))
    };
    let tags: Result<Vec<_>, Mistake> = text.split('&').filter(|tag| !tag.is_empty()).map(tag).collect();
    tagging(&tags?).map(drop)
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
    fn characters_that_oss_refuses_are_refused_with_the_rule() {
        let good = "azAZ09 +-=._:/";
        assert_eq!(check_tag(good, good), Ok(()));
        for letters in ["名字", "é", "ß", "Ünï", "हिन्दी", "한국어", "e\u{301}"] {
            assert_eq!(check_tag(letters, letters), Ok(()), "{letters}");
        }
        let allowed = |byte: u8| good.as_bytes().contains(&byte) || byte.is_ascii_alphanumeric();
        for character in (0..=0x9f).filter(|byte| !allowed(*byte)).map(char::from) {
            for (key, value, which) in [
                (format!("k{character}"), String::new(), "the key of a tag"),
                ("k".to_owned(), character.to_string(), "the value of a tag"),
            ] {
                let message = check_tag(&key, &value).unwrap_err().to_string();
                assert!(message.contains(which) && message.contains("+ - = . _ : /"), "{message}");
            }
        }
    }

    #[test]
    fn tags_that_are_written_already_keep_to_the_same_rules() {
        for good in ["", "k", "k=", "a=1&b=2", "k%202=v%2B2&%E5%90%8D=", "k=a+b", "k=a=b", "&a&"] {
            assert_eq!(check_tagging(good), Ok(()), "{good}");
        }
        for (bad, rule) in [
            ("=v", "not empty"),
            ("a=1&a=2", "twice"),
            ("a%20b&a+b", "twice"),
            ("k=%26", "+ - = . _ : /"),
            ("k=a,b", "+ - = . _ : /"),
            ("k=%FF", "UTF-8"),
            ("0&1&2&3&4&5&6&7&8&9&10", "at most 10"),
        ] {
            let message = check_tagging(bad).unwrap_err().to_string();
            assert!(message.contains(rule), "{bad}: {message}");
        }
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
