//! Looking at an object, and removing it.

use super::bucket::oss_bucket;
use super::convert;
use super::operation::operation;
use super::result::oss_result;
use super::status::oss_status;
use std::ffi::c_char;

/// Looks whether an object is there and what it is. Its size is the header "Content-Length" of the result, its
/// metadata the headers "x-oss-meta-…"; ETag, CRC-64 and version id have accessors of their own.
///
/// After an upload that ended with OSS_STORED_UNKNOWN, this tells what became of it, when a minute has passed: until then,
/// OSS may still store the object. Only OSS is believed: a 200 or a 404 of a proxy's or a cache's says nothing.
///
/// @param bucket  not NULL.
/// @param key     as for oss_put_object().
/// @param result  receives what there is to know about the object; may be NULL.
/// @return OSS_STATUS_OK with OSS_STORED_YES; OSS_STATUS_SERVICE with the HTTP status 404 and OSS_STORED_NO if there is none.
///         With OSS_STORED_UNKNOWN it could not be found out, whatever the HTTP status. Blocks until the reply is there or a
///         time-out ends it.
///
/// @code
/// oss_result *result = NULL;
/// if (oss_stat_object(bucket, "dir/photo.jpg", &result) == OSS_STATUS_OK) {
///     printf("%s bytes\n", oss_result_header(result, "Content-Length"));
/// }
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_stat_object(
    bucket: *const oss_bucket,
    key: *const c_char,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let bucket = convert::handle(bucket, "bucket")?;
            Ok(bucket.inner.stat(convert::text(key, "key")?))
        })
    }
}

/// Removes an object. Removing one that is not there succeeds, so that it is asked for again when a reply is lost. What others
/// than OSS answer counts as that.
///
/// @param bucket  not NULL.
/// @param key     as for oss_put_object().
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK: the object is not there, and stored is OSS_STORED_NO. With any other status it is
///         OSS_STORED_UNKNOWN, unless an argument was wrong. Blocks until the reply is there or a time-out ends it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_remove_object(
    bucket: *const oss_bucket,
    key: *const c_char,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let bucket = convert::handle(bucket, "bucket")?;
            Ok(bucket.inner.remove(convert::text(key, "key")?))
        })
    }
}
