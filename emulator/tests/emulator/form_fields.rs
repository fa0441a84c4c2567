//! The fields of forms: each counts, or is refused, wherever it stands.

use crate::support;
use crate::support::{Reply, once, start};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use oss_emulator::{AppServer, Config, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, Emulator};
use sha1::Sha1;

const FILE: (&str, &[u8]) = ("file", b"content");

/// Sends these fields in this order.
fn post(emulator: &Emulator, fields: &[(&str, &[u8])]) -> Reply {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value, b"\r\n"].concat());
    }
    body.extend(b"--b--\r\n");
    let headers = [("Content-Type", "multipart/form-data; boundary=b")];
    once(emulator, "POST", "/test-bucket/", &headers, &body)
}

fn refusal(reply: &Reply) -> (u16, String, &str) {
    (reply.status, reply.element("Code").unwrap_or_default(), reply.header("x-oss-ec").unwrap_or_default())
}

/// A form that is signed by V1, with this policy.
fn post_with_policy(emulator: &Emulator, conditions: &str, fields: &[(&str, &str)]) -> Reply {
    let policy = format!(r#"{{"expiration":"2999-01-01T00:00:00.000Z","conditions":{conditions}}}"#);
    let policy = STANDARD.encode(policy);
    let mut mac = Hmac::<Sha1>::new_from_slice(DEFAULT_ACCESS_KEY_SECRET.as_bytes()).unwrap();
    mac.update(policy.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let signed = [("OSSAccessKeyId", DEFAULT_ACCESS_KEY_ID), ("policy", &policy), ("Signature", &signature)];
    let fields = signed.iter().chain(fields).map(|(name, value)| (*name, value.as_bytes()));
    post(emulator, &fields.chain([FILE]).collect::<Vec<_>>())
}

#[test]
fn variables_of_a_callback_may_be_one_field() {
    let emulator = start();
    let app = AppServer::start().unwrap();
    let json = serde_json::json!({"callbackUrl": app.url(), "callbackBody": "a=${x:a}&b=${x:b}&c=${x:c}"})
        .to_string();
    let callback = STANDARD.encode(json);
    let variables = STANDARD.encode(r#"{"x:a":"1","x:b":"2"}"#);
    let common = [("key", b"k".as_slice()), ("callback", callback.as_bytes())];
    let with = |variables: &str| {
        post(
            &emulator,
            &[&common[..], &[("callback-var", variables.as_bytes()), ("x:b", b"3"), ("x:c", b"4"), FILE]]
                .concat(),
        )
    };
    assert_eq!(with(&variables).status, 200);
    assert_eq!(app.requests()[0].body, b"a=1&b=3&c=4");
    for (wrong, ec) in [
        ("A".repeat(5 * 1024 + 4).as_str(), "0007-00000101"),
        ("***", "0007-00000102"),
        ("W10=", "0007-00000103"),
    ] {
        assert_eq!(refusal(&with(wrong)), (400, "InvalidArgument".into(), ec));
    }
    assert_eq!(app.requests().len(), 1);
}

#[test]
fn nothing_but_the_button_stands_behind_the_file() {
    let emulator = start();
    let key = ("key", b"k".as_slice());
    let behind = |fields: &[(&str, &[u8])]| post(&emulator, &[&[key, FILE], fields].concat());
    let malformed = (400, "MalformedPOSTRequest".to_owned(), "0006-00000103");
    let files = (400, "IncorrectNumberOfFilesInPOSTRequest".to_owned(), "");
    assert_eq!(refusal(&behind(&[FILE])), files);
    assert_eq!(refusal(&behind(&[("submit", b"Send"), FILE])), files);
    assert_eq!(refusal(&behind(&[("x-oss-object-acl", b"private")])), malformed);
    assert_eq!(refusal(&behind(&[("policy", b"x")])), malformed);
    assert_eq!(refusal(&post(&emulator, &[key, ("Key", b"other"), FILE])), malformed);
    assert_eq!(emulator.keys("test-bucket"), [""; 0]);
    assert_eq!(behind(&[("submit", b"Send")]).status, 204);
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"content");
}

#[test]
fn a_field_by_which_something_is_meant_is_not_passed_over() {
    let emulator = start();
    let with = |name| post(&emulator, &[("key", b"k"), (name, b"x"), FILE]);
    for name in ["x-oss-traffic-limit", "x-oss-callback", "If-None-Match", "Content-MD5", "AWSAccessKeyId"] {
        assert_eq!(with(name).element("Code").as_deref(), Some("NotImplemented"), "{name}");
    }
    assert_eq!(emulator.keys("test-bucket"), [""; 0]);
    assert_eq!(with("name").status, 204);
}

#[test]
fn metadata_are_bytes_and_all_else_is_text() {
    let emulator = start();
    let with = |name, value: &[u8]| post(&emulator, &[("key", b"k"), (name, value), FILE]);
    assert_eq!(with("success_action_status", b"2\xff").element("Code").unwrap(), "MalformedPOSTRequest");
    assert_eq!(with("x-oss-meta-a", b"a\xff").status, 204);
    let of_form = emulator.object("test-bucket", "k").unwrap();
    let mut client = support::Client::connect(&emulator);
    let head =
        b"PUT /test-bucket/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nx-oss-meta-a: a\xff\r\n\r\n";
    client.send_raw(head).unwrap();
    assert_eq!(client.receive(false).unwrap().status, 200);
    let of_header = emulator.object("test-bucket", "k").unwrap();
    assert_eq!(of_form.header("x-oss-meta-a"), of_header.header("x-oss-meta-a"));
}

#[test]
fn each_missing_or_empty_field_of_a_signature_has_its_number() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let v1 = [("OSSAccessKeyId", "id"), ("policy", "e30="), ("Signature", "s")];
    let v4 = [
        ("x-oss-signature-version", "OSS4-HMAC-SHA256"),
        ("x-oss-credential", "id/20250101/cn-hangzhou/oss/aliyun_v4_request"),
        ("x-oss-date", "20250101T000000Z"),
        ("policy", "e30="),
        ("x-oss-signature", "s"),
    ];
    for (fields, changed, missing, empty) in [
        (v1.as_slice(), "policy", Some("0002-00000702"), None),
        (&v1, "Signature", Some("0002-00000703"), Some("0002-00000704")),
        (&v1, "OSSAccessKeyId", Some("0002-00000706"), Some("0002-00000707")),
        (&v4, "policy", Some("0002-00000702"), None),
        (&v4, "x-oss-signature", Some("0002-00000703"), Some("0002-00000704")),
        (&v4, "x-oss-signature-version", Some(""), None),
    ] {
        let others = fields.iter().filter(|(name, _)| *name != changed);
        let others: Vec<(&str, &[u8])> = others.map(|(name, value)| (*name, value.as_bytes())).collect();
        let with = |more: &[(&str, &[u8])]| {
            post(&emulator, &[&[("key", &b"k"[..])], &others[..], more, &[FILE]].concat())
        };
        for (more, ec) in [([].as_slice(), missing), (&[(changed, &b""[..])], empty)] {
            if let Some(ec) = ec {
                assert_eq!(refusal(&with(more)), (400, "InvalidArgument".into(), ec), "{changed} {more:?}");
            }
        }
    }
}

#[test]
fn a_policy_says_what_oss_understands() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let key = [("key", "k")];
    for (conditions, ec) in [
        (r#"[["in","$key","k"]]"#, "0006-00000224"),
        (r#"[["not-in","cache-control","no-cache"]]"#, "0006-00000224"),
        (r#"[["content-length-range",10,1]]"#, "0006-00000221"),
        ("[123]", "0006-00000222"),
        ("[{}]", ""),
        (r#"[{"bucket":"test-bucket","key":"k"}]"#, ""),
    ] {
        let reply = post_with_policy(&emulator, conditions, &key);
        assert_eq!(refusal(&reply), (400, "InvalidPolicyDocument".into(), ec), "{conditions}");
    }
    let lists = r#"[["in","$key",["j","k"]],["not-in","$x-oss-meta-price",["5"]]]"#;
    assert_eq!(post_with_policy(&emulator, lists, &key).status, 204);
    let price = r#"[{"bucket":"test-bucket"},["eq","$x-oss-meta-price","\$5"],["content-length-range",7,7]]"#;
    let with_price = |value| post_with_policy(&emulator, price, &[key[0], ("x-oss-meta-price", value)]);
    assert_eq!(with_price("$5").status, 204);
    assert_eq!(refusal(&with_price("5")), (403, "AccessDenied".into(), ""));
}
