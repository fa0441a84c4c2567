//! From C's arguments to Rust's, with a message that names the argument when that cannot be done; and back.

use crate::status::Failure;
use std::ffi::{CStr, CString, OsStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::slice;

fn is_null(name: &str) -> Failure {
    Failure::invalid(format!("{name} is NULL"))
}

fn is_empty(name: &str) -> Failure {
    Failure::invalid(format!("{name} is empty"))
}

/// # Safety
/// `pointer` is NULL or a NUL-terminated string that stays as it is during `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Failure> {
    if pointer.is_null() {
        return Err(is_null(name));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Failure::invalid(format!("{name} is not valid UTF-8")))
}

/// Text that is not empty.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn filled_text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Failure> {
    // SAFETY: the caller vouches for it.
    let text = unsafe { text(pointer, name) }?;
    if text.is_empty() { Err(is_empty(name)) } else { Ok(text) }
}

/// A path as Linux has it: bytes.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<&'a Path, Failure> {
    if pointer.is_null() {
        return Err(is_null(name));
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    let bytes = unsafe { CStr::from_ptr(pointer) }.to_bytes();
    if bytes.is_empty() { Err(is_empty(name)) } else { Ok(Path::new(OsStr::from_bytes(bytes))) }
}

/// # Safety
/// As for [`text`].
pub(crate) unsafe fn optional_text<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller vouches for it.
    unsafe { text(pointer, name) }.map(Some)
}

/// Text that is not empty, if there is any.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn optional_filled_text<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller vouches for it.
    unsafe { filled_text(pointer, name) }.map(Some)
}

/// # Safety
/// `pointer` is NULL or a live handle, which nobody changes during `'a`.
pub(crate) unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    // SAFETY: the caller vouches for it.
    unsafe { pointer.as_ref() }.ok_or_else(|| is_null(name))
}

/// # Safety
/// With a `len` above 0, `data` is NULL or readable for `len` bytes, which stay as they are during `'a`.
pub(crate) unsafe fn bytes<'a>(data: *const c_void, len: usize, name: &str) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Failure::invalid(format!("{name} is NULL, but its length is {len}")));
    }
    if isize::try_from(len).is_err() {
        return Err(Failure::invalid(format!("{name} cannot have {len} bytes; perhaps a negative length")));
    }
    // SAFETY: not NULL, no longer than a slice may be, and the caller vouches for the rest.
    Ok(unsafe { slice::from_raw_parts(data.cast(), len) })
}

/// Where a function hands a new handle to its caller. It holds NULL until there is one.
pub(crate) struct Output<T>(*mut *mut T);

impl<T> Output<T> {
    /// # Safety
    /// `pointer` is NULL, or may be written to until `give`. What is there need not be initialised.
    pub(crate) unsafe fn new(pointer: *mut *mut T, name: &str) -> Result<Output<T>, Failure> {
        if pointer.is_null() {
            return Err(is_null(name));
        }
        // SAFETY: the caller vouches for it.
        unsafe { pointer.write(ptr::null_mut()) };
        Ok(Output(pointer))
    }

    pub(crate) fn give(self, value: T) {
        // SAFETY: who made this value vouched for the place.
        unsafe { self.0.write(give(value)) };
    }
}

/// Hands a new handle to the caller.
pub(crate) fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Takes back what was given.
///
/// # Safety
/// `pointer` is NULL or a handle that was given out and not freed, and nobody uses it any more.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: the handle came from `Box::into_raw` and is freed this once.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// Text for C. A NUL inside ends it.
pub(crate) fn c_text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(text.get(..end).unwrap_or_default()).unwrap_or_default()
}

/// No data.
const NOTHING: &[u8] = &[0];

/// Data for C: with a NUL behind it, which is not counted.
pub(crate) struct Data(Vec<u8>);

impl Data {
    pub(crate) fn new(mut data: Vec<u8>) -> Data {
        data.push(0);
        Data(data)
    }

    /// Gives the data of a handle; nothing for NULL.
    ///
    /// # Safety
    /// `len` is NULL or may be written to.
    pub(crate) unsafe fn give(data: Option<&Data>, len: *mut usize) -> *const c_void {
        let data = data.map_or(NOTHING, |data| data.0.as_slice());
        if !len.is_null() {
            // SAFETY: the caller vouches for the pointer.
            unsafe { len.write(data.len() - 1) };
        }
        data.as_ptr().cast()
    }
}

/// Headers for C.
pub(crate) struct Headers(Vec<(String, CString)>);

impl Headers {
    pub(crate) fn new(headers: &[(String, String)]) -> Headers {
        Headers(headers.iter().map(|(name, value)| (name.clone(), c_text(value))).collect())
    }

    /// Gives the value of the first header of that name; an empty text if there is none.
    ///
    /// # Safety
    /// As for [`text`].
    pub(crate) unsafe fn give(headers: Option<&Headers>, name: *const c_char) -> *const c_char {
        // SAFETY: the caller vouches for it.
        let name = unsafe { text(name, "name") }.unwrap_or_default();
        let mut headers = headers.into_iter().flat_map(|headers| &headers.0);
        headers
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map_or(c"".as_ptr(), |(_, value)| value.as_ptr())
    }
}
