//! Objects that must not be overwritten, whichever way they are stored.

use crate::support::{Reply, once, start};
use oss_emulator::Emulator;

const KEY: &str = "/test-bucket/k";
const FORBID: &str = "x-oss-forbid-overwrite";

fn post(emulator: &Emulator, forbid: &str) -> Reply {
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nform\r\n--b--\r\n";
    let body = field("key", "k") + &field(FORBID, forbid) + file;
    let headers = [("Content-Type", "multipart/form-data; boundary=b")];
    once(emulator, "POST", "/test-bucket/", &headers, body.as_bytes())
}

#[test]
fn a_form_forbids_it_in_the_words_of_a_header() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    for (forbid, code) in [
        ("true", "FileAlreadyExists"),
        ("True", "FileAlreadyExists"),
        ("TRUE", "FileAlreadyExists"),
        ("yes", "InvalidArgument"),
    ] {
        let put = once(&emulator, "PUT", KEY, &[(FORBID, forbid)], b"put");
        for reply in [post(&emulator, forbid), put] {
            assert_eq!(reply.element("Code").as_deref(), Some(code), "{forbid}");
        }
    }
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"data");
    assert_eq!(post(&emulator, "False").status, 204);
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"form");
}
