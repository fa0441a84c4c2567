//! Credentials that live: keys that end in the middle of an upload are asked for again, by one caller for all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Action, AppServer, Config, Emulator, Fault};
use oss_upload::callback::Callback;
use oss_upload::credentials::{AccessKey, Credentials, NoKey, Patience, Provider};
use oss_upload::engine::{
    Body, Bucket, BucketOptions, Cancel, Clock, Completion, Level, Limits, Log, Multipart, ObjectOptions,
    Outcome, PostPolicy, Progress, SignatureVersion, Sink, Status, Stored, UploadOptions,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::bed::assert_ended;
use support::effort;
use support::observer::Unmoved;
use support::token_service::{BUCKET, Said, TokenService, now_ms};

const KEY: &str = "object";
const LIFE: Duration = Duration::from_secs(2);

/// Where every moment counts, nobody else keeps the machine busy.
static QUIET: Mutex<()> = Mutex::new(());

fn put(bucket: &Bucket) -> Outcome {
    bucket.put(KEY, Body::Bytes(b"data"), None, &ObjectOptions::default())
}

#[track_caller]
fn assert_ok(outcome: &Outcome) {
    assert_eq!((outcome.status, outcome.attempts), (Status::Ok, 1), "{}", outcome.message);
}

/// How many parts an upload has, how long it takes, and how many keys that takes at least.
struct Extent {
    parts: u32,
    time: Duration,
    keys: usize,
}

fn extent() -> Extent {
    match effort::is_full() {
        true => Extent { parts: 2000, time: Duration::from_millis(6500), keys: 3 },
        false => Extent { parts: 600, time: Duration::from_millis(3500), keys: 2 },
    }
}

/// Uploads many parts from four threads, over some lives of a key. No part takes a second attempt.
fn upload_over_some_lives(bucket: &Arc<Bucket>) {
    const THREADS: u32 = 4;
    let Extent { parts, time, .. } = extent();
    let (multipart, begun) = Multipart::begin(bucket, KEY, &ObjectOptions::default());
    assert_ok(&begun);
    let multipart = multipart.unwrap();
    let began = Instant::now();
    thread::scope(|scope| {
        for first in 1..=THREADS {
            let multipart = &multipart;
            scope.spawn(move || {
                for number in (first..=parts).step_by(THREADS as usize) {
                    // They come evenly over the time.
                    let due = time * number / parts;
                    thread::sleep(due.saturating_sub(began.elapsed()));
                    assert_ok(&multipart.upload_part(number, Body::Bytes(&[b'x'; 100])));
                }
            });
        }
    });
    // Of its own accord the library completes no parts that are as small.
    let outcome = multipart.complete(Completion::All, None);
    assert_ok(&outcome);
    assert_eq!(outcome.stored, Stored::Yes);
}

/// How many requests of any kind were refused, and how many parts were taken.
fn refused_and_taken(service: &TokenService) -> (usize, usize) {
    let requests = service.emulator.requests();
    let refused = requests.iter().filter(|request| request.status == Some(403)).count();
    let is_part = |request: &&oss_emulator::Request| request.operation == "UploadPart";
    let taken = requests.iter().filter(is_part).filter(|request| request.status == Some(200)).count();
    (refused, taken)
}

#[test]
fn key_that_tells_its_end_is_asked_for_once_a_life_and_no_part_is_refused() {
    let _quiet = QUIET.lock().unwrap();
    let service = TokenService::start(Said::Truth, LIFE);
    upload_over_some_lives(&service.bucket(|_| ()));
    assert_eq!(refused_and_taken(&service), (0, extent().parts as usize));
    let issued = service.issued();
    assert!(issued.len() >= extent().keys, "{issued:?}");
    assert_eq!((service.asked(), service.most_at_a_time()), (issued.len(), 1));
    for pair in issued.windows(2) {
        // Four fifths of its life are used.
        let (life, used) = (pair[0].ends_at - pair[0].given_at, pair[1].given_at - pair[0].given_at);
        assert!(used * 5 >= life * 4, "used for {used} of {life} ms");
    }
}

#[test]
fn key_that_ends_before_it_was_said_is_refused_and_renewed_without_a_failed_part() {
    let service = TokenService::start(Said::AnHour, LIFE);
    upload_over_some_lives(&service.bucket(|_| ()));
    let (refused, taken) = refused_and_taken(&service);
    assert_eq!(taken, extent().parts as usize);
    let renewals = service.issued().len() - 1;
    assert!(renewals + 1 >= extent().keys);
    // All that were under way when a key ended were refused, and one asked for them.
    assert!((renewals..=4 * renewals).contains(&refused), "{refused} refused, {renewals} renewals");
    assert_eq!((service.asked(), service.most_at_a_time()), (renewals + 1, 1));
}

#[test]
fn key_that_does_not_tell_its_end_is_asked_for_before_every_request() {
    let service = TokenService::start(Said::Nothing, LIFE);
    upload_over_some_lives(&service.bucket(|_| ()));
    let (refused, taken) = refused_and_taken(&service);
    assert_eq!(taken, extent().parts as usize);
    assert!(refused <= 4 * service.issued().len(), "{refused} refused");
    assert_eq!(service.most_at_a_time(), 1);
    // Whoever waited for another's answer takes that.
    assert!(service.asked() > extent().parts as usize / 2, "asked {} times", service.asked());
}

/// Makes an operation whose key ends right before it.
type Operation = Box<dyn Fn(&Arc<Bucket>, &TokenService) -> Outcome>;

/// Every operation, by its name.
fn operations(callback: &Callback) -> BTreeMap<&'static str, Operation> {
    let options = ObjectOptions::default;
    let begun =
        |bucket: &Arc<Bucket>| Multipart::begin(bucket, "parts", &ObjectOptions::default()).0.unwrap();
    let (first, second) = (callback.clone(), callback.clone());
    let all: [(&str, Operation); 14] = [
        ("put", Box::new(|bucket, service| revoked(service, || put(bucket)))),
        (
            "put with a callback",
            Box::new(move |bucket, service| {
                revoked(service, || bucket.put(KEY, Body::Bytes(b"data"), Some(&first), &options()))
            }),
        ),
        (
            "large put",
            Box::new(move |bucket, service| {
                // It is refused long before all of it is sent.
                let data = vec![0; 8 << 20];
                revoked(service, || bucket.put(KEY, Body::Bytes(&data), None, &options()))
            }),
        ),
        (
            "append",
            Box::new(move |bucket, service| {
                bucket.remove("log");
                revoked(service, || bucket.append("log", 0, Body::Bytes(b"data"), &options()))
            }),
        ),
        ("look", Box::new(|bucket, service| revoked(service, || bucket.stat(KEY)))),
        ("remove", Box::new(|bucket, service| revoked(service, || bucket.remove("nothing")))),
        (
            "trigger",
            Box::new(move |bucket, service| {
                revoked(service, || bucket.trigger_callback(KEY, &second, &options()))
            }),
        ),
        (
            "begin",
            Box::new(move |bucket, service| {
                revoked(service, || Multipart::begin(bucket, "parts", &options()).1)
            }),
        ),
        (
            "part",
            Box::new(move |bucket, service| {
                let multipart = begun(bucket);
                revoked(service, || multipart.upload_part(1, Body::Bytes(b"data")))
            }),
        ),
        (
            "complete",
            Box::new(move |bucket, service| {
                let multipart = begun(bucket);
                assert_ok(&multipart.upload_part(1, Body::Bytes(b"data")));
                revoked(service, || multipart.complete(Completion::Known, None))
            }),
        ),
        (
            "list of parts",
            Box::new(move |bucket, service| {
                let multipart = begun(bucket);
                revoked(service, || multipart.list_parts().1)
            }),
        ),
        ("list of uploads", Box::new(|bucket, service| revoked(service, || bucket.list_uploads("", 10).1))),
        (
            "reopen",
            Box::new(move |bucket, service| {
                let id = begun(bucket).upload_id().to_owned();
                revoked(service, || Multipart::reopen(bucket, "parts", &id).1)
            }),
        ),
        (
            "abort",
            Box::new(move |bucket, service| {
                let multipart = begun(bucket);
                revoked(service, || multipart.abort())
            }),
        ),
    ];
    all.into_iter().collect()
}

/// What the operation ends with, when the key ends right before it.
fn revoked(service: &TokenService, operation: impl FnOnce() -> Outcome) -> Outcome {
    service.revoke();
    service.emulator.clear_requests();
    operation()
}

#[test]
fn every_operation_is_signed_anew_when_its_key_is_refused() {
    for version in [SignatureVersion::V1, SignatureVersion::V4] {
        let application = AppServer::start().unwrap();
        let callback = Callback::new(&application.url(), "object=${object}").unwrap();
        for (name, operation) in operations(&callback) {
            let service = TokenService::start(Said::AnHour, Duration::from_secs(3600));
            let bucket = service.bucket(|options| options.set_signature(version));
            assert_ok(&put(&bucket));
            let before = service.asked();
            let outcome = operation(&bucket, &service);
            assert_eq!((outcome.status, outcome.attempts), (Status::Ok, 1), "{name}: {}", outcome.message);
            assert_eq!(service.asked(), before + 1, "{name}");
            let requests = service.emulator.requests();
            let statuses: Vec<Option<u16>> = requests.iter().map(|request| request.status).collect();
            assert_eq!((statuses.len(), statuses[0]), (2, Some(403)), "{name} {statuses:?}");
        }
    }
}

/// Gives the same key, whatever happens to it, and counts how often.
struct Same(Arc<AtomicUsize>);

impl Provider for Same {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(AccessKey::new("id", "secret", None).unwrap().expiring(Some(now_ms() / 1000 + 3600)))
    }
}

#[test]
fn refusal_stands_when_there_is_no_other_key() {
    let service = TokenService::start(Said::AnHour, LIFE);
    let asked = Arc::new(AtomicUsize::new(0));
    let same = Credentials::from_provider(Same(Arc::clone(&asked)));
    let bucket = service.bucket_of(Arc::new(same), |_| ());
    let outcome = put(&bucket);
    assert_ended(&outcome, Status::Service, Stored::No);
    assert_eq!((outcome.error.code.as_str(), outcome.attempts), ("InvalidAccessKeyId", 1));
    assert_eq!((service.emulator.requests().len(), asked.load(Ordering::SeqCst)), (1, 2));
}

/// Gives keys that nobody knows, another one each time.
struct Wrong(AtomicUsize);

impl Provider for Wrong {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        let id = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(AccessKey::new(&format!("id-{id}"), "secret", None).unwrap())
    }
}

#[test]
fn request_is_sent_once_more_only_however_many_keys_there_are() {
    let service = TokenService::start(Said::AnHour, LIFE);
    let wrong = Credentials::from_provider(Wrong(AtomicUsize::new(0)));
    let outcome = put(&service.bucket_of(Arc::new(wrong), |_| ()));
    assert_ended(&outcome, Status::Service, Stored::No);
    assert_eq!(service.emulator.requests().len(), 2);
}

#[test]
fn key_is_renewed_once_more_when_the_last_one_was_taken_meanwhile() {
    let service = TokenService::start(Said::Truth, Duration::from_secs(3600));
    let bucket = service.bucket(|options| options.set_clock(Clock::skipping()));
    for (status, code) in
        [(403, "InvalidAccessKeyId"), (503, "ServiceUnavailable"), (403, "SecurityTokenExpired")]
    {
        service
            .emulator
            .inject(Fault::new(Action::Status { status, code: code.into() }).operation("PutObject"));
    }
    let outcome = put(&bucket);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!((outcome.attempts, service.asked()), (2, 3));
}

#[test]
fn refusal_of_a_key_that_is_not_replaced_since_the_call_was_cancelled_ends_it_as_cancelled() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let (credentials, is_asked, answers) = told();
    let (refusals, is_refused) = mpsc::channel();
    let log = Log::new(Level::Info, Arc::new(Refusals(Mutex::new(refusals))));
    let bucket = bucket_on(&emulator, &credentials, |options| options.set_log(Some(log)));
    let refused = AccessKey::new("nobody's", "secret", None).unwrap();
    answers.send(Ok(refused.expiring(Some(now_ms() / 1000 + 3600)))).unwrap();
    let cancel = Cancel::default();
    let mut limits = Limits::default();
    limits.set_cancel(Some(cancel.clone()));
    let cancelled = bucket.with_limits(limits);
    thread::scope(|scope| {
        // Where this fails, nobody is left to wait for an answer.
        let answers = answers;
        let first = scope.spawn(|| put(&bucket));
        is_asked.recv().unwrap();
        is_asked.recv().unwrap();
        // Whoever is refused now waits for what the first is told.
        let second = scope.spawn(|| put(&cancelled));
        is_refused.recv().unwrap();
        is_refused.recv().unwrap();
        cancel.fire();
        assert_ended(&second.join().unwrap(), Status::Cancelled, Stored::No);
        answers.send(Ok(default_key(Duration::from_secs(3600)))).unwrap();
        assert_ok(&first.join().unwrap());
    });
}

/// Says of each call when it asks for another key, as its own was refused.
struct Refusals(Mutex<Sender<()>>);

impl Sink for Refusals {
    fn line(&self, _: Level, line: &str) -> bool {
        !line.contains("instead of one that was refused") || self.0.lock().unwrap().send(()).is_ok()
    }
}

#[test]
fn managed_upload_whose_key_ends_removes_its_parts_with_the_new_one() {
    let service = TokenService::start(Said::AnHour, Duration::from_secs(3600));
    let bucket = service.bucket(|_| ());
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    options.set_threshold(0).unwrap();
    let data = support::noise(1 << 20);
    service.emulator.inject(
        Fault::new(Action::Status { status: 400, code: "InvalidArgument".into() })
            .operation("UploadPart")
            .skip(2),
    );
    let revoking = Revoking(Arc::clone(&service));
    let outcome = bucket.upload(KEY, Body::Bytes(&data), None, &options, &revoking);
    assert_ended(&outcome, Status::Service, Stored::No);
    assert_eq!(service.emulator.uploads(BUCKET), []);
}

/// Has the key end as soon as the upload gets on.
struct Revoking(Arc<TokenService>);

impl oss_upload::engine::Observer for Revoking {
    fn progress(&self, _: &Progress) -> bool {
        self.0.revoke();
        true
    }

    fn log(&self, _: &str) -> bool {
        true
    }
}

#[test]
fn sixty_four_threads_ask_one_at_a_time() {
    let _quiet = QUIET.lock().unwrap();
    let service = TokenService::slow(Said::Truth, LIFE, Duration::from_millis(30));
    let credentials = service.credentials();
    let end = Instant::now() + Duration::from_millis(2500);
    thread::scope(|scope| {
        for _ in 0..64 {
            let bucket = service.bucket_of(Arc::clone(&credentials), |_| ());
            scope.spawn(move || {
                while Instant::now() < end {
                    assert_ok(&put(&bucket));
                }
            });
        }
    });
    let issued = service.issued();
    assert!(issued.len() >= 2);
    assert_eq!((service.most_at_a_time(), service.asked()), (1, issued.len()));
}

/// Gives a key when it is told to, and says when it is asked. The key is that of the service, and nearly over.
struct Told {
    asked: Mutex<Sender<()>>,
    answer: Mutex<Receiver<Result<AccessKey, NoKey>>>,
}

impl Provider for Told {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        self.asked.lock().unwrap().send(()).unwrap();
        self.answer.lock().unwrap().recv().unwrap()
    }
}

/// Credentials that hang until they are told what to answer, and how to find out that they do.
fn told() -> (Arc<Credentials>, Receiver<()>, Sender<Result<AccessKey, NoKey>>) {
    let (asked, is_asked) = mpsc::channel();
    let (answers, answer) = mpsc::channel();
    let told = Told { asked: Mutex::new(asked), answer: Mutex::new(answer) };
    (Arc::new(Credentials::from_provider(told)), is_asked, answers)
}

/// The key that the emulator takes always, with so much of its life left.
fn default_key(left: Duration) -> AccessKey {
    let key =
        AccessKey::new(oss_emulator::DEFAULT_ACCESS_KEY_ID, oss_emulator::DEFAULT_ACCESS_KEY_SECRET, None);
    key.unwrap().expiring(Some(now_ms() / 1000 + i64::try_from(left.as_secs()).unwrap()))
}

fn bucket_on(
    emulator: &Emulator,
    credentials: &Arc<Credentials>,
    set: impl FnOnce(&mut BucketOptions),
) -> Bucket {
    let mut options = BucketOptions::default();
    options.set_region("cn-hangzhou").unwrap();
    set(&mut options);
    Bucket::new(&emulator.endpoint(), BUCKET, Arc::clone(credentials), &options).unwrap()
}

#[test]
fn deadline_and_cancel_of_others_hold_while_one_waits_for_a_key() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let (credentials, is_asked, answers) = told();
    let bucket = bucket_on(&emulator, &credentials, |_| ());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| put(&bucket));
        is_asked.recv().unwrap();
        let began = Instant::now();
        let mut limits = Limits::default();
        limits.set_deadline(Duration::from_millis(200)).unwrap();
        assert_ended(&put(&bucket.with_limits(limits.clone())), Status::Timeout, Stored::No);
        let Err(outcome) = bucket.with_limits(limits).presign_get(KEY, 60) else { panic!("it is signed") };
        assert_eq!(outcome.status, Status::Timeout);
        let cancel = Cancel::default();
        let mut limits = Limits::default();
        limits.set_cancel(Some(cancel.clone()));
        let cancelled = bucket.with_limits(limits);
        let cancelled = scope.spawn(move || put(&cancelled));
        cancel.fire();
        assert_ended(&cancelled.join().unwrap(), Status::Cancelled, Stored::No);
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(emulator.requests().len(), 0);

        answers.send(Ok(default_key(Duration::from_secs(3600)))).unwrap();
        assert_ok(&waiting.join().unwrap());
    });
    assert_ok(&put(&bucket));
}

#[test]
fn others_use_what_is_still_good_while_one_asks_and_after_it_got_none() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let (credentials, is_asked, answers) = told();
    let bucket = bucket_on(&emulator, &credentials, |_| ());
    // Within a fifth of its life from the beginning: what is left is measured when it is given.
    let key = default_key(Duration::from_secs(3));
    let ends_at = key.expires_at().unwrap() * 1000;
    // A busy machine may let it end anywhere.
    let assert_ok_until_it_ends = |outcome: &Outcome| {
        assert!(outcome.is_ok() || now_ms() >= ends_at, "{}", outcome.message);
    };
    let mut limits = Limits::default();
    limits.set_deadline(Duration::from_secs(5)).unwrap();
    let impatient = bucket.with_limits(limits);
    answers.send(Ok(key)).unwrap();
    assert_ok(&put(&bucket));
    is_asked.recv().unwrap();
    thread::scope(|scope| {
        let mut asking = None;
        // Somebody asks before it ends, and others go on meanwhile.
        while asking.is_none() {
            let one = scope.spawn(|| put(&bucket));
            while !one.is_finished() && asking.is_none() {
                asking = is_asked.recv_timeout(Duration::from_millis(20)).ok();
            }
            if asking.is_some() {
                assert_ok_until_it_ends(&put(&impatient));
                answers.send(Err(NoKey::new("none today"))).unwrap();
            }
            assert_ok_until_it_ends(&one.join().unwrap());
        }
    });
    // When it has ended, that is the end.
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        answers.send(Err(NoKey::new("none today"))).unwrap();
        let outcome = put(&bucket);
        assert_ok_until_it_ends(&outcome);
        if !outcome.is_ok() {
            assert_ended(&outcome, Status::Credentials, Stored::No);
            assert_eq!(outcome.message, "none today");
            break;
        }
        assert!(Instant::now() < end);
    }
}

#[test]
fn service_that_is_down_is_not_asked_at_every_request() {
    let life = if effort::is_full() { Duration::from_secs(6) } else { LIFE };
    let service = TokenService::start(Said::Truth, life);
    let bucket = service.bucket(|_| ());
    assert_ok(&put(&bucket));
    service.set_down(true);
    let end = service.issued()[0].ends_at;
    let mut puts = 0;
    // Short of its end: what is under way then may be refused.
    while now_ms() < end - 100 {
        assert_ok(&put(&bucket));
        puts += 1;
    }
    let failures = service.asked() - 1;
    assert!((1..50).contains(&failures) && puts > failures, "{failures} failures in {puts} puts");
}

/// Puts an object with other credentials before it gives a key.
struct Nested {
    bucket: Bucket,
}

impl Provider for Nested {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        let outcome = self.bucket.put("nested", Body::Bytes(b"data"), None, &ObjectOptions::default());
        assert_ok(&outcome);
        Ok(default_key(Duration::from_secs(3600)))
    }
}

fn fixed() -> Arc<Credentials> {
    let (id, secret) = (oss_emulator::DEFAULT_ACCESS_KEY_ID, oss_emulator::DEFAULT_ACCESS_KEY_SECRET);
    Arc::new(Credentials::new(id, secret, None).unwrap())
}

#[test]
fn who_is_asked_may_upload_with_other_credentials() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let bucket = bucket_on(&emulator, &fixed(), |_| ());
    let nested = Arc::new(Credentials::from_provider(Nested { bucket }));
    assert_ok(&put(&bucket_on(&emulator, &nested, |_| ())));
    assert_eq!(emulator.keys(BUCKET), ["nested", KEY]);
}

/// Puts an object with the credentials that it is asked for.
struct Circular {
    bucket: Mutex<Receiver<Bucket>>,
    ended: Mutex<Sender<Outcome>>,
}

impl Provider for Circular {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        let bucket = self.bucket.lock().unwrap().recv().unwrap();
        self.ended.lock().unwrap().send(put(&bucket)).unwrap();
        Ok(default_key(Duration::from_secs(3600)))
    }
}

#[test]
fn who_is_asked_does_not_wait_for_itself() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let (give, bucket) = mpsc::channel();
    let (ended, ends) = mpsc::channel();
    let circular = Circular { bucket: Mutex::new(bucket), ended: Mutex::new(ended) };
    let bucket = bucket_on(&emulator, &Arc::new(Credentials::from_provider(circular)), |_| ());
    give.send(bucket.clone()).unwrap();
    assert_ok(&put(&bucket));
    assert_ended(&ends.recv().unwrap(), Status::Credentials, Stored::No);
}

/// Takes its time now and then.
struct Slow(AtomicUsize);

impl Provider for Slow {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        if self.0.fetch_add(1, Ordering::SeqCst) % 4 == 3 {
            thread::sleep(Duration::from_millis(500));
        }
        Ok(AccessKey::new(oss_emulator::DEFAULT_ACCESS_KEY_ID, oss_emulator::DEFAULT_ACCESS_KEY_SECRET, None)
            .unwrap())
    }
}

#[test]
fn time_that_a_key_takes_is_no_standstill_of_what_is_under_way() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let slow = Arc::new(Credentials::from_provider(Slow(AtomicUsize::new(0))));
    let bucket = Arc::new(bucket_on(&emulator, &slow, |options| {
        options.set_stall_timeout(Duration::from_millis(200)).unwrap();
        options.set_connect_timeout(Duration::from_millis(200)).unwrap();
        options.set_max_attempts(1).unwrap();
    }));
    // So there is always a part whose reply is waited for.
    emulator
        .inject(Fault::new(Action::SlowReply(Duration::from_millis(100))).operation("UploadPart").always());
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    options.set_threshold(0).unwrap();
    let data = support::noise(12 * (100 << 10));
    assert_ended(&bucket.upload(KEY, Body::Bytes(&data), None, &options, &Unmoved), Status::Ok, Stored::Yes);
    assert_eq!(emulator.object(BUCKET, KEY).unwrap().data, data);
}

#[test]
fn time_that_a_key_takes_counts_to_the_deadline() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let slow = Arc::new(Credentials::from_provider(Slow(AtomicUsize::new(3))));
    let bucket =
        bucket_on(&emulator, &slow, |options| options.set_deadline(Duration::from_millis(100)).unwrap());
    assert_ended(&put(&bucket), Status::Timeout, Stored::No);
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn id_of_a_temporary_key_without_its_token_is_refused() {
    let Err(mistake) = AccessKey::new("STS.id", "secret", None) else { panic!("it is taken") };
    assert!(mistake.message().contains("token"), "{mistake}");
    assert!(AccessKey::new(" STS.id ", "secret", Some(" ")).is_err());
    assert!(AccessKey::new("STS.id", "secret", Some("token")).is_ok());
}

#[test]
fn anonymous_requests_are_not_signed_and_taken_where_anybody_may_write() {
    let nobody = Arc::new(Credentials::anonymous());
    let private = Emulator::start(Config::default()).unwrap();
    let outcome = put(&bucket_on(&private, &nobody, |_| ()));
    assert_ended(&outcome, Status::Service, Stored::No);
    assert_eq!(outcome.error.code, "AccessDenied");

    let public = Emulator::start(Config { allow_anonymous: true, ..Config::default() }).unwrap();
    let bucket = Arc::new(bucket_on(&public, &nobody, |_| ()));
    assert_ok(&put(&bucket));
    let mut options = UploadOptions::default();
    options.set_threshold(0).unwrap();
    let outcome = bucket.upload("parts", Body::Bytes(b"data"), None, &options, &Unmoved);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    for request in public.requests() {
        for header in ["authorization", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token"] {
            assert_eq!(request.header(header), None);
        }
    }
}

#[test]
fn anonymous_credentials_sign_nothing_that_is_handed_out() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let bucket = bucket_on(&emulator, &Arc::new(Credentials::anonymous()), |_| ());
    let mut policy = PostPolicy::default();
    policy.set_key(KEY).unwrap();
    let url = bucket.presign_get(KEY, 60).err();
    let form = bucket.sign_post_policy(&policy, None, 60).err();
    for refused in [url, form] {
        let refused = refused.unwrap();
        assert_ended(&refused, Status::InvalidArgument, Stored::No);
        assert!(refused.message.contains("anonymous"), "{}", refused.message);
    }
}

#[test]
fn what_is_handed_out_is_signed_with_the_key_of_the_moment() {
    let service = TokenService::start(Said::Nothing, Duration::from_secs(3600));
    let bucket = service.bucket(|_| ());
    let first = bucket.presign_put(KEY, None, &ObjectOptions::default(), 60).unwrap();
    assert_ended(&first.put(Body::Bytes(b"data"), &BucketOptions::default()), Status::Ok, Stored::Yes);
    service.revoke();
    let outcome = first.put(Body::Bytes(b"data"), &BucketOptions::default());
    assert_ended(&outcome, Status::Service, Stored::No);
    let second = bucket.presign_put(KEY, None, &ObjectOptions::default(), 60).unwrap();
    assert_ended(&second.put(Body::Bytes(b"data"), &BucketOptions::default()), Status::Ok, Stored::Yes);
    service.set_down(true);
    let Err(outcome) = bucket.presign_get(KEY, 60) else { panic!("it is signed") };
    assert_ended(&outcome, Status::Credentials, Stored::No);
    assert_eq!(outcome.message, "the token service is down");
}
