//! No argument brings a program down: NULL, wrong numbers, impossible lengths and text that is not UTF-8 are refused, by
//! every function, before anything is sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;
use support::bucket::{TestBucket, emulator};
use support::c_program::CProgram;
use support::{header, noise, read, repository};

const PROGRAM: &str = "null_arguments";

#[test]
fn no_argument_brings_a_program_down() {
    for program in CProgram::variants(PROGRAM) {
        let emulator = emulator();
        let source = program.folder().join("source");
        std::fs::write(&source, noise(1000)).expect("the source");
        program.run_on(&TestBucket::emulated(&emulator), &[("SOURCE", &source.display().to_string())]);

        let sent: Vec<String> = emulator
            .requests()
            .iter()
            .map(|request| format!("{} {}", request.method, request.target))
            .collect();
        let unexpected: Vec<&String> =
            sent.iter().filter(|line| !line.contains("/empty/") && !line.contains("/multipart?")).collect();
        assert!(unexpected.is_empty(), "{}: {unexpected:?} was sent", program.label());
        assert!(sent.len() > 5, "{}: {sent:?}", program.label());
    }
}

#[test]
fn every_pointer_of_every_function_is_once_null() {
    let calls = calls(&read(repository(&format!("tests/c/{PROGRAM}.c"))));
    let missing = never_null(&header::items(), &calls);
    assert!(missing.is_empty(), "tests/c/{PROGRAM}.c:\n{}", missing.join("\n"));
}

#[test]
fn a_pointer_that_is_never_null_is_found() {
    let items = header::parse("int f(const char *a, int b, void **c);\nint g(void);\nint h(char *d);\n");
    let source = r#"
        /* g(), h(NULL) */
        f("x, (NULL)", 1, where); // f(NULL, 1, where)
        h(pointer);
    "#;
    let missing = never_null(&items, &calls(source));
    assert_eq!(
        missing,
        ["f is never called with NULL for a", "g is never called", "h is never called with NULL for d"]
    );
}

type Calls = BTreeMap<String, Vec<Vec<String>>>;

fn never_null(items: &[header::Item], calls: &Calls) -> Vec<String> {
    let mut missing = Vec::new();
    for item in items {
        let Some(parameters) = item.parameters() else { continue };
        let Some(calls) = calls.get(&item.name) else {
            missing.push(format!("{} is never called", item.name));
            continue;
        };
        for (index, parameter) in parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_pointer)
        {
            let is_null = |call: &Vec<String>| {
                call.len() == parameters.len() && matches!(call[index].as_str(), "NULL" | "where")
            };
            if !calls.iter().any(is_null) {
                missing.push(format!("{} is never called with NULL for {}", item.name, parameter.name));
            }
        }
    }
    missing
}

/// The calls in a C program: the function's name, and the arguments of each call as they are written.
fn calls(source: &str) -> Calls {
    let code = without_comments_and_texts(source);
    let mut calls = Calls::new();
    for (open, _) in code.match_indices('(') {
        let Some(name) = header::words(&code[..open]).next_back().filter(|name| code[..open].ends_with(name))
        else {
            continue;
        };
        let mut arguments = vec![String::new()];
        let mut depth = 0;
        for character in code[open..].chars() {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            match character {
                _ if depth == 0 => break,
                ',' if depth == 1 => arguments.push(String::new()),
                '(' if depth == 1 => {}
                c => arguments.last_mut().expect("an argument").push(c),
            }
        }
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.trim().to_owned()).collect();
        let arguments = if arguments == [""] { Vec::new() } else { arguments };
        calls.entry(name.to_owned()).or_default().push(arguments);
    }
    calls
}

fn without_comments_and_texts(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            code.push_str("text");
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, character)| {
                let is_end = *character == '"' && !escaped;
                escaped = *character == '\\' && !escaped;
                is_end
            });
            end.map_or(rest.len(), |(end, _)| end + 1)
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}
