//! What the emulator does not know is refused, and nothing else is done in its place.

use crate::support::{once, send, start};
use oss_emulator::Emulator;

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
        ("PUT", "/test-bucket/k?rename=other", &[]),
        ("PUT", "/test-bucket/k?symlink", &[("x-oss-symlink-target", "other")]),
        ("PUT", "/test-bucket/k", &[("x-oss-object-worm-mode", "COMPLIANCE")]),
        ("PUT", "/test-bucket/new?x-oss-ac-source-ip=10.0.0.1", &[]),
        ("POST", "/test-bucket/k?restore", &[]),
        ("POST", "/test-bucket/new?append&position=0", &[("x-oss-callback", "e30=")]),
        ("POST", "/test-bucket/new?append&position=0", &[("x-oss-forbid-overwrite", "true")]),
        ("DELETE", "/test-bucket/k?legalHold", &[]),
        ("DELETE", "/test-bucket/k", &[("If-Match", "\"other\"")]),
        ("PUT", "/test-bucket/k?acl", &[("x-oss-object-acl", "private"), ("If-None-Match", "*")]),
        ("PUT", "/test-bucket/k?tagging", &[("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")]),
        ("PUT", "/test-bucket/k?partNumber=1&uploadId=x", &[("If-Match", "\"other\"")]),
        ("POST", "/test-bucket/k?uploadId=x", &[("If-None-Match", "*")]),
        ("GET", "/test-bucket/k?objectMeta", &[("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")]),
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

#[test]
fn what_is_stored_whole_has_no_conditions() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    for (method, target, headers) in [
        ("PUT", "/test-bucket/k", [].as_slice()),
        ("PUT", "/test-bucket/k", &[("x-oss-copy-source", "/test-bucket/k")]),
        ("POST", "/test-bucket/k?append&position=4", &[]),
        ("POST", "/test-bucket/k?uploads", &[]),
    ] {
        let headers = [headers, &[("If-None-Match", "*")]].concat();
        let reply = once(&emulator, method, target, &headers, b"");
        let header = reply.element("Header");
        assert_eq!((reply.status, header.as_deref()), (400, Some("If-None-Match")), "{method} {target}");
    }
}

#[test]
fn a_limit_of_traffic_is_right_and_given_once() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let read = |query: &str, header: &[(&str, &str)]| {
        let reply = once(&emulator, "GET", &format!("/test-bucket/k{query}"), header, b"");
        (reply.status, reply.element("EC").unwrap_or_default())
    };
    let refused = (400, "0004-00000502".to_owned());
    let good = ("x-oss-traffic-limit", "819200");
    assert_eq!(read("?x-oss-traffic-limit=1", &[]), refused);
    assert_eq!(read("", &[("x-oss-traffic-limit", "1")]), refused);
    assert_eq!(read("?x-oss-traffic-limit=819200", &[good]), refused);
    assert_eq!(read("?x-oss-traffic-limit=819200", &[]).0, 200);
    assert_eq!(read("", &[good]).0, 200);
}

#[test]
fn numbers_are_digits() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let upload = once(&emulator, "POST", "/test-bucket/parts?uploads", &[], b"").element("UploadId").unwrap();
    for (method, target, headers) in [
        ("PUT", format!("/test-bucket/parts?uploadId={upload}&partNumber=%2B1"), [].as_slice()),
        ("GET", "/test-bucket/?max-keys=%2B1".into(), &[]),
        ("GET", "/test-bucket/k".into(), &[("x-oss-traffic-limit", "+819200")]),
        ("POST", "/test-bucket/new?append&position=%2B0".into(), &[]),
    ] {
        let reply = once(&emulator, method, &target, headers, b"");
        assert_eq!(
            (reply.status, reply.element("Code").as_deref()),
            (400, Some("InvalidArgument")),
            "{target}"
        );
    }
}

#[test]
fn what_is_of_kms_needs_kms() {
    let emulator = start();
    let method = "x-oss-server-side-encryption";
    for (name, value) in
        [(format!("{method}-key-id"), "key"), ("x-oss-server-side-data-encryption".into(), "SM4")]
    {
        let header = (name.as_str(), value);
        for (headers, status) in [
            ([header].as_slice(), 400),
            (&[header, (method, "AES256")], 400),
            (&[header, (method, "KMS")], 200),
        ] {
            let reply = once(&emulator, "PUT", "/test-bucket/k", headers, b"");
            assert_eq!(reply.status, status, "{headers:?}");
        }
    }
}

#[test]
fn an_element_that_is_not_known_is_not_passed_over() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let begun = once(&emulator, "POST", "/test-bucket/parts?uploads", &[], b"");
    let complete = format!("/test-bucket/parts?uploadId={}", begun.element("UploadId").unwrap());
    for (method, target, document, unknown) in [
        (
            "PUT",
            "/test-bucket/?versioning",
            "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>",
            "VersioningConfiguration/MfaDelete",
        ),
        (
            "PUT",
            "/test-bucket/k?tagging",
            "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value><Kind/></Tag></TagSet></Tagging>",
            "Tagging/TagSet/Tag/Kind",
        ),
        (
            "POST",
            "/test-bucket/?delete",
            "<Delete><Object><Key>k</Key><ETag>x</ETag></Object></Delete>",
            "Delete/Object/ETag",
        ),
        (
            "POST",
            &complete,
            "<CompleteMultipartUpload><Tag/></CompleteMultipartUpload>",
            "CompleteMultipartUpload/Tag",
        ),
        (
            "PUT",
            "/test-bucket/?policy&comp=callback",
            "<BucketCallbackPolicy><PolicyItem><Filter>x</Filter></PolicyItem></BucketCallbackPolicy>",
            "BucketCallbackPolicy/PolicyItem/Filter",
        ),
        (
            "PUT",
            "/new-bucket/",
            "<CreateBucketConfiguration><Hash>x</Hash></CreateBucketConfiguration>",
            "CreateBucketConfiguration/Hash",
        ),
    ] {
        let reply = send(&emulator, method, target, document);
        let message = format!("The emulator does not know {unknown}.");
        assert_eq!((reply.status, reply.element("Message")), (501, Some(message)), "{document}");
        // A document of another kind is not one of OSS's at all.
        let reply = send(&emulator, method, target, "<Other/>");
        assert_eq!((reply.status, reply.element("Code").as_deref()), (400, Some("MalformedXML")), "{target}");
    }
    assert_eq!(emulator.keys("test-bucket"), ["k"]);
}
