//! A message says everything once, and reads as one sentence, whatever it was put together from.

use crate::support::bed::{BUCKET, Bed, DATA, KEY};
use crate::support::noise;
use crate::support::observer::Unmoved;
use crate::support::route::Route;
use crate::support::words::blunder;
use oss_emulator::{Action, Answer, Config};
use oss_upload::credentials::Profile;
use oss_upload::credentials::{Credentials, Surroundings};
use oss_upload::engine::{
    Body, Bucket, BucketOptions, Cancel, Input, ObjectOptions, Outbox, Outcome, Reader, SourceFailure,
    Status, UploadOptions,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const PART: usize = 100 << 10;

#[test]
fn what_is_said_twice_or_badly_joined_is_noticed() {
    assert_eq!(blunder("stored, but stored, but the callback failed").as_deref(), Some("stored, but"));
    assert_eq!(blunder("HTTP 500 E: The server is out of order.; its parts").as_deref(), Some(".;"));
    assert_eq!(blunder("the the end").as_deref(), Some("the"));
    assert_eq!(blunder("stored, but the callback failed; what is stored is kept"), None);
    assert_eq!(blunder(""), None);
}

/// Checks messages, and that there is one with each of these ends.
fn check(outcomes: &[Outcome], ends: &[(Status, &str)]) {
    for outcome in outcomes {
        assert_eq!(outcome.message.is_empty(), outcome.is_ok(), "{outcome:?}");
        assert_eq!(blunder(&outcome.message), None, "{}", outcome.message);
    }
    for (status, part) in ends {
        let is_it = |outcome: &Outcome| outcome.status == *status && outcome.message.contains(part);
        let said: Vec<_> = outcomes.iter().map(|outcome| (outcome.status, &outcome.message)).collect();
        assert!(outcomes.iter().any(is_it), "nothing ends with {status:?} and {part:?}: {said:#?}");
    }
}

fn refusal() -> Action {
    Action::Status { status: 403, code: "AccessDenied".to_owned() }
}

fn in_parts() -> UploadOptions {
    let mut options = UploadOptions::default();
    options.set_threshold(0).unwrap();
    options.set_part_size(PART as u64).unwrap();
    options
}

fn upload<'b>(bed: &Bed, input: impl Into<Input<'b>>, options: &UploadOptions) -> Outcome {
    bed.bucket.upload(KEY, input, Some(&bed.callback()), options, &Unmoved)
}

/// A put, an upload in parts and a trigger, all with a callback, each of which meets this.
fn all_meeting(action: &Action) -> Vec<Outcome> {
    let bed = Bed::new();
    bed.put();
    for operation in ["PutObject", "CompleteMultipartUpload", "TriggerCallback", "ProcessObject"] {
        bed.always(operation, action.clone());
    }
    let outcomes = [bed.put_with_callback(), upload(&bed, Body::Bytes(&noise(2 * PART)), &in_parts())];
    let triggered = bed.bucket.trigger_callback(KEY, &bed.callback(), &ObjectOptions::default());
    outcomes.into_iter().chain([triggered]).collect()
}

#[test]
fn whatever_oss_says_or_does_not_say_is_put_in_one_sentence() {
    let by_gateway = Action::StatusAfterWork { status: 502, code: "BadGateway".to_owned() };
    let actions = [
        refusal(),
        by_gateway,
        Action::Status { status: 500, code: "InternalError".to_owned() },
        Action::CloseBeforeWork,
        Action::CloseWithoutReply,
        Action::ResetBeforeReply,
        Action::WrongCrc,
        Action::GarbageReply,
        Action::TruncateReplyBody,
        Action::Redirect("http://127.0.0.1:1/".to_owned()),
    ];
    let outcomes: Vec<Outcome> = actions.iter().flat_map(all_meeting).collect();
    check(
        &outcomes,
        &[
            (Status::Service, "AccessDenied"),
            (Status::Service, "its parts were removed"),
            (Status::Service, "whether the object is stored could not be found out"),
            (Status::Integrity, "CRC-64"),
            (Status::CallbackUnknown, "the reply was lost"),
            (Status::CallbackUnknown, "the answer to the callback was cut"),
        ],
    );
}

#[test]
fn callback_that_fails_is_said_to_fail_once() {
    let bed = Bed::new();
    bed.application.answer(Answer::status(500));
    let outcomes = [
        bed.put_with_callback(),
        upload(&bed, Body::Bytes(&noise(2 * PART)), &in_parts()),
        bed.bucket.trigger_callback(KEY, &bed.callback(), &ObjectOptions::default()),
    ];
    check(&outcomes, &[(Status::CallbackFailed, "the callback failed")]);
    bed.always("PutObject", Action::WrongCrc);
    check(&[bed.put_with_callback()], &[(Status::Integrity, "stored, but the callback failed")]);
}

#[test]
fn parts_that_are_left_are_named_in_the_same_sentence() {
    let bed = Bed::new();
    bed.always("UploadPart", refusal());
    let data = noise(2 * PART);
    let mut keeping = in_parts();
    keeping.set_keep_parts(true);
    let kept = upload(&bed, Body::Bytes(&data), &keeping);
    bed.always("AbortMultipartUpload", refusal());
    let stuck = upload(&bed, Body::Bytes(&data), &in_parts());
    check(
        &[kept, stuck],
        &[
            (Status::Service, "its parts are kept as upload"),
            (Status::Service, "could not be removed and stay"),
        ],
    );
}

#[test]
fn refusal_of_what_was_signed_with_v1_is_one_sentence() {
    let bed = Bed::new();
    let options = BucketOptions::default();
    let credentials = Credentials::new("id", "secret", None).unwrap();
    let bucket = Bucket::new(&bed.emulator.endpoint(), BUCKET, Arc::new(credentials), &options).unwrap();
    let outcome = bucket.put(KEY, Body::Bytes(DATA), None, &ObjectOptions::default());
    check(&[outcome], &[(Status::Service, "signed with V1")]);
}

/// A reader that fails.
struct Failing;

impl Reader for Failing {
    fn read(&self, _: &mut [u8]) -> Result<usize, SourceFailure> {
        Err(SourceFailure::Unreadable("the disk is out of order.".to_owned()))
    }

    fn can_rewind(&self) -> bool {
        false
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        Ok(())
    }
}

/// What has no key.
fn nobody() -> Arc<Credentials> {
    let profile = Profile::new(Some(Path::new("/nonexistent")), None, Surroundings::of(|_| None));
    Arc::new(Credentials::from_provider(profile))
}

#[test]
fn what_fails_on_this_side_is_put_in_one_sentence() {
    let bed = Bed::new();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, noise(2 * PART)).unwrap();
    let put = |bucket: &Bucket, options: &ObjectOptions| bucket.put(KEY, Body::Bytes(DATA), None, options);
    let plain = ObjectOptions::default();

    let mut cancelled = ObjectOptions::default();
    let cancel = Cancel::default();
    cancel.fire();
    cancelled.limits_mut().set_cancel(Some(cancel));

    let mut hurried = ObjectOptions::default();
    hurried.limits_mut().set_deadline(Duration::from_millis(50)).unwrap();
    bed.fault("PutObject", Action::StallAfterBodyBytes(0));
    let timed_out = put(&bed.bucket, &hurried);

    let bucket_at = |endpoint: &str, credentials| {
        let mut options = BucketOptions::default();
        options.set_region("cn-hangzhou").unwrap();
        options.set_max_attempts(1).unwrap();
        Bucket::new(endpoint, BUCKET, credentials, &options).unwrap()
    };
    let known = || Arc::new(Credentials::new("id", "secret", None).unwrap());
    let tls = Bed::on(Config::default(), Route::Https, |_| ());

    let mut resumable = in_parts();
    resumable.set_checkpoint(Some(&file)).unwrap();
    let body = Body::open(&file, None).unwrap_or_else(|_| unreachable!());

    let mut failing = in_parts();
    failing.set_keep_parts(true);
    check(
        &[
            bed.bucket.put("", Body::Bytes(DATA), None, &plain),
            put(&bed.bucket, &cancelled),
            timed_out,
            put(&bucket_at("http://127.0.0.1:1", known()), &plain),
            put(&bucket_at(&bed.emulator.endpoint(), nobody()), &plain),
            put(&bucket_at(&tls.emulator.endpoint(), known()), &plain),
            upload(&bed, Input::Reader(Box::new(Failing), None), &failing),
            upload(&bed, body, &resumable),
            *Outbox::open(&file).err().unwrap(),
        ],
        &[
            (Status::InvalidArgument, "key is empty"),
            (Status::Cancelled, "cancelled"),
            (Status::Timeout, "deadline"),
            (Status::Network, "127.0.0.1:1"),
            (Status::Credentials, "profile"),
            (Status::Tls, "certificate"),
            (Status::LocalIo, "out of order"),
            (Status::LocalIo, "checkpoint folder"),
            (Status::LocalIo, "outbox"),
        ],
    );
}
