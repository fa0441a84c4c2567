//! What C++ programs do with `oss_upload.hpp`: each of `tests/cpp` checks what it is told.

use crate::support::bucket::{TestBucket, app_server, emulator};
use crate::support::c_program::{CProgram, Dialect, Linkage, Object, Source};
use crate::support::{effort, noise, repository};
use oss_emulator::{Action, Answer, Fault};
use std::fs;

const ANSWER: &str = r#"{"id":7,"name":"名"}"#;
const THREADS: &[&str] = &["-pthread"];
const WITHOUT_EXCEPTIONS: &[&str] = &["-pthread", "-fno-exceptions", "-fno-rtti"];
/// Strings as they were before gcc 5.
const OLD_STRINGS: &[&str] = &["-pthread", "-D_GLIBCXX_USE_CXX11_ABI=0"];
/// Vectors that check what is asked of them.
const CHECKED_VECTORS: &[&str] = &["-pthread", "-D_GLIBCXX_DEBUG"];

fn source(
    name: &str,
    compiler: &'static str,
    standard: &'static str,
    flags: &'static [&'static str],
) -> Source {
    let file = repository(&format!("tests/cpp/{name}.cpp"));
    Source { file, dialect: Dialect { compiler, standard }, flags }
}

/// A source, compiled; `None`, and it is said why, where a compiler is missing.
fn object(source: &Source) -> Option<Object> {
    source.compiles_here().then(|| source.compile())
}

fn shared(name: &str, compiler: &'static str, standard: &'static str) -> Option<CProgram> {
    let object = object(&source(name, compiler, standard, THREADS))?;
    Some(CProgram::link(&[&object], Linkage::Shared, &[]))
}

/// A program where all is a copy; and if everything is tried, where texts are views, by another compiler, linked statically,
/// and under valgrind.
fn variants(name: &str) -> Vec<CProgram> {
    let mut variants = Vec::from_iter(shared(name, "gcc", "c++11"));
    if effort::is_worth(&format!("{name}.cpp as newer C++, by clang, linked statically and under valgrind")) {
        variants.extend(shared(name, "gcc", "c++2b"));
        variants.extend(shared(name, "clang", "c++17"));
        if let Some(object) = object(&source(name, "gcc", "c++17", THREADS)) {
            variants.push(CProgram::link(&[&object], Linkage::Static, &[]));
            variants.extend(CProgram::link(&[&object], Linkage::Shared, &[]).under_valgrind());
        }
    }
    variants
}

/// Runs a program on a bucket, with an application server that answers and one that fails.
fn run(program: &CProgram) {
    let (emulator, answering, failing) = (emulator(), app_server(), app_server());
    answering.answer(Answer::json(ANSWER));
    failing.answer(Answer::status(500));
    emulator.inject(Fault::new(Action::CloseWithoutReply).operation("PutObject").key("owed/lost"));
    let source = program.folder().join("source");
    fs::write(&source, noise(500_000)).expect("a file for the program");
    let environment = [
        ("CALLBACK_URL", answering.url()),
        ("FAILING_URL", failing.url()),
        ("ANSWER", ANSWER.to_owned()),
        ("SOURCE", source.display().to_string()),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    program.run_on(&TestBucket::emulated(&emulator), &environment);
}

#[test]
fn every_operation_works_and_no_memory_is_lost() {
    variants("operations").iter().for_each(run);
}

#[test]
fn every_operation_works_without_exceptions() {
    for standard in ["c++11", "c++20"] {
        let Some(object) = object(&source("operations", "gcc", standard, WITHOUT_EXCEPTIONS)) else { return };
        run(&CProgram::link(&[&object], Linkage::Shared, &[]));
    }
}

#[test]
fn what_a_function_of_the_caller_throws_comes_back_after_the_call() {
    variants("exceptions").iter().for_each(run);
}

#[test]
fn what_was_moved_from_is_refused() {
    variants("moved_from").iter().for_each(run);
}

#[test]
fn files_that_were_compiled_differently_make_one_program() {
    let others = [
        ("c++11", THREADS),
        ("c++11", WITHOUT_EXCEPTIONS),
        ("c++17", WITHOUT_EXCEPTIONS),
        ("c++17", OLD_STRINGS),
        ("c++17", CHECKED_VECTORS),
    ];
    let Some(one) = object(&source("two_files", "gcc", "c++17", THREADS)) else { return };
    for (standard, flags) in effort::ends(&others) {
        let Some(other) = object(&source("two_files_other", "gcc", standard, flags)) else { return };
        let program = CProgram::link(&[&one, &other], Linkage::Shared, &[]);
        run(&program);
        program.under_valgrind().iter().for_each(run);
    }
}
