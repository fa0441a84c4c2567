//! A process that uploads is killed before each call by which it changes a file or talks to OSS; the next run of the
//! same program goes on where it was.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Answer, AppServer, Config, DEFAULT_BUCKET, Emulator, Request};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use support::bucket::{TestBucket, app_server};
use support::c_program::{CProgram, Linkage};
use support::network::Network;
use support::route::{Route, over_every_route};
use support::{effort, noise, shim};

const PART: usize = 102_400;
/// Four parts and a smaller one.
const SIZE: usize = 5 * PART - 1000;

/// The program, and where it uploads to.
struct Site {
    network: Network,
    emulator: Emulator,
    application: Option<AppServer>,
    parallel: usize,
    program: CProgram,
    shim: PathBuf,
    data: Vec<u8>,
}

/// How a run of the program ended.
struct Run {
    /// What it calls itself in its requests.
    who: String,
    killed: bool,
    /// The calls that were counted; the last was not done if it was killed.
    calls: Vec<String>,
    out: String,
}

/// What is there after a run.
struct Found {
    /// Whether there is a record to go on from.
    record: bool,
    /// The parts that OSS has answered for.
    parts: BTreeSet<u32>,
    completes: usize,
}

impl Found {
    /// Whether the program learnt that the object is stored, and removed the record. The next run uploads again.
    fn is_over(&self) -> bool {
        self.completes > 0 && !self.record
    }
}

impl Run {
    /// Whether it left it open whether OSS would do what an earlier run had asked for.
    fn is_open(&self) -> bool {
        self.out.contains("\nstored UNKNOWN\n") && self.out.contains("may still be at it")
    }
}

impl Site {
    fn over(route: Route, parallel: usize, callback: bool) -> Site {
        let network = Network::of(route);
        let emulator = Emulator::start(Config { tls: network.tls(), ..Config::default() }).unwrap();
        let program = CProgram::compile("killed_upload", Linkage::Shared);
        let data = noise(SIZE);
        fs::write(program.folder().join("file"), &data).unwrap();
        let application = callback.then(|| {
            let application = app_server();
            // Long enough for the next run to begin while OSS still waits for the answer.
            application.answer(Answer { delay: Duration::from_millis(30), ..Answer::default() });
            application
        });
        let shim = shim::compile("kill_at", program.folder());
        Site { network, emulator, application, parallel, program, shim, data }
    }

    fn folder(&self, key: &str) -> PathBuf {
        self.program.folder().join(format!("checkpoint-{key}"))
    }

    /// Runs the program, and kills it before the call number `kill_at`.
    fn run(&self, key: &str, who: &str, kill_at: Option<usize>) -> Run {
        self.run_later(key, who, kill_at, 0)
    }

    /// The same so many minutes later, by the program's clock.
    fn run_later(&self, key: &str, who: &str, kill_at: Option<usize>, minutes: usize) -> Run {
        let scratch = self.program.folder();
        let calls = scratch.join("calls");
        let mut bucket = TestBucket::emulated(&self.emulator);
        bucket.callback_url = self.application.as_ref().map(AppServer::url);
        let mut command = shim::bare(self.program.path());
        command
            .envs(bucket.environment())
            .envs(self.network.environment())
            .env("LD_PRELOAD", &self.shim)
            .env("CALLS", &calls);
        command.env("FILE", scratch.join("file")).env("KEY", key).env("CHECKPOINT", self.folder(key));
        command.env("PART_SIZE", PART.to_string()).env("PARALLEL", self.parallel.to_string());
        command.env("CLOCK_AHEAD", (minutes * 61).to_string());
        command.env("USER_AGENT", who).envs(kill_at.map(|number| ("KILL_AT", number.to_string())));
        let output = shim::output(&mut command);
        let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        let killed = output.status.signal() == Some(libc::SIGKILL);
        assert!(killed || output.status.success(), "{key}: {}\n{out}{err}", output.status);
        let calls = fs::read_to_string(calls).unwrap().lines().map(str::to_owned).collect();
        Run { who: who.to_owned(), killed, calls, out: out.into_owned() }
    }

    fn requests(&self, key: &str) -> Vec<Request> {
        let requests = self.emulator.requests().into_iter();
        requests.filter(|request| request.key.as_deref() == Some(key)).collect()
    }

    /// The requests for `operation` that a run made.
    fn requests_of(&self, key: &str, who: &str, operation: &str) -> Vec<Request> {
        let mut requests = self.requests(key);
        requests
            .retain(|request| request.operation == operation && request.header("user-agent") == Some(who));
        requests
    }

    fn look(&self, key: &str) -> Found {
        let requests = self.requests(key);
        let answered = requests.iter().filter(|request| request.status == Some(200));
        let parts = answered.filter(|request| request.operation == "UploadPart").map(part_number);
        let completes = requests.iter().filter(|request| request.operation == "CompleteMultipartUpload");
        let record = names(&self.folder(key)).iter().any(|name| name.ends_with(".json"));
        Found { record, parts: parts.collect(), completes: completes.count() }
    }

    /// Until the emulator has done with what killed programs sent.
    fn wait_until_all_is_done(&self) {
        let give_up = Instant::now() + shim::LIMIT;
        while self.emulator.open_connections() + self.network.open_connections() > 0 {
            assert!(Instant::now() < give_up, "a connection is kept open");
            thread::yield_now();
        }
    }

    fn callbacks(&self, key: &str) -> usize {
        let body = format!("object={key}").into_bytes();
        let requests = self.application.iter().flat_map(AppServer::requests);
        requests.filter(|request| request.body == body).count()
    }

    /// Checks that a run kept what was `found` before it, as long as the upload was not over.
    fn check_what_was_sent(&self, key: &str, who: &str, found: &Found) {
        if found.is_over() {
            return;
        }
        let sent: BTreeSet<u32> = self.requests_of(key, who, "UploadPart").iter().map(part_number).collect();
        let again: Vec<_> = found.parts.intersection(&sent).collect();
        assert!(again.is_empty(), "{key}: {who} sent the parts {again:?} again");
        let begun = self.requests_of(key, who, "InitiateMultipartUpload").len();
        assert!(!found.record || begun == 0, "{key}: {who} did not go on with the upload that was recorded");
    }

    /// Checks what is left when a run has come to its end, after others that left what is in `killed`.
    fn check_end(&self, key: &str, run: &Run, killed: &[Found]) {
        let out = &run.out;
        self.wait_until_all_is_done();
        assert!(out.contains("\nstored YES\n"), "{key}: {out}");
        let object = self.emulator.object(DEFAULT_BUCKET, key).unwrap();
        assert!(object.data == self.data, "{key}: the object is not the file");
        let left = names(&self.folder(key));
        assert!(left.is_empty(), "{key}: {left:?} is left in the folder");

        let requests = self.requests(key);
        let of =
            |operation: &'static str| requests.iter().filter(move |request| request.operation == operation);
        let over = killed.iter().filter(|found| found.is_over()).count();
        if self.application.is_some() {
            assert_eq!(self.callbacks(key), 1 + over, "{key}: callbacks\n{out}");
        }
        // What became of the callback is known, unless a program was killed when it had asked for it.
        let by_others =
            of("CompleteMultipartUpload").filter(|request| request.header("user-agent") != Some(&run.who));
        let may_be_unknown = self.application.is_some() && by_others.count() > over;
        let unknown = out.contains("status CALLBACK_UNKNOWN\n");
        assert!(out.contains("status OK\n") || unknown && may_be_unknown, "{key}: {out}");

        let uploads = self.emulator.uploads(DEFAULT_BUCKET);
        let pending: Vec<&str> =
            uploads.iter().filter(|(of, _)| of == key).map(|(_, id)| id.as_str()).collect();
        // The id of an upload can be lost between the reply and the record.
        let unrecorded = killed.iter().filter(|found| !found.record && !found.is_over()).count();
        assert!(pending.len() <= unrecorded, "{key}: the uploads {pending:?} are left at OSS\n{out}");
        let parts = of("UploadPart").filter(|part| pending.iter().any(|id| part.target.contains(id))).count();
        assert_eq!(parts, 0, "{key}: parts of {pending:?} are left at OSS\n{out}");

        fs::remove_dir(self.folder(key)).unwrap();
        self.emulator.delete_object(DEFAULT_BUCKET, key);
        self.emulator.clear_requests();
    }
}

fn part_number(request: &Request) -> u32 {
    let query = request.target.split(['?', '&']);
    query.filter_map(|pair| pair.strip_prefix("partNumber=")).next().unwrap().parse().unwrap()
}

/// The names in a folder that may be missing.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The calls before which the program is killed. For the sake of time that is each only over http; the other routes share
/// them out, and each takes every third. Where not everything is tried, it is every fifth of those.
fn calls_to_die_at(route: Route) -> impl Iterator<Item = usize> {
    let calls = match route {
        Route::Http => (1..).step_by(1),
        Route::Https => (1..).step_by(3),
        Route::HttpProxy => (2..).step_by(3),
        Route::HttpsProxy => (3..).step_by(3),
    };
    calls.step_by(if effort::is_full() { 1 } else { 5 })
}

/// The program is killed before one of its calls after the other, and then run to its end.
fn killed_once(route: Route, parallel: usize, callback: bool) {
    let site = Site::over(route, parallel, callback);
    let whole = site.run("whole", "first", None);
    site.check_end("whole", &whole, &[]);
    for call in ["mkdir", "open", "flock", "connect", "send", "recv", "write", "fsync", "rename", "unlink"] {
        assert!(whole.calls.iter().any(|other| other == call), "{call} is not among {:?}", whole.calls);
    }
    for number in calls_to_die_at(route).take_while(|number| *number <= whole.calls.len()) {
        // The next run begins while OSS is at work on what the dead one sent, or afterwards.
        for at_once in [true, false] {
            let key = format!("killed-at-{number}-{at_once}");
            let first = site.run(&key, "first", Some(number));
            if !at_once {
                site.wait_until_all_is_done();
            }
            // How often a socket has to be read is not always the same.
            assert!(first.killed || first.calls.len() < number, "{key}: it was not killed");
            let found = site.look(&key);
            let second = site.run(&key, "second", None);
            site.check_what_was_sent(&key, "second", &found);
            if !second.is_open() {
                site.check_end(&key, &second, &[found]);
                continue;
            }
            site.wait_until_all_is_done();
            let found_then = site.look(&key);
            let third = site.run_later(&key, "third", None, 1);
            site.check_what_was_sent(&key, "third", &found_then);
            site.check_end(&key, &third, &[found, found_then]);
        }
    }
}

#[test]
fn upload_goes_on_wherever_it_was_killed() {
    over_every_route(|route| killed_once(route, 2, false));
}

#[test]
fn upload_of_one_part_at_a_time_goes_on_wherever_it_was_killed() {
    over_every_route(|route| killed_once(route, 1, false));
}

#[test]
fn callback_runs_once_wherever_the_upload_was_killed() {
    over_every_route(|route| killed_once(route, 2, true));
}

#[test]
fn callback_runs_once_wherever_the_upload_of_one_part_at_a_time_was_killed() {
    over_every_route(|route| killed_once(route, 1, true));
}

/// Each run begins a minute after the one before, and is killed later, over http by one call, until one comes to its end.
fn killed_again_and_again(route: Route, callback: bool) {
    let site = Site::over(route, 2, callback);
    let key = "again-and-again";
    let mut killed: Vec<Found> = Vec::new();
    for (minutes, number) in calls_to_die_at(route).enumerate() {
        let who = format!("run-{number}");
        site.wait_until_all_is_done();
        site.emulator.set_clock_offset_s(i64::try_from(minutes * 61).unwrap());
        // Where an upload was over, the next run makes a whole new one.
        let over = killed.last().is_some_and(Found::is_over);
        let run = site.run_later(key, &who, (!over).then_some(number), minutes);
        if let Some(found) = killed.last() {
            site.check_what_was_sent(key, &who, found);
        }
        if !run.killed {
            return site.check_end(key, &run, &killed);
        }
        killed.push(site.look(key));
    }
}

#[test]
fn upload_that_is_killed_again_and_again_comes_to_its_end() {
    over_every_route(|route| killed_again_and_again(route, false));
}

#[test]
fn callback_of_an_upload_that_is_killed_again_and_again_runs_once() {
    over_every_route(|route| killed_again_and_again(route, true));
}
