//! A program that is run for what it prints, and that gets nothing of the host's.

use super::failure::{Cause, Failure};
use super::patience::Patience;
use super::signals::with_all_signals_blocked;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};
use std::{ptr, thread};
use zeroize::Zeroizing;

/// Signals are numbered up to this.
const LAST_SIGNAL: libc::c_int = 64;
/// A host may have raised its limit for descriptors to the sky; none of its descriptors is above this.
const MOST_DESCRIPTORS: libc::rlim_t = 1 << 20;
/// How often it is seen whether a program that prints nothing any more has ended.
const LOOK: Duration = Duration::from_millis(2);
/// How long a program that was killed is waited for: the kernel may be holding on to it.
const END_TIME: Duration = Duration::from_secs(1);

/// What a program printed, and how it ended, unless the host took note of that before us.
pub struct Printed {
    /// What it wrote to its standard output.
    pub output: Zeroizing<Vec<u8>>,
    /// `None` if the host collects what becomes of all its children, or ignores it.
    pub status: Option<ExitStatus>,
}

/// Has a shell run a command, for what it prints, which is no more than `largest` bytes.
///
/// It has no descriptors but its output, and /dev/null for input and errors; no signal is blocked or ignored; and it is in a
/// process group of its own, which is killed at the end, with all that was left running in it.
pub fn output_of(command: &str, largest: usize, patience: &Patience) -> Result<Printed, Failure> {
    let (mut pipe, theirs) = io::pipe().map_err(|error| not_started(&error))?;
    let mut running = start(command, theirs).map_err(|error| not_started(&error))?;
    // One byte more than is allowed shows that there is too much.
    let mut output = Zeroizing::new(vec![0; largest.saturating_add(1)]);
    let length = read(&mut pipe, &mut output, &running, patience)?;
    if length > largest {
        let message = format!("the command printed more than {largest} bytes");
        return Err(Failure::before(Cause::BadResponse, message));
    }
    output.truncate(length);
    Ok(Printed { output, status: running.end() })
}

fn not_started(error: &io::Error) -> Failure {
    Failure::before(Cause::Unsendable, format!("the command could not be started: {error}"))
}

fn start(command: &str, output: PipeWriter) -> io::Result<Running> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).process_group(0);
    shell.stdin(null.try_clone()?).stderr(null).stdout(OwnedFd::from(output));
    // SAFETY: what runs between fork and exec makes system calls and nothing else: it takes no lock and no memory.
    unsafe { shell.pre_exec(leave_the_host) };
    // No handler of the host's runs in the child.
    let child = with_all_signals_blocked(|| shell.spawn())?;
    Ok(Running { group: child.id().cast_signed(), is_over: false })
}

/// In the child: gives up what it has of the host. Its own descriptors are copies that stay.
fn leave_the_host() -> io::Result<()> {
    close_at_exec();
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the set before it is read. Numbers that are no signal's, or that nobody may set, are
    // refused, and that is all.
    unsafe {
        for signal in 1..=LAST_SIGNAL {
            libc::signal(signal, libc::SIG_DFL);
        }
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
    }
    Ok(())
}

/// The first descriptor that is neither input, output nor errors.
const FIRST: libc::c_uint = 3;

/// Closes all descriptors of the host when the program begins, and not before: one of them tells whether it begins.
fn close_at_exec() {
    // SAFETY: the call changes flags of descriptors of this process, and knows no pointers.
    let done =
        unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if done != 0 {
        close_at_exec_one_by_one();
    }
}

/// The same before Linux 5.11.
fn close_at_exec_one_by_one() {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: the limit is read only if the call has initialised it; flags of descriptors are no memory.
    unsafe {
        let is_known = libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) == 0;
        let most =
            if is_known { limit.assume_init().rlim_cur.min(MOST_DESCRIPTORS) } else { MOST_DESCRIPTORS };
        for descriptor in FIRST..most as libc::c_uint {
            libc::fcntl(descriptor.cast_signed(), libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// Reads until the program has ended, or there is nobody any more who could print, or there is no more room.
fn read(
    pipe: &mut PipeReader,
    output: &mut [u8],
    running: &Running,
    patience: &Patience,
) -> Result<usize, Failure> {
    let mut length = 0;
    let mut at_end = false;
    loop {
        if let Some(cause) = patience.end() {
            let message = match cause {
                Cause::Cancelled => "cancelled before the command ended",
                Cause::Deadline => "the command did not end before the call's deadline",
                _ => "the command did not end in time",
            };
            return Err(Failure::before(cause, message));
        }
        // Asked for before it is read, so that nothing is printed in between.
        let has_ended = running.has_ended();
        while !at_end && is_readable(pipe, Duration::ZERO) {
            let room = output.get_mut(length..).unwrap_or_default();
            match pipe.read(room).map_err(|error| not_read(&error))? {
                0 if room.is_empty() => return Ok(length),
                0 => at_end = true,
                more => length += more,
            }
        }
        if has_ended || length == output.len() {
            return Ok(length);
        }
        match at_end {
            true => thread::sleep(LOOK.min(patience.pause())),
            false => drop(is_readable(pipe, patience.pause())),
        }
    }
}

fn not_read(error: &io::Error) -> Failure {
    Failure::before(Cause::Network, format!("what the command prints cannot be read: {error}"))
}

/// Whether there is something to read, or nothing ever again. A signal ends the waiting.
fn is_readable(pipe: &PipeReader, time: Duration) -> bool {
    let mut asked = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let millis = time.as_millis().min(1000) as libc::c_int;
    // SAFETY: it is one, and it lives as long as the call.
    unsafe { libc::poll(&raw mut asked, 1, millis) > 0 }
}

/// A program until it was waited for, which is at the latest when this is dropped.
struct Running {
    /// Its process group, which has its own number.
    group: libc::pid_t,
    is_over: bool,
}

impl Running {
    /// Whether it has ended. That is not taken note of, so that its number is nobody else's yet.
    fn has_ended(&self) -> bool {
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: zeros are a valid value, which the call replaces where there is something to tell.
        unsafe {
            let asked = libc::waitid(libc::P_PID, self.group.cast_unsigned(), info.as_mut_ptr(), how);
            // Somebody else took note of it already.
            let unknown = asked != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ECHILD);
            unknown || asked == 0 && info.assume_init().si_pid() == self.group
        }
    }

    /// Ends whatever still runs of it, and takes note of how it ended itself.
    fn end(&mut self) -> Option<ExitStatus> {
        self.is_over = true;
        // SAFETY: the number is that of a group that was made for it.
        unsafe { libc::kill(-self.group, libc::SIGKILL) };
        let until = Instant::now() + END_TIME;
        let mut status = 0;
        loop {
            // SAFETY: the pointer is to a live variable, and the number is that of our own child, or of nobody's.
            let ended = unsafe { libc::waitpid(self.group, &raw mut status, libc::WNOHANG) };
            match ended {
                0 if Instant::now() < until => thread::sleep(LOOK),
                pid => return (pid == self.group).then(|| ExitStatus::from_raw(status)),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_over {
            self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_closed_on_old_systems_too() {
        // Above those that the shell has itself.
        const LEAKING: i32 = 200;
        // SAFETY: nobody else here has a descriptor of this number.
        assert_eq!(unsafe { libc::dup2(0, LEAKING) }, LEAKING);
        let listed = |prepare: fn()| {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", "cd /proc/self/fd && echo *"]);
            // SAFETY: what is called makes system calls and nothing else.
            unsafe {
                shell.pre_exec(move || {
                    prepare();
                    Ok(())
                })
            };
            let output = String::from_utf8(shell.output().unwrap().stdout).unwrap();
            output.split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<i32>>()
        };
        assert!(listed(|| ()).contains(&LEAKING));
        for prepare in [close_at_exec, close_at_exec_one_by_one] {
            let left = listed(prepare);
            assert!(left.starts_with(&[0, 1, 2]) && !left.contains(&LEAKING), "{left:?}");
        }
    }
}
