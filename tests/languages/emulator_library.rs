//! `liboss_emulator` in unit tests of others: programs in C and C++ start emulators, upload to them with the library, and see what
//! came of it.

use crate::support::bucket::TestBucket;
use crate::support::c_program::{CProgram, Dialect, Linkage, SYSTEM_LIBRARIES, Source};
use crate::support::emulator_library::LIBRARY;
use crate::support::go::{self, Installation};
use crate::support::markdown::blocks_after;
use crate::support::{effort, read, repository, tools};
use std::fs;
use std::time::{Duration, Instant};
use tempfile::{NamedTempFile, TempDir};

/// Go compiles its runtime for cgo first.
const COMPILING_TIME: Duration = Duration::from_secs(400);

/// The bucket of nobody: these programs have their own.
fn nowhere() -> TestBucket {
    TestBucket::at("http://127.0.0.1:1".to_owned())
}

/// A program with both libraries; where everything is tried, with one of the two linked statically, and under valgrind.
fn variants(name: &str) -> Vec<CProgram> {
    let shared = LIBRARY.linking();
    let shared = shared.each_ref().map(String::as_str);
    let mut variants = vec![CProgram::host(name, Linkage::Shared, &shared)];
    if effort::is_worth(&format!("{name}.c, linked statically and under valgrind")) {
        variants.push(CProgram::host(name, Linkage::Static, &shared));
        let archive = LIBRARY.r#static.display().to_string();
        let libraries = [&[archive.as_str()], &SYSTEM_LIBRARIES[..]].concat();
        variants.push(CProgram::host(name, Linkage::Shared, &libraries));
        variants.extend(CProgram::host(name, Linkage::Shared, &shared).under_valgrind());
    }
    variants
}

fn first_callback(source: Source) -> CProgram {
    CProgram::of_with(&[source], Linkage::Shared, &LIBRARY.linking().each_ref().map(String::as_str))
}

#[test]
fn fifteen_lines_see_a_callback_in_less_than_a_second() {
    let file = repository("emulator/c/examples/first_callback.c");
    let source = read(&file);
    let (_, body) = source.split_once("int main(void) {\n").expect("main");
    assert_eq!(body.lines().take_while(|line| *line != "}").count(), 15);

    let program = first_callback(Source::c(file));
    // A machine that has much else to do may take its time once.
    let fastest = (0..5).map(|_| {
        let begun = Instant::now();
        program.call::<&str>(&nowhere(), &[]);
        begun.elapsed()
    });
    let fastest = fastest.min().expect("a time");
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
}

#[test]
fn cpp_program_sees_a_callback() {
    for standard in ["c++11", "c++20"] {
        let file = repository("emulator/c/examples/first_callback.cpp");
        let source = Source { file, dialect: Dialect { compiler: "gcc", standard }, flags: &[] };
        if source.compiles_here() {
            first_callback(source).call::<&str>(&nowhere(), &[]);
        }
    }
}

#[test]
fn everything_that_a_test_needs_is_there() {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let ca_file = NamedTempFile::new().unwrap();
    fs::write(&ca_file, certified.cert.pem()).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let ca_file = ca_file.path().display().to_string();
    let environment =
        [("CERTIFICATE", certificate.as_str()), ("KEY", key.as_str()), ("CA_FILE", ca_file.as_str())];
    for program in variants("emulated") {
        // What the assembler of the cryptography writes is uninitialised to valgrind.
        let https = if program.is_unwatched() { &environment[..] } else { &[] };
        program.run_on(&nowhere(), https);
    }
}

#[test]
fn no_argument_brings_a_program_down() {
    for program in variants("emulator_arguments") {
        program.run_on(&nowhere(), &[]);
    }
}

#[test]
fn hundred_emulators_in_one_process_leave_nothing_behind() {
    for program in variants("many_emulators") {
        let count = if program.is_unwatched() { "100" } else { "2" };
        program.run_on(&nowhere(), &[("COUNT", count)]);
    }
}

#[test]
fn nothing_keeps_an_emulator_from_ending_and_nobody_else_ends_it() {
    for program in variants("emulator_ends") {
        program.run_on(&nowhere(), &[]);
    }
}

/// Runs the program that a section of the page shows, by the commands there, in a folder of its own.
fn run_as_shown(section: &str, file: &str, prepare: &str) {
    let page = read(repository("docs/emulator-in-tests.md"));
    let [commands] = blocks_after(&page, section).try_into().expect("one block of commands");
    let folder = TempDir::new().expect("a temporary folder");
    let source = repository(file);
    fs::copy(&source, folder.path().join(source.file_name().expect("a name"))).expect("the program");
    let installation = Installation::for_all().with_the_emulator();
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", &format!("{prepare}\n{}", commands.code)]).current_dir(folder.path());
    shell.env("PKG_CONFIG_PATH", installation.path("")).env("OSS_UPLOAD", repository(""));
    tools::run(&mut shell, COMPILING_TIME);
}

#[test]
fn programs_of_the_page_run_as_it_says() {
    if tools::are_there("the page on unit tests in C", &["pkg-config"]) {
        run_as_shown("executed: emulator in C", "emulator/c/examples/first_callback.c", "");
    }
    if tools::are_there("the page on unit tests in C++", &["pkg-config", "c++"]) {
        run_as_shown("executed: emulator in C++", "emulator/c/examples/first_callback.cpp", "");
    }
    if go::is_there("the page on unit tests in Go") {
        let file = "bindings/go/emulator/first_callback_test.go";
        run_as_shown("executed: emulator in Go", file, "go mod init example.com/uploads");
    }
}
