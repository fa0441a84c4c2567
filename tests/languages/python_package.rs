//! The Python package: its own tests, its types, that it leaves nothing of the library out, and that a wheel of it is whole.

use crate::support::bucket::{TestBucket, app_server, emulator};
use crate::support::languages::{self, Language};
use crate::support::markdown::blocks;
use crate::support::{bindings, emulator_program, files_below, library, read, repository, tools};
use std::fs;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const PACKAGE: &str = "bindings/python";
const TIME: Duration = Duration::from_secs(300);

/// Functions that only Python has no use for: it does the same with another one, or by itself.
const NOT_NEEDED: [(&str, &str); 6] = [
    ("oss_upload_options_set_log", "oss_bucket_options_set_log"),
    ("oss_cancel_has_fired", "Cancel.has_fired"),
    ("oss_callback_verify_with_key", "oss_callback_verifier_set_public_key"),
    ("oss_post_form_to_json", "json.dumps"),
    ("oss_status_name", "Status.name"),
    ("oss_version_number", "oss_check_version"),
];

/// A command of the shell, where Python finds the package's source and all that its checks need.
fn shell(what: &str, code: &str) -> Option<Command> {
    let mut question =
        languages::shell(Language::Python, "python3 -c 'import mypy, pytest, ruff, setuptools'")?;
    if !tools::finds(&mut question, what, "the Python lacks what tests/python/requirements.txt names") {
        return None;
    }
    let mut shell = languages::shell(Language::Python, code)?;
    shell.current_dir(repository(PACKAGE)).env("PYTHONDONTWRITEBYTECODE", "1");
    shell.env("PYTHONPATH", repository(PACKAGE).join("src"));
    shell.env("OSS_UPLOAD_LIBRARY", library::shared_library());
    Some(shell)
}

#[test]
fn package_passes_its_tests() {
    let Some(mut pytest) = shell("the Python package", "python3 -m pytest --quiet") else { return };
    let out = tools::run(pytest.env("OSS_EMULATOR", emulator_program::build()), TIME);
    let last = out.lines().last().unwrap_or_default();
    assert!(last.contains(" passed") && !last.contains("skipped"), "{out}");
}

#[test]
fn package_is_typed_and_formatted() {
    let caches = TempDir::new().expect("a temporary folder");
    let code = "python3 -m ruff format --check; python3 -m ruff check; python3 -m mypy";
    let Some(mut checks) = shell("the types of the Python package", code) else { return };
    checks.env("RUFF_NO_CACHE", "true").env("MYPY_CACHE_DIR", caches.path());
    tools::run(&mut checks, TIME);
}

#[test]
fn code_in_the_documents_is_typed() {
    let folder = TempDir::new().expect("a temporary folder");
    for (number, page) in ["README.md", "bindings/python/README.md"].into_iter().enumerate() {
        let snippets: Vec<String> = blocks(&read(repository(page)))
            .into_iter()
            .filter(|block| block.language == "python")
            .map(|block| block.code + "\n")
            .collect();
        assert!(!snippets.is_empty(), "{page} has no Python");
        fs::write(folder.path().join(format!("page{number}.py")), snippets.concat()).expect("the code");
    }
    let Some(mut mypy) = shell("the Python code", "python3 -m mypy --strict \"$0\"") else { return };
    tools::run(mypy.arg(folder.path()).env("MYPY_CACHE_DIR", folder.path().join("cache")), TIME);
}

#[test]
fn package_is_documented_as_the_readme_says() {
    let readme = read(repository(PACKAGE).join("README.md"));
    let command = readme.split('`').find(|text| text.starts_with("python3 -m pydoc ")).expect("the command");
    let Some(mut pydoc) = shell("the documentation of the Python package", command) else { return };
    let out = tools::run(&mut pydoc, TIME);
    assert!(out.contains("A value that cannot be is a ValueError") && out.contains("class Bucket("), "{out}");
}

#[test]
fn package_leaves_nothing_of_the_library_out() {
    let source: String = files_below(&format!("{PACKAGE}/src"))
        .iter()
        .filter(|file| file.ends_with(".py"))
        .map(|file| read(repository(file)))
        .collect();
    assert_eq!(bindings::differences(&source, &NOT_NEEDED), Vec::<String>::new());
}

#[test]
fn package_has_the_version_of_the_library() {
    let project = read(repository(PACKAGE).join("pyproject.toml"));
    assert!(project.contains(&format!("\nversion = \"{}\"\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn library_without_a_soname_makes_no_wheel() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    let code = "\
        echo 'int nothing;' | gcc -shared -x c -o none.so -
        ! \"$REPOSITORY/packaging/wheel\" none.so wheels 2>said
        cat said; ls wheels";
    let Some(mut shell) = shell("a wheel of nothing", code) else { return };
    let out = tools::run(shell.current_dir(path).env("REPOSITORY", repository("")), TIME);
    assert!(out.contains("none.so has no soname") && !out.contains(".whl"), "{out}");
}

/// A program that puts with a callback, with what the wheel brought along.
const PROGRAM: &str = r#"
import os
import oss_upload

bucket = oss_upload.Bucket(os.environ["OSS_ENDPOINT"], os.environ["OSS_BUCKET"], oss_upload.Credentials.from_environment())
result = bucket.put("key", b"hello", oss_upload.Callback(os.environ["OSS_CALLBACK_URL"], "object=${object}"))
print(result.stored.name, oss_upload.__file__)
"#;

/// An environment that has nothing of its own but what pip installs to it; cffi and setuptools come from that of the tests.
const INSTALL: &str = "\
    python3 -m venv --without-pip venv
    python3 -c 'import cffi, pathlib; print(pathlib.Path(cffi.__file__).parent.parent)' >cffi.pth
    mv cffi.pth venv/lib/python*/site-packages
    unset PYTHONPATH
    pip() { # install WHAT
        python3 -m pip --quiet --disable-pip-version-check --python venv/bin/python \\
            \"$1\" --no-index --no-deps --no-build-isolation \"$2\"
    }
";

#[test]
fn wheel_has_all_that_a_program_needs() {
    let out = assert_installs(
        "a wheel of the Python package",
        "\"$REPOSITORY/packaging/wheel\" \"$OSS_UPLOAD_LIBRARY\" wheels
        ls wheels/oss_upload-*-py3-none-manylinux_2_*.whl
        python3 -c 'import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); \
            print(wheel.read(*[name for name in wheel.namelist() if name.endswith(\"/WHEEL\")]).decode())' wheels/*.whl
        pip install wheels/*.whl
        unset OSS_UPLOAD_LIBRARY",
    );
    let Some(out) = out else { return };
    let tagged = |line: &str| line.starts_with("Tag: py3-none-manylinux_2_");
    assert!(out.lines().any(|line| line == "Root-Is-Purelib: false") && out.lines().any(tagged), "{out}");
}

/// Where the library is installed.
#[test]
fn package_is_installed_from_its_folder() {
    let readme = read(repository("README.md"));
    let command = readme.split('`').find(|text| text.starts_with("pip install ")).expect("the command");
    // What pip builds in the folder is not for the repository; the folder has a link to a header.
    let copy =
        "mkdir bindings; cp -R \"$REPOSITORY/bindings/python\" bindings; ln -s \"$REPOSITORY/include\" .";
    assert_installs("the Python package in its folder", &format!("{copy}\n{command}"));
}

/// The package is had by these commands, and a program puts with it. Gives what they print, unless they cannot be run.
fn assert_installs(what: &str, commands: &str) -> Option<String> {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    let code = format!("{INSTALL}\n{commands}\nvenv/bin/python -c \"$0\"");
    let mut shell = shell(what, &code)?;
    let (emulator, application) = (emulator(), app_server());
    shell.arg(PROGRAM).current_dir(path).env("REPOSITORY", repository(""));
    shell.envs(TestBucket::emulated(&emulator).environment()).env("OSS_CALLBACK_URL", application.url());
    let out = tools::run(&mut shell, TIME);
    let imported = format!("YES {}", path.join("venv").display());
    assert!(out.lines().last().is_some_and(|line| line.starts_with(&imported)), "{out}");
    assert_eq!(application.requests().len(), 1);
    Some(out)
}
