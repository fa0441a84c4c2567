//! What a call tells of its requests is what happened: each of them is there, and their times are all the time there was.
//!
//! `OSS_UPLOAD_CALLS` says how many uploads meet faults, and `OSS_UPLOAD_BASE_SEED` with which seed they begin.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Action, Fault};
use oss_upload::engine::{
    Attempt, Body, BucketOptions, Clock, History, Level, Log, ObjectOptions, Observer, Outcome, Phase,
    Progress, Sink, Status, Stored, UploadOptions,
};
use std::cell::RefCell;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::bed::{Bed, KEY, assert_ended};
use support::observer::Unmoved;
use support::route::Route;

const CALLS: u64 = 300;
const THREADS: u64 = 2;
/// So many calls of one bucket follow one another, so that connections are used again.
const ROUND: usize = 10;
/// A busy machine lets hardly any thread do in one go what takes long.
const MOST_TRIES: usize = 30;
/// By so much the times may fall short of the time there was.
const TOLERANCE: Duration = Duration::from_millis(2);

fn history(outcome: &Outcome) -> &History {
    outcome.history.as_ref().expect("a history")
}

fn attempts(outcome: &Outcome) -> Vec<&Attempt> {
    history(outcome).kept().collect()
}

fn unavailable() -> Action {
    Action::Status { status: 503, code: "ServiceUnavailable".to_owned() }
}

fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, which is no number")))
}

/// What befalls a request, of all that can.
fn any_fault() -> Action {
    match fastrand::u8(..13) {
        0 => unavailable(),
        1 => Action::ResetAfterBodyBytes(fastrand::u64(..200_000)),
        2 => Action::StallAfterBodyBytes(fastrand::u64(..50_000)),
        3 => Action::EarlyError { status: 503, code: "Busy".to_owned(), abrupt: fastrand::bool() },
        4 => Action::CloseBeforeWork,
        5 => Action::CloseWithoutReply,
        6 => Action::ResetBeforeReply,
        7 => Action::StatusAfterWork { status: 502, code: "BadGateway".to_owned() },
        8 => Action::SlowReply(Duration::from_millis(fastrand::u64(..30))),
        9 => Action::DripReply(Duration::from_micros(fastrand::u64(..200))),
        10 => Action::CloseIdle { reset: fastrand::bool() },
        11 => Action::WrongCrc,
        _ => Action::GarbageReply,
    }
}

/// An upload, by one put or in parts, one after the other.
fn any_upload(bed: &Bed, data: &[u8]) -> Outcome {
    let callback = bed.callback();
    let callback = fastrand::bool().then_some(&callback);
    if fastrand::bool() {
        return bed.bucket.put(KEY, Body::Bytes(data), callback, &ObjectOptions::default());
    }
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    options.set_threshold(100 << 10).unwrap();
    options.set_parallel(1).unwrap();
    bed.bucket.upload(KEY, Body::Bytes(data), callback, &options, &Unmoved)
}

/// How often this thread had to leave the processor to others.
fn times_out_of_turn() -> i64 {
    // SAFETY: all zeros is a valid value, and it is there for the call to write to.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &mut usage), 0);
        usage.ru_nivcsw
    }
}

/// Makes uploads that meet faults, and says how many of their requests failed.
fn make_faulted_uploads(seeds: Range<u64>) -> u64 {
    let mut failed = 0;
    for first in seeds.clone().step_by(ROUND) {
        let clock = Clock::skipping();
        let bed = Bed::with(|options| {
            options.set_clock(clock.clone());
            options.set_stall_timeout(Duration::from_millis(60)).unwrap();
        });
        // What a bucket needs once is no part of any request.
        bed.put();
        for seed in first..seeds.end.min(first + ROUND as u64) {
            // A thread that had to wait for the processor between two requests says nothing of the library.
            let in_turn = (0..MOST_TRIES).find_map(|_| make_faulted_upload(&bed, &clock, seed));
            failed += in_turn.unwrap_or_else(|| panic!("the times of upload {seed} are never all there was"));
        }
    }
    failed
}

/// Makes the upload of this seed, and says how many of its requests failed; `None` if its thread was out of turn when it
/// should have been doing something.
fn make_faulted_upload(bed: &Bed, clock: &Clock, seed: u64) -> Option<u64> {
    fastrand::seed(seed);
    bed.emulator.clear_faults();
    for _ in 0..fastrand::u64(1..4) {
        bed.emulator.inject(Fault::new(any_fault()).key(KEY).skip(fastrand::u64(..3)));
    }
    let data = support::noise([0, 4 << 10, 200 << 10, 350 << 10][fastrand::usize(..4)]);
    let (turns, then, began) = (times_out_of_turn(), clock.now(), Instant::now());
    let outcome = any_upload(bed, &data);
    let took = began.elapsed() + clock.since(then);
    let sum = &history(&outcome).sum;
    let told = sum.times.sum() + sum.pauses;
    if told > took + TOLERANCE || took > told + TOLERANCE {
        assert!(times_out_of_turn() > turns, "seed {seed}: {told:?} of {took:?}: {outcome:#?}");
        return None;
    }
    Some(attempts(&outcome).iter().filter(|attempt| Status::of(attempt) != Status::Ok).count() as u64)
}

#[test]
fn phases_and_pauses_are_all_the_time_that_a_faulted_upload_takes() {
    let calls = number_of("OSS_UPLOAD_CALLS").unwrap_or(CALLS);
    let base = number_of("OSS_UPLOAD_BASE_SEED").unwrap_or(1);
    let failed: u64 = thread::scope(|scope| {
        let shares =
            (0..THREADS).map(|share| base + calls * share / THREADS..base + calls * (share + 1) / THREADS);
        let threads: Vec<_> = shares.map(|seeds| scope.spawn(|| make_faulted_uploads(seeds))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{calls} uploads, {failed} requests that failed");
    assert!(failed * 2 > calls, "only {failed} requests of {calls} uploads failed");
}

#[test]
fn each_request_of_a_call_is_told() {
    let bed = Bed::with(|options| options.set_clock(Clock::skipping()));
    bed.fault("PutObject", unavailable());
    bed.fault("PutObject", Action::CloseWithoutReply);
    let outcome = bed.put();
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let told = attempts(&outcome);
    let address = bed.emulator.address();
    assert_eq!(told.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(told.iter().all(|attempt| attempt.operation == "PutObject" && attempt.part_number == 0));
    assert!(told.iter().all(|attempt| attempt.measured.address == Some(address)));
    let ends = told.iter().map(|attempt| (Status::of(attempt), attempt.http_status)).collect::<Vec<_>>();
    // What met a connection that had been idle is sent again for nothing.
    assert_eq!(ends, [(Status::Service, 503), (Status::Network, 0), (Status::Ok, 200)]);
    assert_eq!(told.iter().map(|attempt| attempt.is_counted).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!((outcome.attempts, history(&outcome).sum.attempts), (2, 3));
    assert_eq!(told.iter().map(|attempt| attempt.measured.reused).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(told[0].error_code, "ServiceUnavailable");
    assert!(!told[0].request_id.is_empty() && told[1].request_id.is_empty());
    assert_eq!(told[0].origin.reason, "");
    assert_eq!(told[1].origin.reason, "HTTP 503 ServiceUnavailable");
    assert!(told[2].origin.reason.contains("the connection broke"), "{}", told[2].origin.reason);
    assert!(told[1].origin.pause > Duration::ZERO && told[2].origin.pause.is_zero());
    assert_eq!(history(&outcome).sum.pauses, told[1].origin.pause);
    // The head, and the sixteen bytes behind it.
    assert!(told.iter().all(|attempt| attempt.measured.sent > 200));
    assert!(told.iter().all(|attempt| attempt.measured.acknowledged == attempt.measured.sent));
}

#[test]
fn look_ups_and_parts_are_told_too() {
    let bed = Bed::new();
    bed.fault("PutObject", Action::CloseWithoutReply);
    let outcome = bed.put_with_callback();
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
    let operations: Vec<&str> = attempts(&outcome).iter().map(|attempt| attempt.operation).collect();
    assert_eq!(operations, ["PutObject", "HeadObject"]);

    let data = support::noise(40 * (100 << 10));
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    options.set_threshold(100 << 10).unwrap();
    let outcome = bed.bucket.upload(KEY, Body::Bytes(&data), None, &options, &Unmoved);
    let told = attempts(&outcome);
    assert_eq!((told.len(), history(&outcome).sum.attempts), (8 + 24, 1 + 40 + 1));
    assert_eq!(told[0].operation, "InitiateMultipartUpload");
    assert!(told[1].operation == "UploadPart" && (1..=4).contains(&told[1].part_number));
    assert_eq!(told.last().unwrap().operation, "CompleteMultipartUpload");
    assert!(history(&outcome).sum.sent > data.len() as u64);
}

#[test]
fn phases_say_where_the_time_went() {
    let bed = Bed::over(Route::Https);
    let slow = Duration::from_millis(80);
    bed.fault("PutObject", Action::SlowReply(slow));
    let first = bed.put();
    let measured = &attempts(&first)[0].measured;
    assert!(measured.times.of(Phase::Waiting) >= slow, "{measured:?}");
    assert!(measured.times.of(Phase::Tls) > Duration::from_micros(100), "{measured:?}");
    assert!(measured.times.of(Phase::Connecting) > Duration::ZERO, "{measured:?}");
    let second = bed.put();
    let measured = &attempts(&second)[0].measured;
    assert!(measured.reused && measured.times.of(Phase::Tls).is_zero(), "{measured:?}");
}

#[test]
fn what_was_sent_in_vain_is_counted_as_far_as_it_went() {
    let bed = Bed::with(|options| {
        options.set_stall_timeout(Duration::from_millis(200)).unwrap();
        options.set_max_attempts(1).unwrap();
    });
    bed.fault("PutObject", Action::StallAfterBodyBytes(0));
    let data = vec![0; 64 << 20];
    let outcome = bed.bucket.put(KEY, Body::Bytes(&data), None, &ObjectOptions::default());
    assert_ended(&outcome, Status::Timeout, Stored::No);
    let measured = &attempts(&outcome)[0].measured;
    assert!(measured.sent > 0 && measured.sent < data.len() as u64, "{measured:?}");
    assert!(measured.acknowledged > 0 && measured.acknowledged <= measured.sent, "{measured:?}");
    assert!(measured.times.of(Phase::Sending) > Duration::from_millis(150), "{measured:?}");
}

/// Keeps the lines of a log, and ends the call with the one that says this.
#[derive(Default)]
struct Lines {
    lines: Mutex<Vec<(Level, String)>>,
    last: &'static str,
    ended: AtomicU64,
}

impl Sink for Lines {
    fn line(&self, level: Level, line: &str) -> bool {
        self.lines.lock().unwrap().push((level, line.to_owned()));
        let goes_on = self.last.is_empty() || !line.contains(self.last);
        self.ended.fetch_add(u64::from(!goes_on), Ordering::Relaxed);
        goes_on
    }
}

fn logging(level: Level, lines: &Arc<Lines>) -> impl FnOnce(&mut BucketOptions) {
    let log = Log::new(level, Arc::clone(lines) as Arc<dyn Sink>);
    move |options| {
        options.set_log(Some(log));
        options.set_clock(Clock::skipping());
    }
}

#[test]
fn log_has_a_line_for_all_that_happens_and_no_secret() {
    let lines = Arc::new(Lines::default());
    let bed = Bed::with(logging(Level::Debug, &lines));
    bed.fault("PutObject", unavailable());
    let key = "a\nb";
    let outcome = bed.bucket.put(key, Body::Bytes(b"data"), Some(&bed.callback()), &ObjectOptions::default());
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    bed.bucket.stat("missing");
    let lines = lines.lines.lock().unwrap();
    let text = lines.iter().map(|(level, line)| format!("{level:?} {line}\n")).collect::<String>();
    let parts = [
        (Level::Debug, "connected to 127.0.0.1:"),
        (Level::Warning, r#"PUT PutObject "a\nb": HTTP 503 ServiceUnavailable after "#),
        (Level::Warning, r#"PUT PutObject "a\nb": again in "#),
        (Level::Info, r#"PUT PutObject "a\nb": HTTP 200 after "#),
        (Level::Info, r#"HEAD HeadObject "missing": HTTP 404 NoSuchKey after "#),
    ];
    let mut rest = lines.iter();
    for (level, part) in parts {
        assert!(rest.any(|(at, line)| *at == level && line.starts_with(part)), "no {part:?} in\n{text}");
    }
    assert!(lines.iter().all(|(_, line)| !line.contains(char::is_control)), "{text}");
    let request = bed.emulator.requests().into_iter().find(|request| request.operation == "PutObject");
    let headers = request.unwrap().headers;
    for (name, value) in
        headers.iter().filter(|(name, _)| matches!(&**name, "authorization" | "x-oss-callback"))
    {
        assert!(!text.contains(value), "{name} is in\n{text}");
    }
    assert!(!text.contains("Signature"), "{text}");
}

#[test]
fn log_has_no_signature_of_a_url() {
    let lines = Arc::new(Lines::default());
    let bed = Bed::new();
    let signed = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), 60).unwrap();
    let mut options = BucketOptions::default();
    logging(Level::Debug, &lines)(&mut options);
    bed.emulator.inject(Fault::new(Action::Status { status: 403, code: "AccessDenied".to_owned() }));
    let outcome = signed.put(Body::Bytes(b"data"), &options);
    assert_ended(&outcome, Status::Service, Stored::No);
    let text = format!("{:?}", lines.lines.lock().unwrap());
    assert!(text.contains("Error, \"the call failed: HTTP 403 AccessDenied"), "{text}");
    assert!(!text.contains("ignature") && !text.contains('?'), "{text}");
}

#[test]
fn log_has_what_matters_enough_and_may_end_the_call() {
    let lines = Arc::new(Lines { last: "again in", ..Lines::default() });
    let bed = Bed::with(logging(Level::Warning, &lines));
    bed.put();
    assert!(lines.lines.lock().unwrap().is_empty());
    bed.fault("PutObject", unavailable());
    let outcome = bed.put();
    assert_ended(&outcome, Status::Cancelled, Stored::No);
    assert_eq!(lines.ended.load(Ordering::Relaxed), 1);
    assert_eq!(lines.lines.lock().unwrap().last().map(|(level, _)| *level), Some(Level::Error));
}

/// Keeps what it is told, and when.
#[derive(Default)]
struct Watching(RefCell<Vec<(Instant, Progress)>>);

impl Observer for Watching {
    fn progress(&self, progress: &Progress) -> bool {
        self.0.borrow_mut().push((Instant::now(), *progress));
        true
    }

    fn log(&self, line: &str) -> bool {
        panic!("{line}");
    }
}

impl Watching {
    fn told(&self) -> Vec<Progress> {
        self.0.borrow().iter().map(|(_, progress)| *progress).collect()
    }

    /// The longest time without a word.
    fn longest_silence(&self) -> Duration {
        let told = self.0.borrow();
        told.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap()
    }
}

/// What a busy machine may add to a quarter of a second.
const PATIENCE: Duration = Duration::from_millis(250 + 400);

#[test]
fn progress_moves_within_a_part_and_falls_back_when_that_is_sent_again() {
    const SIZE: u64 = 3 << 20;
    let bed = Bed::new();
    bed.fault("PutObject", Action::ResetAfterBodyBytes(SIZE / 2));
    let mut options = UploadOptions::default();
    options.limits_mut().set_bytes_per_second(SIZE).unwrap();
    let (data, watching) = (vec![7; SIZE as usize], Watching::default());
    let outcome = bed.bucket.upload(KEY, Body::Bytes(&data), None, &options, &watching);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let told = watching.told();
    let is_whole = |progress: &Progress| {
        let Progress { accepted, acknowledged, sent, .. } = *progress;
        accepted <= acknowledged && acknowledged <= sent && sent <= SIZE
    };
    assert!(told.iter().all(is_whole), "{told:?}");
    let moving = told.iter().filter(|progress| progress.accepted == 0 && progress.acknowledged > 0).count();
    assert!(moving >= 4, "{told:?}");
    assert!(told.windows(2).any(|pair| pair[1].sent < pair[0].sent), "{told:?}");
    assert!(told.iter().map(|progress| progress.accepted).is_sorted(), "{told:?}");
    assert!(told.iter().any(|progress| progress.rate > SIZE / 8 && progress.rate < 4 * SIZE), "{told:?}");
    assert_eq!((told[0].parts, told[0].parts_done, told[0].attempts), (0, 0, 0));
    let last = Progress { rate: 0, ..*told.last().unwrap() };
    let all = Progress { total: Some(SIZE), sent: SIZE, acknowledged: SIZE, accepted: SIZE, ..last };
    assert_eq!(last, Progress { parts_done: 1, parts: 1, attempts: 2, ..all });
    assert!(watching.longest_silence() < PATIENCE, "{:?}", watching.longest_silence());
}

#[test]
fn progress_is_told_while_nothing_moves_and_while_the_call_pauses() {
    let bed = Bed::with(|options| {
        options.set_stall_timeout(Duration::from_millis(1200)).unwrap();
        options.set_max_attempts(4).unwrap();
    });
    bed.fault("PutObject", Action::StallAfterBodyBytes(0));
    bed.emulator.inject(Fault::new(unavailable()).operation("PutObject").times(2));
    let watching = Watching::default();
    let options = ObjectOptions::default();
    let data = vec![7; 200 << 10];
    let outcome = bed.bucket.put_observed(KEY, Body::Bytes(&data).into(), None, &options, Some(&watching));
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert!(watching.longest_silence() < PATIENCE, "{:?}", watching.longest_silence());
    let told = watching.told();
    let attempts: Vec<u64> = told.iter().map(|progress| progress.attempts).collect();
    assert!(
        attempts.is_sorted() && attempts.iter().filter(|attempts| **attempts == 0).count() >= 4,
        "{attempts:?}"
    );
    assert_eq!(attempts.last(), Some(&4));
}

#[test]
fn parts_are_counted() {
    let bed = Bed::new();
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    options.set_threshold(100 << 10).unwrap();
    let data = support::noise(7 * (100 << 10) + 1);
    let watching = Watching::default();
    bed.bucket.upload(KEY, Body::Bytes(&data), None, &options, &watching);
    let told = watching.told();
    assert!(told.iter().skip(1).all(|progress| progress.parts == 8), "{told:?}");
    assert!(told.iter().map(|progress| progress.parts_done).is_sorted(), "{told:?}");
    assert_eq!(told.last().unwrap().parts_done, 8);
}
