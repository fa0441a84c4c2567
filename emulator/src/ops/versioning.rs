//! Versions: which one a request means, which one a reply tells, whether a bucket keeps them, and lists of them.

use super::bucket::OWNER;
use super::context::Context;
use super::listing::{encoded, listing, max_keys};
use super::multipart::common_prefix;
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
    context.check_md5(body)?;
    const STATUS: &str = "VersioningConfiguration/Status";
    let texts = xml::read(body, &["VersioningConfiguration", STATUS])?;
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

/// What a page of a list begins behind: a key, and a version of it if it goes on in the middle.
struct Marker<'a> {
    key: &'a str,
    version_id: &'a str,
}

/// One entry of a list, and the marker of a list that goes on behind it.
enum Entry {
    Version { key: String, version: Version, is_latest: bool },
    Prefix(String),
}

impl Entry {
    fn marker(&self) -> Marker<'_> {
        match self {
            Entry::Version { key, version, .. } => Marker { key, version_id: version.id() },
            Entry::Prefix(prefix) => Marker { key: prefix, version_id: "" },
        }
    }
}

pub(super) fn list_object_versions(context: &Context) -> Result<Reply, OssError> {
    let (max, url) = (max_keys(context)?, context.url_encoding()?);
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let marker = Marker { key: parameter("key-marker"), version_id: parameter("version-id-marker") };
    if marker.key.is_empty() && !marker.version_id.is_empty() {
        return Err(OssError::argument(
            "version-id-marker",
            marker.version_id,
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    let mut page = entries(context, &marker, max + 1)?;
    let is_truncated = page.len() > max;
    page.truncate(max);
    let mut document = listing(context, "ListVersionsResult", max, url)?
        .text("KeyMarker", &encoded(marker.key, url))
        .text("VersionIdMarker", marker.version_id)
        .text("IsTruncated", &is_truncated.to_string());
    if let Some(last) = page.last().filter(|_| is_truncated) {
        document.push("NextKeyMarker", &encoded(last.marker().key, url));
        document.push("NextVersionIdMarker", last.marker().version_id);
    }
    for entry in &page {
        document.push_document(element(entry, url));
    }
    Ok(Reply::xml(200, document.finish()))
}

/// So many of the entries behind a marker.
fn entries(context: &Context, marker: &Marker, count: usize) -> Result<Vec<Entry>, OssError> {
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let (prefix, delimiter) = (parameter("prefix"), parameter("delimiter"));
    let mut entries: Vec<Entry> = Vec::new();
    let versions = context.shared.store.versions(context.bucket()?)?;
    let is_marked = |key: &str, version: &Version| key == marker.key && version.id() == marker.version_id;
    // The versions of the marker's key begin behind the one that it names. If that is gone meanwhile, all that are left are
    // listed: none may be missed.
    let is_gone = !versions.iter().any(|(key, version, _)| is_marked(key, version));
    let mut is_behind = !marker.version_id.is_empty() && is_gone;
    for (key, version, is_latest) in versions {
        if key.as_str() < marker.key || !key.starts_with(prefix) {
            continue;
        }
        if key == marker.key && !marker.key.is_empty() && !is_behind {
            is_behind = is_marked(&key, &version);
            continue;
        }
        let entry = match common_prefix(&key, prefix, delimiter) {
            Some(common) if marker.key.starts_with(common) => continue,
            Some(common) if entries.last().is_some_and(|last| last.marker().key == common) => continue,
            Some(common) => Entry::Prefix(common.to_owned()),
            None => Entry::Version { key, version, is_latest },
        };
        entries.push(entry);
        if entries.len() == count {
            break;
        }
    }
    Ok(entries)
}

fn element(entry: &Entry, url: bool) -> Document {
    match entry {
        Entry::Prefix(prefix) => Document::new("CommonPrefixes").text("Prefix", &encoded(prefix, url)),
        Entry::Version { key, version, is_latest } => {
            let root = match version {
                Version::Object(_) => "Version",
                Version::DeleteMarker { .. } => "DeleteMarker",
            };
            let named = Document::new(root)
                .text("Key", &encoded(key, url))
                .text("VersionId", version.id())
                .text("IsLatest", &is_latest.to_string());
            described(named, version).raw(OWNER)
        }
    }
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
