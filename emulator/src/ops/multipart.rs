//! Multipart uploads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use super::encryption;
use super::headers::{OBJECT_ACL, check_value, stored_reply};
use super::listing::{encoded, listed, page_size, push_prefixes, wanted};
use super::xml::{self, Document};
use crate::callback::Callback;
use crate::clock::iso_date;
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::http::Reply;
use crate::store::{Completion, NamedPart, Part, Parts, Upload};
use crate::text::{base64_encode, hex_upper, number, percent_encode};

const MAX_PART_NUMBER: u64 = 10_000;

pub(super) fn upload_id<'a>(context: &Context<'a>) -> Result<&'a str, OssError> {
    context
        .meaning
        .parameter("uploadId")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| OssError::argument("uploadId", "", "The upload id is missing."))
}

pub(super) fn part_number(context: &Context) -> Result<u32, OssError> {
    let text = context.meaning.parameter("partNumber").unwrap_or_default();
    number::<u64>(text)
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

pub(super) fn initiate(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
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
    let document =
        document.text("Bucket", bucket).text("Key", &encoded(key, url)).text("UploadId", &upload_id);
    Ok(reply.body("application/xml", document.finish().into_bytes()))
}

pub(super) fn upload_part(context: &Context, body: Vec<u8>) -> Result<Reply, OssError> {
    let upload_id = upload_id(context)?;
    context.check_traffic_limit()?;
    let number = part_number(context)?;
    let digest = md5(&body);
    let part = Part {
        etag: hex_upper(&digest),
        crc64: crc64(&body),
        modified_ms: context.now_ms(),
        data: Arc::new(body),
    };
    let reply = stored_reply(&part.etag, part.crc64, Some(&base64_encode(&digest)));
    context.put_part(upload_id, number, part, reply)
}

impl Context<'_> {
    /// Stores a part of an upload, if there is room for it. The reply then says how it is encrypted.
    pub(super) fn put_part(
        &self,
        upload_id: &str,
        number: u32,
        part: Part,
        reply: Reply,
    ) -> Result<Reply, OssError> {
        let (bucket, key) = (self.bucket()?, self.key()?);
        let size_limit = self.shared.config.object_size_limit;
        let headers = self.shared.store.put_part(bucket, key, upload_id, number, part, size_limit)?;
        Ok(encryption::tell(reply, &headers))
    }
}

pub(super) fn complete(
    context: &Context,
    callback: Option<&Callback>,
    body: &[u8],
) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let upload_id = upload_id(context)?;
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
            .text("Key", &encoded(key, url))
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
    let mut part_number = None;
    let mut etag = None;
    for (path, text) in xml::read(body, KNOWN, &["CompleteMultipartUpload/Part"])? {
        match path {
            "CompleteMultipartUpload/Part/PartNumber" => {
                let value = number(text.trim()).ok_or_else(OssError::malformed_xml)?;
                part_number = Some(value);
            }
            "CompleteMultipartUpload/Part/ETag" => {
                etag = Some(text.trim().trim_matches('"').to_owned());
            }
            "CompleteMultipartUpload/Part" => match (part_number.take(), etag.take()) {
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

pub(super) fn list_parts(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let upload_id = upload_id(context)?;
    let max = page_size(context, "max-parts", 1000)?;
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
        .text("Key", &encoded(key, url))
        .text("UploadId", upload_id)
        .text("StorageClass", upload.storage_class())
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
    let max = page_size(context, "max-uploads", 1000)?;
    let url = context.url_encoding()?;
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    // An id without a key has no meaning.
    let wanted = wanted(context, parameter("key-marker"), parameter("upload-id-marker"), max);
    let page = context.shared.store.uploads(bucket, &wanted)?;

    let mut document = Document::new("ListMultipartUploadsResult");
    if url {
        document.push("EncodingType", "url");
    }
    document.push("Bucket", bucket);
    document.push("KeyMarker", &encoded(wanted.key_marker, url));
    document.push("UploadIdMarker", wanted.id_marker);
    // On the last page, too.
    document.push("NextKeyMarker", &encoded(&page.next.0, url));
    document.push("NextUploadIdMarker", &page.next.1);
    document.push("Delimiter", &encoded(wanted.delimiter, url));
    document.push("Prefix", &encoded(wanted.prefix, url));
    document.push("MaxUploads", &max.to_string());
    document.push("IsTruncated", &page.is_truncated.to_string());
    for (key, upload) in &page.items {
        document.push_group(
            "Upload",
            &[
                ("Key", &listed(key, url)?),
                ("UploadId", &upload.id),
                ("StorageClass", &upload.storage_class),
                ("Initiated", &iso_date(upload.initiated_ms)),
            ],
        );
    }
    push_prefixes(&mut document, &page.prefixes, url)?;
    Ok(Reply::xml(200, document.finish()))
}
