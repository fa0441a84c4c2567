//! `oss_emulator_object`: an object as the server has it.

use crate::convert::{self, Data, Headers, Output};
use crate::guard;
use crate::handle::attempt_shared;
use crate::server::oss_emulator;
use crate::status::oss_emulator_status;
use emulator::Object;
use std::ffi::{c_char, c_void};

/// An object, as it was when it was asked for. It begins with oss_emulator_get_object() and ends with
/// oss_emulator_object_free().
pub struct oss_emulator_object {
    data: Data,
    headers: Headers,
}

impl From<Object> for oss_emulator_object {
    fn from(object: Object) -> oss_emulator_object {
        oss_emulator_object { headers: Headers::new(&object.headers), data: Data::new(object.data) }
    }
}

/// Stores an object as if it had been uploaded. The bucket is made if need be.
///
/// @param emulator  not NULL.
/// @param bucket    NULL for that of oss_emulator_bucket().
/// @param key       one that OSS can have: from 1 to 1023 bytes of UTF-8, not beginning with a slash or a backslash; not NULL.
/// @param data      may be NULL if `len` is 0; copied.
/// @param len       its length.
/// @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT also for a bucket or a key that OSS would not have;
///         OSS_EMULATOR_STATUS_SYSTEM if the data folder cannot be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_put_object(
    emulator: *mut oss_emulator,
    bucket: *const c_char,
    key: *const c_char,
    data: *const c_void,
    len: usize,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            let (bucket, key) = (emulator.bucket(bucket)?, convert::filled_text(key, "key")?);
            Ok(emulator.server.try_put_object(bucket, key, convert::bytes(data, len, "data")?)?)
        })
    }
}

/// Gives an object.
///
/// @param emulator  not NULL.
/// @param bucket    NULL for that of oss_emulator_bucket().
/// @param key       not NULL.
/// @param object    receives the object, to be freed with oss_emulator_object_free(), or NULL if it is not there; not NULL.
/// @return OSS_EMULATOR_STATUS_OK, also if it is not there; OSS_EMULATOR_STATUS_INVALID_ARGUMENT; OSS_EMULATOR_STATUS_SYSTEM if
///         the data folder cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_get_object(
    emulator: *mut oss_emulator,
    bucket: *const c_char,
    key: *const c_char,
    object: *mut *mut oss_emulator_object,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            let output = Output::new(object, "object")?;
            let found = emulator.server.try_object(emulator.bucket(bucket)?, convert::text(key, "key")?)?;
            if let Some(object) = found {
                output.give(oss_emulator_object::from(object));
            }
            Ok(())
        })
    }
}

/// Removes an object; one that is not there is no error.
///
/// @param emulator  not NULL.
/// @param bucket    NULL for that of oss_emulator_bucket().
/// @param key       not NULL.
/// @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT; OSS_EMULATOR_STATUS_SYSTEM if the data folder cannot be
///         written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_delete_object(
    emulator: *mut oss_emulator,
    bucket: *const c_char,
    key: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            let (bucket, key) = (emulator.bucket(bucket)?, convert::text(key, "key")?);
            Ok(emulator.server.try_delete_object(bucket, key)?)
        })
    }
}

/// Gives the data of an object.
///
/// @param object  may be NULL.
/// @param len     receives its length; may be NULL.
/// @return the bytes, with a NUL behind them, valid until `object` is freed; nothing but that NUL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_object_data(
    object: *const oss_emulator_object,
    len: *mut usize,
) -> *const c_void {
    // SAFETY: the caller passes NULL or a live handle, and NULL or a place for the length.
    unsafe { Data::give(object.as_ref().map(|object| &object.data), len) }
}

/// Gives a header that an object was stored with: its content type, metadata and the like.
///
/// @param object  may be NULL.
/// @param name    such as "x-oss-meta-color", in any case; may be NULL.
/// @return the value, valid until `object` is freed; empty if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_object_header(
    object: *const oss_emulator_object,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle, and NULL or a text.
    unsafe { Headers::give(object.as_ref().map(|object| &object.headers), name) }
}

/// Frees an object, which stays where it is stored.
///
/// @param object  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_object_free(object: *mut oss_emulator_object) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(object) });
}
