//! The local OSS server is installed, from a clone and from an archive of it, starts, and runs in unit tests.

use crate::support::emulator_library::{LIBRARY, SONAME};
use crate::support::go::Installation;
use crate::support::markdown::blocks_after;
use crate::support::{self, effort, emulator_program, read, repository, tools};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(600);

/// The one command after such a comment on the page.
fn command(comment: &str) -> String {
    let page = read(repository("docs/emulator-in-tests.md"));
    let [command] = blocks_after(&page, comment).try_into().expect("one command");
    command.code
}

fn assert_starts(program: &Path) {
    let said = tools::run(Command::new(program).arg("--version"), TIME);
    assert_eq!(said, format!("oss-emulator {}\n", env!("CARGO_PKG_VERSION")));
}

/// Installs it as the page says, from what is in a folder, but without a network and as this test was compiled: what it is
/// made of has been compiled then. Sees the program start.
fn install_from(source: &Path) {
    let command = command("executed: emulator install");
    let command = command.replacen("cargo install", "\"$CARGO\" install --offline --debug", 1);
    let root = TempDir::new().expect("a temporary folder");
    let test = std::env::current_exe().expect("the path of this test");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps");
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", &command]).current_dir(source).env("CARGO", env!("CARGO"));
    shell.env("CARGO_INSTALL_ROOT", root.path()).env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS");
    emulator_program::forget_this_package(&mut shell);
    tools::run(&mut shell, TIME);

    let mut program = Command::new(root.path().join("bin/oss-emulator"));
    assert_eq!(
        tools::run(program.arg("--version"), TIME),
        format!("oss-emulator {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn server_is_installed_from_a_clone() {
    if effort::is_worth("installing the emulator from a clone") {
        install_from(&repository(""));
    }
}

#[test]
fn server_is_installed_from_an_archive_of_a_clone() {
    let what = "installing the emulator from an archive";
    if !effort::is_worth(what) || !tools::are_there(what, &["git", "tar"]) {
        return;
    }
    let question = "git -C \"$CLONE\" rev-parse HEAD";
    let mut git = tools::command("sh");
    git.args(["-c", question]).env("CLONE", repository(""));
    if !tools::finds(&mut git, what, "this is no clone") {
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", "git -C \"$CLONE\" archive HEAD | tar -x"]).current_dir(folder.path());
    tools::run(shell.env("CLONE", repository("")), TIME);
    install_from(folder.path());
}

#[test]
fn unit_tests_find_what_is_installed() {
    let prefix = TempDir::new().expect("a temporary folder");
    let prefix = prefix.path();
    let program = emulator_program::build();
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", &command("executed: emulator with its libraries")]);
    shell.current_dir(repository("")).env("PREFIX", prefix);
    // What the tests were built with is there already, libraries beside the program.
    assert_eq!(program.parent(), LIBRARY.shared.parent());
    shell.env("BUILT", program.parent().expect("a folder"));
    tools::run(&mut shell, TIME);
    let files = support::tree(prefix);
    let expected = [
        "bin/oss-emulator",
        "include/oss_emulator.h",
        "lib/liboss_emulator.a",
        "lib/liboss_emulator.so",
        &format!("lib/{SONAME}"),
        "lib/pkgconfig/oss_emulator.pc",
    ];
    assert_eq!(files, BTreeSet::from(expected.map(str::to_owned)));
    assert_starts(&prefix.join("bin/oss-emulator"));

    if !tools::are_there("a unit test with what is installed", &["pkg-config"]) {
        return;
    }
    let code = "cc \"$SOURCE\" -o first_callback $(pkg-config --cflags --libs oss_emulator oss_upload) \
                -Wl,-rpath,\"$PREFIX/lib\"\n./first_callback";
    let installation = Installation::for_all();
    let found = [prefix.join("lib/pkgconfig"), installation.path("")];
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", code]).current_dir(prefix).env("PREFIX", prefix);
    shell.env("PKG_CONFIG_PATH", std::env::join_paths(found).expect("folders without a colon"));
    tools::run(shell.env("SOURCE", repository("emulator/c/examples/first_callback.c")), TIME);
}
