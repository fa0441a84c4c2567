//! The official Go SDK judges: it finds in the emulator the server it knows, and shares objects and uploads with the Go
//! package.

use crate::support::go::{self, Installation};
use crate::support::{emulator_program, repository, tools};

const WHAT: &str = "the emulator by the official Go SDK";

/// Whether the SDK can be had: it is downloaded where it is missing.
fn has_sdk() -> bool {
    let mut command = tools::command("go");
    let out = command.args(["mod", "download"]).current_dir(repository("tests/go")).output();
    let out = out.expect("go can be run");
    if !out.status.success() {
        tools::skip(WHAT, &String::from_utf8_lossy(&out.stderr));
    }
    out.status.success()
}

#[test]
fn the_official_go_sdk_accepts_the_emulator() {
    if !go::is_there(WHAT) || !has_sdk() {
        return;
    }
    let emulator = emulator_program::build();
    let emulator = emulator.to_str().expect("a path in UTF-8");
    let installation = Installation::for_all();
    installation.go("tests/go", &["vet", "./..."], &[]);
    let out = installation.go("tests/go", &["test", "-count=1", "./..."], &[("OSS_EMULATOR", emulator)]);
    assert!(out.lines().any(|line| line.starts_with("ok")), "{out}");
}
