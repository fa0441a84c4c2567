//! The C++ header: it covers all of the C header, compiles without a warning everywhere, and keeps its macros to itself.

use crate::support::c_program::{Dialect, is_clean};
use crate::support::header::{self, Kind, words};
use crate::support::{effort, read, repository, tools};
use std::collections::BTreeSet;
use std::time::Duration;

const HEADER: &str = "include/oss_upload.hpp";
const STANDARDS: [&str; 5] = ["c++11", "c++14", "c++17", "c++20", "c++2b"];

/// What stands in a C++ source outside its comments.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").expect("the end of a comment").1;
    }
    code.push_str(rest);
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The functions, handles and enumerators of the C header that a C++ source does not use.
fn missing_in(source: &str) -> Vec<String> {
    let code = code(source);
    let used: BTreeSet<&str> = words(&code).collect();
    let mut declared = Vec::new();
    for item in header::items() {
        match item.kind {
            Kind::Function { .. } | Kind::Handle => declared.push(item.name),
            Kind::Enum(enumerators) => {
                declared.extend(enumerators.into_iter().map(|enumerator| enumerator.name));
            }
            Kind::Alias => {}
        }
    }
    assert!(declared.len() > 150, "only {} names are declared", declared.len());
    declared.retain(|name| !used.contains(name.as_str()));
    declared
}

#[test]
fn everything_of_the_c_header_is_covered() {
    let missing = missing_in(&read(repository(HEADER)));
    assert!(missing.is_empty(), "{HEADER} has nothing for {missing:?}");
}

#[test]
fn what_is_not_covered_is_found() {
    let source = read(repository(HEADER));
    let without = source.replace("oss_append_object(", "/* oss_append_object( */ (");
    assert_eq!(missing_in(&without), ["oss_append_object"]);
    let without = source.replace("OSS_STORED_UNKNOWN", "2 // OSS_STORED_UNKNOWN\n");
    assert_eq!(missing_in(&without), ["OSS_STORED_UNKNOWN"]);
}

/// The programs of the tests that use all there is.
const PROGRAMS: [&str; 2] = ["tests/cpp/operations.cpp", "tests/cpp/exceptions.cpp"];

/// A standard, as a compiler understands it that is there.
fn dialect(compiler: &'static str, standard: &'static str) -> Option<Dialect> {
    let dialect = Dialect { compiler, standard };
    dialect.is_there("the C++ header").then_some(dialect)
}

/// Every standard, as each compiler that is there understands it.
fn dialects() -> Vec<Dialect> {
    let of = |compiler| {
        effort::ends(&STANDARDS).into_iter().filter_map(move |standard| dialect(compiler, standard))
    };
    ["gcc", "clang"].into_iter().flat_map(of).collect()
}

#[test]
fn every_standard_of_every_compiler_is_content() {
    for dialect in dialects() {
        for program in PROGRAMS {
            if let Err(complaint) = is_clean(dialect, &[], &repository(program)) {
                panic!("{complaint}");
            }
        }
    }
}

#[test]
fn nothing_needs_exceptions_or_type_information() {
    let operations = repository("tests/cpp/operations.cpp");
    for dialect in dialects() {
        if let Err(complaint) = is_clean(dialect, &["-fno-exceptions", "-fno-rtti"], &operations) {
            panic!("{complaint}");
        }
    }
    let exceptions = repository("tests/cpp/exceptions.cpp");
    let Some(gcc) = dialect("gcc", "c++17") else { return };
    assert!(
        is_clean(gcc, &["-fno-exceptions"], &exceptions).is_err(),
        "or_throw() is there without exceptions"
    );
}

#[test]
fn compilers_that_do_not_count_features_have_exceptions_too() {
    let Some(gcc) = dialect("gcc", "c++11") else { return };
    let exceptions = repository("tests/cpp/exceptions.cpp");
    if let Err(complaint) = is_clean(gcc, &["-U__cpp_exceptions"], &exceptions) {
        panic!("{complaint}");
    }
}

/// What must not compile, and why not.
const MISTAKES: [(&str, &str); 12] = [
    ("oss::bucket a, b(a);", "a handle is copied"),
    ("oss::bucket a = oss_put_options_new();", "a handle of another type is taken over"),
    ("oss::body a = oss::body::from_bytes(std::string());", "a body borrows what is about to go"),
    ("oss::body a = oss::body::from_bytes(std::vector<char>(7));", "a body borrows what is about to go"),
    ("const std::string s(); oss::body a = oss::body::from_bytes(s());", "a body borrows what is going"),
    ("oss::upload_options a; a.release();", "the functions of options are lost"),
    ("oss::put_options a; a.release();", "the function of options is lost"),
    ("oss::outbox a; a.release();", "the function of an outbox is lost"),
    ("oss::credentials a; a.release();", "the function that gives keys is lost"),
    ("oss::upload_options a; (void)a.set_log([](const char *) { return 0; });", "0 is taken for false"),
    ("(void)oss::body::from_reader([](char *, std::size_t) { return true; });", "true is taken for 1"),
    ("oss::bucket a; a.stat(\"key\");", "a result is ignored"),
];

#[test]
fn mistakes_do_not_compile() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("mistake.cpp");
    let Some(gcc) = dialect("gcc", "c++17") else { return };
    let compile = |statement: &str| {
        std::fs::write(&file, format!("#include <oss_upload.hpp>\nvoid f();\nvoid f() {{ {statement} }}\n"))
            .unwrap();
        is_clean(gcc, &[], &file)
    };
    assert_eq!(compile("oss::bucket a; (void)a.stat(\"key\");"), Ok(()));
    for (statement, mistake) in MISTAKES {
        assert!(compile(statement).is_err(), "{mistake}: {statement}");
    }
}

/// The macros about which the preprocessor knows after a header, and that are ours by their names.
fn macros_of(header: &str) -> BTreeSet<String> {
    let mut command = tools::command("g++");
    command.args(["-std=c++17", "-x", "c++", "-dM", "-E", "-I"]).arg(repository("include"));
    let out = tools::run(command.arg(repository(header)), Duration::from_secs(60));
    let names = out.lines().filter_map(|line| line.strip_prefix("#define ")?.split([' ', '(']).next());
    names.filter(|name| name.to_ascii_uppercase().contains("OSS_")).map(str::to_owned).collect()
}

#[test]
fn the_guard_is_the_only_macro_that_is_left() {
    if !tools::are_there("the macros of the headers", &["g++"]) {
        return;
    }
    let mut expected = macros_of(header::HEADER);
    assert!(expected.contains("OSS_UPLOAD_H"), "{expected:?}");
    expected.insert("OSS_UPLOAD_HPP".to_owned());
    assert_eq!(macros_of(HEADER), expected);
}
