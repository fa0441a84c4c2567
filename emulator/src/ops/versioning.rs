//! Versions: which one a request means, which one a reply tells, whether a bucket keeps them, and lists of them.

use super::bucket::OWNER;
use super::context::Context;
use super::listing::{encoded, listed, listing, max_keys, push_prefixes, wanted};
use super::xml::{self, Document};
use crate::clock::iso_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::store::{Version, Versioning};

impl<'a> Context<'a> {
    /// The version that a request names.
    pub(super) fn version(&self) -> Result<Option<&'a str>, OssError> {
        match self.meaning.parameter("versionId") {
            Some("") => Err(OssError::argument("versionId", "", "The version id cannot be empty.")),
            version => Ok(version),
        }
    }

    /// Has a reply tell a version, in a bucket that keeps versions or once did.
    pub(super) fn with_version(&self, reply: Reply, version_id: &str) -> Result<Reply, OssError> {
        let has_versions = self.has_versions(self.bucket()?)?;
        Ok(if has_versions { reply.with("x-oss-version-id", version_id) } else { reply })
    }

    /// Whether a bucket keeps versions or once did.
    pub(super) fn has_versions(&self, bucket: &str) -> Result<bool, OssError> {
        Ok(self.shared.store.settings(bucket)?.versioning != Versioning::Off)
    }
}

pub(super) fn put_bucket_versioning(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    const STATUS: &str = "VersioningConfiguration/Status";
    let texts = xml::read(body, &["VersioningConfiguration", STATUS], &[])?;
    let status = texts.iter().find(|(path, _)| *path == STATUS);
    let versioning =
        status.and_then(|(_, text)| Versioning::of_name(text.trim())).ok_or_else(OssError::malformed_xml)?;
    context.shared.store.change_settings(context.bucket()?, |settings| settings.versioning = versioning)?;
    Ok(Reply::new(200))
}

pub(super) fn get_bucket_versioning(context: &Context) -> Result<Reply, OssError> {
    let versioning = context.shared.store.settings(context.bucket()?)?.versioning;
    let mut document = Document::new("VersioningConfiguration");
    if let Some(name) = versioning.name() {
        document.push("Status", name);
    }
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn list_object_versions(context: &Context) -> Result<Reply, OssError> {
    let (max, url) = (max_keys(context)?, context.url_encoding()?);
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let wanted = wanted(context, parameter("key-marker"), parameter("version-id-marker"), max);
    if wanted.key_marker.is_empty() && !wanted.id_marker.is_empty() {
        return Err(OssError::argument(
            "version-id-marker",
            wanted.id_marker,
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    let page = context.shared.store.versions(context.bucket()?, &wanted)?;
    let mut document = listing(context, "ListVersionsResult", max, url)?
        .text("KeyMarker", &encoded(wanted.key_marker, url))
        .text("VersionIdMarker", wanted.id_marker)
        .text("IsTruncated", &page.is_truncated.to_string());
    if page.is_truncated {
        document.push("NextKeyMarker", &encoded(&page.next.0, url));
        document.push("NextVersionIdMarker", &page.next.1);
    }
    for (key, (version, is_latest)) in &page.items {
        document.push_document(element(&listed(key, url)?, version, *is_latest));
    }
    push_prefixes(&mut document, &page.prefixes, url)?;
    Ok(Reply::xml(200, document.finish()))
}

fn element(key: &str, version: &Version, is_latest: bool) -> Document {
    let root = match version {
        Version::Object(_) => "Version",
        Version::DeleteMarker { .. } => "DeleteMarker",
    };
    let named = Document::new(root)
        .text("Key", key)
        .text("VersionId", version.id())
        .text("IsLatest", &is_latest.to_string());
    described(named, version).raw(OWNER)
}

fn described(element: Document, version: &Version) -> Document {
    match version {
        Version::DeleteMarker { modified_ms, .. } => element.text("LastModified", &iso_date(*modified_ms)),
        Version::Object(object) => {
            let properties = &object.properties;
            element
                .text("LastModified", &iso_date(properties.modified_ms))
                .text("ETag", &format!("\"{}\"", properties.etag))
                .text("Type", properties.kind.name())
                .text("Size", &properties.size.to_string())
                .text("StorageClass", properties.header("x-oss-storage-class").unwrap_or("Standard"))
        }
    }
}
