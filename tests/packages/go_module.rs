//! The Go package is had without a registry: from a folder, from a copy among a program's own files, and under any path.

use crate::support::go::{self, Installation};
use crate::support::markdown::blocks_after;
use crate::support::{put_callback, read, repository, tools};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(400);

fn copy(name: &str, to: &Path) {
    fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    tools::run(tools::command("cp").arg("-R").arg(repository(name)).arg(to), TIME);
}

#[test]
fn program_in_an_empty_module_has_the_package_from_a_folder_and_then_among_its_own_files() {
    if !go::is_there("a Go program of somebody else's") {
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let (package, program) = (folder.path().join("oss-upload/bindings/go"), folder.path().join("program"));
    copy("bindings/go", &package);
    copy("examples/go/put_callback/main.go", &program.join("main.go"));
    let installation = Installation::for_all();
    let shell = |code: &str| {
        let mut shell = tools::command("sh");
        shell.args(["-e", "-u", "-c", code]).current_dir(&program);
        shell
            .env("OSS_UPLOAD", folder.path().join("oss-upload"))
            .env("PKG_CONFIG_PATH", installation.path(""));
        tools::run(&mut shell, TIME);
    };
    let readme = read(repository("README.md"));
    let [replace, vendor] = ["executed: go replace", "executed: go vendor"].map(|name| {
        let [block] = blocks_after(&readme, name).try_into().expect("one block");
        block.code
    });
    shell(&format!("go mod init example.com/uploader\n{replace}"));
    put_callback::assert_uploads(&program.join("uploader"), &[]);

    fs::remove_file(program.join("uploader")).expect("the program");
    shell(&vendor);
    fs::remove_dir_all(folder.path().join("oss-upload")).expect("the package");
    shell("go build");
    put_callback::assert_uploads(&program.join("uploader"), &[]);
}

#[test]
fn package_takes_the_path_that_it_is_given() {
    if !go::is_there("the path of the Go package") {
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["README.md", "docs", "bindings/go", "examples/go", "tests/go", "packaging/go-module"] {
        copy(name, &folder.path().join(name));
    }
    let old = go::module();
    let readme = read(repository("README.md"));
    let command =
        readme.split('`').find(|text| text.starts_with("packaging/go-module ")).expect("the command");
    tools::run(tools::command("sh").args(["-c", command]).current_dir(folder.path()), TIME);
    let (_, new) = command.split_once(' ').expect("a path");
    assert!(read(folder.path().join("bindings/go/go.mod")).contains(new));
    let mut search = tools::command("grep");
    let left = search.args(["-r", "-F", &old]).current_dir(folder.path()).output().expect("grep");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");

    let mut build = tools::command("go");
    build.args(["build", "-o"]).arg(folder.path().join("put_callback"));
    build.current_dir(folder.path().join("examples/go/put_callback"));
    tools::run(build.env("PKG_CONFIG_PATH", Installation::for_all().path("")), TIME);
    put_callback::assert_uploads(&folder.path().join("put_callback"), &[]);
}
