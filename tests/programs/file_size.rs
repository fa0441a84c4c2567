//! A limit on the size of files is an error like others, and no signal that ends the host.

use crate::support::bucket::{TestBucket, app_server, emulator};
use crate::support::c_program::{CProgram, Linkage};
use crate::support::noise;
use oss_emulator::DEFAULT_BUCKET;
use std::fs;

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
