//! PutObject, AppendObject, GetObject, HeadObject and their like.

use std::sync::Arc;

use super::context::Context;
use super::headers::{OBJECT_ACL, check_value, persistent_headers, stored_reply};
use super::{bucket, conditions, encryption, range, tagging};
use crate::callback::Callback;
use crate::clock::http_date;
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::{ObjectType, Properties};
use crate::text::{base64_encode, hex_upper, text_of_bytes};

pub(super) fn put_object(
    context: &Context,
    callback: Option<&Callback>,
    body: Vec<u8>,
) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let headers = context.object_headers()?;
    let digest = md5(&body);
    let properties = Properties {
        etag: hex_upper(&digest),
        crc64: crc64(&body),
        content_md5: Some(base64_encode(&digest)),
        size: body.len() as u64,
        kind: ObjectType::Normal,
        modified_ms: context.now_ms(),
        headers,
        version_id: None,
    };
    let data = Arc::new(body);
    let store = &context.shared.store;
    let properties = store.put(bucket, key, properties, Arc::clone(&data), context.forbid_overwrite()?)?;
    let reply = stored_reply(&properties.etag, properties.crc64, properties.content_md5.as_deref());
    let reply = encryption::tell(reply, &properties.headers);
    let reply = context.with_version(reply, properties.version())?;
    context.with_callback(reply, callback, key, &properties, &data)
}

pub(super) fn append_object(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    // What an append would overwrite is nowhere said.
    if context.forbid_overwrite()? {
        let message = "The emulator does not know x-oss-forbid-overwrite: true of AppendObject.";
        return Err(OssError::not_implemented(message));
    }
    let headers = context.object_headers()?;
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
    context.with_version(encryption::tell(reply, &properties.headers), properties.version())
}

pub(super) fn get_object(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    context.check_traffic_limit()?;
    let (properties, data) = context.read(bucket, key, context.version()?)?;
    if let Some(reply) = conditions::unmet(context, "", &properties)? {
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
            reply.set(header, &text_of_bytes(value.as_bytes()));
        }
    }
    let size = data.len() as u64;
    match range::requested(context, size)? {
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
    if let Some(reply) = conditions::unmet(context, "", &properties)? {
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
    let reply = bucket::get_acl(properties.header(OBJECT_ACL).unwrap_or("default"))?;
    context.with_version(reply, properties.version())
}

pub(super) fn put_object_acl(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let acl = context.header(OBJECT_ACL).unwrap_or_default();
    check_value(OBJECT_ACL, &acl)?;
    let store = &context.shared.store;
    let properties = store.set_header(bucket, key, context.version()?, OBJECT_ACL, Some(&acl))?;
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
            OBJECT_ACL => {}
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
