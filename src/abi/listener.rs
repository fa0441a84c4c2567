//! The caller's functions that are told how a call gets on.

use super::convert::c_text;
use super::progress::oss_progress;
use crate::engine::{Level, Observer, Progress};
use std::ffi::{c_char, c_void};
use std::ptr;

/// Is told how an upload gets on: at its beginning, whenever OSS has accepted more, and otherwise at least four times a second,
/// also while it waits, pauses, sends something again or reads data beforehand; but not while a function of the caller's keeps it,
/// nor while the credentials get a key: a command that prints one may take 15 seconds. It runs where an oss_read_fn does, during
/// the call, and must neither talk to OSS itself nor free what the call uses.
///
/// What `progress` tells is found by oss_progress_accepted() and its like; it is gone when the function returns. Returns 0 to go
/// on; anything else cancels the upload. Nothing may be thrown out of it, and no longjmp() may leave it.
pub type oss_progress_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, progress: *const oss_progress) -> i32>;

/// How much a line in a log matters.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_log_level {
    /// A call did not do what it was to do.
    Error = 1,
    /// An attempt failed or is made again, or something else went otherwise than it should.
    Warning = 2,
    /// A request did what it was for: an object or a part was sent, or something was looked up; or a key was asked for.
    Info = 3,
    /// What else happens: a connection was made.
    Debug = 4,
}

impl From<Level> for oss_log_level {
    fn from(level: Level) -> oss_log_level {
        match level {
            Level::Error => oss_log_level::Error,
            Level::Warning => oss_log_level::Warning,
            Level::Info => oss_log_level::Info,
            Level::Debug => oss_log_level::Debug,
        }
    }
}

/// Is told what is worth a line in a log, and by an oss_log_level how much it matters. It runs where an oss_read_fn does, during
/// the call. `line` has no line end and no secrets, and is gone when the function returns. Returns 0 to go on; anything else
/// cancels the call. Nothing may be thrown out of it, and no longjmp() may leave it.
pub type oss_log_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, line: *const c_char) -> i32>;

/// Hands a line to a function of the caller's. False ends the call.
///
/// # Safety
/// The function may be called with this pointer.
pub(super) unsafe fn tell_log(log: oss_log_fn, log_data: *mut c_void, level: Level, line: &str) -> bool {
    let Some(log) = log else { return true };
    // SAFETY: the caller vouches for it; the text lives until the function returns.
    unsafe { log(log_data, oss_log_level::from(level) as i32, c_text(line).as_ptr()) == 0 }
}

/// The caller's functions.
#[derive(Clone, Copy)]
pub(super) struct Listener {
    progress: oss_progress_fn,
    progress_data: *mut c_void,
    log: oss_log_fn,
    log_data: *mut c_void,
}

impl Default for Listener {
    fn default() -> Listener {
        Listener { progress: None, progress_data: ptr::null_mut(), log: None, log_data: ptr::null_mut() }
    }
}

impl Listener {
    /// Nobody but whoever is told what is worth a line.
    pub(super) fn logging(log: oss_log_fn, log_data: *mut c_void) -> Listener {
        Listener { log, log_data, ..Listener::default() }
    }

    /// The same, where this function is told how the call gets on.
    pub(super) fn telling(self, progress: oss_progress_fn, progress_data: *mut c_void) -> Listener {
        Listener { progress, progress_data, ..self }
    }

    /// Whoever is told how the call gets on, if there is anybody.
    pub(super) fn observer(&self) -> Option<&dyn Observer> {
        self.progress.map(|_| self as &dyn Observer)
    }

    /// The same, with the log function of another.
    pub(super) fn with_log_of(self, other: Listener) -> Listener {
        Listener { log: other.log, log_data: other.log_data, ..self }
    }
}

impl Observer for Listener {
    fn wants_progress(&self) -> bool {
        self.progress.is_some()
    }

    fn progress(&self, progress: &Progress) -> bool {
        let Some(function) = self.progress else { return true };
        let told = oss_progress(*progress);
        // SAFETY: who set the function vouched that it may be called with this pointer.
        unsafe { function(self.progress_data, &raw const told) == 0 }
    }

    fn log(&self, line: &str) -> bool {
        // SAFETY: who set the function vouched that it may be called with this pointer.
        unsafe { tell_log(self.log, self.log_data, Level::Warning, line) }
    }
}
