//! What becomes of an upload's reply when the application server answers this way or that.

use std::io::Write;
use std::time::Duration;

use crate::support::{Client, PATIENCE, Reply, once, start, start_with};
use base64::Engine;
use oss_emulator::{Answer, AppServer, Config, Emulator};
use serde_json::{Value, json};

fn encode(json: &Value) -> String {
    base64::engine::general_purpose::STANDARD.encode(json.to_string())
}

fn put(emulator: &Emulator, settings: &Value) -> Reply {
    let reply = once(emulator, "PUT", "/test-bucket/k", &[("x-oss-callback", &encode(settings))], b"data");
    let stored = emulator.object("test-bucket", "k").is_some();
    assert_eq!(stored, matches!(reply.status, 200 | 203));
    if stored {
        assert_eq!(reply.header("etag"), Some("\"8D777F385D3DFEC8815D20F7496026DC\""));
        assert_eq!(reply.header("content-md5"), Some("jXd/OF09/siBXSD3SWAm3A=="));
        assert!(reply.header("x-oss-hash-crc64ecma").is_some());
    }
    reply
}

fn to(app: &AppServer) -> Value {
    json!({"callbackUrl": app.url(), "callbackBody": "k=${object}"})
}

/// The message of a 203 after this answer.
fn failure(answer: Answer) -> String {
    let emulator = start_with(Config { callback_answer_limit: 1000, ..Config::default() });
    let app = AppServer::start().unwrap();
    app.answer(answer);
    let reply = put(&emulator, &to(&app));
    assert_eq!((reply.status, reply.element("Code").unwrap()), (203, "CallbackFailed".to_owned()));
    assert_eq!(reply.header("content-type"), Some("application/xml"));
    assert_eq!(app.requests().len(), 1);
    reply.element("Message").unwrap()
}

#[test]
fn a_good_answer_is_handed_over_verbatim() {
    let app = AppServer::start().unwrap();
    let content_type = Some("application/json; charset=x".to_owned());
    app.answer(Answer { content_type, ..Answer::json(" {\"a\" : [1, \"é\"]} \n") });
    let reply = put(&start(), &to(&app));
    assert_eq!((reply.status, reply.text().as_str()), (200, " {\"a\" : [1, \"é\"]} \n"));
    assert_eq!(reply.header("content-type"), Some("application/json; charset=x"));
}

#[test]
fn answers_that_the_service_refuses_are_refused() {
    let with_length = |length: &str| Answer {
        content_length: false,
        headers: vec![("Content-Length".to_owned(), length.to_owned())],
        ..Answer::default()
    };
    let long = format!("\"{}\"", "x".repeat(1000));
    for (answer, message) in [
        (Answer::status(404), "Error status : 404."),
        (Answer::status(204), "Error status : 204."),
        (
            Answer { content_length: false, ..Answer::default() },
            "Error Status : 400.User server return missing content-length.",
        ),
        (
            Answer { chunked: true, ..Answer::default() },
            "Error Status : 400.User server return missing content-length.",
        ),
        (with_length("0"), "Error Status : 400.User server return invalid conent-length value."),
        (with_length("-1"), "Error Status : 400.User server return invalid conent-length value."),
        (Answer::json(long), "Error Status : 400.User server return too long content-length value"),
        (Answer::json("{"), "Response body is not valid json format."),
        (
            Answer { hang_up: true, ..Answer::default() },
            "Error status : -1.OSS can not connect to your callbackUrl, please check it.",
        ),
        (with_length("100"), "Error status : -1.OSS can not connect to your callbackUrl, please check it."),
    ] {
        assert_eq!(failure(answer), message);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let emulator = start();
    let (first, second) = (AppServer::start().unwrap(), AppServer::start().unwrap());
    let headers = vec![("Location".to_owned(), second.url())];
    first.answer(Answer { headers, ..Answer::status(302) });
    assert_eq!(put(&emulator, &to(&first)).element("Message").unwrap(), "Error status : 302.");
    assert_eq!(second.requests(), []);
}

#[test]
fn a_late_answer_is_no_answer() {
    let callback_timeout = Duration::from_millis(200);
    let emulator = start_with(Config { callback_timeout, ..Config::default() });
    let app = AppServer::start().unwrap();
    app.answer_once(Answer { delay: Duration::from_secs(3600), ..Answer::default() });
    let message = put(&emulator, &to(&app)).element("Message").unwrap();
    let end = "reply timeout, cost:200ms, timeout:200ms (err -4, errno115)";
    assert!(message.starts_with("Error status : -1 127.0.0.1:") && message.ends_with(end), "{message}");
    assert_eq!(put(&emulator, &to(&app)).status, 200);
}

#[test]
fn urls_are_tried_in_their_order_until_one_is_good() {
    let emulator = start();
    let apps: Vec<AppServer> = (0..3).map(|_| AppServer::start().unwrap()).collect();
    apps[0].answer(Answer::status(500));
    let urls: Vec<String> = apps.iter().map(AppServer::url).collect();
    let mut settings = to(&apps[0]);
    settings["callbackUrl"] = Value::from(urls.join(";"));
    assert_eq!(put(&emulator, &settings).status, 200);
    let counts: Vec<usize> = apps.iter().map(|app| app.requests().len()).collect();
    assert_eq!(counts, [1, 1, 0]);
}

#[test]
fn headers_of_the_service_s_are_its_own() {
    let emulator = start();
    let app = AppServer::start().unwrap();
    let mut settings = to(&app);
    settings["additionalHeaders"] = json!({
        "host": "evil", "connection": "keep-alive", "content-length": "1", "content-type": "text/x",
        "authorization": "none", "transfer-encoding": "chunked", "x-more": "a\0b",
    });
    assert_eq!(put(&emulator, &settings).status, 200);
    let request = &app.wait_for_requests(1, PATIENCE)[0];
    let values = |wanted: &str| {
        let headers = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        headers.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(values("connection"), ["close"]);
    assert_eq!(values("content-length"), ["3"]);
    assert_eq!(values("content-type"), ["application/x-www-form-urlencoded"]);
    assert_eq!(values("transfer-encoding"), [""; 0]);
    assert_eq!(values("x-more"), ["a b"]);
    assert!(["host", "authorization"].iter().all(|name| values(name).len() == 1));
}

#[test]
fn the_request_has_the_headers_of_the_service() {
    let emulator = start();
    let app = AppServer::start().unwrap();
    let mut settings = to(&app);
    settings["callbackHost"] = Value::from("app.example.com");
    settings["additionalHeaders"] = json!({"x-more": "yes", "b": ""});
    let reply = put(&emulator, &settings);
    assert_eq!(reply.status, 200);
    let request = &app.wait_for_requests(1, PATIENCE)[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/"));
    for (name, value) in [
        ("Host", "app.example.com"),
        ("Connection", "close"),
        ("Content-Length", "3"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("User-Agent", "aliyun-oss-callback"),
        ("x-oss-bucket", "test-bucket"),
        ("x-oss-request-id", reply.header("x-oss-request-id").unwrap()),
        ("x-oss-signature-version", "1.0"),
        ("x-oss-tag", "CALLBACK"),
        ("x-oss-additional-headers", "b;x-more"),
        ("x-more", "yes"),
        ("b", ""),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert_eq!(request.body, b"k=k");
    let url = format!("{}/-/callback_pub_key.pem", emulator.endpoint());
    let encoded = base64::engine::general_purpose::STANDARD.encode(url);
    assert_eq!(request.header("x-oss-pub-key-url"), Some(encoded.as_str()));
    let pem = once(&emulator, "GET", "/-/callback_pub_key.pem", &[], b"").text();
    assert_eq!(pem, emulator.callback_public_key_pem());
}

#[test]
fn a_request_names_the_version_of_its_signature_and_no_headers_where_none_were_added() {
    for (asked, named) in [("2.0", "2.0"), ("1.0", "1.0"), ("3\r\na: b", "1.0")] {
        let app = AppServer::start().unwrap();
        let mut settings = to(&app);
        settings["signatureVersion"] = Value::from(asked);
        assert_eq!(put(&start(), &settings).status, 200);
        let request = &app.wait_for_requests(1, PATIENCE)[0];
        assert_eq!(request.header("x-oss-signature-version"), Some(named));
        assert_eq!(request.header("x-oss-additional-headers"), Some(""));
    }
}

#[test]
fn private_addresses_are_refused_on_request() {
    let emulator = start_with(Config { forbid_private_callback: true, ..Config::default() });
    let app = AppServer::start().unwrap();
    let reply = put(&emulator, &to(&app));
    assert_eq!(reply.status, 400);
    assert_eq!(reply.element("Message").unwrap(), "Private address is forbidden to callback.");
    assert_eq!(app.requests(), []);
}

#[test]
fn an_image_s_size_is_known_to_the_template() {
    let emulator = start();
    let app = AppServer::start().unwrap();
    let settings = json!({
        "callbackUrl": app.url(),
        "callbackBody": "{\"w\":${imageInfo.width},\"h\":${imageInfo.height},\"f\":${imageInfo.format}}",
        "callbackBodyType": "application/json",
    });
    let gif = b"GIF89a\x07\x00\x05\x00\x00\x00\x00;";
    let headers = [("x-oss-callback", encode(&settings))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(once(&emulator, "PUT", "/test-bucket/k", &headers, gif).status, 200);
    assert_eq!(app.requests()[0].body, br#"{"w":7,"h":5,"f":"gif"}"#);
}

#[test]
fn https_is_spoken_with_a_certificate_and_to_application_servers() {
    use std::sync::Arc;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls =
        || Some(oss_emulator::Tls { cert_pem: made.cert.pem(), key_pem: made.signing_key.serialize_pem() });
    // An emulator with a certificate stands in for an application server with https: it answers its health as JSON,
    // though not to a POST.
    let secure = start_with(Config { tls: tls(), ..Config::default() });
    assert!(secure.endpoint().starts_with("https://127.0.0.1:"));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, Client::connect(&secure).0);
    stream
        .write_all(b"PUT /test-bucket/k HTTP/1.1\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndata")
        .unwrap();
    let mut reply = String::new();
    std::io::Read::read_to_string(&mut stream, &mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert_eq!(secure.object("test-bucket", "k").unwrap().data, b"data");

    let emulator = start();
    let settings = json!({"callbackUrl": format!("{}/-/none", secure.endpoint()), "callbackBody": "a"});
    assert_eq!(put(&emulator, &settings).element("Message").unwrap(), "Error status : 404.");
}

const POLICIES: &str = "/test-bucket/?policy&comp=callback";

/// Stores callback policies: names, callbacks and variables, as they are to stand in the document.
fn store(emulator: &Emulator, policies: &[(&str, &str, &str)]) -> Reply {
    let item = |(name, callback, variables): &(&str, &str, &str)| {
        format!(
            "<PolicyItem><PolicyName>{name}</PolicyName><Callback>{callback}</Callback>\
             <CallbackVar>{variables}</CallbackVar></PolicyItem>"
        )
    };
    let items: String = policies.iter().map(item).collect();
    let document = format!("<BucketCallbackPolicy>{items}</BucketCallbackPolicy>");
    once(emulator, "PUT", POLICIES, &[], document.as_bytes())
}

#[test]
fn policies_replace_all_that_were_there_unless_one_is_wrong() {
    let emulator = start();
    let app = AppServer::start().unwrap();
    let good = encode(&to(&app));
    assert_eq!(once(&emulator, "GET", POLICIES, &[], b"").status, 404);
    assert_eq!(store(&emulator, &[("a&amp;b", &good, "")]).status, 200);
    let stored = once(&emulator, "GET", POLICIES, &[], b"").text();
    assert!(
        stored.contains(&format!("<PolicyName>a&amp;b</PolicyName><Callback>{good}</Callback>")),
        "{stored}"
    );

    let encoded = |json: Value| encode(&json);
    for (wrong, ec) in [
        (("", good.as_str(), ""), None),
        (("p", "***", ""), Some("0007-00000002")),
        (("p", "", ""), Some("0007-00000003")),
        (("p", &encoded(json!({"callbackUrl": "", "callbackBody": "a"})), ""), None),
        (("p", &encoded(json!({"callbackUrl": "http://h"})), ""), Some("0007-00000011")),
        (("p", &encoded(json!({"callbackPolicy": "a&b"})), ""), None),
        (("p", &good, "***"), Some("0007-00000102")),
        (("p", &good, &encoded(json!({"a": "b"}))), None),
        (("fine", &good, ""), None),
    ] {
        let reply = store(&emulator, &[("fine", &good, ""), wrong]);
        assert_eq!(
            (reply.status, reply.element("Code").unwrap().as_str()),
            (400, "InvalidArgument"),
            "{wrong:?}"
        );
        assert_eq!(reply.element("EC").as_deref(), ec, "{wrong:?}");
    }
    for wrong in [
        "",
        "<BucketCallbackPolicy>",
        "<Other></Other>",
        "<BucketCallbackPolicy><PolicyItem/></BucketCallbackPolicy>",
    ] {
        assert_eq!(once(&emulator, "PUT", POLICIES, &[], wrong.as_bytes()).status, 400, "{wrong}");
    }
    assert_eq!(once(&emulator, "GET", POLICIES, &[], b"").text(), stored);
    assert_eq!(put(&emulator, &json!({"callbackPolicy": "a&b"})).status, 200);

    assert_eq!(store(&emulator, &[("new", &good, "")]).status, 200);
    emulator.delete_object("test-bucket", "k");
    assert_eq!(put(&emulator, &json!({"callbackPolicy": "a&b"})).status, 400);
    assert_eq!(put(&emulator, &json!({"callbackPolicy": "new"})).status, 200);
    assert_eq!(once(&emulator, "DELETE", POLICIES, &[], b"").status, 204);
    emulator.delete_object("test-bucket", "k");
    assert_eq!(put(&emulator, &json!({"callbackPolicy": "new"})).status, 400);
}

#[test]
fn a_request_that_names_a_policy_says_nothing_else() {
    let emulator = start();
    let app = AppServer::start().unwrap();
    emulator.put_callback_policy("test-bucket", "p", &to(&app).to_string(), "");
    let mut settings = to(&app);
    settings["callbackPolicy"] = Value::from("p");
    let reply = put(&emulator, &settings);
    assert_eq!((reply.status, reply.element("ArgumentName").unwrap().as_str()), (400, "callbackPolicy"));
    assert_eq!(app.requests(), []);
}

#[test]
fn a_policy_belongs_to_one_bucket() {
    let buckets = vec!["test-bucket".to_owned(), "other-bucket".to_owned()];
    let emulator = start_with(Config { buckets, ..Config::default() });
    let app = AppServer::start().unwrap();
    emulator.put_callback_policy("other-bucket", "p", &to(&app).to_string(), "");
    assert_eq!(put(&emulator, &json!({"callbackPolicy": "p"})).status, 400);
    emulator.put_callback_policy("test-bucket", "p", &to(&app).to_string(), "");
    assert_eq!(put(&emulator, &json!({"callbackPolicy": "p"})).status, 200);
    assert_eq!(app.requests().len(), 1);
}
