//! Having OSS call for an object that is there already.

use super::bucket::oss_bucket;
use super::callback::oss_callback;
use super::convert;
use super::operation::operation;
use super::put_options::oss_put_options;
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use std::ffi::c_char;

/// Has OSS call the application server for an object that is there already: after an upload whose callback failed, for
/// example, or of which nobody knows what became. The server hears from OSS itself, with OSS's signature, of the object as
/// it is now.
///
/// This is what OSS's SDKs for phones do. OSS's documentation does not speak of it, so an OSS may refuse it, and what
/// "operation" stands for in such a callback is not known.
///
/// When the reply is lost, the request is not sent again, since OSS may have called; with OSS_CALLBACK_AT_LEAST_ONCE it is,
/// and oss_result_callback_repeats() tells how often the callback may have run before. What OSS certainly did not do is sent
/// again in any case. Nothing is stored and nothing looked up: that the object is there, which OSS_STORED_YES says, is in a
/// reply of OSS's. Where that was lost, nobody but the program that calls this can know it.
///
/// @param bucket    not NULL.
/// @param key       as for oss_put_object().
/// @param callback  what OSS shall tell the application server; not NULL.
/// @param options   NULL for the defaults. The deadline, the cancel, the callback delivery and the content type count, which is
///                  guessed from the key and says nothing of what is sent; what else an object is stored with is checked,
///                  and not sent.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK: oss_result_body() is the application server's answer.
///         OSS_STATUS_CALLBACK_FAILED: OSS says that the application server did not answer as it should.
///         OSS_STATUS_CALLBACK_UNKNOWN: whether the callback was made, or what the application server answered, is not known.
///         So ends, too, what is cancelled or out of time while OSS may be at it. With these, stored is OSS_STORED_YES; but
///         OSS_STORED_UNKNOWN if no reply of OSS's tells of the object, or only an error document of OSS's under a 200.
///         OSS_STATUS_SERVICE with the code "NoSuchKey" and OSS_STORED_NO: there is no such object.
///         Any other status: the callback was not made, and stored is OSS_STORED_UNKNOWN, unless an argument was wrong. An
///         OSS that does not know how to call again ends with OSS_STATUS_SERVICE and says so in its own words. Blocks until
///         the reply is there or a time-out ends it.
///
/// @code
/// oss_result *result = NULL;
/// oss_status status = oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, NULL, NULL);
/// if (status == OSS_STATUS_CALLBACK_FAILED) {
///     status = oss_trigger_callback(bucket, "dir/photo.jpg", callback, NULL, &result);
///     printf("%s: the application server says: %s\n", oss_status_name((int)status),
///            (const char *)oss_result_body(result, NULL));
/// }
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_trigger_callback(
    bucket: *const oss_bucket,
    key: *const c_char,
    callback: *const oss_callback,
    options: *const oss_put_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let bucket = convert::handle(bucket, "bucket")?;
            let key = convert::text(key, "key")?;
            let callback = convert::handle(callback, "callback")?;
            let options = settable::or_default(options);
            Ok(bucket.inner.trigger_callback(key, &callback.inner, &options))
        })
    }
}
