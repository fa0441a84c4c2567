//! CopyObject and UploadPartCopy.

use std::sync::Arc;

use super::context::Context;
use super::headers::{OBJECT_ACL, stored_reply};
use super::multipart::{part_number, upload_id};
use super::xml::Document;
use super::{conditions, encryption};
use crate::clock::iso_date;
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::{ObjectType, Properties};
use crate::operation::Operation;
use crate::store::Part;
use crate::text::{hex_upper, number, percent_decode};

const SOURCE: &str = "x-oss-copy-source";
const CONDITIONS: &str = "x-oss-copy-source-";
const CLASS: &str = "x-oss-storage-class";
const ENCRYPTION: &str = "x-oss-server-side-encryption";

/// What is copied: `/<bucket>/<key>`, percent-encoded, with `?versionId=<id>` behind it for a version.
pub(super) struct Source {
    pub bucket: String,
    pub key: String,
    pub version: Option<String>,
}

impl Source {
    pub fn of(context: &Context) -> Result<Source, OssError> {
        let text = context.header(SOURCE).unwrap_or_default();
        let refuse = |ec| OssError::argument(SOURCE, &text, "The source of the copy is not valid.").ec(ec);
        let (path, version) = match text.split_once('?') {
            None => (text.as_str(), None),
            Some((path, query)) => match query.split_once('=') {
                Some(("versionId", "")) => return Err(refuse("0016-00000305")),
                Some(("versionId", id)) => (path, Some(id.to_owned())),
                _ => return Err(refuse("0016-00000304")),
            },
        };
        let invalid = || refuse("0042-00000301");
        let path = String::from_utf8(percent_decode(path, false)).map_err(|_| invalid())?;
        let (bucket, key) =
            path.strip_prefix('/').and_then(|path| path.split_once('/')).ok_or_else(invalid)?;
        Ok(Source { bucket: bucket.to_owned(), key: key.to_owned(), version })
    }

    fn read(&self, context: &Context) -> Result<(Properties, Arc<Vec<u8>>), OssError> {
        let read = context.read(&self.bucket, &self.key, self.version.as_deref());
        read.map_err(|error| match (error.code.as_str(), context.meaning.operation) {
            ("MethodNotAllowed", Operation::UploadPartCopy) => {
                let version = self.version.as_deref().unwrap_or_default();
                OssError::argument("versionId", version, "The source of the copy is a delete marker.")
            }
            ("MethodNotAllowed", _) => OssError::no_such_key(&self.key).ec("0016-00000307"),
            _ => error,
        })
    }

    fn is_target(&self, context: &Context) -> Result<bool, OssError> {
        Ok(self.bucket == context.bucket()? && self.key == context.key()? && self.version.is_none())
    }

    /// Has a reply tell the version that was copied, in a bucket that keeps them or once did.
    fn told(&self, context: &Context, reply: Reply, from: &Properties) -> Result<Reply, OssError> {
        let has_versions = context.has_versions(&self.bucket)?;
        let told = |reply: Reply| reply.with("x-oss-copy-source-version-id", from.version());
        Ok(if has_versions { told(reply) } else { reply })
    }
}

pub(super) fn copy_object(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let source = Source::of(context)?;
    let (from, data) = source.read(context)?;
    if let Some(reply) = conditions::unmet(context, CONDITIONS, &from)? {
        return Ok(reply);
    }
    let is_itself = source.is_target(context)?;
    let mut properties = Properties {
        headers: headers(context, &from, is_itself)?,
        modified_ms: context.now_ms(),
        version_id: None,
        ..from.clone()
    };
    // Where the data can stay what they are, only what is said of them changes.
    if !is_itself || context.has_versions(bucket)? || !is_stored_alike(&from, &properties) {
        properties.kind = ObjectType::Normal;
    }
    check_size(context, &source, &from, &properties)?;
    let forbid_overwrite = context.forbid_overwrite()?;
    let copy = context.shared.store.put(bucket, key, properties, data, forbid_overwrite)?;
    let document = Document::new("CopyObjectResult")
        .text("LastModified", &iso_date(copy.modified_ms))
        .text("ETag", &format!("\"{}\"", copy.etag));
    let reply =
        stored_reply(&copy.etag, copy.crc64, None).body("application/xml", document.finish().into_bytes());
    let reply = encryption::tell(source.told(context, reply, &from)?, &copy.headers);
    context.with_version(reply, copy.version())
}

/// The headers of a copy. Its ACL, its class and how it is encrypted are never those of its source.
fn headers(context: &Context, from: &Properties, is_itself: bool) -> Result<Vec<(String, String)>, OssError> {
    let replaces_metadata = replaces(context, "x-oss-metadata-directive")? || is_itself;
    let replaces_tags = replaces(context, "x-oss-tagging-directive")?;
    let is_given = |name: &str| match name {
        "x-oss-tagging" => replaces_tags,
        OBJECT_ACL | CLASS => true,
        name => replaces_metadata || name.starts_with("x-oss-server-side-"),
    };
    let given = context.object_headers()?.into_iter().filter(|(name, _)| is_given(name));
    Ok(from.headers.iter().filter(|(name, _)| !is_given(name)).cloned().chain(given).collect())
}

/// Whether what a directive is about is taken from the request, and not from the source.
fn replaces(context: &Context, directive: &str) -> Result<bool, OssError> {
    match context.header(directive) {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("COPY") => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("REPLACE") => Ok(true),
        Some(value) => {
            Err(OssError::argument(directive, &value, format!("{directive} must be COPY or REPLACE.")))
        }
    }
}

/// Only where nothing has to be moved or made anew can an object of any size be copied at once.
fn check_size(
    context: &Context,
    source: &Source,
    from: &Properties,
    copy: &Properties,
) -> Result<(), OssError> {
    let limit = context.shared.config.copy_size_limit;
    let stays = source.bucket == context.bucket()? && is_stored_alike(from, copy);
    match stays || from.size <= limit {
        true => Ok(()),
        false => Err(OssError::entity_too_large(limit)),
    }
}

fn is_stored_alike(from: &Properties, copy: &Properties) -> bool {
    from.storage_class() == copy.storage_class() && from.header(ENCRYPTION) == copy.header(ENCRYPTION)
}

pub(super) fn upload_part_copy(context: &Context) -> Result<Reply, OssError> {
    let (upload_id, number) = (upload_id(context)?, part_number(context)?);
    context.check_traffic_limit()?;
    let source = Source::of(context)?;
    let (from, data) = source.read(context)?;
    if let Some(reply) = conditions::unmet(context, CONDITIONS, &from)? {
        return Ok(reply);
    }
    let range = context.header("x-oss-copy-source-range");
    let data = match range.and_then(|range| part_of(&data, &range)) {
        Some(part) => Arc::new(part.to_vec()),
        None => data,
    };
    let part =
        Part { etag: hex_upper(&md5(&data)), crc64: crc64(&data), modified_ms: context.now_ms(), data };
    let document = Document::new("CopyPartResult")
        .text("LastModified", &iso_date(part.modified_ms))
        .text("ETag", &format!("\"{}\"", part.etag));
    let reply =
        stored_reply(&part.etag, part.crc64, None).body("application/xml", document.finish().into_bytes());
    let reply = context.put_part(upload_id, number, part, reply)?;
    source.told(context, reply, &from)
}

/// What `bytes=<first>-<last>` means of data. A range that they do not have counts for nothing.
fn part_of<'a>(data: &'a [u8], range: &str) -> Option<&'a [u8]> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    data.get(number(first)?..=number(last)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_is_not_wholly_there_is_none() {
        assert_eq!(part_of(b"0123456789", "bytes=2-4"), Some(&b"234"[..]));
        assert_eq!(part_of(b"0123456789", "bytes=0-9"), Some(&b"0123456789"[..]));
        for range in [
            "bytes=2-10",
            "bytes=4-2",
            "bytes=10-10",
            "bytes=2-",
            "bytes=-2",
            "bytes=a-b",
            "bytes=+2-4",
            "2-4",
        ] {
            assert_eq!(part_of(b"0123456789", range), None, "{range}");
        }
        assert_eq!(part_of(b"0123456789", &format!("bytes=0-{}", usize::MAX)), None);
    }
}
