//! Having OSS call again for an object that is there: whose answer is handed over, what is sent again, and what is said.

use crate::support::bed::{BUCKET, Bed, DATA, KEY, assert_ended};
use crate::support::raw_server::{RawServer, over_both};
use crate::support::route::{Route, over_every_route};
use oss_emulator::{Action, Answer, Config};
use oss_upload::callback::{Callback, Values};
use oss_upload::engine::{
    BucketOptions, CallbackDelivery, ObjectOptions, Outcome, Presigned, SignatureVersion, Status, Stored,
};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The operation's name, for the emulator.
const PROCESS: &str = "ProcessObject";

fn error(status: u16) -> Action {
    Action::Status { status, code: "ByFault".to_owned() }
}

fn with_object(bed: Bed) -> Bed {
    bed.emulator.put_object(BUCKET, KEY, DATA);
    bed
}

fn over(route: Route) -> Bed {
    with_object(Bed::over(route))
}

fn trigger(bed: &Bed, delivery: CallbackDelivery) -> Outcome {
    let mut options = ObjectOptions::default();
    options.set_callback_delivery(delivery);
    bed.bucket.trigger_callback(KEY, &bed.callback(), &options)
}

fn trigger_once(bed: &Bed) -> Outcome {
    trigger(bed, CallbackDelivery::AtMostOnce)
}

/// Each way to lose the reply to a request that was carried out.
fn losses() -> [Action; 6] {
    let error_after_work = |status| Action::StatusAfterWork { status, code: "ByFault".to_owned() };
    [
        Action::CloseWithoutReply,
        Action::ResetBeforeReply,
        Action::GarbageReply,
        error_after_work(500),
        error_after_work(502),
        error_after_work(504),
    ]
}

#[test]
fn answer_of_the_application_server_is_handed_over() {
    over_every_route(|route| {
        let bed = over(route);
        bed.application.answer(Answer::json(r#"{"again":true}"#));
        let outcome = trigger_once(&bed);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.body, br#"{"again":true}"#);
        assert_eq!(outcome.header("content-type"), Some("application/json"));
        assert_eq!((outcome.attempts, outcome.callback_repeats, bed.callbacks()), (1, 0, 1));
        let crc64 = bed.emulator.object(BUCKET, KEY).unwrap().crc64;
        let told = bed.application.requests().remove(0).body;
        assert_eq!(String::from_utf8(told).unwrap(), format!("object=dir%2Fobject.txt&crc64={crc64}"));
    });
}

#[test]
fn every_key_and_all_settings_arrive_with_each_signature() {
    for version in [SignatureVersion::V1, SignatureVersion::V4] {
        let bed = Bed::with(|options: &mut BucketOptions| options.set_signature(version));
        for key in ["k", "a b+c%/中 ?&=#.txt", "a/./b/../c//d", "noext"] {
            bed.emulator.put_object(BUCKET, key, DATA);
            let mut callback = Callback::new(
                &format!("{}?>>>???", bed.application.url()),
                "a=~~~???>>>&o=${object}&q=${x:q}&u=${x:u}",
            )
            .unwrap();
            callback.add_variable("x:q", "??>>~~").unwrap();
            callback.add_variable("x:u", "").unwrap();
            let outcome = bed.bucket.trigger_callback(key, &callback, &ObjectOptions::default());
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            let mut values = Values::default();
            values.set("object", key).unwrap();
            let told = bed.application.requests().pop().unwrap();
            assert_eq!(String::from_utf8(told.body).unwrap(), callback.render(&values).unwrap());
        }
    }
}

#[test]
fn content_type_is_that_of_the_key_or_the_one_that_is_asked_for_and_nothing_else_of_an_object_is_sent() {
    let bed = with_object(Bed::new());
    let mut options = ObjectOptions::default();
    options.add_metadata("origin", "here").unwrap();
    options.set_header("cache-control", "no-cache").unwrap();
    options.set_header("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==").unwrap();
    assert_ended(&bed.bucket.trigger_callback(KEY, &bed.callback(), &options), Status::Ok, Stored::Yes);
    options.set_header("content-type", "text/x-special").unwrap();
    assert_ended(&bed.bucket.trigger_callback(KEY, &bed.callback(), &options), Status::Ok, Stored::Yes);
    let requests = bed.emulator.requests();
    let types = requests.iter().map(|request| request.header("content-type").unwrap());
    assert_eq!(types.collect::<Vec<_>>(), ["text/plain", "text/x-special"]);
    for request in &requests {
        assert_eq!(request.operation, PROCESS);
        assert!(request.header("x-oss-meta-origin").is_none() && request.header("cache-control").is_none());
    }
}

#[test]
fn failed_callback_is_told_from_a_failed_request_and_not_made_again() {
    over_every_route(|route| {
        for delivery in [CallbackDelivery::AtMostOnce, CallbackDelivery::AtLeastOnce] {
            let bed = over(route);
            bed.application.answer(Answer::status(500));
            let outcome = trigger(&bed, delivery);
            assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
            assert_eq!((outcome.http_status, outcome.error.code.as_str()), (203, "CallbackFailed"));
            assert!(outcome.message.contains("Error status : 500"), "{}", outcome.message);
            assert_eq!((bed.requests(PROCESS), bed.callbacks()), (1, 1));
        }
    });
}

#[test]
fn lost_reply_leaves_the_callback_unknown_and_nothing_is_sent_again() {
    over_every_route(|route| {
        for loss in losses() {
            let bed = over(route);
            bed.fault(PROCESS, loss.clone());
            let outcome = trigger_once(&bed);
            assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
            assert!(outcome.message.contains("not known"), "{}", outcome.message);
            assert_eq!((outcome.callback_repeats, bed.callbacks()), (0, 1), "{loss:?}");
            assert_eq!(bed.emulator.requests().len(), 1, "{loss:?}");
        }
    });
}

#[test]
fn lost_reply_is_sent_again_where_the_callback_is_to_be_made_at_least_once() {
    over_every_route(|route| {
        for loss in losses() {
            let bed = over(route);
            bed.fault(PROCESS, loss.clone());
            let outcome = trigger(&bed, CallbackDelivery::AtLeastOnce);
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!((outcome.attempts, outcome.callback_repeats, bed.callbacks()), (2, 1, 2), "{loss:?}");
        }
    });
}

#[test]
fn lost_reply_is_not_forgotten_when_the_next_attempt_is_refused() {
    over_every_route(|route| {
        for refusal in [error(403), error(503)] {
            let bed = with_object(Bed::over_with(route, |options| options.set_max_attempts(2).unwrap()));
            bed.fault(PROCESS, Action::CloseWithoutReply);
            bed.fault(PROCESS, refusal.clone());
            let outcome = trigger(&bed, CallbackDelivery::AtLeastOnce);
            assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
            assert!(outcome.message.contains("ByFault"), "{}", outcome.message);
            assert_eq!((outcome.attempts, outcome.callback_repeats, bed.callbacks()), (2, 1, 1));
        }
    });
}

#[test]
fn call_that_ends_while_oss_may_be_at_it_leaves_the_callback_unknown() {
    over_every_route(|route| {
        let bed = over(route);
        bed.fault(PROCESS, Action::SlowReply(Duration::from_secs(60)));
        let mut options = ObjectOptions::default();
        options.set_callback_delivery(CallbackDelivery::AtLeastOnce);
        options.limits_mut().set_deadline(Duration::from_millis(500)).unwrap();
        let outcome = bed.bucket.trigger_callback(KEY, &bed.callback(), &options);
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
        assert!(outcome.message.contains("deadline"), "{}", outcome.message);
        assert_eq!(outcome.attempts, 1);
    });
}

#[test]
fn answer_that_is_cut_short_or_empty_leaves_the_callback_unknown() {
    over_every_route(|route| {
        let bed = over(route);
        bed.fault(PROCESS, Action::TruncateReplyBody);
        assert_ended(&trigger(&bed, CallbackDelivery::AtLeastOnce), Status::CallbackUnknown, Stored::Yes);
        assert_eq!(bed.callbacks(), 1);
    });
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            while connection.read_request().is_some() {
                connection.say(b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nContent-Length: 0\r\n\r\n");
            }
        });
        let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
        let outcome = server.bucket(|_| ()).trigger_callback(KEY, &callback, &ObjectOptions::default());
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
    });
}

#[test]
fn error_of_oss_under_a_200_is_no_answer_of_the_application_server() {
    over_both(|https| {
        for (etag, ended) in [
            ("", (Status::CallbackUnknown, Stored::Unknown)),
            // OSS names the object only when it was done.
            ("ETag: \"E\"\r\n", (Status::Ok, Stored::Yes)),
        ] {
            let server = RawServer::start(https, move |mut connection| {
                while connection.read_request().is_some() {
                    let document = "<Error><Code>InternalError</Code></Error>";
                    let length = document.len();
                    let head =
                        format!("HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\n{etag}Content-Length: {length}");
                    connection.say(format!("{head}\r\n\r\n{document}").as_bytes());
                }
            });
            let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
            let outcome = server.bucket(|_| ()).trigger_callback(KEY, &callback, &ObjectOptions::default());
            assert_ended(&outcome, ended.0, ended.1);
        }
    });
}

#[test]
fn only_oss_says_that_there_is_no_such_object() {
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            while connection.read_request().is_some() {
                let document = "<Error><Code>NoSuchKey</Code></Error>";
                let length = document.len();
                let reply = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {length}\r\n\r\n{document}");
                connection.say(reply.as_bytes());
            }
        });
        let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
        let outcome = server.bucket(|_| ()).trigger_callback(KEY, &callback, &ObjectOptions::default());
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
    });
}

#[test]
fn object_that_is_not_there_is_said_not_to_be() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let outcome = trigger_once(&bed);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.error.code, "NoSuchKey");
        assert_eq!((outcome.attempts, bed.callbacks()), (1, 0));
    });
}

#[test]
fn what_was_refused_as_not_done_is_sent_again_and_other_refusals_are_not() {
    over_every_route(|route| {
        for status in [408, 429, 503] {
            let bed = over(route);
            bed.fault(PROCESS, error(status));
            let outcome = trigger_once(&bed);
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!((outcome.attempts, outcome.callback_repeats, bed.callbacks()), (2, 0, 1), "{status}");
        }
        for status in [400, 403, 404, 501] {
            let bed = over(route);
            bed.fault(PROCESS, error(status));
            let outcome = trigger_once(&bed);
            assert_ended(&outcome, Status::Service, Stored::Unknown);
            assert_eq!((outcome.error.code.as_str(), bed.callbacks()), ("ByFault", 0), "{status}");
        }
    });
}

#[test]
fn what_was_not_delivered_is_sent_again() {
    let proxy = RawServer::start(false, |mut connection| {
        let head = connection.read_head().unwrap();
        if connection.number > 0 {
            let target = head.split(' ').nth(1).unwrap().parse().unwrap();
            connection.say(b"HTTP/1.1 200 OK\r\n\r\n");
            connection.relay(target);
        }
    });
    let url = format!("http://{}", proxy.address());
    let bed = with_object(Bed::over_with(Route::Https, |options| options.set_proxy(&url).unwrap()));
    let outcome = trigger_once(&bed);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!((outcome.attempts, outcome.callback_repeats, bed.callbacks()), (2, 0, 1));
}

#[test]
fn idle_connection_that_the_server_closed_costs_no_attempt() {
    over_every_route(|route| {
        let bed = over(route);
        assert_ended(&trigger_once(&bed), Status::Ok, Stored::Yes);
        bed.emulator.close_idle_connections();
        bed.wait_until_no_connection_is_open();
        let outcome = trigger_once(&bed);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.attempts, bed.callbacks(), bed.emulator.connections()), (1, 2, 2));
    });
}

#[test]
fn oss_that_does_not_know_how_speaks_for_itself() {
    over_every_route(|route| {
        let bed = with_object(Bed::on(Config { trigger: false, ..Config::default() }, route, |_| ()));
        let outcome = trigger_once(&bed);
        assert_ended(&outcome, Status::Service, Stored::Unknown);
        assert_eq!((outcome.http_status, outcome.error.code.as_str()), (501, "NotImplemented"));
        assert_eq!((outcome.attempts, bed.callbacks()), (1, 0));
    });
}

#[test]
fn result_tells_for_which_object_it_is_and_not_what_is_not_known() {
    let bed = with_object(Bed::new());
    let values = trigger_once(&bed).callback_values();
    let render = |body: &str| Callback::new("http://a.example.com", body).unwrap().render(&values);
    assert_eq!(render("${bucket} ${object}").unwrap(), "test-bucket dir%2Fobject.txt");
    assert!(!render("${reqId}").unwrap().is_empty());
    for unknown in ["${operation}", "${size}", "${mimeType}"] {
        assert!(render(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is() {
    let bed = Bed::new();
    let unset = Callback::new(&bed.application.url(), "u=${x:user}").unwrap();
    for (key, callback) in [("", &bed.callback()), ("/a", &bed.callback()), (KEY, &unset)] {
        let outcome = bed.bucket.trigger_callback(key, callback, &ObjectOptions::default());
        assert_ended(&outcome, Status::InvalidArgument, Stored::No);
        assert!(bed.bucket.presign_trigger_callback(key, callback, 900).is_err());
    }
    assert_eq!(bed.emulator.requests().len(), 0);
}

/// Sends as somebody who knows nothing of OSS does, and returns the status with all that follows.
fn send(presigned: &Presigned, body: &str) -> (u16, String) {
    let (authority, target) = presigned.url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut request = format!(
        "{} /{target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n",
        presigned.method,
        body.len()
    );
    for (name, value) in &presigned.headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    (reply.split(' ').nth(1).unwrap().parse().unwrap(), reply)
}

#[test]
fn presigned_request_has_oss_make_this_callback_and_no_other() {
    for version in [SignatureVersion::V1, SignatureVersion::V4] {
        let bed = with_object(Bed::with(|options: &mut BucketOptions| options.set_signature(version)));
        bed.application.answer(Answer::json(r#"{"again":true}"#));
        let presigned = bed.bucket.presign_trigger_callback(KEY, &bed.callback(), 900).unwrap();
        let (status, reply) = send(&presigned, presigned.body.as_ref().unwrap());
        assert!(status == 200 && reply.ends_with(r#"{"again":true}"#), "{reply}");
        assert_eq!((presigned.method.as_str(), bed.callbacks()), ("POST", 1));

        let another = Callback::new(&bed.application.url(), "another").unwrap();
        let another = bed.bucket.presign_trigger_callback(KEY, &another, 900).unwrap();
        let (status, reply) = send(&presigned, another.body.as_ref().unwrap());
        assert!(status == 400 && reply.contains("InvalidDigest"), "{reply}");
        for left_out in ["content-md5", "content-type"] {
            let mut without = presigned.clone();
            without.headers.retain(|(name, _)| name != left_out);
            let (status, reply) = send(&without, another.body.as_ref().unwrap());
            assert!(status == 403 && reply.contains("SignatureDoesNotMatch"), "{reply}");
        }
        assert_eq!(bed.callbacks(), 1);
    }
}
