//! Uploads by HTML forms, signed as the official SDKs sign them.

use crate::support;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Reply, once};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use oss_emulator::{AppServer, Config, Credential, Emulator};
use serde_json::Value;
use sha2::Sha256;

fn vectors(name: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let vectors = json["vectors"].as_array().unwrap().clone();
    assert!(!vectors.is_empty());
    vectors
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An emulator at the time and with the credentials of a vector.
fn start(vector: &Value) -> Emulator {
    let input = &vector["input"];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Emulator::start(Config {
        buckets: vec![text(&input["bucket"])],
        credentials: vec![Credential {
            id: text(&input["access_key_id"]),
            secret: text(&input["access_key_secret"]),
            security_token: input["security_token"].as_str().map(str::to_owned),
            expires_at_ms: None,
        }],
        region: input["region"].as_str().unwrap_or_default().to_owned(),
        clock_offset_s: input["clock_unix"].as_i64().unwrap() - i64::try_from(now).unwrap(),
        ..Config::default()
    })
    .unwrap()
}

fn fields(vector: &Value) -> Vec<(String, String)> {
    let fields = vector["output"]["form_fields"].as_object().unwrap();
    fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn post(emulator: &Emulator, vector: &Value, fields: &[(String, String)], file: &str) -> Reply {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: text/x\r\n\r\n{file}\r\n--b--\r\n"
    ));
    let target = format!("/{}/", text(&vector["input"]["bucket"]));
    once(emulator, "POST", &target, &[("Content-Type", "multipart/form-data; boundary=b")], body.as_bytes())
}

#[test]
fn forms_signed_by_the_sdks_are_stored() {
    for file in ["post_policy_v1", "post_policy_v4"] {
        for vector in vectors(file) {
            // One names a callback to a public server, which a test must not call.
            if vector["output"]["form_fields"]["callback"].is_string() {
                continue;
            }
            let emulator = start(&vector);
            let reply = post(&emulator, &vector, &fields(&vector), "content");
            let expected = match vector["input"]["other_fields"]["success_action_status"].as_str() {
                Some(status) => status.parse().unwrap(),
                None => 204,
            };
            assert_eq!(reply.status, expected, "{file} {}: {}", vector["name"], reply.text());
            let object = emulator.object(&text(&vector["input"]["bucket"]), &text(&vector["input"]["key"]));
            assert_eq!(object.unwrap().data, b"content");
        }
    }
}

#[test]
fn forms_changed_after_signing_are_refused() {
    for file in ["post_policy_v1", "post_policy_v4"] {
        let vector = &vectors(file)[0];
        let emulator = start(vector);
        for name in ["policy", "Signature", "x-oss-signature"] {
            let mut changed = fields(vector);
            let Some((_, value)) = changed.iter_mut().find(|(other, _)| other == name) else {
                continue;
            };
            value.insert(0, 'A');
            let reply = post(&emulator, vector, &changed, "content");
            assert_eq!(reply.element("Code").unwrap(), "SignatureDoesNotMatch", "{file} {name}");
        }
        emulator.set_clock_offset_s(10 * 365 * 24 * 3600);
        assert_eq!(post(&emulator, vector, &fields(vector), "content").status, 403, "{file}");
        assert_eq!(emulator.keys(&text(&vector["input"]["bucket"])), [""; 0]);
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The fields of a vector with another credential and another policy, signed with V4.
fn signed_v4(
    vector: &Value,
    credential: &str,
    change: impl FnOnce(&mut Vec<Value>),
) -> Vec<(String, String)> {
    let mut fields: BTreeMap<String, String> = fields(vector).into_iter().collect();
    let policy = String::from_utf8(STANDARD.decode(&fields["policy"]).unwrap()).unwrap();
    let policy = policy.replace(&fields["x-oss-credential"], credential);
    let mut policy: Value = serde_json::from_str(&policy).unwrap();
    change(policy["conditions"].as_array_mut().unwrap());
    let policy = STANDARD.encode(policy.to_string());
    let mut key = format!("aliyun_v4{}", text(&vector["input"]["access_key_secret"])).into_bytes();
    for part in credential.split('/').skip(1) {
        key = hmac(&key, part);
    }
    let signature = hmac(&key, &policy).iter().map(|byte| format!("{byte:02x}")).collect();
    fields.insert("x-oss-credential".to_owned(), credential.to_owned());
    fields.insert("x-oss-signature".to_owned(), signature);
    fields.insert("policy".to_owned(), policy);
    fields.into_iter().collect()
}

fn credential(vector: &Value) -> String {
    text(&vector["output"]["form_fields"]["x-oss-credential"])
}

#[test]
fn a_form_s_credential_is_one_for_oss() {
    let vector = &vectors("post_policy_v4")[0];
    let emulator = start(vector);
    let right = credential(vector);
    let post = |credential: &str| post(&emulator, vector, &signed_v4(vector, credential, |_| {}), "content");
    assert_eq!(post(&right).status / 100, 2);
    let parts: Vec<&str> = right.split('/').collect();
    for (at, wrong) in [(1, &parts[1][..7]), (2, "oss-cn-hangzhou"), (3, "ots"), (4, "aws4_request")] {
        let mut parts = parts.clone();
        parts[at] = wrong;
        let reply = post(&parts.join("/"));
        assert_eq!((reply.status, reply.header("x-oss-ec")), (400, Some("0002-00000710")), "{wrong}");
    }
    let mut parts = parts.clone();
    parts[1] = "20000101";
    assert_eq!(post(&parts.join("/")).status, 400, "another day");
}

#[test]
fn a_form_s_token_is_in_its_policy() {
    let vectors = vectors("post_policy_v4");
    let vector = vectors.iter().find(|vector| vector["input"]["security_token"].is_string()).unwrap();
    let emulator = start(vector);
    let post = |change: fn(&mut Vec<Value>)| {
        post(&emulator, vector, &signed_v4(vector, &credential(vector), change), "content")
    };
    assert_eq!(post(|_| {}).status / 100, 2);
    let reply = post(|conditions| {
        conditions.retain(|condition| !condition.to_string().contains("x-oss-security-token"));
    });
    assert_eq!((reply.status, reply.element("Code").unwrap()), (403, "AccessDenied".into()));
}

#[test]
fn broken_forms_are_refused() {
    let emulator = support::start();
    let send = |content_type: &str, body: &str| {
        let headers = [("Content-Type", content_type)];
        let reply = once(&emulator, "POST", "/test-bucket/", &headers, body.as_bytes());
        assert_eq!(reply.status, 400, "{body}");
        reply.element("Code").unwrap()
    };
    let form = "multipart/form-data; boundary=b";
    assert_eq!(send("text/plain", "x"), "RequestIsNotMultiPartContent");
    assert_eq!(send("multipart/form-data", "x"), "RequestIsNotMultiPartContent");
    assert_eq!(send(form, "x"), "MalformedPOSTRequest");
    assert_eq!(
        send(form, "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk"),
        "MalformedPOSTRequest"
    );
    assert_eq!(
        send(form, "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b--\r\n"),
        "IncorrectNumberOfFilesInPOSTRequest"
    );
    assert_eq!(
        send(form, "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nk\r\n--b--\r\n"),
        "IncorrectNumberOfFilesInPOSTRequest"
    );
}

#[test]
fn a_form_s_callback_has_its_variables_in_fields() {
    let emulator = support::start();
    let app = AppServer::start().unwrap();
    let json = serde_json::json!({
        "callbackUrl": app.url(),
        "callbackBody": "o=${object}&u=${x:user}&t=${mimeType}&p=${operation}",
    });
    let callback = STANDARD.encode(json.to_string());
    let vector = serde_json::json!({"input": {"bucket": "test-bucket"}});
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = [pair("key", "d/k"), pair("callback", &callback), pair("x:user", "a b")];
    let reply = post(&emulator, &vector, &fields, "content");
    assert_eq!((reply.status, reply.text()), (200, r#"{"Status":"OK"}"#.to_owned()));
    assert_eq!(app.requests()[0].body, b"o=d%2Fk&u=a%20b&t=text%2Fx&p=PostObject");
}

#[test]
fn a_form_s_callback_may_be_a_policy() {
    let emulator = support::start();
    let app = AppServer::start().unwrap();
    let callback = serde_json::json!({"callbackUrl": app.url(), "callbackBody": "u=${x:user}&v=${x:more}"});
    let variables = r#"{"x:user":"nobody","x:more":"c"}"#;
    emulator.put_callback_policy("test-bucket", "p", &callback.to_string(), variables);
    let callback = STANDARD.encode(r#"{"callbackPolicy":"p"}"#);
    let vector = serde_json::json!({"input": {"bucket": "test-bucket"}});
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = [pair("key", "k"), pair("callback", &callback), pair("x:user", "a b")];
    let reply = post(&emulator, &vector, &fields, "content");
    assert_eq!((reply.status, reply.text()), (200, r#"{"Status":"OK"}"#.to_owned()));
    assert_eq!(app.requests()[0].body, b"u=a%20b&v=c");
}

#[test]
fn a_form_s_fields_split_no_reply() {
    let emulator = support::start();
    let vector = serde_json::json!({"input": {"bucket": "test-bucket"}});
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let evil = "a\u{10FF0D}\u{10FF0A}Evil: yes";
    let fields = [pair("key", "k"), pair("x-oss-meta-a", evil), pair("success_action_redirect", evil)];
    let reply = post(&emulator, &vector, &fields, "content");
    assert_eq!((reply.status, reply.header("location"), reply.header("evil")), (303, Some(evil), None));
    let reply = once(&emulator, "HEAD", "/test-bucket/k", &[], b"");
    assert_eq!((reply.header("x-oss-meta-a"), reply.header("evil")), (Some(evil), None));
}
