//! The official Node.js SDK judges: it finds in the emulator the server it knows.

use crate::support::{emulator_program, repository, tools};
use std::env;
use std::process::Command;
use std::time::Duration;

const WHAT: &str = "the emulator by the official Node.js SDK";
const SUITE_TIME: Duration = Duration::from_secs(120);

/// Node.js, which finds the packages in `OSS_TEST_NODE_MODULES`.
fn node(arguments: &[&str]) -> Command {
    let mut command = tools::command("node");
    command.args(arguments);
    if let Some(modules) = env::var_os("OSS_TEST_NODE_MODULES") {
        command.env("NODE_PATH", modules);
    }
    command
}

/// How many tests ended so, of which the last lines tell, such as `# pass 3`.
fn count(out: &str, end: &str) -> u64 {
    let mut counts =
        out.lines().filter_map(|line| line.split_once(' ')?.1.strip_prefix(end)?.trim().parse().ok());
    counts.next_back().unwrap_or_else(|| panic!("no count of {end}: {out}"))
}

#[test]
fn the_official_node_sdk_accepts_the_emulator() {
    if !tools::are_there(WHAT, &["node"]) {
        return;
    }
    let why = "ali-oss, which tests/node/package.json names, is missing";
    if !tools::finds(&mut node(&["-e", "require('ali-oss')"]), WHAT, why) {
        return;
    }
    let mut command = node(&["--test", "tests/node/sdk.test.js"]);
    command.current_dir(repository("")).env("OSS_EMULATOR", emulator_program::build());
    let out = tools::run(&mut command, SUITE_TIME);
    assert!(count(&out, "pass") > 0 && count(&out, "fail") == 0, "{out}");
}
