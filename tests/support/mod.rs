//! What the integration tests share: the freshly built library, C programs against it, and buckets to run them on.

// Every integration test compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

pub mod bed;
pub mod bindings;
pub mod bucket;
pub mod c_program;
pub mod calls;
pub mod effort;
pub mod elf;
pub mod emulator_library;
pub mod emulator_program;
pub mod go;
pub mod header;
pub mod key_service;
pub mod languages;
pub mod library;
pub mod mapping;
pub mod markdown;
pub mod network;
pub mod observer;
pub mod owing;
pub mod proxy;
pub mod put_callback;
pub mod raw_server;
pub mod route;
pub mod sanitizer;
pub mod server;
pub mod shim;
pub mod together;
pub mod token_service;
pub mod tools;
pub mod whole_seconds;
pub mod words;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder, by their paths in the repository.
pub fn files_below(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    let path = repository(folder);
    for entry in fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files.extend(files_below(&name));
        } else {
            files.push(name);
        }
    }
    files.sort();
    files
}

/// All files below any folder, by their paths in it.
pub fn tree(folder: &Path) -> BTreeSet<String> {
    fn visit(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => visit(root, &path, found),
                false => {
                    let path = path.strip_prefix(root).expect("a path below the folder");
                    found.insert(path.to_string_lossy().into_owned());
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    visit(folder, folder, &mut found);
    found
}

/// Compares a committed file with what it should hold; with `OSS_UPLOAD_BLESS` set, rewrites it instead.
pub fn assert_committed(path: &str, expected: &str) {
    let file = repository(path);
    if std::env::var_os("OSS_UPLOAD_BLESS").is_some() {
        fs::write(&file, expected).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    if committed != expected {
        let difference = committed.lines().zip(expected.lines()).position(|(old, new)| old != new);
        let line = difference.unwrap_or_else(|| committed.lines().count().min(expected.lines().count()));
        panic!(
            "{path} is not up to date; the first difference is in line {}:\n  committed: {}\n  expected:  {}\n\
             Rewrite it with OSS_UPLOAD_BLESS=1 cargo test --test interface, and review the change.",
            line + 1,
            committed.lines().nth(line).unwrap_or("(nothing)"),
            expected.lines().nth(line).unwrap_or("(nothing)"),
        );
    }
}

/// Puts a file into a folder, or another one in its place, where others may be doing or using the same.
pub fn put_in_place(folder: &Path, name: &str, make: impl FnOnce(&Path) -> io::Result<()>) {
    let aside = TempDir::new_in(folder).expect("a temporary folder");
    let made = aside.path().join(name);
    make(&made)
        .and_then(|()| fs::rename(&made, folder.join(name)))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Bytes without a pattern that a mistaken offset could hide in.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut data = vec![0; len];
    for word in data.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
    }
    data
}
