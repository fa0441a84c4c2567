//! Copies: how large an object may be that is copied at once, what it becomes, and what is no source.

use crate::support::{once, start, start_with};
use oss_emulator::Config;

#[test]
fn only_what_stays_where_and_as_it_is_can_be_of_any_size() {
    let buckets = vec!["bucket-a".to_owned(), "bucket-b".to_owned()];
    let emulator = start_with(Config { copy_size_limit: 4, buckets, ..Config::default() });
    emulator.put_object("bucket-a", "large", b"12345");
    emulator.put_object("bucket-a", "small", b"1234");
    let copy = |source: &str, target: &str, class: &str| {
        let headers = [("x-oss-copy-source", source), ("x-oss-storage-class", class)];
        let headers = if class.is_empty() { &headers[..1] } else { &headers[..] };
        let reply = once(&emulator, "PUT", target, headers, b"");
        reply.element("Code").unwrap_or_else(|| reply.status.to_string())
    };
    assert_eq!(copy("/bucket-a/large", "/bucket-a/copy", ""), "200");
    assert_eq!(copy("/bucket-a/large", "/bucket-b/copy", ""), "EntityTooLarge");
    assert_eq!(copy("/bucket-a/large", "/bucket-a/class", "IA"), "EntityTooLarge");
    assert_eq!(copy("/bucket-a/small", "/bucket-b/copy", "IA"), "200");
    assert_eq!(emulator.keys("bucket-a"), ["copy", "large", "small"]);
}

#[test]
fn an_object_that_is_copied_onto_itself_stays_of_its_type_while_its_data_can_stay() {
    let emulator = start();
    once(&emulator, "POST", "/test-bucket/k?append&position=0", &[("Content-Type", "text/a")], b"data");
    let kind = |headers: &[(&str, &str)]| {
        let headers = [&[("x-oss-copy-source", "/test-bucket/k")], headers].concat();
        assert_eq!(once(&emulator, "PUT", "/test-bucket/k", &headers, b"").status, 200, "{headers:?}");
        emulator.object("test-bucket", "k").unwrap().object_type
    };
    assert_eq!(kind(&[("Content-Type", "text/b")]), "Appendable");
    assert_eq!(kind(&[("x-oss-storage-class", "Standard")]), "Appendable");
    assert_eq!(emulator.object("test-bucket", "k").unwrap().header("content-type"), None);
    assert_eq!(once(&emulator, "POST", "/test-bucket/k?append&position=4", &[], b"more").status, 200);
    assert_eq!(kind(&[("x-oss-storage-class", "IA")]), "Normal");
}

#[test]
fn a_copy_onto_itself_is_another_version_with_versions() {
    let emulator = start();
    let versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    once(&emulator, "POST", "/test-bucket/k?append&position=0", &[], b"data");
    assert_eq!(once(&emulator, "PUT", "/test-bucket/?versioning", &[], versioning).status, 200);
    let copied = once(&emulator, "PUT", "/test-bucket/k", &[("x-oss-copy-source", "/test-bucket/k")], b"");
    assert_eq!(copied.status, 200);
    assert_eq!(emulator.object("test-bucket", "k").unwrap().object_type, "Normal");
}

#[test]
fn a_delete_marker_is_no_source() {
    let emulator = start();
    let versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(once(&emulator, "PUT", "/test-bucket/?versioning", &[], versioning).status, 200);
    emulator.put_object("test-bucket", "k", b"data");
    let marker = once(&emulator, "DELETE", "/test-bucket/k", &[], b"");
    let source = format!("/test-bucket/k?versionId={}", marker.header("x-oss-version-id").unwrap());
    let source = [("x-oss-copy-source", source.as_str())];
    let upload = once(&emulator, "POST", "/test-bucket/parts?uploads", &[], b"").element("UploadId").unwrap();
    let part = format!("/test-bucket/parts?partNumber=1&uploadId={upload}");
    let copied = once(&emulator, "PUT", "/test-bucket/copy", &source, b"");
    assert_eq!((copied.status, copied.header("x-oss-ec")), (404, Some("0016-00000307")));
    let copied = once(&emulator, "PUT", &part, &source, b"");
    assert_eq!((copied.status, copied.element("Code").as_deref()), (400, Some("InvalidArgument")));
}
