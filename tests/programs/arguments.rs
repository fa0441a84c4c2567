//! No argument brings a program down: NULL, wrong numbers, impossible lengths and text that is not UTF-8 are refused, by
//! every function, before anything is sent.

use crate::support::bucket::{TestBucket, emulator};
use crate::support::c_program::CProgram;
use crate::support::calls::{calls, never_null};
use crate::support::{header, noise, read, repository};

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
