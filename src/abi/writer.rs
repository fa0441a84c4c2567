//! `oss_writer`: an upload of data that the caller produces piece by piece.

use super::bucket::oss_bucket;
use super::callback::oss_callback;
use super::convert::{self, Output};
use super::guard;
use super::listener::Listener;
use super::operation::{construction, operation};
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use super::upload_options::oss_upload_options;
use crate::engine::Writer;
use std::ffi::{c_char, c_void};

/// Takes the data of one object, piece by piece. For one thread at a time, which need not always be the same.
pub struct oss_writer {
    inner: Writer,
    listener: Listener,
}

/// Begins an upload of data that is produced piece by piece. Nothing is sent yet.
///
/// What is written is held in memory until there are as many parts as are sent at once; they are then sent while
/// oss_writer_write() or oss_writer_finish() is running. Data that fits into one part is put with a single request.
///
/// @param bucket    not NULL; the writer keeps its own reference.
/// @param key       as for oss_put_object(); copied.
/// @param callback  what OSS shall tell the application server when the object is stored; NULL for no callback; copied.
/// @param options   NULL for the defaults; copied. The functions among them are called by the writer's operations. A
///                  checkpoint folder is refused: what was written cannot be had again.
/// @param writer    receives the handle, to be freed with oss_writer_free(), or NULL on failure; not NULL.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
///
/// @code
/// oss_writer *writer = NULL;
/// oss_result *result = NULL;
/// if (oss_writer_new(bucket, "logs/today.csv", callback, NULL, &writer, NULL) == OSS_STATUS_OK &&
///     oss_writer_write(writer, data, size, NULL) == OSS_STATUS_OK &&
///     oss_writer_finish(writer, &result) == OSS_STATUS_OK) {
///     printf("the application server says: %s\n", (const char *)oss_result_body(result, NULL));
/// }
/// oss_result_free(result);
/// oss_writer_free(writer);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_writer_new(
    bucket: *const oss_bucket,
    key: *const c_char,
    callback: *const oss_callback,
    options: *const oss_upload_options,
    writer: *mut *mut oss_writer,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(writer, "writer")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let key = convert::text(key, "key")?;
            let callback = settable::optional(callback);
            let options = settable::or_default(options);
            let inner = Writer::new(&bucket.inner, key, callback, &options.upload)?;
            output.give(oss_writer { inner, listener: options.listener });
            Ok(())
        })
    }
}

/// Takes data for the object.
///
/// @param writer  not NULL.
/// @param data    the bytes, copied; may be anything if `len` is 0.
/// @param len     how many bytes.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; otherwise the upload has failed as it can with oss_upload_object(), its parts are removed unless
///         the options keep them, and later calls fail too. Blocks while parts are being sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_writer_write(
    writer: *mut oss_writer,
    data: *const c_void,
    len: usize,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let oss_writer { inner, listener } = convert::handle_mut(writer, "writer")?;
            Ok(inner.write(convert::bytes(data, len, "data")?, listener))
        })
    }
}

/// Sends what is left and makes the object of all that was written.
///
/// @param writer  not NULL; still to be freed.
/// @param result  receives what there is to know about the call, the application server's answer included; may be NULL.
/// @return as for oss_upload_object(). Blocks as that does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_writer_finish(
    writer: *mut oss_writer,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let oss_writer { inner, listener } = convert::handle_mut(writer, "writer")?;
            Ok(inner.finish(listener))
        })
    }
}

/// Ends an upload without an object, and removes what OSS has of it. If that fails, or a part that was sent and not answered
/// may arrive afterwards, oss_result_upload_id() names the upload, and the writer can be aborted once more.
///
/// @param writer  not NULL; still to be freed.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK, also if there was nothing to remove. Blocks until OSS has answered or a time-out ends it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_writer_abort(
    writer: *mut oss_writer,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { operation(result, || Ok(convert::handle_mut(writer, "writer")?.inner.abort())) }
}

/// Frees a writer. Finish or abort it before: freeing sends nothing, so parts that were sent already stay at OSS and cost
/// money.
///
/// @param writer  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_writer_free(writer: *mut oss_writer) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(writer) });
}
