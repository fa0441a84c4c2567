//! The Debian packages give programs what they are built with and what they run with, and nothing twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::markdown::blocks_after;
use support::{put_callback, read, repository, tools};
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(120);

/// The packages in the folder that `OSS_TEST_DEBIAN_PACKAGES` names, made by packaging/debian.
fn packages(what: &str) -> Option<Vec<PathBuf>> {
    let Some(folder) = std::env::var_os("OSS_TEST_DEBIAN_PACKAGES") else {
        tools::skip(what, "OSS_TEST_DEBIAN_PACKAGES does not name the folder of packages");
        return None;
    };
    if !tools::are_there(what, &["dpkg", "dpkg-architecture", "dpkg-deb", "pkg-config"]) {
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

#[test]
fn the_shared_library_and_what_is_for_development_are_apart() {
    let Some(packages) = packages("what is in the Debian packages") else { return };
    let [dev, runtime] = packages.try_into().expect("two packages");
    let abi = env!("OSS_UPLOAD_SONAME").rsplit('.').next().expect("a number");
    assert_eq!(field(&runtime, "Package"), format!("liboss-upload{abi}"));
    assert_eq!(field(&dev, "Package"), "liboss-upload-dev");
    let version = field(&runtime, "Version");
    assert!(version.starts_with(env!("CARGO_PKG_VERSION")), "{version}");
    assert_eq!(field(&dev, "Depends"), format!("liboss-upload{abi} (= {version})"));
    let needed = field(&runtime, "Depends");
    assert!(needed.starts_with("libc6 (>= "), "{needed}");

    let files = |package: &Path| -> BTreeSet<String> {
        let list = tools::run(tools::command("dpkg-deb").arg("-c").arg(package), TIME);
        let names = list.lines().filter(|line| !line.starts_with('d'));
        names.filter_map(|line| line.split_whitespace().nth(5)).map(str::to_owned).collect()
    };
    let (dev, runtime) = (files(&dev), files(&runtime));
    assert_eq!(dev.intersection(&runtime).count(), 0);
    let has = |files: &BTreeSet<String>, end: &str| files.iter().any(|file| file.ends_with(end));
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
fn licences_of_all_that_is_linked_are_given_along() {
    let Some(packages) = packages("the licences in the Debian packages") else { return };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--package", "oss-upload", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    let tree = tools::run(cargo.args(["--offline", "--format", "{p}"]).current_dir(repository("")), TIME);
    let linked: BTreeSet<String> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .filter(|(name, _)| *name != "oss-upload")
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
fn programs_are_built_and_run_with_what_the_packages_install() {
    let Some(packages) = packages("a program with the Debian packages") else { return };
    let root = TempDir::new().expect("a temporary folder");
    let root = root.path();
    for folder in ["var/lib/dpkg/updates", "var/lib/dpkg/info", "var/log"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    for file in ["status", "available"] {
        fs::write(root.join("var/lib/dpkg").join(file), "").expect("an empty list of packages");
    }
    // In a system of their own, which has no other packages, and no programs to run after installation.
    let mut dpkg = tools::command("dpkg");
    dpkg.args(["--force-not-root", "--force-depends", "--force-bad-path", "--no-triggers"]);
    tools::run(dpkg.arg(format!("--root={}", root.display())).arg("--install").args(packages), TIME);

    let multiarch = tools::run(tools::command("dpkg-architecture").arg("-qDEB_HOST_MULTIARCH"), TIME);
    let libdir = root.join("usr/lib").join(multiarch.trim());
    let readme = read(repository("README.md"));
    let [program] = blocks_after(&readme, "executed: debian").try_into().expect("one block that links");
    let folder = TempDir::new().expect("a temporary folder");
    symlink(repository("examples"), folder.path().join("examples")).expect("a link");
    let mut shell = tools::command("sh");
    shell.args(["-e", "-u", "-c", &program.code]).current_dir(folder.path());
    shell.env("PKG_CONFIG_SYSROOT_DIR", root).env("PKG_CONFIG_PATH", libdir.join("pkgconfig"));
    // What is usual in a system has to be said of a system elsewhere.
    shell.envs([("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1"), ("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1")]);
    tools::run(&mut shell, TIME);
    let program = folder.path().join("put_callback");
    put_callback::assert_uploads(&program, &[("LD_LIBRARY_PATH", &libdir.to_string_lossy())]);
}
