//! Programs that owe callbacks and deliver them, and where they do so.

use super::bed::Bed;
use super::bucket::TestBucket;
use super::c_program::{CProgram, Linkage};
use super::route::Route;
use super::shim;
use oss_emulator::{Answer, Config};
use oss_upload::engine::{Outbox, Queue};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `tests/c/owing.c` runs.
pub struct Office {
    pub bed: Bed,
    program: CProgram,
}

impl Office {
    pub fn new() -> Office {
        let emulator = Config { request_log_limit: 1 << 20, ..Config::default() };
        let bed = Bed::on(emulator, Route::Http, |_| ());
        let program = CProgram::compile("owing", Linkage::Shared);
        fs::write(program.folder().join("file"), super::noise(2 * 102_400 + 1000)).unwrap();
        Office { bed, program }
    }

    /// A folder that lives as long as the office.
    pub fn folder(&self) -> &Path {
        self.program.folder()
    }

    pub fn outbox(&self) -> PathBuf {
        self.folder().join("outbox")
    }

    /// The program, going that `way`.
    pub fn command(&self, way: &str) -> Command {
        let mut command = shim::bare(self.program.path());
        let mut bucket = TestBucket::emulated(&self.bed.emulator);
        bucket.callback_url = Some(self.bed.application.url());
        command.envs(bucket.environment()).env("FILE", self.folder().join("file"));
        command.env("OUTBOX", self.outbox()).env("WAY", way);
        command
    }

    /// Uploads that end with a callback that is owed.
    pub fn owe(&self, key: &str, count: usize) {
        self.refuse();
        let mut command = self.command("put");
        let out = printed(command.env("KEY", key).env("COUNT", count.to_string()));
        assert_eq!(out.matches("CALLBACK_FAILED YES").count(), count, "{out}");
        self.accept();
        self.bed.application.clear_requests();
    }

    /// From now on the application server fails.
    pub fn refuse(&self) {
        self.bed.application.answer(Answer::status(500));
    }

    pub fn accept(&self) {
        self.bed.application.answer(Answer::json("{}"));
    }

    /// Which ids of deliveries the application server has heard for each object.
    pub fn heard(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut heard: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for request in self.bed.application.requests() {
            let body = String::from_utf8(request.body).unwrap();
            let (object, delivery) = body.strip_prefix("o=").unwrap().split_once("&d=").unwrap();
            heard.entry(object.to_owned()).or_default().insert(delivery.to_owned());
        }
        heard
    }
}

/// The keys of the objects for which something is owed, the oldest first, and what is worth a line in a log.
pub fn owed(folder: &Path) -> (Vec<String>, Vec<String>) {
    let outbox = Outbox::open(folder.to_str().unwrap()).unwrap();
    let lines = std::cell::RefCell::new(Vec::new());
    let mut queue = Queue::default();
    let next = || queue.next(&outbox, &|line| lines.borrow_mut().push(line.to_owned())).unwrap();
    let keys = std::iter::from_fn(next).map(|owed| owed.debt().upload.key.clone()).collect();
    (keys, lines.into_inner())
}

/// The names in a folder that may be missing.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What a program prints that comes to its end.
pub fn printed(command: &mut Command) -> String {
    let output = shim::output(command);
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}\n{out}{err}", output.status);
    out.into_owned()
}
