//! What the emulator does not know is refused, and nothing else is done in its place.

#![allow(clippy::unwrap_used)]

mod support;

use oss_emulator::Emulator;
use support::{once, start};

/// The code that a request is refused with.
fn refusal(emulator: &Emulator, method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let reply = once(emulator, method, target, headers, b"other");
    assert_eq!(reply.status, 501, "{method} {target} {headers:?}: {}", reply.text());
    reply.element("Code").unwrap()
}

#[test]
fn a_request_that_is_not_known_whole_changes_nothing() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    emulator.put_object("empty-bucket", "k", b"");
    emulator.delete_object("empty-bucket", "k");
    let before = emulator.object("test-bucket", "k");
    for (method, target, headers) in [
        ("DELETE", "/empty-bucket/?overwriteConfig", [].as_slice()),
        ("PUT", "/new-bucket/?lifecycle", &[]),
        ("PUT", "/new-bucket/", &[("x-oss-hns-status", "enabled")]),
        ("PUT", "/test-bucket/k?retention", &[]),
        ("PUT", "/test-bucket/k?symlink", &[("x-oss-symlink-target", "other")]),
        ("PUT", "/test-bucket/k", &[("x-oss-object-worm-mode", "COMPLIANCE")]),
        ("PUT", "/test-bucket/new?x-oss-ac-source-ip=10.0.0.1", &[]),
        ("POST", "/test-bucket/k?restore", &[]),
        ("POST", "/test-bucket/new?append&position=0", &[("x-oss-callback", "e30=")]),
        ("DELETE", "/test-bucket/k?legalHold", &[]),
    ] {
        assert_eq!(refusal(&emulator, method, target, headers), "NotImplemented");
    }
    assert_eq!(emulator.object("test-bucket", "k"), before);
    assert_eq!(emulator.keys("test-bucket"), ["k"]);
    assert_eq!(once(&emulator, "GET", "/empty-bucket/", &[], b"").status, 200);
    assert_eq!(once(&emulator, "GET", "/new-bucket/", &[], b"").status, 404);
}

#[test]
fn the_refusal_names_what_is_not_known() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let message = |target| once(&emulator, "GET", target, &[], b"").element("Message").unwrap();
    let process = "/test-bucket/k?x-oss-process=image/resize,w_100";
    assert_eq!(message(process), "The emulator does not know x-oss-process of GetObject.");
    assert_eq!(message("/test-bucket/?cors"), "The emulator does not know cors of ListObjects.");
}

#[test]
fn parameters_that_mean_nothing_to_oss_are_passed_over() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let reply = once(&emulator, "GET", "/test-bucket/k?from=mail&response-expires=never", &[], b"");
    assert_eq!((reply.status, reply.header("expires")), (200, Some("never")));
}
