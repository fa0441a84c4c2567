//! The shared library's binary interface: what it exports, what it is called, and what it needs.

use crate::support::elf::SharedLibrary;
use crate::support::library::shared_library;
use crate::support::{self, header};
use object::elf::{DF_1_NODELETE, DT_FLAGS_1, DT_NEEDED, DT_SONAME};
use std::collections::BTreeSet;

const LIST: &str = "tests/exports.txt";

/// What the library may need: what every Linux with glibc has, and nothing to install. Before 2.34, parts of glibc
/// were libraries of their own, and are for a library that is linked for old systems.
const NEEDED: [&str; 6] =
    ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "libgcc_s.so.1", "ld-linux"];

fn library() -> SharedLibrary {
    SharedLibrary::read(&shared_library())
}

#[test]
fn exactly_the_listed_functions_are_exported() {
    let exports = library().exports();
    assert!(!exports.is_empty());
    let strays: Vec<&String> = exports.iter().filter(|name| !name.starts_with("oss_")).collect();
    assert!(strays.is_empty(), "exported, but not ours by name: {strays:?}");
    let list: String = exports.iter().map(|name| format!("{name}\n")).collect();
    support::assert_committed(LIST, &list);
}

#[test]
fn the_header_declares_what_is_exported() {
    let declared: BTreeSet<String> = header::items()
        .into_iter()
        .filter(|item| item.parameters().is_some())
        .map(|item| item.name)
        .collect();
    let exported = library().exports();
    let missing: Vec<&String> = declared.difference(&exported).collect();
    assert!(missing.is_empty(), "declared, but not exported: {missing:?}");
    let hidden: Vec<&String> = exported.difference(&declared).collect();
    assert!(hidden.is_empty(), "exported, but not declared: {hidden:?}");
}

#[test]
fn the_soname_counts_breaks_of_the_abi() {
    assert_eq!(library().dynamic(DT_SONAME), ["liboss_upload.so.0"]);
    assert_eq!(env!("OSS_UPLOAD_SONAME"), "liboss_upload.so.0");
}

#[test]
fn the_library_stays_loaded_once_it_is() {
    let flags: u64 = library().numbers(DT_FLAGS_1).iter().sum();
    assert_ne!(flags & DF_1_NODELETE.0, 0, "{flags:#x}");
}

#[test]
fn nothing_but_the_c_library_is_needed() {
    let needed = library().dynamic(DT_NEEDED);
    assert!(needed.iter().any(|name| name == "libc.so.6"), "{needed:?} cannot be all");
    let others: Vec<&String> =
        needed.iter().filter(|name| !NEEDED.iter().any(|allowed| name.starts_with(allowed))).collect();
    assert!(others.is_empty(), "needed as well: {others:?}");
}
