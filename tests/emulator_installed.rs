//! The local OSS server is installed from a clone and from an archive of it, and starts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::markdown::blocks_after;
use support::{effort, read, repository, tools};
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(600);

/// Installs it as the page says, from what is in a folder, but without a network and as this test was compiled: what it is
/// made of has been compiled then. Sees the program start.
fn install_from(source: &Path) {
    let page = read(repository("docs/emulator-in-tests.md"));
    let [command] = blocks_after(&page, "executed: emulator install").try_into().expect("one command");
    let command = command.code.replacen("cargo install", "\"$CARGO\" install --offline --debug", 1);
    let root = TempDir::new().expect("a temporary folder");
    let test = std::env::current_exe().expect("the path of this test");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps");
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", &command]).current_dir(source).env("CARGO", env!("CARGO"));
    shell.env("CARGO_INSTALL_ROOT", root.path()).env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS");
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
