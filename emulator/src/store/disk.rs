//! Objects in a folder: `<folder>/<bucket>/`, a file for each key, and one for the data of each version.
//!
//! `<hash of the key>.json` has the key and the properties of its versions, and names the files with their data. An object
//! changes by writing a new data file and then renaming a new JSON file over the old one, so that a crash leaves either
//! the old versions or the new ones, never a mixture. Names of files never contain parts of keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::folder_lock::FolderLock;
use super::settings::{Acl, Settings, Versioning};
use super::versions::{Version, Versions};
use crate::callback::Policy;
use crate::object::{Blob, ObjectType, Properties, StoredObject};
use crate::text::hex_lower;

const BUCKET_FILE: &str = "bucket.json";
const DELETE_MARKER: &str = "DeleteMarker";

#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    _lock: FolderLock,
}

/// A bucket as it was found.
pub(super) struct FoundBucket {
    pub name: String,
    pub settings: Settings,
    pub objects: BTreeMap<String, Versions>,
}

impl Disk {
    /// Opens a data folder and reads what it holds. Files that a crash left behind are removed, once all descriptions are
    /// read: each could name one of them.
    pub fn open(folder: &Path) -> io::Result<(Disk, Vec<FoundBucket>)> {
        fs::create_dir_all(folder)?;
        let disk = Disk { folder: folder.to_owned(), _lock: FolderLock::take(folder)? };
        let mut buckets = Vec::new();
        let mut left_behind = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let settings = match read_description(&entry.path().join(BUCKET_FILE), settings_of) {
                // Something else lies here, or a crash came before the description.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    continue;
                }
                settings => settings?,
            };
            let (objects, unused) = read_objects(&entry.path())?;
            left_behind.extend(unused);
            buckets.push(FoundBucket { name, settings, objects });
        }
        for path in left_behind {
            fs::remove_file(path)?;
        }
        Ok((disk, buckets))
    }

    fn bucket(&self, bucket: &str) -> PathBuf {
        self.folder.join(bucket)
    }

    /// Makes a bucket, or describes one anew.
    pub fn write_bucket(&self, bucket: &str, settings: &Settings) -> io::Result<()> {
        let folder = self.bucket(bucket);
        fs::create_dir_all(&folder)?;
        write_and_rename(&folder.join(BUCKET_FILE), settings_json(settings).to_string().as_bytes())
    }

    pub fn delete_bucket(&self, bucket: &str) -> io::Result<()> {
        fs::remove_dir_all(self.bucket(bucket))
    }

    /// Writes the data of a version and returns the name of their file.
    pub fn write_data(&self, bucket: &str, key: &str, data: &[u8]) -> io::Result<String> {
        let data_name = format!("{}-{:016x}.data", &hash_of(key)[..16], fastrand::u64(..));
        write_and_sync(&self.bucket(bucket).join(&data_name), data)?;
        Ok(data_name)
    }

    pub fn open_data(&self, bucket: &str, data_name: &str) -> io::Result<File> {
        File::open(self.bucket(bucket).join(data_name))
    }

    pub fn delete_data(&self, bucket: &str, data_name: &str) {
        // If that fails, the next start does it.
        let _ = fs::remove_file(self.bucket(bucket).join(data_name));
    }

    /// Writes what stands under a key in place of what did, of which nothing else is kept.
    pub fn write_versions(
        &self,
        bucket: &str,
        key: &str,
        old: Option<&Versions>,
        new: &Versions,
    ) -> io::Result<()> {
        let path = self.bucket(bucket).join(format!("{}.json", hash_of(key)));
        if !new.is_empty() {
            let versions: Vec<Value> = new.oldest_first().map(version_json).collect();
            let description = json!({ "key": key, "versions": versions });
            write_and_rename(&path, description.to_string().as_bytes())?;
        } else if old.is_some() {
            fs::remove_file(path)?;
        }
        let used = data_names(new);
        for unused in old.map(data_names).unwrap_or_default().difference(&used) {
            self.delete_data(bucket, unused);
        }
        Ok(())
    }
}

fn data_names(versions: &Versions) -> BTreeSet<&str> {
    versions.oldest_first().filter_map(data_name).collect()
}

fn data_name(version: &Version) -> Option<&str> {
    match version {
        Version::Object(StoredObject { blob: Blob::File(name), .. }) => Some(name),
        Version::Object(_) | Version::DeleteMarker { .. } => None,
    }
}

fn hash_of(key: &str) -> String {
    hex_lower(&Sha256::digest(key.as_bytes()))
}

fn write_and_sync(path: &Path, data: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(data)?;
    file.sync_all()
}

fn write_and_rename(path: &Path, data: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    write_and_sync(&temporary, data)?;
    fs::rename(&temporary, path)?;
    // The rename itself lasts once the folder is synced.
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Reads what a file describes. A file that cannot be read, or says what is not known here, is an error that names it.
fn read_description<T>(path: &Path, of: impl Fn(&Value) -> Option<T>) -> io::Result<T> {
    let refuse = |kind, reason: &dyn Display| io::Error::new(kind, format!("{}: {reason}", path.display()));
    let text = fs::read(path).map_err(|error| refuse(error.kind(), &error))?;
    let json = serde_json::from_slice(&text).map_err(|error| refuse(ErrorKind::InvalidData, &error))?;
    of(&json).ok_or_else(|| refuse(ErrorKind::InvalidData, &"it has a value that is not known"))
}

/// The objects of a bucket, and the files of which they use none.
fn read_objects(folder: &Path) -> io::Result<(BTreeMap<String, Versions>, Vec<PathBuf>)> {
    let mut objects = BTreeMap::new();
    let mut others = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("json") if path.ends_with(BUCKET_FILE) => {}
            Some("json") => objects.extend([read_description(&path, versions_of)?]),
            Some("data" | "tmp") => others.push(path),
            _ => {}
        }
    }
    let used: BTreeSet<&str> = objects.values().flat_map(data_names).collect();
    others.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_none_or(|name| !used.contains(name))
    });
    Ok((objects, others))
}

fn settings_json(settings: &Settings) -> Value {
    let Settings { created_ms, acl, storage_class, redundancy, versioning, callback_policies } = settings;
    let policies: Vec<Value> = callback_policies
        .iter()
        .map(
            |policy| json!({"name": policy.name, "callback": policy.callback, "variables": policy.variables}),
        )
        .collect();
    json!({
        "created_ms": created_ms,
        "acl": acl.name(),
        "storage_class": storage_class,
        "redundancy": redundancy,
        "versioning": versioning.name(),
        "callback_policies": policies,
    })
}

/// Older descriptions lack some of these, which are then those of a new bucket.
fn settings_of(json: &Value) -> Option<Settings> {
    let new = Settings::new(json["created_ms"].as_i64()?);
    Some(Settings {
        created_ms: new.created_ms,
        acl: setting(&json["acl"], new.acl, Acl::of_name)?,
        storage_class: setting(&json["storage_class"], new.storage_class, |name| Some(name.to_owned()))?,
        redundancy: setting(&json["redundancy"], new.redundancy, |name| Some(name.to_owned()))?,
        versioning: setting(&json["versioning"], new.versioning, Versioning::of_name)?,
        callback_policies: policies_of(&json["callback_policies"])?,
    })
}

/// A setting by its name; `None` if there is none of that name.
fn setting<T>(json: &Value, absent: T, of_name: impl Fn(&str) -> Option<T>) -> Option<T> {
    if json.is_null() { Some(absent) } else { of_name(json.as_str()?) }
}

fn policies_of(json: &Value) -> Option<Vec<Policy>> {
    let text = |policy: &Value, name: &str| policy[name].as_str().map(str::to_owned);
    let policy = |json: &Value| {
        Some(Policy {
            name: text(json, "name")?,
            callback: text(json, "callback")?,
            variables: text(json, "variables")?,
        })
    };
    match json {
        Value::Null => Some(Vec::new()),
        json => json.as_array()?.iter().map(policy).collect(),
    }
}

fn version_json(version: &Version) -> Value {
    match version {
        Version::DeleteMarker { version_id, modified_ms } => {
            json!({ "version_id": version_id, "modified_ms": modified_ms, "type": DELETE_MARKER })
        }
        Version::Object(StoredObject { properties, blob }) => json!({
            "version_id": properties.version_id,
            "data": match blob {
                Blob::File(name) => Some(name),
                Blob::Memory(_) => None,
            },
            "etag": properties.etag,
            "crc64": properties.crc64.to_string(),
            "content_md5": properties.content_md5,
            "size": properties.size,
            "type": properties.kind.name(),
            "modified_ms": properties.modified_ms,
            "headers": properties.headers,
        }),
    }
}

fn versions_of(json: &Value) -> Option<(String, Versions)> {
    let versions = match &json["versions"] {
        // Before there were versions, the properties of the object stood beside its key.
        Value::Null => vec![version_of(json)?],
        versions => versions.as_array()?.iter().map(version_of).collect::<Option<_>>()?,
    };
    Some((json["key"].as_str()?.to_owned(), Versions::of(versions)))
}

fn version_of(json: &Value) -> Option<Version> {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    let version_id = text("version_id");
    let modified_ms = json["modified_ms"].as_i64()?;
    if json["type"] == DELETE_MARKER {
        return Some(Version::DeleteMarker { version_id, modified_ms });
    }
    let headers = json["headers"]
        .as_array()?
        .iter()
        .map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned())))
        .collect::<Option<_>>()?;
    let properties = Properties {
        etag: text("etag")?,
        crc64: json["crc64"].as_str()?.parse().ok()?,
        content_md5: text("content_md5"),
        size: json["size"].as_u64()?,
        kind: ObjectType::of_name(json["type"].as_str()?)?,
        modified_ms,
        headers,
        version_id,
    };
    Some(Version::Object(StoredObject { properties, blob: Blob::File(text("data")?) }))
}
