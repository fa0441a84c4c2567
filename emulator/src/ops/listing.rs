//! What a bucket holds, by the page.

use super::bucket::OWNER;
use super::context::Context;
use super::xml::Document;
use crate::clock::iso_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::Properties;
use crate::store::{Page, Wanted};
use crate::text::{hex_upper, is_for_xml, percent_encode};

/// What a list is asked for, behind a key, and an id under it.
pub(super) fn wanted<'a>(
    context: &Context<'a>,
    key_marker: &'a str,
    id_marker: &'a str,
    max: usize,
) -> Wanted<'a> {
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    Wanted { prefix: parameter("prefix"), delimiter: parameter("delimiter"), key_marker, id_marker, max }
}

pub(super) fn max_keys(context: &Context) -> Result<usize, OssError> {
    page_size(context, "max-keys", 100)
}

/// A page size: 1 to 1000.
pub(super) fn page_size(context: &Context, parameter: &str, default: u64) -> Result<usize, OssError> {
    let size = context.meaning.number(parameter)?.unwrap_or(default);
    usize::try_from(size).ok().filter(|size| (1..=1000).contains(size)).ok_or_else(|| {
        let message = format!("{parameter} must be between 1 and 1000.");
        OssError::argument(parameter, &size.to_string(), message)
    })
}

/// The owner is named where it is given.
fn push_page(
    document: &mut Document,
    page: &Page<Properties>,
    url: bool,
    owner: &str,
) -> Result<(), OssError> {
    for (key, properties) in &page.items {
        let entry = Document::new("Contents")
            .text("Key", &listed(key, url)?)
            .text("LastModified", &iso_date(properties.modified_ms))
            .text("ETag", &format!("\"{}\"", properties.etag))
            .text("Type", properties.kind.name())
            .text("Size", &properties.size.to_string())
            .text("StorageClass", properties.storage_class())
            .raw(owner);
        document.push_document(entry);
    }
    push_prefixes(document, &page.prefixes, url)
}

pub(super) fn push_prefixes(document: &mut Document, prefixes: &[String], url: bool) -> Result<(), OssError> {
    for prefix in prefixes {
        document.push_group("CommonPrefixes", &[("Prefix", &listed(prefix, url)?)]);
    }
    Ok(())
}

/// A name on a page. One that XML cannot carry would become another, and the next page would begin behind that.
pub(super) fn listed(name: &str, url: bool) -> Result<String, OssError> {
    if url || name.chars().all(is_for_xml) {
        return Ok(encoded(name, url));
    }
    let message = "The list has a name that XML cannot carry; ask for it with encoding-type=url.";
    Err(OssError::not_implemented(message))
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
    let page = context.shared.store.objects(context.bucket()?, &wanted(context, marker, "", max))?;
    let mut document = listing(context, "ListBucketResult", max, url)?
        .text("Marker", &encoded(marker, url))
        .text("IsTruncated", &page.is_truncated.to_string());
    if page.is_truncated {
        document.push("NextMarker", &encoded(&page.next.0, url));
    }
    push_page(&mut document, &page, url, OWNER)?;
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
    let page = context.shared.store.objects(context.bucket()?, &wanted(context, &marker, "", max))?;
    let count = page.items.len() + page.prefixes.len();
    let mut document = listing(context, "ListBucketResult", max, url)?
        .text("StartAfter", &encoded(after, url))
        .text("ContinuationToken", token)
        .text("IsTruncated", &page.is_truncated.to_string())
        .text("KeyCount", &count.to_string());
    if page.is_truncated {
        document.push("NextContinuationToken", &hex_upper(page.next.0.as_bytes()));
    }
    let owner = if parameter("fetch-owner") == "true" { OWNER } else { "" };
    push_page(&mut document, &page, url, owner)?;
    Ok(Reply::xml(200, document.finish()))
}

/// There are no channels here.
pub(super) fn list_live_channel(context: &Context) -> Result<Reply, OssError> {
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let document = Document::new("ListLiveChannelResult")
        .text("Prefix", parameter("prefix"))
        .text("Marker", parameter("marker"))
        .text("MaxKeys", &max_keys(context)?.to_string())
        .text("IsTruncated", "false")
        .text("NextMarker", "");
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
