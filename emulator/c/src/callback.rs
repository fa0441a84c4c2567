//! `oss_emulator_callback`: a callback that the application server received.

use crate::convert::{Data, Headers, c_text};
use emulator::AppRequest;
use std::ffi::{CString, c_char, c_void};

/// A callback that the application server received. It belongs to its emulator.
pub struct oss_emulator_callback {
    method: CString,
    target: CString,
    headers: Headers,
    body: Data,
}

impl From<AppRequest> for oss_emulator_callback {
    fn from(request: AppRequest) -> oss_emulator_callback {
        oss_emulator_callback {
            method: c_text(&request.method),
            target: c_text(&request.target),
            headers: Headers::new(&request.headers),
            body: Data::new(request.body),
        }
    }
}

/// Gives the HTTP method.
///
/// @param callback  may be NULL.
/// @return such as "POST"; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_callback_method(
    callback: *const oss_emulator_callback,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a callback of an emulator that runs.
    unsafe { callback.as_ref() }.map_or(c"".as_ptr(), |callback| callback.method.as_ptr())
}

/// Gives the path and the query.
///
/// @param callback  may be NULL.
/// @return such as "/uploaded?user=42", as it was sent; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_callback_target(
    callback: *const oss_emulator_callback,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a callback of an emulator that runs.
    unsafe { callback.as_ref() }.map_or(c"".as_ptr(), |callback| callback.target.as_ptr())
}

/// Gives a header.
///
/// @param callback  may be NULL.
/// @param name      in any case; may be NULL.
/// @return the first value; empty if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_callback_header(
    callback: *const oss_emulator_callback,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a callback of an emulator that runs, and NULL or a text.
    unsafe { Headers::give(callback.as_ref().map(|callback| &callback.headers), name) }
}

/// Gives the body.
///
/// @param callback  may be NULL.
/// @param len       receives its length; may be NULL.
/// @return the bytes, with a NUL behind them; nothing but that NUL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_callback_body(
    callback: *const oss_emulator_callback,
    len: *mut usize,
) -> *const c_void {
    // SAFETY: the caller passes NULL or a callback of an emulator that runs, and NULL or a place for the length.
    unsafe { Data::give(callback.as_ref().map(|callback| &callback.body), len) }
}
