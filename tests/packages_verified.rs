//! Packages are what they say: `packaging/verify` tells those from others, and anybody makes them again, to the byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::{effort, repository, tools};
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(120);
/// A release is built meanwhile.
const BUILDING_TIME: Duration = Duration::from_secs(1200);

/// What was made for a release: the Debian packages, the wheel and the source archives.
struct Release {
    dev: PathBuf,
    runtime: PathBuf,
    wheel: PathBuf,
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
        if !tools::are_there(what, &["dpkg-deb", "objcopy", "python3"]) {
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

/// A Debian package whose library has one other byte, and all that the package says of it is so again.
fn made_for_harm(release: &Release, folder: &Path) -> PathBuf {
    let code = r#"
        dpkg-deb --raw-extract "$PACKAGE" harm &&
            printf '\220' | dd of="$(echo harm/usr/lib/*/liboss_upload.so.*)" bs=1 seek=3000000 conv=notrunc &&
            (cd harm && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums) &&
            dpkg-deb -Znone --root-owner-group --build harm harm.deb"#;
    let out = tools::run(shell(code, folder).env("PACKAGE", &release.runtime), TIME);
    assert!(out.ends_with("ended with 0\n"), "{out}");
    folder.join("harm.deb")
}

#[test]
fn packages_say_of_themselves_what_is_so() {
    let Some(release) = Release::find("what packages say of themselves") else { return };
    let folder = TempDir::new().expect("a temporary folder");
    let mut verify = shell("\"$REPOSITORY/packaging/verify\" \"$@\"", folder.path());
    let packages = [&release.dev, &release.runtime, &release.wheel];
    let out = tools::run(verify.arg("sh").args(packages), TIME);
    assert!(out.ends_with("ended with 0\n"), "{out}");
    for package in packages {
        assert_all_so(&said_of(package, &out));
    }
    let all = ["made of the crates that the SBOM lists", "no folder of the machine", "glibc newer than 2.17"];
    for package in [&release.runtime, &release.wheel] {
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
                "the library has the functions of this repository's list and no others",
                "its soname is that of this repository's header",
                "it names no folder of the machine that it was built on",
            ],
        ),
    ] {
        let said = said_of(&folder.path().join(name), &out);
        let found: Vec<&str> = said.iter().filter_map(|line| line.strip_prefix("  NOT SO: ")).collect();
        assert_eq!(found, not_so, "{name}: {said:#?}");
    }
}

/// Where another user makes the packages again, from the archive that has the crates: what is different there, and there is no network.
const ELSEWHERE: &str = r#"
    exec unshare --user --map-user=12345 --map-group=12345 --net env -i PATH="$PATH" HOME="$PWD/home" TMPDIR="$PWD/tmp" \
        CARGO_HOME="$PWD/crates" CARGO_BUILD_JOBS=3 TZ=Asia/Shanghai LC_ALL=C.UTF-8 sh -c '
            umask 077
            id -u
            "$0" "$@"
            echo "ended with $?"' "$REPOSITORY/packaging/verify" "$@""#;

#[test]
fn packages_are_the_same_to_the_byte_whoever_makes_them_and_where() {
    let what = "packages that somebody else makes";
    if !effort::is_worth(what) {
        return;
    }
    let Some(release) = Release::find(what) else { return };
    let mut question = tools::command("sh");
    question.args(["-c", "unshare --user --map-user=12345 --map-group=12345 --net true"]);
    if !tools::finds(&mut question, what, "nobody can be made another user without a network") {
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    for name in ["home", "tmp", "crates"] {
        fs::create_dir(path.join(name)).expect("a folder");
    }
    let harm = made_for_harm(&release, path);
    let packages = [&release.dev, &release.runtime, &release.wheel];
    let mut verify = shell(ELSEWHERE, path);
    verify.args(["sh", "--source"]).arg(&release.vendored).args(packages).arg(&harm);
    let out = tools::run(&mut verify, BUILDING_TIME);
    assert!(out.contains("12345\n") && out.ends_with("ended with 1\n"), "{out}");
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
        git clone --quiet "$REPOSITORY" clone && umask 077 && TZ=Asia/Shanghai clone/packaging/source again &&
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
