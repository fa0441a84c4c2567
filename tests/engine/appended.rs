//! Data is appended once, whatever becomes of the replies, and what the object is then is checked.

use crate::support::bed::{BUCKET, Bed, DATA, KEY, SETTLING_TIME, assert_ended};
use oss_emulator::Action;
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Body, Bucket, BucketOptions, ObjectOptions, Outcome, Status, Stored};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

const FIRST: &[u8] = b"first, ";
const SECOND: &[u8] = b"second";
const POSITION: u64 = FIRST.len() as u64;

fn append_with(bed: &Bed, position: u64, data: &[u8], options: &ObjectOptions) -> Outcome {
    bed.bucket.append(KEY, position, Body::Bytes(data), options)
}

fn append(bed: &Bed, position: u64, data: &[u8]) -> Outcome {
    append_with(bed, position, data, &ObjectOptions::default())
}

/// A bucket that has an object with something in it.
fn begun() -> Bed {
    let bed = Bed::new();
    assert_ended(&append(&bed, 0, FIRST), Status::Ok, Stored::Yes);
    bed
}

/// Options that say what CRC-64 the object has now.
fn knowing_the_crc(bed: &Bed) -> ObjectOptions {
    let mut options = ObjectOptions::default();
    options.set_previous_crc64(bed.emulator.object(BUCKET, KEY).unwrap().crc64);
    options
}

fn content(bed: &Bed) -> Vec<u8> {
    bed.emulator.object(BUCKET, KEY).unwrap().data
}

fn both() -> Vec<u8> {
    [FIRST, SECOND].concat()
}

fn error(status: u16) -> Action {
    Action::Status { status, code: "ByFault".to_owned() }
}

/// Each way to lose the reply to a request that was carried out.
fn losses() -> [Action; 4] {
    let after_work = |status| Action::StatusAfterWork { status, code: "ByFault".to_owned() };
    [Action::CloseWithoutReply, Action::ResetBeforeReply, Action::GarbageReply, after_work(500)]
}

#[test]
fn each_append_says_where_the_next_one_goes_on() {
    let bed = begun();
    let outcome = append(&bed, POSITION, SECOND);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!(outcome.next_position, both().len() as u64);
    assert_eq!(content(&bed), both());
    assert_eq!(outcome.crc64, Some(bed.emulator.object(BUCKET, KEY).unwrap().crc64));
    assert_ended(&append(&bed, outcome.next_position, b""), Status::Ok, Stored::Yes);
}

#[test]
fn the_crc_goes_on_from_what_is_given_and_is_asked_for_otherwise() {
    let bed = begun();
    let outcome = append_with(&bed, POSITION, SECOND, &knowing_the_crc(&bed));
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!(bed.requests("HeadObject"), 0);
    let outcome = append(&bed, outcome.next_position, SECOND);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!(bed.requests("HeadObject"), 1);
}

#[test]
fn reply_that_is_lost_is_made_up_for_without_appending_twice() {
    for loss in losses() {
        let bed = begun();
        bed.fault("AppendObject", loss.clone());
        let outcome = append(&bed, POSITION, SECOND);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(content(&bed), both(), "{loss:?}");
        assert_eq!(outcome.next_position, both().len() as u64, "{loss:?}");
        // The beginning, and twice the end. A request that met a connection which the server closed counts for nothing.
        assert_eq!(bed.requests("AppendObject"), 3, "{loss:?}");
        let met_closed = matches!(loss, Action::CloseWithoutReply | Action::ResetBeforeReply);
        assert_eq!(outcome.attempts, if met_closed { 1 } else { 2 }, "{loss:?}");
    }
}

#[test]
fn object_is_made_once_although_the_reply_is_lost() {
    for loss in losses() {
        let bed = Bed::new();
        bed.fault("AppendObject", loss.clone());
        assert_ended(&append(&bed, 0, FIRST), Status::Ok, Stored::Yes);
        assert_eq!(content(&bed), FIRST, "{loss:?}");
    }
}

#[test]
fn what_was_not_carried_out_is_sent_again() {
    for loss in [Action::CloseBeforeWork, Action::ResetBeforeWork, error(500), error(503)] {
        let bed = begun();
        bed.fault("AppendObject", loss.clone());
        assert_ended(&append(&bed, POSITION, SECOND), Status::Ok, Stored::Yes);
        assert_eq!(content(&bed), both(), "{loss:?}");
    }
}

#[test]
fn append_that_never_gets_through_is_told_from_one_whose_replies_are_all_lost() {
    for (loss, stored) in [
        (error(500), Stored::No),
        (error(503), Stored::No),
        // It may come yet.
        (error(502), Stored::Unknown),
        (Action::CloseBeforeWork, Stored::Unknown),
    ] {
        let bed = begun();
        bed.always("AppendObject", loss.clone());
        let outcome = append(&bed, POSITION, SECOND);
        assert_eq!((outcome.is_ok(), outcome.stored), (false, stored), "{loss:?}: {}", outcome.message);
        assert_eq!(content(&bed), FIRST);
    }

    let bed = begun();
    bed.always("AppendObject", Action::CloseWithoutReply);
    let outcome = append(&bed, POSITION, SECOND);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!(content(&bed), both());
}

#[test]
fn nothing_is_claimed_where_nothing_can_be_found_out() {
    let bed = begun();
    bed.fault("AppendObject", Action::CloseWithoutReply);
    bed.always("HeadObject", error(403));
    let outcome = append(&bed, POSITION, SECOND);
    assert_ended(&outcome, Status::Service, Stored::Unknown);
    assert_eq!(outcome.error.code, "PositionNotEqualToLength");
    assert_eq!(content(&bed), both());
}

#[test]
fn somebody_elses_append_is_not_taken_for_ones_own() {
    let bed = begun();
    let options = knowing_the_crc(&bed);
    // As much data as ours, at the same place.
    let theirs = b"SECOND";
    assert_ended(&append(&bed, POSITION, theirs), Status::Ok, Stored::Yes);
    // OSS refuses ours, but the refusal does not arrive.
    bed.fault("AppendObject", Action::GarbageReply);
    let outcome = append_with(&bed, POSITION, SECOND, &options);
    assert_ended(&outcome, Status::Service, Stored::Unknown);
    assert_eq!(content(&bed), [FIRST, theirs].concat());
}

/// A server that says the same to every request.
fn saying(reply: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // The head and the few bytes after it come at once.
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(reply.as_bytes());
        }
    });
    endpoint
}

#[test]
fn success_that_does_not_say_where_the_object_ends_is_not_believed() {
    for reply in [
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 203 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ] {
        let credentials = Arc::new(Credentials::new("id", "secret", None).unwrap());
        let mut options = BucketOptions::default();
        options.set_max_attempts(1).unwrap();
        options.set_settling_time(SETTLING_TIME).unwrap();
        let bucket = Bucket::new(&saying(reply), BUCKET, credentials, &options).unwrap();
        let outcome = bucket.append(KEY, 0, Body::Bytes(FIRST), &ObjectOptions::default());
        assert_eq!(outcome.stored, Stored::Unknown, "{reply}: {}", outcome.message);
        assert_ne!(outcome.status, Status::Ok, "{reply}");
    }
}

#[test]
fn wrong_position_appends_nothing_and_says_the_right_one() {
    let bed = begun();
    for wrong in [0, 1, POSITION + 1] {
        let outcome = append(&bed, wrong, SECOND);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.error.code, "PositionNotEqualToLength");
        assert_eq!(outcome.next_position, POSITION, "{wrong}");
        assert_eq!(outcome.attempts, 1);
    }
    assert_eq!(content(&bed), FIRST);
}

#[test]
fn object_of_another_kind_cannot_be_appended_to() {
    let bed = Bed::new();
    assert_ended(&bed.put(), Status::Ok, Stored::Yes);
    let outcome = append(&bed, DATA.len() as u64, SECOND);
    assert_ended(&outcome, Status::Service, Stored::No);
    assert_eq!(outcome.error.code, "ObjectNotAppendable");
}

#[test]
fn wrong_crc_of_the_whole_is_an_error_of_its_own_and_nothing_is_appended_again() {
    let bed = begun();
    bed.fault("AppendObject", Action::WrongCrc);
    let outcome = append(&bed, POSITION, SECOND);
    assert_ended(&outcome, Status::Integrity, Stored::Yes);
    assert!(outcome.message.contains("CRC-64"), "{}", outcome.message);
    assert_eq!(bed.requests("AppendObject"), 2);
    assert_eq!(content(&bed), both());

    let mut options = ObjectOptions::default();
    options.set_previous_crc64(1);
    let outcome = append_with(&bed, outcome.next_position, SECOND, &options);
    assert_ended(&outcome, Status::Integrity, Stored::Yes);
}

#[test]
fn where_the_object_cannot_be_looked_at_oss_compares_the_data() {
    let bed = begun();
    bed.always("HeadObject", error(403));
    assert_ended(&append(&bed, POSITION, SECOND), Status::Ok, Stored::Yes);
    let requests = bed.emulator.requests();
    let last = requests.iter().rfind(|request| request.operation == "AppendObject").unwrap();
    assert!(last.header("content-md5").is_some());
    assert_eq!(content(&bed), both());
}

#[test]
fn object_cannot_grow_beyond_what_oss_allows() {
    let bed = Bed::new();
    for position in [5 << 30, u64::MAX] {
        let outcome = append(&bed, position, SECOND);
        assert_ended(&outcome, Status::InvalidArgument, Stored::No);
        assert!(outcome.message.contains("5368709120"), "{}", outcome.message);
    }
    assert_eq!(bed.emulator.requests().len(), 0);
}

#[test]
fn callback_is_refused_with_the_reason() {
    for name in ["x-oss-callback", "X-Oss-Callback-Var"] {
        let mistake = ObjectOptions::default().set_header(name, "e30=").unwrap_err().to_string();
        assert!(mistake.contains("an append has none"), "{mistake}");
    }
}
