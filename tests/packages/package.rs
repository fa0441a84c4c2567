//! The package for the registry holds what is needed to build the library, and nothing else.

use crate::support::{self, repository, tools};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

/// Besides the source, which is compared with what is there.
const EXPECTED: [&str; 17] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "build.rs",
    "cbindgen.toml",
    "packaging/audited-cargo",
    "packaging/build",
    "packaging/crates.py",
    "packaging/install",
    "packaging/oss_upload.supp",
    "packaging/places",
    "packaging/sbom",
];

#[test]
fn the_package_is_the_library_and_nothing_else() {
    let mut command = Command::new(env!("CARGO"));
    command.args(["package", "--list", "--offline", "--allow-dirty", "--package", "oss-upload"]);
    let list = tools::run(command.current_dir(repository("")), Duration::from_secs(300));
    // Cargo adds this one when it finds a repository around the package.
    let packaged: BTreeSet<&str> = list.lines().filter(|line| *line != ".cargo_vcs_info.json").collect();

    let mut source = support::files_below("src");
    assert!(source.len() > 40, "{source:?}");
    source.extend(support::files_below("include"));
    source.extend(support::files_below("packaging/templates"));
    assert!(source.contains(&support::header::HEADER.to_owned()));
    let mut expected: BTreeSet<&str> = EXPECTED.into();
    expected.extend(source.iter().map(String::as_str));
    let missing: Vec<_> = expected.difference(&packaged).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let superfluous: Vec<_> = packaged.difference(&expected).collect();
    assert!(superfluous.is_empty(), "superfluous: {superfluous:?}");
}
