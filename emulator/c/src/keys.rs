//! `oss_emulator_keys`: the keys of a bucket.

use crate::convert::{self, c_text, give};
use crate::guard;
use crate::server::oss_emulator;
use std::ffi::{CString, c_char};
use std::ptr;

/// The keys of a bucket, as they were when they were asked for.
pub struct oss_emulator_keys(Vec<CString>);

/// Lists the keys of a bucket, in the order of their bytes.
///
/// @param emulator  may be NULL.
/// @param bucket    NULL for that of oss_emulator_bucket(); one that is not there has no keys.
/// @return the keys, to be freed with oss_emulator_keys_free(); NULL for an emulator that is NULL, and a bucket that is not
///         UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_list_keys(
    emulator: *const oss_emulator,
    bucket: *const c_char,
) -> *mut oss_emulator_keys {
    // SAFETY: the caller keeps to what the header says of each pointer.
    guard::value(ptr::null_mut(), || unsafe {
        let keys = emulator.as_ref().and_then(|emulator| {
            let bucket = emulator.bucket(bucket).ok()?;
            Some(emulator.server.keys(bucket).iter().map(|key| c_text(key)).collect())
        });
        keys.map_or(ptr::null_mut(), |keys| give(oss_emulator_keys(keys)))
    })
}

/// Counts keys.
///
/// @param keys  may be NULL.
/// @return how many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_keys_count(keys: *const oss_emulator_keys) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { keys.as_ref() }.map_or(0, |keys| keys.0.len())
}

/// Gives a key.
///
/// @param keys   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the key, valid until `keys` is freed; empty if there is no such key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_keys_at(keys: *const oss_emulator_keys, index: usize) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let key = unsafe { keys.as_ref() }.and_then(|keys| keys.0.get(index));
    key.map_or(c"".as_ptr(), |key| key.as_ptr())
}

/// Frees the list of keys.
///
/// @param keys  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_keys_free(keys: *mut oss_emulator_keys) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(keys) });
}
