//! The frame around every function: no panic gets out, the thread is not cancelled in it, and every call leaves a result.

use super::result::oss_result;
use super::status::oss_status;
use crate::engine::{Outcome, Status, Stored};
use crate::wire::mistake::Mistake;
use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{ptr, thread};

/// Why a call ends before it gets to the engine.
pub(super) struct Refusal(Box<Outcome>);

impl From<Mistake> for Refusal {
    fn from(mistake: Mistake) -> Refusal {
        Refusal(Box::new(mistake.into()))
    }
}

impl Refusal {
    pub(super) fn new(status: Status, message: impl Into<String>) -> Refusal {
        Refusal(Box::new(Outcome::new(status, Stored::No, message)))
    }
}

/// Runs a function that reports through a result.
///
/// # Safety
/// `result` is NULL or may be written to.
pub(super) unsafe fn operation(
    result: *mut *mut oss_result,
    work: impl FnOnce() -> Result<Outcome, Refusal>,
) -> oss_status {
    let outcome = match framed(work) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(Refusal(outcome))) => *outcome,
        Err(panic) => Outcome::new(Status::Internal, Stored::Unknown, describe(panic.as_ref())),
    };
    let status = outcome.status.into();
    if !result.is_null() {
        // SAFETY: the caller vouches for the pointer. What is there need not be initialised.
        unsafe { result.write(Box::into_raw(Box::new(oss_result::from(outcome)))) };
    }
    status
}

/// Runs a function that makes something and reports through a result; it has no reply to tell of.
///
/// # Safety
/// `result` is NULL or may be written to.
pub(super) unsafe fn construction(
    result: *mut *mut oss_result,
    work: impl FnOnce() -> Result<(), Refusal>,
) -> oss_status {
    // SAFETY: the caller vouches for the pointer.
    unsafe { operation(result, || work().map(|()| Outcome::new(Status::Ok, Stored::No, ""))) }
}

/// Runs a function that cannot fail, or that has only `neutral` to say when it does.
pub(super) fn value<T>(neutral: T, work: impl FnOnce() -> T) -> T {
    framed(work).unwrap_or(neutral)
}

/// Runs a setter on something that remembers the message of its last refusal.
pub(super) fn setter<T: RemembersRefusal>(
    target: Result<&mut T, Mistake>,
    work: impl FnOnce(&mut T) -> Result<(), Mistake>,
) -> oss_status {
    let Ok(target) = target else { return oss_status::InvalidArgument };
    let (status, message) = match framed(|| work(target)) {
        Ok(Ok(())) => return oss_status::Ok,
        Ok(Err(mistake)) => (oss_status::InvalidArgument, mistake.to_string()),
        Err(panic) => (oss_status::Internal, describe(panic.as_ref())),
    };
    target.remember(&message);
    status
}

/// A handle whose setters have no result to put their message in.
pub(super) trait RemembersRefusal {
    fn remember(&mut self, message: &str);
}

fn framed<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    let _cancellation = Cancellation::put_off();
    catch_unwind(AssertUnwindSafe(work))
}

/// Puts `pthread_cancel()` off while it lives: it would unwind the library's frames, which ends the process.
struct Cancellation {
    before: c_int,
}

/// Of Linux, whatever its C library.
const PTHREAD_CANCEL_DISABLE: c_int = 1;

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

impl Cancellation {
    fn put_off() -> Cancellation {
        let mut before = PTHREAD_CANCEL_DISABLE;
        // SAFETY: the pointer is to a live variable. That it is not cancelled changes nothing else for the thread.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &raw mut before) };
        Cancellation { before }
    }
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        // SAFETY: NULL is allowed, and the state is one that the function gave.
        unsafe { pthread_setcancelstate(self.before, ptr::null_mut()) };
    }
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a defect of the library: {}", text.unwrap_or("no details"))
}
