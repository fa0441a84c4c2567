//! What the server promises besides faults.

use std::io::Read;
use std::time::Duration;

use crate::support::{Client, once, start, start_with};
use oss_emulator::{Config, Credential, Emulator};

const KEY: &str = "/test-bucket/k";

#[test]
fn malformed_requests_get_400_and_harm_nobody() {
    let emulator = start();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000));
    for request in [
        b"nonsense\r\n\r\n".as_slice(),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"PUT /test-bucket/k HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"PUT /test-bucket/k HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"PUT /test-bucket/k HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"PUT /test-bucket/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PUT /test-bucket/%FF%FE HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        b"PUT /test-bucket/k?partNumber=x&uploadId=y HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        b"POST /test-bucket/k?uploadId=y HTTP/1.1\r\nContent-Length: 1\r\n\r\n<",
        b"GET /test-bucket/?max-keys=x HTTP/1.1\r\n\r\n",
        b"PUT /B_AD HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        long.as_bytes(),
    ] {
        let mut client = Client::connect(&emulator);
        client.send_raw(request).unwrap();
        let reply = client.receive(false).unwrap();
        assert_eq!(reply.status, 400, "{}", String::from_utf8_lossy(&request[..request.len().min(80)]));
        assert_eq!(once(&emulator, "PUT", KEY, &[], b"data").status, 200);
    }
}

#[test]
fn clients_that_vanish_harm_nobody() {
    let emulator = start();
    for request in [
        b"".as_slice(),
        b"PUT /test",
        b"PUT /test-bucket/cut HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc",
        b"PUT /test-bucket/cut HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ] {
        Client::connect(&emulator).send_raw(request).unwrap();
        assert_eq!(once(&emulator, "PUT", KEY, &[], b"data").status, 200);
    }
    assert!(emulator.object("test-bucket", "cut").is_none());
}

#[test]
fn wrong_authorizations_are_refused_without_panic() {
    let emulator = Emulator::start(Config::default()).unwrap();
    for (authorization, status) in [
        ("OSS", 400),
        ("OSS a", 400),
        ("OSS :x", 400),
        ("Basic abc", 400),
        ("OSS4-HMAC-SHA256", 400),
        ("OSS4-HMAC-SHA256 Credential=///,Signature=", 400),
        ("OSS nobody:sig", 403),
        ("OSS emulator-access-key-id:sig", 403),
    ] {
        let headers = [("Authorization", authorization)];
        assert_eq!(once(&emulator, "PUT", KEY, &headers, b"").status, status, "{authorization}");
    }
    let mut client = Client::connect(&emulator);
    let twice = "Authorization: OSS nobody:sig\r\nAuthorization: OSS emulator-access-key-id:sig\r\n";
    client.send_raw(format!("GET {KEY} HTTP/1.1\r\n{twice}\r\n").as_bytes()).unwrap();
    assert_eq!(client.receive(false).unwrap().element("ArgumentName").unwrap(), "Authorization");
    let anonymous = once(&emulator, "PUT", KEY, &[], b"data");
    assert_eq!((anonymous.status, anonymous.element("Code").unwrap()), (403, "AccessDenied".into()));
    for target in ["/test-bucket/k?Signature=x", "/test-bucket/k?OSSAccessKeyId=x&Expires=y&Signature=z"] {
        assert_eq!(once(&emulator, "GET", target, &[], b"").status, 403, "{target}");
    }
    assert_eq!(once(&emulator, "GET", "/test-bucket/k?x-oss-signature=1", &[], b"").status, 400);
    // Whoever signs nothing has no URL that expires.
    assert_eq!(once(&start(), "PUT", "/test-bucket/k?Expires=99999999999", &[], b"").status, 403);
}

#[test]
fn connections_are_kept_counted_and_closed_on_request() {
    let emulator = start();
    let mut clients = [Client::connect(&emulator), Client::connect(&emulator)];
    for client in &mut clients {
        assert_eq!(client.put(KEY, b"1").unwrap().status, 200);
        assert_eq!(client.put(KEY, b"2").unwrap().status, 200);
    }
    let mut fresh = Client::connect(&emulator);
    fresh.put(KEY, b"3").unwrap();
    assert_eq!((emulator.connections(), emulator.open_connections()), (3, 3));
    let numbers: Vec<u64> = emulator.requests().iter().map(|request| request.connection).collect();
    assert_eq!(numbers, [1, 1, 2, 2, 3]);
    emulator.close_idle_connections();
    assert_eq!(emulator.open_connections(), 0);
    for client in &mut clients {
        assert!(client.ends_cleanly());
    }
    assert_eq!(once(&emulator, "PUT", KEY, &[("Connection", "close")], b"4").status, 200);
    assert_eq!(emulator.connections(), 4);
}

#[test]
fn closing_idle_connections_leaves_requests_alone() {
    let emulator = start();
    let mut client = Client::connect(&emulator);
    client.put(KEY, b"first").unwrap();
    client
        .send_raw(b"PUT /test-bucket/k HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n")
        .unwrap();
    // The server's leave to send shows that it has the request.
    let mut leave = [0; 25];
    client.0.read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    emulator.close_idle_connections();
    client.send_raw(b"second").unwrap();
    assert_eq!(client.receive(false).unwrap().status, 200);
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"second");
}

#[test]
fn every_reply_has_the_headers_of_the_service() {
    let reply = once(&start(), "PUT", KEY, &[], b"data");
    assert_eq!(reply.header("server"), Some("AliyunOSS"));
    assert_eq!(reply.header("x-oss-request-id").unwrap().len(), 24);
    assert!(reply.header("date").unwrap().ends_with(" GMT"));
    assert!(reply.header("x-oss-server-time").unwrap().parse::<u64>().is_ok());
    assert_eq!(reply.header("content-md5"), Some("jXd/OF09/siBXSD3SWAm3A=="));
}

#[test]
fn the_server_s_clock_can_be_wrong() {
    let emulator = Emulator::start(Config { clock_offset_s: 3600, ..Config::default() }).unwrap();
    let now =
        |emulator: &Emulator| once(emulator, "GET", "/-/health", &[], b"").header("date").unwrap().to_owned();
    let ahead = now(&emulator);
    emulator.set_clock_offset_s(0);
    assert_ne!(ahead, now(&emulator));
    let headers = [("Authorization", "OSS emulator-access-key-id:x"), ("Date", ahead.as_str())];
    let reply = once(&emulator, "PUT", KEY, &headers, b"");
    assert_eq!(reply.element("Code").unwrap(), "RequestTimeTooSkewed");
    assert_eq!(reply.element("EC").unwrap(), "0002-00000504");
    assert!(reply.element("ServerTime").unwrap().ends_with(".000Z"));
    assert_eq!(reply.header("x-oss-ec"), Some("0002-00000504"));
}

#[test]
fn an_error_for_head_travels_in_a_header() {
    let reply = once(&start(), "HEAD", "/test-bucket/none", &[], b"");
    assert_eq!((reply.status, reply.header("content-length")), (404, Some("0")));
    use base64::Engine;
    let xml = reply.header("x-oss-err").unwrap();
    let xml = base64::engine::general_purpose::STANDARD.decode(xml).unwrap();
    assert!(String::from_utf8(xml).unwrap().contains("<Code>NoSuchKey</Code>"));
}

#[test]
fn bodies_without_length_or_beyond_the_limit_are_refused() {
    let emulator = start_with(Config { object_size_limit: 10, ..Config::default() });
    let mut client = Client::connect(&emulator);
    client.send_raw(b"PUT /test-bucket/k HTTP/1.1\r\n\r\n").unwrap();
    let reply = client.receive(false).unwrap();
    assert_eq!((reply.status, reply.element("Code").unwrap()), (411, "MissingContentLength".into()));
    let reply = client.put(KEY, b"12345678901").unwrap();
    assert_eq!((reply.status, reply.element("Code").unwrap()), (400, "EntityTooLarge".into()));
    client
        .send_raw(
            b"PUT /test-bucket/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n",
        )
        .unwrap();
    assert_eq!(client.receive(false).unwrap().element("Code").unwrap(), "EntityTooLarge");
    assert_eq!(client.put(KEY, b"1234567890").unwrap().status, 200);
}

#[test]
fn chunks_win_over_a_length_and_close_the_connection() {
    let emulator = start();
    let mut client = Client::connect(&emulator);
    let head = "PUT /test-bucket/k HTTP/1.1\r\nContent-Length: 11\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send_raw(format!("{head}4\r\ndata\r\n0\r\n\r\n").as_bytes()).unwrap();
    let reply = client.receive(false).unwrap();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert!(client.ends_cleanly());
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"data");
}

#[test]
fn a_body_that_has_no_meaning_is_not_waited_for() {
    let emulator = start();
    for (method, status) in [("GET", 200), ("HEAD", 200), ("DELETE", 204)] {
        for body in ["", "0123"] {
            emulator.put_object("test-bucket", "k", b"data");
            let mut client = Client::connect(&emulator);
            let request = format!("{method} /test-bucket/k HTTP/1.1\r\nContent-Length: 4\r\n\r\n{body}");
            client.send_raw(request.as_bytes()).unwrap();
            let reply = client.receive(method == "HEAD").unwrap();
            assert_eq!(
                (reply.status, reply.header("connection")),
                (status, Some("close")),
                "{method} {body}"
            );
            assert!(client.ends_cleanly());
        }
    }
}

#[test]
fn metadata_and_header_values_have_limits() {
    let emulator = start();
    // The prefix of the name counts.
    let long = "x".repeat(8 * 1024 - "x-oss-meta-".len());
    for (name, value) in [
        ("x-oss-meta-a", long.as_str()),
        ("x-oss-meta-a_b", "x"),
        ("x-oss-object-acl", "public"),
        ("x-oss-storage-class", "Cold"),
        ("x-oss-server-side-encryption", "DES"),
        ("x-oss-tagging", "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10&k=11"),
        ("x-oss-forbid-overwrite", "maybe"),
        ("x-oss-traffic-limit", "1"),
        ("x-oss-persistent-headers", "name:not base64"),
        ("x-oss-persistent-headers", "mine:eA==,Transfer-Encoding:Y2h1bmtlZA=="),
        ("x-oss-persistent-headers", "ETag:eA=="),
        ("x-oss-persistent-headers", "X-Oss-Hash-Crc64ecma:MQ=="),
        ("If-Match", "x"),
        ("Content-MD5", "AAAA"),
    ] {
        assert_eq!(once(&emulator, "PUT", KEY, &[(name, value)], b"").status, 400, "{name}: {value}");
    }
    assert!(emulator.object("test-bucket", "k").is_none());
    assert_eq!(once(&emulator, "PUT", KEY, &[("x-oss-meta-a", &long[1..])], b"").status, 200);
}

#[test]
fn headers_of_ones_own_come_back_with_the_object() {
    let emulator = start();
    let headers = [("x-oss-persistent-headers", "X-First:Zmlyc3Q=,second:c2Vjb25k")];
    assert_eq!(once(&emulator, "PUT", KEY, &headers, b"data").status, 200);
    for method in ["GET", "HEAD"] {
        let reply = once(&emulator, method, KEY, &[], b"");
        assert_eq!((reply.header("x-first"), reply.header("second")), (Some("first"), Some("second")));
        assert_eq!(reply.header("x-oss-persistent-headers"), None);
    }
}

#[test]
fn objects_survive_a_restart_in_a_data_folder() {
    let folder = std::env::temp_dir().join(format!(
        "oss-emulator-test-{}-{:016x}",
        std::process::id(),
        fastrand::u64(..)
    ));
    let config = || Config { data: Some(folder.clone()), ..Config::default() };
    let emulator = start_with(config());
    let headers = [("Content-Type", "text/x"), ("x-oss-meta-a", "b")];
    for key in ["/test-bucket/..%2F..%2Fup", "/test-bucket/a%00b", "/test-bucket/d/f", "/test-bucket/gone"] {
        assert_eq!(once(&emulator, "PUT", key, &headers, b"old").status, 200);
        assert_eq!(once(&emulator, "PUT", key, &headers, b"new").status, 200);
    }
    assert_eq!(once(&emulator, "DELETE", "/test-bucket/gone", &[], b"").status, 204);
    let before = emulator.object("test-bucket", "d/f").unwrap();
    let callback = r#"{"callbackUrl":"http://127.0.0.1:1","callbackBody":"a=${x:a}"}"#;
    emulator.put_callback_policy("test-bucket", "p", callback, r#"{"x:a":"b"}"#);
    let policies = |emulator: &Emulator| {
        let reply = once(emulator, "GET", "/test-bucket/?policy&comp=callback", &[], b"");
        (reply.status, reply.text())
    };
    let policies_before = policies(&emulator);
    assert_eq!(policies_before.0, 200);
    drop(emulator);

    let bucket = folder.join("test-bucket");
    let count = || std::fs::read_dir(&bucket).unwrap().count();
    // The bucket's description, and two files for each of three objects.
    assert_eq!(count(), 7);
    // What a crash leaves behind is swept up.
    std::fs::write(bucket.join("left-behind.data"), b"x").unwrap();
    std::fs::write(bucket.join("left-behind.tmp"), b"x").unwrap();
    let emulator = start_with(config());
    assert_eq!(count(), 7);
    assert_eq!(emulator.keys("test-bucket"), ["../../up", "a\0b", "d/f"]);
    let after = emulator.object("test-bucket", "d/f").unwrap();
    assert_eq!(after, before);
    assert_eq!(policies(&emulator), policies_before);
    assert_eq!((after.data.as_slice(), after.header("x-oss-meta-a")), (b"new".as_slice(), Some("b")));
    drop(emulator);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn uploads_can_be_seen_while_they_last() {
    let emulator = start();
    let reply = once(&emulator, "POST", "/test-bucket/k?uploads", &[], b"");
    let id = reply.element("UploadId").unwrap();
    assert_eq!(emulator.uploads("test-bucket"), [("k".to_owned(), id.clone())]);
    let target = format!("/test-bucket/k?uploadId={id}");
    assert_eq!(once(&emulator, "DELETE", &target, &[], b"").status, 204);
    assert_eq!(emulator.uploads("test-bucket"), []);
    assert_eq!(once(&emulator, "DELETE", &target, &[], b"").status, 404);
}

#[test]
fn parts_must_come_in_order_and_only_once() {
    let emulator = start();
    let reply = once(&emulator, "POST", "/test-bucket/k?uploads", &[], b"");
    let target = format!("/test-bucket/k?uploadId={}", reply.element("UploadId").unwrap());
    let etag = once(&emulator, "PUT", &format!("{target}&partNumber=2"), &[], b"x")
        .header("etag")
        .unwrap()
        .to_owned();
    let part = |number: u32| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let complete = |parts: String| {
        let xml = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let reply = once(&emulator, "POST", &target, &[], xml.as_bytes());
        (reply.status, reply.element("Code"))
    };
    assert_eq!(complete(part(2) + &part(1)), (400, Some("InvalidPartOrder".into())));
    assert_eq!(complete(part(2) + &part(2)), (400, Some("InvalidPartOrder".into())));
    assert_eq!(complete(part(1)), (400, Some("InvalidPart".into())));
    assert_eq!(complete(String::new()), (400, Some("MalformedXML".into())));
    let all = [("x-oss-complete-all", "yes")];
    let reply = once(&emulator, "POST", &target, &all, b"<CompleteMultipartUpload/>");
    assert_eq!(reply.element("EC").unwrap(), "0042-00000216");
    assert_eq!(complete(part(2)), (200, None));
    assert_eq!(emulator.object("test-bucket", "k").unwrap().object_type, "Multipart");
    assert_eq!(complete(part(2)), (404, Some("NoSuchUpload".into())));
}

#[test]
fn an_upload_without_parts_becomes_an_empty_object() {
    let emulator = start();
    let reply = once(&emulator, "POST", "/test-bucket/k?uploads", &[], b"");
    let target = format!("/test-bucket/k?uploadId={}", reply.element("UploadId").unwrap());
    let reply = once(&emulator, "POST", &target, &[], b"<CompleteMultipartUpload/>");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"");
}

#[test]
fn times_beyond_reckoning_are_answered() {
    let emulator = start();
    for expires in [i64::MIN, i64::MAX] {
        let target = format!(
            "/test-bucket/k?OSSAccessKeyId={}&Expires={expires}&Signature=x",
            oss_emulator::DEFAULT_ACCESS_KEY_ID
        );
        assert_eq!(once(&emulator, "GET", &target, &[], b"").status, 403, "{expires}");
    }
    let date = [("Date", "Sat, 01 Jan 0000 00:00:00 GMT"), ("Authorization", "OSS emulator-access-key-id:x")];
    for offset in [i64::MIN, i64::MAX] {
        emulator.set_clock_offset_s(offset);
        assert_eq!(once(&emulator, "GET", KEY, &date, b"").status, 403, "{offset}");
    }
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let config = Config {
        credentials: vec![Credential::temporary("id", "the-secret", "the-token")],
        ..Config::default()
    };
    let shown = format!("{config:?}");
    assert!(shown.contains("\"id\"") && !shown.contains("the-secret") && !shown.contains("the-token"));
}

#[test]
fn nothing_is_left_of_an_emulator_that_was_dropped() {
    let emulator = start();
    let port = emulator.port();
    let mut client = Client::connect(&emulator);
    client.put(KEY, b"data").unwrap();
    drop(emulator);
    assert!(client.ends_cleanly());
    assert!(
        std::net::TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(5)).is_err()
    );
}
