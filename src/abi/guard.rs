//! The frame around every function: no panic gets out, and the thread is not cancelled in it.

use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Runs a function; if it panics, the error says so.
pub(super) fn framed<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let _cancellation = Cancellation::put_off();
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| describe(panic.as_ref()))
}

/// Runs a function that cannot fail, or that has only `neutral` to say when it does.
pub(super) fn value<T>(neutral: T, work: impl FnOnce() -> T) -> T {
    framed(work).unwrap_or(neutral)
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a defect of the library: {}", text.unwrap_or("no details"))
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
