//! Programs that the tests need: running them under a time limit, and what to do when they are missing.

use super::sanitizer::Sanitizer;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// Whether a missing tool is a failure rather than a reason to skip.
pub fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Says what is not checked and why; fails where everything has to be checked.
pub fn skip(what: &str, why: &str) {
    assert!(!is_ci(), "{what} cannot be checked: {why}");
    // Written to the descriptor itself: the test harness captures what is printed. And in one piece, as others write too.
    let _ = std::io::stderr().write_all(format!("SKIPPED: {what}: {why}\n").as_bytes());
}

/// What comes with any Linux on which the library can be built; Cargo runs the tests.
const GIVEN: [&str; 5] = ["cc", "cp", "grep", "mkfifo", "sh"];
/// What whoever compiles the library for a sanitizer has, too.
const GIVEN_WITH_A_SANITIZER: [&str; 2] = ["clang", "clang++"];

/// The programs that have been looked for in this process, and whether they are there.
static LOOKED_FOR: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// The programs that this test has asked for and that are there. Each test has a thread of its own.
    static ASKED_FOR: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// A program of the system, which is given or has been asked for.
pub fn command(program: &str) -> Command {
    Command::new(asked_for(program))
}

/// The name of a program that is given or has been asked for, for those who start it in a way of their own.
pub fn asked_for(program: &str) -> &str {
    let asked = ASKED_FOR.with_borrow(|asked| asked.contains(program));
    assert!(is_given(program) || asked, "this test has not asked whether {program} is there");
    program
}

fn is_given(program: &str) -> bool {
    let with_a_sanitizer = || Sanitizer::of_the_library().is_some();
    GIVEN.contains(&program) || (GIVEN_WITH_A_SANITIZER.contains(&program) && with_a_sanitizer())
}

/// Whether these programs are all there; if not, it is said what cannot be checked.
pub fn are_there(what: &str, programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !is_there(program));
    if let Some(missing) = missing {
        skip(what, &format!("{missing} is missing"));
    }
    missing.is_none()
}

/// Whether a program is there and starts, which is tried once: what is found may stand for a program that is not installed.
fn is_there(program: &str) -> bool {
    let mut looked_for = LOOKED_FOR.lock().unwrap_or_else(PoisonError::into_inner);
    let found = *looked_for.entry(program.to_owned()).or_insert_with(|| starts(program));
    if found {
        ASKED_FOR.with_borrow_mut(|asked| asked.insert(program.to_owned()));
    }
    found
}

fn starts(program: &str) -> bool {
    let question: &[&str] = match program {
        "awk" => &["BEGIN {}"],
        "go" => &["version"],
        // It has no version, and makes nothing of nothing.
        "gofmt" => &[],
        _ => &["--version"],
    };
    ends_well(Command::new(program).args(question))
}

fn ends_well(command: &mut Command) -> bool {
    command.output().is_ok_and(|out| out.status.success())
}

/// Whether a command ends well that looks for more than a program; if not, it is said what cannot be checked, and why.
pub fn finds(question: &mut Command, what: &str, why: &str) -> bool {
    let found = ends_well(question);
    if !found {
        skip(what, why);
    }
    found
}

/// Whether pkg-config finds all of these libraries; if not, it is said what cannot be checked.
pub fn libraries_are_there(what: &str, libraries: &[&str]) -> bool {
    if !are_there(what, &["pkg-config"]) {
        return false;
    }
    let why = format!("pkg-config does not find {}", libraries.join(" and "));
    finds(command("pkg-config").arg("--exists").args(libraries), what, &why)
}

/// A Python that has both official SDKs and pytest: that of `OSS_TEST_PYTHON`, or else `python3`.
pub fn python() -> Result<OsString, String> {
    let python = env::var_os("OSS_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let program = "import oss2, alibabacloud_oss_v2, pytest, requests, rsa";
    match Command::new(&python).args(["-c", program]).output() {
        Ok(out) if out.status.success() => Ok(python),
        Ok(out) => {
            let error = String::from_utf8_lossy(&out.stderr);
            let reason = error.lines().last().unwrap_or("it fails").to_owned();
            Err(format!(
                "{python:?} lacks what tests/python/requirements.txt names ({reason}); \
                 OSS_TEST_PYTHON may name another Python"
            ))
        }
        Err(error) => Err(format!("{python:?} cannot be run: {error}")),
    }
}

/// A Python that can drive a browser, like the one above, with Chromium and its driver beside it.
pub fn browser() -> Result<OsString, String> {
    let python = env::var_os("OSS_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    if !ends_well(Command::new(&python).args(["-c", "import selenium"])) {
        return Err(format!("{python:?} lacks selenium, which tests/python/requirements.txt names"));
    }
    match ["chromium", "chromedriver"].into_iter().find(|name| !is_there(name)) {
        Some(missing) => Err(format!("{missing} is missing")),
        None => Ok(python),
    }
}

/// Runs a program to its end, and returns what it printed on its standard output. Fails with all its output if it ends
/// badly, by a signal, or not in time.
pub fn run(command: &mut Command, limit: Duration) -> String {
    // Without its environment, which may hold the secrets of a real bucket.
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that its children can be ended with it.
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let (sender, receiver) = mpsc::channel();
    let reading = [
        read_on_a_thread(child.stdout.take().expect("stdout"), sender.clone()),
        read_on_a_thread(child.stderr.take().expect("stderr"), sender),
    ];
    let in_time = reading.iter().all(|_| receiver.recv_timeout(limit).is_ok());
    if !in_time {
        end_group(child.id());
    }
    let status = child.wait().unwrap_or_else(|error| panic!("{shown}: {error}"));
    let [out, err] = reading.map(|thread| thread.join().expect("the output"));
    let verdict = match (in_time, status.signal(), status.code()) {
        (false, ..) => format!("did not end within {} s", limit.as_secs()),
        (true, Some(signal), _) => format!("was ended by signal {signal}"),
        (true, None, Some(0)) => return out,
        (true, None, code) => format!("ended with {code:?}"),
    };
    panic!("{shown} {verdict}\n--- standard output\n{out}\n--- standard error\n{err}");
}

/// Ends a program and the children it left behind, which may hold its output open.
fn end_group(id: u32) {
    let group = i32::try_from(id).expect("a process id");
    // SAFETY: the call touches no memory; the group was made for the program.
    unsafe { libc::kill(-group, libc::SIGKILL) };
}

fn read_on_a_thread(
    mut from: impl Read + Send + 'static,
    done: mpsc::Sender<()>,
) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = done.send(());
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
