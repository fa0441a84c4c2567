//! The Debian packages give programs what they are built with and what they run with, and nothing twice.

use crate::support::markdown::blocks_after;
use crate::support::{emulator_library, put_callback, read, repository, tools};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(120);

/// Names the folder of what packaging/debian has made.
const LIBRARY: &str = "OSS_TEST_DEBIAN_PACKAGES";
/// Names the folder of what packaging/debian-emulator has made.
const EMULATOR: &str = "OSS_TEST_DEBIAN_EMULATOR";

/// The packages in the folder that a variable names.
fn packages(variable: &str, what: &str) -> Option<Vec<PathBuf>> {
    let Some(folder) = std::env::var_os(variable) else {
        tools::skip(what, &format!("{variable} does not name the folder of packages"));
        return None;
    };
    if !tools::are_there(what, &["dpkg", "dpkg-architecture", "dpkg-deb", "pkg-config", "tar"]) {
        return None;
    }
    let entries = fs::read_dir(folder).expect("the folder of packages");
    let mut packages: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    packages.sort();
    Some(packages)
}

fn field(package: &Path, field: &str) -> String {
    tools::run(tools::command("dpkg-deb").arg("-f").arg(package).arg(field), TIME).trim().to_owned()
}

fn files(package: &Path) -> BTreeSet<String> {
    let list = tools::run(tools::command("dpkg-deb").arg("-c").arg(package), TIME);
    let names = list.lines().filter(|line| !line.starts_with('d'));
    names.filter_map(|line| line.split_whitespace().nth(5)).map(str::to_owned).collect()
}

fn has(files: &BTreeSet<String>, end: &str) -> bool {
    files.iter().any(|file| file.ends_with(end))
}

#[test]
fn the_shared_library_and_what_is_for_development_are_apart() {
    let Some(packages) = packages(LIBRARY, "what is in the Debian packages") else { return };
    let [dev, runtime] = packages.try_into().expect("two packages");
    let abi = env!("OSS_UPLOAD_SONAME").rsplit('.').next().expect("a number");
    assert_eq!(field(&runtime, "Package"), format!("liboss-upload{abi}"));
    assert_eq!(field(&dev, "Package"), "liboss-upload-dev");
    let version = field(&runtime, "Version");
    assert!(version.starts_with(env!("CARGO_PKG_VERSION")), "{version}");
    assert_eq!(field(&dev, "Depends"), format!("liboss-upload{abi} (= {version})"));
    let needed = field(&runtime, "Depends");
    assert!(needed.starts_with("libc6 (>= "), "{needed}");

    let (dev, runtime) = (files(&dev), files(&runtime));
    assert_eq!(dev.intersection(&runtime).count(), 0);
    assert!(has(&runtime, &format!("/{}", env!("OSS_UPLOAD_SONAME"))), "{runtime:?}");
    for end in [
        "./usr/include/oss_upload.h",
        "./usr/include/oss_upload.hpp",
        "./usr/include/oss_upload_ffi.h",
        "/liboss_upload.so",
        "/liboss_upload.a",
        "/pkgconfig/oss_upload.pc",
        "/oss_upload-config.cmake",
    ] {
        assert!(has(&dev, end), "no {end} in {dev:?}");
    }
}

#[test]
fn the_emulator_is_one_package() {
    let Some(packages) = packages(EMULATOR, "what is in the emulator's Debian package") else { return };
    let [package] = packages.try_into().expect("one package");
    assert_eq!(field(&package, "Package"), "oss-emulator");
    let needed = field(&package, "Depends");
    assert!(needed.starts_with("libc6 (>= "), "{needed}");
    let files = files(&package);
    for end in [
        "./usr/bin/oss-emulator",
        "./usr/include/oss_emulator.h",
        "/liboss_emulator.so",
        &format!("/{}", emulator_library::SONAME),
        "/pkgconfig/oss_emulator.pc",
    ] {
        assert!(has(&files, end), "no {end} in {files:?}");
    }
}

/// Sees that packages have the licences of all that is linked into a crate.
fn assert_has_licences(packages: Vec<PathBuf>, linked_into: &str) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--package", linked_into, "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    let tree = tools::run(cargo.args(["--offline", "--format", "{p}"]).current_dir(repository("")), TIME);
    let linked: BTreeSet<String> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .filter(|(name, _)| !name.starts_with("oss-"))
        .map(|(name, version)| format!("\n  {name} {}: ", version.split(' ').next().unwrap()))
        .collect();
    assert!(linked.len() > 50, "{linked:?}");
    for package in packages {
        let folder = TempDir::new().expect("a temporary folder");
        tools::run(tools::command("dpkg-deb").arg("--extract").arg(&package).arg(folder.path()), TIME);
        let doc = folder.path().join("usr/share/doc").join(field(&package, "Package"));
        let copyright = read(doc.join("copyright"));
        for name in &linked {
            assert!(copyright.contains(name), "nothing about{name} in {}", package.display());
        }
        let isc = "Permission to use, copy, modify, and/or distribute this software for any";
        assert!(copyright.contains(isc), "a licence is named and not given");
    }
}

#[test]
fn licences_of_all_that_is_linked_are_given_along() {
    let what = "the licences in the Debian packages";
    for (variable, linked_into) in [(LIBRARY, "oss-upload"), (EMULATOR, "oss-emulator-c")] {
        let Some(packages) = packages(variable, what) else { return };
        assert_has_licences(packages, linked_into);
    }
}

/// A system of their own for packages, which has no other ones, and no programs to run after installation.
fn system_with(packages: Vec<PathBuf>) -> TempDir {
    let root = TempDir::new().expect("a temporary folder");
    for folder in ["var/lib/dpkg/updates", "var/lib/dpkg/info", "var/log"] {
        fs::create_dir_all(root.path().join(folder)).expect("a folder");
    }
    for file in ["status", "available"] {
        fs::write(root.path().join("var/lib/dpkg").join(file), "").expect("an empty list of packages");
    }
    let mut dpkg = tools::command("dpkg");
    dpkg.args(["--force-not-root", "--force-depends", "--force-bad-path", "--no-triggers"]);
    dpkg.arg(format!("--root={}", root.path().display())).arg("--install").args(packages);
    tools::run(&mut dpkg, TIME);
    root
}

/// Where libraries are in a system.
fn libraries(root: &Path) -> PathBuf {
    let multiarch = tools::run(tools::command("dpkg-architecture").arg("-qDEB_HOST_MULTIARCH"), TIME);
    root.join("usr/lib").join(multiarch.trim())
}

/// Runs commands in a folder, where pkg-config finds what is in a system.
fn run_with(root: &Path, folder: &Path, code: &str) {
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", code]).current_dir(folder);
    shell.env("PKG_CONFIG_SYSROOT_DIR", root).env("PKG_CONFIG_PATH", libraries(root).join("pkgconfig"));
    // What is usual in a system has to be said of a system elsewhere.
    shell.envs([("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1"), ("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1")]);
    tools::run(shell.env("LD_LIBRARY_PATH", libraries(root)), TIME);
}

#[test]
fn programs_are_built_and_run_with_what_the_packages_install() {
    let Some(packages) = packages(LIBRARY, "a program with the Debian packages") else { return };
    let root = system_with(packages);
    let readme = read(repository("README.md"));
    let [program] = blocks_after(&readme, "executed: debian").try_into().expect("one block that links");
    let folder = TempDir::new().expect("a temporary folder");
    symlink(repository("examples"), folder.path().join("examples")).expect("a link");
    run_with(root.path(), folder.path(), &program.code);
    let program = folder.path().join("put_callback");
    let libdir = libraries(root.path());
    put_callback::assert_uploads(&program, &[("LD_LIBRARY_PATH", &libdir.to_string_lossy())]);
}

#[test]
fn unit_tests_are_built_and_run_with_what_the_packages_install() {
    let what = "a unit test with the Debian packages";
    let (Some(mut all), Some(emulator)) = (packages(LIBRARY, what), packages(EMULATOR, what)) else { return };
    all.extend(emulator);
    let root = system_with(all);
    let page = read(repository("docs/emulator-in-tests.md"));
    let [test] = blocks_after(&page, "executed: emulator in C").try_into().expect("one block");
    let folder = TempDir::new().expect("a temporary folder");
    let example = repository("emulator/c/examples/first_callback.c");
    fs::copy(example, folder.path().join("first_callback.c")).expect("the program");
    run_with(root.path(), folder.path(), &test.code);
    let said = tools::run(Command::new(root.path().join("usr/bin/oss-emulator")).arg("--version"), TIME);
    assert_eq!(said, format!("oss-emulator {}\n", env!("CARGO_PKG_VERSION")));
}
