//! Objects that have to be restored before they are read, which nothing here does.

use crate::support::{once, start};

#[test]
fn what_is_archived_is_seen_but_not_read() {
    let emulator = start();
    let upload = once(&emulator, "POST", "/test-bucket/parts?uploads", &[], b"").element("UploadId").unwrap();
    let part = format!("/test-bucket/parts?partNumber=1&uploadId={upload}");
    let source = [("x-oss-copy-source", "/test-bucket/k")];
    for (class, status) in
        [("Archive", 403), ("ColdArchive", 403), ("DeepColdArchive", 403), ("IA", 200), ("Standard", 200)]
    {
        let stored = once(&emulator, "PUT", "/test-bucket/k", &[("x-oss-storage-class", class)], b"data");
        assert_eq!(stored.status, 200);
        for (method, target, headers) in [
            ("GET", "/test-bucket/k", [].as_slice()),
            ("PUT", "/test-bucket/copy", &source),
            ("PUT", "/test-bucket/k", &source),
            ("PUT", &part, &source),
        ] {
            let reply = once(&emulator, method, target, headers, b"");
            assert_eq!(reply.status, status, "{class} {method} {target}");
            let code = reply.element("Code");
            assert_eq!(code.is_some_and(|code| code == "InvalidObjectState"), status == 403, "{class}");
        }
        assert_eq!(once(&emulator, "HEAD", "/test-bucket/k", &[], b"").status, 200, "{class}");
    }
    let callback = b"x-oss-process=trigger/callback,callback_eyJjYWxsYmFja1VybCI6ImgiLCJjYWxsYmFja0JvZHkiOiJiIn0=,callback-var_";
    once(&emulator, "PUT", "/test-bucket/k", &[("x-oss-storage-class", "Archive")], b"data");
    let reply = once(&emulator, "POST", "/test-bucket/k?x-oss-process", &[], callback);
    assert_eq!((reply.status, reply.element("Code").as_deref()), (403, Some("InvalidObjectState")));
}

#[test]
fn objects_without_a_class_are_archived_with_their_bucket() {
    let emulator = start();
    let archive =
        b"<CreateBucketConfiguration><StorageClass>Archive</StorageClass></CreateBucketConfiguration>";
    assert_eq!(once(&emulator, "PUT", "/archive/", &[], archive).status, 200);
    assert_eq!(once(&emulator, "PUT", "/archive/k", &[], b"data").status, 200);
    assert_eq!(once(&emulator, "GET", "/archive/k", &[], b"").status, 403);
}
