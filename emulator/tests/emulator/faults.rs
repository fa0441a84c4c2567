//! Each fault does what it says, to the requests it is meant for.

use crate::support;
use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use crate::support::{Client, PATIENCE, once, start, start_with};
use oss_emulator::{Action, AppServer, Config, Emulator, Fault};

const KEY: &str = "/test-bucket/k";

/// An emulator with one fault for the next PutObject.
fn with(action: Action) -> Emulator {
    let emulator = start();
    emulator.inject(Fault::new(action).operation("PutObject"));
    emulator
}

fn is_stored(emulator: &Emulator) -> bool {
    emulator.object("test-bucket", "k").is_some()
}

/// The fault was for one request only.
fn works_again(emulator: &Emulator) {
    assert_eq!(once(emulator, "PUT", KEY, &[], b"again").status, 200);
    assert_eq!(emulator.object("test-bucket", "k").unwrap().data, b"again");
}

fn is_reset(result: std::io::Result<support::Reply>) -> bool {
    let kind = result.unwrap_err().kind();
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

#[test]
fn reset_after_body_bytes_reads_that_many_and_resets() {
    let emulator = with(Action::ResetAfterBodyBytes(1000));
    let result = Client::connect(&emulator).put(KEY, &[b'x'; 300_000]);
    assert!(is_reset(result));
    assert_eq!(emulator.requests()[0].body_bytes_received, 1000);
    assert_eq!(emulator.requests()[0].status, None);
    assert!(!is_stored(&emulator));
    works_again(&emulator);
}

#[test]
fn stall_goes_on_until_the_emulator_ends() {
    let emulator = with(Action::StallAfterBodyBytes(10));
    let mut client = Client::connect(&emulator);
    client.send("PUT", KEY, &[], &[b'x'; 1000]).unwrap();
    client.0.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut byte = [0];
    let kind = client.0.read(&mut byte).unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind}");
    assert_eq!(emulator.requests()[0].body_bytes_received, 10);
    works_again(&emulator);
    let before = Instant::now();
    drop(emulator);
    assert!(before.elapsed() < PATIENCE / 2);
}

#[test]
fn a_lingering_early_error_can_always_be_read() {
    for _ in 0..20 {
        let emulator = with(Action::EarlyError { status: 403, code: "AccessDenied".into(), abrupt: false });
        let mut client = Client::connect(&emulator);
        let body = vec![b'x'; 3 << 20];
        let reply = client.put(KEY, &body).unwrap();
        assert_eq!((reply.status, reply.element("Code").unwrap()), (403, "AccessDenied".into()));
        assert_eq!(reply.header("connection"), Some("close"));
        assert_eq!(emulator.requests()[0].body_bytes_received, 0);
        assert!(client.ends_cleanly());
        assert!(!is_stored(&emulator));
    }
}

#[test]
fn an_abrupt_early_error_resets() {
    let emulator = with(Action::EarlyError { status: 403, code: "X".into(), abrupt: true });
    let mut client = Client::connect(&emulator);
    // The reply may arrive or not; the connection ends by a reset either way.
    let sent = client.send("PUT", KEY, &[], &vec![b'x'; 3 << 20]);
    assert!(sent.is_err() || !client.ends_cleanly());
    assert!(!is_stored(&emulator));
    works_again(&emulator);
}

#[test]
fn closing_before_the_work_stores_nothing() {
    for (action, clean) in [(Action::CloseBeforeWork, true), (Action::ResetBeforeWork, false)] {
        let emulator = with(action);
        let mut client = Client::connect(&emulator);
        client.send("PUT", KEY, &[], b"data").unwrap();
        assert_eq!(client.ends_cleanly(), clean);
        assert_eq!(emulator.requests()[0].body_bytes_received, 4);
        assert!(!is_stored(&emulator));
        works_again(&emulator);
    }
}

#[test]
fn closing_without_a_reply_comes_after_the_work_and_its_callback() {
    for (action, clean) in [(Action::CloseWithoutReply, true), (Action::ResetBeforeReply, false)] {
        let emulator = with(action);
        let app = AppServer::start().unwrap();
        let callback = support_callback(&app);
        let mut client = Client::connect(&emulator);
        client.send("PUT", KEY, &[("x-oss-callback", &callback)], b"data").unwrap();
        assert_eq!(client.ends_cleanly(), clean);
        assert!(is_stored(&emulator));
        assert_eq!(app.requests().len(), 1);
        works_again(&emulator);
    }
}

fn support_callback(app: &AppServer) -> String {
    use base64::Engine;
    let json = serde_json::json!({"callbackUrl": app.url(), "callbackBody": "object=${object}"});
    base64::engine::general_purpose::STANDARD.encode(json.to_string())
}

#[test]
fn a_status_replaces_the_work_or_follows_it() {
    let status = |status, code: &str| Action::Status { status, code: code.into() };
    for (number, code) in [(500, "InternalError"), (503, "ServiceUnavailable"), (429, "TooMany")] {
        let emulator = with(status(number, code));
        let mut client = Client::connect(&emulator);
        let reply = client.put(KEY, b"data").unwrap();
        assert_eq!((reply.status, reply.element("Code").unwrap()), (number, code.to_owned()));
        assert!(!is_stored(&emulator));
        // The connection is still good.
        assert_eq!(client.put(KEY, b"data").unwrap().status, 200);
        assert_eq!(emulator.connections(), 1);
    }
    let emulator = with(Action::StatusAfterWork { status: 502, code: "BadGateway".into() });
    let reply = once(&emulator, "PUT", KEY, &[], b"data");
    assert_eq!(reply.status, 502);
    assert_eq!(emulator.requests()[0].status, Some(502));
    assert!(is_stored(&emulator));
}

#[test]
fn a_redirect_names_its_location() {
    let emulator = with(Action::Redirect("http://127.0.0.1:1/elsewhere".into()));
    let reply = once(&emulator, "PUT", KEY, &[], b"data");
    assert_eq!(reply.status, 307);
    assert_eq!(reply.header("location"), Some("http://127.0.0.1:1/elsewhere"));
    assert!(!is_stored(&emulator));
}

#[test]
fn a_slow_reply_waits_but_not_beyond_the_end() {
    let emulator = with(Action::SlowReply(Duration::from_millis(300)));
    let before = Instant::now();
    assert_eq!(once(&emulator, "PUT", KEY, &[], b"data").status, 200);
    assert!(before.elapsed() >= Duration::from_millis(300));
    emulator.inject(Fault::new(Action::SlowReply(Duration::MAX)));
    let app = AppServer::start().unwrap();
    let callback = support_callback(&app);
    let mut client = Client::connect(&emulator);
    client.send("PUT", KEY, &[("x-oss-callback", &callback)], b"data").unwrap();
    // The callback shows that the request is being served.
    assert_eq!(app.wait_for_requests(1, PATIENCE).len(), 1);
    let before = Instant::now();
    drop(emulator);
    assert!(before.elapsed() < PATIENCE / 2);
}

#[test]
fn a_dripping_reply_arrives_whole() {
    let emulator = with(Action::DripReply(Duration::from_micros(100)));
    let mut client = Client::connect(&emulator);
    client.send("PUT", KEY, &[], b"data").unwrap();
    let mut buffer = [0; 4096];
    let first = client.0.peek(&mut buffer).unwrap();
    let reply = client.receive(false).unwrap();
    assert_eq!(reply.status, 200);
    assert!(first < 100, "{first} bytes came at once");
    assert_eq!(client.put(KEY, b"data").unwrap().status, 200);
}

#[test]
fn close_idle_promises_to_keep_the_connection_and_ends_it() {
    for reset in [false, true] {
        let emulator = with(Action::CloseIdle { reset });
        let mut client = Client::connect(&emulator);
        let reply = client.put(KEY, b"data").unwrap();
        assert_eq!(reply.header("connection"), Some("keep-alive"));
        assert_eq!(client.ends_cleanly(), !reset);
        works_again(&emulator);
    }
}

#[test]
fn checksum_and_etag_are_spoilt() {
    const CRC: &str = "x-oss-hash-crc64ecma";
    let reply = |action| once(&with(action), "PUT", KEY, &[], b"123456789");
    let right = once(&start(), "PUT", KEY, &[], b"123456789");
    assert_eq!(right.header(CRC), Some("11051210869376104954"));
    assert_eq!(right.header("etag"), Some("\"25F9E794323B453885F5181F1B624D0B\""));
    assert_eq!(reply(Action::WrongCrc).header(CRC), Some("11051210869376104955"));
    assert_eq!(reply(Action::OmitCrc).header(CRC), None);
    assert_eq!(reply(Action::OmitEtag).header("etag"), None);
    assert_ne!(reply(Action::GarbleEtag).header("etag"), right.header("etag"));
}

#[test]
fn a_truncated_body_ends_before_its_length() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"data");
    emulator.inject(Fault::new(Action::TruncateReplyBody));
    let result = Client::connect(&emulator).request("GET", KEY, &[], b"");
    assert_eq!(result.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(once(&emulator, "GET", KEY, &[], b"").body, b"data");
}

#[test]
fn garbage_is_not_http() {
    let emulator = with(Action::GarbageReply);
    let result = Client::connect(&emulator).put(KEY, b"data");
    assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidData);
    assert!(is_stored(&emulator));
}

#[test]
fn huge_replies_are_huge() {
    let reply = once(&with(Action::HugeReplyBody(5_000_000)), "PUT", KEY, &[], b"data");
    assert_eq!(reply.body.len(), 5_000_000);
    let reply = once(&with(Action::HugeReplyHeaders(1_000_000)), "PUT", KEY, &[], b"data");
    let size: usize = reply.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(size >= 1_000_000);
}

#[test]
fn a_chunked_reply_has_the_same_body() {
    let emulator = start();
    emulator.put_object("test-bucket", "k", b"some data to read");
    emulator.inject(Fault::new(Action::ChunkedReply));
    let reply = once(&emulator, "GET", KEY, &[], b"");
    assert_eq!(reply.header("content-length"), None);
    assert_eq!(reply.body, b"some data to read");
}

#[test]
fn faults_come_and_go_over_http() {
    let emulator = start();
    let json = br#"[{"action":"status","status":503,"times":"always"},{"action":"wrong_crc"}]"#;
    assert_eq!(once(&emulator, "POST", "/-/faults", &[], json).status, 204);
    assert_eq!(once(&emulator, "PUT", KEY, &[], b"data").status, 503);
    assert_eq!(once(&emulator, "GET", "/-/health", &[], b"").status, 200);
    assert_eq!(once(&emulator, "DELETE", "/-/faults", &[], b"").status, 204);
    assert_eq!(once(&emulator, "PUT", KEY, &[], b"data").status, 200);
    let wrong = once(&emulator, "POST", "/-/faults", &[], br#"{"action":"nonsense"}"#);
    assert_eq!(wrong.status, 400);
    let log = once(&emulator, "GET", "/-/requests", &[], b"").text();
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log.as_array().unwrap().len(), 2);
    assert_eq!((&log[0]["status"], &log[1]["operation"]), (&503.into(), &"PutObject".into()));
}

#[test]
fn the_emulator_ends_with_requests_in_flight() {
    let app = AppServer::start().unwrap();
    app.answer(oss_emulator::Answer { delay: Duration::from_secs(3600), ..Default::default() });
    let emulator = start_with(Config { callback_timeout: Duration::from_secs(3600), ..Config::default() });
    let mut idle = Client::connect(&emulator);
    idle.put(KEY, b"data").unwrap();
    let mut half = Client::connect(&emulator);
    half.send_raw(b"PUT /test-bucket/k HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf").unwrap();
    let mut waiting = Client::connect(&emulator);
    let callback = support_callback(&app);
    waiting.send("PUT", KEY, &[("x-oss-callback", &callback)], b"data").unwrap();
    assert_eq!(app.wait_for_requests(1, PATIENCE).len(), 1);
    let before = Instant::now();
    drop(emulator);
    drop(app);
    assert!(before.elapsed() < PATIENCE / 2);
}
