//! Objects in a folder: `<folder>/<bucket>/`, two files for each object.
//!
//! `<hash of the key>.json` has the key and the properties, and names the file with the data. An object changes by
//! writing a new data file and then renaming a new JSON file over the old one, so that a crash leaves either the old
//! object or the new one, never a mixture. Names of files never contain parts of keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::callback::Policy;
use crate::object::{Blob, ObjectType, Properties, StoredObject};
use crate::text::hex_lower;

const BUCKET_FILE: &str = "bucket.json";

#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

/// A bucket as it was found.
pub(crate) struct FoundBucket {
    pub name: String,
    pub created_ms: i64,
    pub callback_policies: Vec<Policy>,
    pub objects: BTreeMap<String, StoredObject>,
}

impl Disk {
    /// Opens a data folder and reads what it holds. Files that a crash left behind are removed.
    pub fn open(folder: &Path) -> io::Result<(Disk, Vec<FoundBucket>)> {
        fs::create_dir_all(folder)?;
        let disk = Disk { folder: folder.to_owned() };
        let mut buckets = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let Some(description) = read_json(&entry.path().join(BUCKET_FILE)) else {
                continue;
            };
            buckets.push(FoundBucket {
                name,
                created_ms: description["created_ms"].as_i64().unwrap_or_default(),
                callback_policies: policies_of(&description["callback_policies"]),
                objects: read_objects(&entry.path())?,
            });
        }
        Ok((disk, buckets))
    }

    fn bucket(&self, bucket: &str) -> PathBuf {
        self.folder.join(bucket)
    }

    /// Makes a bucket, or describes one anew.
    pub fn write_bucket(&self, bucket: &str, created_ms: i64, policies: &[Policy]) -> io::Result<()> {
        let folder = self.bucket(bucket);
        fs::create_dir_all(&folder)?;
        let policies: Vec<Value> = policies
            .iter()
            .map(|policy| json!({"name": policy.name, "callback": policy.callback, "variables": policy.variables}))
            .collect();
        let description = json!({ "created_ms": created_ms, "callback_policies": policies });
        write_and_rename(&folder.join(BUCKET_FILE), description.to_string().as_bytes())
    }

    pub fn delete_bucket(&self, bucket: &str) -> io::Result<()> {
        fs::remove_dir_all(self.bucket(bucket))
    }

    /// Writes an object and returns the name of its data file.
    pub fn write(&self, bucket: &str, key: &str, properties: &Properties, data: &[u8]) -> io::Result<String> {
        let folder = self.bucket(bucket);
        let data_name = format!("{}-{:016x}.data", &hash_of(key)[..16], fastrand::u64(..));
        write_and_sync(&folder.join(&data_name), data)?;
        let description = json!({
            "key": key,
            "data": data_name,
            "etag": properties.etag,
            "crc64": properties.crc64.to_string(),
            "content_md5": properties.content_md5,
            "size": properties.size,
            "type": properties.kind.name(),
            "modified_ms": properties.modified_ms,
            "headers": properties.headers,
        });
        write_and_rename(&folder.join(format!("{}.json", hash_of(key))), description.to_string().as_bytes())?;
        Ok(data_name)
    }

    pub fn read(&self, bucket: &str, data_name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.bucket(bucket).join(data_name))
    }

    /// Removes the data of an object that was replaced. If that fails, the next start does it.
    pub fn forget(&self, bucket: &str, blob: &Blob) {
        if let Blob::File(name) = blob {
            let _ = fs::remove_file(self.bucket(bucket).join(name));
        }
    }

    pub fn delete(&self, bucket: &str, key: &str, blob: &Blob) -> io::Result<()> {
        fs::remove_file(self.bucket(bucket).join(format!("{}.json", hash_of(key))))?;
        self.forget(bucket, blob);
        Ok(())
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

fn read_json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn read_objects(folder: &Path) -> io::Result<BTreeMap<String, StoredObject>> {
    let mut objects = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut others = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("json") if path.ends_with(BUCKET_FILE) => {}
            Some("json") => {
                let found = read_json(&path).as_ref().and_then(object_of);
                if let Some((key, data_name, properties)) = found {
                    used.insert(data_name.clone());
                    let blob = Blob::File(data_name);
                    objects.insert(key, StoredObject { properties, blob });
                }
            }
            Some("data" | "tmp") => others.push(path),
            _ => {}
        }
    }
    for path in others {
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_none_or(|name| !used.contains(name)) {
            fs::remove_file(path)?;
        }
    }
    Ok(objects)
}

fn policies_of(json: &Value) -> Vec<Policy> {
    let text = |policy: &Value, name: &str| policy[name].as_str().map(str::to_owned);
    let policy = |json: &Value| {
        Some(Policy {
            name: text(json, "name")?,
            callback: text(json, "callback")?,
            variables: text(json, "variables")?,
        })
    };
    json.as_array().into_iter().flatten().filter_map(policy).collect()
}

fn object_of(json: &Value) -> Option<(String, String, Properties)> {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
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
        modified_ms: json["modified_ms"].as_i64()?,
        headers,
    };
    Some((text("key")?, text("data")?, properties))
}
