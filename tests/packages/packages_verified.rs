//! Packages are what they say: `packaging/verify` tells those from others, and anybody makes them again, to the byte.

use crate::support::{effort, repository, tools};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(120);
/// A release is built meanwhile.
const BUILDING_TIME: Duration = Duration::from_secs(1200);

/// What was made for a release: the Debian packages, the wheel, that of the emulator, and the source archives.
struct Release {
    dev: PathBuf,
    runtime: PathBuf,
    wheel: PathBuf,
    emulator: PathBuf,
    source: PathBuf,
    vendored: PathBuf,
}

impl Release {
    /// From the folder that `OSS_TEST_RELEASE` names.
    fn find(what: &str) -> Option<Release> {
        let Some(folder) = env::var_os("OSS_TEST_RELEASE").map(PathBuf::from) else {
            tools::skip(what, "OSS_TEST_RELEASE does not name the folder of a release");
            return None;
        };
        if !tools::are_there(what, &["cmp", "diff", "dpkg-deb", "objcopy", "python3", "tar"]) {
            return None;
        }
        let file = |kind: &str, start: &str| {
            let entries = fs::read_dir(folder.join(kind)).expect("a folder of packages");
            let mut paths = entries.map(|entry| entry.expect("an entry").path());
            let found = paths.find(|path| path.file_name().unwrap().to_string_lossy().starts_with(start));
            found.unwrap_or_else(|| panic!("there is no {kind}/{start}*"))
        };
        let (_, abi) = env!("OSS_UPLOAD_SONAME").rsplit_once('.').expect("a number");
        let version = env!("CARGO_PKG_VERSION");
        Some(Release {
            dev: file("debian", "liboss-upload-dev_"),
            runtime: file("debian", &format!("liboss-upload{abi}_")),
            wheel: file("wheels", &format!("oss_upload-{version}-")),
            emulator: file("debian-emulator", "oss-emulator_"),
            source: file("source", &format!("oss-upload-{version}.tar")),
            vendored: file("source", &format!("oss-upload-{version}-vendored.tar")),
        })
    }
}

/// The shell, in a folder, which finds what packages are made with, and prints at the end what its last command ended with.
fn shell(code: &str, folder: &Path) -> Command {
    let mut shell = tools::command("sh");
    shell.args(["-u", "-c", &format!("{code}\necho \"ended with $?\"")]).current_dir(folder);
    // Rust itself and not rustup, which looks for it at home.
    let rust = Path::new(env!("CARGO")).parent().map(Path::to_owned);
    let packaging = env::var_os("OSS_TEST_PACKAGING_TOOLS").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = packaging.into_iter().chain(rust).chain(env::split_paths(&path));
    shell.env("PATH", env::join_paths(folders).expect("folders without a colon"));
    shell.env("REPOSITORY", repository(""));
    shell
}

/// What is said of a package, line by line.
fn said_of<'a>(package: &Path, out: &'a str) -> Vec<&'a str> {
    let name = package.to_string_lossy();
    let lines = out.lines().skip_while(|line| *line != name).skip(1);
    lines.take_while(|line| line.starts_with("  ")).collect()
}

fn assert_all_so(said: &[&str]) {
    assert!(!said.is_empty() && !said.iter().any(|line| line.contains("NOT SO")), "{said:#?}");
}

/// A Debian package that code has changed, and that lists what it then has.
fn changed(package: &Path, change: &str, folder: &Path, name: &str) -> PathBuf {
    let code = r#"
        dpkg-deb --raw-extract "$PACKAGE" changed && (
            cd changed && eval "$CHANGE" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' |
                LC_ALL=C sort -z | xargs -0r md5sum -- >DEBIAN/md5sums
        ) && dpkg-deb --root-owner-group --nocheck -Znone --build changed "$NAME" && rm -r changed"#;
    let mut shell = shell(code, folder);
    shell.env("PACKAGE", package).env("CHANGE", change).env("NAME", name);
    let out = tools::run(&mut shell, TIME);
    assert!(out.ends_with("ended with 0\n"), "{out}");
    folder.join(name)
}

/// A Debian package whose library has one other byte.
fn made_for_harm(release: &Release, folder: &Path) -> PathBuf {
    let change = r"printf '\220' | dd of=$(echo usr/lib/*/liboss_upload.so.*) bs=1 seek=3000000 conv=notrunc";
    changed(&release.runtime, change, folder, "harm.deb")
}

/// What is said not to be so of a package.
fn not_so<'a>(package: &Path, out: &'a str) -> Vec<&'a str> {
    said_of(package, out).iter().filter_map(|line| line.strip_prefix("  NOT SO: ")).collect()
}

#[test]
fn packages_say_of_themselves_what_is_so() {
    let Some(release) = Release::find("what packages say of themselves") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    let mut verify = shell("\"$REPOSITORY/packaging/verify\" \"$@\"", folder.path());
    let packages = [&release.dev, &release.runtime, &release.wheel, &release.emulator];
    let out = tools::run(verify.arg("sh").args(packages), TIME);
    assert!(out.ends_with("ended with 0\n"), "{out}");
    for package in packages {
        assert_all_so(&said_of(package, &out));
    }
    let all = ["made of the crates that the SBOM lists", "no folder of the machine", "glibc newer than 2.17"];
    for package in [&release.runtime, &release.wheel, &release.emulator] {
        let said = said_of(package, &out).join("\n");
        assert!(all.iter().all(|so| said.contains(so)), "{said}");
    }
}

#[test]
fn package_that_says_what_is_not_so_is_found_out() {
    let Some(release) = Release::find("packages that say what is not so") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    // Each with something else that is not so.
    let code = r#"
        dpkg-deb --raw-extract "$DEBIAN" changed
        echo >>"$(echo changed/usr/share/doc/*/copyright)"
        dpkg-deb -Znone --build changed changed.deb
        python3 -m zipfile -e "$WHEEL" more
        echo >more/oss_upload/more.py
        (cd more && python3 -m zipfile -c ../more.whl *)
        dpkg-deb --raw-extract "$DEBIAN" newer
        sed -i 's/libc6 (>= [0-9.]*)/libc6 (>= 2.5)/' newer/DEBIAN/control
        dpkg-deb -Znone --build newer newer.deb
        mkdir other
        echo "int oss_other(void) { return 0; } const char folder[] = \"$PWD/other.c\";" >other.c
        cc -shared other.c -Wl,-soname,libother.so.1 -o other.so
        "$REPOSITORY/packaging/verify" "$PWD/changed.deb" "$PWD/more.whl" "$PWD/newer.deb" "$PWD/other.so""#;
    let mut verify = shell(code, folder.path());
    verify.env("DEBIAN", &release.runtime).env("WHEEL", &release.wheel);
    let out = tools::run(&mut verify, TIME);
    assert!(out.ends_with("ended with 1\n"), "{out}");
    let listed = "its files are those that it lists, by their checksums";
    for (name, not_so) in [
        ("changed.deb", &[listed][..]),
        ("more.whl", &[listed]),
        ("newer.deb", &["it needs no glibc newer than 2.5, as the package says"]),
        (
            "other.so",
            &[
                "the library has the functions of this repository's header and no others",
                "its soname is that of this repository's header",
                "it names no folder of the machine that it was built on",
            ],
        ),
    ] {
        assert_eq!(self::not_so(&folder.path().join(name), &out), not_so, "{name}: {out}");
    }
}

const NO_LIBRARY: &str = "it has one shared library";
const NO_GLIBC: &str = "it says which glibc it needs";
const NO_SBOM: &str = "it has one SBOM";
const NO_PROGRAM: &str = "it has one program";
const NOT_BUILT_WITH: [&str; 3] =
    ["it has one static library", "it has one header", "it has one link by which linkers find the library"];

#[test]
fn package_that_lacks_something_is_found_out() {
    let Some(release) = Release::find("packages that lack something") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    let empty = path.join("empty");
    fs::create_dir(&empty).expect("a folder");
    let nothing_to_run =
        "rm usr/lib/*/* usr/share/doc/*/oss_upload.cdx.json && sed -i /^Depends/d DEBIAN/control";
    let runtime = changed(&release.runtime, nothing_to_run, path, "runtime.deb");
    let nothing_to_build_with = "rm usr/lib/*/*.* usr/include/* usr/share/doc/*/oss_upload.cdx.json";
    let dev = changed(&release.dev, nothing_to_build_with, path, "dev.deb");
    let nothing_of_a_server =
        "rm -r usr/bin usr/lib usr/include usr/share/doc/*/*.json && sed -i /^Depends/d DEBIAN/control";
    let emulator = changed(&release.emulator, nothing_of_a_server, path, "emulator.deb");
    let other = changed(
        &release.runtime,
        "sed -i 's/^Package: .*/Package: other/' DEBIAN/control",
        path,
        "other.deb",
    );
    let code = r#"
        python3 -m zipfile -e "$WHEEL" lacking
        (cd lacking && rm oss_upload/*.so.* *.dist-info/sboms/* && python3 -m zipfile -c ../lacking.whl *)
        "$REPOSITORY/packaging/verify" "$@" "$PWD/lacking.whl""#;
    let mut verify = shell(code, path);
    verify.env("WHEEL", &release.wheel).arg("sh").args([&empty, &runtime, &dev, &emulator, &other]);
    let out = tools::run(&mut verify, TIME);
    assert!(out.ends_with("ended with 1\n"), "{out}");
    assert_eq!(not_so(&empty, &out), [&[NO_LIBRARY][..], &NOT_BUILT_WITH].concat(), "{out}");
    assert_eq!(not_so(&runtime, &out), [NO_LIBRARY, NO_GLIBC, NO_SBOM], "{out}");
    assert_eq!(not_so(&dev, &out), [&NOT_BUILT_WITH[..], &[NO_SBOM]].concat(), "{out}");
    let nothing_of_a_server = [&[NO_LIBRARY, NO_GLIBC, NO_SBOM, NO_PROGRAM], &NOT_BUILT_WITH[1..]].concat();
    assert_eq!(not_so(&emulator, &out), nothing_of_a_server, "{out}");
    assert_eq!(not_so(&other, &out), ["it is one of this repository's packages"], "{out}");
    let unlisted = "its files are those that it lists, by their checksums";
    assert_eq!(not_so(&path.join("lacking.whl"), &out), [unlisted, NO_LIBRARY, NO_SBOM], "{out}");
}

#[test]
fn emulator_that_is_made_of_something_else_is_found_out() {
    let Some(release) = Release::find("an emulator that is made of something else") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    let library = "it is made of the crates that the SBOM lists";
    let program = "the program is made of crates that the SBOM lists";
    let newer =
        ["it needs no glibc newer than 2.5, as the package says", "the program needs no newer glibc either"];
    let cases = [
        ("other.deb", r#"sed -i 's/"clap"/"clip"/' usr/share/doc/*/*.cdx.json"#, &[library, program][..]),
        ("unlisted.deb", "objcopy --remove-section .dep-v0 usr/bin/oss-emulator", &[program]),
        ("twice.deb", "cp usr/bin/oss-emulator usr/lib/oss-emulator", &[NO_PROGRAM]),
        ("newer.deb", "sed -i 's/libc6 (>= [0-9.]*)/libc6 (>= 2.5)/' DEBIAN/control", &newer),
    ];
    let packages = cases.map(|(name, change, _)| changed(&release.emulator, change, path, name));
    let mut verify = shell("\"$REPOSITORY/packaging/verify\" \"$@\"", path);
    let out = tools::run(verify.arg("sh").args(&packages), TIME);
    for (package, (name, _, not_so)) in packages.iter().zip(cases) {
        assert_eq!(self::not_so(package, &out), not_so, "{name}: {out}");
    }
}

#[test]
fn package_that_has_something_more_is_found_out() {
    let Some(release) = Release::find("packages that have something more") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    for (change, not_so) in [
        (
            "ln -s /etc/passwd usr/link && mkfifo usr/pipe",
            "it has no special files, and no links that lead elsewhere",
        ),
        (
            "echo '#!/bin/sh' >DEBIAN/postinst && chmod 755 DEBIAN/postinst",
            "it has nothing for dpkg that could run",
        ),
        ("cp usr/lib/*/*.so.* usr/lib/other.so", NO_LIBRARY),
    ] {
        let package = changed(&release.runtime, change, path, "more.deb");
        let mut verify = shell("\"$REPOSITORY/packaging/verify\" \"$@\"", path);
        let out = tools::run(verify.arg("sh").arg(&package), TIME);
        assert!(out.ends_with("ended with 1\n"), "{out}");
        assert_eq!(self::not_so(&package, &out), [not_so], "{out}");
    }
}

#[test]
fn no_name_of_a_file_hides_it() {
    let Some(release) = Release::find("files with odd names in packages") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    // None of them is listed.
    let code = r#"
        dpkg-deb --raw-extract "$DEBIAN" hidden
        touch hidden/.hidden hidden/-P
        dpkg-deb --build -Znone hidden hidden.deb
        python3 -m zipfile -e "$WHEEL" odd
        mkdir odd/oss_upload/odd.dist-info
        touch odd/oss_upload/odd.dist-info/RECORD "odd/oss_upload/odd "
        (cd odd && python3 -m zipfile -c ../odd.whl *)
        "$REPOSITORY/packaging/verify" "$PWD/hidden.deb" "$PWD/odd.whl""#;
    let mut verify = shell(code, folder.path());
    verify.env("DEBIAN", &release.runtime).env("WHEEL", &release.wheel);
    let out = tools::run(&mut verify, TIME);
    for (package, names) in
        [("hidden.deb", &[" .hidden", " -P"]), ("odd.whl", &["/odd.dist-info/RECORD,", "/odd ,"])]
    {
        let package = folder.path().join(package);
        assert_eq!(
            not_so(&package, &out),
            ["its files are those that it lists, by their checksums"],
            "{out}"
        );
        let said = said_of(&package, &out).join("\n");
        assert!(names.iter().all(|name| said.contains(name)), "{said}");
    }
}

#[test]
fn wheel_that_is_not_unpacked_alike_by_all_is_refused() {
    let Some(release) = Release::find("wheels with a file twice") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    let code = r#"
        cp "$WHEEL" twice.whl
        python3 -c "from zipfile import ZipFile; ZipFile('twice.whl', 'a').writestr('oss_upload/./body.py', '')"
        "$REPOSITORY/packaging/verify" "$PWD/twice.whl""#;
    let out = tools::run(shell(code, folder.path()).env("WHEEL", &release.wheel), TIME);
    assert!(out.contains("NOT SO") && out.ends_with("ended with 1\n"), "{out}");
}

/// Where another user makes the packages again, from the archive that has the crates: what is different there, and there is no network.
const ELSEWHERE: &str = r#"
    exec $AS env -i PATH="$PATH" HOME="$PWD/home" TMPDIR="$PWD/tmp" CARGO_HOME="$PWD/crates" CARGO_NET_OFFLINE=true \
        CARGO_BUILD_JOBS=3 TZ=Asia/Shanghai LC_ALL=C.UTF-8 sh -c '
            umask 077
            id -u
            "$0" "$@"
            echo "ended with $?"' "$REPOSITORY/packaging/verify" "$@""#;

/// What runs a command as another user, without a network, and what tells that user. It is no program that is missing where
/// the system lets nobody be another one, as containers may.
fn somebody_else(what: &str) -> (&'static str, &'static str) {
    const COMMAND: &str = "unshare --user --map-user=12345 --map-group=12345 --net";
    let out = tools::command("sh").args(["-c", &format!("{COMMAND} true")]).output().expect("a shell");
    if out.status.success() {
        return (COMMAND, "12345\n");
    }
    println!("SKIPPED: {what}, as another user and with the network cut: the system forbids it");
    ("", "")
}

#[test]
#[ignore = "it makes a release, which takes minutes"]
fn packages_are_the_same_to_the_byte_whoever_makes_them_and_where() {
    let what = "packages that somebody else makes";
    let Some(release) = Release::find(what) else { return };
    let (somebody, user) = somebody_else(what);
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    for name in ["home", "tmp", "crates"] {
        fs::create_dir(path.join(name)).expect("a folder");
    }
    let harm = made_for_harm(&release, path);
    let packages = [&release.dev, &release.runtime, &release.wheel];
    let mut verify = shell(ELSEWHERE, path);
    verify.env("AS", somebody).args(["sh", "--source"]).arg(&release.vendored).args(packages).arg(&harm);
    let out = tools::run(&mut verify, BUILDING_TIME);
    assert!(out.contains(user) && out.ends_with("ended with 1\n"), "{out}");
    for package in packages {
        let said = said_of(package, &out);
        assert_all_so(&said);
        assert_eq!(said.last(), Some(&"  it is what its source makes, to the byte"), "{out}");
    }
    let said = said_of(&harm, &out);
    let not_so = "  NOT SO: it is what its source makes; these are different:";
    let (of_itself, different) =
        said.split_at(said.iter().position(|line| *line == not_so).expect("a verdict"));
    assert_all_so(of_itself);
    assert!(different.iter().any(|line| line.ends_with(env!("OSS_UPLOAD_SONAME"))), "{different:#?}");
}

#[test]
fn source_archives_are_the_same_to_the_byte_whoever_makes_them() {
    let what = "source archives that somebody else makes";
    if !effort::is_worth(what) {
        return;
    }
    let Some(release) = Release::find(what) else { return };
    if !tools::are_there(what, &["git"]) {
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let code = r#"
        git clone --quiet "$REPOSITORY" clone && git -C clone config core.autocrlf true && umask 077 &&
            SOURCE_DATE_EPOCH=1 TZ=Asia/Shanghai clone/packaging/source again &&
            cmp "$SOURCE" "again/${SOURCE##*/}" && cmp "$VENDORED" "again/${VENDORED##*/}""#;
    let mut make = shell(code, folder.path());
    let out = tools::run(make.env("SOURCE", &release.source).env("VENDORED", &release.vendored), TIME);
    assert!(out.ends_with("ended with 0\n"), "{out}");
}

#[test]
fn verifying_nothing_is_refused_with_help() {
    let folder = TempDir::new().expect("a temporary folder");
    let verify = |arguments: &[&str]| {
        let out = Command::new(repository("packaging/verify"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("the script");
        let said = [out.stdout, out.stderr].concat();
        assert!(String::from_utf8_lossy(&said).contains("packaging/verify PACKAGE"), "{arguments:?}");
        out.status.code()
    };
    assert_eq!(verify(&["--help"]), Some(0));
    assert_eq!(verify(&[]), Some(2));
    assert_eq!(verify(&["nowhere.deb"]), Some(2));
    assert_eq!(verify(&["--source", "nowhere.tar.gz", "/"]), Some(2));
    assert_eq!(verify(&["--source"]), Some(2));
    assert_eq!(verify(&["--what", "/"]), Some(2));
}
