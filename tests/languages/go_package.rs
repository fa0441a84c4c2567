//! The Go package: its own tests, in every way that it can be built, and that it leaves nothing of the library out.

use crate::support::go::{self, Installation};
use crate::support::{bindings, effort, emulator_program, files_below, read, repository, tools};
use std::time::Duration;

const PACKAGE: &str = "bindings/go";
/// The one way of building it that is always tried.
const PLAIN: &str = "plain";

/// Functions that only Go has no use for: it does the same with another one, or by itself.
const NOT_NEEDED: [(&str, &str); 3] = [
    ("oss_cancel_has_fired", "context.Context"),
    ("oss_credentials_new_from_environment", "os.Getenv"),
    ("oss_post_form_to_json", "json.Marshal"),
];

/// Runs the package's tests; these arguments and variables say how it is built.
fn test_package(name: &str, arguments: &[&str], environment: &[(&str, &str)]) {
    let what = format!("the Go package ({name})");
    if (name != PLAIN && !effort::is_worth(&what)) || !go::is_there(&what) {
        return;
    }
    let emulator = emulator_program::build();
    let mut environment = environment.to_vec();
    environment.push(("OSS_EMULATOR", emulator.to_str().expect("a path in UTF-8")));
    let arguments = [&["test", "-count=1"], arguments, &["./..."]].concat();
    let out = Installation::for_all().with_the_emulator().go(PACKAGE, &arguments, &environment);
    assert!(out.lines().any(|line| line.starts_with("ok")), "{out}");
}

#[test]
fn package_passes_its_tests() {
    test_package(PLAIN, &[], &[]);
}

/// Go compiles its whole library anew for each, and once for both.
#[test]
fn package_has_no_races_and_keeps_the_rules_of_cgo_for_pointers() {
    test_package("race", &["-race"], &[("GOEXPERIMENT", "cgocheck2"), ("GODEBUG", "cgocheck=1")]);
}

/// A goroutine that ends in the middle of a call cannot give anything back.
#[test]
fn package_gives_back_what_it_has_of_c() {
    test_package("leaks", &["-asan", "-skip", "Goexit"], &[]);
}

#[test]
fn statically_linked_package_needs_no_shared_library() {
    let what = "the Go package, linked statically";
    if !effort::is_worth(what) || !go::is_there(what) {
        return;
    }
    let emulator = emulator_program::build();
    let installation = Installation::for_static_programs();
    let program = installation.path("tests");
    let output = program.to_str().expect("a path in UTF-8");
    installation.go(PACKAGE, &["test", "-c", "-tags", "oss_upload_static", "-o", output], &[]);
    installation.remove_the_shared_library();
    let emulator = emulator.to_str().expect("a path in UTF-8");
    let out = installation.run(PACKAGE, &program, &[], &[("OSS_EMULATOR", emulator)]);
    assert!(out.ends_with("PASS\n"), "{out}");
}

#[test]
fn package_is_formatted_and_vetted() {
    if !go::is_there("the form of the Go package")
        || !tools::are_there("the form of the Go package", &["gofmt"])
    {
        return;
    }
    for folder in [PACKAGE, "examples/go/put_callback"] {
        let mut gofmt = tools::command("gofmt");
        gofmt.args(["-l", "."]).current_dir(repository(folder));
        assert_eq!(tools::run(&mut gofmt, Duration::from_secs(60)), "", "not as gofmt has it");
        Installation::for_all().with_the_emulator().go(folder, &["vet", "./..."], &[]);
    }
}

#[test]
fn package_leaves_nothing_of_the_library_out() {
    let is_source =
        |file: &String| (file.ends_with(".go") && !file.ends_with("_test.go")) || file.ends_with(".c");
    let source: String = files_below(PACKAGE)
        .iter()
        .filter(|file| is_source(file))
        .map(|file| read(repository(file)))
        .collect();
    assert_eq!(bindings::differences(&source, &NOT_NEEDED), Vec::<String>::new());
}
