//! What is sent again and what is not, and whether `stored` tells the truth, when replies are lost or make no sense.

use crate::support::bed::{BUCKET, Bed, DATA, KEY, SETTLING_TIME, assert_ended};
use crate::support::network::Network;
use crate::support::raw_server::{RawServer, over_both};
use crate::support::route::{Route, over, over_every_route};
use crate::support::sanitizer::Sanitizer;
use oss_emulator::{Action, Answer};
use oss_upload::callback::Callback;
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Body, Bucket, BucketOptions, Completion, Multipart, ObjectOptions, Status, Stored};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

fn error(status: u16) -> Action {
    Action::Status { status, code: "ByFault".to_owned() }
}

fn error_after_work(status: u16) -> Action {
    Action::StatusAfterWork { status, code: "ByFault".to_owned() }
}

/// Each way to lose the reply to a request that was carried out.
fn losses() -> [Action; 7] {
    [
        Action::CloseWithoutReply,
        Action::ResetBeforeReply,
        Action::GarbageReply,
        error_after_work(500),
        error_after_work(502),
        error_after_work(504),
        error_after_work(520),
    ]
}

#[test]
fn put_without_callback_is_sent_again_when_its_reply_is_lost() {
    over_every_route(|route| {
        for loss in losses() {
            let bed = Bed::over(route);
            bed.fault("PutObject", loss.clone());
            let outcome = bed.put();
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!((outcome.attempts, bed.requests("PutObject")), (2, 2), "{loss:?}");
            assert!(bed.is_stored());
        }
    });
}

#[test]
fn put_with_callback_is_not_sent_again_when_it_was_carried_out() {
    over_every_route(|route| {
        for loss in losses() {
            let bed = Bed::over(route);
            bed.fault("PutObject", loss.clone());
            let outcome = bed.put_with_callback();
            assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
            assert_eq!((bed.requests("PutObject"), bed.callbacks()), (1, 1), "{loss:?}");
            let object = bed.emulator.object(BUCKET, KEY).unwrap();
            assert_eq!(outcome.crc64, Some(object.crc64), "{loss:?}");
            assert!(!outcome.etag().is_empty() && !outcome.request_id().is_empty(), "{loss:?}");
        }
    });
}

#[test]
fn put_with_callback_is_sent_again_when_it_was_not_carried_out() {
    over_every_route(|route| {
        for refusal in [error(500), error(503), error(429)] {
            let bed = Bed::over(route);
            bed.fault("PutObject", refusal.clone());
            let outcome = bed.put_with_callback();
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(outcome.body, br#"{"Status":"OK"}"#);
            assert_eq!((bed.requests("PutObject"), bed.callbacks()), (2, 1), "{refusal:?}");
        }
    });
}

#[test]
fn put_with_callback_is_not_sent_again_while_oss_may_still_be_at_work() {
    over_every_route(|route| {
        for loss in [Action::CloseBeforeWork, Action::ResetBeforeWork, error(502), error(504)] {
            let bed = Bed::over(route);
            bed.fault("PutObject", loss.clone());
            let outcome = bed.put_with_callback();
            assert_eq!((outcome.is_ok(), outcome.stored), (false, Stored::Unknown), "{loss:?}");
            assert_eq!((bed.requests("PutObject"), bed.callbacks()), (1, 0), "{loss:?}");
        }

        let bed =
            Bed::over_with(route, |options| options.set_stall_timeout(Duration::from_millis(200)).unwrap());
        bed.fault("PutObject", Action::StallAfterBodyBytes(DATA.len() as u64));
        assert_ended(&bed.put_with_callback(), Status::Timeout, Stored::Unknown);
        assert_eq!((bed.requests("PutObject"), bed.callbacks()), (1, 0));
    });
}

#[test]
fn another_object_under_the_key_is_not_taken_for_the_one_that_was_uploaded() {
    over_every_route(|route| {
        let others: [&[u8]; 2] = [b"of another size", b"WHAT IS UPLOADED"];
        for other in others {
            for loss in [Action::CloseBeforeWork, error(500)] {
                for callback in [false, true] {
                    let bed = Bed::over_with(route, |options| options.set_max_attempts(1).unwrap());
                    bed.emulator.put_object(BUCKET, KEY, other);
                    bed.fault("PutObject", loss.clone());
                    let outcome = if callback { bed.put_with_callback() } else { bed.put() };
                    assert_eq!((outcome.is_ok(), outcome.stored), (false, Stored::Unknown), "{loss:?}");
                    assert_eq!((bed.requests("PutObject"), bed.callbacks()), (1, 0));
                    assert_eq!(bed.emulator.object(BUCKET, KEY).unwrap().data, other);
                }
            }
        }
    });
}

#[test]
fn object_that_is_a_minute_older_than_the_call_was_not_stored_by_it() {
    over_every_route(|route| {
        for (older_by_s, requests) in [(0, 1), (600, 2)] {
            let bed = Bed::over(route);
            bed.emulator.put_object(BUCKET, KEY, b"WHAT IS UPLOADED");
            bed.emulator.set_clock_offset_s(older_by_s);
            bed.fault("PutObject", error(500));
            let outcome = bed.put_with_callback();
            let stored = if requests == 2 { Stored::Yes } else { Stored::Unknown };
            assert_eq!((outcome.is_ok(), outcome.stored), (requests == 2, stored), "{}", outcome.message);
            assert_eq!((bed.requests("PutObject"), bed.callbacks()), (requests, requests - 1));
        }
    });
}

#[test]
fn put_with_callback_ends_unknown_when_nothing_can_be_found_out() {
    over_every_route(|route| {
        for refusal in [error(403), Action::CloseBeforeWork, Action::OmitCrc] {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
            bed.fault("PutObject", Action::CloseWithoutReply);
            bed.always("HeadObject", refusal.clone());
            let outcome = bed.put_with_callback();
            assert_ended(&outcome, Status::Network, Stored::Unknown);
            assert_eq!((bed.requests("PutObject"), bed.callbacks()), (1, 1), "{refusal:?}");
            assert!(outcome.message.contains("could not be found out"), "{}", outcome.message);
        }
    });
}

#[test]
fn put_with_callback_that_is_never_carried_out_ends_with_no() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
        bed.always("PutObject", error(500));
        assert_ended(&bed.put_with_callback(), Status::Service, Stored::No);
        assert_eq!((bed.requests("PutObject"), bed.callbacks()), (2, 0));
    });
}

#[test]
fn put_whose_replies_are_all_lost_is_looked_up_in_the_end() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
        bed.always("PutObject", Action::CloseWithoutReply);
        let outcome = bed.put();
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.attempts, bed.requests("PutObject"), bed.requests("HeadObject")), (2, 2, 1));
        assert!(outcome.crc64.is_some() && !outcome.etag().is_empty());
    });
}

#[test]
fn put_that_is_never_carried_out_ends_with_no_if_oss_is_over_with_it() {
    over_every_route(|route| {
        for (refusal, stored) in [
            (error(500), Stored::No),
            (error(503), Stored::No),
            // It may come yet.
            (error(502), Stored::Unknown),
            (Action::CloseBeforeWork, Stored::Unknown),
        ] {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
            bed.always("PutObject", refusal.clone());
            let outcome = bed.put();
            assert_eq!((outcome.is_ok(), outcome.stored), (false, stored), "{refusal:?}");
            assert_eq!(bed.requests("PutObject"), 2);
        }
    });
}

#[test]
fn put_ends_unknown_when_neither_reply_nor_look_up_comes_through() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
        bed.always("PutObject", error_after_work(500));
        bed.always("HeadObject", error(403));
        let outcome = bed.put();
        assert_ended(&outcome, Status::Service, Stored::Unknown);
        assert_eq!(outcome.http_status, 500);
    });
}

#[test]
fn object_of_a_lost_attempt_is_found_when_the_next_one_stops_halfway() {
    over_every_route(|route| {
        let large = vec![7; 8 << 20];
        let next = [
            Action::ResetAfterBodyBytes(1 << 20),
            Action::EarlyError { status: 409, code: "FileAlreadyExists".to_owned(), abrupt: false },
            Action::EarlyError { status: 500, code: "InternalError".to_owned(), abrupt: false },
        ];
        for next in next {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
            bed.fault("PutObject", Action::CloseWithoutReply);
            bed.fault("PutObject", next.clone());
            let outcome = bed.bucket.put(KEY, Body::Bytes(&large), None, &ObjectOptions::default());
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(bed.requests("PutObject"), 2, "{next:?}");
        }
    });
}

#[test]
fn equal_bytes_are_ours_whatever_the_clocks_say_unless_there_is_a_token() {
    over_every_route(|route| {
        for (callback, token) in [(false, false), (true, false), (false, true), (true, true)] {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
            bed.emulator.put_object(BUCKET, KEY, DATA);
            // Ten minutes later by the server's clock.
            bed.emulator.set_clock_offset_s(600);
            bed.always("PutObject", Action::CloseBeforeWork);
            let mut options = ObjectOptions::default();
            options.set_write_token(token);
            let asked = callback.then(|| bed.callback());
            let outcome = bed.bucket.put(KEY, Body::Bytes(DATA), asked.as_ref(), &options);
            match (callback, token) {
                (_, true) => assert_ended(&outcome, Status::Network, Stored::Unknown),
                (true, _) => assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes),
                (false, _) => assert_ended(&outcome, Status::Ok, Stored::Yes),
            }
            assert_eq!(bed.requests("PutObject"), if callback { 1 } else { 2 });
        }
    });
}

#[test]
fn put_that_its_own_lost_attempt_forbids_to_repeat_is_stored() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("PutObject", Action::CloseWithoutReply);
        let mut options = ObjectOptions::default();
        options.set_forbid_overwrite(true);
        let outcome = bed.bucket.put(KEY, Body::Bytes(DATA), None, &options);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(bed.requests("PutObject"), 2);
    });
}

#[test]
fn complete_is_sent_again_and_no_such_upload_is_not_believed() {
    over_every_route(|route| {
        for loss in losses() {
            let bed = Bed::over(route);
            let multipart = bed.begun();
            bed.fault("CompleteMultipartUpload", loss.clone());
            let outcome = multipart.complete(Completion::Known, None);
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(bed.requests("CompleteMultipartUpload"), 2, "{loss:?}");
            assert!(bed.is_stored());
        }
    });
}

#[test]
fn complete_whose_result_cannot_be_read_is_a_lost_reply() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let multipart = bed.begun();
        bed.fault("CompleteMultipartUpload", Action::HugeReplyBody(1000));
        assert_ended(&multipart.complete(Completion::Known, None), Status::Ok, Stored::Yes);
        assert_eq!((bed.requests("CompleteMultipartUpload"), bed.requests("HeadObject")), (2, 1));
    });
}

#[test]
fn complete_with_callback_is_not_sent_again_when_it_was_carried_out() {
    over_every_route(|route| {
        for loss in losses() {
            let bed = Bed::over(route);
            let multipart = bed.begun();
            bed.fault("CompleteMultipartUpload", loss.clone());
            let outcome = multipart.complete(Completion::Known, Some(&bed.callback()));
            assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
            assert_eq!((bed.requests("CompleteMultipartUpload"), bed.callbacks()), (1, 1), "{loss:?}");
            assert!(
                outcome.crc64.is_some() && !outcome.etag().is_empty() && !outcome.request_id().is_empty()
            );
        }
    });
}

#[test]
fn complete_with_callback_is_sent_again_when_it_was_not_carried_out() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let multipart = bed.begun();
        bed.fault("CompleteMultipartUpload", error(500));
        let outcome = multipart.complete(Completion::Known, Some(&bed.callback()));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((bed.requests("CompleteMultipartUpload"), bed.callbacks()), (2, 1));

        let multipart = bed.begun();
        bed.fault("CompleteMultipartUpload", Action::CloseBeforeWork);
        bed.emulator.delete_object(BUCKET, KEY);
        let outcome = multipart.complete(Completion::Known, Some(&bed.callback()));
        assert_ended(&outcome, Status::Network, Stored::Unknown);
        assert_eq!((bed.requests("CompleteMultipartUpload"), bed.callbacks()), (3, 1));
    });
}

#[test]
fn complete_of_an_upload_that_never_was_fails_with_no_such_upload() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let multipart = bed.begun();
        assert_ended(&multipart.abort(), Status::Ok, Stored::No);
        let outcome = multipart.complete(Completion::Known, Some(&bed.callback()));
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.error.code, "NoSuchUpload");
        assert_eq!((bed.requests("HeadObject"), bed.callbacks()), (0, 0));
    });
}

#[test]
fn failed_callback_is_never_sent_again() {
    over_every_route(|route| {
        for multipart in [false, true] {
            let bed = Bed::over(route);
            bed.application.answer(Answer::status(500));
            let outcome = match multipart {
                false => bed.put_with_callback(),
                true => bed.begun().complete(Completion::Known, Some(&bed.callback())),
            };
            assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
            assert_eq!((outcome.http_status, outcome.attempts, bed.callbacks()), (203, 1, 1));
            assert_eq!((outcome.error.code.as_str(), outcome.ec()), ("CallbackFailed", "0007-00000203"));
            assert!(
                outcome.crc64.is_some() && !outcome.etag().is_empty() && !outcome.request_id().is_empty()
            );
            assert!(outcome.body.starts_with(b"<?xml"));
            assert!(bed.is_stored());
        }
    });
}

#[test]
fn wrong_crc_without_callback_is_sent_again() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("PutObject", Action::WrongCrc);
        let outcome = bed.put();
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.attempts, 2);

        let multipart = bed.begun();
        bed.fault("UploadPart", Action::WrongCrc);
        let outcome = multipart.upload_part(2, Body::Bytes(DATA));
        assert_ended(&outcome, Status::Ok, Stored::No);
        assert_eq!(outcome.attempts, 2);
    });
}

#[test]
fn wrong_crc_that_stays_wrong_is_an_error_of_its_own() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
        bed.always("PutObject", Action::WrongCrc);
        let outcome = bed.put();
        assert_ended(&outcome, Status::Integrity, Stored::Yes);
        assert!(outcome.message.contains("CRC"), "{}", outcome.message);
        assert_eq!(outcome.attempts, 2);
    });
}

#[test]
fn wrong_crc_is_not_forgotten_when_the_next_attempt_fails() {
    over_every_route(|route| {
        for next in [error(503), error(403)] {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
            bed.fault("PutObject", Action::WrongCrc);
            bed.fault("PutObject", next.clone());
            assert_ended(&bed.put(), Status::Integrity, Stored::Yes);
            assert_eq!(bed.requests("PutObject"), 2, "{next:?}");
        }
    });
}

#[test]
fn wrong_crc_with_callback_is_not_sent_again_and_the_answer_is_handed_over() {
    over_every_route(|route| {
        for (answer, body) in
            [(Answer::default(), &br#"{"Status":"OK"}"#[..]), (Answer::status(500), b"<?xml")]
        {
            let bed = Bed::over(route);
            bed.application.answer(answer);
            bed.always("PutObject", Action::WrongCrc);
            let outcome = bed.put_with_callback();
            assert_ended(&outcome, Status::Integrity, Stored::Yes);
            assert!(outcome.message.contains("CRC"), "{}", outcome.message);
            assert_eq!((outcome.attempts, bed.callbacks()), (1, 1));
            assert!(outcome.body.starts_with(body));
        }
    });
}

#[test]
fn wrong_crc_of_the_whole_is_found_at_complete() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let multipart = bed.begun();
        bed.fault("CompleteMultipartUpload", Action::WrongCrc);
        let outcome = multipart.complete(Completion::Known, Some(&bed.callback()));
        assert_ended(&outcome, Status::Integrity, Stored::Yes);
        assert_eq!(bed.callbacks(), 1);

        let multipart = bed.begun();
        bed.fault("CompleteMultipartUpload", Action::WrongCrc);
        let outcome = multipart.complete(Completion::Known, None);
        assert_ended(&outcome, Status::Integrity, Stored::Yes);
        assert_eq!(outcome.attempts, 1, "an upload can be completed only once");
    });
}

#[test]
fn remove_and_abort_are_done_once_their_reply_is_lost() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.emulator.put_object(BUCKET, KEY, DATA);
        bed.fault("DeleteObject", Action::CloseWithoutReply);
        assert_ended(&bed.bucket.remove(KEY), Status::Ok, Stored::No);
        assert!(!bed.is_stored());

        let multipart = bed.begun();
        bed.fault("AbortMultipartUpload", Action::CloseWithoutReply);
        let outcome = multipart.abort();
        assert_ended(&outcome, Status::Ok, Stored::No);
        // The first met a connection that the server closed, and counts for nothing.
        assert_eq!((outcome.attempts, bed.requests("AbortMultipartUpload")), (1, 2));
        assert!(bed.emulator.uploads(BUCKET).is_empty());

        // Without a lost reply it is what it says.
        let outcome = multipart.abort();
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.error.code, "NoSuchUpload");
    });
}

#[test]
fn wrong_clock_is_corrected_once_and_remembered() {
    over_every_route(|route| {
        for offset in [-3600, 3600] {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(1).unwrap());
            bed.emulator.set_clock_offset_s(offset);
            let first = bed.put_with_callback();
            assert_ended(&first, Status::Ok, Stored::Yes);
            assert_eq!((first.attempts, bed.callbacks()), (2, 1));
            let second = bed.put();
            assert_ended(&second, Status::Ok, Stored::Yes);
            assert_eq!(second.attempts, 1);
        }
    });
}

#[test]
fn clock_that_stays_wrong_is_reported() {
    over_every_route(|route| {
        const SKEWED: &[u8] = b"HTTP/1.1 403 Forbidden\r\nx-oss-request-id: 1\r\n\
            Date: Sat, 01 Jan 2028 00:00:00 GMT\r\nConnection: close\r\nContent-Length: 99\r\n\r\n\
            <Error><Code>RequestTimeTooSkewed</Code><ServerTime>2028-01-01T00:00:00.000Z</ServerTime>\
            </Error>  ";
        let (bucket, _network) = behind(route, DATA.len(), SKEWED, false);
        let outcome = bucket.put(KEY, Body::Bytes(DATA), None, &ObjectOptions::default());
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!((outcome.error.code.as_str(), outcome.attempts), ("RequestTimeTooSkewed", 2));
    });
}

#[test]
fn wait_for_a_callback_is_not_cut_by_a_shorter_stall_time_out() {
    over_every_route(|route| {
        let stall =
            |options: &mut BucketOptions| options.set_stall_timeout(Duration::from_millis(200)).unwrap();
        let bed = Bed::over_with(route, stall);
        bed.application.answer(Answer { delay: Duration::from_secs(2), ..Answer::default() });
        assert_ended(&bed.put_with_callback(), Status::Ok, Stored::Yes);
        assert_eq!((bed.requests("PutObject"), bed.callbacks()), (1, 1));
    });
}

#[test]
fn silence_without_callback_ends_with_the_stall_time_out() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| {
            options.set_stall_timeout(Duration::from_millis(200)).unwrap();
            options.set_connect_timeout(Duration::from_millis(200)).unwrap();
            options.set_max_attempts(1).unwrap();
        });
        bed.always("PutObject", Action::SlowReply(Duration::from_secs(60)));
        bed.always("HeadObject", error(403));
        assert_ended(&bed.put(), Status::Timeout, Stored::Unknown);
        bed.emulator.clear_faults();
        bed.always("PutObject", Action::StallAfterBodyBytes(0));
        let large = vec![0; 64 << 20];
        let outcome = bed.bucket.put(KEY, Body::Bytes(&large), None, &ObjectOptions::default());
        assert_ended(&outcome, Status::Timeout, Stored::No);
    });
}

#[test]
fn deadline_ends_a_call_whatever_it_is_doing() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| options.set_deadline(Duration::from_millis(300)).unwrap());
        bed.always("PutObject", Action::SlowReply(Duration::from_secs(60)));
        assert_ended(&bed.put_with_callback(), Status::Timeout, Stored::Unknown);
        bed.emulator.clear_faults();
        bed.always("PutObject", Action::StallAfterBodyBytes(0));
        let large = vec![0; 64 << 20];
        let outcome = bed.bucket.put(KEY, Body::Bytes(&large), None, &ObjectOptions::default());
        assert_ended(&outcome, Status::Timeout, Stored::No);
    });
}

#[test]
fn missing_crc_and_strange_etag_of_a_put_are_tolerated() {
    over_every_route(|route| {
        for oddity in [Action::OmitCrc, Action::OmitEtag, Action::GarbleEtag] {
            let bed = Bed::over(route);
            bed.fault("PutObject", oddity.clone());
            let outcome = bed.put();
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(outcome.attempts, 1, "{oddity:?}");
        }
    });
}

#[test]
fn part_without_etag_is_no_success() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let multipart = bed.begun();
        bed.fault("UploadPart", Action::OmitEtag);
        assert_ended(&multipart.upload_part(2, Body::Bytes(DATA)), Status::BadResponse, Stored::No);
        assert_ended(&multipart.complete(Completion::Known, None), Status::Ok, Stored::Yes);
        assert!(bed.is_stored(), "the part without ETag is not in the object");
    });
}

#[test]
fn answer_to_a_callback_that_is_cut_short_leaves_its_fate_unknown() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("PutObject", Action::TruncateReplyBody);
        let outcome = bed.put_with_callback();
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
        assert_eq!((outcome.attempts, bed.callbacks()), (1, 1));
    });
}

#[test]
fn answer_to_a_callback_that_does_not_say_where_it_ends_leaves_its_fate_unknown() {
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            if connection.read_request().is_some() {
                connection
                    .say(b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nETag: \"E\"\r\n\r\n{\"answer\":\"ha");
                connection.finish_sending();
            }
        });
        let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
        let outcome =
            server.bucket(|_| ()).put(KEY, Body::Bytes(DATA), Some(&callback), &ObjectOptions::default());
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
        assert_eq!(outcome.attempts, 1);
    });
}

#[test]
fn refusals_that_may_pass_are_sent_again_and_others_are_not() {
    over_every_route(|route| {
        for status in [408, 429, 503] {
            let bed = Bed::over(route);
            bed.fault("PutObject", error(status));
            let outcome = bed.put_with_callback();
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!((outcome.attempts, bed.callbacks()), (2, 1), "{status}");
        }
        for status in [400, 403, 404, 409, 411, 501] {
            let bed = Bed::over(route);
            bed.fault("PutObject", error(status));
            let outcome = bed.put();
            assert_ended(&outcome, Status::Service, Stored::No);
            assert_eq!((i32::from(outcome.http_status), outcome.attempts), (status.into(), 1));
            assert_eq!(outcome.error.code, "ByFault");
        }
    });
}

#[test]
fn redirects_are_not_followed() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("PutObject", Action::Redirect(format!("{}/elsewhere/object", bed.emulator.endpoint())));
        let outcome = bed.put();
        assert_ended(&outcome, Status::Service, Stored::No);
        assert!(outcome.message.contains("redirect"), "{}", outcome.message);
        assert_eq!(bed.emulator.requests().len(), 1);
    });
}

#[test]
fn early_error_reaches_the_caller() {
    over_every_route(|route| {
        let large = vec![7; 8 << 20];
        for abrupt in [false, true] {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
            let refusal = Action::EarlyError { status: 403, code: "InvalidAccessKeyId".to_owned(), abrupt };
            bed.always("PutObject", refusal);
            bed.always("HeadObject", Action::Status { status: 403, code: "InvalidAccessKeyId".to_owned() });
            let outcome = bed.bucket.put(KEY, Body::Bytes(&large), None, &ObjectOptions::default());
            assert_ended(&outcome, Status::Service, Stored::No);
            assert_eq!(outcome.http_status, 403, "abrupt {abrupt}: {}", outcome.message);
            if !abrupt {
                // The reply itself came through, so nothing had to be asked.
                assert_eq!(
                    (outcome.error.code.as_str(), bed.requests("HeadObject")),
                    ("InvalidAccessKeyId", 0)
                );
            }
        }
    });
}

#[test]
fn early_refusal_is_read_however_abruptly_the_connection_ends() {
    const PUTS: usize = 20;
    // What a proxy makes of a reset is its own affair.
    over(&[Route::Http, Route::Https], |route| {
        let large = vec![7; 8 << 20];
        let bed = Bed::over_with(route, |options| options.set_max_attempts(1).unwrap());
        let code = "InvalidAccessKeyId";
        bed.always("PutObject", Action::EarlyError { status: 403, code: code.to_owned(), abrupt: true });
        let lost = (0..PUTS).filter(|_| {
            let outcome = bed.bucket.put(KEY, Body::Bytes(&large), None, &ObjectOptions::default());
            (outcome.http_status, outcome.error.code.as_str()) != (403, code)
        });
        assert_eq!(lost.count(), 0, "refusals were lost");
        assert_eq!((bed.requests("PutObject"), bed.requests("HeadObject")), (PUTS, 0));
    });
}

#[test]
fn refusal_that_a_reset_hides_is_asked_for() {
    over_every_route(|route| {
        let large = vec![7; 8 << 20];
        let bed = Bed::over_with(route, |options| options.set_max_attempts(2).unwrap());
        bed.always("PutObject", Action::ResetAfterBodyBytes(1000));
        bed.always("HeadObject", Action::Status { status: 403, code: "InvalidAccessKeyId".to_owned() });
        let outcome =
            bed.bucket.put(KEY, Body::Bytes(&large), Some(&bed.callback()), &ObjectOptions::default());
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!((outcome.http_status, outcome.attempts), (403, 2));
        assert!(outcome.message.contains("InvalidAccessKeyId"), "{}", outcome.message);

        // Where there is nothing else to report, the reset is. A key that may not read says nothing about writing.
        bed.emulator.clear_faults();
        bed.always("PutObject", Action::ResetAfterBodyBytes(1000));
        bed.fault("HeadObject", Action::Status { status: 403, code: "AccessDenied".to_owned() });
        let outcome =
            bed.bucket.put(KEY, Body::Bytes(&large), Some(&bed.callback()), &ObjectOptions::default());
        assert_ended(&outcome, Status::Network, Stored::No);
        assert!(outcome.message.contains("while sending"), "{}", outcome.message);
    });
}

#[test]
fn reset_while_sending_is_sent_again_even_with_a_callback() {
    over_every_route(|route| {
        let large = vec![7; 8 << 20];
        let bed = Bed::over(route);
        bed.fault("PutObject", Action::ResetAfterBodyBytes(1 << 20));
        let outcome =
            bed.bucket.put(KEY, Body::Bytes(&large), Some(&bed.callback()), &ObjectOptions::default());
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.attempts, bed.callbacks()), (2, 1));
    });
}

#[test]
fn idle_connection_that_the_server_closed_costs_no_attempt() {
    over_every_route(|route| {
        for close in [None, Some(Action::CloseIdle { reset: false }), Some(Action::CloseIdle { reset: true })]
        {
            let bed = Bed::over(route);
            assert_ended(&bed.put(), Status::Ok, Stored::Yes);
            assert_eq!(bed.emulator.connections(), 1);
            match &close {
                // After the call, while nobody looks at the connection.
                None => bed.emulator.close_idle_connections(),
                // Right after the reply.
                Some(close) => {
                    bed.fault("PutObject", close.clone());
                    assert_ended(&bed.put(), Status::Ok, Stored::Yes);
                    assert_eq!(bed.emulator.connections(), 1, "the connection is kept");
                }
            }
            bed.wait_until_no_connection_is_open();
            let outcome = bed.put_with_callback();
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            let seen =
                (outcome.attempts, bed.requests("HeadObject"), bed.callbacks(), bed.emulator.connections());
            assert_eq!(seen, (1, 0, 1, 2), "{close:?}");
        }
    });
}

#[test]
fn nothing_that_a_server_sends_exhausts_the_client() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| options.set_max_attempts(1).unwrap());
        bed.fault("PutObject", Action::HugeReplyBody(64 << 20));
        let outcome = bed.put();
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert!(outcome.body.len() <= 4 << 20);
        bed.fault("PutObject", Action::HugeReplyBody(64 << 20));
        assert_ended(&bed.put_with_callback(), Status::CallbackUnknown, Stored::Yes);
        bed.fault("PutObject", Action::HugeReplyHeaders(8 << 20));
        // The reply cannot be read, but the object can be looked up.
        assert_ended(&bed.put(), Status::Ok, Stored::Yes);
    });
}

/// A bucket behind something that is no OSS: it reads the head of each request, and `consume` bytes of a body, and
/// then says what it has to say, again and again if it is told to, which a deadline ends. The bucket is reached as long as the
/// network is there.
fn behind(route: Route, consume: usize, says: &'static [u8], endlessly: bool) -> (Bucket, Network) {
    let network = Network::of(route);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("{}://{}", network.scheme(), listener.local_addr().unwrap());
    let server_side = network.server_side();
    thread::spawn(move || {
        // It ends with the process; the connections end with the client's.
        for connection in listener.incoming().flatten() {
            let server_side = server_side.clone();
            thread::spawn(move || {
                let mut connection = BufReader::new(server_side(connection));
                let mut head = String::new();
                while connection.read_line(&mut head).is_ok_and(|read| read > 0) {
                    if !head.ends_with("\r\n\r\n") {
                        continue;
                    }
                    let body = if head.starts_with("HEAD ") { 0 } else { consume };
                    let _ = connection.read_exact(&mut vec![0; body]);
                    while connection.get_mut().write_all(says).is_ok() && endlessly {}
                    head.clear();
                }
            });
        }
    });
    let credentials = Credentials::new("id", "secret", None).unwrap();
    let mut options = BucketOptions::default();
    network.describe_to(&mut options);
    options.set_max_attempts(1).unwrap();
    options.set_settling_time(SETTLING_TIME).unwrap();
    if endlessly {
        options.set_deadline(Duration::from_millis(500)).unwrap();
    }
    (Bucket::new(&endpoint, BUCKET, Arc::new(credentials), &options).unwrap(), network)
}

#[test]
fn success_before_the_last_byte_is_none() {
    over_every_route(|route| {
        let (early, _network) =
            behind(route, 0, b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nContent-Length: 0\r\n\r\n", false);
        let large = vec![0; 64 << 20];
        let outcome = early.put(KEY, Body::Bytes(&large), None, &ObjectOptions::default());
        assert_ended(&outcome, Status::BadResponse, Stored::No);
    });
}

#[test]
fn success_that_oss_did_not_say_is_none() {
    over_every_route(|route| {
        let (portal, _network) =
            behind(route, DATA.len(), b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlogin", false);
        let outcome = portal.put(KEY, Body::Bytes(DATA), None, &ObjectOptions::default());
        assert_ended(&outcome, Status::BadResponse, Stored::Unknown);
        assert!(outcome.message.contains("not from OSS"), "{}", outcome.message);
    });
}

#[test]
fn empty_answer_to_a_callback_leaves_its_fate_unknown() {
    over_every_route(|route| {
        let (bucket, _network) = behind(
            route,
            DATA.len(),
            b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nETag: \"E\"\r\nContent-Length: 0\r\n\r\n",
            false,
        );
        let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
        let outcome = bucket.put(KEY, Body::Bytes(DATA), Some(&callback), &ObjectOptions::default());
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
    });
}

#[test]
fn deadline_ends_a_call_that_the_server_floods() {
    // What comes at once is read in one go, however slowly.
    let patience = Duration::from_secs(if Sanitizer::of_the_library().is_some() { 30 } else { 3 });
    over_every_route(|route| {
        let (flood, _network) = behind(route, DATA.len(), b"HTTP/1.1 100 Continue\r\n\r\n", true);
        let began = Instant::now();
        let outcome = flood.put(KEY, Body::Bytes(DATA), None, &ObjectOptions::default());
        assert_ended(&outcome, Status::Timeout, Stored::Unknown);
        assert!(began.elapsed() < patience, "{:?}", began.elapsed());
    });
}

#[test]
fn list_of_parts_that_leads_nowhere_is_refused() {
    over_every_route(|route| {
        let (pages, _network) = behind(route,
        0,
        b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nContent-Length: 165\r\n\r\n<ListPartsResult>\
          <UploadId>u</UploadId><IsTruncated>true</IsTruncated><NextPartNumberMarker>4000000</NextPartNumberMarker>\
          <MaxParts>1000</MaxParts></ListPartsResult>",
        false,
    );
        let (multipart, outcome) = Multipart::reopen(&Arc::new(pages), KEY, "u");
        assert_ended(&outcome, Status::BadResponse, Stored::No);
        assert!(multipart.is_none());
        assert!(outcome.message.contains("makes no sense"), "{}", outcome.message);
    });
}
