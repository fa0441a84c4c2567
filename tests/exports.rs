//! The shared library's binary interface: what it exports, what it is called, and what it needs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use object::elf::{DT_NEEDED, DT_SONAME, DynamicTag, FileHeader64};
use object::read::elf::{Dyn, FileHeader};
use object::{Endianness, Object, ObjectSymbol};
use std::collections::BTreeSet;
use support::header;
use support::library::shared_library;

const LIST: &str = "tests/exports.txt";

/// What the library may need: what every Linux with glibc has, and nothing to install.
const NEEDED: [&str; 4] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux"];

fn library() -> Vec<u8> {
    let path = shared_library();
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn exports() -> BTreeSet<String> {
    let data = library();
    let file = object::File::parse(&*data).expect("an ELF file");
    let defined = file.dynamic_symbols().filter(|symbol| symbol.is_definition());
    defined.map(|symbol| symbol.name().expect("a symbol's name").to_owned()).collect()
}

/// The texts of the dynamic section under this tag.
fn dynamic(tag: DynamicTag) -> Vec<String> {
    let data = library();
    let file = FileHeader64::<Endianness>::parse(&*data).expect("an ELF file of 64 bits");
    let endian = file.endian().expect("an order of bytes");
    let sections = file.sections(endian, &*data).expect("sections");
    let (entries, strings) =
        sections.dynamic(endian, &*data).expect("a dynamic section").expect("a dynamic section");
    let strings = sections.strings(endian, &*data, strings).expect("strings");
    let entries = entries.iter().filter(|entry| entry.tag(endian) == tag);
    let texts = entries.map(|entry| entry.string(endian, strings).expect("a text"));
    texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

#[test]
fn exactly_the_listed_functions_are_exported() {
    let exports = exports();
    assert!(!exports.is_empty());
    let strays: Vec<&String> = exports.iter().filter(|name| !name.starts_with("oss_")).collect();
    assert!(strays.is_empty(), "exported, but not ours by name: {strays:?}");
    let list: String = exports.iter().map(|name| format!("{name}\n")).collect();
    support::assert_committed(LIST, &list, "exports");
}

#[test]
fn the_header_declares_what_is_exported() {
    let declared: BTreeSet<String> = header::items()
        .into_iter()
        .filter(|item| item.parameters().is_some())
        .map(|item| item.name)
        .collect();
    let exported = exports();
    let missing: Vec<&String> = declared.difference(&exported).collect();
    assert!(missing.is_empty(), "declared, but not exported: {missing:?}");
    let hidden: Vec<&String> = exported.difference(&declared).collect();
    assert!(hidden.is_empty(), "exported, but not declared: {hidden:?}");
}

#[test]
fn the_soname_counts_breaks_of_the_abi() {
    assert_eq!(dynamic(DT_SONAME), ["liboss_upload.so.0"]);
    assert_eq!(env!("OSS_UPLOAD_SONAME"), "liboss_upload.so.0");
}

#[test]
fn nothing_but_the_c_library_is_needed() {
    let needed = dynamic(DT_NEEDED);
    assert!(needed.iter().any(|name| name == "libc.so.6"), "{needed:?} cannot be all");
    let others: Vec<&String> =
        needed.iter().filter(|name| !NEEDED.iter().any(|allowed| name.starts_with(allowed))).collect();
    assert!(others.is_empty(), "needed as well: {others:?}");
}
