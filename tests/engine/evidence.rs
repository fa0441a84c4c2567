//! What is said of an object rests on what OSS said, never on what is likely.

use crate::support;
use crate::support::bed::{BUCKET, Bed, DATA, KEY, assert_ended};
use crate::support::observer::{Silent, Unmoved};
use crate::support::raw_server::{Connection, RawServer, over_both};
use crate::support::route::over_every_route;
use base64::prelude::{BASE64_STANDARD, Engine};
use oss_emulator::{Action, Fault};
use oss_upload::callback::Callback;
use oss_upload::engine::{
    Body, Bucket, BucketOptions, CallbackDelivery, Cancel, Clock, Completion, Multipart, ObjectOptions,
    Outbox, Outcome, PostForm, Status, Stored, UploadOptions,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The CRC-64 of [`DATA`].
const CRC64: &str = "x-oss-hash-crc64ecma: 300093743565960781\r\n";

/// What each success has that stored an object.
const ETAG: &str = "ETag: \"E\"\r\n";
/// What OSS says when it has failed.
const FAILED: &str =
    "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";
const BEGUN: &str = "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>";

/// A part of [`DATA`]'s size, without a CRC-64.
const LISTED: &str = "<ListPartsResult><UploadId>U</UploadId><Part><PartNumber>1</PartNumber><ETag>E</ETag><Size>16</Size>\
                      </Part></ListPartsResult>";

/// What a server does when it has read a request whole.
#[derive(Clone)]
enum Does {
    Says(String),
    /// Says this, and ends the connection.
    Ends(String),
    Closes,
    Resets,
}

/// A server to whose requests, by their methods, this is done; a method's last is done again and again. Answers are numbered
/// as OSS numbers them.
struct Scripted {
    server: RawServer,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn start(https: bool, script: impl Fn(&str, usize) -> Does + Send + Sync + 'static) -> Scripted {
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let server = RawServer::start(https, move |connection| serve(connection, &seen, &script));
        Scripted { server, heads }
    }

    fn bucket(&self, set: impl FnOnce(&mut BucketOptions)) -> Arc<Bucket> {
        Arc::new(self.server.bucket(|options| {
            options.set_clock(Clock::skipping());
            options.set_max_attempts(3).unwrap();
            set(options);
        }))
    }

    fn requests(&self, method: &str) -> usize {
        self.heads.lock().unwrap().iter().filter(|head| head.starts_with(method)).count()
    }
}

fn serve(mut connection: Connection, heads: &Mutex<Vec<String>>, script: &impl Fn(&str, usize) -> Does) {
    while let Some(head) = connection.read_head() {
        let method = head.split(' ').next().unwrap().to_owned();
        let number = {
            let mut heads = heads.lock().unwrap();
            let number = heads.iter().filter(|head| head.starts_with(&method)).count();
            heads.push(head.clone());
            number
        };
        let length = support::raw_server::length_of_body(&head);
        let does = script(&method, number);
        if matches!(does, Does::Resets) {
            // With something unread, closing is a reset; all of it has arrived.
            (0..length).for_each(|_| connection.wait_for_a_byte());
            return;
        }
        std::io::Read::read_exact(&mut connection, &mut vec![0; length]).unwrap();
        match does {
            Does::Says(words) if connection.say(words.as_bytes()) => {}
            Does::Ends(words) => {
                connection.say(words.as_bytes());
                return;
            }
            _ => return,
        }
    }
}

/// A reply with these headers, each with its line end.
fn reply(status: u16, headers: &str, body: &str) -> Does {
    Does::Says(format!("HTTP/1.1 {status} Words\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()))
}

/// The same from OSS, which gives each reply an id and a date of its own.
fn oss(status: u16, headers: &str, body: &str) -> Does {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let time = format!(
        "Date: Fri, 01 Jan 2027 {:02}:{:02}:{:02} GMT\r\n",
        number / 3600,
        number / 60 % 60,
        number % 60
    );
    reply(status, &format!("x-oss-request-id: id-{number}\r\n{time}{headers}"), body)
}

/// The look-up of an object of [`DATA`]'s size.
fn there(headers: &str) -> Does {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    Does::Says(format!(
        "HTTP/1.1 200 OK\r\nx-oss-request-id: head-{number}\r\nContent-Length: {}\r\n{headers}\r\n",
        DATA.len()
    ))
}

fn ours() -> Does {
    there(CRC64)
}

fn others() -> Does {
    there("x-oss-hash-crc64ecma: 1\r\n")
}

fn callback() -> Callback {
    Callback::new("http://127.0.0.1/", "object=${object}").unwrap()
}

fn put(bucket: &Bucket, with_callback: bool) -> Outcome {
    let callback = with_callback.then(callback);
    bucket.put(KEY, Body::Bytes(DATA), callback.as_ref(), &ObjectOptions::default())
}

fn assert_unknown(outcome: &Outcome) {
    let Outcome { status, stored, message, .. } = outcome;
    assert!(!outcome.is_ok() && *stored == Stored::Unknown, "{status:?} {stored:?} {message}");
}

/// Each way to lose the reply to a request that has arrived whole, and after which OSS may still be at it.
fn losses() -> Vec<Does> {
    let mut losses = vec![Does::Closes, Does::Resets, Does::Says("nonsense\r\n\r\n".to_owned())];
    losses.extend([200, 203, 204, 403, 404, 500, 502, 503, 504].map(|status| reply(status, "", "")));
    losses.extend([502, 504, 201, 206].map(|status| oss(status, "", "")));
    losses.push(reply(500, "x-oss-request-id: 1\r\nAge: 3\r\n", ""));
    losses
}

#[test]
fn object_is_ours_by_its_bytes_whatever_two_clocks_say() {
    over_both(|https| {
        let dates = "Last-Modified: Fri, 01 Jan 2027 00:00:00 GMT\r\nDate: Fri, 01 Jan 2027 00:00:04 GMT\r\n";
        for attempts in [1, 3] {
            let server = Scripted::start(https, move |method, _| match method {
                "PUT" => Does::Closes,
                _ => there(&format!("{CRC64}{dates}")),
            });
            let bucket = server.bucket(|options| options.set_max_attempts(attempts).unwrap());
            assert_ended(&put(&bucket, true), Status::CallbackUnknown, Stored::Yes);
            assert_eq!((server.requests("PUT"), server.requests("HEAD")), (1, 1));
        }
    });
}

#[test]
fn object_of_another_writer_is_not_overwritten_by_a_repeat() {
    over_both(|https| {
        for loss in losses() {
            let server = Scripted::start(https, move |method, _| match method {
                "PUT" => loss.clone(),
                _ => others(),
            });
            assert_unknown(&put(&server.bucket(|_| ()), true));
            assert_eq!(server.requests("PUT"), 1);
        }
    });
}

#[test]
fn object_that_comes_late_is_waited_for() {
    over_both(|https| {
        for with_callback in [true, false] {
            for loss in losses() {
                let server = Scripted::start(https, move |method, number| match (method, number) {
                    ("PUT", _) => loss.clone(),
                    (_, 0..4) => oss(404, "", ""),
                    _ => ours(),
                });
                let bucket = server.bucket(|options| options.set_max_attempts(1).unwrap());
                let outcome = put(&bucket, with_callback);
                let status = if with_callback { Status::CallbackUnknown } else { Status::Ok };
                assert_ended(&outcome, status, Stored::Yes);
                assert_eq!((server.requests("PUT"), server.requests("HEAD")), (1, 5));
            }
        }
    });
}

#[test]
fn object_that_does_not_come_in_time_is_unknown_and_its_callback_not_asked_for_again() {
    over_both(|https| {
        for loss in losses() {
            for (with_callback, puts) in [(true, 1), (false, 3)] {
                let loss = loss.clone();
                let server = Scripted::start(https, move |method, _| match method {
                    "PUT" => loss.clone(),
                    _ => oss(404, "", ""),
                });
                assert_unknown(&put(&server.bucket(|_| ()), with_callback));
                // At once, after pauses of 0.2, 0.4, 0.8, 1.6 and 3.2 s, and when ten seconds are over.
                assert_eq!((server.requests("PUT"), server.requests("HEAD")), (puts, 7));
            }
        }
    });
}

#[test]
fn request_is_over_a_minute_after_it_was_sent() {
    over_both(|https| {
        let server = Scripted::start(https, |method, number| match (method, number) {
            ("PUT", 0) => Does::Closes,
            ("PUT", _) => oss(200, ETAG, "answer"),
            _ => oss(404, "", ""),
        });
        let bucket = server.bucket(|options| options.set_settling_time(Duration::from_secs(70)).unwrap());
        let outcome = put(&bucket, true);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.body.as_slice(), server.requests("PUT")), (&b"answer"[..], 2));
        assert_eq!(outcome.callback_repeats, 0, "the first is certain not to have run");
    });
}

#[test]
fn settling_ends_with_its_time_its_deadline_and_its_cancel() {
    over_both(|https| {
        let endless = |set: &dyn Fn(&mut BucketOptions)| {
            let server = Scripted::start(https, |method, _| match method {
                "PUT" => Does::Closes,
                _ => oss(404, "", ""),
            });
            let bucket = server.server.bucket(|options| {
                options.set_settling_time(Duration::from_secs(600)).unwrap();
                set(options);
            });
            (server, bucket)
        };
        let (server, bucket) = endless(&|options| options.set_settling_time(Duration::ZERO).unwrap());
        assert_unknown(&put(&bucket, true));
        assert_eq!(server.requests("HEAD"), 1);

        let began = Instant::now();
        let (_server, bucket) = endless(&|options| options.set_deadline(Duration::from_secs(1)).unwrap());
        assert_unknown(&put(&bucket, true));

        let cancel = Cancel::default();
        let (server, bucket) = endless(&|options| options.limits_mut().set_cancel(Some(cancel.clone())));
        thread::scope(|scope| {
            let putting = scope.spawn(|| put(&bucket, true));
            while server.requests("HEAD") == 0 {
                thread::yield_now();
            }
            cancel.fire();
            assert_ended(&putting.join().unwrap(), Status::Cancelled, Stored::Unknown);
        });
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    });
}

#[test]
fn look_up_that_a_cache_answers_is_not_believed() {
    over_both(|https| {
        let kept = [
            oss(404, "Age: 120\r\n", ""),
            oss(404, "X-Cache: HIT TCP_MEM_HIT dirn:1\r\n", ""),
            oss(404, "X-Cache: MISS\r\nX-Cache: Hit from a cache\r\n", ""),
            // Always the same reply.
            reply(404, "x-oss-request-id: 1\r\nDate: Fri, 01 Jan 2027 00:00:00 GMT\r\n", ""),
            reply(404, "", ""),
            there(&format!("{CRC64}Age: 120\r\n")),
        ];
        for answer in kept {
            let server = Scripted::start(https, move |method, _| match method {
                "PUT" => Does::Closes,
                _ => answer.clone(),
            });
            // Beyond the minute, so that what was believed would be final.
            let bucket = server.bucket(|options| options.set_settling_time(Duration::from_secs(70)).unwrap());
            assert_unknown(&put(&bucket, true));
            assert_eq!(server.requests("PUT"), 1);
        }
        // A cache that lets it through is no cache.
        for passed in ["Age: 0\r\n", "X-Cache: MISS TCP_MISS from white\r\n"] {
            let server = Scripted::start(https, move |method, _| match method {
                "PUT" => Does::Closes,
                _ => there(&format!("{CRC64}{passed}")),
            });
            assert_ended(&put(&server.bucket(|_| ()), true), Status::CallbackUnknown, Stored::Yes);
        }
    });
}

#[test]
fn date_that_stands_still_betrays_a_cache() {
    over_both(|https| {
        let date = "Date: Fri, 01 Jan 2027 00:00:00 GMT\r\n";
        let server = Scripted::start(https, move |method, number| match method {
            "PUT" => Does::Closes,
            _ => reply(404, &format!("x-oss-request-id: {number}\r\n{date}"), ""),
        });
        let bucket = server.bucket(|options| options.set_settling_time(Duration::from_secs(70)).unwrap());
        assert_unknown(&put(&bucket, true));
        assert_eq!(server.requests("PUT"), 1);
    });
}

#[test]
fn one_look_alone_may_be_what_a_cache_has_kept_for_long() {
    over_both(|https| {
        let clock = Clock::skipping();
        let (theirs, began) = (clock.clone(), clock.now());
        let kept = "x-oss-request-id: 1\r\nDate: Fri, 01 Jan 2027 00:00:00 GMT\r\n";
        let server = Scripted::start(https, move |method, _| match method {
            "HEAD" if theirs.since(began) >= Duration::from_secs(60) => reply(404, kept, ""),
            _ => Does::Closes,
        });
        let bucket = server.bucket(|options| {
            options.set_clock(clock);
            options.set_settling_time(Duration::from_secs(70)).unwrap();
        });
        assert_unknown(&put(&bucket, true));
        assert_eq!(server.requests("PUT"), 1);
    });
}

#[test]
fn reply_of_any_earlier_look_betrays_a_cache() {
    over_both(|https| {
        let server = Scripted::start(https, move |method, number| {
            // The third look is answered with the reply to the first.
            let id = if method == "PUT" { format!("put-{number}") } else { format!("head-{}", number % 2) };
            let headers = format!("x-oss-request-id: {id}\r\nDate: Fri, 01 Jan 2027 00:00:00 GMT\r\n");
            reply(if method == "PUT" { 500 } else { 404 }, &headers, "")
        });
        assert_unknown(&put(&server.bucket(|_| ()), true));
        assert_eq!((server.requests("PUT"), server.requests("HEAD") > 3), (2, true));
    });
}

#[test]
fn error_of_oss_is_the_end_of_a_request_that_may_be_done() {
    over_both(|https| {
        let failing = |found: fn() -> Does| {
            Scripted::start(https, move |method, _| match method {
                "PUT" => oss(500, "", ""),
                _ => found(),
            })
        };
        // With a callback, without one; and how often it is sent.
        for (found, with_callback, stored, puts) in [
            (ours as fn() -> Does, true, Stored::Yes, 1),
            (ours, false, Stored::Yes, 3),
            (others, true, Stored::Unknown, 1),
            (others, false, Stored::Unknown, 3),
            (|| oss(404, "", ""), true, Stored::No, 3),
            (|| oss(404, "", ""), false, Stored::No, 3),
            (|| oss(403, "", ""), true, Stored::Unknown, 1),
            (|| oss(403, "", ""), false, Stored::Unknown, 3),
        ] {
            let server = failing(found);
            let outcome = put(&server.bucket(|_| ()), with_callback);
            assert_eq!((outcome.stored, server.requests("PUT")), (stored, puts), "{}", outcome.message);
        }
    });
}

#[test]
fn success_that_oss_did_not_say_is_none() {
    over_both(|https| {
        let error = "<Error><Code>CallbackFailed</Code><Message>Error status : 500.</Message></Error>";
        let not_of_oss = [
            reply(200, "", "<html>log in</html>"),
            reply(200, "ETag: \"E\"\r\n", ""),
            reply(201, "", ""),
            reply(203, "", error),
            reply(204, "", ""),
            reply(200, "x-oss-request-id: 1\r\nAge: 9\r\n", ""),
            reply(200, &format!("x-oss-request-id: \r\n{ETAG}"), "<html>log in</html>"),
        ];
        for answer in not_of_oss {
            for with_callback in [true, false] {
                let answer = answer.clone();
                let server = Scripted::start(https, move |_, _| answer.clone());
                let outcome =
                    put(&server.bucket(|options| options.set_max_attempts(1).unwrap()), with_callback);
                assert_ended(&outcome, Status::BadResponse, Stored::Unknown);
                assert_eq!((outcome.error.code.as_str(), outcome.etag().len() < 2), ("", true));
            }
        }
    });
}

#[test]
fn failed_callback_is_one_that_was_asked_for_with_the_document_of_oss() {
    over_both(|https| {
        let error = "<Error><Code>CallbackFailed</Code><Message>Error status : 500.</Message></Error>";
        for (with_callback, body, failed) in
            [(true, error, true), (false, error, false), (true, "", false), (true, "<html>", false)]
        {
            let server = Scripted::start(https, move |method, _| match method {
                "PUT" => oss(203, "", body),
                _ => oss(404, "", ""),
            });
            let outcome = put(&server.bucket(|options| options.set_max_attempts(1).unwrap()), with_callback);
            match failed {
                true => assert_ended(&outcome, Status::CallbackFailed, Stored::Yes),
                false => assert_ended(&outcome, Status::BadResponse, Stored::Unknown),
            }
        }
    });
}

#[test]
fn nothing_is_concluded_from_what_others_say_of_an_object_or_an_upload() {
    over_both(|https| {
        for status in [200, 204, 404] {
            for headers in ["", "x-oss-request-id: 1\r\nAge: 5\r\n"] {
                let error = "<Error><Code>NoSuchUpload</Code></Error>";
                let server = Scripted::start(https, move |method, _| match (method, status) {
                    ("HEAD", 200) => {
                        Does::Says(format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 9\r\n\r\n"))
                    }
                    ("HEAD", 404) => {
                        Does::Says(format!("HTTP/1.1 404 No\r\n{headers}Content-Length: 9\r\n\r\n"))
                    }
                    ("POST", _) => oss(
                        200,
                        "",
                        "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>",
                    ),
                    (_, 404) => reply(404, headers, error),
                    _ => reply(status, headers, ""),
                });
                let bucket = server.bucket(|_| ());
                assert_unknown(&bucket.stat(KEY));
                assert_unknown(&bucket.remove(KEY));
                let (multipart, begun) = Multipart::begin(&bucket, KEY, &ObjectOptions::default());
                assert!(begun.is_ok(), "{}", begun.message);
                let multipart = multipart.unwrap();
                let aborted = multipart.abort();
                assert!(!aborted.is_ok() && aborted.error.code.is_empty(), "{}", aborted.message);
                let (_, listed) = multipart.list_parts();
                assert!(!listed.is_ok() && listed.error.code.is_empty(), "{}", listed.message);
                assert_eq!(server.requests("DELETE"), 6, "each was asked three times");
            }
        }
    });
}

#[test]
fn upload_that_others_say_was_begun_or_completed_was_not() {
    over_both(|https| {
        let begun = "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>";
        let server = Scripted::start(https, move |_, _| reply(200, "", begun));
        let (multipart, outcome) = Multipart::begin(&server.bucket(|_| ()), KEY, &ObjectOptions::default());
        assert!(multipart.is_none() && !outcome.is_ok());

        let completed = "<CompleteMultipartUploadResult><ETag>E</ETag></CompleteMultipartUploadResult>";
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("POST", 0) => oss(200, "", begun),
            ("PUT", _) => oss(200, "ETag: \"E\"\r\n", ""),
            ("POST", _) => reply(200, "", completed),
            _ => oss(404, "", ""),
        });
        let (multipart, outcome) = Multipart::begin(&server.bucket(|_| ()), KEY, &ObjectOptions::default());
        assert!(outcome.is_ok(), "{}", outcome.message);
        let multipart = multipart.unwrap();
        assert!(multipart.upload_part(1, Body::Bytes(DATA)).is_ok());
        assert_unknown(&multipart.complete(Completion::Known, None));
        assert_unknown(&multipart.complete(Completion::Known, Some(&callback())));
    });
}

#[test]
fn completion_whose_upload_is_gone_is_never_said_not_to_have_been_done() {
    over_both(|https| {
        let gone = "<Error><Code>NoSuchUpload</Code></Error>";
        for first in [oss(500, "", ""), Does::Closes] {
            let server = Scripted::start(https, move |method, number| match (method, number) {
                ("POST", 0) => first.clone(),
                ("POST", _) => oss(404, "", gone),
                ("GET", _) => oss(
                    200,
                    "",
                    "<ListPartsResult><UploadId>U</UploadId><MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>\
                     <Part><PartNumber>1</PartNumber><ETag>E</ETag><Size>16</Size></Part></ListPartsResult>",
                ),
                _ => oss(404, "", ""),
            });
            let (multipart, outcome) = Multipart::reopen(&server.bucket(|_| ()), KEY, "U");
            assert!(outcome.is_ok(), "{}", outcome.message);
            assert_unknown(&multipart.unwrap().complete(Completion::Known, None));
            assert_eq!(server.requests("POST"), 2);
        }
    });
}

/// What OSS says of an upload that it does not know.
fn no_such_upload() -> Does {
    oss(404, "", "<Error><Code>NoSuchUpload</Code></Error>")
}

#[test]
fn completion_that_was_not_done_and_whose_upload_is_gone_then_was_done_by_somebody() {
    over_both(|https| {
        let clock = Clock::skipping();
        let theirs = clock.clone();
        let crc64 = "<HashCrc64ecma>300093743565960781</HashCrc64ecma></Part>";
        let listed = LISTED.replace("</Part>", crc64);
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("GET", _) => oss(200, "", &listed),
            ("POST", 0) => Does::Closes,
            ("POST", _) => no_such_upload(),
            ("HEAD", 0) => {
                theirs.skip(Duration::from_secs(61));
                oss(404, "", "")
            }
            _ => oss(404, "", ""),
        });
        let bucket = server.bucket(|options| {
            options.set_clock(clock.clone());
            options.set_settling_time(Duration::from_secs(100)).unwrap();
        });
        let (multipart, _) = Multipart::reopen(&bucket, KEY, "U");
        assert_unknown(&multipart.unwrap().complete(Completion::Known, Some(&callback())));
        assert_eq!(server.requests("POST"), 2);
    });
}

#[test]
fn each_page_of_the_parts_may_be_asked_for_as_often_as_any_request() {
    over_both(|https| {
        let page = |number: usize| {
            let truncated = number < 4;
            let parts = format!(
                "<ListPartsResult><UploadId>U</UploadId><NextPartNumberMarker>{number}</NextPartNumberMarker>\
                 <IsTruncated>{truncated}</IsTruncated>\
                 <Part><PartNumber>{number}</PartNumber><ETag>E</ETag><Size>16</Size></Part></ListPartsResult>"
            );
            oss(200, "", &parts)
        };
        let server = Scripted::start(https, move |_, number| match number % 2 {
            0 => oss(503, "", ""),
            _ => page(number / 2 + 1),
        });
        let bucket = server.bucket(|options| options.set_max_attempts(2).unwrap());
        let (multipart, outcome) = Multipart::reopen(&bucket, KEY, "U");
        assert!(multipart.is_some() && outcome.attempts == 8, "{outcome:?}");
    });
}

/// Uploads a file of [`DATA`] so that it can be resumed.
fn upload_recorded(bucket: &Arc<Bucket>, folder: &TempDir) -> Outcome {
    let file = folder.path().join("data");
    std::fs::write(&file, DATA).unwrap();
    let mut options = UploadOptions::default();
    options.set_checkpoint(Some(folder.path())).unwrap();
    let body = Body::open(file.to_str().unwrap(), None).unwrap_or_else(|_| panic!("it cannot be opened"));
    bucket.upload(KEY, body, None, &options, &Silent)
}

#[test]
fn object_that_a_cache_knows_from_before_an_upload_was_gone_is_not_taken_for_what_became_of_it() {
    over_both(|https| {
        let clock = Clock::skipping();
        let is_resumed = AtomicBool::new(false);
        let completed = "<CompleteMultipartUploadResult/>";
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("POST", 0 | 2) => oss(200, "", BEGUN),
            ("PUT", _) => oss(200, "ETag: \"E\"\r\n", ""),
            ("POST", 3) => oss(200, &format!("{ETAG}{CRC64}"), completed),
            ("GET", _) => {
                is_resumed.store(true, Ordering::SeqCst);
                no_such_upload()
            }
            ("POST", 1) => Does::Closes,
            ("HEAD", _) if !is_resumed.load(Ordering::SeqCst) => oss(403, "", ""),
            // Its date is from before that of the list.
            ("HEAD", _) => there(&format!("{CRC64}Date: Thu, 31 Dec 2026 00:00:00 GMT\r\n")),
            _ => oss(403, "", ""),
        });
        let bucket = server.bucket(|options| {
            options.set_clock(clock.clone());
            options.set_max_attempts(1).unwrap();
        });
        let folder = TempDir::new().unwrap();
        assert_unknown(&upload_recorded(&bucket, &folder));
        clock.skip(Duration::from_secs(61));
        assert_ended(&upload_recorded(&bucket, &folder), Status::Ok, Stored::Yes);
        assert_eq!(server.requests("POST"), 4);
    });
}

#[test]
fn minute_of_a_complete_begins_with_its_last_attempt() {
    over_both(|https| {
        let clock = Clock::skipping();
        let theirs = clock.clone();
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("POST", 0) => {
                let document =
                    "<InitiateMultipartUploadResult><UploadId>ID</UploadId></InitiateMultipartUploadResult>";
                oss(200, "", document)
            }
            ("PUT", _) => oss(200, "ETag: \"E\"\r\n", ""),
            // It takes OSS more than a minute to say that it was not done.
            ("POST", 1) => {
                theirs.skip(Duration::from_secs(61));
                oss(503, "", "")
            }
            ("GET", _) => no_such_upload(),
            ("HEAD", _) => oss(404, "", ""),
            _ => Does::Closes,
        });
        let bucket = server.bucket(|options| {
            options.set_clock(clock.clone());
            options.set_settling_time(Duration::from_secs(10)).unwrap();
        });
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("data");
        std::fs::write(&file, DATA).unwrap();
        let mut options = UploadOptions::default();
        options.set_checkpoint(Some(folder.path())).unwrap();
        let upload = || {
            let body =
                Body::open(file.to_str().unwrap(), None).unwrap_or_else(|_| panic!("it cannot be opened"));
            bucket.upload(KEY, body, Some(&callback()), &options, &Unmoved)
        };
        assert_unknown(&upload());
        assert_eq!(server.requests("POST"), 3);
        // The same call goes on, and is told to wait for the rest of the minute.
        let outcome = upload();
        assert_unknown(&outcome);
        assert!(outcome.message.contains("goes on with it"), "{}", outcome.message);
        assert_eq!(server.requests("POST"), 3);
    });
}

#[test]
fn clock_is_believed_when_oss_tells_it_twice() {
    const FAR: i64 = 3_976_214_400;
    let skewed = |time: &str| {
        format!("<Error><Code>RequestTimeTooSkewed</Code><ServerTime>{time}</ServerTime></Error>")
    };
    let date = "Date: Sun, 01 Jan 2096 00:00:00 GMT\r\n";
    // A minute apart is the same time, told by two clocks.
    let [told, otherwise] = ["2096-01-01T00:01:00.000Z", "2096-01-01T00:01:01.000Z"].map(skewed);
    over_both(|https| {
        let life = |bucket: &Bucket| bucket.presign_get(KEY, 60).unwrap().expires.unwrap();
        let not_believed = [
            reply(403, date, &told),
            reply(403, date, ""),
            oss_without_date(date, &otherwise),
            oss_without_date("", &told),
        ];
        for refusal in not_believed {
            let server = Scripted::start(https, move |_, _| refusal.clone());
            let bucket = server.bucket(|_| ());
            let before = life(&bucket);
            assert!(!put(&bucket, false).is_ok());
            assert!(life(&bucket) < before + 100, "{}", life(&bucket));
        }
        let refusal = oss_without_date(date, &told);
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("PUT", 0) => refusal.clone(),
            _ => oss(200, ETAG, ""),
        });
        let bucket = server.bucket(|_| ());
        let before = life(&bucket);
        assert_ended(&put(&bucket, false), Status::Ok, Stored::Yes);
        // Anybody on the way can forge what comes over plain http.
        let later = life(&bucket) - before;
        if https {
            assert!(before + later > FAR, "{later}");
        } else {
            assert!((15 * 60..15 * 60 + 100).contains(&later), "{later}");
        }
    });
}

/// From OSS, with this date or none.
fn oss_without_date(date: &str, body: &str) -> Does {
    reply(403, &format!("x-oss-request-id: 1\r\n{date}"), body)
}

#[test]
fn clock_that_a_reset_hides_is_learnt_from_the_look_for_the_reason() {
    over_every_route(|route| {
        let large = vec![7; 8 << 20];
        for with_callback in [false, true] {
            let bed = Bed::over(route);
            bed.emulator.set_clock_offset_s(2 * 3600);
            bed.emulator
                .inject(Fault::new(Action::ResetAfterBodyBytes(1000)).operation("PutObject").times(3));
            let callback = with_callback.then(|| bed.callback());
            let outcome =
                bed.bucket.put(KEY, Body::Bytes(&large), callback.as_ref(), &ObjectOptions::default());
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!((outcome.attempts, bed.callbacks()), (4, usize::from(with_callback)));
        }
    });
}

#[test]
fn callback_is_asked_for_until_it_is_answered_where_that_is_wanted() {
    over_every_route(|route| {
        for (loss, callbacks) in [
            (Action::CloseWithoutReply, 2),
            (Action::GarbageReply, 2),
            (Action::StatusAfterWork { status: 500, code: "ByFault".to_owned() }, 2),
            (Action::CloseBeforeWork, 1),
            (Action::Status { status: 502, code: "ByFault".to_owned() }, 1),
        ] {
            let bed = Bed::over(route);
            bed.fault("PutObject", loss.clone());
            let mut options = ObjectOptions::default();
            options.set_callback_delivery(CallbackDelivery::AtLeastOnce);
            let outcome = bed.bucket.put(KEY, Body::Bytes(DATA), Some(&bed.callback()), &options);
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(outcome.body, br#"{"Status":"OK"}"#);
            assert_eq!((bed.callbacks(), outcome.callback_repeats), (callbacks, 1), "{loss:?}");
        }
        // What cannot have run is not counted, nor is the last, of which the status tells.
        let bed = Bed::over(route);
        bed.fault("PutObject", Action::Status { status: 503, code: "ByFault".to_owned() });
        bed.always("PutObject", Action::CloseWithoutReply);
        let mut options = ObjectOptions::default();
        options.set_callback_delivery(CallbackDelivery::AtLeastOnce);
        let outcome = bed.bucket.put(KEY, Body::Bytes(DATA), Some(&bed.callback()), &options);
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
        assert_eq!(outcome.callback_repeats as usize + 1, bed.callbacks());
    });
}

#[test]
fn complete_runs_its_callback_until_it_is_answered_where_that_is_wanted() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let mut options = ObjectOptions::default();
        options.set_callback_delivery(CallbackDelivery::AtLeastOnce);
        let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &options);
        let multipart = multipart.unwrap();
        assert!(multipart.upload_part(1, Body::Bytes(DATA)).is_ok());
        bed.fault("CompleteMultipartUpload", Action::CloseBeforeWork);
        let outcome = multipart.complete(Completion::Known, Some(&bed.callback()));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.attempts, bed.callbacks(), outcome.callback_repeats), (2, 1, 1));
    });
}

#[test]
fn token_tells_what_a_call_stored_from_equal_bytes() {
    over_every_route(|route| {
        const TOKEN: &str = "x-oss-meta-oss-upload-token";
        for in_parts in [false, true] {
            for stored in [false, true] {
                let bed = Bed::over(route);
                bed.emulator.put_object(BUCKET, KEY, DATA);
                let operation = if in_parts { "CompleteMultipartUpload" } else { "PutObject" };
                bed.fault(
                    operation,
                    if stored { Action::CloseWithoutReply } else { Action::CloseBeforeWork },
                );
                let mut options = ObjectOptions::default();
                options.set_write_token(true);
                let outcome = if in_parts {
                    let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &options);
                    let multipart = multipart.unwrap();
                    assert!(multipart.upload_part(1, Body::Bytes(DATA)).is_ok());
                    multipart.complete(Completion::Known, Some(&bed.callback()))
                } else {
                    bed.bucket.put(KEY, Body::Bytes(DATA), Some(&bed.callback()), &options)
                };
                match stored {
                    true => assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes),
                    false => assert_ended(&outcome, Status::Network, Stored::Unknown),
                }
                let head = bed.bucket.stat(KEY);
                let token = head.header(TOKEN).unwrap_or_default();
                assert_eq!(token.len(), if stored { 32 } else { 0 }, "{token}");
            }
        }
    });
}

#[test]
fn each_call_has_a_token_of_its_own() {
    let bed = Bed::new();
    let mut options = ObjectOptions::default();
    options.set_write_token(true);
    let tokens: Vec<String> = (0..2)
        .map(|_| {
            assert!(bed.bucket.put(KEY, Body::Bytes(DATA), None, &options).is_ok());
            bed.bucket.stat(KEY).header("x-oss-meta-oss-upload-token").unwrap().to_owned()
        })
        .collect();
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn look_that_finds_nothing_or_another_object_is_believed_when_a_second_reply_says_so() {
    over_both(|https| {
        let old = "Last-Modified: Thu, 31 Dec 2026 00:00:00 GMT\r\nx-oss-hash-crc64ecma: 1\r\n";
        for (status, headers) in [(404, ""), (200, old)] {
            // A cache that writes the date itself keeps the id.
            for (is_kept, puts) in [(true, 1), (false, 2)] {
                let server = Scripted::start(https, move |method, number| match (method, number) {
                    ("PUT", 0) => oss(500, "", ""),
                    ("PUT", _) => oss(200, ETAG, "answer"),
                    _ if is_kept => {
                        let date = format!("Date: Fri, 01 Jan 2027 00:00:{number:02} GMT\r\n");
                        reply(status, &format!("x-oss-request-id: kept\r\n{date}{headers}"), "")
                    }
                    _ => oss(status, headers, ""),
                });
                let outcome = put(&server.bucket(|_| ()), true);
                match is_kept {
                    true => assert_unknown(&outcome),
                    false => assert_ended(&outcome, Status::Ok, Stored::Yes),
                }
                assert_eq!(server.requests("PUT"), puts, "{status}");
                assert!(server.requests("HEAD") >= 2);
            }
        }
    });
}

#[test]
fn nothing_is_told_from_something_also_where_the_object_would_not_be_known_again() {
    over_both(|https| {
        for (status, stored, completes) in [(404, Stored::No, 3), (200, Stored::Unknown, 1)] {
            let server = Scripted::start(https, move |method, _| match method {
                "GET" => oss(200, "", LISTED),
                "POST" => oss(500, "", ""),
                _ => oss(status, "", ""),
            });
            let (multipart, _) = Multipart::reopen(&server.bucket(|_| ()), KEY, "U");
            let outcome = multipart.unwrap().complete(Completion::Known, Some(&callback()));
            assert_eq!((outcome.stored, server.requests("POST")), (stored, completes), "{}", outcome.message);
        }
    });
}

#[test]
fn what_a_cache_says_of_an_object_does_not_make_an_upload_without_a_callback_not_stored() {
    over_both(|https| {
        let kept = "x-oss-request-id: kept\r\nDate: Fri, 01 Jan 2100 00:00:00 GMT\r\n";
        let server = || {
            Scripted::start(https, move |method, _| match method {
                "HEAD" => reply(404, kept, ""),
                _ => oss(500, "", ""),
            })
        };
        let one = |options: &mut BucketOptions| options.set_max_attempts(1).unwrap();
        assert_unknown(&put(&server().bucket(one), false));
        let appended = server().bucket(one).append(KEY, 0, Body::Bytes(DATA), &ObjectOptions::default());
        assert_unknown(&appended);
    });
}

#[test]
fn what_was_not_there_before_oss_was_done_is_no_second_word_for_what_is_not_there_then() {
    over_both(|https| {
        let clock = Clock::skipping();
        let theirs = clock.clone();
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("PUT", 0) => Does::Closes,
            ("PUT", _) => oss(200, ETAG, "answer"),
            // It comes in the last tenth of a second, and a cache says once more what was so before.
            (_, 0) => {
                theirs.skip(Duration::from_millis(59_900));
                oss(404, "", "")
            }
            (_, 1) => oss(404, "", ""),
            _ => ours(),
        });
        let bucket = server.bucket(|options| {
            options.set_clock(clock.clone());
            options.set_settling_time(Duration::from_secs(100)).unwrap();
        });
        assert_ended(&put(&bucket, true), Status::CallbackUnknown, Stored::Yes);
        assert_eq!((server.requests("PUT"), server.requests("HEAD")), (1, 3));
    });
}

#[test]
fn mark_of_what_was_removed_and_its_absence_are_not_the_same() {
    over_both(|https| {
        // Ours is stored and removed at once; and a cache still knows that there was nothing.
        let server = Scripted::start(https, |method, number| match (method, number) {
            ("PUT", _) => oss(500, "", ""),
            ("HEAD", 1) => oss(404, "", ""),
            _ => oss(404, "x-oss-delete-marker: true\r\n", ""),
        });
        assert_unknown(&put(&server.bucket(|_| ()), true));
        assert_eq!((server.requests("PUT"), server.requests("HEAD")), (1, 4));
    });
}

#[test]
fn two_looks_at_two_objects_are_one_at_each() {
    over_both(|https| {
        let found = |etag: &str, hour: u32| {
            let times = format!(
                "Last-Modified: Fri, 01 Jan 2027 {hour:02}:00:00 GMT\r\nDate: Fri, 01 Jan 2027 02:00:00 GMT\r\n"
            );
            there(&format!("x-oss-hash-crc64ecma: 1\r\nETag: \"{etag}\"\r\n{times}"))
        };
        // Ours is replaced at once; and a cache still knows what was there before the call.
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("PUT", _) => oss(500, "", ""),
            ("HEAD", 1) => found("older", 1),
            _ => found("newer", 2),
        });
        assert_unknown(&put(&server.bucket(|_| ()), true));
        assert_eq!((server.requests("PUT"), server.requests("HEAD")), (1, 4));
    });
}

#[test]
fn object_of_another_is_older_than_a_call_only_by_more_than_a_minute() {
    over_both(|https| {
        for (age, puts) in [("01:00", 1), ("01:05", 2)] {
            let server = Scripted::start(https, move |method, number| match (method, number) {
                ("PUT", 0) => oss(500, "", ""),
                ("PUT", _) => oss(200, ETAG, "answer"),
                _ => there(&format!(
                    "x-oss-hash-crc64ecma: 1\r\nLast-Modified: Fri, 01 Jan 2027 01:00:00 GMT\r\n\
                     Date: Fri, 01 Jan 2027 01:{age} GMT\r\n"
                )),
            });
            let outcome = put(&server.bucket(|_| ()), true);
            assert_eq!((server.requests("PUT"), outcome.is_ok()), (puts, puts == 2), "{}", outcome.message);
        }
    });
}

/// The reply to a HEAD that was signed with another time.
fn skewed() -> Does {
    let skewed =
        "<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2096-01-01T00:00:03.000Z</ServerTime></Error>";
    let headers = format!(
        "x-oss-request-id: 1\r\nDate: Sun, 01 Jan 2096 00:00:00 GMT\r\nx-oss-err: {}\r\n",
        BASE64_STANDARD.encode(skewed)
    );
    reply(403, &headers, "")
}

#[test]
fn upload_that_was_not_done_is_sent_once_more_when_the_look_has_put_our_clock_right() {
    over_both(|https| {
        for with_callback in [false, true] {
            let clock = Clock::skipping();
            let theirs = clock.clone();
            let server = Scripted::start(https, move |method, number| match (method, number) {
                ("PUT", 0) => Does::Closes,
                ("PUT", _) => oss(200, ETAG, "answer"),
                (_, 0) => {
                    theirs.skip(Duration::from_secs(61));
                    skewed()
                }
                _ => oss(404, "", ""),
            });
            let bucket = server.bucket(|options| {
                options.set_clock(clock.clone());
                options.set_settling_time(Duration::from_secs(100)).unwrap();
                options.set_max_attempts(1).unwrap();
            });
            assert_ended(&put(&bucket, with_callback), Status::Ok, Stored::Yes);
            assert_eq!((server.requests("PUT"), server.requests("HEAD")), (2, 4));
        }
    });
}

#[test]
fn what_could_not_be_known_again_is_looked_for_once() {
    over_both(|https| {
        // The parts have no CRC-64, and the upload no token.
        let server = Scripted::start(https, |method, _| match method {
            "GET" => oss(200, "", LISTED),
            "POST" => Does::Closes,
            _ => ours(),
        });
        let (multipart, _) = Multipart::reopen(&server.bucket(|_| ()), KEY, "U");
        assert_unknown(&multipart.unwrap().complete(Completion::Known, Some(&callback())));
        assert_eq!((server.requests("POST"), server.requests("HEAD")), (1, 1));
    });
}

#[test]
fn success_of_oss_that_is_none_of_a_complete_says_nothing() {
    over_both(|https| {
        let server = Scripted::start(https, |method, _| match method {
            "GET" => oss(200, "", LISTED),
            "POST" => oss(200, "", "<Other/>"),
            _ => oss(404, "", ""),
        });
        let bucket = server.bucket(|options| options.set_max_attempts(1).unwrap());
        let (multipart, _) = Multipart::reopen(&bucket, KEY, "U");
        assert_unknown(&multipart.unwrap().complete(Completion::Known, None));
    });
}

#[test]
fn list_that_breaks_off_is_asked_for_again() {
    over_both(|https| {
        let server = Scripted::start(https, |_, number| match number {
            0 => Does::Ends(format!(
                "HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nContent-Length: 1000\r\n\r\n{LISTED}"
            )),
            _ => oss(200, "", LISTED),
        });
        let (multipart, outcome) = Multipart::reopen(&server.bucket(|_| ()), KEY, "U");
        assert!(multipart.is_some() && outcome.attempts == 2, "{outcome:?}");
    });
}

#[test]
fn failure_that_oss_tells_under_a_success_is_its_last_word() {
    over_both(|https| {
        let server = Scripted::start(https, |method, number| match (method, number) {
            ("PUT", 0) => oss(200, "", FAILED),
            ("PUT", _) => oss(200, ETAG, "answer"),
            _ => oss(404, "", ""),
        });
        // It is over with it, so that what is not there by now never comes.
        assert_ended(&put(&server.bucket(|_| ()), true), Status::Ok, Stored::Yes);
        assert_eq!((server.requests("PUT"), server.requests("HEAD")), (2, 2));
    });
}

#[test]
fn object_that_may_not_be_looked_at_is_looked_at_once() {
    over_both(|https| {
        let server = Scripted::start(https, |method, _| match method {
            "PUT" => oss(500, "", ""),
            _ => oss(403, "", ""),
        });
        assert_unknown(&put(&server.bucket(|_| ()), true));
        assert_eq!((server.requests("PUT"), server.requests("HEAD")), (1, 1));
    });
}

#[test]
fn append_that_was_not_done_stays_so_when_the_next_one_is_refused() {
    over_both(|https| {
        let clock = Clock::skipping();
        let theirs = clock.clone();
        let server = Scripted::start(https, move |method, number| match (method, number) {
            ("POST", 0) => Does::Closes,
            // The look for what became of it puts our clock right, which is worth one more.
            ("HEAD", 0) => {
                theirs.skip(Duration::from_secs(61));
                skewed()
            }
            ("HEAD", 1..=3) => oss(404, "", ""),
            ("HEAD", _) => others(),
            _ => oss(429, "", ""),
        });
        let bucket = server.bucket(|options| {
            options.set_clock(clock.clone());
            options.set_settling_time(Duration::from_secs(100)).unwrap();
            options.set_max_attempts(1).unwrap();
        });
        let outcome = bucket.append(KEY, 0, Body::Bytes(DATA), &ObjectOptions::default());
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!((server.requests("POST"), server.requests("HEAD")), (2, 4));
    });
}

#[test]
fn reply_that_a_cache_says_it_kept_is_none_of_oss_by_whatever_header_it_says_so() {
    over_both(|https| {
        let stat = |header: &str| {
            let header = format!("{header}\r\n");
            let server = Scripted::start(https, move |_, _| oss(404, &header, ""));
            server.bucket(|_| ()).stat(KEY).stored
        };
        for kept in [
            "X-Cache-Status: HIT",
            "X-Cache-Status: STALE",
            "X-Cache-Status: UPDATING",
            "X-Cache-Status: REVALIDATED",
            "CF-Cache-Status: HIT",
            "Cache-Status: nginx; hit",
            "X-Cache-Lookup: HIT from p:3128",
            "X-Proxy-Cache: HIT",
            "X-Cache: RefreshHit from cloudfront",
            "X-Varnish: 1 2",
        ] {
            assert_eq!(stat(kept), Stored::Unknown, "{kept}");
        }
        for passed in [
            "X-Cache-Status: MISS",
            "CF-Cache-Status: DYNAMIC",
            "Cache-Status: nginx; fwd=miss; stored",
            "X-Varnish: 1",
            "Cache-Control: max-age=60, stale-while-revalidate=60",
            "x-oss-meta-cache: hit",
        ] {
            assert_eq!(stat(passed), Stored::No, "{passed}");
        }
    });
}

#[test]
fn mark_of_a_removal_says_that_something_was_there() {
    over_both(|https| {
        let mark = "x-oss-delete-marker: true\r\nx-oss-version-id: V\r\n";
        let old = "Last-Modified: Thu, 31 Dec 2026 00:00:00 GMT\r\n";
        for (with_callback, age, puts) in [(true, "", 1), (false, "", 3), (true, old, 3), (false, old, 3)] {
            let headers = format!("{mark}{age}");
            let server = Scripted::start(https, move |method, _| match method {
                "PUT" => oss(500, "", ""),
                _ => oss(404, &headers, ""),
            });
            let outcome = put(&server.bucket(|_| ()), with_callback);
            // What was removed long before the call was nothing that the call has stored.
            let stored = if with_callback && !age.is_empty() { Stored::No } else { Stored::Unknown };
            assert_eq!((outcome.stored, server.requests("PUT")), (stored, puts), "{}", outcome.message);
        }
        let server = Scripted::start(https, move |_, _| oss(404, mark, ""));
        assert_eq!(server.bucket(|_| ()).stat(KEY).stored, Stored::No);
    });
}

#[test]
fn key_whose_link_leads_nowhere_is_not_called_absent() {
    over_both(|https| {
        for (code, stored) in [
            ("SymlinkTargetNotExist", Stored::Unknown),
            ("NoSuchKey", Stored::No),
            ("NoSuchBucket", Stored::No),
        ] {
            let document = BASE64_STANDARD.encode(format!("<Error><Code>{code}</Code></Error>"));
            let header = format!("x-oss-err: {document}\r\n");
            let server = Scripted::start(https, move |_, _| oss(404, &header, ""));
            let outcome = server.bucket(|_| ()).stat(KEY);
            assert_ended(&outcome, Status::Service, stored);
            assert_eq!(outcome.error.code, code);
        }
    });
}

#[test]
fn put_that_oss_takes_back_in_the_body_is_no_success() {
    over_both(|https| {
        for with_callback in [true, false] {
            let server = Scripted::start(https, move |method, _| match method {
                "PUT" => oss(200, "", FAILED),
                _ => others(),
            });
            let bucket = server.bucket(|options| options.set_max_attempts(1).unwrap());
            assert_ended(&put(&bucket, with_callback), Status::BadResponse, Stored::Unknown);
        }
        // An application server may answer whatever it likes.
        let server = Scripted::start(https, move |_, _| oss(200, ETAG, FAILED));
        let outcome = put(&server.bucket(|_| ()), true);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.body, FAILED.as_bytes());
    });
}

#[test]
fn form_that_oss_takes_back_in_the_body_is_no_success_nor_is_a_redirect_of_its_own() {
    let location = "Location: http://127.0.0.1/next\r\n";
    for (field, status, headers, body, ended) in [
        (("x:none", ""), 204, ETAG, "", (Status::Ok, Stored::Yes)),
        (("x:none", ""), 200, "", FAILED, (Status::BadResponse, Stored::Unknown)),
        (("callback", "e30="), 200, "", FAILED, (Status::BadResponse, Stored::Unknown)),
        (("success_action_status", "201"), 201, "", "<PostResponse/>", (Status::Ok, Stored::Yes)),
        (("success_action_status", "201"), 201, "", FAILED, (Status::BadResponse, Stored::Unknown)),
        (("success_action_redirect", "http://127.0.0.1/next"), 303, location, "", (Status::Ok, Stored::Yes)),
        (
            ("success_action_redirect", "http://127.0.0.1/next"),
            307,
            location,
            FAILED,
            (Status::Service, Stored::No),
        ),
        (
            ("success_action_redirect", "http://127.0.0.1/next"),
            301,
            location,
            FAILED,
            (Status::Service, Stored::No),
        ),
    ] {
        let server = Scripted::start(false, move |_, _| oss(status, headers, body));
        let mut form = PostForm::from_url(&format!("http://{}/", server.server.address())).unwrap();
        form.set_field("key", KEY).unwrap();
        form.set_field(field.0, field.1).unwrap();
        let mut options = BucketOptions::default();
        options.set_max_attempts(1).unwrap();
        assert_ended(&form.post(Body::Bytes(DATA), &options), ended.0, ended.1);
    }
}

#[test]
fn removal_that_oss_takes_back_in_the_body_is_none() {
    over_both(|https| {
        let server = Scripted::start(https, move |_, _| oss(200, "", FAILED));
        assert_unknown(&server.bucket(|_| ()).remove(KEY));
    });
}

/// A server on which an upload in parts is begun, and whose Complete is answered so.
fn completing(https: bool, answer: impl Fn() -> Does + Send + Sync + 'static) -> Scripted {
    Scripted::start(https, move |method, number| match (method, number) {
        ("POST", 0) => oss(200, "", BEGUN),
        ("PUT", _) => oss(200, ETAG, ""),
        ("POST", _) => answer(),
        _ => others(),
    })
}

fn complete(bucket: &Arc<Bucket>, callback: Option<&Callback>) -> Outcome {
    let (multipart, outcome) = Multipart::begin(bucket, KEY, &ObjectOptions::default());
    assert!(outcome.is_ok(), "{}", outcome.message);
    let multipart = multipart.unwrap();
    assert!(multipart.upload_part(1, Body::Bytes(DATA)).is_ok());
    multipart.complete(Completion::Known, callback)
}

#[test]
fn complete_that_oss_takes_back_in_the_body_is_no_success_whether_or_not_it_calls() {
    over_both(|https| {
        for callback in [None, Some(&callback())] {
            let others = ["", r#"{"Status":"OK"}"#].into_iter().filter(|_| callback.is_none());
            for body in others.chain([FAILED]) {
                let server = completing(https, move || oss(200, "", body));
                assert_ended(
                    &complete(&server.bucket(|_| ()), callback),
                    Status::BadResponse,
                    Stored::Unknown,
                );
            }
        }
        let callback = callback();
        let server = completing(https, || oss(200, ETAG, FAILED));
        let outcome = complete(&server.bucket(|_| ()), Some(&callback));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.body, FAILED.as_bytes());
        // It names the object, so it is stored, but nobody seems to have been called.
        let result = "<CompleteMultipartUploadResult><ETag>E</ETag></CompleteMultipartUploadResult>";
        for headers in ["", ETAG] {
            let server = completing(https, move || oss(200, headers, result));
            let outcome = complete(&server.bucket(|_| ()), Some(&callback));
            assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
        }
    });
}

#[test]
fn callback_of_a_complete_that_oss_takes_back_in_the_body_stays_owed() {
    over_both(|https| {
        let server = completing(https, || oss(200, "", FAILED));
        let folder = TempDir::new().unwrap();
        let outbox = Outbox::open(folder.path().to_str().unwrap()).unwrap();
        let mut options = UploadOptions::default();
        options.set_outbox(Some(Arc::new(outbox)));
        options.set_part_size(100 << 10).unwrap();
        options.set_threshold(100 << 10).unwrap();
        let data = vec![7; 150 << 10];
        let outcome =
            server.bucket(|_| ()).upload(KEY, Body::Bytes(&data), Some(&callback()), &options, &Unmoved);
        assert_ended(&outcome, Status::BadResponse, Stored::Unknown);
        assert_eq!(outcome.upload_id, "U");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    });
}

#[test]
fn reply_that_is_about_another_upload_or_object_is_not_believed() {
    over_both(|https| {
        let of = |key: &str, id: &str| {
            format!("<Bucket>test-bucket</Bucket><Key>{key}</Key><UploadId>{id}</UploadId>")
        };
        let key = "a b&c/中";
        for (said, encoding, is_ours) in [
            ("a b&amp;c/中", "", true),
            ("a%20b%26c/%E4%B8%AD", "<EncodingType>url</EncodingType>", true),
            ("a%20b%26c/%E4%B8%AD", "", false),
            ("other", "", false),
        ] {
            let about = format!("{encoding}{}", of(said, "U"));
            let begun = format!("<InitiateMultipartUploadResult>{about}</InitiateMultipartUploadResult>");
            let listed = format!("<ListPartsResult>{about}</ListPartsResult>");
            let server = Scripted::start(https, move |method, _| match method {
                "POST" => oss(200, "", &begun),
                _ => oss(200, "", &listed),
            });
            let bucket = server.bucket(|_| ());
            let (multipart, outcome) = Multipart::begin(&bucket, key, &ObjectOptions::default());
            assert_eq!((multipart.is_some(), outcome.is_ok()), (is_ours, is_ours), "{}", outcome.message);
            let (multipart, outcome) = Multipart::reopen(&bucket, key, "U");
            assert_eq!((multipart.is_some(), outcome.is_ok()), (is_ours, is_ours), "{}", outcome.message);
        }
        let listed = format!("<ListPartsResult>{}</ListPartsResult>", of(KEY, "other"));
        let server = Scripted::start(https, move |_, _| oss(200, "", &listed));
        let (multipart, outcome) = Multipart::reopen(&server.bucket(|_| ()), KEY, "U");
        assert_ended(&outcome, Status::BadResponse, Stored::No);
        assert!(multipart.is_none());
        for (prefix, is_ours) in [("dir/", true), ("", true), ("di/", false)] {
            let upload = format!("<Upload>{}</Upload>", of("dir/a", "U"));
            let listed = format!("<ListMultipartUploadsResult>{upload}</ListMultipartUploadsResult>");
            let server = Scripted::start(https, move |_, _| oss(200, "", &listed));
            let (found, outcome) = server.bucket(|_| ()).list_uploads(prefix, 10);
            assert_eq!((found.uploads.len(), outcome.is_ok()), (usize::from(is_ours), is_ours), "{prefix}");
        }
        let completed = "<CompleteMultipartUploadResult><Key>other</Key></CompleteMultipartUploadResult>";
        let server = completing(https, move || oss(200, "", completed));
        assert_ended(&complete(&server.bucket(|_| ()), None), Status::BadResponse, Stored::Unknown);
    });
}
