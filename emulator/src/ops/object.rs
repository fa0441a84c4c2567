//! PutObject, AppendObject, GetObject, HeadObject and their like.

use super::bucket;
use super::context::Context;
use super::headers::{persistent_headers, stored_reply};
use super::tagging;
use crate::callback::Callback;
use crate::clock::http_date;
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::{ObjectType, Properties};
use crate::text::hex_upper;

pub(super) fn put_object(
    context: &Context,
    callback: Option<&Callback>,
    body: Vec<u8>,
) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let headers = context.object_headers()?;
    let content_md5 = context.check_md5(&body)?;
    let properties = Properties {
        etag: hex_upper(&md5(&body)),
        crc64: crc64(&body),
        content_md5: Some(content_md5),
        size: body.len() as u64,
        kind: ObjectType::Normal,
        modified_ms: context.now_ms(),
        headers,
        version_id: None,
    };
    // Image properties are read from the data, which the store takes.
    let start = match callback {
        Some(_) => body.clone(),
        None => Vec::new(),
    };
    let properties = context.shared.store.put(bucket, key, properties, body, context.forbid_overwrite()?)?;
    let reply = stored_reply(&properties.etag, properties.crc64, properties.content_md5.as_deref());
    let reply = context.with_version(reply, properties.version())?;
    context.with_callback(reply, callback, key, &properties, &start)
}

pub(super) fn append_object(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let headers = context.object_headers()?;
    context.check_md5(body)?;
    let position = context
        .meaning
        .number("position")?
        .ok_or_else(|| OssError::argument("position", "", "The position of an append is missing."))?;
    let total = position.saturating_add(body.len() as u64);
    if total > context.shared.config.object_size_limit {
        return Err(OssError::entity_too_large(context.shared.config.object_size_limit));
    }
    let properties = context.shared.store.append(bucket, key, position, body, headers, context.now_ms())?;
    let reply = stored_reply(&properties.etag, properties.crc64, None)
        .with("x-oss-next-append-position", &properties.size.to_string());
    context.with_version(reply, properties.version())
}

pub(super) fn get_object(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let (properties, data) = context.shared.store.read(bucket, key, context.version()?)?;
    if let Some(reply) = condition(context, &properties)? {
        return Ok(reply);
    }
    let mut reply = describe(context, &properties)?;
    for (parameter, header) in [
        ("response-content-type", "Content-Type"),
        ("response-content-language", "Content-Language"),
        ("response-expires", "Expires"),
        ("response-cache-control", "Cache-Control"),
        ("response-content-disposition", "Content-Disposition"),
        ("response-content-encoding", "Content-Encoding"),
    ] {
        if let Some(value) = context.meaning.parameter(parameter) {
            reply.set(header, value);
        }
    }
    let size = data.len() as u64;
    match context.header("range").as_deref().and_then(|range| byte_range(range, size)) {
        None => reply.body = data.to_vec(),
        Some((first, last)) => {
            reply.status = 206;
            reply.set("Content-Range", &format!("bytes {first}-{last}/{size}"));
            let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
            reply.body = data.get(at(first)..=at(last)).unwrap_or_default().to_vec();
        }
    }
    Ok(reply)
}

pub(super) fn head_object(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let properties = context.shared.store.properties(bucket, key, context.version()?)?;
    if let Some(reply) = condition(context, &properties)? {
        return Ok(reply);
    }
    let mut reply = describe(context, &properties)?;
    reply.content_length = Some(properties.size);
    Ok(reply)
}

pub(super) fn get_object_meta(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let properties = context.shared.store.properties(bucket, key, context.version()?)?;
    let mut reply = stored_reply(&properties.etag, properties.crc64, None)
        .with("Last-Modified", &http_date(properties.modified_ms));
    if context.head.method == "HEAD" {
        reply.content_length = Some(properties.size);
    }
    context.with_version(reply, properties.version())
}

pub(super) fn get_object_acl(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let properties = context.shared.store.properties(bucket, key, context.version()?)?;
    let reply = bucket::get_acl(properties.header("x-oss-object-acl").unwrap_or("default"))?;
    context.with_version(reply, properties.version())
}

pub(super) fn put_object_acl(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let acl = context.header("x-oss-object-acl").unwrap_or_default();
    if !["default", "private", "public-read", "public-read-write"].contains(&acl.as_str()) {
        return Err(OssError::argument("x-oss-object-acl", &acl, "no such object access control exists"));
    }
    let store = &context.shared.store;
    let properties = store.set_header(bucket, key, context.version()?, "x-oss-object-acl", Some(&acl))?;
    context.with_version(Reply::new(200), properties.version())
}

/// The headers of GET and HEAD.
fn describe(context: &Context, properties: &Properties) -> Result<Reply, OssError> {
    let mut reply = stored_reply(&properties.etag, properties.crc64, properties.content_md5.as_deref())
        .with("Content-Type", properties.content_type())
        .with("Last-Modified", &http_date(properties.modified_ms))
        .with("Accept-Ranges", "bytes")
        .with("x-oss-object-type", properties.kind.name())
        .with("x-oss-storage-class", "Standard");
    for (name, value) in &properties.headers {
        match name.as_str() {
            "x-oss-object-acl" => {}
            "x-oss-persistent-headers" => {
                for (name, value) in persistent_headers(value).unwrap_or_default() {
                    reply.set(&name, &value);
                }
            }
            "x-oss-tagging" => reply.set("x-oss-tagging-count", &tagging::count(value).to_string()),
            name => reply.set(name, value),
        }
    }
    if properties.kind == ObjectType::Appendable {
        reply.set("x-oss-next-append-position", &properties.size.to_string());
    }
    context.with_version(reply, properties.version())
}

/// The reply to a condition that is not met.
fn condition(context: &Context, properties: &Properties) -> Result<Option<Reply>, OssError> {
    let is_this = |list: &str| {
        list.split(',')
            .map(|etag| etag.trim().trim_matches('"'))
            .any(|etag| etag == "*" || etag.eq_ignore_ascii_case(&properties.etag))
    };
    if context.header("if-match").is_some_and(|list| !is_this(&list)) {
        return Err(OssError::new(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        ));
    }
    if context.header("if-none-match").is_some_and(|list| is_this(&list)) {
        let etag = format!("\"{}\"", properties.etag);
        return Ok(Some(Reply::new(304).with("ETag", &etag)));
    }
    Ok(None)
}

/// First and last byte of a range that the object has; OSS sends the whole object otherwise.
fn byte_range(header: &str, size: u64) -> Option<(u64, u64)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let end = size.checked_sub(1)?;
    let (first, last) = match (first.trim(), last.trim()) {
        ("", suffix) => (size.saturating_sub(suffix.parse().ok()?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<u64>().ok()?.min(end)),
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_object() {
        assert_eq!(byte_range("bytes=0-3", 10), Some((0, 3)));
        assert_eq!(byte_range("bytes=8-", 10), Some((8, 9)));
        assert_eq!(byte_range("bytes=-4", 10), Some((6, 9)));
        assert_eq!(byte_range("bytes=-40", 10), Some((0, 9)));
        assert_eq!(byte_range("bytes=5-100", 10), Some((5, 9)));
        for wrong in ["bytes=10-", "bytes=5-4", "bytes=-0", "bytes=a-b", "items=0-1", "bytes=0-1,3-4"] {
            assert_eq!(byte_range(wrong, 10), None, "{wrong}");
        }
        assert_eq!(byte_range("bytes=0-0", 0), None);
    }
}
