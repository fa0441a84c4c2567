//! Multipart uploads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use super::encryption;
use super::headers::{OBJECT_ACL, check_value, stored_reply};
use super::xml::{self, Document};
use crate::callback::Callback;
use crate::clock::iso_date;
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::http::Reply;
use crate::store::{Completion, NamedPart, Part, Parts, Upload};
use crate::text::{hex_upper, percent_encode};

const MAX_PART_NUMBER: u64 = 10_000;
const CLASS: &str = "x-oss-storage-class";

pub(super) fn upload_id<'a>(context: &Context<'a>) -> Result<&'a str, OssError> {
    context
        .meaning
        .parameter("uploadId")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| OssError::argument("uploadId", "", "The upload id is missing."))
}

pub(super) fn part_number(context: &Context) -> Result<u32, OssError> {
    let text = context.meaning.parameter("partNumber").unwrap_or_default();
    text.parse::<u64>()
        .ok()
        .filter(|number| (1..=MAX_PART_NUMBER).contains(number))
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| {
            OssError::argument(
                "partNumber",
                text,
                "Part number must be an integer between 1 and 10000, inclusive.",
            )
        })
}

pub(super) fn initiate(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    context.check_md5(body)?;
    let url = context.url_encoding()?;
    let upload = Upload {
        initiated_ms: context.now_ms(),
        sequential: context.meaning.parameter("sequential").is_some(),
        forbid_overwrite: context.forbid_overwrite()?,
        headers: context.object_headers()?,
        parts: BTreeMap::new(),
    };
    let store = &context.shared.store;
    store.check_overwrite(bucket, key, upload.forbid_overwrite)?;
    let reply = encryption::tell(Reply::new(200), &upload.headers);
    let upload_id = store.initiate(bucket, key, upload)?;
    let mut document = Document::new("InitiateMultipartUploadResult");
    if url {
        document.push("EncodingType", "url");
    }
    let document = document.text("Bucket", bucket).text("Key", &name(key, url)).text("UploadId", &upload_id);
    Ok(reply.body("application/xml", document.finish().into_bytes()))
}

fn name(text: &str, url: bool) -> String {
    if url { percent_encode(text) } else { text.to_owned() }
}

pub(super) fn upload_part(context: &Context, body: Vec<u8>) -> Result<Reply, OssError> {
    let upload_id = upload_id(context)?;
    context.check_traffic_limit()?;
    let number = part_number(context)?;
    let content_md5 = context.check_md5(&body)?;
    let part = Part {
        etag: hex_upper(&md5(&body)),
        crc64: crc64(&body),
        modified_ms: context.now_ms(),
        data: Arc::new(body),
    };
    let reply = stored_reply(&part.etag, part.crc64, Some(&content_md5));
    context.put_part(upload_id, number, part)?;
    Ok(reply)
}

impl Context<'_> {
    /// Stores a part of an upload, if there is room for it.
    pub(super) fn put_part(&self, upload_id: &str, number: u32, part: Part) -> Result<(), OssError> {
        let size_limit = self.shared.config.object_size_limit;
        self.shared.store.put_part(self.bucket()?, self.key()?, upload_id, number, part, size_limit)
    }
}

pub(super) fn complete(
    context: &Context,
    callback: Option<&Callback>,
    body: &[u8],
) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let upload_id = upload_id(context)?;
    context.check_md5(body)?;
    let url = context.url_encoding()?;
    let parts = match context.header("x-oss-complete-all").as_deref() {
        None => Parts::Named(named_parts(body)?),
        Some(value) if value.eq_ignore_ascii_case("yes") => {
            if !body.is_empty() {
                return Err(OssError::argument(
                    "x-oss-complete-all",
                    value,
                    "The request body must be empty when x-oss-complete-all is yes.",
                )
                .ec("0042-00000216"));
            }
            Parts::All
        }
        Some(value) => {
            return Err(OssError::argument("x-oss-complete-all", value, "x-oss-complete-all must be yes."));
        }
    };
    let acl = context.header(OBJECT_ACL);
    if let Some(acl) = &acl {
        check_value(OBJECT_ACL, acl)?;
    }
    let store = &context.shared.store;
    let completion = Completion {
        parts,
        acl: acl.as_deref(),
        forbid_overwrite: context.forbid_overwrite()?,
        min_part_size: context.shared.config.min_part_size,
        now_ms: context.now_ms(),
    };
    let properties = store.complete(bucket, key, upload_id, &completion)?;
    let reply = stored_reply(&properties.etag, properties.crc64, properties.content_md5.as_deref());
    let reply = encryption::tell(reply, &properties.headers);
    let mut reply = context.with_version(reply, properties.version())?;
    if callback.is_none() {
        let mut document = Document::new("CompleteMultipartUploadResult");
        if url {
            document.push("EncodingType", "url");
        }
        let location = format!("{}/{bucket}/{}", context.shared.endpoint(), percent_encode(key));
        let document = document
            .text("Location", &location)
            .text("Bucket", bucket)
            .text("Key", &name(key, url))
            .text("ETag", &format!("\"{}\"", properties.etag));
        reply = reply.body("application/xml", document.finish().into_bytes());
    }
    let start = match callback {
        // Only for the image's properties; an object that somebody has deleted meanwhile has none.
        Some(_) => {
            store.read(bucket, key, Some(properties.version())).map(|(_, data)| data).unwrap_or_default()
        }
        None => Arc::default(),
    };
    context.with_callback(reply, callback, key, &properties, &start)
}

fn named_parts(body: &[u8]) -> Result<Vec<NamedPart>, OssError> {
    const KNOWN: &[&str] = &[
        "CompleteMultipartUpload",
        "CompleteMultipartUpload/Part",
        "CompleteMultipartUpload/Part/PartNumber",
        "CompleteMultipartUpload/Part/ETag",
    ];
    let mut parts = Vec::new();
    let mut number = None;
    let mut etag = None;
    for (path, text) in xml::read(body, KNOWN)? {
        match path {
            "CompleteMultipartUpload/Part/PartNumber" => {
                let value = text.trim().parse().map_err(|_| OssError::malformed_xml())?;
                number = Some(value);
            }
            "CompleteMultipartUpload/Part/ETag" => {
                etag = Some(text.trim().trim_matches('"').to_owned());
            }
            "CompleteMultipartUpload/Part" => match (number.take(), etag.take()) {
                (Some(number), Some(etag)) => parts.push(NamedPart { number, etag }),
                _ => return Err(OssError::malformed_xml()),
            },
            _ => {}
        }
    }
    Ok(parts)
}

pub(super) fn abort(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    context.shared.store.abort(bucket, key, upload_id(context)?)?;
    Ok(Reply::new(204))
}

/// A page size: 1 to 1000.
fn page_size(context: &Context, parameter: &str) -> Result<usize, OssError> {
    let size = context.meaning.number(parameter)?.unwrap_or(1000);
    match usize::try_from(size) {
        Ok(size) if (1..=1000).contains(&size) => Ok(size),
        _ => Err(OssError::argument(
            parameter,
            &size.to_string(),
            format!("{parameter} must be between 1 and 1000."),
        )),
    }
}

pub(super) fn list_parts(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let upload_id = upload_id(context)?;
    let max = page_size(context, "max-parts")?;
    let marker = context.meaning.number("part-number-marker")?.unwrap_or(0);
    let url = context.url_encoding()?;
    let upload = context.shared.store.upload(bucket, key, upload_id)?;
    let mut parts = upload.parts.iter().filter(|(number, _)| u64::from(**number) > marker);
    let page: Vec<_> = parts.by_ref().take(max).collect();
    let truncated = parts.next().is_some();

    let mut document = Document::new("ListPartsResult");
    if url {
        document.push("EncodingType", "url");
    }
    let mut document = document
        .text("Bucket", bucket)
        .text("Key", &name(key, url))
        .text("UploadId", upload_id)
        .text("StorageClass", upload.header(CLASS).unwrap_or("Standard"))
        .text("PartNumberMarker", &marker.to_string());
    // Without parts it is empty: some clients take 0 for a further page, and some insist on the element.
    let next = page.last().map(|(last, _)| last.to_string());
    document.push("NextPartNumberMarker", &next.unwrap_or_default());
    document.push("MaxParts", &max.to_string());
    document.push("IsTruncated", &truncated.to_string());
    for (number, part) in page {
        document.push_group(
            "Part",
            &[
                ("PartNumber", &number.to_string()),
                ("LastModified", &iso_date(part.modified_ms)),
                ("ETag", &format!("\"{}\"", part.etag)),
                ("HashCrc64ecma", &part.crc64.to_string()),
                ("Size", &part.data.len().to_string()),
            ],
        );
    }
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn list_uploads(context: &Context) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    let max = page_size(context, "max-uploads")?;
    let url = context.url_encoding()?;
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let (prefix, delimiter) = (parameter("prefix"), parameter("delimiter"));
    let (key_marker, id_marker) = (parameter("key-marker"), parameter("upload-id-marker"));

    // After the marker: later keys, and with an upload id also later uploads of the same key. An id without a key
    // has no meaning.
    let is_after = |key: &str, id: &str| {
        key_marker.is_empty()
            || key > key_marker
            || (key == key_marker && !id_marker.is_empty() && id > id_marker)
    };
    let mut uploads = Vec::new();
    let mut prefixes: Vec<String> = Vec::new();
    let mut next = (String::new(), String::new());
    let mut truncated = false;
    for (key, id, initiated_ms) in context.shared.store.uploads(bucket)? {
        if !key.starts_with(prefix) || !is_after(&key, &id) {
            continue;
        }
        let common = common_prefix(&key, prefix, delimiter);
        if common.is_some_and(|common| {
            prefixes.last().is_some_and(|last| last == common)
                || (!key_marker.is_empty() && key_marker.starts_with(common))
        }) {
            // All of one common prefix are one entry, and the marker stands behind it.
            next = (key, id);
            continue;
        }
        if uploads.len() + prefixes.len() == max {
            truncated = true;
            break;
        }
        next = (key.clone(), id.clone());
        match common {
            Some(common) => prefixes.push(common.to_owned()),
            None => uploads.push((key, id, initiated_ms)),
        }
    }

    let mut document = Document::new("ListMultipartUploadsResult");
    if url {
        document.push("EncodingType", "url");
    }
    document.push("Bucket", bucket);
    document.push("KeyMarker", &name(key_marker, url));
    document.push("UploadIdMarker", id_marker);
    // On the last page, too.
    document.push("NextKeyMarker", &name(&next.0, url));
    document.push("NextUploadIdMarker", &next.1);
    document.push("Delimiter", &name(delimiter, url));
    document.push("Prefix", &name(prefix, url));
    document.push("MaxUploads", &max.to_string());
    document.push("IsTruncated", &truncated.to_string());
    for (key, id, initiated_ms) in uploads {
        document.push_group(
            "Upload",
            &[
                ("Key", &name(&key, url)),
                ("UploadId", &id),
                ("StorageClass", "Standard"),
                ("Initiated", &iso_date(initiated_ms)),
            ],
        );
    }
    for prefix in prefixes {
        document.push_group("CommonPrefixes", &[("Prefix", &name(&prefix, url))]);
    }
    Ok(Reply::xml(200, document.finish()))
}

/// The key up to the first delimiter behind the prefix.
pub(super) fn common_prefix<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    if delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(prefix)?;
    let at = rest.find(delimiter)?;
    key.get(..prefix.len() + at + delimiter.len())
}
