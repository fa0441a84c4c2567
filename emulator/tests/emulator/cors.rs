//! Pages of other origins may do what the bucket's CORS rule says, and nothing without one.

use crate::support::{Reply, once, start, start_with};
use oss_emulator::{Action, Config, Emulator, Fault};

const KEY: &str = "/test-bucket/k";
const PAGE: &str = "http://127.0.0.1:8080";

fn with_rule(origins: &[&str]) -> Emulator {
    let cors_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    start_with(Config { cors_origins, ..Config::default() })
}

fn preflight(emulator: &Emulator, target: &str, origin: &str, method: &str) -> Reply {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "content-type,x-oss-meta-a"),
    ];
    once(emulator, "OPTIONS", target, &headers, b"")
}

fn put(emulator: &Emulator, origin: &str) -> Reply {
    once(emulator, "PUT", KEY, &[("Origin", origin)], b"data")
}

fn headers_for_browsers(reply: &Reply) -> Vec<&str> {
    let names = reply.headers.iter().map(|(name, _)| name.as_str());
    names.filter(|name| name.starts_with("Access-Control-") || *name == "Vary").collect()
}

#[test]
fn without_a_rule_no_page_is_allowed_anything() {
    let emulator = start();
    let reply = preflight(&emulator, KEY, PAGE, "PUT");
    assert_eq!((reply.status, reply.element("Code").unwrap().as_str()), (403, "AccessForbidden"));
    assert_eq!(headers_for_browsers(&reply), [""; 0]);
    let reply = put(&emulator, PAGE);
    assert_eq!((reply.status, headers_for_browsers(&reply)), (200, vec![]));
}

#[test]
fn what_a_page_asks_beforehand_needs_no_signature_and_is_allowed_by_origin_and_method() {
    let cors_origins = vec!["https://other.example".to_owned(), PAGE.to_owned()];
    let emulator = Emulator::start(Config { cors_origins, ..Config::default() }).unwrap();
    for target in [KEY, "/test-bucket/", "/test-bucket"] {
        let reply = preflight(&emulator, target, PAGE, "POST");
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(reply.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(reply.header("access-control-allow-headers"), Some("content-type,x-oss-meta-a"));
        assert_eq!(reply.header("vary"), Some("Origin"));
    }
    for (origin, method) in [
        ("http://127.0.0.1:8081", "POST"),
        ("http://127.0.0.1:80801", "POST"),
        ("http://127.0.0.1", "POST"),
        ("null", "POST"),
        ("*", "POST"),
        (PAGE, "PATCH"),
        (PAGE, ""),
    ] {
        let reply = preflight(&emulator, KEY, origin, method);
        let code = reply.element("Code").unwrap();
        assert_eq!((reply.status, code.as_str()), (403, "AccessForbidden"), "{origin} {method}");
        assert_eq!(reply.header("access-control-allow-methods"), None);
    }
    assert_eq!(once(&emulator, "OPTIONS", KEY, &[], b"").status, 403);
    assert_eq!(emulator.requests()[0].operation, "OptionObject");
}

#[test]
fn replies_and_refusals_can_be_read_by_pages_that_are_allowed() {
    let emulator = with_rule(&[PAGE]);
    let no_such_key = || once(&emulator, "GET", "/test-bucket/none", &[("Origin", PAGE)], b"");
    let faulty = |action| {
        emulator.inject(Fault::new(action));
        put(&emulator, PAGE)
    };
    let early = Action::EarlyError { status: 403, code: "AccessDenied".to_owned(), abrupt: false };
    for (reply, status) in [
        (put(&emulator, PAGE), 200),
        (no_such_key(), 404),
        (faulty(Action::Status { status: 503, code: "ServiceUnavailable".to_owned() }), 503),
        (faulty(early), 403),
        (faulty(Action::ChunkedReply), 200),
        (faulty(Action::HugeReplyBody(10)), 200),
    ] {
        assert_eq!(reply.status, status, "{}", reply.text());
        assert_eq!(reply.header("access-control-allow-origin"), Some(PAGE));
        assert!(reply.header("access-control-expose-headers").unwrap().contains("x-oss-request-id"));
    }
    assert_eq!(headers_for_browsers(&put(&emulator, "http://127.0.0.1:8081")), [""; 0]);
    assert_eq!(headers_for_browsers(&once(&emulator, "PUT", KEY, &[], b"data")), [""; 0]);
    let control = once(&emulator, "GET", "/-/requests", &[("Origin", PAGE)], b"");
    assert_eq!((control.status, headers_for_browsers(&control)), (200, vec![]));
}

#[test]
fn an_asterisk_stands_for_every_origin() {
    let emulator = with_rule(&["*"]);
    for reply in [put(&emulator, PAGE), preflight(&emulator, KEY, "https://any.example", "PUT")] {
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("vary"), None);
    }
}
