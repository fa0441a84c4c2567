//! Programs that were linked with a released version go on working with this one: the binary interface that the header
//! describes is compared with those of the releases, as abidw dumped them into `tests/abi/`.
//!
//! What is compared is a library with the header's functions and nothing in them. The real one has the same (see
//! `exports.rs`, and `header.rs` for the header itself), but its debug information is Rust's, which tells the
//! insides of handles and not what C knows of them.

use crate::support::header::{self, HEADER};
use crate::support::{files_below, read, repository, tools};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const RELEASES: &str = "tests/abi";
const TIME: Duration = Duration::from_secs(60);

fn has_tools() -> bool {
    tools::are_there("the binary interface", &["abidw", "abidiff"])
}

/// What abidw says of the interface that a header describes.
fn dump(header: &str, folder: &Path) -> PathBuf {
    let (library, dump) = (folder.join("liboss_upload.so"), folder.join("interface.xml"));
    fs::write(folder.join("oss_upload.h"), header).expect("the header");
    let items = header::parse(header);
    let stubs =
        items.iter().filter_map(|item| Some(format!("{} {{ __builtin_trap(); }}\n", item.prototype()?)));
    let source = format!("#include \"oss_upload.h\"\n{}", stubs.collect::<String>());
    fs::write(folder.join("stubs.c"), source).expect("the stubs");

    let mut compiler = tools::command("cc");
    compiler.args(["-std=c11", "-g", "-w", "-shared", "-fPIC", "-o"]).arg(&library);
    compiler.arg(format!("-Wl,-soname,{}", env!("OSS_UPLOAD_SONAME"))).arg(folder.join("stubs.c"));
    tools::run(&mut compiler, TIME);
    let mut abidw = tools::command("abidw");
    abidw
        .args(["--no-comp-dir-path", "--no-corpus-path", "--no-show-locs", "--out-file"])
        .arg(&dump)
        .arg(&library);
    tools::run(&mut abidw, TIME);
    dump
}

/// What breaks programs that were linked with the old interface; empty if nothing does.
fn breaks(old: &Path, new: &Path) -> String {
    let mut abidiff = tools::command("abidiff");
    // New functions break nothing, and neither do new enumerators, which abidiff leaves out by itself.
    abidiff.arg("--no-added-syms").arg(old).arg(new);
    let out = abidiff.output().expect("abidiff");
    let code = out.status.code().expect("abidiff's end");
    // The first two bits stand for a failure of abidiff's own.
    assert_eq!(code & 3, 0, "abidiff: {}", String::from_utf8_lossy(&out.stderr));
    let report = String::from_utf8_lossy(&out.stdout).into_owned();
    if code == 0 { String::new() } else { format!("{}\n{report}", old.display()) }
}

fn releases() -> Vec<PathBuf> {
    let releases: Vec<PathBuf> = files_below(RELEASES).iter().map(|path| repository(path)).collect();
    assert!(!releases.is_empty(), "{RELEASES} has no release");
    releases
}

#[test]
fn programs_linked_with_any_release_go_on_working() {
    if !has_tools() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let current = dump(&read(repository(HEADER)), folder.path());
    if std::env::var_os("OSS_UPLOAD_RELEASE").is_some() {
        let release = repository(&format!("{RELEASES}/{}.xml", env!("CARGO_PKG_VERSION")));
        fs::copy(&current, &release).expect("the release");
    }
    let broken: String = releases().iter().map(|release| breaks(release, &current)).collect();
    assert!(broken.is_empty(), "{broken}");
}

#[test]
fn whatever_breaks_programs_is_found_and_additions_are_not() {
    if !has_tools() {
        return;
    }
    let header = read(repository(HEADER));
    let folder = TempDir::new().expect("a folder");
    let current = dump(&header, folder.path());
    let difference = |old: &str, new: &str| {
        assert!(header.contains(old), "the header has no {old:?}");
        let folder = TempDir::new().expect("a folder");
        breaks(&current, &dump(&header.replacen(old, new, 1), folder.path()))
    };
    for (old, new) in [
        ("uint32_t oss_result_attempts(", "uint64_t oss_result_attempts("),
        ("uint32_t oss_result_attempts(", "uint32_t oss_result_tries("),
        (
            "int32_t oss_result_crc64(const oss_result *result, uint64_t *crc64);",
            "int32_t oss_result_crc64(const oss_result *result, uint32_t *crc64);",
        ),
        ("void oss_result_free(oss_result *result);", "void oss_result_free(oss_result *result, int now);"),
        ("OSS_STORED_YES = 1", "OSS_STORED_YES = 3"),
        (
            "typedef int32_t (*oss_read_fn)(void *user_data",
            "typedef int32_t (*oss_read_fn)(const void *extra, void *user_data",
        ),
    ] {
        assert!(!difference(old, new).is_empty(), "{old} -> {new} goes unnoticed");
    }
    for (old, new) in [
        (
            "void oss_result_free(oss_result *result);",
            "void oss_result_free(oss_result *result);\nvoid oss_result_new(void);",
        ),
        ("OSS_STORED_YES = 1,", "OSS_STORED_YES = 1,\n    OSS_STORED_PARTLY = 7,"),
    ] {
        assert_eq!(difference(old, new), "", "{new} is an addition");
    }
}
