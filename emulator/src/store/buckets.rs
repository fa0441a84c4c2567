//! The store, and its buckets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::disk::Disk;
use super::settings::{Settings, Versioning};
use super::upload::Upload;
use super::versions::Versions;
use crate::callback::Policy;
use crate::errors::OssError;
use crate::object::StoredObject;

#[derive(Debug)]
pub(super) struct Bucket {
    pub name: String,
    pub settings: Settings,
    /// Under each key there is at least one version.
    pub objects: BTreeMap<String, Versions>,
    /// By key and upload id, so that listing is in OSS's order.
    pub uploads: BTreeMap<(String, String), Upload>,
}

impl Bucket {
    /// The object that whoever names no version means.
    pub fn current_object(&self, key: &str) -> Option<&StoredObject> {
        self.objects.get(key)?.current_object()
    }

    /// Refuses to store an object over another. With versions, none is lost, and OSS does not refuse.
    pub fn check_overwrite(&self, key: &str, forbid: bool) -> Result<(), OssError> {
        if forbid && self.settings.versioning == Versioning::Off && self.current_object(key).is_some() {
            return Err(OssError::file_already_exists());
        }
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct Store {
    buckets: Mutex<BTreeMap<String, Bucket>>,
    pub(super) disk: Option<Disk>,
}

impl Store {
    /// An empty store, or what the data folder holds.
    pub fn open(data: Option<&Path>) -> std::io::Result<Store> {
        let Some(folder) = data else {
            return Ok(Store { buckets: Mutex::default(), disk: None });
        };
        let (disk, found) = Disk::open(folder)?;
        let buckets = found.into_iter().map(|found| {
            let bucket = Bucket {
                name: found.name.clone(),
                settings: found.settings,
                objects: found.objects,
                uploads: BTreeMap::new(),
            };
            (found.name, bucket)
        });
        Ok(Store { buckets: Mutex::new(buckets.collect()), disk: Some(disk) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All buckets, by their names.
    pub fn buckets(&self) -> Vec<(String, Settings)> {
        self.lock().iter().map(|(name, bucket)| (name.clone(), bucket.settings.clone())).collect()
    }

    pub fn has_bucket(&self, name: &str) -> bool {
        self.lock().contains_key(name)
    }

    /// Makes a bucket; one that exists stays as it is.
    pub fn create_bucket(&self, name: &str, settings: Settings) -> Result<(), OssError> {
        if !is_bucket_name(name) {
            return Err(OssError::new(400, "InvalidBucketName", "The specified bucket is not valid.")
                .detail("BucketName", name));
        }
        let mut buckets = self.lock();
        if buckets.contains_key(name) {
            return Ok(());
        }
        if let Some(disk) = &self.disk {
            disk.write_bucket(name, &settings).map_err(disk_failed)?;
        }
        let (objects, uploads) = (BTreeMap::new(), BTreeMap::new());
        let bucket = Bucket { name: name.to_owned(), settings, objects, uploads };
        buckets.insert(name.to_owned(), bucket);
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

    pub fn settings(&self, bucket: &str) -> Result<Settings, OssError> {
        Ok(find(&mut self.lock(), bucket)?.settings.clone())
    }

    pub fn change_settings(&self, bucket: &str, change: impl FnOnce(&mut Settings)) -> Result<(), OssError> {
        let mut buckets = self.lock();
        let found = find(&mut buckets, bucket)?;
        let mut settings = found.settings.clone();
        change(&mut settings);
        if let Some(disk) = &self.disk {
            disk.write_bucket(bucket, &settings).map_err(disk_failed)?;
        }
        found.settings = settings;
        Ok(())
    }

    pub fn callback_policies(&self, bucket: &str) -> Result<Vec<Policy>, OssError> {
        Ok(self.settings(bucket)?.callback_policies)
    }

    /// Stores these in place of all that are there.
    pub fn set_callback_policies(&self, bucket: &str, policies: Vec<Policy>) -> Result<(), OssError> {
        self.change_settings(bucket, |settings| settings.callback_policies = policies)
    }

    /// Has these versions stand under a key from now on.
    pub(super) fn replace(&self, bucket: &mut Bucket, key: &str, versions: Versions) -> Result<(), OssError> {
        let old = bucket.objects.get(key);
        if let Some(disk) = &self.disk {
            disk.write_versions(&bucket.name, key, old, &versions).map_err(disk_failed)?;
        }
        if versions.is_empty() {
            bucket.objects.remove(key);
        } else {
            bucket.objects.insert(key.to_owned(), versions);
        }
        Ok(())
    }
}

pub(super) fn find<'a>(
    buckets: &'a mut BTreeMap<String, Bucket>,
    name: &str,
) -> Result<&'a mut Bucket, OssError> {
    buckets.get_mut(name).ok_or_else(|| OssError::no_such_bucket(name))
}

pub(super) fn disk_failed(error: std::io::Error) -> OssError {
    OssError::internal(format!("The data folder failed: {error}."))
}

fn is_bucket_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}
