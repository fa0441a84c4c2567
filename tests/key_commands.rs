//! Keys that commands print, and what becomes of a command that does something else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_upload::credentials::{AccessKey, NoKey, Process, Provider};
use oss_upload::transport::{Cause, Patience};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, ptr, thread};
use support::key_service::{SECRET, TOKEN, patience};
use support::sanitizer;
use tempfile::TempDir;

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(60);

fn fetch_for(command: &str, patience: &Patience) -> Result<AccessKey, NoKey> {
    Process::new(command).unwrap().fetch(patience)
}

fn fetch(command: &str) -> Result<AccessKey, NoKey> {
    fetch_for(command, &patience(LONG))
}

/// A command that prints a key with this id.
fn printing(id: &str) -> String {
    format!(r#"echo "{{\"AccessKeyId\": \"{id}\", \"AccessKeySecret\": \"{SECRET}\"}}""#)
}

/// What the id is that a command prints a key with.
fn id(key: Result<AccessKey, NoKey>) -> String {
    key.unwrap().identity().access_key_id.to_owned()
}

fn assert_says(key: Result<AccessKey, NoKey>, what: &str) -> NoKey {
    let why = key.expect_err("no key");
    let message = why.message();
    assert!(message.contains(what), "{message:?} does not say {what:?}");
    assert!(!message.contains(['\n', '\r']) && !message.contains(SECRET), "{message}");
    why
}

/// The process whose number is in a file, once it is.
fn process_in(file: &Path) -> String {
    let give_up = Instant::now() + LONG;
    loop {
        let number = fs::read_to_string(file).unwrap_or_default();
        if number.ends_with('\n') {
            return number.trim().to_owned();
        }
        assert!(Instant::now() < give_up, "nothing was started");
        thread::yield_now();
    }
}

/// Whether a process still does anything; what its new parent has yet to take note of does not.
fn runs(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

fn assert_ends(process: &str) {
    let give_up = Instant::now() + LONG;
    while runs(process) {
        assert!(Instant::now() < give_up, "{process} still runs");
        thread::yield_now();
    }
}

#[test]
fn key_that_a_command_prints_is_taken_in_either_spelling() {
    let end = "2099-01-01T00:00:00Z";
    let of_sdk = format!(
        r#"echo '{{"AccessKeyId": "STS.a", "AccessKeySecret": "{SECRET}", "SecurityToken": "{TOKEN}", "Expiration": "{end}"}}'"#
    );
    let of_cli = format!(
        r#"echo '{{"mode": "StsToken", "access_key_id": "STS.a", "access_key_secret": "{SECRET}", "sts_token": "{TOKEN}", "expiration": "{end}"}}'"#
    );
    for command in [of_sdk, of_cli] {
        let key = fetch(&command).unwrap();
        let identity = key.identity();
        assert_eq!((identity.access_key_id, identity.access_key_secret), ("STS.a", SECRET));
        assert_eq!(identity.security_token, Some(TOKEN));
        assert_eq!(key.expires_at(), Some(4_070_908_800));
    }
    assert_eq!(id(fetch(&printing("lasting"))), "lasting");
}

#[test]
fn command_that_fails_is_named_by_how_it_ended() {
    assert_says(fetch("echo 'the-secret' >&2; exit 3"), "the credentials command failed: exit status: 3");
    assert_says(fetch("kill -TERM $$"), "signal: 15");
    assert_says(fetch("/nowhere/command"), "exit status: 127");
    assert_says(fetch("echo the-secret"), "no JSON");
    assert_says(fetch("true"), "no JSON");
    for empty in ["", " \n", "a\0b"] {
        assert!(Process::new(empty).is_err());
    }
}

#[test]
fn command_that_hangs_ends_with_its_callers_patience() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("process");
    let hanging = format!("echo $$ > {}; exec sleep 1000", file.display());
    let began = Instant::now();
    let why = assert_says(fetch_for(&hanging, &patience(Duration::from_millis(300))), "deadline");
    assert_eq!(why.ended(), Some(&Cause::Deadline));
    assert!(!runs(&process_in(&file)));
    fs::remove_file(&file).unwrap();
    let waiting = patience(LONG);
    thread::scope(|scope| {
        let fetching = scope.spawn(|| fetch_for(&hanging, &waiting));
        let process = process_in(&file);
        waiting.cancels[0].fire();
        let why = assert_says(fetching.join().unwrap(), "cancelled");
        assert_eq!(why.ended(), Some(&Cause::Cancelled));
        assert!(!runs(&process));
    });
    assert!(began.elapsed() < LONG);
}

#[test]
fn command_that_closes_its_output_and_stays_is_ended_too() {
    let why =
        assert_says(fetch_for("exec >&-; sleep 1000", &patience(Duration::from_millis(300))), "deadline");
    assert_eq!(why.ended(), Some(&Cause::Deadline));
}

#[test]
fn command_that_prints_without_end_is_ended() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("process");
    let flooding = format!("echo $$ > {}; exec yes", file.display());
    assert_says(fetch(&flooding), "printed more than 65535 bytes");
    assert!(!runs(&process_in(&file)));
    let much = format!("{}; head -c 60000 /dev/zero | tr '\\0' ' '", printing("a"));
    assert_eq!(id(fetch(&much)), "a");
}

#[test]
fn what_a_command_leaves_behind_is_ended_and_not_waited_for() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("process");
    let leaving = format!("sleep 1000 & echo $! > {}; {}", file.display(), printing("$$"));
    let began = Instant::now();
    let command = id(fetch(&leaving));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_ends(&process_in(&file));
    // The command itself is nobody's any more, not even as a zombie.
    assert!(!Path::new("/proc").join(command).exists());
}

#[test]
fn command_gets_nothing_of_the_host() {
    // SAFETY: the descriptors are this test's own, the set is initialised, and the signals mean nothing to anybody here.
    unsafe {
        // Copies do not close when a program begins, unless they are told to.
        [200, 300, 900].iter().for_each(|fd| assert_eq!(libc::dup2(0, *fd), *fd));
        let mut blocked = std::mem::zeroed();
        libc::sigemptyset(&raw mut blocked);
        libc::sigaddset(&raw mut blocked, libc::SIGUSR2);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const blocked, ptr::null_mut());
        libc::signal(libc::SIGUSR1, libc::SIG_IGN);
    }
    let list = |command: &str| id(fetch(&printing(&format!("$({command})"))));
    let descriptors = list("cd /proc/$$/fd && echo *");
    let numbers = descriptors.split(' ').map(|number| number.parse::<i32>().unwrap());
    // A shell has a few of its own.
    assert!(numbers.max() < Some(100), "{descriptors}");
    assert_eq!(list("readlink /proc/$$/fd/0 /proc/$$/fd/2 | tr '\\n' ' '"), "/dev/null /dev/null");
    let masks = list("sed -n 's/Sig\\(Blk\\|Ign\\):.//p' /proc/$$/status | tr '\\n' ' '");
    let masks: Vec<u64> = masks.split(' ').map(|mask| u64::from_str_radix(mask, 16).unwrap()).collect();
    // Two belong to the C library, which lets nobody touch them.
    assert_eq!(masks.iter().map(|mask| mask & !(3 << 31)).collect::<Vec<_>>(), [0, 0]);
    // SAFETY: as above; the mask of this thread alone is asked for.
    unsafe {
        let mut now = std::mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut now);
        assert_eq!(libc::sigismember(&raw const now, libc::SIGUSR2), 1);
        assert_eq!(libc::sigismember(&raw const now, libc::SIGTERM), 0);
    }
}

/// What this program is told to be, as a host of its own.
const HOST: &str = "OSS_UPLOAD_TEST_HOST";

/// Runs the test of this name in a process of its own, as this host.
fn as_host(host: &str, test: &str) {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", test, "--test-threads", "1"]);
    sanitizer::clear_environment(&mut program);
    let output = program.env("PATH", env::var_os("PATH").unwrap()).env(HOST, host).output().unwrap();
    assert!(output.status.success(), "{host}: {}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn host_may_ignore_its_children_or_have_no_standard_descriptors() {
    const THIS: &str = "host_may_ignore_its_children_or_have_no_standard_descriptors";
    match env::var(HOST).as_deref() {
        Ok("ignores its children") => {
            // SAFETY: this process has no other use for children.
            unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
            assert_eq!(id(fetch(&printing("ignored"))), "ignored");
            assert_says(fetch("exit 3"), "no JSON");
        }
        Ok("has no standard descriptors") => {
            const STANDARD: [i32; 3] = [0, 1, 2];
            // SAFETY: nobody here has anything to say before they are there again.
            let kept = unsafe {
                let kept = STANDARD.map(|fd| libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 10));
                STANDARD.iter().for_each(|fd| assert_eq!(libc::close(*fd), 0));
                kept
            };
            let key = fetch(&printing("$(readlink /proc/$$/fd/0)"));
            // SAFETY: as above.
            unsafe {
                STANDARD.iter().zip(kept).for_each(|(fd, copy)| assert_eq!(libc::dup2(copy, *fd), *fd))
            };
            assert_eq!(id(key), "/dev/null");
        }
        _ => ["ignores its children", "has no standard descriptors"]
            .iter()
            .for_each(|host| as_host(host, THIS)),
    }
}
