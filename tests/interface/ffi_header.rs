//! The header for the foreign function interfaces of other languages: it declares what the C header does, and they can read it.

use crate::support::header::{self, HEADER, Kind};
use crate::support::languages::{self, Language};
use crate::support::{self, library, read, repository, tools};
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

const FFI_HEADER: &str = "include/oss_upload_ffi.h";
const READING_TIME: Duration = Duration::from_secs(60);

#[test]
fn the_committed_header_is_the_generated_one() {
    support::assert_committed(FFI_HEADER, &read(env!("OSS_UPLOAD_GENERATED_FFI_HEADER")));
}

/// What a header declares, each on one line.
fn declarations(header: &str) -> Vec<String> {
    let without_comments: String =
        header.split("*/").map(|text| text.split("/*").next().unwrap_or_default()).collect();
    let lines = without_comments.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with(['#', '/']) && !line.contains("extern \"C\""));
    let text = lines.collect::<Vec<_>>().join(" ");
    let declarations =
        text.split_inclusive(';').map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    declarations.filter(|text| !text.is_empty()).collect()
}

#[test]
fn it_declares_what_the_c_header_does_without_directives() {
    let text = read(repository(FFI_HEADER));
    assert!(!text.contains('#') && !text.contains("extern"), "a directive");
    let mut declared = declarations(&text);
    let version = declared.remove(0);
    assert_eq!(
        version,
        format!(
            "enum {{ OSS_UPLOAD_VERSION_NUMBER = {}, OSS_UPLOAD_ABI = {}, }};",
            env!("OSS_UPLOAD_VERSION_NUMBER"),
            env!("OSS_UPLOAD_ABI")
        )
    );
    assert!(declared.len() > 100, "{declared:?}");
    assert_eq!(declared, declarations(&read(repository(HEADER))));
}

/// It is a macro, which the header cannot have: others type it.
#[test]
fn length_that_is_not_known_is_typed_as_it_is() {
    assert!(read(repository(HEADER)).contains("#define OSS_LENGTH_UNKNOWN UINT64_MAX\n"));
    let told = format!("OSS_LENGTH_UNKNOWN is {}:", u64::MAX);
    assert!(read(repository(FFI_HEADER)).contains(&told), "{told}");
    let python = read(repository("bindings/python/src/oss_upload/_library.py"));
    assert!(python.contains(&format!("\nLENGTH_UNKNOWN = {}\n", u64::MAX)), "in Python");
}

const PYTHON: &str = r"
import sys
import cffi
header, library, functions, numbers = sys.argv[1:]
ffi = cffi.FFI()
ffi.cdef(open(header).read())
lib = ffi.dlopen(library)
for name in functions.split():
    getattr(lib, name)
for name in numbers.split():
    print(name, getattr(lib, name))
print(ffi.string(lib.oss_version()).decode())
";

const PHP: &str = r#"<?php
[, $header, $library, $functions, $numbers] = $argv;
$lib = FFI::cdef(file_get_contents($header), $library); // It finds all functions.
foreach (explode(" ", $numbers) as $name) {
    echo "$name {$lib->$name}\n";
}
echo $lib->oss_version(), "\n";
"#;

const LUAJIT: &str = r#"
local ffi = require("ffi")
local header, library, functions, numbers = unpack(arg)
ffi.cdef(io.open(header):read("*a"))
local lib = ffi.load(library)
for name in functions:gmatch("%S+") do
    local _ = lib[name]
end
for name in numbers:gmatch("%S+") do
    print(name .. " " .. lib[name])
end
print(ffi.string(lib.oss_version()))
"#;

/// The program reads the header, finds all functions in the library, and prints all numbers and the version.
fn assert_is_read_by(language: Language, interpreter: &str, program: &str) {
    let Some(mut shell) = languages::shell(language, &format!("{interpreter} \"$0\" \"$@\"")) else { return };
    let items = header::items();
    let functions: Vec<&str> =
        items.iter().filter(|item| item.parameters().is_some()).map(|item| &*item.name).collect();
    let numbers: Vec<(&str, i64)> = items
        .iter()
        .filter_map(|item| match &item.kind {
            Kind::Enum(values) => Some(values),
            _ => None,
        })
        .flatten()
        .map(|value| (&*value.name, value.value.expect("a number")))
        .collect();
    let names: Vec<&str> = numbers.iter().map(|(name, _)| *name).collect();

    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("program");
    fs::write(&path, program).expect("the program");
    shell.arg(path).arg(repository(FFI_HEADER)).arg(library::shared_library());
    let out = tools::run(shell.args([functions.join(" "), names.join(" ")]), READING_TIME);

    let mut expected: String = numbers.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    expected.push_str(env!("CARGO_PKG_VERSION"));
    assert_eq!(out.trim(), expected);
}

#[test]
fn cffi_reads_it() {
    assert_is_read_by(Language::Python, "python3", PYTHON);
}

#[test]
fn php_reads_it() {
    assert_is_read_by(Language::Php, "php", PHP);
}

#[test]
fn luajit_reads_it() {
    assert_is_read_by(Language::LuaJit, "luajit", LUAJIT);
}
