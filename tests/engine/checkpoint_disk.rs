//! A disk that fails under the record of an upload: without a callback the upload is stored all the same, and a callback never
//! runs unless it is on record that it may.

use crate::support::bucket::{TestBucket, app_server};
use crate::support::c_program::{CProgram, Linkage};
use crate::support::{effort, noise, shim};
use oss_emulator::{Action, AppServer, Config, DEFAULT_BUCKET, Emulator, Fault as ServerFault};
use std::fs;
use std::path::PathBuf;

const PART: usize = 102_400;
const SIZE: usize = 3 * PART - 1000;
/// What goes wrong, and whether it stays so.
const FAULTS: [(&str, bool); 4] = [("ENOSPC", true), ("EFBIG", true), ("EROFS", true), ("EIO", false)];

struct Site {
    emulator: Emulator,
    application: Option<AppServer>,
    program: CProgram,
    shim: PathBuf,
    data: Vec<u8>,
}

/// What goes wrong at one of the program's calls.
type Fault = (usize, &'static str, bool);

/// How a run ended.
struct Run {
    out: String,
    /// Whether it came to the call that was to fail.
    failed: bool,
}

impl Run {
    fn says(&self, line: &str) -> bool {
        self.out.lines().any(|said| said == line)
    }

    fn is_ok(&self) -> bool {
        self.says("status OK") && self.says("stored YES")
    }
}

impl Site {
    fn new(callback: bool) -> Site {
        let program = CProgram::compile("killed_upload", Linkage::Shared);
        let data = noise(SIZE);
        fs::write(program.folder().join("file"), &data).unwrap();
        let shim = shim::compile("disk", program.folder());
        let emulator = Emulator::start(Config::default()).unwrap();
        Site { emulator, application: callback.then(app_server), program, shim, data }
    }

    fn run(&self, key: &str, fault: Option<Fault>) -> Run {
        let scratch = self.program.folder();
        let (folder, journal) = (scratch.join(format!("checkpoint-{key}")), scratch.join("journal"));
        let mut bucket = TestBucket::emulated(&self.emulator);
        bucket.callback_url = self.application.as_ref().map(AppServer::url);
        let mut command = shim::bare(self.program.path());
        command.envs(bucket.environment()).env("LD_PRELOAD", &self.shim).env("JOURNAL", &journal);
        command
            .env("OUTBOX", &folder)
            .env("CHECKPOINT", &folder)
            .env("KEY", key)
            .env("USER_AGENT", "program");
        command.env("FILE", scratch.join("file")).env("PART_SIZE", PART.to_string()).env("PARALLEL", "1");
        if let Some((at, error, stays)) = fault {
            command.env("FAIL_AT", at.to_string()).env("ERROR", error).envs(stays.then_some(("FULL", "1")));
        }
        let output = shim::output(&mut command);
        let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{fault:?}: {}\n{out}{err}", output.status);
        let failed = fs::read_to_string(&journal).unwrap().contains("failed\n");
        fs::remove_file(journal).unwrap();
        Run { out: out.into_owned(), failed }
    }

    /// How many requests there were for `operation`.
    fn requests(&self, key: &str, operation: &str) -> usize {
        let requests = self.emulator.requests().into_iter();
        requests
            .filter(|request| request.key.as_deref() == Some(key) && request.operation == operation)
            .count()
    }

    fn callbacks(&self) -> usize {
        self.application.as_ref().map_or(0, |application| application.requests().len())
    }

    /// Whether the object is there, and nothing beside it.
    fn is_stored(&self, key: &str) -> bool {
        let is_whole =
            self.emulator.object(DEFAULT_BUCKET, key).is_some_and(|object| object.data == self.data);
        is_whole && !self.emulator.uploads(DEFAULT_BUCKET).iter().any(|(of, _)| of == key)
    }

    /// Runs the program with a fault at one of its calls after the other, until it makes no more; returns how many were met.
    fn fail_at_every_call(&self, check: impl Fn(&str, Fault, &Run)) -> usize {
        for at in 1.. {
            let mut met = false;
            for (error, stays) in effort::ends(&FAULTS) {
                let key = format!("{error}-{at}");
                let run = self.run(&key, Some((at, error, stays)));
                met |= run.failed;
                check(&key, (at, error, stays), &run);
                self.emulator.clear_requests();
                self.application.iter().for_each(AppServer::clear_requests);
            }
            if !met {
                return at - 1;
            }
        }
        unreachable!()
    }
}

#[test]
fn upload_without_a_callback_is_stored_unless_its_disk_fails_before_it_begins() {
    let site = Site::new(false);
    let calls = site.fail_at_every_call(|key, fault, run| {
        if run.says("status LOCAL_IO") {
            let sent = site.requests(key, "UploadPart");
            assert!(run.says("stored NO") && sent == 0, "{fault:?} after {sent} parts: {}", run.out);
            assert!(site.run(key, None).is_ok(), "{fault:?}");
        } else {
            assert!(run.is_ok(), "{fault:?}: {}", run.out);
        }
        assert!(site.is_stored(key), "{fault:?}");
    });
    // Those of four records, at the least.
    assert!(calls > 20, "{calls} calls");
}

#[test]
fn callback_runs_once_whenever_the_disk_fails() {
    let site = Site::new(true);
    site.fail_at_every_call(|key, fault, run| {
        if !run.is_ok() {
            assert!(run.says("status LOCAL_IO") && run.says("stored NO"), "{fault:?}: {}", run.out);
            assert_eq!(
                (site.requests(key, "CompleteMultipartUpload"), site.callbacks()),
                (0, 0),
                "{fault:?}"
            );
            let next = site.run(key, None);
            // It may be on record that Complete was about to be sent, if no more than that got to the disk.
            if next.says("stored UNKNOWN") && next.out.contains("may still be at it") && site.callbacks() == 0
            {
                return;
            }
            assert!(next.is_ok(), "{fault:?}: {}", next.out);
        }
        assert!(site.is_stored(key), "{fault:?}");
        assert_eq!(site.callbacks(), 1, "{fault:?}: {}", run.out);
    });
}

#[test]
fn record_that_cannot_be_read_just_now_stays_and_nothing_is_sent() {
    let site = Site::new(false);
    let refused = Action::Status { status: 403, code: "AccessDenied".to_owned() };
    let errors = effort::ends(&["EMFILE", "EIO", "ENOMEM"]);
    let mut unread = 0;
    for at in 1.. {
        let mut met = false;
        for error in &errors {
            let key = format!("{error}-{at}");
            site.emulator
                .inject(ServerFault::new(refused.clone()).operation("CompleteMultipartUpload").key(&key));
            assert!(site.run(&key, None).says("status SERVICE"));
            site.emulator.clear_requests();
            let run = site.run(&key, Some((at, error, false)));
            met |= run.failed;
            if run.out.contains("is in the way and cannot be removed") {
                continue;
            }
            assert_eq!(site.requests(&key, "InitiateMultipartUpload"), 0, "{error} at {at}: {}", run.out);
            if run.out.contains("cannot read the checkpoint") {
                unread += 1;
                let status = if *error == "ENOMEM" { "OUT_OF_MEMORY" } else { "LOCAL_IO" };
                assert!(run.says(&format!("status {status}")) && run.says("stored UNKNOWN"), "{}", run.out);
                assert!(site.emulator.requests().is_empty(), "{error} at {at}");
                let next = site.run(&key, None);
                assert!(next.is_ok() && site.requests(&key, "InitiateMultipartUpload") == 0, "{}", next.out);
            }
        }
        if !met {
            break;
        }
    }
    // When it is opened, and when it is read, with each of the errors.
    assert!(unread >= 2 * errors.len(), "{unread} times");
}
