//! Multipart uploads: begun, given their parts, put together.

use std::collections::BTreeMap;

use super::buckets::{Bucket, Store, find};
use super::upload::{Part, Parts, Upload, choose_parts};
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::object::{ObjectType, Properties};
use crate::text::{base64_encode, hex_upper};

impl Store {
    pub fn initiate(
        &self,
        bucket: &str,
        key: &str,
        headers: Vec<(String, String)>,
        sequential: bool,
        now_ms: i64,
    ) -> Result<String, OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        let upload_id = format!("{:016X}{:016X}", fastrand::u64(..), fastrand::u64(..));
        found.uploads.insert(
            (key.to_owned(), upload_id.clone()),
            Upload { initiated_ms: now_ms, sequential, headers, parts: BTreeMap::new() },
        );
        Ok(upload_id)
    }

    pub fn put_part(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        number: u32,
        part: Part,
    ) -> Result<(), OssError> {
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
        upload.parts.insert(number, part);
        Ok(())
    }

    pub fn upload(&self, bucket: &str, key: &str, upload_id: &str) -> Result<Upload, OssError> {
        let mut buckets = self.lock();
        find_upload(find(&mut buckets, bucket)?, key, upload_id).cloned()
    }

    /// All unfinished uploads of a bucket: key, upload id, start.
    pub fn uploads(&self, bucket: &str) -> Result<Vec<(String, String, i64)>, OssError> {
        let mut buckets = self.lock();
        Ok(find(&mut buckets, bucket)?
            .uploads
            .iter()
            .map(|((key, id), upload)| (key.clone(), id.clone(), upload.initiated_ms))
            .collect())
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
    #[allow(clippy::too_many_arguments)]
    pub fn complete(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        parts: &Parts,
        acl: Option<&str>,
        forbid_overwrite: bool,
        min_part_size: u64,
        now_ms: i64,
    ) -> Result<Properties, OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        let upload = find_upload(found, key, upload_id)?.clone();
        let forbid_overwrite =
            forbid_overwrite || header(&upload.headers, "x-oss-forbid-overwrite") == Some("true");
        found.check_overwrite(key, forbid_overwrite)?;
        let chosen = choose_parts(&upload, parts, upload_id, min_part_size)?;
        let mut data = Vec::with_capacity(chosen.iter().map(|part| part.data.len()).sum());
        let mut etags = String::new();
        for part in &chosen {
            data.extend_from_slice(&part.data);
            etags.push_str(&part.etag);
        }
        let mut headers = upload.headers.clone();
        if let Some(acl) = acl {
            headers.retain(|(name, _)| name != "x-oss-object-acl");
            headers.push(("x-oss-object-acl".to_owned(), acl.to_owned()));
        }
        let properties = Properties {
            etag: format!("{}-{}", hex_upper(&md5(etags.as_bytes())), chosen.len()),
            crc64: crc64(&data),
            content_md5: upload.sequential.then(|| base64_encode(&md5(&data))),
            size: data.len() as u64,
            kind: ObjectType::Multipart,
            modified_ms: now_ms,
            headers,
            version_id: found.settings.versioning.new_version_id(),
        };
        let properties = self.add(found, key, properties, data)?;
        found.uploads.remove(&(key.to_owned(), upload_id.to_owned()));
        Ok(properties)
    }
}

fn find_upload<'a>(bucket: &'a mut Bucket, key: &str, upload_id: &str) -> Result<&'a mut Upload, OssError> {
    bucket
        .uploads
        .get_mut(&(key.to_owned(), upload_id.to_owned()))
        .ok_or_else(|| OssError::no_such_upload(upload_id))
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}
