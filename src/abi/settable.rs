//! What handles with setters have in common: a value, and what its setters refused.

use super::convert::c_text;
use super::guard;
use super::status::oss_status;
use crate::wire::mistake::Mistake;
use std::borrow::Cow;
use std::ffi::{CString, c_char};
use std::ops::Deref;

/// So many refusals are remembered.
const REFUSALS_MAX: usize = 100;

/// A value that changes through setters only. They have no result to put their message in, so it is kept here.
#[derive(Default)]
pub(super) struct Settable<T> {
    value: T,
    refusals: Vec<CString>,
}

impl<T> Settable<T> {
    pub(super) fn new(value: T) -> Settable<T> {
        Settable { value, refusals: Vec::new() }
    }

    /// What setters said, the last one last.
    pub(super) fn refusals(&self) -> &[CString] {
        &self.refusals
    }

    fn set(&mut self, work: impl FnOnce(&mut T) -> Result<(), Mistake>) -> oss_status {
        let (status, message) = match guard::framed(|| work(&mut self.value)) {
            Ok(Ok(())) => return oss_status::Ok,
            Ok(Err(mistake)) => (oss_status::InvalidArgument, mistake.to_string()),
            Err(defect) => (oss_status::Internal, defect),
        };
        self.remember(c_text(&message));
        status
    }

    fn remember(&mut self, refusal: CString) {
        // A program that goes on setting what is refused does not fill the memory with it.
        self.refusals.truncate(REFUSALS_MAX - 1);
        self.refusals.push(refusal);
    }
}

impl<T> Deref for Settable<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A handle with setters.
pub(super) trait HasSetters {
    type Value;

    fn settable(&self) -> &Settable<Self::Value>;
    fn settable_mut(&mut self) -> &mut Settable<Self::Value>;
}

/// Runs a setter.
///
/// # Safety
/// `handle` is NULL or a live handle, which nobody else uses during the call.
pub(super) unsafe fn set<H: HasSetters>(
    handle: *mut H,
    work: impl FnOnce(&mut H::Value) -> Result<(), Mistake>,
) -> oss_status {
    // SAFETY: the caller vouches for it.
    unsafe { handle.as_mut() }.map_or(oss_status::InvalidArgument, |handle| handle.settable_mut().set(work))
}

/// The last refusal; empty if there is none.
///
/// # Safety
/// `handle` is NULL or a live handle, which nobody changes during the call.
pub(super) unsafe fn error<H: HasSetters>(handle: *const H) -> *const c_char {
    // SAFETY: the caller vouches for it.
    let refusal = unsafe { handle.as_ref() }.and_then(|handle| handle.settable().refusals.last());
    refusal.map_or(c"".as_ptr(), |refusal| refusal.as_ptr())
}

/// The value, if there is a handle.
///
/// # Safety
/// `handle` is NULL or a live handle, which nobody changes during `'a`.
pub(super) unsafe fn optional<'a, H: HasSetters + 'a>(handle: *const H) -> Option<&'a H::Value> {
    // SAFETY: the caller vouches for it.
    unsafe { handle.as_ref() }.map(|handle| &**handle.settable())
}

/// The value, or the default if there is no handle.
///
/// # Safety
/// As for [`optional`].
pub(super) unsafe fn or_default<'a, H>(handle: *const H) -> Cow<'a, H::Value>
where
    H: HasSetters<Value: Clone + Default> + 'a,
{
    // SAFETY: the caller vouches for it.
    unsafe { optional(handle) }.map_or_else(Cow::default, Cow::Borrowed)
}
