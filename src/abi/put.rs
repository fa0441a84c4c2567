//! PutObject in its four forms.

use super::body::oss_body;
use super::bucket::oss_bucket;
use super::callback::oss_callback;
use super::convert;
use super::operation::{Refusal, operation};
use super::put_options::oss_put_options;
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use crate::callback::Callback;
use crate::engine::{Body, Input, Outcome};
use crate::wire::mistake::Mistake;
use std::ffi::{c_char, c_void};

/// # Safety
/// The handles are NULL or live, and `key` is NULL or a NUL-terminated string.
unsafe fn put<'b>(
    bucket: *const oss_bucket,
    key: *const c_char,
    input: impl FnOnce() -> Result<Input<'b>, Refusal>,
    callback: Option<&Callback>,
    options: *const oss_put_options,
) -> Result<Outcome, Refusal> {
    // SAFETY: the caller vouches for all pointers.
    unsafe {
        let bucket = convert::handle(bucket, "bucket")?;
        let key = convert::text(key, "key")?;
        let options = settable::or_default(options);
        let observer = options.listener.observer();
        Ok(bucket.inner.put_observed(key, input()?, callback, &options, observer))
    }
}

/// What gives `len` bytes at `data`, once the arguments before them are in order.
///
/// # Safety
/// As for [`convert::bytes`].
unsafe fn these<'b>(data: *const c_void, len: usize) -> impl FnOnce() -> Result<Input<'b>, Refusal> {
    // SAFETY: the caller vouches for the bytes.
    move || Ok(Body::Bytes(unsafe { convert::bytes(data, len, "data") }?).into())
}

/// A callback that could not be made must not become an upload without one.
///
/// # Safety
/// `callback` is NULL or a live handle, which nobody changes during `'a`.
unsafe fn wanted<'a>(callback: *const oss_callback, without: &str) -> Result<Option<&'a Callback>, Mistake> {
    // SAFETY: the caller vouches for it.
    let callback = unsafe { convert::handle(callback, "callback") }
        .map_err(|mistake| Mistake::new(format!("{mistake}; {without} uploads without a callback")))?;
    Ok(Some(&callback.inner))
}

/// Uploads bytes as an object.
///
/// @param bucket   not NULL.
/// @param key      the object's name: 1 to 1023 bytes of UTF-8 that do not begin with a slash or a backslash; not NULL.
/// @param data     the bytes, borrowed for the call; may be anything if `len` is 0.
/// @param len      how many bytes; at most 5 GiB.
/// @param options  NULL for the defaults.
/// @param result   receives what there is to know about the call; may be NULL.
/// @return as for oss_put_body().
///
/// @code
/// oss_result *result = NULL;
/// if (oss_put_object(bucket, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
///     fprintf(stderr, "%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_object(
    bucket: *const oss_bucket,
    key: *const c_char,
    data: *const c_void,
    len: usize,
    options: *const oss_put_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { operation(result, || put(bucket, key, these(data, len), None, options)) }
}

/// Uploads bytes as an object and has OSS call the application server.
///
/// @param bucket    not NULL.
/// @param key       as for oss_put_object().
/// @param data      as for oss_put_object().
/// @param len       as for oss_put_object().
/// @param callback  what OSS shall tell the application server; not NULL: a callback that could not be made does not become an
///                  upload without one.
/// @param options   NULL for the defaults.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return as for oss_put_body().
///
/// @code
/// oss_result *result = NULL;
/// switch (oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, NULL, &result)) {
/// case OSS_STATUS_OK:
///     printf("the application server says: %s\n", (const char *)oss_result_body(result, NULL));
///     break;
/// case OSS_STATUS_CALLBACK_FAILED:
///     printf("%s; its ETag is %s\n", oss_result_message(result), oss_result_etag(result));
///     break;
/// default:
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_object_with_callback(
    bucket: *const oss_bucket,
    key: *const c_char,
    data: *const c_void,
    len: usize,
    callback: *const oss_callback,
    options: *const oss_put_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let callback = wanted(callback, "oss_put_object()")?;
            put(bucket, key, these(data, len), callback, options)
        })
    }
}

/// Uploads a file as an object and has OSS call the application server.
///
/// @param bucket    not NULL.
/// @param key       as for oss_put_object().
/// @param path      the file; not NULL, not empty.
/// @param callback  as for oss_put_object_with_callback(); not NULL. oss_put_body() with oss_body_from_file() does without.
/// @param options   NULL for the defaults.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return as for oss_put_body().
///
/// @code
/// oss_result *result = NULL;
/// oss_status status = oss_put_file_with_callback(bucket, "dir/photo.jpg", "/tmp/photo.jpg", callback, NULL, &result);
/// printf("%s\n", status == OSS_STATUS_OK ? "stored" : oss_result_message(result));
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_file_with_callback(
    bucket: *const oss_bucket,
    key: *const c_char,
    path: *const c_char,
    callback: *const oss_callback,
    options: *const oss_put_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let callback = wanted(callback, "oss_put_body()")?;
            let body = || Ok(Body::open(convert::path(path, "path")?, None)?.into());
            put(bucket, key, body, callback, options)
        })
    }
}

/// Uploads a body as an object, with or without a callback.
///
/// The data's CRC-64 is computed on the way and compared with the one that OSS reports. A request that certainly was not
/// carried out is sent again, up to the bucket's number of attempts.
///
/// When its reply is lost, it may have been carried out, or be under way. Then an upload without a callback is sent again too,
/// and looked for in the end. One with a callback is looked for at once, as long as
/// oss_bucket_options_set_settling_time_ms() says: if it is there, the call ends with OSS_STATUS_CALLBACK_UNKNOWN, and
/// otherwise with OSS_STORED_UNKNOWN. It is sent again only if OSS is done with it, because OSS said so or a minute has
/// passed, and the object is not there: then no callback has run, and none runs twice without a word.
/// oss_put_options_set_callback_delivery() has it otherwise.
///
/// A reply that OSS did not make, but a proxy, a gateway or a cache, counts as lost, whatever its HTTP status. An object is
/// known by its size and CRC-64, whoever stored it, or by its token: oss_put_options_set_write_token().
///
/// @param bucket    not NULL.
/// @param key       as for oss_put_object().
/// @param body      what to upload, at most 5 GiB; not NULL.
/// @param callback  what OSS shall tell the application server; NULL for no callback.
/// @param options   NULL for the defaults.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK: stored, and with a callback oss_result_body() is the application server's answer.
///         OSS_STATUS_CALLBACK_FAILED: stored, but the application server did not answer as it should.
///         OSS_STATUS_CALLBACK_UNKNOWN: stored, but what became of the callback is not known: do not upload again.
///         OSS_STATUS_SERVICE: OSS refused, for example a wrong key with the code "SignatureDoesNotMatch".
///         OSS_STATUS_INVALID_ARGUMENT, OSS_STATUS_LOCAL_IO, OSS_STATUS_SOURCE_CHANGED: the fault lies on this side.
///         OSS_STATUS_INTEGRITY: stored, but not with the data's CRC-64, however often it was sent. With a callback it is sent
///         once, and oss_result_body() is the answer all the same.
///         Whatever else is returned, oss_result_stored() says whether the object is stored. After OSS_STORED_UNKNOWN,
///         oss_stat_object() tells when a minute has passed.
///         Blocks until the reply is there, the application server's answer included, or a time-out ends it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_body(
    bucket: *const oss_bucket,
    key: *const c_char,
    body: *const oss_body,
    callback: *const oss_callback,
    options: *const oss_put_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let body = || convert::handle(body, "body")?.open();
            put(bucket, key, body, settable::optional(callback), options)
        })
    }
}
