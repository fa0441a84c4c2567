//! Multipart uploads: begun, given their parts, put together.

use std::sync::Arc;

use super::buckets::{Bucket, Store, find};
use super::upload::{Completion, Part, Upload, choose_parts};
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::object::{ObjectType, Properties};
use crate::text::{base64_encode, hex_upper};

impl Store {
    /// Begins an upload, and returns its id.
    pub fn initiate(&self, bucket: &str, key: &str, upload: Upload) -> Result<String, OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        let upload_id = format!("{:016X}{:016X}", fastrand::u64(..), fastrand::u64(..));
        found.uploads.insert((key.to_owned(), upload_id.clone()), upload);
        Ok(upload_id)
    }

    /// Stores a part in place of the one that has its number, and returns the headers that the upload was begun with. All parts
    /// together are no larger than an object may be.
    pub fn put_part(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        number: u32,
        part: Part,
        size_limit: u64,
    ) -> Result<Vec<(String, String)>, OssError> {
        let mut buckets = self.lock();
        let upload = find_upload(find(&mut buckets, bucket)?, key, upload_id)?;
        let next = upload.parts.keys().next_back().map_or(1, |last| last + 1);
        if upload.sequential && number > next {
            return Err(OssError::new(
                400,
                "PartNotSequential",
                "The part is not the next one of a sequential upload.",
            ));
        }
        if upload.size_without(number).saturating_add(part.data.len() as u64) > size_limit {
            return Err(OssError::entity_too_large(size_limit));
        }
        upload.parts.insert(number, part);
        Ok(upload.headers.clone())
    }

    pub fn upload(&self, bucket: &str, key: &str, upload_id: &str) -> Result<Upload, OssError> {
        let mut buckets = self.lock();
        find_upload(find(&mut buckets, bucket)?, key, upload_id).cloned()
    }

    pub fn abort(&self, bucket: &str, key: &str, upload_id: &str) -> Result<(), OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        found
            .uploads
            .remove(&(key.to_owned(), upload_id.to_owned()))
            .map(|_| ())
            .ok_or_else(|| OssError::no_such_upload(upload_id))
    }

    /// Puts the parts together. On failure the upload stays.
    pub fn complete(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        completion: &Completion,
    ) -> Result<Properties, OssError> {
        let upload = self.upload(bucket, key, upload_id)?;
        let forbid_overwrite = completion.forbid_overwrite || upload.forbid_overwrite;
        self.check_overwrite(bucket, key, forbid_overwrite)?;
        let chosen = choose_parts(&upload, &completion.parts, upload_id, completion.min_part_size)?;
        let mut data = Vec::with_capacity(chosen.iter().map(|part| part.data.len()).sum());
        let mut etags = String::new();
        for part in &chosen {
            data.extend_from_slice(&part.data);
            etags.push_str(&part.etag);
        }
        let mut headers = upload.headers;
        if let Some(acl) = completion.acl {
            headers.retain(|(name, _)| name != "x-oss-object-acl");
            headers.push(("x-oss-object-acl".to_owned(), acl.to_owned()));
        }
        let properties = Properties {
            etag: format!("{}-{}", hex_upper(&md5(etags.as_bytes())), chosen.len()),
            crc64: crc64(&data),
            content_md5: upload.sequential.then(|| base64_encode(&md5(&data))),
            size: data.len() as u64,
            kind: ObjectType::Multipart,
            modified_ms: completion.now_ms,
            headers,
            version_id: None,
        };
        self.keep(bucket, key, Arc::new(data), |found, blob| {
            // Another request may have ended the upload meanwhile, or made the object.
            find_upload(found, key, upload_id)?;
            found.check_overwrite(key, forbid_overwrite)?;
            let version_id = found.settings.versioning.new_version_id();
            let properties = self.add(found, key, Properties { version_id, ..properties }, blob)?;
            found.uploads.remove(&(key.to_owned(), upload_id.to_owned()));
            Ok(properties)
        })
    }
}

fn find_upload<'a>(bucket: &'a mut Bucket, key: &str, upload_id: &str) -> Result<&'a mut Upload, OssError> {
    bucket
        .uploads
        .get_mut(&(key.to_owned(), upload_id.to_owned()))
        .ok_or_else(|| OssError::no_such_upload(upload_id))
}
