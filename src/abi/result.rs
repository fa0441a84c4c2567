//! `oss_result`: all there is to know about one call.

use super::convert::{self, c_text};
use super::guard;
use super::history::Attempts;
use super::status::{oss_status, oss_stored};
use crate::callback::Values;
use crate::engine::Outcome;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

/// All there is to know about one call, whether it succeeded or not. Every operation writes one through its last
/// parameter unless that is NULL; free it with oss_result_free(). It never changes, so threads may share it. What its
/// accessors return lives as long as the result does.
pub struct oss_result {
    status: oss_status,
    stored: oss_stored,
    message: CString,
    http_status: i32,
    request_id: CString,
    error_code: CString,
    ec: CString,
    etag: CString,
    version_id: CString,
    content_type: CString,
    crc64: Option<u64>,
    next_position: u64,
    headers: Vec<(String, CString)>,
    /// One NUL more than the reply had.
    body: Vec<u8>,
    attempts: u32,
    callback_repeats: u32,
    delivered: u64,
    owed: u64,
    upload_id: CString,
    pub(super) callback_values: Values,
    pub(super) history: Attempts,
}

impl From<Outcome> for oss_result {
    fn from(mut outcome: Outcome) -> oss_result {
        let history = outcome.history.take().into();
        let headers = outcome.headers.iter().filter_map(|(name, value)| {
            let value = std::str::from_utf8(value.as_bytes()).ok()?;
            Some((name.as_str().to_owned(), c_text(value)))
        });
        let mut result = oss_result {
            status: outcome.status.into(),
            stored: outcome.stored.into(),
            message: c_text(&outcome.message),
            http_status: i32::from(outcome.http_status),
            request_id: c_text(outcome.request_id()),
            error_code: c_text(&outcome.error.code),
            ec: c_text(outcome.ec()),
            etag: c_text(outcome.etag()),
            version_id: c_text(outcome.version_id()),
            content_type: c_text(outcome.header("content-type").unwrap_or_default()),
            crc64: outcome.crc64,
            next_position: outcome.next_position,
            headers: headers.collect(),
            body: Vec::new(),
            attempts: outcome.attempts,
            callback_repeats: outcome.callback_repeats,
            delivered: outcome.delivered,
            owed: outcome.owed,
            upload_id: c_text(&outcome.upload_id),
            callback_values: outcome.callback_values(),
            history,
        };
        result.body = outcome.body;
        result.body.push(0);
        result
    }
}

/// # Safety
/// `result` is NULL or a live handle.
unsafe fn field<T>(result: *const oss_result, absent: T, field: impl FnOnce(&oss_result) -> T) -> T {
    // SAFETY: the caller vouches for it.
    unsafe { result.as_ref() }.map_or(absent, field)
}

/// # Safety
/// `result` is NULL or a live handle.
unsafe fn text(result: *const oss_result, of: impl FnOnce(&oss_result) -> &CStr) -> *const c_char {
    // SAFETY: the caller vouches for it.
    unsafe { field(result, c"".as_ptr(), |result| of(result).as_ptr()) }
}

/// Tells how the call ended.
///
/// @param result  may be NULL.
/// @return the status that the call itself returned; OSS_STATUS_INTERNAL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_status(result: *const oss_result) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, oss_status::Internal, |result| result.status) }
}

/// Tells whether the call stored the object; for oss_stat_object() and oss_remove_object(), whether it is there. A failed
/// callback does not undo an upload: the object is there all the same. A part makes no object before it is completed, so
/// the result of a successful part says OSS_STORED_NO. OSS_STORED_YES and OSS_STORED_NO are said where a reply of OSS's
/// proves them, or that nothing arrived; the rest is OSS_STORED_UNKNOWN.
///
/// @param result  may be NULL.
/// @return what is known; OSS_STORED_UNKNOWN for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_stored(result: *const oss_result) -> oss_stored {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, oss_stored::Unknown, |result| result.stored) }
}

/// Says in one line, for a human, what went wrong. It holds no secrets. Where a connection failed, it names host and port, and
/// the proxy if there is one.
///
/// @param result  may be NULL.
/// @return the message; empty when all went well and nothing is left at OSS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_message(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, |result| &result.message) }
}

/// Gives the HTTP status of the last reply.
///
/// @param result  may be NULL.
/// @return such as 200, 203 or 403; 0 when there was no reply.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_http_status(result: *const oss_result) -> i32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, 0, |result| result.http_status) }
}

/// Gives the id under which OSS knows the request, for its support. OSS always sends one; an empty id with an HTTP
/// status means that something else answered, such as a proxy. When a reply was lost and the object was looked up instead,
/// it is the id of the look-up.
///
/// @param result  may be NULL.
/// @return the id, or an empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_request_id(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, |result| &result.request_id) }
}

/// Gives OSS's name for the error.
///
/// @param result  may be NULL.
/// @return such as "SignatureDoesNotMatch" or "CallbackFailed"; empty when OSS reported no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_error_code(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, |result| &result.error_code) }
}

/// Gives OSS's number for the cause of the error. Show it, but do not branch on it: the numbers may change.
///
/// @param result  may be NULL.
/// @return such as "0002-00000040", or an empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_ec(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, |result| &result.ec) }
}

/// Gives the ETag of the object or part.
///
/// @param result  may be NULL.
/// @return the ETag without its quotes, or an empty text. One of more than 1024 bytes is none of OSS's, and counts as missing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_etag(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, |result| &result.etag) }
}

/// Gives the id of the object's version in a bucket with versions.
///
/// @param result  may be NULL.
/// @return the id, or an empty text. One of more than 1024 bytes is none of OSS's, and counts as missing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_version_id(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, |result| &result.version_id) }
}

/// Gives the CRC-64 (ECMA-182) that OSS computed of the object or part.
///
/// @param result  may be NULL.
/// @param crc64   receives the value if there is one; may be NULL.
/// @return 1 if OSS sent one, otherwise 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_crc64(result: *const oss_result, crc64: *mut u64) -> i32 {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { convert::known(field(result, None, |result| result.crc64), crc64) }
}

/// Gives the position at which the next append would go on: the length of an object that was made by appending.
///
/// @param result  may be NULL.
/// @return the position; 0 when OSS sent none, as for objects of other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_next_position(result: *const oss_result) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, 0, |result| result.next_position) }
}

/// Gives the body of the reply, byte for byte. After OSS_STATUS_OK with a callback it is the application server's
/// answer; after a failure it is OSS's error document. Up to 4 MiB are kept.
///
/// @param result  may be NULL.
/// @param len     receives the number of bytes; may be NULL.
/// @return the bytes, followed by a NUL that does not count; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_body(result: *const oss_result, len: *mut usize) -> *const c_void {
    // SAFETY: the caller passes NULL or a live handle.
    let (body, size) = unsafe {
        field(result, (ptr::null(), 0), |result| {
            (result.body.as_ptr().cast(), result.body.len().saturating_sub(1))
        })
    };
    // SAFETY: the caller passes NULL or a place to write to.
    if let Some(place) = unsafe { len.as_mut() } {
        *place = size;
    }
    body
}

/// Gives the content type of the body, which for a callback is the one that the application server sent. When a reply was
/// lost and the object was looked up instead, it is the object's, and so are the other headers.
///
/// @param result  may be NULL.
/// @return such as "application/json", or an empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_content_type(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, |result| &result.content_type) }
}

/// Gives a header of the reply. A reply with more than 730 of them, or more than some 64 KiB, is none of OSS's and counts as
/// lost.
///
/// @param result  may be NULL.
/// @param name    the header's name in any case; NULL is no header's name.
/// @return its value; NULL if the reply has no such header, or more than text in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_header(result: *const oss_result, name: *const c_char) -> *const c_char {
    // SAFETY: the caller passes NULL or a NUL-terminated string.
    let Ok(name) = (unsafe { convert::text(name, "name") }) else { return ptr::null() };
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        field(result, ptr::null(), |result| {
            let header = result.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            header.map_or(ptr::null(), |(_, value)| value.as_ptr())
        })
    }
}

/// Tells how often the request was tried. Requests that only look something up do not count. Nor does one that met an idle
/// connection which the server had closed: it is sent once more, over a new one, if it cannot have arrived or may simply be
/// sent again. oss_result_attempt_count() leads to all of them.
///
/// An upload in parts that oss_upload_object() or a writer makes counts them together: those at beginning it, at each of its
/// parts, at completing it, and at removing its parts if it failed.
///
/// @param result  may be NULL.
/// @return the number of attempts, those without a connection among them; 0 when it did not come to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempts(result: *const oss_result) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, 0, |result| result.attempts) }
}

/// Tells how many earlier requests of the call may have run the callback, besides the one that the result tells of. There are
/// none unless oss_put_options_set_callback_delivery() allows it.
///
/// @param result  may be NULL.
/// @return the number of requests; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_callback_repeats(result: *const oss_result) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, 0, |result| result.callback_repeats) }
}

/// Counts the callbacks that oss_outbox_deliver() made up for, or found not to be owed because nothing was stored.
///
/// @param result  may be NULL.
/// @return how many are no longer owed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_delivered(result: *const oss_result) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, 0, |result| result.delivered) }
}

/// Counts the callbacks that are still owed after oss_outbox_deliver(), for objects of the bucket: those that failed, and those
/// that were not due.
///
/// @param result  may be NULL.
/// @return how many were seen that are still owed; there may be more if the call was ended early.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_owed(result: *const oss_result) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, 0, |result| result.owed) }
}

/// Gives the id of an upload in parts that has come to no end: its parts are still at OSS, where they cost money, because
/// they were to be kept or could not be removed; or they were removed, and one that was sent and not answered may arrive
/// within a minute. With OSS_STORED_UNKNOWN, OSS may have made the object of them, or may be about to: look for it with
/// oss_stat_object() when a minute has passed. oss_reopen_multipart() takes the id, and oss_abort_multipart() removes what is
/// there; "NoSuchUpload" says that nothing is.
///
/// After OSS_STATUS_OK with a checkpoint folder it can be an earlier upload of the file, of which the message says more.
///
/// @param result  may be NULL.
/// @return the id, valid until `result` is freed; empty if nothing was left behind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_upload_id(result: *const oss_result) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { result.as_ref() }.map_or(c"".as_ptr(), |result| result.upload_id.as_ptr())
}

/// Frees a result.
///
/// @param result  may be NULL; not to be used afterwards, nor anything that its accessors returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_free(result: *mut oss_result) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(result) });
}
