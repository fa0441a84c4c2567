//! The tags of an object. They are kept as the header that they can be given with: `key=value&...`, percent-encoded.

use std::collections::BTreeSet;

use super::context::Context;
use super::xml::{self, Document, Unreadable};
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::Properties;
use crate::text::{percent_decode, percent_encode};

const HEADER: &str = "x-oss-tagging";
const TAGS_LIMIT: usize = 10;
const KEY_LIMIT: usize = 128;
const VALUE_LIMIT: usize = 256;

type Tag = (String, String);

pub(super) fn get(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let found = context.shared.store.properties(bucket, key, context.version()?);
    let properties = found.map_err(|error| in_place_of_a_marker(error, key))?;
    let tags = tags_of_header(properties.header(HEADER).unwrap_or_default())?;
    let mut set = Document::new("TagSet");
    for (key, value) in &tags {
        set.push_group("Tag", &[("Key", key), ("Value", value)]);
    }
    let mut document = Document::new("Tagging");
    document.push_document(set);
    context.with_version(Reply::xml(200, document.finish()), properties.version())
}

pub(super) fn put(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let pairs = tags_of_document(body)?
        .into_iter()
        .map(|(key, value)| format!("{}={}", percent_encode(&key), percent_encode(&value)))
        .collect::<Vec<_>>();
    let header = Some(pairs.join("&")).filter(|header| !header.is_empty());
    let properties = set(context, header.as_deref())?;
    context.with_version(Reply::new(200), properties.version())
}

pub(super) fn delete(context: &Context) -> Result<Reply, OssError> {
    let properties = set(context, None)?;
    context.with_version(Reply::new(204), properties.version())
}

fn set(context: &Context, header: Option<&str>) -> Result<Properties, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let changed = context.shared.store.set_header(bucket, key, context.version()?, HEADER, header);
    changed.map_err(|error| in_place_of_a_marker(error, key))
}

/// Whoever asks for the tags of a delete marker is told that there is no object.
fn in_place_of_a_marker(error: OssError, key: &str) -> OssError {
    if error.code == "MethodNotAllowed" { OssError::no_such_key(key) } else { error }
}

/// How many tags a header names.
pub(super) fn count(header: &str) -> usize {
    header.split('&').filter(|tag| !tag.is_empty()).count()
}

/// The tags of a header, if OSS would store them.
pub(super) fn tags_of_header(header: &str) -> Result<Vec<Tag>, OssError> {
    let text = |part: &str| {
        String::from_utf8(percent_decode(part, true)).map_err(|_| invalid("The tags are not UTF-8."))
    };
    let tag = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if value.contains('=') {
            return Err(invalid("The tags are not key=value&...").ec("0010-00000219"));
        }
        Ok((text(key)?, text(value)?))
    };
    let tags = header.split('&').filter(|pair| !pair.is_empty()).map(tag).collect::<Result<Vec<_>, _>>()?;
    check(&tags)?;
    Ok(tags)
}

fn tags_of_document(body: &[u8]) -> Result<Vec<Tag>, OssError> {
    const KNOWN: &[&str] = &[
        "Tagging",
        "Tagging/TagSet",
        "Tagging/TagSet/Tag",
        "Tagging/TagSet/Tag/Key",
        "Tagging/TagSet/Tag/Value",
    ];
    let texts = xml::read(body, KNOWN, &["Tagging/TagSet/Tag"]).map_err(|unreadable| match unreadable {
        Unreadable::Malformed => OssError::malformed_xml().ec("0010-00000101"),
        Unreadable::OtherRoot => OssError::malformed_xml().ec("0010-00000102"),
        Unreadable::Unknown(_) => unreadable.into(),
    })?;
    let mut tags = Vec::new();
    let (mut key, mut value) = (None, None);
    for (path, text) in texts {
        match path {
            "Tagging/TagSet/Tag/Key" => key = Some(text),
            "Tagging/TagSet/Tag/Value" => value = Some(text),
            "Tagging/TagSet/Tag" => match (key.take(), value.take()) {
                (Some(key), Some(value)) => tags.push((key, value)),
                _ => return Err(OssError::malformed_xml().ec("0010-00000107")),
            },
            _ => {}
        }
    }
    check(&tags)?;
    Ok(tags)
}

fn check(tags: &[Tag]) -> Result<(), OssError> {
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > KEY_LIMIT || value.chars().count() > VALUE_LIMIT {
            return Err(invalid("The length of a tag's key or value is not valid."));
        }
        if !key.chars().all(is_for_tags) {
            return Err(invalid("The key of a tag has characters that are not allowed.").ec("0010-00000212"));
        }
        if !value.chars().all(is_for_tags) {
            let error = invalid("The value of a tag has characters that are not allowed.");
            return Err(error.ec("0010-00000217"));
        }
    }
    let keys: BTreeSet<&String> = tags.iter().map(|(key, _)| key).collect();
    if keys.len() < tags.len() {
        return Err(invalid("The key of a tag is not unique.").ec("0010-00000210"));
    }
    if tags.len() > TAGS_LIMIT {
        return Err(invalid("An object has at most 10 tags."));
    }
    Ok(())
}

/// Letters, digits, and a few others. OSS stores letters of all languages, though its pages name the Latin ones only.
fn is_for_tags(character: char) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '+' | '-' | '=' | '.' | '_' | ':' | '/' | '\u{a0}'..)
}

fn invalid(message: &str) -> OssError {
    OssError::new(400, "InvalidTag", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_oss_would_not_store_are_refused() {
        for good in ["", "a=1&b=2", "k%202=v%2B2&%E5%90%8D=%C3%A9", "k=a%3Db", "k=%2B%20-%3D._%3A%2F", "k"] {
            assert!(tags_of_header(good).is_ok(), "{good}");
        }
        let long = |length: usize| "%C3%A9".repeat(length);
        assert!(tags_of_header(&format!("{}={}", long(128), long(256))).is_ok());
        for bad in [
            "=v",
            "a=1&a=2",
            "a%20b&a+b",
            "k=a=b",
            "k=%26",
            "k=a,b",
            "k=%09",
            "k=%C2%85",
            "k=%FF",
            "0&1&2&3&4&5&6&7&8&9&10",
            &long(129),
            &format!("k={}", long(257)),
        ] {
            assert!(tags_of_header(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_mistake_of_a_document_has_its_number() {
        let ec = |xml: &str| tags_of_document(xml.as_bytes()).unwrap_err().ec;
        assert_eq!(ec("<Tagging>"), Some("0010-00000101"));
        assert_eq!(ec("<XMLTag/>"), Some("0010-00000102"));
        let tag = |tag: &str| format!("<Tagging><TagSet>{}</TagSet></Tagging>", tag.repeat(2));
        assert_eq!(ec(&tag("<Tag><Key>k</Key></Tag>")), Some("0010-00000107"));
        assert_eq!(ec(&tag("<Tag><Key>k</Key><Value>v</Value></Tag>")), Some("0010-00000210"));
        assert_eq!(ec(&tag("<Tag><Key>k!</Key><Value>v</Value></Tag>")), Some("0010-00000212"));
        assert_eq!(ec(&tag("<Tag><Key>k</Key><Value>v!</Value></Tag>")), Some("0010-00000217"));
    }
}
