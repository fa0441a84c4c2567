//! A process that uploads with a callback and an outbox is killed at any time: what it owes is delivered by another one.
//!
//! `OSS_UPLOAD_KILLS` says how many processes are killed, and `OSS_UPLOAD_SEED` from which seed it is drawn when.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;
use support::bed::BUCKET;
use support::effort;
use support::owing::{Office, names, owed, printed};
use support::shim;

/// The last one leaves a checkpoint, too.
const WAYS: [&str; 5] = ["put", "parts", "managed", "writer", "checkpoint"];
const FEW: u64 = 20;
const KILLS: u64 = 60;

/// An office in which processes are killed.
struct Site {
    office: Office,
    shim: PathBuf,
}

/// How an upload ended.
struct Run {
    killed: bool,
    /// The calls that were counted; the last was not done if it was killed.
    calls: Vec<String>,
}

impl Run {
    /// Whether the application server's answer may have come to it: something was removed after a reply.
    fn may_be_answered(&self) -> bool {
        let done = &self.calls[..self.calls.len() - usize::from(self.killed)];
        let last = |name: &str| done.iter().rposition(|call| call == name);
        last("recv") < last("unlink")
    }
}

impl Site {
    fn new() -> Site {
        let office = Office::new();
        let shim = shim::compile("kill_at", office.folder());
        Site { office, shim }
    }

    fn checkpoint(&self, key: &str) -> PathBuf {
        self.office.folder().join(format!("checkpoint-{key}"))
    }

    /// Uploads, and is killed before the call number `kill_at`.
    fn upload(&self, way: &str, key: &str, kill_at: Option<usize>, ahead_s: u32) -> Run {
        let calls = self.office.folder().join("calls");
        let with_checkpoint = way == "checkpoint";
        let mut command = self.office.command(if with_checkpoint { "managed" } else { way });
        command.env("LD_PRELOAD", &self.shim).env("CALLS", &calls).env("KEY", key);
        command.env("CLOCK_AHEAD", ahead_s.to_string());
        command.envs(kill_at.map(|number| ("KILL_AT", number.to_string())));
        command.envs(with_checkpoint.then(|| ("CHECKPOINT", self.checkpoint(key))));
        let output = shim::output(&mut command);
        let killed = output.status.signal() == Some(libc::SIGKILL);
        assert!(killed || output.status.success(), "{key}: {output:?}");
        let calls = fs::read_to_string(calls).unwrap().lines().map(str::to_owned).collect();
        Run { killed, calls }
    }

    fn deliver(&self, ahead_s: u32) -> String {
        let mut command = self.office.command("deliver");
        printed(command.env("LD_PRELOAD", &self.shim).env("CLOCK_AHEAD", ahead_s.to_string()))
    }

    /// Until the emulator has done with what killed programs sent.
    fn wait_until_all_is_done(&self) {
        let give_up = Instant::now() + shim::LIMIT;
        while self.office.bed.emulator.open_connections() > 0 {
            assert!(Instant::now() < give_up, "a connection is kept open");
            thread::yield_now();
        }
    }

    fn is_there(&self, key: &str) -> bool {
        self.office.bed.emulator.object(BUCKET, key).is_some()
    }

    fn records_of(&self, key: &str) -> usize {
        let (keys, lines) = owed(&self.office.outbox());
        assert!(lines.is_empty(), "{lines:?}");
        keys.iter().filter(|other| *other == key).count()
    }

    /// Checks what a process owes that has ended, whatever way.
    fn check(&self, key: &str, run: &Run, refused: bool) {
        self.wait_until_all_is_done();
        let records = self.records_of(key);
        let needed = self.is_there(key) && (refused || !run.may_be_answered());
        assert!(records <= 1 && (records == 1 || !needed), "{key}: {records} records; {:?}", run.calls);
    }
}

/// Kills one upload after the other. Those with a checkpoint go on then, or later, or are not gone on with.
fn kill(site: &Site, seed: u64, kills: u64) -> BTreeMap<String, bool> {
    let mut random = fastrand::Rng::with_seed(seed);
    let calls = WAYS.map(|way| site.upload(way, &format!("whole-{way}"), None, 0).calls.len());
    site.office.bed.application.clear_requests();
    let mut uploads = BTreeMap::new();
    for number in 0..kills {
        let which = random.usize(..WAYS.len());
        let (way, calls) = (WAYS[which], calls[which]);
        let key = format!("{number}-{way}");
        let refused = random.bool();
        if refused {
            site.office.refuse()
        } else {
            site.office.accept()
        }
        let first = if random.usize(..4) == 0 { 1 } else { calls / 2 };
        let run = site.upload(way, &key, Some(random.usize(first..=calls)), 0);
        let mut is_one = true;
        if way == "checkpoint" && random.bool() {
            if random.bool() {
                site.check(&key, &run, refused);
            }
            let recorded = names(&site.checkpoint(&key)).iter().any(|name| name.ends_with(".json"));
            let before = site.is_there(&key);
            let next = site.upload(way, &key, None, if random.bool() { 61 } else { 0 });
            is_one = recorded || !before;
            // What the first one removed, the second cannot know.
            if is_one && !run.may_be_answered() {
                site.check(&key, &next, refused);
            }
        } else {
            site.check(&key, &run, refused);
        }
        uploads.insert(key, is_one);
    }
    uploads
}

#[test]
fn no_callback_is_lost_wherever_a_process_is_killed() {
    let seed = effort::number("OSS_UPLOAD_SEED").unwrap_or(1);
    let kills = effort::count("OSS_UPLOAD_KILLS", FEW, KILLS);
    println!("OSS_UPLOAD_SEED={seed}");
    let site = Site::new();
    let uploads = kill(&site, seed, kills);
    site.wait_until_all_is_done();
    site.office.accept();
    // What cannot be told yet is told a minute later.
    for ahead_s in [62, 124, 186] {
        println!("{}", site.deliver(ahead_s));
    }
    assert_eq!(names(&site.office.outbox()), [""; 0]);
    let heard = site.office.heard();
    for (key, is_one) in uploads {
        let ids = heard.get(&key).map_or(0, |ids| ids.len());
        assert_eq!(ids > 0, site.is_there(&key), "{key}: heard with {ids} ids");
        assert!(ids <= 1 || !is_one, "{key}: one upload was heard of with {:?}", heard[&key]);
    }
}
