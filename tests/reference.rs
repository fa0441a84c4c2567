//! The reference documentation that Doxygen makes of the header is whole, and Doxygen has nothing to say about it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use support::header::{self, HEADER};
use support::{read, repository, tools};
use tempfile::TempDir;

const CONFIGURATION: &str = "docs/Doxyfile";

/// Makes the reference of a header in `folder`. The error is what Doxygen says, warnings included.
fn make(header: &Path, folder: &Path) -> Result<(), String> {
    let mut doxygen = Command::new("doxygen");
    doxygen
        .arg("-")
        .current_dir(repository(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = doxygen.spawn().expect("doxygen");
    // What comes later counts.
    let settings = format!("OUTPUT_DIRECTORY = {}\nINPUT = {}\n", folder.display(), header.display());
    let configuration = read(repository(CONFIGURATION)) + &settings;
    child.stdin.take().expect("its input").write_all(configuration.as_bytes()).expect("the configuration");
    let out = child.wait_with_output().expect("doxygen's end");
    if out.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn reference_is_made_without_a_warning_and_has_everything() {
    if Command::new("doxygen").arg("--version").output().is_err() {
        return tools::skip("the reference documentation", "doxygen is missing");
    }
    let folder = TempDir::new().unwrap();
    if let Err(complaint) = make(&repository(HEADER), folder.path()) {
        panic!("{complaint}");
    }
    let page = read(folder.path().join("html/oss__upload_8h.html"));
    let missing: Vec<String> = header::items()
        .into_iter()
        .map(|item| item.name)
        .filter(|name| !page.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "the reference lacks {missing:?}");

    // What it would complain of is found.
    let header = read(repository(HEADER));
    let broken = folder.path().join("oss_upload.h");
    for (old, new) in
        [("@param bucket ", "@param bukket "), ("@endcode", ""), ("@return OSS_STATUS_OK", "OSS_STATUS_OK")]
    {
        fs::write(&broken, header.replacen(old, new, 1)).unwrap();
        assert!(make(&broken, folder.path()).is_err(), "{old:?} -> {new:?} goes unnoticed");
    }
}
