//! Whatever becomes of the disk, no callback is lost: the power goes at any time, and any call of the program's can fail for want
//! of room.

mod disk;

use crate::support::bed::BUCKET;
use crate::support::effort;
use crate::support::observer::Unmoved;
use crate::support::owing::{Office, names, owed, printed};
use crate::support::shim;
use disk::{Disk, State, Step, lay_out, steps};
use oss_upload::engine::{Clock, DeliveryOptions, Outbox};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const KEY: &str = "object";

/// An office whose disk is watched.
struct Site {
    office: Office,
    shim: PathBuf,
}

impl Site {
    fn new() -> Site {
        let office = Office::new();
        let shim = shim::compile("disk", office.folder());
        Site { office, shim }
    }

    fn journal(&self) -> PathBuf {
        self.office.folder().join("journal")
    }

    /// Has the program go that `way`, and returns what it printed.
    fn run(&self, way: &str, fault: &[(&str, String)]) -> String {
        let mut command = self.office.command(way);
        command.env("LD_PRELOAD", &self.shim).env("JOURNAL", self.journal()).env("KEY", KEY);
        printed(command.envs(fault.iter().map(|(name, value)| (name, value))))
    }

    /// What was noted since it was asked for last.
    fn take_journal(&self) -> String {
        if !self.journal().exists() {
            return String::new();
        }
        let journal = fs::read_to_string(self.journal()).unwrap();
        fs::remove_file(self.journal()).unwrap();
        journal
    }

    fn is_there(&self) -> bool {
        self.office.bed.emulator.object(BUCKET, KEY).is_some()
    }

    /// Delivers what is owed in a folder, until nothing is left there that OSS can be asked for, and says how often the
    /// application server was called.
    fn deliver_all(&self, folder: &Path) -> usize {
        let clock = Clock::skipping();
        let bucket = self.office.bed.bucket_elsewhere(|options| options.set_clock(clock.clone()));
        let outbox = Outbox::open(folder.to_str().unwrap()).unwrap();
        let before = self.office.bed.callbacks();
        for _ in 0..3 {
            if !names(folder).is_empty() {
                bucket.deliver(&outbox, &DeliveryOptions::default(), &Unmoved);
                clock.skip(Duration::from_secs(61));
            }
        }
        for name in names(folder) {
            // It is known that it was stored, and it is gone.
            let record = fs::read_to_string(folder.join(&name)).unwrap();
            assert!(!self.is_there() && record.contains("\"stored\":true"), "{record}");
        }
        self.office.bed.callbacks() - before
    }

    fn forget(&self) {
        let _ = fs::remove_dir_all(self.office.outbox());
        self.office.bed.emulator.delete_object(BUCKET, KEY);
        self.office.bed.application.clear_requests();
        self.take_journal();
    }
}

/// Whether a step asks OSS for something that runs the callback for the first time.
fn asks(step: &Step) -> bool {
    let stores = |line: &str| line.starts_with("PUT ") && !line.contains("partNumber=");
    let completes = |line: &str| line.starts_with("POST ") && line.contains("uploadId=");
    matches!(step, Step::Send(line) if stores(line) || completes(line))
}

fn is_record(name: &str) -> bool {
    name.ends_with(".json")
}

/// Lets the power go after each of the steps, and looks at what may be left then.
fn cut(site: &Site, steps: &[Step], check: impl Fn(&[Step], &State, &Path)) -> usize {
    let mut count = 0;
    for length in 0..=steps.len() {
        let done = &steps[..length];
        for state in Disk::after(done).states() {
            let folder = TempDir::new_in(site.office.folder()).unwrap();
            let folder = folder.path().join("outbox");
            lay_out(&state, &folder);
            check(done, &state, &folder);
            count += 1;
        }
    }
    count
}

/// A way to upload and to deliver, with the application server failing at first or not.
fn cut_at_every_step(way: &str, refused: bool) -> usize {
    let site = Site::new();
    if refused {
        site.office.refuse();
    }
    site.run(way, &[]);
    site.office.accept();
    site.run("deliver", &[]);
    let journal = site.take_journal();
    let steps = steps(&journal, &site.office.outbox());
    assert!(steps.iter().any(asks), "{way}: {journal:.2000}");

    let with_object = cut(&site, &steps, |done, state, folder| {
        let is_owed = done.iter().any(asks)
            && !done.iter().any(|step| matches!(step, Step::Unlink(name) if is_record(name)));
        let (keys, lines) = owed(folder);
        assert!(lines.is_empty(), "{way} after {:?}: {lines:?}", done.last());
        assert!(keys.iter().all(|key| key == KEY) && keys.len() <= 1, "{keys:?}");
        let found = state.as_ref().map(|files| files.keys().collect::<Vec<_>>());
        assert!(!is_owed || keys.len() == 1, "{way} after {:?}: nothing is owed in {found:?}", done.last());
        assert_eq!(site.deliver_all(folder), keys.len(), "{way} after {:?} with {found:?}", done.last());
    });
    site.office.bed.emulator.delete_object(BUCKET, KEY);
    let without = cut(&site, &steps, |done, _, folder| {
        assert_eq!(site.deliver_all(folder), 0, "{way} after {:?}: told of what is not there", done.last());
    });
    with_object + without
}

#[test]
fn no_callback_is_lost_whenever_the_power_goes() {
    let ways = [("put", true), ("put", false), ("parts", true), ("managed", true)];
    let states = ways.map(|(way, refused)| cut_at_every_step(way, refused));
    println!("{states:?} states");
    assert!(states.iter().sum::<usize>() >= 200, "{states:?}");
}

/// What goes wrong with the disk.
fn faults(at: usize) -> [Vec<(&'static str, String)>; 2] {
    let fault = |error: &str| vec![("FAIL_AT", at.to_string()), ("ERROR", error.to_owned())];
    let full = fault("ENOSPC").into_iter().chain([("FULL", "1".to_owned())]).collect();
    [full, fault("EIO")]
}

/// Runs the program with a fault at one of its calls after the other, until it makes no more; where not everything is tried, at
/// every second one.
fn fail_at_every_call(site: &Site, way: &str, prepare: impl Fn(), check: impl Fn(&str, &[(&str, String)])) {
    for at in (1..).step_by(if effort::is_full() { 1 } else { 2 }) {
        let mut met = false;
        for fault in faults(at) {
            prepare();
            let out = site.run(way, &fault);
            let journal = site.take_journal();
            met |= journal.contains("failed\n");
            check(&out, &fault);
            site.forget();
        }
        if !met {
            assert!(at > 5, "{way} made {at} calls only");
            return;
        }
    }
}

fn upload_fails_at_every_call(way: &str, refused: bool) {
    let site = Site::new();
    let prepare = || if refused { site.office.refuse() } else { site.office.accept() };
    let ending = if refused { "CALLBACK_FAILED YES" } else { "OK YES" };
    fail_at_every_call(&site, way, prepare, |out, fault| {
        let last =
            out.lines().rev().find(|line| !line.starts_with("peak ") && !line.ends_with(" checks")).unwrap();
        let kept = names(&site.office.outbox()).iter().any(|name| is_record(name));
        let callbacks = site.office.bed.callbacks();
        if last.starts_with("LOCAL_IO NO") {
            assert!(!site.is_there() && callbacks == 0, "{way} {fault:?}: {last}");
        } else {
            assert!(last.starts_with(ending), "{way} {fault:?}: {last}");
            assert!(kept || !refused, "{way} {fault:?}: no record is left; {last}");
        }
        site.office.accept();
        let later = site.deliver_all(&site.office.outbox());
        assert_eq!(later, usize::from(kept && site.is_there()), "{way} {fault:?}: {last}");
    });
}

#[test]
fn put_on_a_disk_that_fails_at_any_call_is_not_sent_or_stays_owed() {
    upload_fails_at_every_call("put", true);
    upload_fails_at_every_call("put", false);
}

#[test]
fn managed_upload_on_a_disk_that_fails_at_any_call_is_not_sent_or_stays_owed() {
    upload_fails_at_every_call("managed", true);
    upload_fails_at_every_call("managed", false);
}

#[test]
fn delivery_on_a_disk_that_fails_at_any_call_loses_nothing() {
    for refused in [true, false] {
        let site = Site::new();
        let prepare = || {
            site.office.refuse();
            site.run("put", &[]);
            site.take_journal();
            site.office.bed.application.clear_requests();
            if !refused {
                site.office.accept();
            }
        };
        fail_at_every_call(&site, "deliver", prepare, |out, fault| {
            let callbacks = site.office.bed.callbacks();
            let kept = !owed(&site.office.outbox()).0.is_empty();
            assert!(kept || !refused && callbacks == 1, "{fault:?}: {out}");
            site.office.accept();
            assert_eq!(site.deliver_all(&site.office.outbox()), usize::from(kept), "{fault:?}: {out}");
        });
    }
}
