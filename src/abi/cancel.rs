//! `oss_cancel`: ends calls from outside.

use super::convert;
use super::guard;
use crate::engine::Cancel;

/// Ends the calls that it was given to. Any thread may fire it, and a signal handler may. It stays fired: what is given
/// it later ends at once.
pub struct oss_cancel {
    inner: Cancel,
}

/// # Safety
/// `cancel` is NULL or a live handle.
pub(super) unsafe fn shared(cancel: *const oss_cancel) -> Option<Cancel> {
    // SAFETY: the caller vouches for it.
    unsafe { cancel.as_ref() }.map(|cancel| cancel.inner.clone())
}

/// Makes a cancel that is not fired.
///
/// Options take it: oss_upload_options_set_cancel() and oss_put_options_set_cancel() for single operations,
/// oss_bucket_options_set_cancel() for all operations on a bucket. They keep their own reference.
///
/// @return a handle, to be freed with oss_cancel_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_cancel_new() -> *mut oss_cancel {
    Box::into_raw(Box::new(oss_cancel { inner: Cancel::default() }))
}

/// Ends the calls that it was given to, within a tenth of a second, whatever they are waiting for: a name, a connection,
/// a reply or the next attempt. They return OSS_STATUS_CANCELLED, unless they are done by then. Only a function of the
/// caller's, or a disk that does not answer, is waited for; and removing the parts of an upload that is not to be resumed
/// may take up to two seconds more.
///
/// @param cancel  may be NULL. Any thread may call this, any number of times, and a signal handler may: nothing but one
///                store to memory happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_cancel_fire(cancel: *const oss_cancel) {
    // SAFETY: the caller passes NULL or a live handle.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        cancel.inner.fire();
    }
}

/// Says whether a cancel was fired.
///
/// @param cancel  may be NULL.
/// @return 1 if oss_cancel_fire() was called on it, otherwise 0; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_cancel_has_fired(cancel: *const oss_cancel) -> i32 {
    // SAFETY: the caller passes NULL or a live handle.
    i32::from(unsafe { cancel.as_ref() }.is_some_and(|cancel| cancel.inner.has_fired()))
}

/// Frees the handle. What it was given to is not ended, and can no longer be ended through it.
///
/// @param cancel  may be NULL; not to be used afterwards, in a signal handler neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_cancel_free(cancel: *mut oss_cancel) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(cancel) });
}
