//! Buckets, objects and unfinished multipart uploads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::callback::Policy;
use crate::digest::{crc64, md5};
use crate::disk::Disk;
use crate::errors::OssError;
use crate::object::{Blob, ObjectType, Properties, StoredObject};
use crate::text::hex_upper;

#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub etag: String,
    pub crc64: u64,
    pub modified_ms: i64,
    pub data: Arc<Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub initiated_ms: i64,
    pub sequential: bool,
    pub headers: Vec<(String, String)>,
    pub parts: BTreeMap<u32, Part>,
}

#[derive(Debug, Default)]
struct Bucket {
    created_ms: i64,
    callback_policies: Vec<Policy>,
    objects: BTreeMap<String, StoredObject>,
    /// By key and upload id, so that listing is in OSS's order.
    uploads: BTreeMap<(String, String), Upload>,
}

/// A part that the client names at the end of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPart {
    pub number: u32,
    pub etag: String,
}

/// Which parts become the object.
pub(crate) enum Parts {
    Named(Vec<NamedPart>),
    All,
}

#[derive(Debug)]
pub(crate) struct Store {
    buckets: Mutex<BTreeMap<String, Bucket>>,
    /// Held by what reads an object and stores it changed, so that no other change falls between.
    changing: Mutex<()>,
    disk: Option<Disk>,
}

impl Store {
    /// An empty store, or what the data folder holds.
    pub fn open(data: Option<&Path>) -> std::io::Result<Store> {
        let Some(folder) = data else {
            return Ok(Store { buckets: Mutex::default(), changing: Mutex::default(), disk: None });
        };
        let (disk, found) = Disk::open(folder)?;
        let mut buckets: BTreeMap<String, Bucket> = BTreeMap::new();
        for bucket in found {
            let entry = buckets.entry(bucket.name).or_default();
            entry.created_ms = bucket.created_ms;
            entry.callback_policies = bucket.callback_policies;
            entry.objects = bucket.objects;
        }
        Ok(Store { buckets: Mutex::new(buckets), changing: Mutex::default(), disk: Some(disk) })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn bucket_names(&self) -> Vec<(String, i64)> {
        self.lock().iter().map(|(name, bucket)| (name.clone(), bucket.created_ms)).collect()
    }

    pub fn bucket_created_ms(&self, name: &str) -> Option<i64> {
        self.lock().get(name).map(|bucket| bucket.created_ms)
    }

    /// Makes a bucket; one that exists stays as it is.
    pub fn create_bucket(&self, name: &str, now_ms: i64) -> Result<(), OssError> {
        if !is_bucket_name(name) {
            return Err(OssError::new(400, "InvalidBucketName", "The specified bucket is not valid.")
                .detail("BucketName", name));
        }
        let mut buckets = self.lock();
        if buckets.contains_key(name) {
            return Ok(());
        }
        if let Some(disk) = &self.disk {
            disk.write_bucket(name, now_ms, &[]).map_err(disk_failed)?;
        }
        buckets.insert(name.to_owned(), Bucket { created_ms: now_ms, ..Bucket::default() });
        Ok(())
    }

    pub fn delete_bucket(&self, name: &str) -> Result<(), OssError> {
        let mut buckets = self.lock();
        let bucket = find(&mut buckets, name)?;
        if !bucket.objects.is_empty() || !bucket.uploads.is_empty() {
            return Err(OssError::new(
                409,
                "BucketNotEmpty",
                "The bucket has objects or unfinished uploads. Please delete them first.",
            )
            .detail("BucketName", name));
        }
        if let Some(disk) = &self.disk {
            disk.delete_bucket(name).map_err(disk_failed)?;
        }
        buckets.remove(name);
        Ok(())
    }

    pub fn callback_policies(&self, bucket: &str) -> Result<Vec<Policy>, OssError> {
        Ok(find(&mut self.lock(), bucket)?.callback_policies.clone())
    }

    /// Stores these in place of all that are there.
    pub fn set_callback_policies(&self, bucket: &str, policies: Vec<Policy>) -> Result<(), OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        if let Some(disk) = &self.disk {
            disk.write_bucket(bucket, found.created_ms, &policies).map_err(disk_failed)?;
        }
        found.callback_policies = policies;
        Ok(())
    }

    /// Stores an object in place of the one that is there.
    pub fn put(
        &self,
        bucket: &str,
        key: &str,
        properties: Properties,
        data: Vec<u8>,
        forbid_overwrite: bool,
    ) -> Result<(), OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        if forbid_overwrite && found.objects.contains_key(key) {
            return Err(OssError::file_already_exists());
        }
        self.replace(found, bucket, key, properties, data)
    }

    fn replace(
        &self,
        found: &mut Bucket,
        bucket: &str,
        key: &str,
        properties: Properties,
        data: Vec<u8>,
    ) -> Result<(), OssError> {
        let blob = match &self.disk {
            None => Blob::Memory(Arc::new(data)),
            Some(disk) => Blob::File(disk.write(bucket, key, &properties, &data).map_err(disk_failed)?),
        };
        let old = found.objects.insert(key.to_owned(), StoredObject { properties, blob });
        if let (Some(disk), Some(old)) = (&self.disk, old) {
            disk.forget(bucket, &old.blob);
        }
        Ok(())
    }

    pub fn properties(&self, bucket: &str, key: &str) -> Result<Properties, OssError> {
        let mut buckets = self.lock();
        find(&mut buckets, bucket)?
            .objects
            .get(key)
            .map(|object| object.properties.clone())
            .ok_or_else(|| OssError::no_such_key(key))
    }

    pub fn contains(&self, bucket: &str, key: &str) -> bool {
        self.properties(bucket, key).is_ok()
    }

    pub fn read(&self, bucket: &str, key: &str) -> Result<(Properties, Arc<Vec<u8>>), OssError> {
        // The lock is held while a file is read, so that nobody replaces it meanwhile.
        let mut buckets = self.lock();
        let object =
            find(&mut buckets, bucket)?.objects.get(key).ok_or_else(|| OssError::no_such_key(key))?;
        let data = match (&object.blob, &self.disk) {
            (Blob::Memory(data), _) => Arc::clone(data),
            (Blob::File(name), Some(disk)) => Arc::new(disk.read(bucket, name).map_err(disk_failed)?),
            (Blob::File(_), None) => return Err(OssError::internal("There is no data folder.")),
        };
        Ok((object.properties.clone(), data))
    }

    /// Deletes an object; one that is not there is no error.
    pub fn delete(&self, bucket: &str, key: &str) -> Result<(), OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        if let (Some(object), Some(disk)) = (found.objects.get(key), &self.disk) {
            disk.delete(bucket, key, &object.blob).map_err(disk_failed)?;
        }
        found.objects.remove(key);
        Ok(())
    }

    pub fn set_header(&self, bucket: &str, key: &str, name: &str, value: &str) -> Result<(), OssError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut properties, data) = self.read(bucket, key)?;
        properties.headers.retain(|(other, _)| other != name);
        properties.headers.push((name.to_owned(), value.to_owned()));
        self.put(bucket, key, properties, data.to_vec(), false)
    }

    /// All keys of a bucket with their objects' properties, in byte order.
    pub fn objects(&self, bucket: &str) -> Result<Vec<(String, Properties)>, OssError> {
        let mut buckets = self.lock();
        Ok(find(&mut buckets, bucket)?
            .objects
            .iter()
            .map(|(key, object)| (key.clone(), object.properties.clone()))
            .collect())
    }

    /// Appends to an object, or makes it. Returns the length and CRC-64 of the whole.
    pub fn append(
        &self,
        bucket: &str,
        key: &str,
        position: u64,
        piece: &[u8],
        headers: Vec<(String, String)>,
        now_ms: i64,
    ) -> Result<Properties, OssError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut data, headers) = {
            let existing = self.read(bucket, key);
            let length = match &existing {
                Ok((properties, _)) if properties.kind != ObjectType::Appendable => {
                    return Err(OssError::new(409, "ObjectNotAppendable", "The object is not appendable."));
                }
                Ok((properties, _)) => properties.size,
                Err(error) if error.code == "NoSuchKey" => 0,
                Err(error) => return Err(error.clone()),
            };
            if position != length {
                return Err(OssError::new(
                    409,
                    "PositionNotEqualToLength",
                    "Position is not equal to file length.",
                )
                .header("x-oss-next-append-position", length.to_string()));
            }
            match existing {
                Ok((properties, data)) => (data.to_vec(), properties.headers),
                Err(_) => (Vec::new(), headers),
            }
        };
        data.extend_from_slice(piece);
        let properties = Properties {
            // Not an MD5 of the data, as in OSS.
            etag: hex_upper(&md5(format!("append {key} {}", data.len()).as_bytes())),
            crc64: crc64(&data),
            content_md5: None,
            size: data.len() as u64,
            kind: ObjectType::Appendable,
            modified_ms: now_ms,
            headers,
        };
        self.put(bucket, key, properties.clone(), data, false)?;
        Ok(properties)
    }

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
        if forbid_overwrite && found.objects.contains_key(key) {
            return Err(OssError::file_already_exists());
        }
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
            content_md5: None,
            size: data.len() as u64,
            kind: ObjectType::Multipart,
            modified_ms: now_ms,
            headers,
        };
        self.replace(found, bucket, key, properties.clone(), data)?;
        found.uploads.remove(&(key.to_owned(), upload_id.to_owned()));
        Ok(properties)
    }
}

fn find<'a>(buckets: &'a mut BTreeMap<String, Bucket>, name: &str) -> Result<&'a mut Bucket, OssError> {
    buckets.get_mut(name).ok_or_else(|| OssError::no_such_bucket(name))
}

fn find_upload<'a>(bucket: &'a mut Bucket, key: &str, upload_id: &str) -> Result<&'a mut Upload, OssError> {
    bucket
        .uploads
        .get_mut(&(key.to_owned(), upload_id.to_owned()))
        .ok_or_else(|| OssError::no_such_upload(upload_id))
}

fn choose_parts(
    upload: &Upload,
    parts: &Parts,
    upload_id: &str,
    min_part_size: u64,
) -> Result<Vec<Part>, OssError> {
    let numbered: Vec<(u32, Part)> = match parts {
        Parts::All => upload.parts.iter().map(|(number, part)| (*number, part.clone())).collect(),
        Parts::Named(named) => {
            let numbers: Vec<u32> = named.iter().map(|part| part.number).collect();
            let ascending: BTreeSet<u32> = numbers.iter().copied().collect();
            if !numbers.iter().eq(ascending.iter()) {
                return Err(OssError::new(
                    400,
                    "InvalidPartOrder",
                    "The list of parts was not in ascending order. Parts list must specified in order by part number.",
                )
                .ec("0042-00000209")
                .detail("UploadId", upload_id));
            }
            named
                .iter()
                .map(|named| {
                    upload
                        .parts
                        .get(&named.number)
                        .filter(|part| part.etag.eq_ignore_ascii_case(&named.etag))
                        .map(|part| (named.number, part.clone()))
                        .ok_or_else(|| {
                            OssError::new(
                                400,
                                "InvalidPart",
                                "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.",
                            )
                            .detail("PartNumber", named.number.to_string())
                            .detail("ETag", &named.etag)
                            .detail("UploadId", upload_id)
                        })
                })
                .collect::<Result<_, _>>()?
        }
    };
    if numbered.is_empty() {
        return Err(OssError::new(400, "InvalidPart", "There is no part to complete the upload with.")
            .detail("UploadId", upload_id));
    }
    for (number, part) in &numbered[..numbered.len() - 1] {
        if (part.data.len() as u64) < min_part_size {
            return Err(OssError::new(
                400,
                "EntityTooSmall",
                "Your proposed upload smaller than the minimum allowed size.",
            )
            .ec("0042-00000213")
            .detail("ProposedSize", part.data.len().to_string())
            .detail("MinSizeAllowed", min_part_size.to_string())
            .detail("PartNumber", number.to_string()));
        }
    }
    Ok(numbered.into_iter().map(|(_, part)| part).collect())
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn disk_failed(error: std::io::Error) -> OssError {
    OssError::internal(format!("The data folder failed: {error}."))
}

fn is_bucket_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}
