//! A limit on the size of files is an error like others, and no signal that ends the host.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::DEFAULT_BUCKET;
use std::fs;
use support::bucket::{TestBucket, app_server, emulator};
use support::c_program::{CProgram, Linkage};
use support::noise;

#[test]
fn sigxfsz_never_reaches_the_host() {
    let (emulator, application) = (emulator(), app_server());
    // Not under valgrind, which writes files of its own.
    for linkage in [Linkage::Shared, Linkage::Static] {
        let program = CProgram::compile("file_size", linkage);
        let source = program.folder().join("source");
        fs::write(&source, noise(300_000)).unwrap();
        let bucket = TestBucket::emulated(&emulator).with_callback_url(&application.url());
        program.run_on(&bucket, &[("SOURCE", source.to_str().unwrap())]);
    }
    assert!(emulator.object(DEFAULT_BUCKET, "never/owed").is_none() && application.requests().is_empty());
    assert_eq!(emulator.uploads(DEFAULT_BUCKET), [], "nothing is left behind");
}
