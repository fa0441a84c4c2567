//! A rate that calls share holds over all of them, and can be turned while they run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::DEFAULT_BUCKET;
use support::bucket::{TestBucket, emulator};
use support::c_program::{CProgram, Linkage};

#[test]
fn rate_holds_over_all_who_share_it_and_can_be_turned_by_anybody() {
    for program in CProgram::variants("rate") {
        let emulator = emulator();
        program.run_on(&TestBucket::emulated(&emulator), &[]);
        let keys = emulator.keys(DEFAULT_BUCKET);
        assert!(keys.iter().all(|key| !key.starts_with("never/")), "{}: {keys:?}", program.label());
        assert!(emulator.uploads(DEFAULT_BUCKET).is_empty(), "{}: nothing is left", program.label());
    }
}

#[test]
fn forked_child_has_a_rate_of_its_own() {
    let emulator = emulator();
    CProgram::compile("fork_rate", Linkage::Shared).run_on(&TestBucket::emulated(&emulator), &[]);
    assert_eq!(emulator.keys(DEFAULT_BUCKET), ["child"]);
}
