//! What a start makes of a data folder as others left it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::start_with;
use oss_emulator::{Config, Emulator};
use serde_json::{Value, json};

/// A data folder, and the bucket's in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let name = format!("oss-emulator-folder-{}-{:016x}", std::process::id(), fastrand::u64(..));
        Folder(std::env::temp_dir().join(name))
    }

    /// One in which an object was stored.
    fn with_object(data: &[u8]) -> Folder {
        let folder = Folder::new();
        folder.start().put_object("test-bucket", "k", data);
        folder
    }

    fn config(&self) -> Config {
        Config { data: Some(self.0.clone()), ..Config::default() }
    }

    fn start(&self) -> Emulator {
        start_with(self.config())
    }

    fn bucket(&self) -> PathBuf {
        self.0.join("test-bucket")
    }

    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let paths = fs::read_dir(self.bucket()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            paths.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        files.sort();
        files
    }

    /// The description of the only object.
    fn description(&self) -> PathBuf {
        let is_description =
            |path: &Path| path.extension().is_some_and(|end| end == "json") && !path.ends_with("bucket.json");
        self.files().into_iter().map(|(path, _)| path).find(|path| is_description(path)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn write_json(path: &Path, json: &Value) {
    fs::write(path, json.to_string()).unwrap();
}

#[test]
fn a_folder_from_before_there_were_versions_is_read() {
    let folder = Folder::with_object(b"data");
    let path = folder.description();
    let mut object = read_json(&path)["versions"][0].clone();
    object["key"] = json!("k");
    object.as_object_mut().unwrap().remove("version_id");
    write_json(&path, &object);
    let bucket = folder.bucket().join("bucket.json");
    write_json(&bucket, &json!({ "created_ms": read_json(&bucket)["created_ms"] }));
    for _ in 0..2 {
        assert_eq!(folder.start().object("test-bucket", "k").unwrap().data, b"data");
    }
}

#[test]
fn nothing_is_removed_beside_a_description_that_cannot_be_read() {
    type Spoil = fn(&Path);
    let unreadable: [(&str, Spoil); 5] = [
        ("not JSON", |path| fs::write(path, b"{").unwrap()),
        ("not a description", |path| write_json(path, &json!({"key": "k"}))),
        ("an unknown value", |path| {
            let mut json = read_json(path);
            json["versions"][0]["type"] = json!("Unheard");
            write_json(path, &json);
        }),
        ("an error of the disk's", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("an unknown setting", |path| {
            write_json(&path.with_file_name("bucket.json"), &json!({"created_ms": 0, "acl": "unheard"}));
        }),
    ];
    for (what, spoil) in unreadable {
        let folder = Folder::with_object(b"data");
        fs::write(folder.bucket().join("left-behind.data"), b"x").unwrap();
        let path = folder.description();
        spoil(&path);
        let before = folder.files();
        let error = Emulator::start(folder.config()).unwrap_err().to_string();
        let named = if what == "an unknown setting" { path.with_file_name("bucket.json") } else { path };
        assert!(error.contains(named.to_str().unwrap()), "{what}: {error}");
        assert_eq!(folder.files(), before, "{what}");
    }
}

#[test]
fn a_stop_while_an_object_is_replaced_leaves_the_old_or_the_new_one() {
    let folder = Folder::with_object(b"old");
    let old = folder.files();
    folder.start().put_object("test-bucket", "k", b"new");
    let new = folder.files();
    let description = folder.description();
    // Before the new description had its name, and before the old data were removed.
    for (first, last, data) in [(&new, &old, b"old"), (&old, &new, b"new")] {
        for (path, bytes) in first.iter().chain(last) {
            fs::write(path, bytes).unwrap();
        }
        fs::write(description.with_extension("tmp"), b"{").unwrap();
        assert_eq!(folder.files().len(), 5);
        assert_eq!(folder.start().object("test-bucket", "k").unwrap().data, data);
        assert_eq!(&folder.files(), last);
    }
}

#[test]
fn a_folder_is_for_one_emulator_at_a_time() {
    let folder = Folder::new();
    let first = folder.start();
    let error = Emulator::start(folder.config()).unwrap_err();
    assert!(error.to_string().contains("another emulator keeps its objects in"), "{error}");
    drop(first);
    folder.start();
}

#[test]
fn a_folder_that_fails_is_told_from_an_object_that_is_not_there() {
    let folder = Folder::new();
    let emulator = folder.start();
    emulator.put_object("test-bucket", "k", b"data");
    fs::rename(folder.bucket(), folder.0.join("taken-away")).unwrap();
    assert!(emulator.try_object("test-bucket", "k").is_err());
    assert!(emulator.try_delete_object("test-bucket", "k").is_err());
    assert_eq!(emulator.try_object("test-bucket", "nothing").unwrap(), None);
    assert_eq!(emulator.try_object("no-such-bucket", "k").unwrap(), None);
    emulator.try_delete_object("no-such-bucket", "k").unwrap();
}
