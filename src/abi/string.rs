//! `oss_string`: a text that belongs to the caller.

use super::convert::{self, c_text};
use super::guard;
use std::ffi::{CString, c_char};

/// A text made by the library. Free it with oss_string_free().
pub struct oss_string(CString);

impl oss_string {
    pub(super) fn new(text: &str) -> oss_string {
        oss_string(c_text(text))
    }
}

/// Gives the text.
///
/// @param string  may be NULL.
/// @return the text, NUL-terminated, valid until `string` is freed; an empty text for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_string_data(string: *const oss_string) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { string.as_ref() }.map_or(c"".as_ptr(), |string| string.0.as_ptr())
}

/// Gives the length of the text.
///
/// @param string  may be NULL.
/// @return the number of bytes before the terminating NUL; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_string_len(string: *const oss_string) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { string.as_ref() }.map_or(0, |string| string.0.count_bytes())
}

/// Frees a text.
///
/// @param string  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_string_free(string: *mut oss_string) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(string) });
}
