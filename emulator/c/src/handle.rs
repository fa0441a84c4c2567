//! What handles have in common that are changed: why the last change failed.

use crate::convert::c_text;
use crate::guard;
use crate::status::{Failure, oss_emulator_status};
use std::ffi::{CString, c_char};

/// A handle that keeps why a call on it failed.
pub(crate) trait KeepsError {
    fn error(&self) -> &CString;
    fn error_mut(&mut self) -> &mut CString;
}

/// Runs what may fail on a handle, which then says why.
///
/// # Safety
/// `handle` is NULL or a live handle, which nobody else uses meanwhile.
pub(crate) unsafe fn attempt<T: KeepsError>(
    handle: *mut T,
    work: impl FnOnce(&mut T) -> Result<(), Failure>,
) -> oss_emulator_status {
    // SAFETY: the caller vouches for it.
    let Some(handle) = (unsafe { handle.as_mut() }) else {
        return oss_emulator_status::InvalidArgument;
    };
    let outcome = guard::framed(|| work(handle)).unwrap_or_else(|defect| Err(Failure::internal(defect)));
    match outcome {
        Ok(()) => oss_emulator_status::Ok,
        Err(failure) => {
            *handle.error_mut() = c_text(&failure.message);
            failure.status
        }
    }
}

/// Gives why the last call on a handle failed that did.
///
/// # Safety
/// `handle` is NULL or a live handle.
pub(crate) unsafe fn error<T: KeepsError>(handle: *const T) -> *const c_char {
    // SAFETY: the caller vouches for it.
    unsafe { handle.as_ref() }.map_or(c"".as_ptr(), |handle| handle.error().as_ptr())
}
