//! `oss_emulator_request`: a request that the OSS server received.

use crate::convert::{Headers, c_text};
use emulator::Request;
use std::ffi::{CString, c_char};

/// A request that the OSS server received, as it was when it was asked for. It belongs to its emulator.
pub struct oss_emulator_request {
    method: CString,
    target: CString,
    operation: CString,
    bucket: CString,
    key: CString,
    headers: Headers,
    body_size: u64,
    status: i32,
}

impl From<Request> for oss_emulator_request {
    fn from(request: Request) -> oss_emulator_request {
        oss_emulator_request {
            method: c_text(&request.method),
            target: c_text(&request.target),
            operation: c_text(&request.operation),
            bucket: c_text(request.bucket.as_deref().unwrap_or_default()),
            key: c_text(request.key.as_deref().unwrap_or_default()),
            headers: Headers::new(&request.headers),
            body_size: request.body_bytes_received,
            status: request.status.map_or(0, i32::from),
        }
    }
}

/// # Safety
/// `request` is NULL or a request of an emulator that runs.
unsafe fn text_of(
    request: *const oss_emulator_request,
    text: impl FnOnce(&oss_emulator_request) -> &CString,
) -> *const c_char {
    // SAFETY: the caller vouches for it.
    unsafe { request.as_ref() }.map_or(c"".as_ptr(), |request| text(request).as_ptr())
}

/// Gives the HTTP method.
///
/// @param request  may be NULL.
/// @return such as "PUT"; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_method(request: *const oss_emulator_request) -> *const c_char {
    // SAFETY: the caller passes NULL or a request of an emulator that runs.
    unsafe { text_of(request, |request| &request.method) }
}

/// Gives the path and the query.
///
/// @param request  may be NULL.
/// @return such as "/test-bucket/dir/photo.jpg", as it was sent; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_target(request: *const oss_emulator_request) -> *const c_char {
    // SAFETY: the caller passes NULL or a request of an emulator that runs.
    unsafe { text_of(request, |request| &request.target) }
}

/// Gives the operation, by its name in OSS's documentation.
///
/// @param request  may be NULL.
/// @return such as "PutObject"; "Unknown" for what OSS does not have; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_operation(
    request: *const oss_emulator_request,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a request of an emulator that runs.
    unsafe { text_of(request, |request| &request.operation) }
}

/// Gives the bucket, however it was addressed.
///
/// @param request  may be NULL.
/// @return its name; empty for a request without one, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_bucket(request: *const oss_emulator_request) -> *const c_char {
    // SAFETY: the caller passes NULL or a request of an emulator that runs.
    unsafe { text_of(request, |request| &request.bucket) }
}

/// Gives the key.
///
/// @param request  may be NULL.
/// @return the key, decoded; empty for a request without one, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_key(request: *const oss_emulator_request) -> *const c_char {
    // SAFETY: the caller passes NULL or a request of an emulator that runs.
    unsafe { text_of(request, |request| &request.key) }
}

/// Gives a header.
///
/// @param request  may be NULL.
/// @param name     in any case; may be NULL.
/// @return the first value; empty if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_header(
    request: *const oss_emulator_request,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a request of an emulator that runs, and NULL or a text.
    unsafe { Headers::give(request.as_ref().map(|request| &request.headers), name) }
}

/// Says how much of the body had arrived.
///
/// @param request  may be NULL.
/// @return the number of bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_body_size(request: *const oss_emulator_request) -> u64 {
    // SAFETY: the caller passes NULL or a request of an emulator that runs.
    unsafe { request.as_ref() }.map_or(0, |request| request.body_size)
}

/// Gives the HTTP status of the reply.
///
/// @param request  may be NULL.
/// @return the status; 0 if no reply was sent, as when a fault came before it, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_request_status(request: *const oss_emulator_request) -> i32 {
    // SAFETY: the caller passes NULL or a request of an emulator that runs.
    unsafe { request.as_ref() }.map_or(0, |request| request.status)
}
