//! Managed uploads: what they send, what they keep to, and what they leave behind when they fail.

use crate::support::bed::{BUCKET, Bed, KEY, assert_ended};
use crate::support::noise;
use crate::support::observer::{Silent, Unmoved};
use crate::support::route::over_every_route;
use oss_emulator::{Action, Answer, Fault, Request};
use oss_upload::engine::{
    Body, CallbackDelivery, Cancel, Input, Level, Log, Multipart, ObjectOptions, Observer, Outcome, Progress,
    Reader, Sink, SourceFailure, Status, Stored, UploadOptions, Writer,
};
use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The smallest part that OSS takes.
const PART: u64 = 100 << 10;
/// Four parts, the last of which is smaller.
const SIZE: usize = 3 * PART as usize + 1000;

/// In parts, whatever the size.
fn in_parts() -> UploadOptions {
    let mut options = UploadOptions::default();
    options.set_threshold(0).unwrap();
    options.set_part_size(PART).unwrap();
    options
}

fn upload(bed: &Bed, options: &UploadOptions) -> Outcome {
    bed.bucket.upload(KEY, Body::Bytes(&noise(SIZE)), None, options, &Unmoved)
}

fn upload_with_callback(bed: &Bed, options: &UploadOptions) -> Outcome {
    bed.bucket.upload(KEY, Body::Bytes(&noise(SIZE)), Some(&bed.callback()), options, &Unmoved)
}

fn status(status: u16) -> Action {
    Action::Status { status, code: "ByFault".to_owned() }
}

fn requests(bed: &Bed, operation: &str) -> Vec<Request> {
    bed.emulator.requests().into_iter().filter(|request| request.operation == operation).collect()
}

fn pending(bed: &Bed) -> Vec<String> {
    bed.emulator.uploads(BUCKET).into_iter().map(|(_, upload_id)| upload_id).collect()
}

#[track_caller]
fn assert_stored(bed: &Bed) {
    let object = bed.emulator.object(BUCKET, KEY).expect("the object");
    assert!(object.data == noise(SIZE), "the object is not the data");
    assert!(pending(bed).is_empty(), "an upload is left");
}

/// The parts are gone, and the outcome says so.
#[track_caller]
fn assert_nothing_left(bed: &Bed, outcome: &Outcome) {
    assert_eq!(pending(bed), Vec::<String>::new());
    assert_eq!(outcome.upload_id, "");
    assert!(outcome.message.ends_with("its parts were removed"), "{}", outcome.message);
}

/// There are no parts, but one may come yet, and the outcome says so.
#[track_caller]
fn assert_one_may_arrive(bed: &Bed, outcome: &Outcome) {
    assert_eq!(pending(bed), Vec::<String>::new());
    assert!(!outcome.upload_id.is_empty(), "{}", outcome.message);
    let named = format!("may yet arrive: upload {}", outcome.upload_id);
    assert!(outcome.message.contains(&named), "{}", outcome.message);
}

#[test]
fn threshold_decides_between_one_put_and_many_parts() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let mut options = in_parts();
        options.set_threshold(SIZE as u64).unwrap();
        let outcome = upload(&bed, &options);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((bed.requests("PutObject"), bed.requests("UploadPart")), (1, 0));
        assert_eq!(outcome.attempts, 1);

        options.set_threshold(SIZE as u64 - 1).unwrap();
        let outcome = upload(&bed, &options);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((bed.requests("PutObject"), bed.requests("UploadPart")), (1, 4));
        assert_eq!(outcome.attempts, 6);
        assert_stored(&bed);
    });
}

#[test]
fn callback_goes_with_complete_and_only_there() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.application.answer(Answer::json(r#"{"answer":42}"#));
        let outcome = upload_with_callback(&bed, &in_parts());
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.body, br#"{"answer":42}"#);
        assert_eq!(outcome.header("content-type"), Some("application/json"));
        assert_eq!(bed.callbacks(), 1);
        let asking =
            bed.emulator.requests().into_iter().filter(|request| request.header("x-oss-callback").is_some());
        let asking: Vec<String> = asking.map(|request| request.operation).collect();
        assert_eq!(asking, ["CompleteMultipartUpload"]);
        assert_stored(&bed);
    });
}

#[test]
fn failed_callback_is_neither_success_nor_a_reason_to_remove_anything() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.application.answer(Answer::status(500));
        let outcome = upload_with_callback(&bed, &in_parts());
        assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
        assert_eq!(outcome.http_status, 203);
        assert_eq!(bed.requests("AbortMultipartUpload"), 0);
        assert_stored(&bed);
    });
}

#[test]
fn lost_reply_to_complete_is_looked_into_and_the_callback_is_not_repeated() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("CompleteMultipartUpload", Action::CloseWithoutReply);
        let outcome = upload_with_callback(&bed, &in_parts());
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
        assert_eq!((bed.requests("CompleteMultipartUpload"), bed.callbacks()), (1, 1));
        assert_stored(&bed);
    });
}

#[test]
fn put_options_are_those_of_the_object() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let mut object = ObjectOptions::default();
        object.set_header("content-type", "text/x-special").unwrap();
        object.add_metadata("origin", "here").unwrap();
        object.set_forbid_overwrite(true);
        object.set_content_md5(true);
        let mut options = in_parts();
        options.set_object_options(object);
        assert_ended(&upload(&bed, &options), Status::Ok, Stored::Yes);
        let stored = bed.emulator.object(BUCKET, KEY).unwrap();
        assert_eq!(stored.header("content-type"), Some("text/x-special"));
        assert_eq!(stored.header("x-oss-meta-origin"), Some("here"));
        assert!(requests(&bed, "UploadPart").iter().all(|part| part.header("content-md5").is_some()));

        let refused = upload(&bed, &options);
        assert_ended(&refused, Status::Service, Stored::No);
        assert_eq!(refused.error.code, "FileAlreadyExists");
        assert!(pending(&bed).is_empty());
    });
}

#[test]
fn traffic_limit_is_shared_out_among_the_parts() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let mut object = ObjectOptions::default();
        object.set_traffic_limit(4_000_000).unwrap();
        let mut options = in_parts();
        options.set_object_options(object);
        options.set_parallel(4).unwrap();
        assert_ended(&upload(&bed, &options), Status::Ok, Stored::Yes);
        let limits = requests(&bed, "UploadPart");
        let limits: Vec<_> = limits.iter().map(|part| part.header("x-oss-traffic-limit")).collect();
        assert_eq!(limits, [Some("1000000"); 4]);
    });
}

#[test]
fn rate_limit_holds_for_all_parts_together() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let rate = 4 * PART;
        let mut options = in_parts();
        options.limits_mut().set_bytes_per_second(rate).unwrap();
        options.set_parallel(4).unwrap();
        let began = Instant::now();
        assert_ended(&upload(&bed, &options), Status::Ok, Stored::Yes);
        // The last bytes of each part may go at once; the others have to wait for those before them.
        let least = (SIZE as u64 - PART) as f64 / rate as f64;
        assert!(began.elapsed().as_secs_f64() >= least, "{:?} is faster than allowed", began.elapsed());
        assert_stored(&bed);
    });
}

#[test]
fn part_that_fails_for_good_gets_another_chance_while_others_get_through() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| {
            options.set_max_attempts(1).unwrap();
            options.set_stall_timeout(Duration::from_millis(1500)).unwrap();
        });
        // It is long enough in failing for the others to be through.
        bed.emulator
            .inject(Fault::new(Action::StallAfterBodyBytes(0)).operation("UploadPart").part_number(2));
        let outcome = upload(&bed, &in_parts());
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(bed.requests("UploadPart"), 5);
        assert_stored(&bed);
    });
}

#[test]
fn part_that_is_refused_for_now_gets_another_chance_while_others_get_through() {
    const ATTEMPTS: usize = 3;
    for code in [503, 429] {
        let bed = Bed::new();
        // The others get through in the pauses.
        for _ in 0..ATTEMPTS {
            bed.emulator.inject(Fault::new(status(code)).operation("UploadPart").part_number(2));
        }
        let outcome = upload(&bed, &in_parts());
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(bed.requests("UploadPart"), 4 + ATTEMPTS);
        assert_stored(&bed);
    }
}

#[test]
fn part_gets_no_other_chance_when_no_other_gets_through() {
    over_every_route(|route| {
        let bed = Bed::over_with(route, |options| options.set_max_attempts(1).unwrap());
        bed.always("UploadPart", status(503));
        let mut options = in_parts();
        options.set_parallel(1).unwrap();
        let outcome = upload(&bed, &options);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(bed.requests("UploadPart"), 1);
        assert_nothing_left(&bed, &outcome);
    });
}

/// Takes the folder of the records away before a Complete is sent once more.
struct Removing(PathBuf);

impl Sink for Removing {
    fn line(&self, _: Level, line: &str) -> bool {
        if line.contains("CompleteMultipartUpload") && line.contains(": again in ") {
            fs::remove_dir_all(&self.0).unwrap();
        }
        true
    }
}

#[test]
fn upload_that_cannot_be_recorded_after_a_lost_reply_may_be_stored() {
    let folder = TempDir::new().unwrap();
    let [file, records] = ["file", "records"].map(|name| folder.path().join(name));
    fs::write(&file, noise(SIZE)).unwrap();
    let removing = Log::new(Level::Warning, Arc::new(Removing(records.clone())) as Arc<dyn Sink>);
    let bed = Bed::with(|options| options.set_log(Some(removing)));
    bed.fault("CompleteMultipartUpload", Action::CloseWithoutReply);
    let mut options = in_parts();
    options.set_checkpoint(Some(&records)).unwrap();
    let mut object = ObjectOptions::default();
    object.set_callback_delivery(CallbackDelivery::AtLeastOnce);
    options.set_object_options(object);
    let body = Body::open(file.to_str().unwrap(), None).unwrap_or_else(|_| panic!("it cannot be opened"));
    let outcome = bed.bucket.upload(KEY, body, Some(&bed.callback()), &options, &Silent);
    assert!(bed.is_there());
    assert_eq!((outcome.stored, outcome.is_ok()), (Stored::Unknown, false), "{}", outcome.message);
    assert_eq!(bed.requests("CompleteMultipartUpload"), 1);
}

#[test]
fn failure_leaves_nothing_behind() {
    over_every_route(|route| {
        for operation in ["UploadPart", "CompleteMultipartUpload"] {
            let bed = Bed::over(route);
            bed.always(operation, status(403));
            let outcome = upload_with_callback(&bed, &in_parts());
            assert_ended(&outcome, Status::Service, Stored::No);
            assert_nothing_left(&bed, &outcome);
            assert_eq!(bed.callbacks(), 0);
        }
    });
}

#[test]
fn parts_that_cannot_be_removed_are_named() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.always("UploadPart", status(403));
        bed.always("AbortMultipartUpload", status(403));
        let outcome = upload(&bed, &in_parts());
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(pending(&bed), std::slice::from_ref(&outcome.upload_id));
        assert!(outcome.message.contains(&outcome.upload_id), "{}", outcome.message);
    });
}

#[test]
fn part_that_may_arrive_after_the_others_were_removed_is_named() {
    over_every_route(|route| {
        // OSS has all of it, and does not say so. With another beside it, and alone.
        for parallel in [1, 2] {
            let bed = Bed::over_with(route, |options| options.set_max_attempts(1).unwrap());
            bed.always("UploadPart", Action::CloseBeforeWork);
            let mut options = in_parts();
            options.set_parallel(parallel).unwrap();
            let outcome = upload(&bed, &options);
            assert_ended(&outcome, Status::Network, Stored::No);
            assert_one_may_arrive(&bed, &outcome);
            assert_eq!(bed.requests("AbortMultipartUpload"), 2, "what arrives at once is removed too");
        }
    });
}

#[test]
fn part_that_was_sent_again_with_success_may_arrive_once_more() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("UploadPart", Action::CloseBeforeWork);
        bed.always("CompleteMultipartUpload", status(403));
        let outcome = upload(&bed, &in_parts());
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_one_may_arrive(&bed, &outcome);
    });
}

#[test]
fn parts_that_are_on_their_way_when_another_fails_are_answered_before_they_are_removed() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.emulator.inject(Fault::new(status(403)).operation("UploadPart").part_number(2));
        bed.always("UploadPart", Action::SlowReply(Duration::from_millis(100)));
        let outcome = upload(&bed, &in_parts());
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_nothing_left(&bed, &outcome);
        assert_eq!(bed.requests("AbortMultipartUpload"), 1);
    });
}

#[test]
fn part_that_is_not_answered_when_another_fails_is_named() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.emulator.inject(Fault::new(status(403)).operation("UploadPart").part_number(2));
        bed.always("UploadPart", Action::SlowReply(Duration::from_secs(20)));
        let began = Instant::now();
        let outcome = upload(&bed, &in_parts());
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_one_may_arrive(&bed, &outcome);
        assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
    });
}

#[test]
fn abort_of_an_upload_of_which_a_part_may_arrive_names_it() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &ObjectOptions::default());
        let multipart = multipart.unwrap();
        bed.fault("UploadPart", Action::CloseBeforeWork);
        assert_ended(&multipart.upload_part(1, Body::Bytes(b"part")), Status::Ok, Stored::No);
        let outcome = multipart.abort();
        assert_ended(&outcome, Status::Ok, Stored::No);
        assert_eq!(outcome.upload_id, multipart.upload_id());
        // Where all were answered, there is nothing to name.
        let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &ObjectOptions::default());
        let multipart = multipart.unwrap();
        assert_ended(&multipart.upload_part(1, Body::Bytes(b"part")), Status::Ok, Stored::No);
        assert_eq!(multipart.abort().upload_id, "");
    });
}

#[test]
fn parts_are_removed_where_an_equal_object_was_there_before() {
    over_every_route(|route| {
        for refused in [false, true] {
            let bed = Bed::over(route);
            bed.emulator.put_object(BUCKET, KEY, noise(SIZE));
            bed.always("CompleteMultipartUpload", Action::CloseBeforeWork);
            if refused {
                bed.always("AbortMultipartUpload", status(403));
            }
            let outcome = upload(&bed, &in_parts());
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(pending(&bed).len(), usize::from(refused));
            assert_eq!(outcome.upload_id, pending(&bed).concat());
        }
    });
}

#[test]
fn parts_stay_where_that_is_asked_for() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.always("CompleteMultipartUpload", status(403));
        let mut options = in_parts();
        options.set_keep_parts(true);
        let outcome = upload(&bed, &options);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(pending(&bed), [outcome.upload_id]);
        assert_eq!(bed.requests("AbortMultipartUpload"), 0);
    });
}

#[test]
fn deadline_leaves_time_to_remove_the_parts() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.always("UploadPart", Action::StallAfterBodyBytes(0));
        let mut options = in_parts();
        options.limits_mut().set_deadline(Duration::from_secs(3)).unwrap();
        let outcome = upload(&bed, &options);
        assert_ended(&outcome, Status::Timeout, Stored::No);
        assert_one_may_arrive(&bed, &outcome);
    });
}

#[test]
fn deadline_leaves_as_much_time_to_remove_many_parts() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.always("UploadPart", Action::SlowReply(Duration::from_millis(1850)));
        // Of the deadline's last tenth a quarter would do; of what is left when the last part is sent, a tenth would not.
        bed.always("AbortMultipartUpload", Action::SlowReply(Duration::from_millis(250)));
        let mut options = in_parts();
        options.set_parallel(1).unwrap();
        options.limits_mut().set_deadline(Duration::from_secs(10)).unwrap();
        let data = noise(10 * PART as usize);
        let outcome = bed.bucket.upload(KEY, Body::Bytes(&data), None, &options, &Unmoved);
        assert_ended(&outcome, Status::Timeout, Stored::No);
        assert_one_may_arrive(&bed, &outcome);
    });
}

#[test]
fn cancel_ends_the_upload_and_removes_the_parts() {
    over_every_route(|route| {
        /// Cancels when the first part is accepted.
        struct Canceller(Cancel);
        impl Observer for Canceller {
            fn progress(&self, Progress { accepted, .. }: &Progress) -> bool {
                if *accepted > 0 {
                    self.0.fire();
                }
                true
            }

            fn log(&self, line: &str) -> bool {
                panic!("{line}");
            }
        }
        let bed = Bed::over(route);
        let canceller = Canceller(Cancel::default());
        let mut options = in_parts();
        options.limits_mut().set_cancel(Some(canceller.0.clone()));
        options.set_parallel(1).unwrap();
        let outcome = bed.bucket.upload(KEY, Body::Bytes(&noise(SIZE)), None, &options, &canceller);
        assert_ended(&outcome, Status::Cancelled, Stored::No);
        assert_nothing_left(&bed, &outcome);
        assert_eq!(bed.requests("UploadPart"), 1);
    });
}

#[test]
fn all_that_is_removed_after_a_cancel_takes_two_seconds_at_the_most() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.always("UploadPart", Action::SlowReply(Duration::from_secs(20)));
        bed.always("AbortMultipartUpload", Action::SlowReply(Duration::from_millis(1700)));
        let cancel = Cancel::default();
        let mut options = in_parts();
        options.limits_mut().set_cancel(Some(cancel.clone()));
        let (outcome, took) = std::thread::scope(|scope| {
            let uploading = scope.spawn(|| upload(&bed, &options));
            while bed.requests("UploadPart") < 4 {
                std::thread::yield_now();
            }
            cancel.fire();
            let fired = Instant::now();
            (uploading.join().unwrap(), fired.elapsed())
        });
        assert_ended(&outcome, Status::Cancelled, Stored::No);
        assert!(!outcome.upload_id.is_empty(), "{}", outcome.message);
        assert!(took < Duration::from_millis(3000), "it took {took:?}");
    });
}

#[test]
fn cancelled_complete_leaves_open_whether_the_object_is_stored() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.always("CompleteMultipartUpload", Action::SlowReply(Duration::from_secs(20)));
        let cancel = Cancel::default();
        let mut options = in_parts();
        options.limits_mut().set_cancel(Some(cancel.clone()));
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                while bed.requests("CompleteMultipartUpload") == 0 {
                    std::thread::yield_now();
                }
                while !bed.is_there() {
                    std::thread::yield_now();
                }
                cancel.fire();
            });
            upload_with_callback(&bed, &options)
        });
        assert_ended(&outcome, Status::Cancelled, Stored::Unknown);
        assert_eq!(bed.requests("AbortMultipartUpload"), 0);
        assert!(!outcome.upload_id.is_empty());
    });
}

/// Gives noise, and fails or ends where it is told to.
struct Noisy {
    data: Vec<u8>,
    position: Cell<usize>,
    fails_at: Option<usize>,
}

impl Noisy {
    fn new(size: usize) -> Noisy {
        Noisy { data: noise(size), position: Cell::new(0), fails_at: None }
    }
}

impl Reader for Noisy {
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let position = self.position.get();
        if self.fails_at.is_some_and(|at| position >= at) {
            return Err(SourceFailure::Unreadable("the source is broken".to_owned()));
        }
        // In odd pieces.
        let length = into.len().min(12_345).min(self.data.len() - position);
        into[..length].copy_from_slice(&self.data[position..position + length]);
        self.position.set(position + length);
        Ok(length)
    }

    fn can_rewind(&self) -> bool {
        false
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        unreachable!("it says that it cannot")
    }
}

#[test]
fn reader_that_cannot_rewind_is_held_a_part_at_a_time_so_that_each_can_be_sent_again() {
    over_every_route(|route| {
        for size in [None, Some(SIZE as u64)] {
            let bed = Bed::over(route);
            for part in 1..=4 {
                let fault = Fault::new(Action::ResetAfterBodyBytes(500));
                bed.emulator.inject(fault.operation("UploadPart").part_number(part));
            }
            let input = Input::Reader(Box::new(Noisy::new(SIZE)), size);
            let outcome = bed.bucket.upload(KEY, input, Some(&bed.callback()), &in_parts(), &Unmoved);
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(bed.requests("UploadPart"), 8);
            assert_stored(&bed);
        }
    });
}

#[test]
fn reader_whose_data_fits_into_one_part_is_put() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let mut options = UploadOptions::default();
        options.set_part_size(2 * SIZE as u64).unwrap();
        let input = Input::Reader(Box::new(Noisy::new(SIZE)), None);
        assert_ended(&bed.bucket.upload(KEY, input, None, &options, &Unmoved), Status::Ok, Stored::Yes);
        assert_eq!((bed.requests("PutObject"), bed.requests("UploadPart")), (1, 0));
        assert_stored(&bed);
    });
}

#[test]
fn reader_that_fails_or_ends_early_stores_nothing_and_leaves_nothing() {
    over_every_route(|route| {
        let broken = Noisy { fails_at: Some(2 * PART as usize + 5), ..Noisy::new(SIZE) };
        let short = Noisy::new(SIZE);
        for (reader, size, message) in
            [(broken, None, "the source is broken"), (short, Some(SIZE as u64 + 1), "ended after")]
        {
            let bed = Bed::over(route);
            let input = Input::Reader(Box::new(reader), size);
            let outcome = bed.bucket.upload(KEY, input, Some(&bed.callback()), &in_parts(), &Unmoved);
            assert_ended(&outcome, Status::LocalIo, Stored::No);
            assert!(outcome.message.contains(message), "{}", outcome.message);
            assert_nothing_left(&bed, &outcome);
            assert!(!bed.is_there());
        }
    });
}

#[test]
fn writer_gives_the_callbacks_answer_at_the_end() {
    over_every_route(|route| {
        for size in [0, 1, PART as usize, PART as usize + 1, SIZE] {
            let bed = Bed::over(route);
            bed.application.answer(Answer::json("{}"));
            let mut writer = Writer::new(&bed.bucket, KEY, Some(&bed.callback()), &in_parts()).unwrap();
            for piece in noise(size).chunks(9_999) {
                let outcome = writer.write(piece, &Unmoved);
                assert_ended(&outcome, Status::Ok, Stored::No);
            }
            let outcome = writer.finish(&Unmoved);
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert_eq!(outcome.body, b"{}");
            assert_eq!(bed.callbacks(), 1);
            assert!(
                bed.emulator.object(BUCKET, KEY).unwrap().data == noise(size),
                "{size} bytes came out wrong"
            );
            let puts = usize::from(size <= PART as usize);
            assert_eq!(bed.requests("PutObject"), puts, "{size} bytes");
        }
    });
}

#[test]
fn writer_that_failed_stays_failed_and_leaves_nothing() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("UploadPart", status(403));
        let mut options = in_parts();
        options.set_parallel(1).unwrap();
        let mut writer = Writer::new(&bed.bucket, KEY, None, &options).unwrap();
        let failed = writer.write(&noise(SIZE), &Unmoved);
        assert_ended(&failed, Status::Service, Stored::No);
        assert_nothing_left(&bed, &failed);
        for again in [writer.write(b"more", &Unmoved), writer.finish(&Unmoved)] {
            assert_ended(&again, Status::Service, Stored::No);
            assert!(again.message.starts_with("the writer failed before"), "{}", again.message);
        }
        assert!(!bed.is_there());
    });
}

#[test]
fn writer_whose_callback_failed_says_again_that_the_object_is_stored() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.application.answer(Answer::status(500));
        let mut writer = Writer::new(&bed.bucket, KEY, Some(&bed.callback()), &in_parts()).unwrap();
        writer.write(b"data", &Unmoved);
        assert_ended(&writer.finish(&Unmoved), Status::CallbackFailed, Stored::Yes);
        for again in [writer.write(b"more", &Unmoved), writer.finish(&Unmoved)] {
            assert_ended(&again, Status::CallbackFailed, Stored::Yes);
        }
        assert_eq!(bed.callbacks(), 1);
    });
}

#[test]
fn deadline_of_a_writer_counts_for_each_of_its_calls() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.always("UploadPart", Action::SlowReply(Duration::from_millis(300)));
        let mut options = in_parts();
        options.set_parallel(1).unwrap();
        options.limits_mut().set_deadline(Duration::from_secs(3)).unwrap();
        let mut writer = Writer::new(&bed.bucket, KEY, None, &options).unwrap();
        // Together they take longer than the deadline, and each of them less.
        for _ in 0..4 {
            let outcome = writer.write(&noise(3 * PART as usize), &Unmoved);
            assert_ended(&outcome, Status::Ok, Stored::No);
        }
        let began = Instant::now();
        let outcome = writer.write(&noise(30 * PART as usize), &Unmoved);
        assert_ended(&outcome, Status::Timeout, Stored::No);
        // The deadline may come between two parts.
        match outcome.upload_id.is_empty() {
            true => assert_nothing_left(&bed, &outcome),
            false => assert_one_may_arrive(&bed, &outcome),
        }
        assert!(began.elapsed() < Duration::from_secs(6), "it took {:?}", began.elapsed());
    });
}

#[test]
fn writer_that_was_cancelled_removes_its_parts_but_does_not_wait_long_for_that() {
    over_every_route(|route| {
        for oss_answers in [true, false] {
            let bed = Bed::over(route);
            let cancel = Cancel::default();
            let mut options = in_parts();
            options.set_parallel(1).unwrap();
            options.limits_mut().set_cancel(Some(cancel.clone()));
            let mut writer = Writer::new(&bed.bucket, KEY, None, &options).unwrap();
            assert_ended(&writer.write(&noise(SIZE), &Unmoved), Status::Ok, Stored::No);
            assert_eq!(pending(&bed).len(), 1);
            if !oss_answers {
                bed.always("AbortMultipartUpload", Action::StallAfterBodyBytes(0));
            }
            cancel.fire();
            let began = Instant::now();
            let aborted = writer.abort();
            assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
            assert_eq!(aborted.is_ok(), oss_answers, "{}", aborted.message);
            assert_eq!(pending(&bed).is_empty(), oss_answers);
        }
    });
}

#[test]
fn writer_that_is_aborted_names_what_may_arrive_and_can_be_asked_again() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("UploadPart", Action::CloseBeforeWork);
        let mut options = in_parts();
        options.set_parallel(1).unwrap();
        let mut writer = Writer::new(&bed.bucket, KEY, None, &options).unwrap();
        assert_ended(&writer.write(&noise(SIZE), &Unmoved), Status::Ok, Stored::No);
        let upload_id = pending(&bed).concat();
        for aborts in [2, 3] {
            let outcome = writer.abort();
            assert_ended(&outcome, Status::Ok, Stored::No);
            assert_eq!(outcome.upload_id, upload_id);
            assert_eq!((pending(&bed).len(), bed.requests("AbortMultipartUpload")), (0, aborts));
        }
    });
}

#[test]
fn everything_about_many_parts_in_flight_stays_on_the_thread_that_called() {
    over_every_route(|route| {
        struct SameThread(std::thread::ThreadId, Cell<u32>);
        impl Observer for SameThread {
            fn progress(&self, _: &Progress) -> bool {
                assert_eq!(std::thread::current().id(), self.0);
                self.1.set(self.1.get() + 1);
                true
            }

            fn log(&self, line: &str) -> bool {
                panic!("{line}");
            }
        }
        let bed = Bed::over(route);
        let observer = SameThread(std::thread::current().id(), Cell::new(0));
        let outcome = bed.bucket.upload(KEY, Body::Bytes(&noise(SIZE)), None, &in_parts(), &observer);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert!(observer.1.get() >= 5, "told at the beginning, and of every part");
        assert_eq!(bed.emulator.connections(), 4, "one connection for each part in flight");
    });
}
