//! The emulator as a program, for tests in other languages.

use super::sanitizer::Sanitizer;
use super::{repository, tools};
use serde_json::Value;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const BUILD_TIME: Duration = Duration::from_secs(600);

/// The program `oss-emulator`, built like this test.
pub fn build() -> PathBuf {
    let messages = cargo_build("oss-emulator");
    let mut programs = messages.iter().filter(|message| message["target"]["kind"][0] == "bin");
    let executable = programs.find_map(|program| program["executable"].as_str());
    executable.unwrap_or_else(|| panic!("the emulator was not built: {messages:?}")).into()
}

/// Builds a package of the emulator like this test. Returns what Cargo says of that.
pub fn cargo_build(package: &str) -> Vec<Value> {
    let test = env::current_exe().expect("the path of this test");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--offline", "--package", package, "--lib", "--bins", "--message-format", "json"]);
    command.arg("--target-dir").arg(target).current_dir(repository(""));
    forget_this_package(&mut command);
    if Sanitizer::of_the_library().is_some() {
        // As anyone builds it, whatever the tests are compiled with.
        command.env_remove("RUSTFLAGS");
    } else {
        // Beside this test, which is there already: alone, it would have dependencies with fewer features compiled for it.
        command.args(["--package", env!("CARGO_PKG_NAME"), "--test", env!("CARGO_CRATE_NAME")]);
    }
    let messages = tools::run(&mut command, BUILD_TIME);
    messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Keeps from a command what Cargo has told this test of its own package: crates that look at it would be compiled once more,
/// with all that depends on them, and again for the next test.
pub fn forget_this_package(command: &mut Command) {
    let told = env::vars_os().map(|(name, _)| name);
    let told = told.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR"
    });
    told.for_each(|name| {
        command.env_remove(name);
    });
}
