//! The official Python SDKs judge: they find in the emulator the server they know, and share objects, uploads and
//! signed URLs with the library.

use crate::support::bucket::{TestBucket, emulator};
use crate::support::c_program::{CProgram, Linkage};
use crate::support::{emulator_program, noise, repository, tools};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const SUITE_TIME: Duration = Duration::from_secs(600);
const EXCHANGE_TIME: Duration = Duration::from_secs(60);

/// The Python to use; `None`, and it is said why, when there is none that has the SDKs.
fn python(what: &str) -> Option<OsString> {
    tools::python().map_err(|why| tools::skip(what, &why)).ok()
}

/// What is about the library as well, and so needs a program that uses it.
const PRESIGNED: &str = "tests/python/test_presigned.py";

/// Runs tests of `tests/python`, with this in their environment.
fn pytest(python: &OsString, arguments: &[&str], environment: &[(&str, &Path)]) {
    let mut command = Command::new(python);
    command.args(["-m", "pytest", "--quiet", "-rs"]).args(arguments).current_dir(repository(""));
    command.env("OSS_EMULATOR", emulator_program::build()).env("PYTHONDONTWRITEBYTECODE", "1");
    command.envs(environment.iter().copied());
    let out = tools::run(&mut command, SUITE_TIME);
    let last = out.lines().last().unwrap_or_default();
    assert!(last.contains(" passed") && !last.contains("failed"), "{out}");
}

#[test]
fn the_official_python_sdks_accept_the_emulator() {
    let Some(python) = python("the emulator by the official Python SDKs") else { return };
    pytest(&python, &["tests/python", "--ignore", PRESIGNED], &[]);
}

#[test]
fn urls_that_the_official_sdks_sign_and_urls_that_the_library_signs_work_for_others() {
    let Some(python) = python("signed URLs by the official Python SDKs") else { return };
    let library = CProgram::compile("presigned_exchange", Linkage::Shared);
    pytest(&python, &[PRESIGNED], &[("OSS_PRESIGNED_EXCHANGE", library.path())]);
}

/// Our library and oss2 with one bucket between them.
struct Exchange {
    bucket: TestBucket,
    ours: CProgram,
    python: OsString,
}

impl Exchange {
    fn ours(&self, arguments: &[&str]) -> String {
        first_line(&self.ours.call(&self.bucket, arguments))
    }

    fn theirs(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.python);
        command.arg(repository("tests/support/exchange.py")).args(arguments).envs(self.bucket.environment());
        first_line(&tools::run(&mut command, EXCHANGE_TIME))
    }

    fn file(&self, name: &str, data: &[u8]) -> String {
        let path = self.ours.folder().join(name);
        fs::write(&path, data).expect("a file to share");
        path.display().to_string()
    }

    /// What oss2 reads under a key. It compares the CRC-64 as well.
    fn read_by_theirs(&self, key: &str) -> Vec<u8> {
        let path = self.file("read", b"");
        self.theirs(&["get", key, &path]);
        fs::read(path).expect("what was read")
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn objects_and_multipart_uploads_are_shared_with_the_official_sdk() {
    let Some(python) = python("sharing with the official Python SDK") else { return };
    let emulator = emulator();
    let exchange = Exchange {
        bucket: TestBucket::emulated(&emulator),
        ours: CProgram::compile("exchange", Linkage::Shared),
        python,
    };
    let data = noise((1 << 20) + 3);
    let (first, second) = data.split_at(300_000);
    let (whole, first, second) =
        (exchange.file("whole", &data), exchange.file("first", first), exchange.file("second", second));

    for key in ["put/plain", "put/名字 a+b%2F?c&d=e"] {
        exchange.ours(&["put", key, &whole]);
        assert!(exchange.read_by_theirs(key) == data, "{key}");
    }

    let key = "begun by ours/名";
    let upload_id = exchange.ours(&["begin", key, &first]);
    assert_eq!(exchange.theirs(&["finish", key, &upload_id, &second]), upload_id);
    assert!(exchange.read_by_theirs(key) == data, "{key}");

    let key = "begun by theirs/名";
    let upload_id = exchange.theirs(&["begin", key, &first]);
    exchange.ours(&["finish", key, &upload_id, &second]);
    assert!(exchange.read_by_theirs(key) == data, "{key}");
}
