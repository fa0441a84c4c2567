//! Paths are bytes, as Linux has them: a file or a folder whose name is no UTF-8 serves wherever another one does.

use crate::support::bed::assert_ended;
use crate::support::bucket::{TestBucket, app_server, emulator};
use crate::support::c_program::CProgram;
use crate::support::raw_server::{ANSWERED, Identity, RawServer};
use oss_emulator::Answer;
use oss_upload::engine::{Body, ObjectOptions, Status, Stored};
use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// The folders that `tests/c/paths.c` has made: "records" and "outbox" in GBK.
const FOLDERS: [&[u8]; 2] = [b"\xbc\xc7\xc2\xbc", b"\xb7\xa2\xbc\xfe"];

#[test]
fn files_and_folders_with_any_name_are_used() {
    for program in CProgram::variants("paths") {
        let (emulator, failing) = (emulator(), app_server());
        failing.answer(Answer::status(500));
        program.run_on(&TestBucket::emulated(&emulator), &[("FAILING_URL", &failing.url())]);
        for folder in FOLDERS {
            let folder = program.folder().join(OsStr::from_bytes(folder));
            assert!(folder.is_dir(), "{}: there is no {folder:?}", program.label());
        }
    }
}

#[test]
fn certificates_and_keys_are_in_files_with_any_name() {
    let folder = TempDir::new().unwrap();
    let copy = |path: &str, name: &[u8]| -> PathBuf {
        let copy = folder.path().join(OsStr::from_bytes(name));
        fs::copy(path, &copy).unwrap();
        copy
    };
    let client = Identity::new();
    let identity = Identity::new().wanting(&client);
    let server =
        RawServer::on(TcpListener::bind("127.0.0.1:0").unwrap(), Some(identity), |mut connection| {
            connection.read_request();
            connection.say(ANSWERED);
        });
    let bucket = server.bucket(|options| {
        options.set_ca_file(copy(server.identity().unwrap().ca_file(), b"\xd6\xa4\xca\xe9")).unwrap();
        let certificate = copy(client.ca_file(), b"\xbf\xcd\xbb\xa7");
        options.set_client_certificate(certificate, copy(client.key_file(), b"\xc3\xdc\xd4\xbf")).unwrap();
    });
    let outcome = bucket.put("key", Body::Bytes(b"data"), None, &ObjectOptions::default());
    assert_ended(&outcome, Status::Ok, Stored::Yes);
}
