//! Buckets: how they come to be, and where they are named.

use crate::support::{Client, Reply, once, start, start_with};
use oss_emulator::{Config, Emulator};

fn making_buckets() -> Config {
    Config { auto_create_buckets: true, ..Config::default() }
}

fn put_bucket(emulator: &Emulator, document: &str) -> Reply {
    once(emulator, "PUT", "/new-bucket/", &[], document.as_bytes())
}

fn configuration(element: &str) -> String {
    format!("<CreateBucketConfiguration>{element}</CreateBucketConfiguration>")
}

#[test]
fn a_bucket_is_made_as_its_document_says_where_others_are_made_by_themselves() {
    let emulator = start_with(making_buckets());
    assert_eq!(put_bucket(&emulator, "<CreateBucketConfig").status, 400);
    assert_eq!(put_bucket(&emulator, &configuration("<StorageClass>Cheap</StorageClass>")).status, 400);
    assert_eq!(once(&emulator, "DELETE", "/new-bucket/", &[], b"").status, 404);
    assert_eq!(put_bucket(&emulator, &configuration("<StorageClass>IA</StorageClass>")).status, 200);
    let info = once(&emulator, "GET", "/new-bucket/?bucketInfo", &[], b"");
    assert_eq!(info.element("StorageClass").unwrap(), "IA");
}

#[test]
fn a_bucket_that_is_there_keeps_its_class() {
    let emulator = start();
    let class = |name: &str| configuration(&format!("<StorageClass>{name}</StorageClass>"));
    assert_eq!(put_bucket(&emulator, &class("IA")).status, 200);
    for again in ["", &class("IA")] {
        assert_eq!(put_bucket(&emulator, again).status, 200, "{again}");
    }
    for other in [class("Standard"), configuration("<DataRedundancyType>ZRS</DataRedundancyType>")] {
        let reply = put_bucket(&emulator, &other);
        assert_eq!((reply.status, reply.element("Code").as_deref()), (409, Some("BucketAlreadyExists")));
    }
    let info = once(&emulator, "GET", "/new-bucket/?bucketInfo", &[], b"");
    assert_eq!(info.element("StorageClass").unwrap(), "IA");
}

#[test]
fn only_who_has_an_access_key_makes_a_bucket_by_naming_it() {
    let emulator = Emulator::start(making_buckets()).unwrap();
    let asked = [("Origin", "http://example.test"), ("Access-Control-Request-Method", "PUT")];
    once(&emulator, "OPTIONS", "/new-bucket/k", &asked, b"");
    once(&emulator, "PUT", "/new-bucket/k", &[], b"data");
    let form = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                --b\r\nContent-Disposition: form-data; name=\"OSSAccessKeyId\"\r\n\r\nnobody\r\n\
                --b\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\ne30=\r\n\
                --b\r\nContent-Disposition: form-data; name=\"Signature\"\r\n\r\nAAAA\r\n\
                --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\ndata\r\n--b--\r\n";
    let content_type = [("Content-Type", "multipart/form-data; boundary=b")];
    assert_eq!(once(&emulator, "POST", "/new-bucket/", &content_type, form.as_bytes()).status, 403);
    // Whether there is a bucket is told before who asks.
    assert_eq!(once(&emulator, "DELETE", "/new-bucket/", &[], b"").status, 404);

    let emulator = start_with(making_buckets());
    let form = form.replace("OSSAccessKeyId", "x:1").replace("policy", "x:2").replace("Signature", "x:3");
    assert_eq!(once(&emulator, "POST", "/new-bucket/", &content_type, form.as_bytes()).status, 204);
    assert_eq!(emulator.object("new-bucket", "k").unwrap().data, b"data");
}

#[test]
fn a_key_without_a_bucket_is_refused() {
    for emulator in [start(), start_with(making_buckets())] {
        for method in ["GET", "PUT", "DELETE"] {
            let reply = once(&emulator, method, "//k", &[], b"");
            assert_eq!((reply.status, reply.element("Code").unwrap()), (400, "InvalidBucketName".into()));
        }
        assert_eq!(once(&emulator, "GET", "/", &[], b"").status, 200);
    }
}

#[test]
fn at_an_endpoint_of_oss_a_bucket_is_in_the_host() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    let get = |host: &str, path: &str| {
        let mut client = Client::connect(&emulator);
        client.send_raw(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        client.receive(false).unwrap()
    };
    let refused = get("oss-cn-hangzhou.aliyuncs.com", "/test-bucket/k");
    assert_eq!(
        (refused.status, refused.element("Code").unwrap()),
        (403, "SecondLevelDomainForbidden".into())
    );
    assert_eq!(get("test-bucket.oss-cn-hangzhou.aliyuncs.com", "/k").body, b"data");
    assert_eq!(get("oss-cn-hangzhou.aliyuncs.com", "/").status, 200);
}

#[test]
fn names_of_the_server_may_be_written_as_in_an_endpoint() {
    let emulator = start_with(Config {
        domains: vec!["Oss.Example.Test:8080".to_owned(), "oss.example.org.".to_owned()],
        cnames: [("Static.Example.Com.".to_owned(), "test-bucket".to_owned())].into(),
        ..Config::default()
    });
    emulator.put_object("test-bucket", "k", b"data");
    for host in ["test-bucket.oss.example.test:9000", "test-bucket.oss.example.org", "static.example.com"] {
        let mut client = Client::connect(&emulator);
        client.send_raw(format!("GET /k HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(client.receive(false).unwrap().body, b"data", "{host}");
    }
}
