//! DeleteObject and DeleteMultipleObjects.

use super::context::Context;
use super::listing::encoded;
use super::xml::{self, Document};
use crate::errors::OssError;
use crate::http::Reply;
use crate::key::check_key;
use crate::object::NULL_VERSION;

pub(super) fn delete_object(context: &Context) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let deleted = context.shared.store.delete(bucket, key, context.version()?, context.now_ms())?;
    let mut reply = Reply::new(204);
    if deleted.is_delete_marker {
        reply.set("x-oss-delete-marker", "true");
    }
    context.with_version(reply, deleted.version_id.as_deref().unwrap_or(NULL_VERSION))
}

/// An object to delete, or one version of it.
struct Named {
    key: String,
    version_id: Option<String>,
}

pub(super) fn delete_multiple_objects(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    if context.header("content-md5").is_none() {
        let error = OssError::new(400, "MissingArgument", "Missing Some Required Arguments.");
        return Err(error.ec("0016-00000606").detail("ArgumentName", "Content-MD5"));
    }
    let url = context.url_encoding()?;
    let (named, is_quiet) = named_objects(body)?;
    let mut document = Document::new("DeleteResult");
    if url {
        document.push("EncodingType", "url");
    }
    for Named { key, version_id } in named {
        let version_id = version_id.as_deref();
        let deleted = context.shared.store.delete(bucket, &key, version_id, context.now_ms())?;
        let mut element = Document::new("Deleted").text("Key", &encoded(&key, url));
        if let Some(id) = version_id {
            element.push("VersionId", id);
        }
        if deleted.is_delete_marker {
            element.push("DeleteMarker", "true");
            element.push("DeleteMarkerVersionId", deleted.version_id.as_deref().unwrap_or(NULL_VERSION));
        }
        document.push_document(element);
    }
    Ok(if is_quiet { Reply::new(200) } else { Reply::xml(200, document.finish()) })
}

/// What is to be deleted, and whether nothing is to be said of it.
fn named_objects(body: &[u8]) -> Result<(Vec<Named>, bool), OssError> {
    const KNOWN: &[&str] =
        &["Delete", "Delete/Quiet", "Delete/Object", "Delete/Object/Key", "Delete/Object/VersionId"];
    let mut named = Vec::new();
    let mut is_quiet = false;
    let (mut key, mut version_id) = (None, None);
    for (path, text) in xml::read(body, KNOWN, &["Delete/Object"])? {
        match path {
            "Delete/Quiet" => {
                is_quiet = match text.trim() {
                    "true" => true,
                    "false" | "" => false,
                    _ => return Err(OssError::malformed_xml()),
                }
            }
            "Delete/Object/Key" if text.is_empty() => {
                let error = OssError::argument("Key", "", "The key of an object cannot be empty.");
                return Err(error.ec("0016-00000611"));
            }
            "Delete/Object/Key" => {
                check_key(&text, false)?;
                key = Some(text);
            }
            "Delete/Object/VersionId" if text.is_empty() => {
                let error = OssError::argument("VersionId", "", "The version id cannot be empty.");
                return Err(error.ec("0016-00000612"));
            }
            "Delete/Object/VersionId" => version_id = Some(text),
            "Delete/Object" => {
                let key = key.take().ok_or_else(|| OssError::malformed_xml().ec("0016-00000613"))?;
                named.push(Named { key, version_id: version_id.take() });
            }
            _ => {}
        }
    }
    if named.is_empty() || named.len() > 1000 {
        return Err(OssError::malformed_xml());
    }
    Ok((named, is_quiet))
}
