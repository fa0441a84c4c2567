//! Objects: stored, read, changed and deleted, each as one of the versions under its key.

use std::sync::Arc;

use super::buckets::{Bucket, Store, find};
use super::data::Data;
use super::settings::Versioning;
use super::versions::{Version, Versions};
use crate::digest::{crc64_of_more, md5};
use crate::errors::OssError;
use crate::object::{Blob, NULL_VERSION, ObjectType, Properties, StoredObject};
use crate::text::hex_upper;

/// What a deletion came to: the version that it made or removed.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    pub version_id: Option<String>,
    pub is_delete_marker: bool,
}

impl Store {
    /// Stores an object as the current version. Returns what it became.
    pub fn put(
        &self,
        bucket: &str,
        key: &str,
        properties: Properties,
        data: Arc<Vec<u8>>,
        forbid_overwrite: bool,
    ) -> Result<Properties, OssError> {
        self.check_overwrite(bucket, key, forbid_overwrite)?;
        self.keep(bucket, key, data, |found, blob| {
            found.check_overwrite(key, forbid_overwrite)?;
            let version_id = found.settings.versioning.new_version_id();
            self.add(found, key, Properties { version_id, ..properties }, blob)
        })
    }

    /// Refuses to store an object over another.
    pub fn check_overwrite(&self, bucket: &str, key: &str, forbid: bool) -> Result<(), OssError> {
        find(&mut self.lock(), bucket)?.check_overwrite(key, forbid)
    }

    /// Makes an object the current version.
    pub(super) fn add(
        &self,
        bucket: &mut Bucket,
        key: &str,
        properties: Properties,
        blob: Blob,
    ) -> Result<Properties, OssError> {
        let mut versions = bucket.objects.get(key).cloned().unwrap_or_default();
        versions.add(Version::Object(StoredObject { properties: properties.clone(), blob }));
        self.replace(bucket, key, versions)?;
        Ok(properties)
    }

    /// The properties of a version, or of the current one.
    pub fn properties(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Properties, OssError> {
        let mut buckets = self.lock();
        Ok(object(find(&mut buckets, bucket)?, key, version)?.properties.clone())
    }

    /// A version, or the current one.
    pub fn read(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<(Properties, Arc<Vec<u8>>), OssError> {
        let (properties, data) = {
            let mut buckets = self.lock();
            let object = object(find(&mut buckets, bucket)?, key, version)?;
            (object.properties.clone(), self.open_data(bucket, &object.blob)?)
        };
        Ok((properties, data.read()?))
    }

    /// Gives a version, or the current one, a header in place of the one of that name; or takes it away. Returns what the
    /// version is now.
    pub fn set_header(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        name: &str,
        value: Option<&str>,
    ) -> Result<Properties, OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        let mut properties = object(found, key, version)?.properties.clone();
        properties.headers.retain(|(other, _)| other != name);
        properties.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        let mut versions = found.objects.get(key).cloned().unwrap_or_default();
        if let Some(changed) = versions.properties_mut(properties.version()) {
            *changed = properties.clone();
        }
        self.replace(found, key, versions)?;
        Ok(properties)
    }

    /// Deletes a version for good. Without one named, the object: where there are versions, by a mark. What is not there
    /// is no error.
    pub fn delete(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        now_ms: i64,
    ) -> Result<Deleted, OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        let mut versions = found.objects.get(key).cloned().unwrap_or_default();
        let versioning = found.settings.versioning;
        let deleted = match version {
            None if versioning != Versioning::Off => {
                let version_id = versioning.new_version_id();
                versions.add(Version::DeleteMarker { version_id: version_id.clone(), modified_ms: now_ms });
                Deleted { version_id, is_delete_marker: true }
            }
            id => remove(&mut versions, id.unwrap_or(NULL_VERSION)),
        };
        self.replace(found, key, versions)?;
        Ok(deleted)
    }

    /// Appends to an object, or makes it. Returns what it is then.
    pub fn append(
        &self,
        bucket: &str,
        key: &str,
        position: u64,
        piece: &[u8],
        headers: Vec<(String, String)>,
        now_ms: i64,
    ) -> Result<Properties, OssError> {
        let (data, crc64) = self.data_to_append_to(bucket, key, position)?;
        let mut data = data.read()?.to_vec();
        data.extend_from_slice(piece);
        let properties = Properties {
            // Not an MD5 of the data, as in OSS.
            etag: hex_upper(&md5(format!("append {key} {}", data.len()).as_bytes())),
            crc64: crc64_of_more(crc64, piece),
            content_md5: None,
            size: data.len() as u64,
            kind: ObjectType::Appendable,
            modified_ms: now_ms,
            headers,
            // Even where other objects have versions.
            version_id: None,
        };
        self.keep(bucket, key, Arc::new(data), |found, blob| {
            let before = appendable(found, key, position)?.map(|object| &object.properties);
            if before.map_or(0, |before| before.crc64) != crc64 {
                // Another one of the same length, that was made meanwhile.
                return Err(not_at_the_end(position));
            }
            let headers = before.map_or(properties.headers, |before| before.headers.clone());
            self.add(found, key, Properties { headers, ..properties }, blob)
        })
    }

    /// What is appended to, with its checksum.
    fn data_to_append_to(&self, bucket: &str, key: &str, position: u64) -> Result<(Data, u64), OssError> {
        let mut buckets = self.lock();
        match appendable(find(&mut buckets, bucket)?, key, position)? {
            Some(object) => Ok((self.open_data(bucket, &object.blob)?, object.properties.crc64)),
            None => Ok((Data::Memory(Arc::default()), 0)),
        }
    }
}

/// The object that can be appended to at a position, if there is one already.
fn appendable<'a>(
    bucket: &'a Bucket,
    key: &str,
    position: u64,
) -> Result<Option<&'a StoredObject>, OssError> {
    let existing = bucket.current_object(key);
    if existing.is_some_and(|object| object.properties.kind != ObjectType::Appendable) {
        return Err(OssError::new(409, "ObjectNotAppendable", "The object is not appendable."));
    }
    let length = existing.map_or(0, |object| object.properties.size);
    if position == length { Ok(existing) } else { Err(not_at_the_end(length)) }
}

fn not_at_the_end(length: u64) -> OssError {
    OssError::new(409, "PositionNotEqualToLength", "Position is not equal to file length.")
        .header("x-oss-next-append-position", length.to_string())
}

fn object<'a>(bucket: &'a Bucket, key: &str, version: Option<&str>) -> Result<&'a StoredObject, OssError> {
    let versions = bucket.objects.get(key);
    let found = match version {
        Some(id) => versions.and_then(|versions| versions.named(id)),
        None => versions.and_then(Versions::current),
    };
    match (found, version) {
        (Some(Version::Object(object)), _) => Ok(object),
        (Some(Version::DeleteMarker { .. }), Some(id)) => Err(OssError::is_delete_marker(id)),
        (Some(marker), None) => Err(OssError::no_such_key(key)
            .header("x-oss-delete-marker", "true")
            .header("x-oss-version-id", marker.id())),
        (None, Some(id)) => Err(OssError::no_such_version(key, id)),
        (None, None) => Err(OssError::no_such_key(key)),
    }
}

fn remove(versions: &mut Versions, id: &str) -> Deleted {
    let removed = versions.remove(id);
    Deleted {
        version_id: Some(id.to_owned()).filter(|id| id != NULL_VERSION),
        is_delete_marker: matches!(removed, Some(Version::DeleteMarker { .. })),
    }
}
