//! What handles have in common that are asked for something: why the last call failed.

use crate::convert::c_text;
use crate::guard;
use crate::kept::Kept;
use crate::status::{Failure, oss_emulator_status};
use std::ffi::{CString, c_char};

/// Why calls on a handle failed. All of them are kept: another thread may be reading one.
pub(crate) type Errors = Kept<CString>;

/// A handle that keeps why a call on it failed.
pub(crate) trait KeepsErrors {
    fn errors(&self) -> &Errors;
}

/// Runs what changes a handle and may fail. The handle then says why.
///
/// # Safety
/// `handle` is NULL or a live handle, which nobody else uses meanwhile.
pub(crate) unsafe fn attempt<T: KeepsErrors>(
    handle: *mut T,
    work: impl FnOnce(&mut T) -> Result<(), Failure>,
) -> oss_emulator_status {
    // SAFETY: the caller vouches for it.
    let Some(handle) = (unsafe { handle.as_mut() }) else {
        return oss_emulator_status::InvalidArgument;
    };
    let outcome = guard::framed(|| work(handle));
    conclude(outcome, handle.errors())
}

/// The same with a handle that others may be using at the same time.
///
/// # Safety
/// `handle` is NULL or a live handle.
pub(crate) unsafe fn attempt_shared<T: KeepsErrors>(
    handle: *const T,
    work: impl FnOnce(&T) -> Result<(), Failure>,
) -> oss_emulator_status {
    // SAFETY: the caller vouches for it.
    let Some(handle) = (unsafe { handle.as_ref() }) else {
        return oss_emulator_status::InvalidArgument;
    };
    conclude(guard::framed(|| work(handle)), handle.errors())
}

fn conclude(outcome: Result<Result<(), Failure>, String>, errors: &Errors) -> oss_emulator_status {
    match outcome.unwrap_or_else(|defect| Err(Failure::internal(defect))) {
        Ok(()) => oss_emulator_status::Ok,
        Err(failure) => {
            errors.keep(c_text(&failure.message));
            failure.status
        }
    }
}

/// Gives why the last call on a handle failed that did.
///
/// # Safety
/// `handle` is NULL or a live handle.
pub(crate) unsafe fn error<T: KeepsErrors>(handle: *const T) -> *const c_char {
    // SAFETY: the caller vouches for it.
    let error = unsafe { handle.as_ref() }.and_then(|handle| handle.errors().last());
    error.map_or(c"".as_ptr(), |error| error.as_ptr())
}
