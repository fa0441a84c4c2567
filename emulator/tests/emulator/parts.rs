//! Uploads in parts: what they are begun with, and how large they may become.

use crate::support::{Reply, once, start, start_with};
use oss_emulator::{Config, Emulator};

const WRONG_MD5: (&str, &str) = ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");

fn begin(emulator: &Emulator, headers: &[(&str, &str)]) -> String {
    let begun = once(emulator, "POST", "/test-bucket/k?uploads", headers, b"");
    begun.element("UploadId").unwrap()
}

fn complete(emulator: &Emulator, upload: &str) -> Reply {
    let target = format!("/test-bucket/k?uploadId={upload}");
    once(emulator, "POST", &target, &[("x-oss-complete-all", "yes")], b"")
}

#[test]
fn all_parts_together_are_no_larger_than_an_object() {
    let emulator = start_with(Config { object_size_limit: 10, min_part_size: 1, ..Config::default() });
    emulator.put_object("test-bucket", "source", b"12345");
    let upload = begin(&emulator, &[]);
    let part = |number: u32, headers: &[(&str, &str)], data: &[u8]| {
        let target = format!("/test-bucket/k?partNumber={number}&uploadId={upload}");
        let reply = once(&emulator, "PUT", &target, headers, data);
        reply.element("Code").unwrap_or_else(|| reply.status.to_string())
    };
    let copy = [("x-oss-copy-source", "/test-bucket/source")];
    assert_eq!(part(1, &[], b"123456"), "200");
    assert_eq!(part(2, &[], b"12345"), "EntityTooLarge");
    assert_eq!(part(2, &copy, b""), "EntityTooLarge");
    // A part that takes the place of another is counted in its place.
    assert_eq!(part(1, &[], b"abcde"), "200");
    assert_eq!(part(2, &copy, b""), "200");
    assert_eq!(complete(&emulator, &upload).status, 200);
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"abcde12345");
}

#[test]
fn what_was_forbidden_at_the_beginning_holds_at_the_end_and_is_no_header() {
    let emulator = start();
    let upload = begin(&emulator, &[("x-oss-forbid-overwrite", "true")]);
    emulator.put_object("test-bucket", "k", b"other");
    assert_eq!(complete(&emulator, &upload).element("Code").unwrap(), "FileAlreadyExists");
    emulator.delete_object("test-bucket", "k");
    assert_eq!(complete(&emulator, &upload).status, 200);
    assert_eq!(emulator.object("test-bucket", "k").unwrap().headers, []);
}

#[test]
fn an_upload_that_is_refused_has_not_begun() {
    let emulator = start();
    for (target, headers) in [
        ("/test-bucket/k?uploads&encoding-type=xml", [].as_slice()),
        ("/test-bucket/k?uploads", &[WRONG_MD5]),
    ] {
        assert_eq!(once(&emulator, "POST", target, headers, b"").status, 400, "{target}");
    }
    assert_eq!(emulator.uploads("test-bucket"), []);
    assert_eq!(once(&emulator, "PUT", "/new-bucket/", &[WRONG_MD5], b"").status, 400);
    assert_eq!(once(&emulator, "GET", "/new-bucket/", &[], b"").status, 404);
}

#[test]
fn lists_tell_the_class_that_an_upload_was_begun_with() {
    let emulator = start();
    for (headers, class) in [([].as_slice(), "Standard"), (&[("x-oss-storage-class", "IA")], "IA")] {
        let upload = begin(&emulator, headers);
        for target in [format!("/test-bucket/k?uploadId={upload}"), "/test-bucket/?uploads".to_owned()] {
            let listed = once(&emulator, "GET", &target, &[], b"");
            assert_eq!(listed.element("StorageClass").as_deref(), Some(class), "{target}");
        }
        once(&emulator, "DELETE", &format!("/test-bucket/k?uploadId={upload}"), &[], b"");
    }
}
