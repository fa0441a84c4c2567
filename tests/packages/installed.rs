//! What `packaging/install` installs is found by pkg-config and CMake, links in every way that README.md shows, and runs.

use crate::support::elf::SharedLibrary;
use crate::support::markdown::{Block, blocks_after};
use crate::support::server::Server;
use crate::support::{self, emulator_program, library, put_callback, read, repository, tools, tree};
use object::elf::{DT_RPATH, DT_RUNPATH, DT_SONAME};
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;

/// Go compiles its runtime for cgo first.
const COMPILING_TIME: Duration = Duration::from_secs(400);

/// Tells a linker to leave out what a program does not use.
const LEAVES_OUT: &str = " -Wl,--gc-sections";

/// The prefix that the library is installed to, once for all tests of this file.
static PREFIX: LazyLock<PathBuf> = LazyLock::new(|| {
    // Always the same folder, as Go compiles anew what is compiled with another one.
    let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
    if prefix.exists() {
        fs::remove_dir_all(&prefix).expect("an earlier installation removed");
    }
    let readme = read(repository("README.md"));
    let [install] = blocks_after(&readme, "executed: install").try_into().expect("one block that installs");
    // What the tests were built with is there already.
    let mut shell = shell(&install.code, &prefix);
    shell.env("BUILT", library::folder());
    tools::run(shell.current_dir(repository("")), COMPILING_TIME);
    prefix
});

/// The prefix, unless this test is skipped for want of a program.
fn prefix(what: &str, programs: &[&str]) -> Option<&'static Path> {
    tools::are_there(what, programs).then(|| PREFIX.as_path())
}

/// What CMake needs: it has make build what it has configured.
const CMAKE: [&str; 2] = ["cmake", "make"];

fn shell(code: &str, prefix: &Path) -> Command {
    let mut command = tools::command("sh");
    command.args(["-e", "-u", "-c", code]).env("PREFIX", prefix);
    command
}

/// A folder where the commands of README.md find the examples, and may write.
fn workplace() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["bindings", "examples"] {
        symlink(repository(name), folder.path().join(name)).expect("a link");
    }
    folder
}

/// Where the system's linker looks for the libraries of a program before it looks elsewhere.
fn library_paths(program: &Path) -> Vec<String> {
    let program = SharedLibrary::read(program);
    [DT_RUNPATH, DT_RPATH].into_iter().flat_map(|tag| program.dynamic(tag)).collect()
}

#[test]
fn libraries_headers_and_what_finds_them_are_installed() {
    let mut expected: BTreeSet<String> = support::files_below("include").into_iter().collect();
    for file in [
        "lib/liboss_upload.a",
        "lib/liboss_upload.so",
        "lib/liboss_upload.so.0",
        "lib/pkgconfig/oss_upload.pc",
        "share/cmake/oss_upload/oss_upload-config-version.cmake",
        "share/cmake/oss_upload/oss_upload-config.cmake",
        "share/oss_upload/oss_upload.supp",
    ] {
        expected.insert(file.to_owned());
    }
    assert_eq!(tree(&PREFIX), expected);
    for header in support::files_below("include") {
        assert_eq!(read(PREFIX.join(&header)), read(repository(&header)), "{header}");
    }
}

#[test]
fn shared_library_is_found_under_its_soname() {
    let library = SharedLibrary::read(&PREFIX.join("lib").join(env!("OSS_UPLOAD_SONAME")));
    assert_eq!(library.dynamic(DT_SONAME), [env!("OSS_UPLOAD_SONAME")]);
    let exports: String = library.exports().iter().map(|name| format!("{name}\n")).collect();
    assert_eq!(exports, read(repository("tests/exports.txt")));
}

#[test]
fn programs_link_through_pkg_config() {
    let Some(prefix) = prefix("linking through pkg-config", &["pkg-config"]) else { return };
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
fn programs_link_without_pkg_config() {
    let mut compilers = Vec::new();
    for Block { code, .. } in blocks_after(&read(repository("README.md")), "executed: program") {
        let compiler = code.lines().last().and_then(|line| line.split(' ').next()).expect("a command");
        compilers.push(compiler.to_owned());
        let needed: &[&str] = match compiler {
            "go" => &["go", "gcc"],
            _ => &[compiler],
        };
        if compiler != "cc" && !tools::are_there(&format!("the link lines for {compiler}"), needed) {
            continue;
        }
        let folder = workplace();
        tools::run(shell(&code, &PREFIX).current_dir(folder.path()), COMPILING_TIME);
        let program = folder.path().join("put_callback");
        put_callback::assert_uploads(&program, &[]);
        if code.contains(LEAVES_OUT) {
            let size = || fs::metadata(&program).expect("the program").len();
            let small = size();
            tools::run(
                shell(&code.replace(LEAVES_OUT, ""), &PREFIX).current_dir(folder.path()),
                COMPILING_TIME,
            );
            assert!(small < size(), "{small} bytes of {}", size());
        }
    }
    assert_eq!(compilers, ["cc", "cc", "c++", "c++", "go", "go"]);
}

#[test]
fn packages_say_where_the_system_is_and_where_libraries_go() {
    let folder = TempDir::new().expect("a temporary folder");
    let built = folder.path().join("built");
    fs::create_dir(&built).expect("a folder");
    for library in ["liboss_upload.so", "liboss_upload.a"] {
        fs::write(built.join(library), "").expect("a library");
    }
    // Folders are those of the caller.
    let mut install = Command::new(repository("packaging/install"));
    install.arg("/usr").current_dir(folder.path());
    install.envs([("DESTDIR", "system"), ("LIBDIR", "lib/some-linux-gnu"), ("BUILT", "built")]);
    tools::run(&mut install, COMPILING_TIME);
    let installed = tree(&folder.path().join("system/usr"));
    for file in ["liboss_upload.a", "liboss_upload.so", env!("OSS_UPLOAD_SONAME"), "pkgconfig/oss_upload.pc"]
    {
        assert!(installed.contains(&format!("lib/some-linux-gnu/{file}")), "no {file} in {installed:?}");
    }
    let description = read(folder.path().join("system/usr/lib/some-linux-gnu/pkgconfig/oss_upload.pc"));
    assert!(description.starts_with("prefix=/usr\nlibdir=${prefix}/lib/some-linux-gnu\n"), "{description}");
}

#[test]
fn installing_nowhere_is_refused_with_help() {
    let folder = TempDir::new().expect("a temporary folder");
    let install = |arguments: &[&str]| {
        let mut install = Command::new(repository("packaging/install"));
        // Nothing is there to be installed, and nowhere of the system to install it to.
        install.args(arguments).env("BUILT", folder.path()).env("DESTDIR", folder.path());
        let out = install.output().expect("the script");
        let said = [out.stdout, out.stderr].concat();
        assert!(String::from_utf8_lossy(&said).contains("packaging/install PREFIX"), "{arguments:?}");
        out.status.code()
    };
    assert_eq!(install(&["--help"]), Some(0));
    assert_eq!(install(&[]), Some(2));
    assert_eq!(install(&["somewhere"]), Some(2));
    assert_eq!(install(&["/some where"]), Some(2));
    assert_eq!(install(&["/some", "where"]), Some(2));
    assert_eq!(install(&["--help", "me"]), Some(2));
}

#[test]
fn what_is_wrong_is_said_before_anything_is_installed() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("liboss_upload.so"), "").expect("half of what is built");
    for (prefix, complaint) in [
        ("some/where", "PREFIX is a whole path, which begins with a slash, and this is \"some/where\""),
        ("/prefix", "has no liboss_upload.a"),
    ] {
        let mut install = Command::new(repository("packaging/install"));
        install.arg(prefix).env("BUILT", folder.path()).env("DESTDIR", folder.path().join("root"));
        let out = install.current_dir(folder.path()).output().expect("the script");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains(complaint), "{said}");
        assert!(!folder.path().join("root").exists() && !folder.path().join("some").exists());
    }
}

#[test]
fn folders_that_pkg_config_and_cmake_would_misread_are_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let prefix = |name: &str| format!("{}/{name}", folder.path().display());
    let places =
        [("a b", "lib"), ("a|b", "lib"), ("a&b", "lib"), ("a,b", "lib"), ("a$b", "lib"), ("ab", "l b")];
    for (name, libdir) in places {
        let mut install = Command::new(repository("packaging/install"));
        install.arg(prefix(name)).env("LIBDIR", libdir).env("BUILT", folder.path());
        let out = install.output().expect("the script");
        assert_eq!(out.status.code(), Some(2), "{name} {libdir}");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(said.contains("letters, digits and"), "{said}");
    }
    assert_eq!(tree(folder.path()), BTreeSet::new());
}

/// In the place of Cargo: makes two files where Cargo does with a target in its configuration, and says so as Cargo does.
const CARGO: &str = r#"#!/bin/sh -eu
printf '%s\n' "$@" >"$ARGUMENTS"
folder=${CARGO_TARGET_DIR:-$PWD/target}/some-linux-gnu/release
mkdir -p "$folder"
echo shared >"$folder/liboss_upload.so"
echo static >"$folder/liboss_upload.a"
printf '{"reason":"compiler-artifact","target":{"name":"other"},"filenames":["/other/libother.so"]}\n'
printf '{"reason":"compiler-artifact","filenames":["%s/liboss_upload.so","%s/liboss_upload.a"]}\n' "$folder" "$folder"
printf '{"reason":"build-finished","success":true}\n'
"#;

#[test]
fn libraries_are_those_that_cargo_says_it_has_built() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    let cargo = path.join("bin/cargo");
    fs::create_dir(path.join("bin")).expect("a folder");
    fs::write(&cargo, CARGO).expect("a program");
    fs::set_permissions(&cargo, Permissions::from_mode(0o755)).expect("a program");
    // An older library, of before there was that configuration.
    fs::create_dir_all(path.join("built here/release")).expect("a folder");
    fs::write(path.join("built here/release/liboss_upload.so"), "old").expect("a library");

    let folders = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let folders = [path.join("bin")].into_iter().chain(folders);
    let mut install = Command::new(repository("packaging/install"));
    install.arg(path.join("prefix")).current_dir(path).env_remove("CARGO_BUILD_TARGET");
    install.env("PATH", std::env::join_paths(folders).expect("folders without a colon"));
    install.env("CARGO_TARGET_DIR", "built here").env("ARGUMENTS", path.join("arguments"));
    tools::run(&mut install, COMPILING_TIME);

    let library = |name: &str| read(path.join("prefix/lib").join(name));
    assert_eq!([library("liboss_upload.so"), library("liboss_upload.a")], ["shared\n", "static\n"]);
    let arguments = read(path.join("arguments"));
    for argument in ["rustc", "--locked", "--release", "--crate-type", "cdylib,staticlib"] {
        assert!(arguments.lines().any(|line| line == argument), "{arguments}");
    }
}

#[test]
fn pkg_config_names_the_version_and_what_the_static_library_needs() {
    let Some(prefix) = prefix("the file for pkg-config", &["pkg-config"]) else { return };
    let ask = |question: &str| {
        let mut command = tools::command("pkg-config");
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

/// Builds the examples with their Makefile, as README.md says, in a folder of their own, which has the sources too.
fn made_examples(prefix: &Path) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["README.md", "bindings"] {
        symlink(repository(name), folder.path().join(name)).expect("a link");
    }
    tools::run(tools::command("cp").arg("-R").arg(repository("examples")).arg(folder.path()), COMPILING_TIME);
    let readme = read(repository("README.md"));
    let [make] = blocks_after(&readme, "executed: make").try_into().expect("one block that makes");
    tools::run(shell(&make.code, prefix).current_dir(folder.path()), COMPILING_TIME);
    folder
}

/// A text with other ports: each number in it is looked at once, and whole.
fn with_ports(text: &str, ports: &[(&str, &str)]) -> String {
    let pieces = text.split_inclusive(|letter: char| !letter.is_ascii_digit());
    pieces
        .map(|piece| {
            let number = piece.trim_end_matches(|letter: char| !letter.is_ascii_digit());
            let other = ports.iter().find(|(old, _)| *old == number);
            other.map_or_else(|| piece.to_owned(), |(_, new)| piece.replacen(number, new, 1))
        })
        .collect()
}

#[test]
fn ports_are_replaced_whole_and_once() {
    let ports = [("9000", "39001"), ("9001", "9000")];
    let text = with_ports("x=9000 y=http://127.0.0.1:9001/9000 19000", &ports);
    assert_eq!(text, "x=39001 y=http://127.0.0.1:9000/39001 19000");
}

/// The words of a command after `start`, with other ports.
fn arguments(command: &str, start: &str, ports: &[(&str, &str)]) -> Vec<String> {
    let rest =
        command.strip_prefix(start).unwrap_or_else(|| panic!("{command:?} does not begin with {start:?}"));
    with_ports(rest, ports).split_whitespace().map(str::to_owned).collect()
}

/// What the Makefile makes of the examples, of which source.
const PROGRAMS: [(&str, &str); 8] = [
    ("hello", "hello.c"),
    ("multipart_callback", "multipart_callback.c"),
    ("outbox", "outbox.c"),
    ("put_callback", "put_callback.c"),
    ("put_callback_cpp", "put_callback.cpp"),
    ("put_file_callback", "put_file_callback.c"),
    ("upload_file", "upload_file.c"),
    ("upload_stream", "upload_stream.cpp"),
];
/// What it makes of them where libmicrohttpd is there.
const SERVERS: [(&str, &str); 2] =
    [("browser_upload_server", "browser_upload/server.c"), ("callback_server", "callback_server.c")];
/// And where Go is.
const GO_PROGRAMS: [(&str, &str); 1] = [("put_callback_go", "go/put_callback/main.go")];

#[test]
fn examples_are_made_and_run_by_hand_as_is_written() {
    let what = "the examples with their Makefile";
    if !tools::are_there(what, &["make", "pkg-config", "g++"]) {
        return;
    }
    let folder = made_examples(&PREFIX);
    let programs = folder.path().join("target/programs");
    let has_go = tools::are_there("the Go example with the Makefile", &["go", "gcc"]);
    let has_servers = tools::libraries_are_there("the application server by hand", &["libmicrohttpd"]);
    let mut expected: BTreeSet<String> = PROGRAMS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (name, _) in SERVERS.iter().filter(|_| has_servers).chain(GO_PROGRAMS.iter().filter(|_| has_go)) {
        expected.insert((*name).to_owned());
    }
    expected.insert(".library".to_owned());
    assert_eq!(tree(&programs), expected);
    put_callback::assert_uploads(&programs.join("put_callback_cpp"), &[]);
    if has_go {
        put_callback::assert_uploads(&programs.join("put_callback_go"), &[]);
    }
    if !has_servers {
        return;
    }
    let readme = read(repository("README.md"));
    let block = |name: &str| {
        let [block] = blocks_after(&readme, &format!("executed: {name}")).try_into().expect("one block");
        block.code
    };
    // Ports that are free.
    let oss = arguments(&block("OSS server"), "cargo run --package oss-emulator -- ", &[("9000", "0")]);
    let mut oss = Server::start_anyhow(Command::new(emulator_program::build()).args(oss));
    let line = oss.wait_for_line_with("endpoint http://127.0.0.1:");
    let oss_port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
    let ports = [("9000", oss_port), ("9001", "0")];
    let application = arguments(&block("application server"), "target/programs/callback_server ", &ports);
    let application = Server::start(Command::new(programs.join("callback_server")).args(application));
    let application_port = application.url.rsplit(':').next().expect("a port");
    let uploads = with_ports(&block("uploads"), &[("9000", oss_port), ("9001", application_port)]);
    let out = tools::run(shell(&uploads, &PREFIX).current_dir(folder.path()), COMPILING_TIME);
    assert!(out.contains(r#"{"Status":"OK"}"#), "{out}");
}

#[test]
fn examples_are_made_anew_with_another_library_and_only_then() {
    if !tools::are_there("the Makefile of the examples, called twice", &["cmp", "make", "pkg-config"]) {
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let description = read(PREFIX.join("lib/pkgconfig/oss_upload.pc"));
    let (old, new) = (PREFIX.display().to_string(), folder.path().join("moved").display().to_string());
    tools::run(tools::command("cp").arg("-a").arg(&old).arg(&new), COMPILING_TIME);
    let moved = description.replace(&old, &new);
    fs::write(Path::new(&new).join("lib/pkgconfig/oss_upload.pc"), moved).expect("a file for pkg-config");
    let out = folder.path().join("programs");
    let is_made = |prefix: &str| {
        let mut make = tools::command("make");
        make.arg("-C").arg(repository("examples")).arg(format!("OUT={}", out.display()));
        make.arg(out.join("hello")).env("PKG_CONFIG_PATH", Path::new(prefix).join("lib/pkgconfig"));
        tools::run(&mut make, COMPILING_TIME).contains("hello.c")
    };
    let made = [&old, &old, &new, &new].map(|prefix| is_made(prefix));
    assert_eq!(made, [true, false, true, false]);
}

#[test]
fn every_example_is_made() {
    let made: BTreeSet<String> = [&PROGRAMS[..], &SERVERS, &GO_PROGRAMS]
        .concat()
        .iter()
        .map(|(_, source)| format!("examples/{source}"))
        .collect();
    let is_program = |file: &String| [".c", ".cpp", ".go"].iter().any(|end| file.ends_with(end));
    let sources = support::files_below("examples").into_iter().filter(is_program);
    assert_eq!(sources.collect::<BTreeSet<String>>(), made);
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
    let mut configure = tools::command("cmake");
    configure.arg("-S").arg(folder).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    tools::run(&mut configure, COMPILING_TIME);
    tools::run(tools::command("cmake").arg("--build").arg(&build), COMPILING_TIME);
    build.join("put_callback")
}

fn needs_the_library(program: &Path) -> bool {
    let needed = SharedLibrary::read(program).dynamic(object::elf::DT_NEEDED);
    needed.iter().any(|name| name == env!("OSS_UPLOAD_SONAME"))
}

#[test]
fn programs_link_through_cmake() {
    let Some(prefix) = prefix("linking through CMake", &CMAKE) else { return };
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
    let Some(prefix) = prefix("the version for CMake", &CMAKE) else { return };
    let accepts = |version: &str| {
        let folder = TempDir::new().expect("a temporary folder");
        let project = format!(
            "cmake_minimum_required(VERSION 3.10)\nproject(example NONE)\n\
             find_package(oss_upload {version} QUIET)\nmessage(\"found ${{oss_upload_FOUND}}\")\n"
        );
        fs::write(folder.path().join("CMakeLists.txt"), project).expect("the project");
        let mut configure = tools::command("sh");
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
    let Some(prefix) = prefix("moving what is installed", &CMAKE) else { return };
    let elsewhere = TempDir::new().expect("a temporary folder");
    let moved = elsewhere.path().join("moved");
    tools::run(tools::command("cp").arg("-a").arg(prefix).arg(&moved), COMPILING_TIME);
    // Since the original stays for the other tests, this makes sure that nothing leads back to it.
    let path = prefix.to_string_lossy().into_owned();
    let mut search = tools::command("grep");
    search.args(["-r", "-l", "-a", "-F", &path, "."]).current_dir(&moved);
    assert_eq!(tools::run(&mut search, COMPILING_TIME).trim(), "./lib/pkgconfig/oss_upload.pc");
    let folder = workplace();
    let program = build_with_cmake(&moved, folder.path(), "oss_upload::shared");
    assert_eq!(library_paths(&program), [moved.join("lib").to_string_lossy()]);
    put_callback::assert_uploads(&program, &[]);
}

#[test]
fn pkg_config_can_be_told_that_what_is_installed_was_moved() {
    let Some(prefix) = prefix("moving what is installed", &["pkg-config"]) else { return };
    let elsewhere = TempDir::new().expect("a temporary folder");
    let moved = elsewhere.path().join("lib/pkgconfig");
    fs::create_dir_all(&moved).expect("a folder");
    fs::copy(prefix.join("lib/pkgconfig/oss_upload.pc"), moved.join("oss_upload.pc")).expect("a copy");
    let mut command = tools::command("pkg-config");
    command.args(["--define-prefix", "--cflags", "--libs", "oss_upload"]);
    let flags = tools::run(command.env("PKG_CONFIG_PATH", &moved), COMPILING_TIME);
    let path = |folder: &Path| folder.to_string_lossy().into_owned();
    assert!(!flags.contains(&path(prefix)) && flags.contains(&path(elsewhere.path())), "{flags}");
}
