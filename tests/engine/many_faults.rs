//! A managed upload gets through where one request in five goes wrong.

use crate::support;
use crate::support::bed::{BUCKET, Bed, KEY, assert_ended};
use oss_emulator::{Action, Fault};
use oss_upload::engine::{Body, Observer, Progress, Status, Stored, UploadOptions};
use std::cell::Cell;
use std::time::Duration;

const SIZE: usize = 64 << 20;
const PART: u64 = 1 << 20;
/// Its beginning, its parts, and its completion.
const REQUESTS_WITHOUT_FAULTS: usize = 2 + SIZE / PART as usize;

/// What befalls every fifth request, in turns.
fn faults() -> [Action; 4] {
    [
        Action::ResetAfterBodyBytes(PART / 2),
        Action::Status { status: 503, code: "ServiceUnavailable".to_owned() },
        Action::SlowReply(Duration::from_millis(200)),
        Action::ResetBeforeReply,
    ]
}

/// The place of the slow reply among them.
const SLOW: usize = 2;

/// Makes sure that progress never goes back and never beyond the end.
#[derive(Default)]
struct Monotone(Cell<u64>);

impl Observer for Monotone {
    fn progress(&self, Progress { accepted, total, .. }: &Progress) -> bool {
        assert!(*accepted >= self.0.replace(*accepted));
        assert_eq!(*total, Some(SIZE as u64));
        *accepted <= SIZE as u64
    }

    fn log(&self, line: &str) -> bool {
        panic!("{line}");
    }
}

#[test]
fn upload_completes_although_one_request_in_five_is_reset_refused_or_slow() {
    let Bed { emulator, bucket, .. } = &Bed::new();
    // A fault does not count the requests that befall another: the one with 4 n to skip befalls request 5 n.
    for n in 1..=40 {
        emulator.inject(Fault::new(faults()[n % faults().len()].clone()).skip(4 * n as u64));
    }
    let mut options = UploadOptions::default();
    options.set_part_size(PART).unwrap();
    options.set_parallel(8).unwrap();

    let data = support::noise(SIZE);
    let progress = Monotone::default();
    let outcome = bucket.upload(KEY, Body::Bytes(&data), None, &options, &progress);

    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let object = emulator.object(BUCKET, KEY).unwrap();
    assert!(object.data == data, "the object is not the data");
    assert_eq!(outcome.crc64, Some(object.crc64));
    assert_eq!(progress.0.get(), SIZE as u64);
    // What is slow is not sent again; of what is reset or refused, only that very request is, once for each time.
    let requests = emulator.requests().len();
    let harmed = (1..=requests / 5).filter(|n| n % faults().len() != SLOW).count();
    assert_eq!(requests, REQUESTS_WITHOUT_FAULTS + harmed);
    // A reset of a connection that was used before may be one that the server gave up: then it counts for nothing.
    let attempts = usize::try_from(outcome.attempts).unwrap();
    assert!((requests - harmed..=requests).contains(&attempts), "{attempts} attempts, {requests} requests");
    assert!(harmed >= REQUESTS_WITHOUT_FAULTS / 7, "only {harmed} requests came to harm");
}
