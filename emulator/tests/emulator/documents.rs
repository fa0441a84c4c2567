//! Documents that requests bring along: whole, once, and with keys that there can be.

use crate::support::{Reply, once, send, start};
use oss_emulator::Emulator;

fn delete(emulator: &Emulator, objects: &str) -> Reply {
    send(emulator, "POST", "/test-bucket/?delete", &format!("<Delete>{objects}</Delete>"))
}

#[test]
fn nothing_is_deleted_if_one_key_cannot_be() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(send(&emulator, "PUT", "/test-bucket/?versioning", versioning).status, 200);
    let long = "k".repeat(1024);
    for (key, ec) in
        [("", "0016-00000611"), ("/k", "0016-00000005"), ("\\k", "0016-00000005"), (&long, "0016-00000002")]
    {
        let objects = format!("<Object><Key>k</Key></Object><Object><Key>{key}</Key></Object>");
        let reply = delete(&emulator, &objects);
        assert_eq!((reply.status, reply.header("x-oss-ec")), (400, Some(ec)), "{key}");
    }
    let nameless = delete(&emulator, "<Object><VersionId>null</VersionId></Object>");
    assert_eq!((nameless.status, nameless.header("x-oss-ec")), (400, Some("0016-00000613")));
    assert_eq!(emulator.keys("test-bucket"), ["k"]);
    assert_eq!(delete(&emulator, "<Object><Key>k</Key></Object>").status, 200);
    assert_eq!(emulator.keys("test-bucket"), [""; 0]);
}

#[test]
fn a_list_of_keys_to_delete_needs_its_md5() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let document = b"<Delete><Object><Key>k</Key></Object></Delete>";
    let reply = once(&emulator, "POST", "/test-bucket/?delete", &[], document);
    assert_eq!((reply.status, reply.header("x-oss-ec")), (400, Some("0016-00000606")));
    assert_eq!(reply.element("Code").unwrap(), "MissingArgument");
    assert_eq!(emulator.keys("test-bucket"), ["k"]);
}

#[test]
fn a_document_that_is_not_one_is_not_carried_out() {
    let emulator = start();
    emulator.put_object("test-bucket", "a", b"");
    emulator.put_object("test-bucket", "b", b"");
    let tags = |sets: &str| format!("<Tagging>{sets}</Tagging>");
    let set = "<TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet>";
    let object = |key: &str| format!("<Object><Key>{key}</Key></Object>");
    let (a, b) = (object("a"), object("b"));
    for (method, target, document) in [
        ("POST", "/test-bucket/?delete", format!("<Delete>{a}</Delete><Delete>{b}</Delete>")),
        ("POST", "/test-bucket/?delete", "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>".into()),
        ("POST", "/test-bucket/?delete", format!("<Delete>{a}</Delete>text")),
        ("POST", "/test-bucket/?delete", format!("<Delete>{a}text{b}</Delete>")),
        ("POST", "/test-bucket/?delete", format!("<Delete a=b c>{a}</Delete>")),
        ("POST", "/test-bucket/?delete", format!("<Delete><Quiet>xyz</Quiet>{a}</Delete>")),
        ("POST", "/test-bucket/?delete", format!("<Delete><Quiet/><Quiet/>{a}</Delete>")),
        ("PUT", "/test-bucket/a?tagging", tags(&[set, "<TagSet/>"].concat())),
        ("PUT", "/test-bucket/a?tagging", tags("text")),
        (
            "PUT",
            "/test-bucket/?versioning",
            "<VersioningConfiguration><Status>Enabled</Status><Status>Suspended</Status></VersioningConfiguration>"
                .into(),
        ),
        (
            "PUT",
            "/new-bucket/",
            "<CreateBucketConfiguration><StorageClass>IA</StorageClass><StorageClass>Archive</StorageClass></CreateBucketConfiguration>"
                .into(),
        ),
    ] {
        let reply = send(&emulator, method, target, &document);
        assert_eq!(
            (reply.status, reply.element("Code").as_deref()),
            (400, Some("MalformedXML")),
            "{document}"
        );
    }
    assert_eq!(emulator.keys("test-bucket"), ["a", "b"]);
    assert_eq!(once(&emulator, "GET", "/new-bucket/", &[], b"").status, 404);
}
