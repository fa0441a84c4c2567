//! The managed upload, and the uploads that others left.

use super::body::oss_body;
use super::bucket::oss_bucket;
use super::callback::oss_callback;
use super::convert::{self, Output, c_text};
use super::guard;
use super::operation::{Refusal, list, operation};
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use super::upload_options::oss_upload_options;
use crate::engine::Uploads;
use std::ffi::{CString, c_char};

/// Uploads data of any kind and length as an object, with or without a callback. This is what most programs should call
/// for anything that is not small.
///
/// Small data is put with one request; the rest goes in parts, several at a time, on the thread that calls. Each part is
/// sent again if need be, its CRC-64 is compared with the one that OSS reports, and so is that of the whole. The callback
/// goes with the request that makes the object, and only with that one. What is sent again and what is not follows the
/// rules of oss_put_body(). If the upload fails, its parts are removed, unless they are wanted for resuming, or OSS may yet
/// make the object of them, so that stored is OSS_STORED_UNKNOWN. A part that was sent and not answered may arrive after the
/// others were removed: they are then removed twice, and oss_result_upload_id() names the upload, to be aborted once more.
///
/// If the reply to the beginning of an upload in parts is lost, it is begun again, and the first may be left at OSS without
/// parts. Nobody was told its id, so no result names it. oss_list_uploads() with the key as its prefix lists it; a lifecycle
/// rule of the bucket that removes parts after some days spares the trouble.
///
/// What is left of an earlier upload of a file that has changed since is removed. If that fails, the file is uploaded all the
/// same, and oss_result_upload_id() and the message name what is left.
///
/// With a checkpoint folder, an earlier process may have been stopped after it asked OSS to make the object. If OSS made it of
/// the file as it is now, the call ends with OSS_STATUS_OK, or with OSS_STATUS_CALLBACK_UNKNOWN if there was a callback. If
/// OSS still has the upload, it is completed; but where a callback might run twice, not within a minute after it was asked
/// for. Until then the object is looked for, and if it is not found, the call ends with OSS_STORED_UNKNOWN, and its message
/// says from when on the same call goes on. If there is neither, the upload starts over; where a callback might run twice, it
/// ends with OSS_STORED_UNKNOWN first, and starts over at the next call when the minute has passed.
///
/// @param bucket    not NULL.
/// @param key       as for oss_put_object().
/// @param body      what to upload; not NULL.
/// @param callback  what OSS shall tell the application server; NULL for no callback.
/// @param options   NULL for the defaults.
/// @param result    receives what there is to know about the call; may be NULL. oss_result_upload_id() says whether parts
///                  were left at OSS.
/// @return as for oss_put_body(), and besides:
///         OSS_STATUS_CANCELLED: a cancel was fired, or the progress function said so.
///         OSS_STATUS_CHECKPOINT_BUSY: another call, of this process or another, is at the same upload, and was so for two
///         seconds.
///         OSS_STATUS_LOCAL_IO: the data could not be read, or the checkpoint not be read, or not be written at the beginning or
///         before a callback was asked for, or there is no place for it.
///         OSS_STATUS_SOURCE_CHANGED: the file no longer has the bytes that were sent, and these are not stored.
///         OSS_STATUS_INTEGRITY with OSS_STORED_NO: a part had another CRC-64 than its data, however often it was sent.
///         OSS_STATUS_CALLBACK_UNKNOWN can also mean that an earlier process stored the object and was stopped before it
///         learnt of it. Blocks until the object is stored, or a time-out, the deadline or a cancel ends it.
///
/// @code
/// oss_body *body = oss_body_from_file("/data/film.mp4");
/// oss_upload_options *options = oss_upload_options_new();
/// oss_result *result = NULL;
/// if (oss_upload_options_set_checkpoint(options, "/var/lib/myapp/uploads") != OSS_STATUS_OK ||
///     oss_upload_object(bucket, "films/film.mp4", body, callback, options, &result) != OSS_STATUS_OK) {
///     fprintf(stderr, "%s%s\n", oss_upload_options_error(options), oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_upload_options_free(options);
/// oss_body_free(body);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_object(
    bucket: *const oss_bucket,
    key: *const c_char,
    body: *const oss_body,
    callback: *const oss_callback,
    options: *const oss_upload_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let bucket = convert::handle(bucket, "bucket")?;
            let key = convert::text(key, "key")?;
            let body = convert::handle(body, "body")?;
            let callback = settable::optional(callback);
            let options = settable::or_default(options);
            Ok(bucket.inner.upload(key, body.open()?, callback, &options.upload, &options.listener))
        })
    }
}

/// Uploads in parts that are neither completed nor aborted. For one thread at a time.
#[derive(Default)]
pub struct oss_upload_list {
    entries: Vec<Entry>,
    is_truncated: bool,
}

struct Entry {
    key: CString,
    upload_id: CString,
    initiated: CString,
}

impl oss_upload_list {
    fn new(uploads: &Uploads) -> Result<oss_upload_list, Refusal> {
        let entries = uploads.uploads.iter().map(|upload| Entry {
            key: c_text(&upload.key),
            upload_id: c_text(&upload.upload_id),
            initiated: c_text(&upload.initiated),
        });
        Ok(oss_upload_list { entries: list(entries)?, is_truncated: uploads.is_truncated })
    }
}

/// # Safety
/// `list` is NULL or a live handle.
unsafe fn field(
    list: *const oss_upload_list,
    index: usize,
    of: impl FnOnce(&Entry) -> &CString,
) -> *const c_char {
    // SAFETY: the caller vouches for it.
    let entry = unsafe { list.as_ref() }.and_then(|list| list.entries.get(index));
    entry.map_or(c"".as_ptr(), |entry| of(entry).as_ptr())
}

/// Lists the uploads in parts that are neither completed nor aborted, whoever began them. Their parts cost money: with
/// oss_reopen_multipart() and oss_abort_multipart() a program can remove what others left.
///
/// @param bucket   not NULL.
/// @param prefix   what the keys begin with; NULL or empty for all.
/// @param limit    how many to list at most, from 1 to 100 000. Keys, ids and times of more than 16 MiB in all are not listed
///                 either way; with a longer prefix there are fewer.
/// @param uploads  receives the list, to be freed with oss_upload_list_free(), or NULL on failure; not NULL.
/// @param result   receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_SERVICE if OSS refuses; OSS_STATUS_BAD_RESPONSE for a list that makes no sense, as one that
///         does not go on or has a key or an id of more than 1024 bytes. Blocks until all replies are there or a time-out ends
///         it.
///
/// @code
/// oss_upload_list *uploads = NULL;
/// if (oss_list_uploads(bucket, "films/", 1000, &uploads, NULL) == OSS_STATUS_OK) {
///     for (size_t i = 0; i < oss_upload_list_count(uploads); i++) {
///         const char *key = oss_upload_list_key(uploads, i), *id = oss_upload_list_upload_id(uploads, i);
///         oss_multipart *multipart = NULL;
///         if (oss_reopen_multipart(bucket, key, id, &multipart, NULL) != OSS_STATUS_OK ||
///             oss_abort_multipart(multipart, NULL) != OSS_STATUS_OK) {
///             printf("%s is still there\n", key);
///         }
///         oss_multipart_free(multipart);
///     }
/// }
/// oss_upload_list_free(uploads);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_list_uploads(
    bucket: *const oss_bucket,
    prefix: *const c_char,
    limit: u32,
    uploads: *mut *mut oss_upload_list,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let output = Output::new(uploads, "uploads")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let prefix = convert::optional_text(prefix, "prefix")?.unwrap_or_default();
            let (found, outcome) = bucket.inner.list_uploads(prefix, limit);
            if outcome.is_ok() {
                output.give(oss_upload_list::new(&found)?);
            }
            Ok(outcome)
        })
    }
}

/// Counts the uploads.
///
/// @param list  may be NULL.
/// @return how many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_list_count(list: *const oss_upload_list) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { list.as_ref() }.map_or(0, |list| list.entries.len())
}

/// Says whether there are more uploads than were listed.
///
/// @param list  may be NULL.
/// @return 1 if the limit, or that of 16 MiB, left some out, otherwise 0; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_list_is_truncated(list: *const oss_upload_list) -> i32 {
    // SAFETY: the caller passes NULL or a live handle.
    i32::from(unsafe { list.as_ref() }.is_some_and(|list| list.is_truncated))
}

/// Gives the key that an upload will make.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the key, valid until the list is freed; empty if there is no such upload.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_list_key(list: *const oss_upload_list, index: usize) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(list, index, |entry| &entry.key) }
}

/// Gives an upload's id, for oss_reopen_multipart().
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the id, valid until the list is freed; empty if there is no such upload.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_list_upload_id(
    list: *const oss_upload_list,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(list, index, |entry| &entry.upload_id) }
}

/// Says when an upload was begun.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the time as OSS writes it, such as "2026-01-31T23:59:59.000Z", valid until the list is freed; empty if there is
///         no such upload.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_list_initiated(
    list: *const oss_upload_list,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(list, index, |entry| &entry.initiated) }
}

/// Frees a list.
///
/// @param list  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_list_free(list: *mut oss_upload_list) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(list) });
}
