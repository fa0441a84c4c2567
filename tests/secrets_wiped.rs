//! No block of memory that is given back holds a secret or a security token, but for what a connection sent or received.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Config, Credential, Emulator};
use oss_upload::credentials::{AccessKey, Credentials, NoKey, Patience, Profile, Provider};
use oss_upload::engine::{
    Body, Bucket, BucketOptions, ObjectOptions, SignatureVersion, Status, Stored, UploadOptions,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::slice;
use std::sync::Arc;
use std::time::Duration;
use support::bed::assert_ended;
use support::key_service::{environment, patience};
use support::observer::Unmoved;
use tempfile::TempDir;

const ID: &str = "STS.an-id-that-is-no-secret-but-wiped-too";
const SECRET: &str = "a-secret-that-nobody-may-find";
const TOKEN: &str = "a+security/token=that&nobody-may-find-0123456789-0123456789-0123456789-0123456789";

#[global_allocator]
static ALLOCATOR: Looking = Looking;

/// Looks at what is given back on threads that are looked at. Those of the emulator, which wipes nothing, are not.
struct Looking;

thread_local! {
    static LOOKED_AT: Cell<bool> = const { Cell::new(false) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it is the system's allocator; what is given back is only read first, and every byte of it was there to be read.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for this function.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if LOOKED_AT.get() {
            // SAFETY: it was given out with this size, and is initialised, since nothing is given out that is not.
            let bytes = unsafe { slice::from_raw_parts(block, layout.size()) };
            if holds_a_secret(bytes) {
                FOUND.set(FOUND.get() + 1);
            }
        }
        // SAFETY: as for this function.
        unsafe { System.dealloc(block, layout) }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn holds_a_secret(bytes: &[u8]) -> bool {
    // What a connection writes from is not ours: it holds the heads of requests.
    holds(bytes, SECRET) || holds(bytes, TOKEN) && !holds(bytes, " HTTP/1.1\r\n")
}

/// How many blocks with a secret are given back by this thread while this is done.
fn found_during(work: impl FnOnce()) -> usize {
    LOOKED_AT.set(true);
    work();
    LOOKED_AT.set(false);
    FOUND.take()
}

/// Gives the key at every request.
struct Giving;

impl Provider for Giving {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        Ok(AccessKey::new(ID, SECRET, Some(TOKEN)).unwrap())
    }
}

fn upload(endpoint: &str, credentials: Credentials, version: SignatureVersion) {
    let mut options = BucketOptions::default();
    options.set_region("cn-hangzhou").unwrap();
    options.set_signature(version);
    let bucket = Arc::new(Bucket::new(endpoint, "test-bucket", Arc::new(credentials), &options).unwrap());
    let mut object = ObjectOptions::default();
    object.add_metadata("note", &"long".repeat(200)).unwrap();
    // Each of its characters takes nine where the path is signed.
    let key = "\u{4f60}".repeat(300);
    for _ in 0..2 {
        assert_ended(&bucket.put(&key, Body::Bytes(b"data"), None, &object), Status::Ok, Stored::Yes);
    }
    let mut options = UploadOptions::default();
    options.set_threshold(0).unwrap();
    let outcome = bucket.upload(&key, Body::Bytes(b"data"), None, &options, &Unmoved);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!(bucket.stat(&key).status, Status::Ok);
}

#[test]
fn secrets_are_wiped_from_what_is_given_back() {
    let credential = Credential::temporary(ID, SECRET, TOKEN);
    let emulator = Emulator::start(Config { credentials: vec![credential], ..Config::default() }).unwrap();
    let endpoint = emulator.endpoint();
    // Whoever looks does find something.
    assert_eq!(found_during(|| drop(SECRET.to_owned())), 1);
    assert_eq!(found_during(|| drop(TOKEN.to_owned())), 1);
    for version in [SignatureVersion::V1, SignatureVersion::V4] {
        let fixed = || Credentials::new(ID, SECRET, Some(TOKEN)).unwrap();
        for credentials in [&fixed as &dyn Fn() -> Credentials, &|| Credentials::from_provider(Giving)] {
            assert_eq!(found_during(|| upload(&endpoint, credentials(), version)), 0, "{version:?}");
        }
    }
}

#[test]
fn secrets_are_wiped_from_a_file_that_breaks_off_behind_them() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config.json");
    let begun = format!(r#"{{"profiles": [{{"access_key_secret": "{SECRET}", "sts_token": "{TOKEN}"}}"#);
    for rest in ["", "x", ", {\"a\"", "], \"profiles\": 1}"] {
        fs::write(&path, format!("{begun}{rest}")).unwrap();
        let found = found_during(|| {
            let profile = Profile::new(Some(&path), None, environment(&[]));
            assert!(profile.fetch(&patience(Duration::from_secs(60))).is_err());
        });
        assert_eq!(found, 0, "{rest}");
    }
}
