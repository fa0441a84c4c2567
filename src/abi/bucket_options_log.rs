//! Who keeps a log of what a bucket's calls do.

use super::bucket_options::oss_bucket_options;
use super::listener::{oss_log_fn, oss_log_level, tell_log};
use super::settable::set;
use super::status::oss_status;
use crate::engine::{Level, Log, Sink};
use crate::wire::mistake::Mistake;
use std::ffi::c_void;
use std::sync::Arc;

/// The caller's function.
struct Caller {
    log: oss_log_fn,
    user_data: *mut c_void,
}

// SAFETY: who set the function vouched that any thread may call it with this pointer.
unsafe impl Send for Caller {}
// SAFETY: as above.
unsafe impl Sync for Caller {}

impl Sink for Caller {
    fn line(&self, level: Level, line: &str) -> bool {
        // SAFETY: as above.
        unsafe { tell_log(self.log, self.user_data, level, line) }
    }
}

/// Sets who keeps a log of what the calls on the bucket do, and those that take bucket options: a line for each attempt, look-up
/// and part, with what came of it and how long it took; for each time that something is sent again, with the pause before it and
/// why; for each new connection; for each time that the credentials are asked for a key, and what came of that after how long;
/// and for a call that failed. What is refused before the call begins, as a wrong argument or a file that cannot be opened, has
/// no line: its result tells. No line holds an access key, a signature, a token, or what a callback tells.
///
/// The function is called on the thread that calls, on several at once if calls are made on several. What
/// oss_upload_options_set_log() and oss_outbox_set_log() are told is among the lines, as warnings, where a call on the bucket
/// comes upon it.
///
/// @param options    not NULL.
/// @param level      an oss_log_level: lines that matter less are left out.
/// @param log        NULL for nobody, which is the default. What it returns ends the call if it is not 0.
/// @param user_data  handed to the function; it must be usable, by any thread, as long as the bucket is.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_log(
    options: *mut oss_bucket_options,
    level: i32,
    log: oss_log_fn,
    user_data: *mut c_void,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            let level = match level {
                l if l == oss_log_level::Error as i32 => Level::Error,
                l if l == oss_log_level::Warning as i32 => Level::Warning,
                l if l == oss_log_level::Info as i32 => Level::Info,
                l if l == oss_log_level::Debug as i32 => Level::Debug,
                _ => return Err(Mistake::new(format!("{level} is no oss_log_level"))),
            };
            options.set_log(log.is_some().then(|| Log::new(level, Arc::new(Caller { log, user_data }))));
            Ok(())
        })
    }
}
