//! The frame around every function that does more than look: no panic gets out.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a function; if it panics, the error says so.
pub(crate) fn framed<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| describe(panic.as_ref()))
}

/// Runs a function that cannot fail, or that has only `neutral` to say when it does.
pub(crate) fn value<T>(neutral: T, work: impl FnOnce() -> T) -> T {
    framed(work).unwrap_or(neutral)
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a defect of the emulator: {}", text.unwrap_or("no details"))
}
