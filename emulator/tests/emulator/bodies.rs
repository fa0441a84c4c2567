//! What is read of a request besides its line: all of it counts, or it is refused.

use std::time::Duration;

use crate::support::{Client, Reply, once, start, start_with};
use oss_emulator::{Config, Emulator};

const WRONG_MD5: (&str, &str) = ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");

fn begin(emulator: &Emulator) -> String {
    once(emulator, "POST", "/test-bucket/parts?uploads", &[], b"").element("UploadId").unwrap()
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.element("Code").unwrap_or_default())
}

#[test]
fn every_operation_compares_the_md5_and_takes_no_body_that_it_does_not_know() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let copy = ("x-oss-copy-source", "/test-bucket/k");
    let part = format!("/test-bucket/parts?partNumber=1&uploadId={}", begin(&emulator));
    let before = emulator.object("test-bucket", "k");
    for (method, target, headers) in [
        ("PUT", "/test-bucket/?acl", [("x-oss-acl", "private")].as_slice()),
        ("PUT", "/test-bucket/k?acl", &[("x-oss-object-acl", "private")]),
        ("PUT", "/test-bucket/copy", &[copy]),
        ("PUT", &part, &[copy]),
        ("POST", "/test-bucket/begun?uploads", &[]),
    ] {
        let wrong = [headers, &[WRONG_MD5]].concat();
        let reply = once(&emulator, method, target, &wrong, b"");
        assert_eq!(code(&reply), (400, "InvalidDigest".into()), "{target}");
        let reply = once(&emulator, method, target, headers, b"<Document/>");
        assert_eq!(code(&reply), (501, "NotImplemented".into()), "{target}");
    }
    for (method, target) in [
        ("PUT", "/test-bucket/k"),
        ("POST", "/test-bucket/k?append&position=4"),
        ("PUT", part.as_str()),
        ("PUT", "/test-bucket/k?tagging"),
        ("PUT", "/test-bucket/?versioning"),
        ("POST", "/test-bucket/?delete"),
        ("POST", "/test-bucket/k?x-oss-process"),
        ("PUT", "/new-bucket/"),
    ] {
        let reply = once(&emulator, method, target, &[WRONG_MD5], b"other");
        assert_eq!(code(&reply), (400, "InvalidDigest".into()), "{target}");
    }
    assert_eq!(emulator.object("test-bucket", "k"), before);
    assert_eq!(emulator.keys("test-bucket"), ["k"]);
    assert_eq!(emulator.uploads("test-bucket").len(), 1);
}

#[test]
fn what_is_there_twice_and_would_count_once_is_refused() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    for (header, one, other) in [
        ("x-oss-forbid-overwrite", "false", "true"),
        ("X-Oss-Meta-A", "1", "2"),
        ("Content-MD5", "jXd/OF09/siBXSD3SWAm3A==", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("Content-Type", "text/a", "text/b"),
        ("Cache-Control", "no-cache", "no-store"),
        ("If-Match", "\"a\"", "*"),
        ("Range", "bytes=0-1", "bytes=1-2"),
        ("Date", "Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ("Host", "127.0.0.1", "127.0.0.1"),
    ] {
        let headers = [(header, one), (&header.to_ascii_lowercase(), other)];
        let reply = once(&emulator, "PUT", "/test-bucket/k", &headers, b"other");
        assert_eq!(code(&reply), (400, "InvalidArgument".into()), "{header}");
    }
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"data");
    let harmless = [("Accept", "a"), ("Accept", "b"), ("Via", "1.1 a"), ("Via", "1.1 b")];
    assert_eq!(once(&emulator, "GET", "/test-bucket/k", &harmless, b"").status, 200);
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let emulator = start_with(Config { body_timeout: Duration::from_millis(50), ..Config::default() });
    for announced in ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"] {
        let mut client = Client::connect(&emulator);
        let request = format!("PUT /test-bucket/k HTTP/1.1\r\nHost: 127.0.0.1\r\n{announced}");
        client.send_raw(request.as_bytes()).unwrap();
        let reply = client.receive(false).unwrap();
        assert_eq!(code(&reply), (400, "RequestTimeout".into()), "{announced}");
        assert_eq!(reply.header("connection"), Some("close"));
        assert!(client.ends_cleanly());
        let requests = emulator.requests();
        assert_eq!(requests.last().unwrap().status, Some(400));
    }
    assert_eq!(emulator.keys("test-bucket"), [""; 0]);
    let mut client = Client::connect(&emulator);
    for _ in 0..2 {
        assert_eq!(client.put("/test-bucket/k", b"data").unwrap().status, 200);
    }
}
