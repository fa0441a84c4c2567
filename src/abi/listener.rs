//! The caller's functions that are told how a call gets on.

use super::body::OSS_LENGTH_UNKNOWN;
use super::convert::c_text;
use crate::engine::Observer;
use std::ffi::{c_char, c_void};
use std::ptr;

/// Is told how an upload gets on: at its beginning, whenever OSS has accepted more, and otherwise about four times a
/// second. It runs where an oss_read_fn does, during the call, and must neither talk to OSS itself nor free what the call
/// uses.
///
/// `accepted` is how many bytes OSS has said that it has: it only grows, whatever is sent again, and an upload that is
/// resumed begins with what was there. `total` is how many there are, or OSS_LENGTH_UNKNOWN. Returns 0 to go on; anything
/// else cancels the upload.
pub type oss_progress_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, accepted: u64, total: u64) -> i32>;

/// Is told what is worth a line in a log: that an upload could not be resumed and starts over, say. It runs where an
/// oss_read_fn does, during the call. `line` is gone when it returns. Returns 0 to go on; anything else cancels the upload.
pub type oss_log_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, line: *const c_char) -> i32>;

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

    /// The same, with the log function of another.
    pub(super) fn with_log_of(self, other: Listener) -> Listener {
        Listener { log: other.log, log_data: other.log_data, ..self }
    }
}

impl Observer for Listener {
    fn progress(&self, accepted: u64, total: Option<u64>) -> bool {
        let Some(progress) = self.progress else { return true };
        // SAFETY: who set the function vouched that it may be called with this pointer.
        unsafe { progress(self.progress_data, accepted, total.unwrap_or(OSS_LENGTH_UNKNOWN)) == 0 }
    }

    fn log(&self, line: &str) -> bool {
        let Some(log) = self.log else { return true };
        // SAFETY: who set the function vouched that it may be called with this pointer; the text lives until it returns.
        unsafe { log(self.log_data, c_text(line).as_ptr()) == 0 }
    }
}
