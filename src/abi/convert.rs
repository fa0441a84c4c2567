//! From C's arguments to Rust's, with a message that names the argument when that cannot be done.

use crate::wire::mistake::Mistake;
use std::ffi::{CStr, CString, OsStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::slice;

fn is_null(name: &str) -> Mistake {
    Mistake::new(format!("{name} is NULL"))
}

/// A program that takes no notice of a failure finds out one call later, and is told where to look.
fn no_handle(name: &str) -> Mistake {
    let made_by = match name {
        "bucket" => "oss_bucket_new() or oss_bucket_with_limits()",
        "callback" => "oss_callback_new() or oss_callback_new_from_policy()",
        "credentials" => return Mistake::new(NO_CREDENTIALS),
        "form" => "oss_post_policy_sign() or oss_post_form_new()",
        "multipart" => "oss_begin_multipart(), oss_reopen_multipart() or oss_multipart_with_limits()",
        "outbox" => "oss_outbox_open()",
        "presigned" => "oss_presigned_new() or the function that signs",
        "verifier" => "oss_callback_verifier_new() or oss_callback_verifier_with_limits()",
        "writer" => "oss_writer_new()",
        _ => return is_null(name),
    };
    Mistake::new(format!("{name} is NULL: {made_by} failed, or was not called; its result says why"))
}

const NO_CREDENTIALS: &str = "credentials is NULL: the function that makes them failed, or was not called; its result says why. \
    oss_credentials_new_from_environment() needs OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or \
    ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET; oss_credentials_new_anonymous() needs nothing";

/// A NUL within a text, as languages write it whose texts can have one: Java's, and `oss_upload.hpp`.
const NUL: &[u8] = b"\xc0\x80";
/// What `oss_upload.hpp` gives in place of a path that has a NUL. No path is likely to be this and nothing else.
const PATH_WITH_NUL: &[u8] = b"\xc0\x80\xff";

fn holds_nul(name: &str) -> Mistake {
    Mistake::new(format!("{name} holds a NUL"))
}

/// # Safety
/// `pointer` is NULL or a NUL-terminated string that stays as it is during `'a`.
pub(super) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Mistake> {
    if pointer.is_null() {
        return Err(is_null(name));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| match text.to_bytes().windows(NUL.len()).any(|bytes| bytes == NUL) {
        true => holds_nul(name),
        false => Mistake::new(format!("{name} is not valid UTF-8")),
    })
}

/// Text that came over a network, in whatever encoding.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn raw_text<'a>(pointer: *const c_char, name: &str) -> Result<&'a [u8], Mistake> {
    if pointer.is_null() {
        return Err(is_null(name));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// A path as Linux has it: bytes.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<&'a Path, Mistake> {
    // SAFETY: the caller vouches for it.
    match unsafe { raw_text(pointer, name) }? {
        PATH_WITH_NUL => Err(holds_nul(name)),
        bytes => Ok(Path::new(OsStr::from_bytes(bytes))),
    }
}

/// # Safety
/// As for [`text`].
pub(super) unsafe fn optional_path<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<Option<&'a Path>, Mistake> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller vouches for it.
    unsafe { path(pointer, name) }.map(Some)
}

/// # Safety
/// As for [`text`].
pub(super) unsafe fn optional_text<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<Option<&'a str>, Mistake> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller vouches for it.
    unsafe { text(pointer, name) }.map(Some)
}

/// # Safety
/// `pointer` is NULL or a live handle, which nobody changes during `'a`.
pub(super) unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Mistake> {
    // SAFETY: the caller vouches for it.
    unsafe { pointer.as_ref() }.ok_or_else(|| no_handle(name))
}

/// # Safety
/// `pointer` is NULL or a live handle, which nobody else uses during `'a`.
pub(super) unsafe fn handle_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Mistake> {
    // SAFETY: the caller vouches for it.
    unsafe { pointer.as_mut() }.ok_or_else(|| no_handle(name))
}

/// # Safety
/// With a `len` above 0, `data` is NULL or readable for `len` bytes, which stay as they are during `'a`.
pub(super) unsafe fn bytes<'a>(data: *const c_void, len: usize, name: &str) -> Result<&'a [u8], Mistake> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Mistake::new(format!("{name} is NULL, but its length is {len}")));
    }
    if isize::try_from(len).is_err() {
        return Err(Mistake::new(format!("{name} cannot have {len} bytes; perhaps a negative length")));
    }
    // SAFETY: not NULL, no longer than a slice may be, and the caller vouches for the rest.
    Ok(unsafe { slice::from_raw_parts(data.cast(), len) })
}

/// Where a function hands a new handle to its caller. It holds NULL until there is one.
pub(super) struct Output<T>(*mut *mut T);

impl<T> Output<T> {
    /// # Safety
    /// `pointer` is NULL, or may be written to until `give`. What is there need not be initialised.
    pub(super) unsafe fn new(pointer: *mut *mut T, name: &str) -> Result<Output<T>, Mistake> {
        if pointer.is_null() {
            return Err(is_null(name));
        }
        // SAFETY: the caller vouches for it.
        unsafe { pointer.write(std::ptr::null_mut()) };
        Ok(Output(pointer))
    }

    pub(super) fn give(self, value: T) {
        // SAFETY: who made this value vouched for the place.
        unsafe { self.0.write(Box::into_raw(Box::new(value))) };
    }
}

/// Writes a number if it is known, and says whether it is.
///
/// # Safety
/// `number` is NULL or may be written to.
pub(super) unsafe fn known(value: Option<u64>, number: *mut u64) -> i32 {
    if let Some(value) = value
        && !number.is_null()
    {
        // SAFETY: the caller vouches for the pointer.
        unsafe { number.write(value) };
    }
    i32::from(value.is_some())
}

/// Takes back what an `Output` gave.
///
/// # Safety
/// `pointer` is NULL or a handle that was given out and not freed, and nobody uses it any more.
pub(super) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: the handle came from `Box::into_raw` and is freed this once.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// Text for C. A NUL inside, which no valid value has, ends it.
pub(super) fn c_text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(text.get(..end).unwrap_or_default()).unwrap_or_default()
}
