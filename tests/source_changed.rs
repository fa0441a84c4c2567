//! A file that changes while it is being uploaded is an error of its own, and is not stored.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use oss_upload::credentials::Credentials;
use oss_upload::engine::{Body, Bucket, BucketOptions, ObjectOptions, Outcome, Status, Stored};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};
use tempfile::NamedTempFile;

/// More than the buffers between client and server can hold, so that the client has not read everything when the server
/// sees the head of the request.
const SIZE: u64 = 64 << 20;

/// Puts a file that is changed as soon as the request has begun. Returns the outcome, and how much of the body arrived.
fn put_while(change: impl FnOnce(&File) + Send + 'static) -> (Outcome, u64) {
    let file = NamedTempFile::new().unwrap();
    file.as_file().set_len(SIZE).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let changing = File::options().write(true).open(file.path()).unwrap();
    let server = thread::spawn(move || {
        let mut connection = BufReader::new(listener.accept().unwrap().0);
        let mut line = String::new();
        while connection.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        change(&changing);
        let mut received = 0;
        let mut buffer = vec![0; 1 << 20];
        while let Ok(read) = connection.read(&mut buffer)
            && read > 0
        {
            received += read as u64;
        }
        received
    });
    let credentials = Credentials::new("id", "secret", None).unwrap();
    let bucket =
        Bucket::new(&endpoint, "test-bucket", Arc::new(credentials), &BucketOptions::default()).unwrap();
    let body =
        Body::open(file.path().to_str().unwrap(), None).unwrap_or_else(|_| panic!("the file is there"));
    let outcome = bucket.put("key", body, None, &ObjectOptions::default());
    (outcome, server.join().unwrap())
}

fn assert_source_changed((outcome, received): (Outcome, u64)) {
    let ended = (outcome.status, outcome.stored, outcome.attempts);
    assert_eq!(ended, (Status::SourceChanged, Stored::No, 1), "{}", outcome.message);
    assert!(received < SIZE, "the server was given {received} bytes, and would have stored them");
}

#[test]
fn file_that_is_written_to_is_not_stored() {
    assert_source_changed(put_while(|file| {
        file.write_all_at(b"x", 0).unwrap();
        // The clock of a file system can be too coarse for what has just happened.
        file.set_modified(SystemTime::now() + Duration::from_secs(1)).unwrap();
    }));
}

#[test]
fn file_that_is_cut_is_not_stored() {
    assert_source_changed(put_while(|file| file.set_len(SIZE / 2).unwrap()));
}

#[test]
fn file_that_grows_is_not_stored() {
    assert_source_changed(put_while(|file| file.set_len(2 * SIZE).unwrap()));
}
