//! `oss_multipart`: an upload in parts.

use super::body::oss_body;
use super::bucket::{self, oss_bucket};
use super::callback::oss_callback;
use super::cancel::oss_cancel;
use super::convert::{self, Output, c_text};
use super::guard;
use super::operation::{Refusal, construction, operation};
use super::part_list::oss_part_list;
use super::put_options::oss_put_options;
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use crate::engine::{Body, Completion, Multipart, Outcome};
use std::ffi::{CString, c_char, c_void};

/// An upload in parts. Any number of threads may upload parts of it at once, and a child may go on with it after fork().
/// Freeing the handle ends nothing at OSS: an upload that is neither completed nor aborted keeps its parts, which cost
/// money, and can be taken up again with oss_reopen_multipart().
pub struct oss_multipart {
    inner: Multipart,
    upload_id: CString,
}

/// # Safety
/// `pointer` is NULL or a live handle. Parts may be uploaded from many threads at once, so it is only ever shared.
unsafe fn shared<'a>(pointer: *mut oss_multipart) -> Result<&'a Multipart, Refusal> {
    // SAFETY: the caller vouches for it.
    Ok(&unsafe { convert::handle(pointer, "multipart") }?.inner)
}

fn give(output: Output<oss_multipart>, (multipart, outcome): (Option<Multipart>, Outcome)) -> Outcome {
    if let Some(inner) = multipart {
        output.give(oss_multipart { upload_id: c_text(inner.upload_id()), inner });
    }
    outcome
}

/// Begins an upload in parts. If the reply is lost, it is begun again, and an upload without parts may be left. Nobody was
/// told its id, so no result names it. oss_list_uploads() with the key as its prefix lists it; a lifecycle rule of the bucket
/// that removes parts after some days spares the trouble.
///
/// @param bucket     not NULL.
/// @param key        as for oss_put_object().
/// @param options    what the object is to be stored with; NULL for the defaults.
/// @param multipart  receives the handle, to be freed with oss_multipart_free(), or NULL on failure; not NULL.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK: the upload has begun; nothing is stored before it is completed. Blocks until the reply is there
///         or a time-out ends it.
///
/// @code
/// oss_multipart *multipart = NULL;
/// oss_result *result = NULL;
/// if (oss_begin_multipart(bucket, "dir/film.mp4", NULL, &multipart, NULL) != OSS_STATUS_OK ||
///     oss_upload_part(multipart, 1, data, size, NULL) != OSS_STATUS_OK ||
///     oss_complete_multipart(multipart, callback, &result) != OSS_STATUS_OK) {
///     fprintf(stderr, "not complete: %s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_multipart_free(multipart);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_begin_multipart(
    bucket: *const oss_bucket,
    key: *const c_char,
    options: *const oss_put_options,
    multipart: *mut *mut oss_multipart,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let output = Output::new(multipart, "multipart")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let key = convert::text(key, "key")?;
            let options = settable::or_default(options);
            Ok(give(output, Multipart::begin(&bucket.inner, key, &options)))
        })
    }
}

/// Goes on with an upload that was begun elsewhere or earlier. OSS is asked for the parts that are there, and
/// oss_complete_multipart() includes them. What the object is stored with was settled at the beginning; a traffic limit,
/// a deadline and the wish not to overwrite do not come back with it.
///
/// @param bucket     not NULL.
/// @param key        the key that the upload was begun with; not NULL.
/// @param upload_id  the id that it was given; not NULL.
/// @param multipart  receives the handle, to be freed with oss_multipart_free(), or NULL on failure; not NULL.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_SERVICE with the code "NoSuchUpload" if there is none. Blocks until all replies are
///         there or a time-out ends it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_reopen_multipart(
    bucket: *const oss_bucket,
    key: *const c_char,
    upload_id: *const c_char,
    multipart: *mut *mut oss_multipart,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let output = Output::new(multipart, "multipart")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let key = convert::text(key, "key")?;
            let upload_id = convert::text(upload_id, "upload_id")?;
            Ok(give(output, Multipart::reopen(&bucket.inner, key, upload_id)))
        })
    }
}

/// Gives another handle for an upload in parts, whose calls are bound to a deadline and a cancel of their own instead of
/// those that it was begun with. What is uploaded through one of the handles is known to the other.
///
/// @param multipart    not NULL.
/// @param deadline_ms  how long each call may take in all, at most 604 800 000 milliseconds; 0 for no limit.
/// @param cancel       who may end the calls; NULL for nobody; the handle keeps its own reference.
/// @param limited      receives the handle, to be freed with oss_multipart_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block: nothing is sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_multipart_with_limits(
    multipart: *mut oss_multipart,
    deadline_ms: u64,
    cancel: *const oss_cancel,
    limited: *mut *mut oss_multipart,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(limited, "limited")?;
            let inner = shared(multipart)?.with_limits(bucket::limits(deadline_ms, cancel)?);
            output.give(oss_multipart { upload_id: c_text(inner.upload_id()), inner });
            Ok(())
        })
    }
}

/// Gives the id under which OSS knows the upload.
///
/// @param multipart  may be NULL.
/// @return the id, valid until `multipart` is freed; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_multipart_upload_id(multipart: *const oss_multipart) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { multipart.as_ref() }.map_or(c"".as_ptr(), |multipart| multipart.upload_id.as_ptr())
}

/// Uploads bytes as a part.
///
/// @param multipart    not NULL; several threads may upload parts at once.
/// @param part_number  from 1 to 10000; a part that is there under this number is replaced.
/// @param data         the bytes, borrowed for the call; may be anything if `len` is 0.
/// @param len          how many bytes; at most 5 GiB, and at least 102 400 in every part but the last.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return as for oss_upload_part_body().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_part(
    multipart: *mut oss_multipart,
    part_number: u32,
    data: *const c_void,
    len: usize,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let multipart = shared(multipart)?;
            Ok(multipart.upload_part(part_number, Body::Bytes(convert::bytes(data, len, "data")?)))
        })
    }
}

/// Uploads a body as a part. Its CRC-64 is compared with the one that OSS reports, and it is sent again if they differ, and
/// also if its reply is lost: a part makes no object, so stored is OSS_STORED_NO however this ends.
///
/// @param multipart    not NULL; several threads may upload parts at once.
/// @param part_number  as for oss_upload_part().
/// @param body         what to upload, of a size as for oss_upload_part(); not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK: OSS has the part; its ETag is in the result. Blocks until the reply is there or a time-out ends
///         it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_part_body(
    multipart: *mut oss_multipart,
    part_number: u32,
    body: *const oss_body,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let multipart = shared(multipart)?;
            Ok(multipart.upload_part(part_number, convert::handle(body, "body")?.open()?))
        })
    }
}

/// Lists the parts that OSS has of an upload.
///
/// @param multipart  not NULL.
/// @param parts      receives the list, to be freed with oss_part_list_free(), or NULL on failure; not NULL.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_SERVICE with the code "NoSuchUpload" if the upload was completed or aborted. Blocks
///         until all replies are there or a time-out ends it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_list_parts(
    multipart: *mut oss_multipart,
    parts: *mut *mut oss_part_list,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let output = Output::new(parts, "parts")?;
            let (parts, outcome) = shared(multipart)?.list_parts();
            if outcome.is_ok() {
                output.give(oss_part_list::new(parts)?);
            }
            Ok(outcome)
        })
    }
}

/// Makes the object of the parts that were uploaded through the handle and of those that were there when it was
/// reopened, and has OSS call the application server.
///
/// The CRC-64 of the object is compared with that of its parts. What is sent again and what is not follows the rules of
/// oss_put_body(). When a reply was lost and OSS then says "NoSuchUpload", the upload may have been completed: the object is
/// looked for, and if it is not found, stored is OSS_STORED_UNKNOWN.
///
/// @param multipart  not NULL.
/// @param callback   what OSS shall tell the application server; NULL for no callback.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return as for oss_put_body(). When it fails with OSS_STORED_NO, the upload is still there, unless OSS says
///         "NoSuchUpload".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_complete_multipart(
    multipart: *mut oss_multipart,
    callback: *const oss_callback,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { complete(multipart, || Ok(Completion::Known), callback, result) }
}

/// Makes the object of exactly these parts, as oss_complete_multipart() does of those it knows. Parts that other programs
/// uploaded are looked up first, for their sizes and CRCs.
///
/// @param multipart  not NULL.
/// @param parts      numbers and ETags; not NULL, not empty.
/// @param callback   what OSS shall tell the application server; NULL for no callback.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return as for oss_complete_multipart(); OSS_STATUS_SERVICE with the code "InvalidPart" for a part that OSS has not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_complete_multipart_with_parts(
    multipart: *mut oss_multipart,
    parts: *const oss_part_list,
    callback: *const oss_callback,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        let listed = || Ok(Completion::Listed(convert::handle(parts, "parts")?.wanted()?));
        complete(multipart, listed, callback, result)
    }
}

/// Makes the object of whatever parts OSS has, as oss_complete_multipart() does of those it knows. They are listed first,
/// so that the object can be checked.
///
/// @param multipart  not NULL.
/// @param callback   what OSS shall tell the application server; NULL for no callback.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return as for oss_complete_multipart().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_complete_multipart_with_all(
    multipart: *mut oss_multipart,
    callback: *const oss_callback,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { complete(multipart, || Ok(Completion::All), callback, result) }
}

/// # Safety
/// The pointers are NULL or live handles, and `result` NULL or a place to write to.
unsafe fn complete(
    multipart: *mut oss_multipart,
    completion: impl FnOnce() -> Result<Completion, Refusal>,
    callback: *const oss_callback,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller vouches for all pointers.
    unsafe {
        operation(result, || {
            let multipart = shared(multipart)?;
            let callback = settable::optional(callback);
            Ok(multipart.complete(completion()?, callback))
        })
    }
}

/// Ends an upload without an object: OSS forgets it and its parts. Parts that are being uploaded meanwhile may survive;
/// abort again when they are done. If one that was sent through this handle was not answered, oss_result_upload_id() names the
/// upload, for a minute. What others than OSS answer, be it a success, counts as a lost reply, and OSS is asked
/// again.
///
/// @param multipart  not NULL; still to be freed.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK, also if the upload is gone after a reply was lost; OSS_STATUS_SERVICE with the code "NoSuchUpload"
///         if it was completed or aborted before. With any other status it may still be there: abort again. Blocks until the
///         reply is there or a time-out ends it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_abort_multipart(
    multipart: *mut oss_multipart,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { operation(result, || Ok(shared(multipart)?.abort())) }
}

/// Frees the handle. At OSS the upload stays as it is.
///
/// @param multipart  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_multipart_free(multipart: *mut oss_multipart) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(multipart) });
}
