//! Objects as they are read: ranges, conditions, and all that they were stored with.

use crate::support::{Client, Reply, once, start};
use oss_emulator::Emulator;

const KEY: &str = "/test-bucket/k";

fn read(emulator: &Emulator, headers: &[(&str, &str)]) -> Reply {
    once(emulator, "GET", KEY, headers, b"")
}

#[test]
fn a_range_that_the_object_has_not_got_is_the_whole_object_or_as_the_standard_says() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"0123456789");
    let standard = ("x-oss-range-behavior", "standard");
    for (range, as_oss, as_standard) in [
        ("bytes=2-4", (206, "234"), (206, "234")),
        ("bytes=8-20", (200, "0123456789"), (206, "89")),
        ("bytes=-20", (200, "0123456789"), (206, "0123456789")),
        ("bytes=10-", (200, "0123456789"), (416, "")),
        ("bytes=1-2,4-5", (206, "12"), (206, "12")),
        ("byte=1-2", (200, "0123456789"), (200, "0123456789")),
    ] {
        let reply = read(&emulator, &[("Range", range)]);
        assert_eq!((reply.status, reply.text().as_str()), as_oss, "{range}");
        let reply = read(&emulator, &[("Range", range), standard]);
        assert_eq!(reply.status, as_standard.0, "{range}");
        if reply.status == 416 {
            assert_eq!(reply.element("Code").unwrap(), "InvalidRange");
            assert_eq!(reply.header("content-range"), Some("bytes */10"));
        } else {
            assert_eq!(reply.text(), as_standard.1, "{range}");
        }
    }
}

#[test]
fn every_condition_has_to_hold() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let stored = read(&emulator, &[]);
    let (etag, modified) = (stored.header("etag").unwrap(), stored.header("last-modified").unwrap());
    let (before, after) = ("Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    for (conditions, status) in [
        ([("If-Match", etag), ("If-Unmodified-Since", modified)].as_slice(), 200),
        (&[("If-None-Match", "\"other\""), ("If-Modified-Since", before)], 200),
        (&[("If-Modified-Since", "no date"), ("If-Unmodified-Since", "no date")], 200),
        (&[("If-Match", "\"other\"")], 412),
        (&[("If-Unmodified-Since", before)], 412),
        (&[("If-Match", etag), ("If-Unmodified-Since", before)], 412),
        (&[("If-None-Match", etag)], 304),
        (&[("If-Modified-Since", modified)], 304),
        (&[("If-Modified-Since", after)], 304),
        (&[("If-None-Match", "\"other\""), ("If-Modified-Since", after)], 304),
        (&[("If-Match", "\"other\""), ("If-None-Match", etag)], 412),
    ] {
        for method in ["GET", "HEAD"] {
            let reply = once(&emulator, method, KEY, conditions, b"");
            assert_eq!(reply.status, status, "{method} {conditions:?}");
            if status == 412 {
                assert_eq!(reply.header("x-oss-ec"), Some("0017-00001001"));
            }
        }
    }
}

#[test]
fn metadata_comes_back_byte_for_byte() {
    let emulator = start();
    let values = [b"\xff\xfe raw".as_slice(), "名字".as_bytes(), b"\xf4\x8f\xbf\xbf"];
    for value in values {
        let mut request = b"PUT /test-bucket/k HTTP/1.1\r\nContent-Length: 0\r\nx-oss-meta-a: ".to_vec();
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n\r\n");
        let mut client = Client::connect(&emulator);
        client.send_raw(&request).unwrap();
        assert_eq!(client.receive(false).unwrap().status, 200);
        client.send_raw(b"GET /test-bucket/k HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        let reply = client.receive_raw();
        let expected = [b"\r\nx-oss-meta-a: ", value, b"\r\n"].concat();
        assert!(reply.windows(expected.len()).any(|window| window == expected), "{value:?}");
    }
}

#[test]
fn replies_say_how_an_object_is_encrypted() {
    let emulator = start();
    let asked = [("x-oss-server-side-encryption", "KMS"), ("x-oss-server-side-encryption-key-id", "the-key")];
    let check = |reply: &Reply, what: &str| {
        for (name, value) in asked {
            assert_eq!(reply.header(name), Some(value), "{what}");
        }
    };
    check(&once(&emulator, "PUT", KEY, &asked, b"data"), "PutObject");
    check(&once(&emulator, "HEAD", KEY, &[], b""), "HeadObject");
    check(&read(&emulator, &[]), "GetObject");
    check(&once(&emulator, "POST", "/test-bucket/log?append&position=0", &asked, b"data"), "AppendObject");
    let initiated = once(&emulator, "POST", "/test-bucket/k?uploads", &asked, b"");
    check(&initiated, "InitiateMultipartUpload");
    let target = format!("{KEY}?uploadId={}", initiated.element("UploadId").unwrap());
    let part = format!("{target}&partNumber=1");
    check(&once(&emulator, "PUT", &part, &[("x-oss-copy-source", KEY)], b""), "UploadPartCopy");
    check(&once(&emulator, "PUT", &part, &[], b"data"), "UploadPart");
    let completed = once(&emulator, "POST", &target, &[("x-oss-complete-all", "yes")], b"");
    assert_eq!(completed.status, 200);
    check(&completed, "CompleteMultipartUpload");
}

#[test]
fn nothing_that_a_client_chooses_splits_a_reply() {
    let emulator = start();
    let persistent = [("x-oss-persistent-headers", "a:9I+8jfSPvIpFdmlsOiB5ZXMA")];
    assert_eq!(once(&emulator, "PUT", "/test-bucket/k", &persistent, b"data").status, 200);
    let asked = "/test-bucket/k?response-content-type=a%F4%8F%BC%8D%F4%8F%BC%8AEvil:%20yes\
                 &response-content-language=b%0D%0AEvil:%20yes%00";
    let reply = once(&emulator, "GET", asked, &[], b"");
    assert_eq!((reply.status, reply.header("evil")), (200, None));
    assert_eq!(reply.header("content-type"), Some("a\u{10FF0D}\u{10FF0A}Evil: yes"));
    assert_eq!(reply.header("content-language"), Some("b  Evil: yes"));
    assert_eq!(reply.header("a"), Some("\u{10FF0D}\u{10FF0A}Evil: yes"));
}
