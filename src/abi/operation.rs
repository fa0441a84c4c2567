//! What every operation does, whether it succeeds or not: it leaves a result.

use super::guard;
use super::result::oss_result;
use super::status::oss_status;
use crate::engine::{Outcome, Status, Stored};
use crate::wire::mistake::Mistake;

/// Why a call ends before it gets to the engine.
pub(super) struct Refusal(Box<Outcome>);

impl From<Mistake> for Refusal {
    fn from(mistake: Mistake) -> Refusal {
        Refusal(Box::new(mistake.into()))
    }
}

impl From<Box<Outcome>> for Refusal {
    fn from(outcome: Box<Outcome>) -> Refusal {
        Refusal(outcome)
    }
}

impl Refusal {
    pub(super) fn new(status: Status, message: impl Into<String>) -> Refusal {
        Refusal(Box::new(Outcome::new(status, Stored::No, message)))
    }
}

/// A list to be handed out, unless there is no memory for it.
pub(super) fn list<T>(items: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Refusal> {
    let mut list = Vec::new();
    if list.try_reserve_exact(items.len()).is_err() {
        let message = "there is no memory for the list";
        return Err(Refusal::new(Status::OutOfMemory, message));
    }
    list.extend(items);
    Ok(list)
}

/// Runs a function that reports through a result.
///
/// # Safety
/// `result` is NULL or may be written to.
pub(super) unsafe fn operation(
    result: *mut *mut oss_result,
    work: impl FnOnce() -> Result<Outcome, Refusal>,
) -> oss_status {
    let outcome = match guard::framed(work) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(Refusal(outcome))) => *outcome,
        Err(defect) => Outcome::new(Status::Internal, Stored::Unknown, defect),
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
