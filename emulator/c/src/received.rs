//! What the servers have received, handed out one after the other.

use crate::callback::oss_emulator_callback;
use crate::guard;
use crate::request::oss_emulator_request;
use crate::server::oss_emulator;
use std::ptr;
use std::time::Duration;

/// Longer than any test.
const FOR_EVER_MS: u64 = 7 * 24 * 3600 * 1000;

/// Waits for the next callback: each is given once, in the order in which they came, whichever thread asks.
///
/// @param emulator    may be NULL.
/// @param timeout_ms  how long to wait for one at most, in milliseconds. An upload that has returned has had its callback.
/// @return the callback, valid until `emulator` is stopped; NULL if none came.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_next_callback(
    emulator: *mut oss_emulator,
    timeout_ms: u64,
) -> *const oss_emulator_callback {
    // SAFETY: the caller passes NULL or a live handle.
    let Some(emulator) = (unsafe { emulator.as_ref() }) else {
        return ptr::null();
    };
    guard::value(ptr::null(), || {
        let timeout = Duration::from_millis(timeout_ms.min(FOR_EVER_MS));
        let next = emulator.application.take_request(timeout);
        next.map_or(ptr::null(), |request| emulator.callbacks.keep(oss_emulator_callback::from(request)))
    })
}

/// Gives the next request that the OSS server is through with: each is given once, in the order in which they were answered, or
/// were not. Of more than 20 000 that nobody has asked for, the first are forgotten.
///
/// @param emulator  may be NULL.
/// @return the request, valid until `emulator` is stopped; NULL if there are no more so far.
///
/// @code
/// oss_emulator *emulator = NULL;
/// const oss_emulator_request *request = NULL;
/// if (oss_emulator_start(NULL, &emulator) == OSS_EMULATOR_STATUS_OK) {
///     while ((request = oss_emulator_next_request(emulator)) != NULL) {
///         printf("%s: %d\n", oss_emulator_request_operation(request), (int)oss_emulator_request_status(request));
///     }
/// }
/// oss_emulator_stop(emulator);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_next_request(
    emulator: *mut oss_emulator,
) -> *const oss_emulator_request {
    // SAFETY: the caller passes NULL or a live handle.
    let Some(emulator) = (unsafe { emulator.as_ref() }) else {
        return ptr::null();
    };
    guard::value(ptr::null(), || {
        let next = emulator.server.take_request();
        next.map_or(ptr::null(), |request| emulator.requests.keep(oss_emulator_request::from(request)))
    })
}
