//! What a bucket holds, by the page.

use super::bucket::OWNER;
use super::context::Context;
use super::multipart::common_prefix;
use super::xml::Document;
use crate::clock::iso_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::Properties;
use crate::text::{hex_upper, percent_encode};

/// A page of a listing.
struct Page {
    objects: Vec<(String, Properties)>,
    prefixes: Vec<String>,
    truncated: bool,
    /// The last key that the page covers.
    last: String,
}

fn page(context: &Context, marker: &str, max: usize) -> Result<Page, OssError> {
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let (prefix, delimiter) = (parameter("prefix"), parameter("delimiter"));
    let mut page = Page { objects: Vec::new(), prefixes: Vec::new(), truncated: false, last: String::new() };
    for (key, properties) in context.shared.store.objects(context.bucket()?)? {
        if !key.starts_with(prefix) || (!marker.is_empty() && key.as_str() <= marker) {
            continue;
        }
        let common = common_prefix(&key, prefix, delimiter);
        if let Some(common) = common
            && (page.prefixes.last().is_some_and(|last| last == common) || marker == common)
        {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == max {
            page.truncated = true;
            break;
        }
        match common {
            Some(common) => {
                page.last = common.to_owned();
                page.prefixes.push(common.to_owned());
            }
            None => {
                page.last = key.clone();
                page.objects.push((key, properties));
            }
        }
    }
    Ok(page)
}

pub(super) fn max_keys(context: &Context) -> Result<usize, OssError> {
    let max = context.meaning.number("max-keys")?.unwrap_or(100);
    usize::try_from(max).ok().filter(|max| (1..=1000).contains(max)).ok_or_else(|| {
        OssError::argument("max-keys", &max.to_string(), "max-keys must be between 1 and 1000.")
    })
}

/// The owner is named where it is given.
fn push_page(document: &mut Document, page: &Page, url: bool, owner: &str) {
    for (key, properties) in &page.objects {
        let entry = Document::new("Contents")
            .text("Key", &encoded(key, url))
            .text("LastModified", &iso_date(properties.modified_ms))
            .text("ETag", &format!("\"{}\"", properties.etag))
            .text("Type", properties.kind.name())
            .text("Size", &properties.size.to_string())
            .text("StorageClass", properties.header("x-oss-storage-class").unwrap_or("Standard"))
            .raw(owner);
        document.push_document(entry);
    }
    for prefix in &page.prefixes {
        document.push_group("CommonPrefixes", &[("Prefix", &encoded(prefix, url))]);
    }
}

pub(super) fn encoded(text: &str, url: bool) -> String {
    if url { percent_encode(text) } else { text.to_owned() }
}

/// What all listings repeat of the request.
pub(super) fn listing(
    context: &Context,
    root: &'static str,
    max: usize,
    url: bool,
) -> Result<Document, OssError> {
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let mut document = Document::new(root)
        .text("Name", context.bucket()?)
        .text("Prefix", &encoded(parameter("prefix"), url))
        .text("MaxKeys", &max.to_string())
        .text("Delimiter", &encoded(parameter("delimiter"), url));
    if url {
        document.push("EncodingType", "url");
    }
    Ok(document)
}

pub(super) fn list_objects(context: &Context) -> Result<Reply, OssError> {
    let (max, url) = (max_keys(context)?, context.url_encoding()?);
    let marker = context.meaning.parameter("marker").unwrap_or_default();
    let page = page(context, marker, max)?;
    let mut document = listing(context, "ListBucketResult", max, url)?
        .text("Marker", &encoded(marker, url))
        .text("IsTruncated", &page.truncated.to_string());
    if page.truncated {
        document.push("NextMarker", &encoded(&page.last, url));
    }
    push_page(&mut document, &page, url, OWNER);
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn list_objects_v2(context: &Context) -> Result<Reply, OssError> {
    let (max, url) = (max_keys(context)?, context.url_encoding()?);
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let token = parameter("continuation-token");
    let after = parameter("start-after");
    let marker = match token {
        "" => after.to_owned(),
        token => marker_of_token(token).ok_or_else(|| {
            OssError::argument("continuation-token", token, "The continuation token is not valid.")
        })?,
    };
    let page = page(context, &marker, max)?;
    let count = page.objects.len() + page.prefixes.len();
    let mut document = listing(context, "ListBucketResult", max, url)?
        .text("StartAfter", &encoded(after, url))
        .text("ContinuationToken", token)
        .text("IsTruncated", &page.truncated.to_string())
        .text("KeyCount", &count.to_string());
    if page.truncated {
        document.push("NextContinuationToken", &hex_upper(page.last.as_bytes()));
    }
    let owner = if parameter("fetch-owner") == "true" { OWNER } else { "" };
    push_page(&mut document, &page, url, owner);
    Ok(Reply::xml(200, document.finish()))
}

/// A token is the last key in hexadecimal, which no encoding of a listing changes.
fn marker_of_token(token: &str) -> Option<String> {
    let digits: Option<Vec<u32>> = token.chars().map(|digit| digit.to_digit(16)).collect();
    let bytes = digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>();
    String::from_utf8(bytes?).ok()
}
