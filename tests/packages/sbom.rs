//! The SBOMs list the crates that are linked into the library and into that of the emulator, in the format that others read.

use crate::support::languages::{self, Language};
use crate::support::{repository, tools};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(120);

/// What there is an SBOM of.
const PACKAGES: [&str; 2] = ["oss-upload", "oss-emulator-c"];

/// What Cargo says that it links into a package, by name and version.
fn linked(package: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--package", package, "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    let tree = tools::run(cargo.args(["--offline", "--format", "{p}"]).current_dir(repository("")), TIME);
    let crates = tree.lines().filter_map(|line| line.split_once(" v"));
    crates
        .filter(|(name, _)| *name != package)
        .map(|(name, version)| format!("{name} {}", version.split(' ').next().unwrap()))
        .collect()
}

/// Whether there is a Python with these modules.
fn has_python(what: &str, modules: &str, why: &str) -> bool {
    let question = languages::shell(Language::Python, &format!("python3 -c 'import {modules}'"));
    question.is_some_and(|mut question| tools::finds(&mut question, what, why))
}

#[test]
fn it_lists_the_crates_that_cargo_links() {
    if !has_python("the list of crates", "tomllib", "Python is older than 3.11") {
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let sbom = folder.path().join("sbom.json");
    for package in PACKAGES {
        let code = "packaging/sbom \"$0\" >\"$1\"; packaging/listed-crates \"$1\"";
        let Some(mut shell) = languages::shell(Language::Python, code) else { return };
        let listed = tools::run(shell.arg(package).arg(&sbom).current_dir(repository("")), TIME);
        let listed: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
        assert!(listed.len() > 50, "{listed:?}");
        assert_eq!(listed, linked(package), "{package}");
    }
}

/// By the schema of CycloneDX, and a licence has to be one that SPDX knows.
const VALIDATE: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()))
";

#[test]
fn it_is_valid() {
    let why = "the Python lacks what tests/python/requirements.txt names";
    if !has_python("the format of the SBOM", "cyclonedx, jsonschema, tomllib", why) {
        return;
    }
    let code = "packaging/sbom \"$0\" >\"$1\"; python3 -c \"$2\" <\"$1\"; ! sed s/bomFormat/bomFromat/ \"$1\" | python3 -c \"$2\"";
    let folder = TempDir::new().expect("a temporary folder");
    let sbom = folder.path().join("sbom.json");
    for package in PACKAGES {
        let Some(mut shell) = languages::shell(Language::Python, code) else { return };
        tools::run(shell.arg(package).arg(&sbom).arg(VALIDATE).current_dir(repository("")), TIME);
    }
}
