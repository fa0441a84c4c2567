//! `oss_bucket`: a bucket and the way to it.

use super::bucket_options::oss_bucket_options;
use super::cancel::{self, oss_cancel};
use super::convert::{self, Output};
use super::credentials::oss_credentials;
use super::guard;
use super::operation::construction;
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use crate::engine::{Bucket, Limits};
use crate::wire::mistake::Mistake;
use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

/// A bucket and the connections to it. Any number of threads may use it at once, and so may a child after fork(): it
/// never touches a connection of its parent's.
pub struct oss_bucket {
    pub(super) inner: Arc<Bucket>,
}

/// Makes a handle for a bucket. Nothing is sent: whether the bucket exists is found out by the first upload.
///
/// @param endpoint     such as "https://oss-cn-hangzhou.aliyuncs.com", "http://127.0.0.1:9000" or a domain of the
///                     bucket's own, in ASCII; https if it names no scheme; not NULL; copied.
/// @param name         the bucket's name: 3 to 63 of a-z, 0-9 and "-"; not NULL; copied.
/// @param credentials  who signs; not NULL; the bucket keeps its own reference.
/// @param options      NULL for the defaults; copied.
/// @param bucket       receives the handle, to be freed with oss_bucket_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for an endpoint or name that cannot be right, for V4 without a
///         region, or for a host of aliyuncs.com that tells no region, such as oss-accelerate.aliyuncs.com, if neither region nor
///         signature is set. Does not block.
///
/// @code
/// oss_credentials *credentials = NULL;
/// oss_bucket *bucket = NULL;
/// oss_result *result = NULL;
/// if (oss_credentials_new_from_environment(&credentials, NULL) != OSS_STATUS_OK ||
///     oss_bucket_new("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials, NULL, &bucket, &result) !=
///         OSS_STATUS_OK) {
///     printf("no bucket: %s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_bucket_free(bucket);
/// oss_credentials_free(credentials);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_new(
    endpoint: *const c_char,
    name: *const c_char,
    credentials: *const oss_credentials,
    options: *const oss_bucket_options,
    bucket: *mut *mut oss_bucket,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(bucket, "bucket")?;
            let endpoint = convert::text(endpoint, "endpoint")?;
            let name = convert::text(name, "name")?;
            let credentials = convert::handle(credentials, "credentials")?;
            let options = settable::or_default(options);
            let inner = Bucket::new(endpoint, name, Arc::clone(&credentials.inner), &options)?;
            output.give(oss_bucket { inner: Arc::new(inner) });
            Ok(())
        })
    }
}

/// Gives another handle for a bucket, which shares its connections, and whose calls are bound to a deadline and a cancel of
/// their own instead of the bucket's. With it a single call can be ended that takes no options, such as oss_stat_object().
///
/// @param bucket       not NULL.
/// @param deadline_ms  how long each call may take in all, at most 604 800 000 milliseconds; 0 for no limit.
/// @param cancel       who may end the calls; NULL for nobody; the handle keeps its own reference.
/// @param limited      receives the handle, to be freed with oss_bucket_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block: nothing is sent.
///
/// @code
/// oss_bucket *limited = NULL;
/// oss_result *result = NULL;
/// if (oss_bucket_with_limits(bucket, 2000, NULL, &limited, &result) != OSS_STATUS_OK) {
///     printf("%s\n", oss_result_message(result));
/// } else if (oss_stat_object(limited, "dir/photo.jpg", NULL) == OSS_STATUS_TIMEOUT) {
///     printf("no answer within two seconds\n");
/// }
/// oss_result_free(result);
/// oss_bucket_free(limited);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_with_limits(
    bucket: *const oss_bucket,
    deadline_ms: u64,
    cancel: *const oss_cancel,
    limited: *mut *mut oss_bucket,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(limited, "limited")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let inner = bucket.inner.with_limits(limits(deadline_ms, cancel)?);
            output.give(oss_bucket { inner: Arc::new(inner) });
            Ok(())
        })
    }
}

/// # Safety
/// `cancel` is NULL or a live handle.
pub(super) unsafe fn limits(deadline_ms: u64, cancel: *const oss_cancel) -> Result<Limits, Mistake> {
    let mut limits = Limits::default();
    limits.set_deadline(Duration::from_millis(deadline_ms))?;
    // SAFETY: the caller vouches for it.
    limits.set_cancel(unsafe { cancel::shared(cancel) });
    Ok(limits)
}

/// Frees a bucket and closes its idle connections. No call on it may be running or about to; multipart uploads made
/// from it keep their own reference.
///
/// @param bucket  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_free(bucket: *mut oss_bucket) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(bucket) });
}
