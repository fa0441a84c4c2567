//! The emulator as a program, for tests in other languages.

use super::{repository, tools};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const BUILD_TIME: Duration = Duration::from_secs(600);

/// The program `oss-emulator`, built like this test.
pub fn build() -> PathBuf {
    let messages = cargo_build("oss-emulator");
    let executable = messages.iter().find_map(|message| message["executable"].as_str());
    executable.unwrap_or_else(|| panic!("the emulator was not built: {messages:?}")).into()
}

/// Builds a package of the emulator like this test. Returns what Cargo says of that.
pub fn cargo_build(package: &str) -> Vec<Value> {
    let test = std::env::current_exe().expect("the path of this test");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--offline", "--package", package, "--message-format", "json"]);
    // As anyone builds it, whatever the tests are compiled with.
    command.arg("--target-dir").arg(target).current_dir(repository("")).env_remove("RUSTFLAGS");
    let messages = tools::run(&mut command, BUILD_TIME);
    messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
