//! URLs that others can use: what they allow, what is said of their uploads, and how long they last.

use crate::support::bed::{BUCKET, Bed, DATA, KEY, assert_ended};
use oss_emulator::{Action, Answer};
use oss_upload::engine::{
    Body, BucketOptions, Input, Multipart, ObjectOptions, Outcome, Presigned, SignatureVersion, Status,
    Stored,
};

const LIFE_S: u64 = 900;

/// A bucket for each version of the signature.
fn beds() -> [Bed; 2] {
    let version = |version| Bed::with(move |options: &mut BucketOptions| options.set_signature(version));
    [version(SignatureVersion::V1), version(SignatureVersion::V4)]
}

fn put(presigned: &Presigned) -> Outcome {
    presigned.put(Body::Bytes(DATA), &BucketOptions::default())
}

/// What somebody else makes of a URL that was handed on.
fn handed_on(presigned: &Presigned) -> Presigned {
    let mut other = Presigned::from_url(&presigned.url).unwrap();
    for (name, value) in &presigned.headers {
        other.add_header(name, value).unwrap();
    }
    other
}

fn presigned_with_callback(bed: &Bed) -> Presigned {
    bed.bucket.presign_put(KEY, Some(&bed.callback()), &ObjectOptions::default(), LIFE_S).unwrap()
}

#[test]
fn url_stores_an_object_without_a_key() {
    for bed in beds() {
        let presigned = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), LIFE_S).unwrap();
        assert_eq!(presigned.headers, []);
        assert_ended(&put(&handed_on(&presigned)), Status::Ok, Stored::Yes);
        assert!(bed.is_stored());
    }
}

#[test]
fn callback_in_the_url_runs_and_its_answer_comes_back() {
    for bed in beds() {
        bed.application.answer(Answer::json(r#"{"seen":true}"#));
        let outcome = put(&handed_on(&presigned_with_callback(&bed)));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.body, br#"{"seen":true}"#);
        assert_eq!(bed.callbacks(), 1);
    }
}

#[test]
fn failed_callback_of_a_url_is_told_from_failure() {
    for bed in beds() {
        bed.application.answer(Answer::status(500));
        let outcome = put(&presigned_with_callback(&bed));
        assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
        assert_eq!(bed.requests("PutObject"), 1);
    }
}

#[test]
fn lost_reply_with_a_callback_is_not_sent_again_and_nothing_is_claimed() {
    let bed = Bed::new();
    bed.fault("PutObject", Action::CloseWithoutReply);
    let outcome = put(&presigned_with_callback(&bed));
    assert_ended(&outcome, Status::Network, Stored::Unknown);
    assert_eq!((bed.requests("PutObject"), bed.callbacks()), (1, 1));
}

#[test]
fn lost_reply_without_a_callback_is_sent_again() {
    let bed = Bed::new();
    bed.fault("PutObject", Action::CloseWithoutReply);
    let presigned = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), LIFE_S).unwrap();
    assert_ended(&put(&presigned), Status::Ok, Stored::Yes);
    assert_eq!(bed.requests("PutObject"), 2);
}

#[test]
fn what_the_object_is_stored_with_has_to_be_sent_as_it_was_signed() {
    for bed in beds() {
        let mut options = ObjectOptions::default();
        options.set_header("content-type", "text/x-special").unwrap();
        options.add_metadata("origin", "here").unwrap();
        let presigned = bed.bucket.presign_put(KEY, None, &options, LIFE_S).unwrap();
        assert_eq!(presigned.headers.len(), 2);
        assert_ended(&put(&handed_on(&presigned)), Status::Ok, Stored::Yes);
        assert_eq!(bed.emulator.object(BUCKET, KEY).unwrap().header("x-oss-meta-origin"), Some("here"));

        let bare = Presigned::from_url(&presigned.url).unwrap();
        let outcome = put(&bare);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.error.code, "SignatureDoesNotMatch");
    }
}

#[test]
fn upload_in_parts_can_be_left_to_others() {
    for bed in beds() {
        let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &ObjectOptions::default());
        let multipart = multipart.unwrap();
        let presigned = bed.bucket.presign_upload_part(KEY, multipart.upload_id(), 1, LIFE_S).unwrap();
        let part = put(&handed_on(&presigned));
        // A part is no object yet.
        assert_ended(&part, Status::Ok, Stored::No);
        assert!(!part.etag().is_empty());
        let complete =
            bed.bucket.presign_complete(KEY, multipart.upload_id(), Some(&bed.callback()), LIFE_S).unwrap();
        assert_eq!(complete.method, "POST");
        let refused = put(&complete);
        assert_ended(&refused, Status::InvalidArgument, Stored::No);
        assert!(refused.message.contains("POST"), "{}", refused.message);
    }
}

#[test]
fn expired_url_is_refused_by_oss() {
    for bed in beds() {
        let presigned = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), 1).unwrap();
        bed.emulator.set_clock_offset_s(60);
        let outcome = put(&presigned);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.error.code, "AccessDenied");
    }
}

#[test]
fn redirect_of_a_url_is_told_without_what_was_signed() {
    for bed in beds() {
        let presigned = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), LIFE_S).unwrap();
        // As a gateway does it that wants https: the same once more.
        let elsewhere = presigned.url.replace("http://", "https://");
        bed.fault("PutObject", Action::Redirect(elsewhere.clone()));
        let outcome = put(&presigned);
        assert_ended(&outcome, Status::Service, Stored::No);
        let (place, signature) = elsewhere.split_once('?').unwrap();
        assert!(outcome.message.contains(place), "{}", outcome.message);
        for pair in signature.split('&') {
            assert!(!outcome.message.contains(pair), "{}", outcome.message);
        }
        assert!(!outcome.message.contains('?'), "{}", outcome.message);
    }
}

#[test]
fn life_has_its_limits() {
    for (bed, longest) in beds().into_iter().zip([366 * 24 * 3600, 7 * 24 * 3600]) {
        for wrong in [0, longest + 1, u64::MAX] {
            let Err(outcome) = bed.bucket.presign_get(KEY, wrong) else { panic!("{wrong} s are accepted") };
            assert_ended(&outcome, Status::InvalidArgument, Stored::No);
            assert!(outcome.message.contains(&longest.to_string()), "{}", outcome.message);
        }
        let presigned = bed.bucket.presign_get(KEY, longest).unwrap();
        assert_eq!(presigned.method, "GET");
        assert!(presigned.expires.is_some());
    }
}

#[test]
fn urls_that_cannot_be_sent_as_they_were_signed_are_refused() {
    for wrong in [
        "",
        "no url",
        "ftp://host/key?a",
        "http://user@host/key?a",
        "http://user:secret@host/key?a",
        "http://host/key?a#fragment",
        "http://host/a/../key?Signature=secret",
        "http://host/a/%2e%2e/key?Signature=secret",
        "http://host/./key?Signature=secret",
    ] {
        let Err(mistake) = Presigned::from_url(wrong) else { panic!("{wrong} is accepted") };
        assert!(!mistake.to_string().contains("secret"), "{mistake}");
    }
    for fine in ["http://host/a.b/..c/d%2Fe?x=/../", "https://[::1]:8080/key?a", "http://host/a%20b?c"] {
        assert!(Presigned::from_url(fine).is_ok(), "{fine}");
    }
}

#[test]
fn headers_that_the_library_writes_cannot_be_added() {
    let mut presigned = Presigned::from_url("http://host/key?a").unwrap();
    for name in ["Host", "content-length", "Transfer-Encoding", "connection", "a b", ""] {
        assert!(presigned.add_header(name, "value").is_err(), "{name}");
    }
    assert!(presigned.add_header("x-oss-meta-a", "b\r\nc: d").is_err());
    assert!(presigned.add_header("x-oss-callback", "e30=").is_ok());
}

#[test]
fn data_of_unknown_length_is_refused_before_anything_is_sent() {
    struct Nothing;
    impl oss_upload::engine::Reader for Nothing {
        fn read(&self, _: &mut [u8]) -> Result<usize, oss_upload::engine::SourceFailure> {
            panic!("it is not read")
        }
        fn can_rewind(&self) -> bool {
            false
        }
        fn rewind(&self) -> Result<(), oss_upload::engine::SourceFailure> {
            panic!("it is not read")
        }
    }
    let bed = Bed::new();
    let presigned = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), LIFE_S).unwrap();
    let outcome = presigned.put(Input::Reader(Box::new(Nothing), None), &BucketOptions::default());
    assert_ended(&outcome, Status::InvalidArgument, Stored::No);
    assert_eq!(bed.emulator.requests().len(), 0);
}
