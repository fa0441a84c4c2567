//! What a call tells of its requests is what happened: each of them is there, and their times are all the time there was.
//!
//! `OSS_UPLOAD_CALLS` says how many uploads meet faults, and `OSS_UPLOAD_BASE_SEED` with which seed they begin.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Action, Fault};
use oss_upload::engine::{
    Attempt, Body, BucketOptions, Clock, History, Input, Level, Log, Multipart, ObjectOptions, Observer,
    Outbox, Outcome, Phase, Progress, Reader, Sink, SourceFailure, Status, Stored, Unusable, UploadOptions,
    Writer,
};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::bed::{BUCKET, Bed, KEY, assert_ended};
use support::effort;
use support::observer::Unmoved;
use support::route::Route;
use support::sanitizer::Sanitizer;
use support::token_service::{Said, TokenService};
use tempfile::TempDir;

const FEW: u64 = 60;
const CALLS: u64 = 300;
const THREADS: u64 = 2;
/// So many calls of one bucket follow one another, so that connections are used again.
const ROUND: usize = 10;
/// A busy machine lets hardly any thread do in one go what takes long.
const MOST_TRIES: usize = 30;
/// One of so many may be told short in its own turn.
const MOST_SHORT: usize = 100;

/// By so much the times may fall short of the time there was. Between two phases a sanitizer takes time, too.
fn tolerance() -> Duration {
    Duration::from_millis(if Sanitizer::of_the_library().is_some() { 50 } else { 2 })
}

fn history(outcome: &Outcome) -> &History {
    outcome.history.as_ref().expect("a history")
}

fn attempts(outcome: &Outcome) -> Vec<&Attempt> {
    history(outcome).kept().collect()
}

fn unavailable() -> Action {
    Action::Status { status: 503, code: "ServiceUnavailable".to_owned() }
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

/// Options with parts of 100 KiB, which are sent one at a time.
fn in_parts() -> UploadOptions {
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    options.set_threshold(100 << 10).unwrap();
    options.set_parallel(1).unwrap();
    options
}

/// An upload, by one put or in parts, one after the other.
fn any_upload(bed: &Bed, data: &[u8]) -> Outcome {
    let callback = bed.callback();
    let callback = fastrand::bool().then_some(&callback);
    if fastrand::bool() {
        return bed.bucket.put(KEY, Body::Bytes(data), callback, &ObjectOptions::default());
    }
    bed.bucket.upload(KEY, Body::Bytes(data), callback, &in_parts(), &Unmoved)
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

/// What faulted uploads come to.
#[derive(Default)]
struct Faulted {
    /// How many of their requests failed.
    requests: u64,
    /// Those of which not all the time was told, though their thread did not leave the processor to others. What a machine
    /// that is shared does beside its threads takes time of them, too, but not often.
    short: Vec<String>,
}

/// Makes uploads that meet faults.
fn make_faulted_uploads(seeds: Range<u64>) -> Faulted {
    let mut faulted = Faulted::default();
    for first in seeds.clone().step_by(ROUND) {
        let clock = Clock::skipping();
        let bed = Bed::with(|options| {
            options.set_clock(clock.clone());
            options.set_stall_timeout(Duration::from_millis(60)).unwrap();
        });
        // What a bucket needs once is no part of any request.
        bed.put();
        for seed in first..seeds.end.min(first + ROUND as u64) {
            // Each time it meets the same faults: what the library does not tell it does not tell again.
            let told =
                (0..MOST_TRIES).find_map(|_| make_faulted_upload(&bed, &clock, seed, &mut faulted.short));
            faulted.requests += told.unwrap_or_else(|| {
                panic!("the times of upload {seed} are never all there was: {:#?}", faulted.short)
            });
        }
    }
    faulted
}

/// Makes the upload of this seed, and says how many of its requests failed; `None` if not all of its time is told.
fn make_faulted_upload(bed: &Bed, clock: &Clock, seed: u64, short: &mut Vec<String>) -> Option<u64> {
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
    assert!(told <= took + tolerance(), "seed {seed}: {told:?} of {took:?}: {outcome:#?}");
    if took > told + tolerance() {
        if times_out_of_turn() == turns {
            short.push(format!("seed {seed}: {told:?} of {took:?}: {outcome:#?}"));
        }
        return None;
    }
    Some(attempts(&outcome).iter().filter(|attempt| Status::of(attempt) != Status::Ok).count() as u64)
}

#[test]
fn phases_and_pauses_are_all_the_time_that_a_faulted_upload_takes() {
    let calls = effort::count("OSS_UPLOAD_CALLS", FEW, CALLS);
    let base = effort::number("OSS_UPLOAD_BASE_SEED").unwrap_or(1);
    let faulted = Mutex::new(Faulted::default());
    thread::scope(|scope| {
        for share in 0..THREADS {
            let seeds = base + calls * share / THREADS..base + calls * (share + 1) / THREADS;
            scope.spawn(|| {
                let made = make_faulted_uploads(seeds);
                let mut faulted = faulted.lock().unwrap();
                faulted.requests += made.requests;
                faulted.short.extend(made.short);
            });
        }
    });
    let Faulted { requests, short } = faulted.into_inner().unwrap();
    println!("{calls} uploads, {requests} requests that failed, {} times not all was told", short.len());
    assert!(requests * 2 > calls, "only {requests} requests of {calls} uploads failed");
    let most = 1 + calls as usize / MOST_SHORT;
    assert!(short.len() <= most, "{} of {calls} are not told whole: {short:#?}", short.len());
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
fn attempt_whose_key_was_renewed_is_not_counted() {
    let service = TokenService::start(Said::AnHour, Duration::from_secs(3600));
    let lines = Arc::new(Lines::default());
    let log = Log::new(Level::Info, Arc::clone(&lines) as Arc<dyn Sink>);
    let bucket = service.bucket(|options| options.set_log(Some(log)));
    let put = || bucket.put(KEY, Body::Bytes(b"data"), None, &ObjectOptions::default());
    assert_ended(&put(), Status::Ok, Stored::Yes);
    service.revoke();
    let outcome = put();
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let told = attempts(&outcome);
    assert_eq!(told.iter().map(|attempt| attempt.is_counted).collect::<Vec<_>>(), [false, true]);
    assert_eq!(outcome.attempts, 1);
    assert!(told[1].origin.reason.starts_with("HTTP 403 "), "{}", told[1].origin.reason);
    let lines = lines.lines.lock().unwrap();
    let mut rest = lines.iter().map(|(_, line)| line);
    for part in [
        "asking the credentials",
        "got a key after ",
        "asking the credentials",
        "got a key",
        "again with a newer key",
    ] {
        assert!(rest.any(|line| line.contains(part)), "no {part:?} in {lines:?}");
    }
}

#[test]
fn what_is_sent_for_the_first_time_has_no_reason() {
    let bed = Bed::new();
    let multipart = bed.begun();
    for number in 2..=1001 {
        let part = multipart.upload_part(number, Body::Bytes(b"x"));
        assert_eq!(part.status, Status::Ok, "{}", part.message);
    }
    let (parts, outcome) = multipart.list_parts();
    assert_eq!(parts.len(), 1001);
    let told = attempts(&outcome);
    assert_eq!((told.len(), told[0].operation), (2, "ListParts"));
    assert!(told.iter().all(|attempt| attempt.origin.reason.is_empty()), "{told:?}");
}

#[test]
fn reason_says_what_was_wrong_with_a_success() {
    let bed = Bed::new();
    let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &ObjectOptions::default());
    bed.fault("ListParts", Action::TruncateReplyBody);
    let (_, outcome) = multipart.unwrap().list_parts();
    assert_ended(&outcome, Status::Ok, Stored::No);
    let reason = &attempts(&outcome)[1].origin.reason;
    assert!(reason.starts_with("HTTP 200, whose body is not whole: "), "{reason}");
}

#[test]
fn part_that_gets_another_chance_has_a_reason() {
    let bed = Bed::with(|options| {
        options.set_max_attempts(1).unwrap();
        options.set_stall_timeout(Duration::from_secs(1)).unwrap();
    });
    // It fails when the others have long got through.
    bed.emulator.inject(Fault::new(Action::StallAfterBodyBytes(0)).operation("UploadPart").part_number(1));
    let mut options = in_parts();
    options.set_parallel(3).unwrap();
    let data = support::noise(3 * (100 << 10));
    let outcome = bed.bucket.upload(KEY, Body::Bytes(&data), None, &options, &Unmoved);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let told = attempts(&outcome);
    let first = told.iter().filter(|attempt| attempt.part_number == 1);
    let reasons = first.map(|attempt| attempt.origin.reason.as_str()).collect::<Vec<_>>();
    assert_eq!((reasons.len(), reasons[0]), (2, ""));
    assert!(reasons[1].contains("while "), "{reasons:?}");
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
fn path_with_a_line_end_makes_no_line_of_its_own() {
    let lines = Arc::new(Lines::default());
    let bed = Bed::with(logging(Level::Debug, &lines));
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("a\nERROR fake");
    let path = path.to_str().unwrap();
    let Err(Unusable::Unreadable(missing)) = Body::open(path, None) else { panic!("there is such a file") };
    std::fs::write(path, support::noise(200 << 10)).unwrap();
    let mut options = in_parts();
    options.set_checkpoint(Some(path.as_ref())).unwrap();
    let body = Body::open(path, None).unwrap_or_else(|_| panic!("no file"));
    let unusable = bed.bucket.upload(KEY, body, None, &options, &Unmoved);
    assert_ended(&unusable, Status::LocalIo, Stored::No);
    let Err(outbox) = Outbox::open(path) else { panic!("a file is an outbox") };
    let body = Body::open(path, None).unwrap_or_else(|_| panic!("no file"));
    std::fs::write(path, b"").unwrap();
    let changed = bed.bucket.put(KEY, body, None, &ObjectOptions::default());
    assert_ended(&changed, Status::SourceChanged, Stored::No);
    let lines = lines.lines.lock().unwrap();
    let lines = lines.iter().map(|(_, line)| line);
    let messages = [&missing, &unusable.message, &outbox.message, &changed.message];
    assert!(messages.iter().all(|message| message.contains(r"a\nERROR fake")), "{messages:?}");
    for text in lines.chain(messages) {
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}

/// Ends the call with each new connection, once a part was sent.
#[derive(Default)]
struct EndingAfterParts {
    part_was_sent: AtomicBool,
    ended: AtomicBool,
}

impl Sink for EndingAfterParts {
    fn line(&self, _: Level, line: &str) -> bool {
        self.part_was_sent.fetch_or(line.contains("UploadPart"), Ordering::Relaxed);
        let ends = self.part_was_sent.load(Ordering::Relaxed) && line.contains("connected to");
        self.ended.fetch_or(ends, Ordering::Relaxed);
        !ends
    }
}

#[test]
fn log_that_ends_the_call_while_it_cleans_up_leaves_nothing_behind() {
    let ending = Arc::new(EndingAfterParts::default());
    let bed = Bed::with(|options| {
        options.set_log(Some(Log::new(Level::Debug, Arc::clone(&ending) as Arc<dyn Sink>)));
        options.set_max_attempts(1).unwrap();
    });
    bed.fault("UploadPart", Action::CloseBeforeWork);
    let data = support::noise(300 << 10);
    let outcome = bed.bucket.upload(KEY, Body::Bytes(&data), None, &in_parts(), &Unmoved);
    assert!(!outcome.is_ok() && ending.ended.load(Ordering::Relaxed), "{outcome:?}");
    assert_eq!(bed.emulator.uploads(BUCKET), []);
    assert!(outcome.message.contains("its parts were removed, but one"), "{}", outcome.message);
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

/// Takes its time for each read, until it is read again.
#[derive(Default)]
struct Slow {
    is_read_again: Cell<bool>,
}

impl Reader for Slow {
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
        if !self.is_read_again.get() {
            thread::sleep(Duration::from_millis(40));
        }
        into.fill(7);
        Ok(into.len())
    }

    fn can_rewind(&self) -> bool {
        true
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        self.is_read_again.set(true);
        Ok(())
    }
}

#[test]
fn what_a_reader_takes_between_two_requests_is_told_of_the_later_one() {
    const PART: u64 = 100 << 10;
    let bed = Bed::new();
    let input = Input::Reader(Box::new(Slow::default()), Some(3 * PART));
    let outcome = bed.bucket.upload(KEY, input, None, &in_parts(), &Unmoved);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let parts: Vec<&Attempt> =
        attempts(&outcome).into_iter().filter(|attempt| attempt.operation == "UploadPart").collect();
    assert_eq!(parts.iter().map(|attempt| attempt.part_number).collect::<Vec<_>>(), [1, 2, 3]);
    for attempt in &parts[1..] {
        let sending = attempt.measured.times.of(Phase::Sending);
        assert!(sending >= Duration::from_millis(40), "{sending:?} of part {}", attempt.part_number);
    }
}

#[test]
fn progress_is_told_while_data_is_read_beforehand() {
    const FRAMES: u64 = 40;
    let bed = Bed::new();
    let watching = Watching::default();
    let mut options = ObjectOptions::default();
    options.set_content_md5(true);
    let input = Input::Reader(Box::new(Slow::default()), Some(FRAMES * (256 << 10)));
    let outcome = bed.bucket.put_observed(KEY, input, None, &options, Some(&watching));
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let told = watching.told();
    let before = told.iter().filter(|progress| progress.sent == 0 && progress.attempts == 0).count();
    assert!(before >= 5, "{told:?}");
}

/// Wants to know nothing.
struct Unwatching;

impl Observer for Unwatching {
    fn wants_progress(&self) -> bool {
        false
    }

    fn progress(&self, progress: &Progress) -> bool {
        panic!("{progress:?}");
    }

    fn log(&self, line: &str) -> bool {
        panic!("{line}");
    }
}

#[test]
fn progress_is_not_told_to_whoever_does_not_want_to_know() {
    let bed = Bed::new();
    let data = support::noise(300 << 10);
    let outcome = bed.bucket.upload(KEY, Body::Bytes(&data), None, &in_parts(), &Unwatching);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
}

#[test]
fn parts_of_a_writer_are_counted_over_all_its_calls() {
    let bed = Bed::new();
    let mut writer = Writer::new(&bed.bucket, KEY, None, &in_parts()).unwrap();
    let (data, watching) = (support::noise(450 << 10), Watching::default());
    for piece in data.chunks(90 << 10) {
        assert_ended(&writer.write(piece, &watching), Status::Ok, Stored::No);
    }
    assert_ended(&writer.finish(&watching), Status::Ok, Stored::Yes);
    let parts = watching.told().iter().map(|progress| progress.parts_done).collect::<Vec<_>>();
    assert!(parts.is_sorted() && parts.last() == Some(&5), "{parts:?}");
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
