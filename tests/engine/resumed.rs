//! Uploads that leave a record: what the next one makes of it, and of what it finds at OSS.

use crate::support::mapping::Mapping;
use crate::support::network::Network;
use crate::support::route::{Route, over_every_route};
use crate::support::{self, whole_seconds};
use crate::support::{noise, tools};
use oss_emulator::{
    Action, Answer, AppServer, Config, Credential, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET,
    DEFAULT_BUCKET, Emulator, Fault, Request,
};
use oss_upload::callback::Callback;
use oss_upload::credentials::{AccessKey, Credentials, NoKey, Patience, Provider};
use oss_upload::engine::{
    Body, Bucket, BucketOptions, CallbackDelivery, Cancel, Clock, Completion, Input, Multipart,
    ObjectOptions, Observer, Outcome, Progress, Reader, SourceFailure, Status, Stored, UploadOptions,
};
use std::cell::RefCell;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const KEY: &str = "dir/object";
const OTHER_BUCKET: &str = "other-bucket";
const PART: usize = 102_400;
/// Four parts and a smaller one.
const SIZE: usize = 5 * PART - 1000;
const ALL: [u64; 5] = [1, 2, 3, 4, 5];
const PATIENCE: Duration = Duration::from_secs(60);

/// A file, a bucket to upload it to, and a folder for the record.
struct Bed {
    emulator: Emulator,
    application: AppServer,
    bucket: Arc<Bucket>,
    network: Network,
    /// So that nobody waits for what is only waited for.
    clock: Clock,
    scratch: TempDir,
}

impl Bed {
    fn over(route: Route) -> Bed {
        Bed::over_with(route, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, None)
    }

    fn over_with(route: Route, id: &str, secret: &str, token: Option<&str>) -> Bed {
        let credential = match token {
            Some(token) => Credential::temporary(id, secret, token),
            None => Credential::new(id, secret),
        };
        let network = Network::of(route);
        let config = Config {
            tls: network.tls(),
            credentials: vec![credential],
            buckets: vec![DEFAULT_BUCKET.to_owned(), OTHER_BUCKET.to_owned()],
            ..Config::default()
        };
        let emulator = Emulator::start(config).unwrap();
        let credentials = Credentials::new(id, secret, token).unwrap();
        let clock = Clock::skipping();
        let bucket = bucket(&emulator, &network, &clock, DEFAULT_BUCKET, credentials);
        let application = AppServer::start().unwrap();
        let bed = Bed { emulator, application, bucket, network, clock, scratch: TempDir::new().unwrap() };
        fs::write(bed.file(), noise(SIZE)).unwrap();
        bed
    }

    fn file(&self) -> PathBuf {
        self.scratch.path().join("file")
    }

    fn folder(&self) -> PathBuf {
        self.scratch.path().join("deep/checkpoints")
    }

    /// The names of what is in the folder.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The path of the only record.
    fn record(&self) -> PathBuf {
        let left = self.left();
        assert!(left.len() == 1 && left[0].ends_with(".json"), "{left:?}");
        self.folder().join(&left[0])
    }

    fn uploads(&self) -> Vec<String> {
        self.emulator.uploads(DEFAULT_BUCKET).into_iter().map(|(_, id)| id).collect()
    }

    fn fault(&self, operation: &str, action: Action) {
        self.emulator.inject(Fault::new(action).operation(operation));
    }

    fn attempt(&self) -> Attempt<'_> {
        let mut options = UploadOptions::default();
        options.set_checkpoint(Some(&self.folder())).unwrap();
        options.set_part_size(PART as u64).unwrap();
        options.set_parallel(5).unwrap();
        Attempt {
            bed: self,
            bucket: Arc::clone(&self.bucket),
            key: KEY,
            options,
            range: None,
            callback: false,
            on_progress: Box::new(|_| true),
            on_log: Box::new(|_| ()),
        }
    }

    /// Uploads with all parts but the `missing` ones, until it is cancelled. Returns the id of the upload.
    fn interrupted(&self, missing: &[u64]) -> String {
        self.attempt().interrupted(missing)
    }

    /// An upload of which all is there but the object, since OSS refused to make it.
    fn refused(&self, callback: bool) -> String {
        self.fault("CompleteMultipartUpload", error(403));
        let mut attempt = self.attempt();
        attempt.callback = callback;
        let run = attempt.run();
        run.assert_ended(Status::Service, Stored::No);
        run.outcome.upload_id
    }

    /// An upload whose completion was asked for and not carried out, though nobody can know that.
    fn left_open(&self, callback: bool) -> String {
        self.emulator
            .inject(Fault::new(Action::CloseBeforeWork).operation("CompleteMultipartUpload").always());
        let run = Attempt { callback, ..self.attempt() }.run();
        run.assert_ended(Status::Network, Stored::Unknown);
        self.emulator.clear_faults();
        self.record();
        run.outcome.upload_id
    }

    /// Until OSS must be over with whatever was sent.
    fn wait_a_minute(&self) {
        self.clock.skip(Duration::from_secs(61));
    }

    /// Gives a part of an upload other content.
    fn replace_part(&self, upload_id: &str, number: u32, data: &[u8]) {
        let outcome = self.reopened(upload_id).upload_part(number, Body::Bytes(data));
        assert!(outcome.is_ok(), "{outcome:?}");
    }

    fn reopened(&self, upload_id: &str) -> Multipart {
        let (multipart, outcome) = Multipart::reopen(&self.bucket, KEY, upload_id);
        multipart.unwrap_or_else(|| panic!("{outcome:?}"))
    }

    /// Checks that the object is the file, and that nothing else is left, at OSS or in the folder.
    fn assert_done(&self) {
        self.assert_stored(&self.emulator, DEFAULT_BUCKET, KEY, &fs::read(self.file()).unwrap());
        assert_eq!(self.uploads(), [""; 0]);
        assert_eq!(self.left(), [""; 0]);
    }

    fn assert_stored(&self, emulator: &Emulator, bucket: &str, key: &str, data: &[u8]) {
        let object = emulator.object(bucket, key).unwrap_or_else(|| panic!("{key} is not there"));
        assert!(object.data == data, "{key} is not what was to be uploaded");
    }

    /// The same bucket, reached in another way.
    fn bucket_with(&self, set: impl FnOnce(&mut BucketOptions)) -> Arc<Bucket> {
        bucket_with(&self.emulator, &self.network, &self.clock, DEFAULT_BUCKET, usual_credentials(), set)
    }

    fn callbacks(&self) -> usize {
        self.application.requests().len()
    }
}

fn bucket(
    emulator: &Emulator,
    network: &Network,
    clock: &Clock,
    name: &str,
    credentials: Credentials,
) -> Arc<Bucket> {
    bucket_with(emulator, network, clock, name, credentials, |_| ())
}

fn bucket_with(
    emulator: &Emulator,
    network: &Network,
    clock: &Clock,
    name: &str,
    credentials: Credentials,
    set: impl FnOnce(&mut BucketOptions),
) -> Arc<Bucket> {
    let mut options = BucketOptions::default();
    network.describe_to(&mut options);
    options.set_region("cn-hangzhou").unwrap();
    options.set_max_attempts(2).unwrap();
    options.set_clock(clock.clone());
    set(&mut options);
    Arc::new(Bucket::new(&emulator.endpoint(), name, Arc::new(credentials), &options).unwrap())
}

fn usual_credentials() -> Credentials {
    Credentials::new(DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, None).unwrap()
}

fn error(status: u16) -> Action {
    Action::Status { status, code: "ByFault".to_owned() }
}

fn size_of_part(number: u64) -> u64 {
    let rest = SIZE as u64 - (number - 1) * PART as u64;
    rest.min(PART as u64)
}

/// An upload that is to be made.
struct Attempt<'a> {
    bed: &'a Bed,
    bucket: Arc<Bucket>,
    key: &'a str,
    options: UploadOptions,
    range: Option<(u64, u64)>,
    callback: bool,
    /// Says whether to go on.
    on_progress: Box<dyn Fn(u64) -> bool + 'a>,
    on_log: Box<dyn Fn(&str) + 'a>,
}

impl<'a> Attempt<'a> {
    fn with(mut self, change: impl FnOnce(&mut UploadOptions)) -> Attempt<'a> {
        change(&mut self.options);
        self
    }

    fn on_progress(self, on_progress: impl Fn(u64) -> bool + 'a) -> Attempt<'a> {
        Attempt { on_progress: Box::new(on_progress), ..self }
    }

    fn interrupted(self, missing: &[u64]) -> String {
        let (bed, key) = (self.bed, self.key);
        for number in missing {
            let stall = Fault::new(Action::StallAfterBodyBytes(0)).operation("UploadPart").key(key);
            bed.emulator.inject(stall.part_number(*number));
        }
        let there = SIZE as u64 - missing.iter().copied().map(size_of_part).sum::<u64>();
        // Until all that stall have arrived: what arrives later would not stall.
        let stalls = || {
            let requests = bed.emulator.requests();
            let sent =
                |number| requests.iter().any(|request| is_part(request) && part_number(request) == number);
            missing.iter().copied().all(sent)
        };
        let run = self.on_progress(|accepted| accepted < there || !stalls()).run();
        run.assert_ended(Status::Cancelled, Stored::No);
        assert!(bed.uploads().contains(&run.outcome.upload_id), "{:?}", run.outcome);
        run.outcome.upload_id
    }

    fn run(self) -> Run {
        let path = self.bed.file();
        let body = Body::open(path.to_str().unwrap(), self.range).unwrap_or_else(|_| panic!("no file"));
        self.run_with(body)
    }

    fn run_with<'b>(self, input: impl Into<Input<'b>>) -> Run {
        let emulator = &self.bed.emulator;
        emulator.clear_requests();
        let callback = Callback::new(&self.bed.application.url(), "object=${object}").unwrap();
        let callback = self.callback.then_some(&callback);
        let notes = Notes { attempt: &self, lines: RefCell::default(), progress: RefCell::default() };
        let outcome = self.bucket.upload(self.key, input, callback, &self.options, &notes);
        let (lines, progress) = (notes.lines.into_inner(), notes.progress.into_inner());
        Run { outcome, lines, progress, requests: emulator.requests() }
    }
}

/// What an upload tells while it goes on.
struct Notes<'a> {
    attempt: &'a Attempt<'a>,
    lines: RefCell<Vec<String>>,
    progress: RefCell<Vec<Progress>>,
}

impl Observer for Notes<'_> {
    fn progress(&self, progress: &Progress) -> bool {
        self.progress.borrow_mut().push(*progress);
        (self.attempt.on_progress)(progress.accepted)
    }

    fn log(&self, line: &str) -> bool {
        self.lines.borrow_mut().push(line.to_owned());
        (self.attempt.on_log)(line);
        true
    }
}

/// An upload that was made.
struct Run {
    outcome: Outcome,
    lines: Vec<String>,
    progress: Vec<Progress>,
    /// What the emulator saw of it.
    requests: Vec<Request>,
}

impl Run {
    #[track_caller]
    fn assert_ended(&self, status: Status, stored: Stored) {
        let Outcome { message, .. } = &self.outcome;
        assert_eq!(
            (self.outcome.status, self.outcome.stored),
            (status, stored),
            "{message}\n{:?}",
            self.lines
        );
    }

    /// How many bytes and parts it said that OSS has, each time.
    fn accepted(&self) -> Vec<(u64, u64)> {
        self.progress.iter().map(|progress| (progress.accepted, progress.parts_done)).collect()
    }

    fn count(&self, operation: &str) -> usize {
        self.requests.iter().filter(|request| request.operation == operation).count()
    }

    /// The numbers of the parts that were sent.
    fn parts(&self) -> Vec<u64> {
        let sent = self.requests.iter().filter(|request| is_part(request));
        let mut numbers: Vec<u64> = sent.map(part_number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Checks that it went on with an upload and sent these parts of it.
    #[track_caller]
    fn assert_went_on_with(&self, bed: &Bed, missing: &[u64]) {
        self.assert_ended(Status::Ok, Stored::Yes);
        assert_eq!((self.count("InitiateMultipartUpload"), self.lines.as_slice()), (0, [].as_slice()));
        assert_eq!(self.parts(), missing);
        bed.assert_done();
    }

    /// Checks that it began a new upload, and that it said why in one line.
    #[track_caller]
    fn assert_started_over(&self, why: &str) {
        self.assert_ended(Status::Ok, Stored::Yes);
        assert!(self.lines.len() == 1 && self.lines[0].starts_with("starting over"), "{:?}", self.lines);
        assert!(self.lines[0].contains(why), "{:?}: not {why:?}", self.lines);
        assert_eq!(self.count("InitiateMultipartUpload"), 1, "{why}");
    }
}

fn is_part(request: &Request) -> bool {
    request.operation == "UploadPart"
}

fn part_number(request: &Request) -> u64 {
    let query = request.target.split(['?', '&']);
    query.filter_map(|pair| pair.strip_prefix("partNumber=")).next().unwrap().parse().unwrap()
}

#[track_caller]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "waited in vain until {what}");
        thread::yield_now();
    }
}

// What goes on.

#[test]
fn only_the_missing_parts_are_sent() {
    over_every_route(|route| {
        for missing in [&[3][..], &[1], &[5], &[2, 4], &[1, 2, 3, 4], &[2, 3, 4, 5]] {
            let bed = Bed::over(route);
            bed.interrupted(missing);
            bed.attempt().run().assert_went_on_with(&bed, missing);
        }
    });
}

#[test]
fn upload_can_be_interrupted_and_resumed_many_times() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[2, 3, 4, 5]);
        for missing in [&[2, 3, 5][..], &[3, 5], &[3]] {
            assert_eq!(bed.interrupted(missing), upload_id);
        }
        bed.attempt().run().assert_went_on_with(&bed, &[3]);
    });
}

#[test]
fn upload_that_only_lacks_its_completion_is_completed() {
    over_every_route(|route| {
        for callback in [false, true] {
            let bed = Bed::over(route);
            bed.refused(callback);
            let run = Attempt { callback, ..bed.attempt() }.run();
            run.assert_went_on_with(&bed, &[]);
            assert_eq!((run.count("CompleteMultipartUpload"), bed.callbacks()), (1, usize::from(callback)));
        }
    });
}

#[test]
fn upload_whose_deadline_passes_can_be_resumed() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.emulator
            .inject(Fault::new(Action::StallAfterBodyBytes(0)).operation("UploadPart").part_number(3));
        let soon = |options: &mut UploadOptions| {
            options.limits_mut().set_deadline(Duration::from_secs(3)).unwrap();
        };
        let run = bed.attempt().with(soon).run();
        run.assert_ended(Status::Timeout, Stored::No);
        assert_eq!(bed.uploads(), [run.outcome.upload_id.as_str()]);
        let done = run.requests.iter().filter(|request| is_part(request) && request.status == Some(200));
        let done: Vec<u64> = done.map(part_number).collect();
        bed.emulator.clear_faults();
        let run = bed.attempt().run();
        run.assert_ended(Status::Ok, Stored::Yes);
        assert_eq!(run.count("InitiateMultipartUpload"), 0);
        let sent = run.parts();
        assert!(!sent.iter().any(|number| done.contains(number)), "{done:?}, {sent:?}");
        bed.assert_done();
    });
}

#[test]
fn completion_that_fails_leaves_the_record_for_the_next_upload() {
    over_every_route(|route| {
        for fault in [error(403), error(500), error(503), Action::CloseBeforeWork] {
            for callback in [false, true] {
                let bed = Bed::over(route);
                bed.emulator.inject(Fault::new(fault.clone()).operation("CompleteMultipartUpload").always());
                let run = Attempt { callback, ..bed.attempt() }.run();
                let may_go_on = matches!(fault, Action::CloseBeforeWork);
                let stored = if may_go_on { Stored::Unknown } else { Stored::No };
                assert_eq!(run.outcome.stored, stored, "{}", run.outcome.message);
                assert_eq!(bed.uploads(), [run.outcome.upload_id.as_str()], "{fault:?}");
                bed.record();
                bed.emulator.clear_faults();
                if may_go_on {
                    bed.wait_a_minute();
                }
                Attempt { callback, ..bed.attempt() }.run().assert_went_on_with(&bed, &[]);
                assert_eq!(bed.callbacks(), usize::from(callback), "{fault:?}");
            }
        }
    });
}

#[test]
fn crc_of_the_whole_is_compared_whoever_sent_the_parts() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.interrupted(&[2]);
        bed.fault("CompleteMultipartUpload", Action::WrongCrc);
        bed.attempt().run().assert_ended(Status::Integrity, Stored::Yes);
        assert_eq!(bed.left(), [""; 0]);
    });
}

#[test]
fn part_that_was_replaced_meanwhile_is_sent_again() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[4]);
        bed.replace_part(&upload_id, 2, &[7; PART]);
        bed.attempt().run().assert_went_on_with(&bed, &[2, 4]);
    });
}

#[test]
fn part_of_another_size_is_sent_again() {
    over_every_route(|route| {
        for size in [PART - 1, PART + 1, 0] {
            let bed = Bed::over(route);
            let upload_id = bed.interrupted(&[4]);
            bed.replace_part(&upload_id, 1, &noise(size));
            bed.attempt().run().assert_went_on_with(&bed, &[1, 4]);
        }
    });
}

#[test]
fn part_that_the_record_lacks_is_kept_if_it_is_that_of_the_file() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[2, 3, 4, 5]);
        let record = fs::read(bed.record()).unwrap();
        bed.interrupted(&[5]);
        fs::write(bed.record(), record).unwrap();
        bed.replace_part(&upload_id, 3, &[7; PART]);
        bed.attempt().run().assert_went_on_with(&bed, &[3, 5]);
    });
}

#[test]
fn parts_beyond_the_file_do_not_get_into_the_object() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[5]);
        bed.replace_part(&upload_id, 6, b"more");
        bed.attempt().run().assert_went_on_with(&bed, &[5]);
    });
}

#[test]
fn range_of_a_file_is_resumed_in_its_place() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let data = fs::read(bed.file()).unwrap();
        fs::write(bed.file(), [b"before", data.as_slice(), b"behind"].concat()).unwrap();
        let of_range = || Attempt { range: Some((6, SIZE as u64)), ..bed.attempt() };
        let upload_id = of_range().interrupted(&[2, 3, 4, 5]);
        let record = fs::read(bed.record()).unwrap();
        assert_eq!(of_range().interrupted(&[2, 5]), upload_id);
        // Parts 3 and 4 have to be compared with the file.
        fs::write(bed.record(), record).unwrap();
        let run = of_range().run();
        run.assert_ended(Status::Ok, Stored::Yes);
        assert_eq!((run.count("InitiateMultipartUpload"), run.parts()), (0, vec![2, 5]));
        bed.assert_stored(&bed.emulator, DEFAULT_BUCKET, KEY, &data);

        // The same length from another place.
        of_range().interrupted(&[2]);
        let run = Attempt { range: Some((5, SIZE as u64)), ..bed.attempt() }.run();
        run.assert_started_over("another range of the file is wanted");
        assert_eq!((bed.uploads().len(), run.parts()), (0, ALL.to_vec()));
    });
}

#[test]
fn empty_file_is_resumed() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        fs::write(bed.file(), b"").unwrap();
        bed.refused(false);
        bed.attempt().run().assert_went_on_with(&bed, &[]);
    });
}

#[test]
fn progress_goes_on_from_what_was_there_and_only_grows() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.interrupted(&[2, 4]);
        let there = SIZE as u64 - size_of_part(2) - size_of_part(4);
        // A part that has to be sent twice is counted once.
        bed.fault("UploadPart", error(503));
        let run = bed.attempt().run();
        run.assert_ended(Status::Ok, Stored::Yes);
        let mut accepted = run.accepted();
        assert!(accepted.is_sorted(), "{accepted:?}");
        accepted.dedup();
        assert_eq!((accepted[0], accepted[1]), ((0, 0), (there, 3)), "{accepted:?}");
        assert_eq!(accepted.last(), Some(&(SIZE as u64, 5)));
        let begun = run.progress.iter().skip_while(|progress| progress.parts == 0).collect::<Vec<_>>();
        assert!(begun.iter().all(|progress| progress.parts == 5) && begun.len() >= 3, "{begun:?}");
    });
}

// What starts over.

/// What can happen to a file.
type Change = fn(&Path);

/// After these its bytes are no longer what they were.
const CHANGES: [(&str, Change); 5] = [
    ("it grew", |path| {
        let data = [fs::read(path).unwrap().as_slice(), b"more"].concat();
        fs::write(path, data).unwrap();
    }),
    ("it was cut", |path| open(path).set_len(SIZE as u64 - 1).unwrap()),
    ("it was written to", write),
    ("it was written to, and its time put back", |path| {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        until_it_shows(path, || {
            open(path).write_all_at(b"other", 0).unwrap();
            open(path).set_modified(modified).unwrap();
        });
    }),
    ("it was replaced by another of its size and time", |path| replace(path, &[7; SIZE])),
];

/// After these they are.
const MOVES: [(&str, Change); 4] = [
    ("it was touched", touch),
    ("it got another mode", |path| {
        until_it_shows(path, || fs::set_permissions(path, Permissions::from_mode(0o640)).unwrap());
    }),
    ("it had another name for a while", |path| {
        let other = path.with_extension("other");
        until_it_shows(path, || {
            fs::rename(path, &other).unwrap();
            fs::rename(&other, path).unwrap();
        });
    }),
    ("it was replaced by its like", |path| replace(path, &fs::read(path).unwrap())),
];

fn open(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

fn write(path: &Path) {
    open(path).write_all_at(b"other", 0).unwrap();
    touch(path);
}

/// Sets the time of change to one that it cannot have had: the clock of a file system is too coarse for what has just
/// happened.
fn touch(path: &Path) {
    let now = SystemTime::now();
    let last = fs::metadata(path).unwrap().modified().unwrap().max(now);
    open(path).set_modified(last + Duration::from_secs(10)).unwrap();
}

/// Does something until the file system's clock has moved on with it.
fn until_it_shows(path: &Path, change: impl Fn()) {
    let changed = || fs::metadata(path).map(|file| (file.ctime(), file.ctime_nsec())).unwrap();
    let before = changed();
    while changed() == before {
        change();
    }
}

/// Waits until whatever is written to a file shows.
fn settle(path: &Path) {
    let age = || {
        let file = fs::metadata(path).unwrap();
        let changed = UNIX_EPOCH + Duration::from_secs(u64::try_from(file.ctime()).unwrap());
        changed.max(file.modified().unwrap()).elapsed().unwrap_or_default()
    };
    while age() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(10));
    }
}

/// Puts another file in the place of one, with the same time of change.
fn replace(path: &Path, data: &[u8]) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let new = path.with_extension("new");
    fs::write(&new, data).unwrap();
    open(&new).set_modified(modified).unwrap();
    fs::rename(new, path).unwrap();
}

#[test]
fn file_that_moved_and_has_its_bytes_is_gone_on_with() {
    over_every_route(|route| {
        for (what, moved) in MOVES {
            let bed = Bed::over(route);
            let upload_id = bed.interrupted(&[4, 5]);
            moved(&bed.file());
            // Once it is known, it need not be compared again; when it moves again, it is.
            assert_eq!(bed.interrupted(&[5]), upload_id, "{what}");
            moved(&bed.file());
            bed.attempt().run().assert_went_on_with(&bed, &[5]);
        }
    });
}

#[test]
fn file_that_changed_where_nothing_was_sent_is_gone_on_with() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.interrupted(&[3]);
        open(&bed.file()).write_all_at(b"other", 2 * PART as u64).unwrap();
        touch(&bed.file());
        bed.attempt().run().assert_went_on_with(&bed, &[3]);
    });
}

#[test]
fn object_is_never_half_old_and_half_new() {
    over_every_route(|route| {
        // Part 2 is refused, and the file restored meanwhile, with its time.
        let bed = Bed::over(route);
        bed.emulator.inject(Fault::new(error(403)).operation("UploadPart").part_number(2));
        let one_by_one = |options: &mut UploadOptions| options.set_parallel(1).unwrap();
        bed.attempt().with(one_by_one).run().assert_ended(Status::Service, Stored::No);
        let modified = fs::metadata(bed.file()).unwrap().modified().unwrap();
        until_it_shows(&bed.file(), || {
            open(&bed.file()).write_all_at(&[7; SIZE], 0).unwrap();
            open(&bed.file()).set_modified(modified).unwrap();
        });
        let run = bed.attempt().run();
        run.assert_started_over("the file has changed");
        bed.assert_done();
    });
}

#[test]
fn file_that_is_written_to_while_its_times_stand_still_makes_no_half_old_and_half_new_object() {
    over_every_route(|route| {
        // Between two calls.
        let bed = Bed::over(route);
        let mapping = Mapping::of(&bed.file());
        bed.interrupted(&[2]);
        mapping.fill(7);
        bed.attempt().run().assert_started_over("the file has changed");
        bed.assert_done();

        // During the second one, which has taken over a part.
        let bed = Bed::over(route);
        let mapping = Mapping::of(&bed.file());
        bed.interrupted(&[2, 3, 4, 5]);
        let write = |accepted| {
            if accepted > 0 {
                mapping.fill(7);
            }
            true
        };
        assert_source_changed(&bed, &bed.attempt().on_progress(write).run());
    });
}

#[test]
fn file_whose_times_are_whole_seconds_makes_no_half_old_and_half_new_object() {
    let tests = ["resumed::file_that_is_written_to_within_a_moment_makes_no_half_old_and_half_new_object"];
    whole_seconds::run_again("uploads from a file system whose times are whole seconds", &tests);
}

#[test]
fn file_that_is_written_to_within_a_moment_makes_no_half_old_and_half_new_object() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.interrupted(&[2]);
        open(&bed.file()).write_all_at(&[7; SIZE], 0).unwrap();
        bed.attempt().run().assert_started_over("the file has changed");
        bed.assert_done();
    });
}

#[test]
fn range_is_gone_on_with_when_the_file_grows_behind_it() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let data = fs::read(bed.file()).unwrap();
        let grow = || File::options().append(true).open(bed.file()).unwrap().write_all(b"more").unwrap();
        let of_range = || Attempt { range: Some((0, SIZE as u64)), ..bed.attempt() };
        of_range().interrupted(&[4, 5]);
        grow();
        let growing = |_| {
            grow();
            true
        };
        let run = of_range().on_progress(growing).run();
        run.assert_ended(Status::Ok, Stored::Yes);
        assert_eq!((run.count("InitiateMultipartUpload"), run.parts()), (0, vec![4, 5]));
        bed.assert_stored(&bed.emulator, DEFAULT_BUCKET, KEY, &data);
    });
}

#[test]
fn changed_file_is_uploaded_from_the_beginning() {
    over_every_route(|route| {
        for (what, change) in CHANGES {
            let bed = Bed::over(route);
            bed.interrupted(&[5]);
            change(&bed.file());
            let run = bed.attempt().run();
            run.assert_started_over("the file has changed");
            // Once at the beginning and once at the end, when parts that were on their way have arrived.
            assert_eq!((run.parts(), run.count("AbortMultipartUpload")), (ALL.to_vec(), 1), "{what}");
            bed.assert_done();
        }
    });
}

/// How an upload is wanted.
type Terms = fn(&mut UploadOptions);

#[test]
fn upload_on_other_terms_starts_over() {
    over_every_route(|route| {
        let with_header = |options: &mut UploadOptions| {
            let mut object = ObjectOptions::default();
            object.set_header("content-type", "text/other").unwrap();
            options.set_object_options(object);
        };
        let with_metadata = |options: &mut UploadOptions| {
            let mut object = ObjectOptions::default();
            object.add_metadata("name", "value").unwrap();
            options.set_object_options(object);
        };
        let terms: [(&str, Terms); 3] = [
            ("another part size is wanted", |options| options.set_part_size(PART as u64 + 1).unwrap()),
            ("the object is wanted with other headers", with_header),
            ("the object is wanted with other headers", with_metadata),
        ];
        for (why, change) in terms {
            let bed = Bed::over(route);
            bed.interrupted(&[5]);
            let run = bed.attempt().with(change).run();
            run.assert_started_over(why);
            assert_eq!((run.parts(), run.count("AbortMultipartUpload")), (ALL.to_vec(), 1), "{why}");
            bed.assert_done();
        }
    });
}

#[test]
fn upload_that_was_to_be_removed_and_could_not_is_named() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[5]);
        write(&bed.file());
        bed.emulator.inject(Fault::new(error(403)).operation("AbortMultipartUpload").always());
        let run = bed.attempt().run();
        run.assert_ended(Status::Ok, Stored::Yes);
        assert!(run.lines.len() == 2 && run.lines[1].contains(&upload_id), "{:?}", run.lines);
        assert_eq!((bed.uploads(), &run.outcome.upload_id), (vec![upload_id.clone()], &upload_id));
        let message = &run.outcome.message;
        assert!(message.contains("could not be removed") && message.contains(&upload_id), "{message}");
    });
}

#[test]
fn upload_that_could_not_be_removed_is_tried_again_at_the_end() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.interrupted(&[5]);
        write(&bed.file());
        bed.fault("AbortMultipartUpload", error(403));
        let run = bed.attempt().run();
        run.assert_ended(Status::Ok, Stored::Yes);
        bed.assert_done();
        assert_eq!((run.outcome.upload_id.as_str(), run.outcome.message.as_str()), ("", ""));
    });
}

#[test]
fn upload_that_could_not_be_removed_has_its_record_until_another_begins() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[5]);
        write(&bed.file());
        for operation in ["AbortMultipartUpload", "InitiateMultipartUpload"] {
            bed.emulator.inject(Fault::new(error(403)).operation(operation).always());
        }
        let run = bed.attempt().run();
        run.assert_ended(Status::Service, Stored::No);
        assert_eq!(run.outcome.upload_id, upload_id);
        bed.record();
        bed.emulator.clear_faults();
        bed.attempt().run().assert_started_over("the file has changed");
        bed.assert_done();
    });
}

#[test]
fn upload_that_a_cancel_kept_from_being_removed_is_removed_by_the_next() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[5]);
        write(&bed.file());
        let cancel = Cancel::default();
        // Said before anything is removed.
        let on_log = Box::new(|_: &str| cancel.fire());
        let bound = |options: &mut UploadOptions| options.limits_mut().set_cancel(Some(cancel.clone()));
        let run = Attempt { on_log, ..bed.attempt() }.with(bound).run();
        run.assert_ended(Status::Cancelled, Stored::No);
        bed.record();
        assert_eq!((bed.uploads(), &run.outcome.upload_id), (vec![upload_id.clone()], &upload_id));
        bed.attempt().run().assert_started_over("the file has changed");
        bed.assert_done();
    });
}

#[test]
fn upload_to_another_place_leaves_the_record_alone() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[5]);
        let (record, data) = (fs::read(bed.record()).unwrap(), fs::read(bed.file()).unwrap());
        let elsewhere = Emulator::start(Config { tls: bed.network.tls(), ..Config::default() }).unwrap();
        let at = |emulator: &Emulator, name: &str| {
            bucket(emulator, &bed.network, &bed.clock, name, usual_credentials())
        };
        let attempts = [
            (Attempt { key: "dir/other", ..bed.attempt() }, &bed.emulator, DEFAULT_BUCKET),
            (
                Attempt { bucket: at(&bed.emulator, OTHER_BUCKET), ..bed.attempt() },
                &bed.emulator,
                OTHER_BUCKET,
            ),
            (Attempt { bucket: at(&elsewhere, DEFAULT_BUCKET), ..bed.attempt() }, &elsewhere, DEFAULT_BUCKET),
        ];
        for (attempt, emulator, name) in attempts {
            let key = attempt.key;
            let run = attempt.run();
            run.assert_ended(Status::Ok, Stored::Yes);
            assert_eq!(run.lines, [""; 0]);
            bed.assert_stored(emulator, name, key, &data);
            assert!(fs::read(bed.record()).unwrap() == record, "the record was changed");
            assert_eq!(bed.uploads(), [upload_id.as_str()]);
        }
        bed.attempt().run().assert_went_on_with(&bed, &[5]);
    });
}

#[test]
fn record_of_another_upload_is_not_used() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let other = Attempt { key: "dir/other", ..bed.attempt() }.interrupted(&[5]);
        let of_other = bed.record();
        let stored = fs::read(&of_other).unwrap();
        fs::remove_file(of_other).unwrap();
        let own = bed.interrupted(&[5]);
        fs::write(bed.record(), stored).unwrap();
        let run = bed.attempt().run();
        run.assert_started_over("another upload");
        // Neither is the other upload's business to remove.
        let mut uploads = [own, other];
        uploads.sort();
        let mut left = bed.uploads();
        left.sort();
        assert_eq!(left, uploads);
    });
}

/// Checks that an upload starts over when its record is no longer what it was.
fn assert_replaced(route: Route, why: &str, damage: impl Fn(&Path)) {
    let bed = Bed::over(route);
    let upload_id = bed.interrupted(&[5]);
    damage(&bed.record());
    let run = bed.attempt().run();
    run.assert_started_over(why);
    assert_eq!(run.parts(), ALL);
    // What such a record says of an upload is not believed, so nothing is removed at OSS.
    assert_eq!((bed.uploads(), bed.left()), (vec![upload_id], vec![]), "{why}");
    bed.assert_stored(&bed.emulator, DEFAULT_BUCKET, KEY, &fs::read(bed.file()).unwrap());
}

/// Changes the text of a record.
fn edit(path: &Path, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text);
    fs::write(path, changed).unwrap();
}

#[test]
fn damaged_record_is_replaced() {
    over_every_route(|route| {
        assert_replaced(route, "it is damaged", |path| edit(path, |text| text[..text.len() / 2].to_owned()));
        assert_replaced(route, "it is damaged", |path| edit(path, |text| text[..text.len() - 1].to_owned()));
        assert_replaced(route, "it is damaged", |path| fs::write(path, b"").unwrap());
        assert_replaced(route, "it is damaged", |path| fs::write(path, noise(1000)).unwrap());
        assert_replaced(route, "it is damaged", |path| fs::write(path, b"{}").unwrap());
    });
}

#[test]
fn record_with_a_wrong_checksum_is_replaced() {
    over_every_route(|route| {
        // The last digit of a number: with another one in its place it is no larger than numbers may be.
        let next_digit = |text: &str, name: &str| {
            let place = text.find(name).unwrap() + name.len();
            let number = place + text[place..].find(|c: char| c.is_ascii_digit()).unwrap();
            let digit = number + text[number..].find(|c: char| !c.is_ascii_digit()).unwrap() - 1;
            let next = if &text[digit..=digit] == "1" { "2" } else { "1" };
            [&text[..digit], next, &text[digit + 1..]].concat()
        };
        for name in ["\"upload_id\":", "\"crc64\":", "\"etag\":", "\"sha256\":"] {
            assert_replaced(route, "its checksum is wrong", |path| edit(path, |text| next_digit(text, name)));
        }
    });
}

#[test]
fn record_of_another_form_is_replaced() {
    over_every_route(|route| {
        assert_replaced(route, "it has the form 6", |path| {
            edit(path, |text| text.replace("\"format\":5", "\"format\":6"));
        });
    });
}

#[test]
fn record_that_is_huge_is_replaced_and_not_read() {
    over_every_route(|route| {
        // A hole: it takes no room on the disk.
        assert_replaced(route, "it is damaged", |path| {
            File::options().write(true).open(path).unwrap().set_len(1 << 40).unwrap();
        });
    });
}

#[test]
fn record_behind_a_link_is_replaced_and_the_target_left_alone() {
    over_every_route(|route| {
        let elsewhere = TempDir::new().unwrap();
        let target = elsewhere.path().join("target");
        assert_replaced(route, "it is no regular file", |path| {
            fs::rename(path, &target).unwrap();
            symlink(&target, path).unwrap();
        });
        assert!(fs::read_to_string(target).unwrap().contains("sha256"));
    });
}

#[test]
fn folder_in_place_of_the_record_is_no_obstacle() {
    over_every_route(|route| {
        assert_replaced(route, "", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        });
    });
}

#[test]
fn pipe_in_place_of_the_record_is_no_obstacle() {
    over_every_route(|route| {
        let (sender, receiver) = mpsc::channel();
        let waiting = thread::spawn(move || {
            assert_replaced(route, "", |path| {
                fs::remove_file(path).unwrap();
                assert!(tools::command("mkfifo").arg(path).status().unwrap().success());
                sender.send(path.to_owned()).unwrap();
            });
        });
        let pipe = receiver.recv().unwrap();
        let give_up = Instant::now() + PATIENCE;
        while !waiting.is_finished() {
            if Instant::now() > give_up {
                // Ends the wait for somebody who writes.
                drop(File::options().read(true).write(true).open(&pipe));
                panic!("it waits for somebody to write to the pipe");
            }
            thread::yield_now();
        }
        waiting.join().unwrap();
    });
}

/// What makes a file one that somebody else can have written, and what is said of it.
fn ways_to_be_foreign() -> Vec<(&'static str, Change)> {
    let mut ways: Vec<(&str, Change)> = vec![
        ("others may write to it", |path| fs::set_permissions(path, Permissions::from_mode(0o660)).unwrap()),
        ("others may write to it", |path| fs::set_permissions(path, Permissions::from_mode(0o602)).unwrap()),
        ("it has another name as well", |path| fs::hard_link(path, other_name(path)).unwrap()),
    ];
    // Only root can give files away.
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        ways.push(("it belongs to another user", |path| chown(path, Some(65534), None).unwrap()));
    }
    ways
}

/// A name outside the folder.
fn other_name(path: &Path) -> PathBuf {
    path.parent().unwrap().parent().unwrap().join("other-name")
}

#[test]
fn record_that_somebody_else_can_have_written_is_not_believed() {
    over_every_route(|route| {
        for (why, make_foreign) in ways_to_be_foreign() {
            assert_replaced(route, why, make_foreign);
            // What it says could be believed otherwise: that the object is there.
            let bed = Bed::over(route);
            bed.completed(false);
            make_foreign(&bed.record());
            let run = bed.attempt().run();
            run.assert_started_over(why);
            assert_eq!(run.parts(), ALL);
            bed.assert_done();
        }
    });
}

#[test]
fn lock_of_somebody_else_locks_nobody_out() {
    over_every_route(|route| {
        for (why, make_foreign) in ways_to_be_foreign() {
            let bed = Bed::over(route);
            bed.interrupted(&[5]);
            let path = bed.record().with_extension("lock");
            fs::write(&path, b"mine").unwrap();
            let lock = File::open(&path).unwrap();
            make_foreign(&path);
            lock.lock().unwrap();
            let run = bed.attempt().run();
            run.assert_ended(Status::Ok, Stored::Yes);
            assert!(run.lines.len() == 1 && run.lines[0].contains(why), "{:?}", run.lines);
            assert_eq!(run.parts(), [5]);
            bed.assert_done();
            if let Ok(left) = fs::read(other_name(&path)) {
                assert_eq!(left, b"mine");
            }
        }
    });
}

#[test]
fn lock_behind_a_link_is_replaced_and_the_target_left_alone() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.interrupted(&[5]);
        let path = bed.record().with_extension("lock");
        fs::write(other_name(&path), b"target").unwrap();
        symlink(other_name(&path), &path).unwrap();
        bed.attempt().run().assert_ended(Status::Ok, Stored::Yes);
        assert_eq!(fs::read(other_name(&path)).unwrap(), b"target");
        bed.assert_done();
    });
}

/// Puts something there that nobody removes.
fn obstruct(path: &Path) {
    fs::create_dir_all(path.join("not empty")).unwrap();
}

/// The path of an upload's record under the other name of this number.
fn under_another_name(record: &Path, number: usize) -> PathBuf {
    let name = record.file_stem().unwrap().to_str().unwrap();
    record.with_file_name(format!("{name}-{number}.json"))
}

#[test]
fn record_is_kept_under_another_name_where_something_is_in_the_way() {
    over_every_route(|route| {
        for extension in ["json", "new", "lock"] {
            let bed = Bed::over(route);
            bed.interrupted(&[5]);
            let record = bed.record();
            let (first, second) = (record.with_extension(extension), under_another_name(&record, 1));
            fs::remove_file(&record).unwrap();
            obstruct(&first);
            obstruct(&second.with_extension(extension));
            let run = bed.attempt().with(|options| options.set_parallel(1).unwrap());
            // From the beginning, and no further than this.
            let run = run.on_progress(|accepted| accepted < 2 * PART as u64).run();
            run.assert_ended(Status::Cancelled, Stored::No);
            assert_eq!((run.count("InitiateMultipartUpload"), run.lines.len()), (1, 2), "{:?}", run.lines);
            assert!(run.lines[0].contains(first.to_str().unwrap()), "{:?}", run.lines);
            // The next process finds it there, and so does one that finds nothing in the way any more.
            assert!(under_another_name(&record, 2).exists());
            let run = bed.attempt().on_progress(|accepted| accepted < 3 * PART as u64).run();
            assert_eq!((run.count("InitiateMultipartUpload"), run.outcome.status), (0, Status::Cancelled));
            fs::remove_dir_all(&first).unwrap();
            let run = bed.attempt().run();
            run.assert_ended(Status::Ok, Stored::Yes);
            assert!(run.count("InitiateMultipartUpload") == 0 && run.parts().len() < 5, "{:?}", run.parts());
            fs::remove_dir_all(second.with_extension(extension)).unwrap();
            assert!(bed.left().is_empty(), "{:?}", bed.left());
        }
    });
}

#[test]
fn whoever_is_at_a_record_under_another_name_is_at_the_upload() {
    let bed = Bed::over(Route::Http);
    bed.interrupted(&[5]);
    let (record, other) = (bed.record(), under_another_name(&bed.record(), 1));
    let lock = File::create(other.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    // Before there is a record under that name, unless there is one already, and afterwards.
    let aside = other_name(&record);
    for (from, to) in [(&record, &aside), (&aside, &other)] {
        fs::rename(from, to).unwrap();
        bed.attempt().run().assert_ended(Status::CheckpointBusy, Stored::No);
    }
    drop(lock);
    bed.attempt().run().assert_went_on_with(&bed, &[5]);
}

#[test]
fn upload_does_not_begin_where_its_record_has_no_place() {
    over_every_route(|route| {
        for extension in ["json", "new", "lock"] {
            let bed = Bed::over(route);
            let upload_id = bed.interrupted(&[5]);
            let record = bed.record();
            let place = record.with_extension(extension);
            fs::rename(&record, other_name(&record)).unwrap();
            obstruct(&place);
            (1..4)
                .for_each(|number| obstruct(&under_another_name(&record, number).with_extension(extension)));
            let run = bed.attempt().run();
            run.assert_ended(Status::LocalIo, Stored::No);
            assert!(run.requests.is_empty(), "{:?}", run.requests);
            for word in [bed.folder().to_str().unwrap(), "regular file of one's own"] {
                assert!(run.outcome.message.contains(word), "{}", run.outcome.message);
            }
            assert_eq!(bed.uploads(), [upload_id]);
        }
    });
}

#[test]
fn upload_that_oss_no_longer_knows_starts_over() {
    over_every_route(|route| {
        for refused in [false, true] {
            let bed = Bed::over(route);
            let upload_id = if refused { bed.refused(false) } else { bed.interrupted(&[5]) };
            assert!(bed.reopened(&upload_id).abort().is_ok());
            let run = bed.attempt().run();
            run.assert_started_over("OSS no longer knows the upload");
            assert_eq!(run.parts(), ALL);
            bed.assert_done();
        }
    });
}

#[test]
fn upload_that_cannot_be_looked_at_is_left_as_it_is() {
    over_every_route(|route| {
        for fault in [error(403), error(500), Action::CloseBeforeWork] {
            let bed = Bed::over(route);
            let upload_id = bed.interrupted(&[5]);
            bed.emulator.inject(Fault::new(fault.clone()).operation("ListParts").always());
            let run = bed.attempt().run();
            assert_eq!((run.outcome.is_ok(), run.outcome.stored), (false, Stored::No), "{fault:?}");
            assert_eq!(
                (run.outcome.upload_id, bed.uploads()),
                (upload_id.clone(), vec![upload_id]),
                "{fault:?}"
            );
            bed.emulator.clear_faults();
            bed.attempt().run().assert_went_on_with(&bed, &[5]);
        }
    });
}

// What was completed already.

impl Bed {
    /// An upload that was completed, though whoever sent it could not find that out.
    fn completed(&self, callback: bool) {
        self.emulator
            .inject(Fault::new(Action::CloseWithoutReply).operation("CompleteMultipartUpload").always());
        self.emulator.inject(Fault::new(error(403)).operation("HeadObject").always());
        let run = Attempt { callback, ..self.attempt() }.run();
        run.assert_ended(Status::Network, Stored::Unknown);
        self.emulator.clear_faults();
        self.record();
    }
}

#[test]
fn object_that_an_earlier_upload_completed_is_found() {
    over_every_route(|route| {
        for (callback, status) in [(false, Status::Ok), (true, Status::CallbackUnknown)] {
            let bed = Bed::over(route);
            bed.completed(callback);
            let run = Attempt { callback, ..bed.attempt() }.run();
            run.assert_ended(status, Stored::Yes);
            for operation in ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] {
                assert_eq!(run.count(operation), 0, "{operation}");
            }
            assert_eq!(run.accepted().last(), Some(&(SIZE as u64, 5)));
            assert_eq!(bed.callbacks(), usize::from(callback));
            assert!(run.outcome.crc64.is_some() && !run.outcome.etag().is_empty());
            // The request for the callback was another process's.
            let by_id = Callback::new(&bed.application.url(), "${reqId}").unwrap();
            assert!(by_id.render(&run.outcome.callback_values()).is_err());
            bed.assert_done();
        }
    });
}

#[test]
fn reply_to_a_resumed_completion_can_be_lost_too() {
    over_every_route(|route| {
        for (callback, status) in [(false, Status::Ok), (true, Status::CallbackUnknown)] {
            let bed = Bed::over(route);
            bed.refused(callback);
            bed.fault("CompleteMultipartUpload", Action::CloseWithoutReply);
            let run = Attempt { callback, ..bed.attempt() }.run();
            run.assert_ended(status, Stored::Yes);
            assert_eq!(bed.callbacks(), usize::from(callback));
            bed.assert_done();
        }
    });
}

/// OSS can be at work on a Complete whose sender is dead while the next process looks what there is.
#[test]
fn completion_between_two_looks_is_not_repeated() {
    over_every_route(|route| {
        for operation in ["HeadObject", "ListParts"] {
            for callback in [true, false] {
                let bed = Bed::over(route);
                let upload = bed.reopened(&bed.left_open(callback));
                // The look is over before the upload is completed, and its reply comes afterwards.
                bed.fault(operation, Action::SlowReply(Duration::from_secs(1)));
                let late = Callback::new(&bed.application.url(), "late").unwrap();
                bed.emulator.clear_requests();
                let (run, came_between) = thread::scope(|scope| {
                    let resuming = scope.spawn(|| Attempt { callback, ..bed.attempt() }.run());
                    let looks =
                        || bed.emulator.requests().iter().any(|request| request.operation == operation);
                    wait_until("it looks", || looks() || resuming.is_finished());
                    // It need not look in this way, and then it completes the upload itself.
                    let callback = callback.then_some(&late);
                    let came_between = looks() && upload.complete(Completion::Known, callback).is_ok();
                    (resuming.join().unwrap(), came_between)
                });
                assert_eq!(bed.callbacks(), usize::from(callback), "{operation}: {:?}", run.lines);
                let status = if callback && came_between { Status::CallbackUnknown } else { Status::Ok };
                run.assert_ended(status, Stored::Yes);
                assert_eq!(run.count("InitiateMultipartUpload"), 0, "{operation}");
                bed.assert_done();
            }
        }
    });
}

#[test]
fn record_remembers_that_a_callback_was_asked_for() {
    over_every_route(|route| {
        // The next upload has none.
        let bed = Bed::over(route);
        let upload_id = bed.left_open(true);
        let late = Callback::new(&bed.application.url(), "late").unwrap();
        assert!(bed.reopened(&upload_id).complete(Completion::Known, Some(&late)).is_ok());
        bed.attempt().run().assert_ended(Status::CallbackUnknown, Stored::Yes);
        assert_eq!(bed.callbacks(), 1);
        bed.assert_done();
    });
}

#[test]
fn completion_that_may_go_on_is_waited_for_and_then_asked_for_again() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.left_open(true);
        let run = Attempt { callback: true, ..bed.attempt() }.run();
        run.assert_ended(Status::Network, Stored::Unknown);
        assert!(run.outcome.message.contains(" GMT on, the same call goes on"), "{}", run.outcome.message);
        assert_eq!(
            (run.count("CompleteMultipartUpload"), run.outcome.upload_id.as_str()),
            (0, upload_id.as_str())
        );
        bed.wait_a_minute();
        let run = Attempt { callback: true, ..bed.attempt() }.run();
        run.assert_went_on_with(&bed, &[]);
        assert_eq!((run.count("CompleteMultipartUpload"), bed.callbacks()), (1, 1));
    });
}

#[test]
fn completion_that_may_go_on_is_asked_for_again_at_once_where_that_does_no_harm() {
    over_every_route(|route| {
        for (callback, repeats) in [(false, 0), (true, 1)] {
            let bed = Bed::over(route);
            bed.left_open(callback);
            let mut object = ObjectOptions::default();
            object.set_callback_delivery(CallbackDelivery::AtLeastOnce);
            let attempt = bed.attempt().with(|options| options.set_object_options(object));
            let run = Attempt { callback, ..attempt }.run();
            run.assert_went_on_with(&bed, &[]);
            assert_eq!((run.outcome.callback_repeats, bed.callbacks()), (repeats, usize::from(callback)));
        }
    });
}

#[test]
fn upload_that_fails_while_an_earlier_completion_may_go_on_is_not_said_not_to_be_stored() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.left_open(false);
        bed.replace_part(&upload_id, 2, &[7; PART]);
        bed.emulator.inject(Fault::new(error(403)).operation("UploadPart").always());
        let run = bed.attempt().run();
        run.assert_ended(Status::Service, Stored::Unknown);
        bed.emulator.clear_faults();
        bed.wait_a_minute();
        bed.emulator.inject(Fault::new(error(403)).operation("UploadPart"));
        bed.attempt().run().assert_ended(Status::Service, Stored::No);
        bed.attempt().run().assert_went_on_with(&bed, &[2]);
    });
}

/// A key that takes so long to come that a minute and a half has passed by then.
struct SlowKey(Clock);

impl Provider for SlowKey {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        self.0.skip(Duration::from_secs(90));
        Ok(AccessKey::new(DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, None).unwrap())
    }
}

#[test]
fn time_that_is_noted_of_a_completion_is_never_before_its_sending() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let key = Credentials::from_provider(SlowKey(bed.clock.clone()));
        let bucket = bucket(&bed.emulator, &bed.network, &bed.clock, DEFAULT_BUCKET, key);
        bed.fault("CompleteMultipartUpload", Action::SlowReply(Duration::from_secs(2)));
        let attempt = || Attempt { callback: true, bucket: Arc::clone(&bucket), ..bed.attempt() };
        thread::scope(|scope| {
            let uploading = scope.spawn(|| attempt().run());
            let is_there = || {
                let requests = bed.emulator.requests();
                requests.iter().any(|request| request.operation == "CompleteMultipartUpload")
            };
            wait_until("it is completed", is_there);
            let record = bed.left().into_iter().find(|name| name.ends_with(".json")).unwrap();
            let record = fs::read_to_string(bed.folder().join(record)).unwrap();
            let noted = record.split("\"at\":").nth(1).unwrap();
            let noted: i64 = noted.split(|end: char| !end.is_ascii_digit()).next().unwrap().parse().unwrap();
            assert!(noted >= bed.clock.unix_time(), "{noted} is before {}", bed.clock.unix_time());
            uploading.join().unwrap().assert_ended(Status::Ok, Stored::Yes);
        });
    });
}

#[test]
fn completion_of_times_to_come_was_asked_for_just_now() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.wait_a_minute();
        bed.wait_a_minute();
        bed.left_open(true);
        // The next process has another clock.
        let clock = Clock::skipping();
        let bucket = bed.bucket_with(|options| options.set_clock(clock.clone()));
        let attempt = || Attempt { callback: true, bucket: Arc::clone(&bucket), ..bed.attempt() };
        attempt().run().assert_ended(Status::Network, Stored::Unknown);
        clock.skip(Duration::from_secs(61));
        attempt().run().assert_ended(Status::Ok, Stored::Yes);
        assert_eq!(bed.callbacks(), 1);
    });
}

#[test]
fn object_is_compared_with_the_file_as_it_is_before_it_is_said_to_be_stored() {
    over_every_route(|route| {
        for token in [false, true] {
            let bed = Bed::over(route);
            let mut object = ObjectOptions::default();
            object.set_write_token(token);
            let attempt = || bed.attempt().with(|options| options.set_object_options(object.clone()));
            bed.emulator
                .inject(Fault::new(Action::CloseWithoutReply).operation("CompleteMultipartUpload").always());
            bed.emulator.inject(Fault::new(error(403)).operation("HeadObject").always());
            attempt().run().assert_ended(Status::Network, Stored::Unknown);
            bed.emulator.clear_faults();
            // With the token of the upload it is another object.
            let mut changed = fs::read(bed.file()).unwrap();
            changed[7] ^= 1;
            let stored = bed.emulator.object(DEFAULT_BUCKET, KEY).unwrap();
            assert!(stored.data != changed);
            bed.emulator.put_object(DEFAULT_BUCKET, KEY, changed);
            bed.wait_a_minute();
            attempt().run().assert_started_over("the object is not there");
            bed.assert_done();
        }
    });
}

#[test]
fn object_is_known_by_the_token_that_an_earlier_process_began_its_upload_with() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let mut object = ObjectOptions::default();
        object.set_write_token(true);
        let attempt = || bed.attempt().with(|options| options.set_object_options(object.clone()));
        attempt().interrupted(&[3]);
        bed.fault("CompleteMultipartUpload", Action::CloseWithoutReply);
        let run = Attempt { callback: true, ..attempt() }.run();
        run.assert_ended(Status::CallbackUnknown, Stored::Yes);
        assert!(run.outcome.looked_up);
        bed.assert_done();
    });
}

/// Uploads with a callback that tells the id of its delivery.
fn upload_with_a_delivery_id(bed: &Bed, object: ObjectOptions) -> Outcome {
    let mut callback = Callback::new(&bed.application.url(), "id=${x:delivery}").unwrap();
    callback.set_delivery_variable("x:delivery").unwrap();
    let attempt = bed.attempt().with(|options| options.set_object_options(object));
    let notes = Notes { attempt: &attempt, lines: RefCell::default(), progress: RefCell::default() };
    let body = Body::open(bed.file().to_str().unwrap(), None).unwrap_or_else(|_| panic!("no file"));
    bed.bucket.upload(KEY, body, Some(&callback), &attempt.options, &notes)
}

/// Checks that OSS was asked several times to complete an upload, with one id for the delivery of its callback.
#[track_caller]
fn assert_one_delivery_id(bed: &Bed) {
    let requests = bed.emulator.requests();
    let completing = requests.iter().filter(|request| request.operation == "CompleteMultipartUpload");
    let ids: Vec<_> = completing.map(|request| request.header("x-oss-callback-var").unwrap()).collect();
    assert!(ids.len() > 1 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn callback_is_delivered_with_one_id_by_all_processes_of_an_upload() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.emulator
            .inject(Fault::new(Action::CloseBeforeWork).operation("CompleteMultipartUpload").always());
        assert_eq!(upload_with_a_delivery_id(&bed, ObjectOptions::default()).stored, Stored::Unknown);
        bed.emulator.clear_faults();
        bed.wait_a_minute();
        assert!(upload_with_a_delivery_id(&bed, ObjectOptions::default()).is_ok());
        assert_one_delivery_id(&bed);
    });
}

#[test]
fn callback_is_delivered_with_the_same_id_by_an_upload_that_begins_anew() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let mut object = ObjectOptions::default();
        object.set_callback_delivery(CallbackDelivery::AtLeastOnce);
        bed.emulator
            .inject(Fault::new(Action::CloseWithoutReply).operation("CompleteMultipartUpload").always());
        bed.emulator.inject(Fault::new(error(403)).operation("HeadObject").always());
        assert_eq!(upload_with_a_delivery_id(&bed, object.clone()).stored, Stored::Unknown);
        bed.emulator.clear_faults();
        bed.emulator.delete_object(DEFAULT_BUCKET, KEY);
        bed.wait_a_minute();
        let outcome = upload_with_a_delivery_id(&bed, object);
        assert!(outcome.is_ok() && outcome.callback_repeats == 1, "{outcome:?}");
        assert_one_delivery_id(&bed);
    });
}

#[test]
fn callback_that_may_have_run_is_not_repeated_in_silence() {
    over_every_route(|route| {
        for newer in [Some(b"newer"), None] {
            let bed = Bed::over(route);
            bed.completed(true);
            match newer {
                Some(data) => bed.emulator.put_object(DEFAULT_BUCKET, KEY, data),
                None => bed.emulator.delete_object(DEFAULT_BUCKET, KEY),
            }
            bed.wait_a_minute();
            let run = Attempt { callback: true, ..bed.attempt() }.run();
            run.assert_ended(Status::Service, Stored::Unknown);
            assert_eq!((bed.callbacks(), bed.left()), (1, vec![]), "{newer:?}: {:?}", run.lines);
            // Who calls once more knows that.
            Attempt { callback: true, ..bed.attempt() }.run().assert_ended(Status::Ok, Stored::Yes);
            assert_eq!(bed.callbacks(), 2);
            bed.assert_done();
        }
    });
}

#[test]
fn completed_upload_whose_object_cannot_be_looked_at_ends_unknown() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.completed(true);
        bed.emulator.inject(Fault::new(Action::CloseBeforeWork).operation("HeadObject").always());
        let run = Attempt { callback: true, ..bed.attempt() }.run();
        assert_eq!((run.outcome.is_ok(), run.outcome.stored, bed.callbacks()), (false, Stored::Unknown, 1));
        bed.record();
        bed.emulator.clear_faults();
        let run = Attempt { callback: true, ..bed.attempt() }.run();
        run.assert_ended(Status::CallbackUnknown, Stored::Yes);
        assert_eq!(bed.callbacks(), 1);
        bed.assert_done();
    });
}

#[test]
fn object_that_is_gone_since_it_was_completed_is_stored_again_if_there_was_no_callback() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.completed(false);
        bed.emulator.delete_object(DEFAULT_BUCKET, KEY);
        bed.attempt().run().assert_started_over("OSS no longer knows the upload");
        bed.assert_done();
    });
}

#[test]
fn object_that_nobody_may_look_at_is_stored_again_if_there_was_no_callback() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.completed(false);
        bed.emulator.inject(Fault::new(error(403)).operation("HeadObject").always());
        bed.attempt().run().assert_started_over("nobody can tell whether the object is there");
        bed.assert_done();
    });
}

#[test]
fn equal_object_from_before_is_not_taken_for_that_of_the_upload() {
    over_every_route(|route| {
        for callback in [false, true] {
            let bed = Bed::over(route);
            bed.emulator.put_object(DEFAULT_BUCKET, KEY, fs::read(bed.file()).unwrap());
            bed.refused(callback);
            let run = Attempt { callback, ..bed.attempt() }.run();
            run.assert_ended(Status::Ok, Stored::Yes);
            let object = bed.emulator.object(DEFAULT_BUCKET, KEY).unwrap();
            assert_eq!((object.object_type.as_str(), bed.callbacks()), ("Multipart", usize::from(callback)));
            bed.assert_done();
        }
    });
}

#[test]
fn upload_that_is_still_there_is_completed_without_a_look_at_the_object() {
    over_every_route(|route| {
        for callback in [false, true] {
            let bed = Bed::over(route);
            bed.refused(callback);
            // A key that may write need not be one that may read.
            bed.emulator.inject(Fault::new(error(403)).operation("HeadObject").always());
            let run = Attempt { callback, ..bed.attempt() }.run();
            run.assert_ended(Status::Ok, Stored::Yes);
            assert_eq!(bed.callbacks(), usize::from(callback));
            bed.assert_done();
        }
    });
}

#[test]
fn callback_that_fails_ends_the_upload_all_the_same() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.application.answer(Answer::status(500));
        let run = Attempt { callback: true, ..bed.attempt() }.run();
        run.assert_ended(Status::CallbackFailed, Stored::Yes);
        assert_eq!((run.outcome.http_status, bed.callbacks()), (203, 1));
        bed.assert_done();
    });
}

// The record.

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn record_and_folder_are_for_their_owner_only() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.interrupted(&[5]);
        assert_eq!(mode(&bed.record()), 0o600);
        assert_eq!((mode(&bed.folder()), mode(bed.folder().parent().unwrap())), (0o700, 0o700));
    });
}

#[test]
fn record_holds_no_secret() {
    over_every_route(|route| {
        let secrets = ["id-that-is-not-to-be-written", "secret-that-is-not", "token-that-is-not"];
        let bed = Bed::over_with(route, secrets[0], secrets[1], Some(secrets[2]));
        bed.interrupted(&[5]);
        let text = fs::read_to_string(bed.record()).unwrap();
        for secret in secrets {
            assert!(!text.contains(secret), "{text}");
        }
        bed.attempt().run().assert_went_on_with(&bed, &[5]);
    });
}

#[test]
fn second_upload_of_the_same_at_the_same_time_is_turned_away() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let cancel = Cancel::default();
        bed.emulator.inject(Fault::new(Action::StallAfterBodyBytes(0)).operation("UploadPart").key(KEY));
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                let bounded = |options: &mut UploadOptions| {
                    options.set_parallel(1).unwrap();
                    options.limits_mut().set_cancel(Some(cancel.clone()));
                };
                bed.attempt().with(bounded).run()
            });
            let sends = || bed.emulator.requests().iter().any(is_part);
            wait_until("the first is at work", sends);
            let second = bed.attempt().run();
            second.assert_ended(Status::CheckpointBusy, Stored::No);
            assert!(second.requests.is_empty(), "{:?}", second.requests);
            // Another key is another upload.
            Attempt { key: "dir/other", ..bed.attempt() }.run().assert_ended(Status::Ok, Stored::Yes);
            cancel.fire();
            first.join().unwrap().assert_ended(Status::Cancelled, Stored::No);
        });
        bed.attempt().run().assert_went_on_with(&bed, &ALL);
    });
}

/// An interrupted upload whose record somebody holds, and the lock.
fn held(bed: &Bed) -> File {
    bed.interrupted(&[5]);
    let lock = File::create(bed.record().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// The upload as it is made where time really passes, and how long it took.
fn timed(bed: &Bed, change: impl FnOnce(&mut UploadOptions)) -> (Run, Duration) {
    let bucket = bed.bucket_with(|options| options.set_clock(Clock::default()));
    let began = Instant::now();
    let run = Attempt { bucket, ..bed.attempt() }.with(change).run();
    (run, began.elapsed())
}

#[test]
fn process_that_is_about_to_end_is_waited_for() {
    let bed = Bed::over(Route::Http);
    let lock = held(&bed);
    thread::scope(|scope| {
        scope.spawn(move || {
            support::raw_server::pause(Duration::from_millis(500));
            drop(lock);
        });
        let (run, took) = timed(&bed, |_| ());
        assert!(took >= Duration::from_millis(400), "{took:?}");
        run.assert_went_on_with(&bed, &[5]);
    });
}

#[test]
fn process_that_does_not_end_is_waited_for_no_longer_than_the_caller_wants() {
    let bed = Bed::over(Route::Http);
    let _lock = held(&bed);
    let (run, took) = timed(&bed, |_| ());
    run.assert_ended(Status::CheckpointBusy, Stored::No);
    assert!(run.requests.is_empty() && took >= Duration::from_secs(2), "{took:?}");
    // It is told of meanwhile and afterwards.
    let paused = run.outcome.history.as_ref().unwrap().sum.pauses;
    assert!(
        paused >= Duration::from_millis(1500) && run.progress.len() >= 6,
        "{paused:?} {:?}",
        run.progress
    );
    let deadline = Duration::from_millis(300);
    let (run, took) = timed(&bed, |options| options.limits_mut().set_deadline(deadline).unwrap());
    run.assert_ended(Status::CheckpointBusy, Stored::No);
    assert!(took < Duration::from_secs(1), "{took:?}");
    let cancel = Cancel::default();
    thread::scope(|scope| {
        let fired = scope.spawn(|| {
            support::raw_server::pause(Duration::from_millis(300));
            cancel.fire();
            Instant::now()
        });
        let (run, _) = timed(&bed, |options| options.limits_mut().set_cancel(Some(cancel.clone())));
        let late = fired.join().unwrap().elapsed();
        run.assert_ended(Status::Cancelled, Stored::No);
        assert!(late < Duration::from_millis(500), "{late:?}");
    });
}

#[test]
fn only_a_file_by_its_path_can_be_resumed() {
    over_every_route(|route| {
        struct Nothing;
        impl Reader for Nothing {
            fn read(&self, _: &mut [u8]) -> Result<usize, SourceFailure> {
                Ok(0)
            }
            fn can_rewind(&self) -> bool {
                true
            }
            fn rewind(&self) -> Result<(), SourceFailure> {
                Ok(())
            }
        }
        let bed = Bed::over(route);
        let open_file = Body::from_file(File::open(bed.file()).unwrap(), "file", None);
        let inputs: [Input<'_>; 4] = [
            Body::Bytes(b"data").into(),
            open_file.unwrap_or_else(|_| panic!("no file")).into(),
            Input::Reader(Box::new(Nothing), None),
            Input::Reader(Box::new(Nothing), Some(SIZE as u64)),
        ];
        for input in inputs {
            let run = bed.attempt().run_with(input);
            run.assert_ended(Status::InvalidArgument, Stored::No);
            assert!(run.requests.is_empty() && !bed.folder().exists());
        }
    });
}

#[test]
fn folder_that_cannot_be_made_ends_the_upload_before_it_begins() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        fs::write(bed.folder().parent().unwrap(), b"a file").unwrap();
        let run = bed.attempt().run();
        run.assert_ended(Status::LocalIo, Stored::No);
        assert!(run.requests.is_empty(), "{:?}", run.requests);
    });
}

#[test]
fn upload_whose_record_cannot_be_written_leaves_nothing_at_oss() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let upload_id = bed.interrupted(&[5]);
        assert!(bed.reopened(&upload_id).abort().is_ok());
        fs::write(bed.record(), b"{}").unwrap();
        // Said when the lock has been taken, and before the upload begins.
        let on_log = Box::new(|_: &str| fs::remove_dir_all(bed.folder()).unwrap());
        let run = Attempt { on_log, ..bed.attempt() }.run();
        run.assert_ended(Status::LocalIo, Stored::No);
        assert_eq!((run.count("InitiateMultipartUpload"), run.count("UploadPart")), (1, 0));
        assert_eq!((bed.uploads(), run.outcome.upload_id.as_str()), (vec![], ""));
    });
}

/// Loses the folder when so much has been accepted.
fn losing_folder(bed: &Bed, at: u64) -> impl Fn(u64) -> bool {
    let folder = bed.folder();
    move |accepted| {
        if accepted >= at && folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        true
    }
}

#[test]
fn upload_without_a_callback_goes_on_without_a_record_that_can_be_written() {
    over_every_route(|route| {
        for at in [1, SIZE as u64] {
            let bed = Bed::over(route);
            let run = bed.attempt().on_progress(losing_folder(&bed, at)).run();
            run.assert_ended(Status::Ok, Stored::Yes);
            let said = "cannot write the checkpoint: No such file";
            assert!(run.lines.last().unwrap().starts_with(said), "{:?}", run.lines);
            bed.assert_stored(&bed.emulator, DEFAULT_BUCKET, KEY, &fs::read(bed.file()).unwrap());
            assert!(bed.uploads().is_empty());
        }
    });
}

#[test]
fn upload_with_a_callback_is_not_completed_if_that_cannot_be_recorded() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let attempt = Attempt { callback: true, ..bed.attempt() };
        let run = attempt.on_progress(losing_folder(&bed, SIZE as u64)).run();
        run.assert_ended(Status::LocalIo, Stored::No);
        assert_eq!(run.count("CompleteMultipartUpload"), 0);
        assert_eq!(bed.uploads(), [run.outcome.upload_id]);
    });
}

// A file that changes meanwhile.

/// Checks that an upload whose file changed meanwhile made no object.
#[track_caller]
fn assert_source_changed(bed: &Bed, run: &Run) {
    run.assert_ended(Status::SourceChanged, Stored::No);
    assert_eq!(run.count("CompleteMultipartUpload"), 0);
    assert!(bed.emulator.object(DEFAULT_BUCKET, KEY).is_none());
}

#[test]
fn file_that_changes_during_its_upload_is_not_completed_and_its_parts_are_removed() {
    over_every_route(|route| {
        for (what, change) in CHANGES {
            // A file that was replaced is still the one that was opened.
            if what.contains("replaced") {
                continue;
            }
            for after in [PART as u64, SIZE as u64] {
                let bed = Bed::over(route);
                let file = bed.file();
                let at_work = |accepted| {
                    if accepted == after {
                        change(&file);
                    }
                    true
                };
                let one_by_one = |options: &mut UploadOptions| options.set_parallel(1).unwrap();
                let run = bed.attempt().with(one_by_one).on_progress(at_work).run();
                assert_source_changed(&bed, &run);
                assert_eq!((bed.uploads(), bed.left()), (vec![], vec![]), "{what} after {after} bytes");
                assert_eq!(run.outcome.upload_id, "");
            }
        }
    });
}

#[test]
fn file_that_moves_during_its_upload_and_has_its_bytes_is_completed() {
    over_every_route(|route| {
        for (what, moved) in MOVES {
            for after in [PART as u64, SIZE as u64] {
                let bed = Bed::over(route);
                let file = bed.file();
                let at_work = |accepted| {
                    if accepted == after {
                        moved(&file);
                    }
                    true
                };
                let one_by_one = |options: &mut UploadOptions| options.set_parallel(1).unwrap();
                let run = bed.attempt().with(one_by_one).on_progress(at_work).run();
                run.assert_ended(Status::Ok, Stored::Yes);
                assert_eq!(run.parts(), ALL, "{what} after {after} bytes");
                bed.assert_done();
            }
        }
    });
}

#[test]
fn cancel_before_a_file_that_moved_is_compared_is_a_pause() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let file = bed.file();
        let cancel = Cancel::default();
        let bound = |options: &mut UploadOptions| options.limits_mut().set_cancel(Some(cancel.clone()));
        // Before it is completed, and before it is gone on with.
        let at_the_end = |accepted| {
            if accepted == SIZE as u64 {
                touch(&file);
                cancel.fire();
            }
            true
        };
        let run = bed.attempt().with(bound).on_progress(at_the_end).run();
        run.assert_ended(Status::Cancelled, Stored::No);
        assert_eq!(run.count("CompleteMultipartUpload"), 0);
        let run = bed.attempt().with(bound).run();
        run.assert_ended(Status::Cancelled, Stored::No);
        assert_eq!((run.requests.len(), bed.uploads()), (0, vec![run.outcome.upload_id]));
        bed.attempt().run().assert_went_on_with(&bed, &[]);
    });
}

#[test]
fn parts_of_a_file_that_changed_stay_if_they_are_wanted() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        let file = bed.file();
        let at_work = |accepted| {
            if accepted == SIZE as u64 {
                write(&file);
            }
            true
        };
        let run = bed.attempt().with(|options| options.set_keep_parts(true)).on_progress(at_work).run();
        assert_source_changed(&bed, &run);
        assert_eq!(bed.uploads(), [run.outcome.upload_id]);
        // They are of no use to the next upload.
        bed.attempt().run().assert_started_over("the file has changed");
        bed.assert_done();
    });
}

#[test]
fn parts_are_removed_if_that_is_wanted() {
    over_every_route(|route| {
        let bed = Bed::over(route);
        bed.fault("CompleteMultipartUpload", error(403));
        let run = bed.attempt().with(|options| options.set_keep_parts(false)).run();
        run.assert_ended(Status::Service, Stored::No);
        assert_eq!((run.outcome.upload_id.as_str(), bed.uploads(), bed.left()), ("", vec![], vec![]));
    });
}

#[test]
fn file_that_changes_before_anything_is_sent_leaves_nothing_behind() {
    over_every_route(|route| {
        for recorded in [true, false] {
            let bed = Bed::over(route);
            settle(&bed.file());
            bed.interrupted(&[2, 3, 4, 5]);
            let record = fs::read(bed.record()).unwrap();
            bed.interrupted(&[5]);
            if !recorded {
                // Then what OSS has is compared with the file.
                fs::write(bed.record(), record).unwrap();
            }
            let path = bed.file();
            let body = Body::open(path.to_str().unwrap(), None).unwrap_or_else(|_| panic!("no file"));
            write(&path);
            let run = bed.attempt().run_with(body);
            assert_source_changed(&bed, &run);
            assert_eq!(
                (run.outcome.upload_id.as_str(), bed.uploads(), bed.left()),
                ("", vec![], vec![]),
                "{recorded}"
            );
        }
    });
}
