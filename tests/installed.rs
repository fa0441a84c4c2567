//! What `cargo cinstall` installs is found by pkg-config and CMake, links in every way that README.md shows, and runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use object::elf::{DT_RPATH, DT_RUNPATH, DT_SONAME};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;
use support::elf::SharedLibrary;
use support::markdown::{Block, blocks_after};
use support::{put_callback, read, repository, tools};
use tempfile::TempDir;

/// Everything is compiled anew, for cargo-c always names a target.
const INSTALLING_TIME: Duration = Duration::from_secs(1200);
const COMPILING_TIME: Duration = Duration::from_secs(120);

/// The prefix that the library is installed to, once for all tests of this file; or which tool is missing.
static PREFIX: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    for tool in ["cargo-cinstall", "pkg-config", "cmake"] {
        let found = Command::new(tool).arg("--version").output().is_ok();
        if !found {
            return Err(format!("{tool} is missing"));
        }
    }
    // Always the same folder: for another prefix, cargo-c would compile everything again.
    let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
    if prefix.exists() {
        fs::remove_dir_all(&prefix).expect("an earlier installation removed");
    }
    let readme = read(repository("README.md"));
    let [install] = blocks_after(&readme, "executed: cinstall").try_into().expect("one block that installs");
    // The same as README.md says, but compiled in less time.
    let code = format!("{} --profile dev --offline", install.code);
    let mut shell = shell(&code, &prefix);
    // The Cargo within cargo-c may be another than that of the tests, and each would compile anew what the other has made.
    shell.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cinstall"));
    tools::run(shell.current_dir(repository("")), INSTALLING_TIME);
    Ok(prefix)
});

/// The prefix, unless this test is skipped for want of a tool.
fn prefix(what: &str) -> Option<&'static Path> {
    match &*PREFIX {
        Ok(prefix) => Some(prefix),
        Err(missing) => {
            tools::skip(what, missing);
            None
        }
    }
}

fn shell(code: &str, prefix: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-e", "-u", "-c", code]).env("PREFIX", prefix);
    command
}

/// A folder where the commands of README.md find the examples, and may write.
fn workplace() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    symlink(repository("examples"), folder.path().join("examples")).expect("a link");
    folder
}

/// All below a folder, by their paths in it.
fn tree(folder: &Path) -> BTreeSet<String> {
    fn visit(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => visit(root, &path, found),
                false => {
                    let path = path.strip_prefix(root).expect("a path below the folder");
                    found.insert(path.to_string_lossy().into_owned());
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    visit(folder, folder, &mut found);
    found
}

/// Where the system's linker looks for the libraries of a program before it looks elsewhere.
fn library_paths(program: &Path) -> Vec<String> {
    let program = SharedLibrary::read(program);
    [DT_RUNPATH, DT_RPATH].into_iter().flat_map(|tag| program.dynamic(tag)).collect()
}

#[test]
fn libraries_headers_and_what_finds_them_are_installed() {
    let Some(prefix) = prefix("what is installed") else { return };
    let mut expected: BTreeSet<String> = support::files_below("include").into_iter().collect();
    for file in [
        "lib/liboss_upload.a",
        "lib/liboss_upload.so",
        "lib/liboss_upload.so.0",
        "lib/liboss_upload.so.0.0.0",
        "lib/pkgconfig/oss_upload.pc",
        "share/cmake/oss_upload/oss_upload-config-version.cmake",
        "share/cmake/oss_upload/oss_upload-config.cmake",
    ] {
        expected.insert(file.to_owned());
    }
    assert_eq!(tree(prefix), expected);
    for header in support::files_below("include") {
        assert_eq!(read(prefix.join(&header)), read(repository(&header)), "{header}");
    }
}

#[test]
fn shared_library_is_the_one_that_cargo_builds() {
    let Some(prefix) = prefix("the installed library") else { return };
    let library = SharedLibrary::read(&prefix.join("lib").join(env!("OSS_UPLOAD_SONAME")));
    assert_eq!(library.dynamic(DT_SONAME), [env!("OSS_UPLOAD_SONAME")]);
    let exports: String = library.exports().iter().map(|name| format!("{name}\n")).collect();
    assert_eq!(exports, read(repository("tests/exports.txt")));
}

#[test]
fn programs_link_through_pkg_config() {
    let Some(prefix) = prefix("linking through pkg-config") else { return };
    let readme = read(repository("README.md"));
    let blocks = blocks_after(&readme, "executed: pkg-config");
    let mut links_shared = Vec::new();
    for Block { code, .. } in blocks {
        let folder = workplace();
        tools::run(shell(&code, prefix).current_dir(folder.path()), COMPILING_TIME);
        let program = folder.path().join("put_callback");
        put_callback::assert_uploads(&program, &[]);
        links_shared.push(needs_the_library(&program));
    }
    assert_eq!(links_shared, [true, false]);
}

#[test]
fn pkg_config_names_the_version_and_what_the_static_library_needs() {
    let Some(prefix) = prefix("the file for pkg-config") else { return };
    let ask = |question: &str| {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        tools::run(command.args(["--static", question, "oss_upload"]), COMPILING_TIME).trim().to_owned()
    };
    assert_eq!(ask("--modversion"), env!("CARGO_PKG_VERSION"));
    // What CMake is told must be the same.
    let config = read(prefix.join("share/cmake/oss_upload/oss_upload-config.cmake"));
    let (_, rest) = config.split_once("INTERFACE_LINK_LIBRARIES \"").expect("the libraries");
    let (libraries, _) = rest.split_once('"').expect("the libraries");
    let flags: BTreeSet<String> = libraries.split(';').map(|library| format!("-l{library}")).collect();
    let asked = ask("--libs-only-l");
    let mut asked: BTreeSet<&str> = asked.split_whitespace().collect();
    assert!(asked.remove("-loss_upload"), "{asked:?}");
    assert_eq!(asked, flags.iter().map(String::as_str).collect());
}

/// Configures and builds a project that has one program, linked with `target`.
fn build_with_cmake(prefix: &Path, folder: &Path, target: &str) -> PathBuf {
    let readme = read(repository("README.md"));
    let [lines] = blocks_after(&readme, "executed: cmake").try_into().expect("one block of CMake");
    assert!(lines.code.contains("oss_upload::shared"), "{}", lines.code);
    let lines = lines.code.replace("oss_upload::shared", target);
    let project = format!(
        "cmake_minimum_required(VERSION 3.10)\nproject(example C)\n\
         add_executable(put_callback examples/put_callback.c)\n{lines}\n"
    );
    fs::write(folder.join("CMakeLists.txt"), project).expect("the project");
    let build = folder.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(folder).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    tools::run(&mut configure, COMPILING_TIME);
    tools::run(Command::new("cmake").arg("--build").arg(&build), COMPILING_TIME);
    build.join("put_callback")
}

fn needs_the_library(program: &Path) -> bool {
    let needed = SharedLibrary::read(program).dynamic(object::elf::DT_NEEDED);
    needed.iter().any(|name| name == env!("OSS_UPLOAD_SONAME"))
}

#[test]
fn programs_link_through_cmake() {
    let Some(prefix) = prefix("linking through CMake") else { return };
    let targets =
        [("oss_upload::shared", true), ("oss_upload::static", false), ("oss_upload::oss_upload", true)];
    for (target, shared) in targets {
        let folder = workplace();
        let program = build_with_cmake(prefix, folder.path(), target);
        put_callback::assert_uploads(&program, &[]);
        assert_eq!(needs_the_library(&program), shared, "{target}");
    }
}

#[test]
fn cmake_takes_a_version_that_is_as_new_as_the_one_asked_for_and_no_other() {
    let Some(prefix) = prefix("the version for CMake") else { return };
    let accepts = |version: &str| {
        let folder = TempDir::new().expect("a temporary folder");
        let project = format!(
            "cmake_minimum_required(VERSION 3.10)\nproject(example NONE)\n\
             find_package(oss_upload {version} QUIET)\nmessage(\"found ${{oss_upload_FOUND}}\")\n"
        );
        fs::write(folder.path().join("CMakeLists.txt"), project).expect("the project");
        let mut configure = Command::new("sh");
        configure.args(["-c", r#"cmake -S . -B build "$0" 2>&1"#]);
        configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())).current_dir(folder.path());
        tools::run(&mut configure, COMPILING_TIME).contains("found 1")
    };
    let own = env!("CARGO_PKG_VERSION");
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")]
            .map(|number| number.parse::<u32>().expect("a number"));
    assert!(accepts(""));
    assert!(accepts(own));
    assert!(accepts(&format!("{own} EXACT")));
    assert!(accepts(&format!("{major}.{minor}")));
    assert!(!accepts(&format!("{major}.{minor}.{}", patch + 1)));
    assert!(!accepts(&format!("{major}.{}", minor + 1)));
    assert!(!accepts(&format!("{}.0", major + 1)));
}

#[test]
fn what_is_installed_can_be_moved() {
    let Some(prefix) = prefix("moving what is installed") else { return };
    let elsewhere = TempDir::new().expect("a temporary folder");
    let moved = elsewhere.path().join("moved");
    tools::run(Command::new("cp").arg("-a").arg(prefix).arg(&moved), COMPILING_TIME);
    // Since the original stays for the other tests, this makes sure that nothing leads back to it.
    let path = prefix.to_string_lossy().into_owned();
    let mut search = Command::new("grep");
    search.args(["-r", "-l", "-a", "-F", &path, "."]).current_dir(&moved);
    assert_eq!(tools::run(&mut search, COMPILING_TIME).trim(), "./lib/pkgconfig/oss_upload.pc");
    let folder = workplace();
    let program = build_with_cmake(&moved, folder.path(), "oss_upload::shared");
    assert_eq!(library_paths(&program), [moved.join("lib").to_string_lossy()]);
    put_callback::assert_uploads(&program, &[]);

    // The file of pkg-config names its prefix, and --define-prefix says that it may have been moved.
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", moved.join("lib/pkgconfig"));
    let flags =
        tools::run(command.args(["--define-prefix", "--cflags", "--libs", "oss_upload"]), COMPILING_TIME);
    assert!(!flags.contains(&path) && flags.contains(&*moved.to_string_lossy()), "{flags}");
}
