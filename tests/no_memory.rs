//! Where there is no memory, a call ends, and its host does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Answer, DEFAULT_BUCKET};
use oss_upload::engine::{Body, Multipart, ObjectOptions};
use std::fs;
use support::bed::{BUCKET, Bed};
use support::bucket::{TestBucket, app_server};
use support::c_program::{CProgram, Linkage};

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKs/JBGzwUB2aVht4crBx3oIPBLNsjGs\n\
    C0fTXv+nvlmklvkcolvpvXLTjaxUHR3W9LXxQ2EHXAJfCB+6H2YF1k8CAwEAAQ==\n\
    -----END PUBLIC KEY-----\n";

#[test]
fn no_large_allocation_that_fails_ends_the_host() {
    assert_eq!(BUCKET, DEFAULT_BUCKET);
    let bed = Bed::new();
    let application = app_server();
    application.answer(Answer::json(format!("\"{}\"", "x".repeat(300_000))));
    let begin = |key: &str| Multipart::begin(&bed.bucket, key, &ObjectOptions::default()).0.unwrap();
    for number in 0..400 {
        begin(&format!("left/{number}{}", "x".repeat(200)));
    }
    let many = begin("many");
    for number in 1..=3000 {
        assert!(many.upload_part(number, Body::Bytes(b"x")).is_ok());
    }
    let program = CProgram::compile("no_memory", Linkage::Shared);
    let source = program.folder().join("source");
    fs::write(&source, vec![0; 600_000]).unwrap();
    let bucket = TestBucket::emulated(&bed.emulator).with_callback_url(&application.url());
    let environment =
        [("SOURCE", source.to_str().unwrap()), ("MANY_PARTS", many.upload_id()), ("PUBLIC_KEY", PUBLIC_KEY)];
    program.run_on(&bucket, &environment);
}
