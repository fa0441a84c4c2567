//! `oss_presigned`: a request that others can make without knowing a secret.

use super::body::oss_body;
use super::bucket::oss_bucket;
use super::bucket_options::oss_bucket_options;
use super::callback::oss_callback;
use super::convert::{self, Output, c_text};
use super::guard;
use super::operation::{Refusal, construction, operation};
use super::put_options::oss_put_options;
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use crate::engine::{Bucket, Presigned};
use std::ffi::{CString, c_char};

/// A request that others can make without knowing a secret: a method, a URL, headers that belong to it, and in one
/// case a body. Whoever knows it can use it until it expires, so treat it as a secret of its own.
pub struct oss_presigned {
    inner: Presigned,
    method: CString,
    url: CString,
    headers: Vec<(CString, CString)>,
    body: CString,
}

impl From<Presigned> for oss_presigned {
    fn from(inner: Presigned) -> oss_presigned {
        let headers = inner.headers.iter().map(|(name, value)| (c_text(name), c_text(value)));
        oss_presigned {
            method: c_text(&inner.method),
            url: c_text(&inner.url),
            headers: headers.collect(),
            body: c_text(inner.body.as_deref().unwrap_or_default()),
            inner,
        }
    }
}

/// # Safety
/// The pointers are NULL or what the header says of them.
unsafe fn presign(
    bucket: *const oss_bucket,
    presigned: *mut *mut oss_presigned,
    result: *mut *mut oss_result,
    work: impl FnOnce(&Bucket) -> Result<Presigned, Refusal>,
) -> oss_status {
    // SAFETY: the caller vouches for all pointers.
    unsafe {
        construction(result, || {
            let output = Output::new(presigned, "presigned")?;
            let bucket = convert::handle(bucket, "bucket")?;
            output.give(oss_presigned::from(work(&bucket.inner)?));
            Ok(())
        })
    }
}

/// Signs the upload of an object, for somebody else to make. A callback travels in the URL, so whoever uses it has nothing
/// to add for that.
///
/// @param bucket      not NULL. With temporary credentials the URL ends with their key, however long its life; one that is asked
///                    for may be near its end, since it is kept until 5 minutes before.
/// @param key         as for oss_put_object().
/// @param callback    what OSS shall tell the application server; NULL for no callback.
/// @param options     what the object is stored with; NULL for nothing. Each becomes a header that has to be sent with the
///                    URL, exactly as oss_presigned_header_value() gives it. A content type is not guessed: without one
///                    here, none may be sent.
/// @param lifetime_s  for how many seconds it is good: with V4 up to seven days, with V1 up to 366. They begin now, by OSS's
///                    clock where an earlier call found out that it differs from the system's; over plain http, where that
///                    could be forged, by no more than 15 minutes.
/// @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
/// @param result      receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT, also for anonymous credentials; OSS_STATUS_CREDENTIALS if there is no key
///         to sign with. Blocks only where the key has to be asked for, within the bucket's deadline: nothing is sent to OSS.
///
/// @code
/// oss_presigned *presigned = NULL;
/// oss_result *result = NULL;
/// if (oss_presign_put(bucket, "dir/photo.jpg", callback, NULL, 900, &presigned, &result) == OSS_STATUS_OK) {
///     printf("%s %s\n", oss_presigned_method(presigned), oss_presigned_url(presigned));
/// } else {
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_presigned_free(presigned);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presign_put(
    bucket: *const oss_bucket,
    key: *const c_char,
    callback: *const oss_callback,
    options: *const oss_put_options,
    lifetime_s: u64,
    presigned: *mut *mut oss_presigned,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        presign(bucket, presigned, result, |bucket| {
            let callback = settable::optional(callback);
            let options = settable::or_default(options);
            Ok(bucket.presign_put(convert::text(key, "key")?, callback, &options, lifetime_s)?)
        })
    }
}

/// Signs the upload of a part, for somebody else to make.
///
/// @param bucket       not NULL.
/// @param key          the key that the upload was begun with; not NULL.
/// @param upload_id    the id that it was given; not NULL.
/// @param part_number  from 1 to 10000.
/// @param lifetime_s   as for oss_presign_put().
/// @param presigned    receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return as for oss_presign_put().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presign_upload_part(
    bucket: *const oss_bucket,
    key: *const c_char,
    upload_id: *const c_char,
    part_number: u32,
    lifetime_s: u64,
    presigned: *mut *mut oss_presigned,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        presign(bucket, presigned, result, |bucket| {
            let key = convert::text(key, "key")?;
            let upload_id = convert::text(upload_id, "upload_id")?;
            Ok(bucket.presign_upload_part(key, upload_id, part_number, lifetime_s)?)
        })
    }
}

/// Signs the completion of an upload in parts, for somebody else to make. A callback travels in the URL. The list of parts
/// is the body of the request and not signed.
///
/// @param bucket      not NULL.
/// @param key         the key that the upload was begun with; not NULL.
/// @param upload_id   the id that it was given; not NULL.
/// @param callback    what OSS shall tell the application server; NULL for no callback.
/// @param lifetime_s  as for oss_presign_put().
/// @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
/// @param result      receives what there is to know about the call; may be NULL.
/// @return as for oss_presign_put().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presign_complete_multipart(
    bucket: *const oss_bucket,
    key: *const c_char,
    upload_id: *const c_char,
    callback: *const oss_callback,
    lifetime_s: u64,
    presigned: *mut *mut oss_presigned,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        presign(bucket, presigned, result, |bucket| {
            let key = convert::text(key, "key")?;
            let upload_id = convert::text(upload_id, "upload_id")?;
            let callback = settable::optional(callback);
            Ok(bucket.presign_complete(key, upload_id, callback, lifetime_s)?)
        })
    }
}

/// Signs that OSS shall call the application server for an object that is there already, as oss_trigger_callback() has it
/// done, for somebody else to ask for. That takes the method, the URL, the headers and the body, exactly as they are: the
/// body's MD5 is among the headers and signed, so that with this URL OSS makes this callback and no other. It makes it as often
/// as it is asked to.
///
/// @param bucket      not NULL.
/// @param key         as for oss_put_object().
/// @param callback    what OSS shall tell the application server; not NULL.
/// @param lifetime_s  as for oss_presign_put().
/// @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
/// @param result      receives what there is to know about the call; may be NULL.
/// @return as for oss_presign_put().
///
/// @code
/// oss_presigned *presigned = NULL;
/// oss_result *result = NULL;
/// if (oss_presign_trigger_callback(bucket, "dir/photo.jpg", callback, 900, &presigned, &result) == OSS_STATUS_OK) {
///     printf("%s %s\n%s\n", oss_presigned_method(presigned), oss_presigned_url(presigned),
///            oss_presigned_body(presigned, NULL));
/// } else {
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_presigned_free(presigned);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presign_trigger_callback(
    bucket: *const oss_bucket,
    key: *const c_char,
    callback: *const oss_callback,
    lifetime_s: u64,
    presigned: *mut *mut oss_presigned,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        presign(bucket, presigned, result, |bucket| {
            let key = convert::text(key, "key")?;
            let callback = convert::handle(callback, "callback")?;
            Ok(bucket.presign_trigger_callback(key, &callback.inner, lifetime_s)?)
        })
    }
}

/// Signs the download of an object, for somebody else to make.
///
/// @param bucket      not NULL.
/// @param key         as for oss_put_object().
/// @param lifetime_s  as for oss_presign_put().
/// @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
/// @param result      receives what there is to know about the call; may be NULL.
/// @return as for oss_presign_put().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presign_get(
    bucket: *const oss_bucket,
    key: *const c_char,
    lifetime_s: u64,
    presigned: *mut *mut oss_presigned,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        presign(bucket, presigned, result, |bucket| {
            Ok(bucket.presign_get(convert::text(key, "key")?, lifetime_s)?)
        })
    }
}

/// Takes a URL for a PUT that somebody else signed, for oss_put_to_url().
///
/// @param url        http or https, with its query; not NULL; copied. It is in no message.
/// @param presigned  receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for what is no such URL. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_new(
    url: *const c_char,
    presigned: *mut *mut oss_presigned,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(presigned, "presigned")?;
            output.give(oss_presigned::from(Presigned::from_url(convert::text(url, "url")?)?));
            Ok(())
        })
    }
}

/// Adds a header that was signed together with a URL. Some programs sign the callback like that, as "x-oss-callback" and
/// "x-oss-callback-var".
///
/// @param presigned  not NULL.
/// @param name       replaced if it is there already; not NULL; copied.
/// @param value      not NULL; copied.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for a header that cannot be sent, or that the library writes. Does not
///         block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_add_header(
    presigned: *mut oss_presigned,
    name: *const c_char,
    value: *const c_char,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let presigned = convert::handle_mut(presigned, "presigned")?;
            let mut inner = presigned.inner.clone();
            inner.add_header(convert::text(name, "name")?, convert::text(value, "value")?)?;
            *presigned = oss_presigned::from(inner);
            Ok(())
        })
    }
}

/// Uploads to a URL that somebody else signed, without any access key. The callback in it, if there is one, and its answer
/// are treated as everywhere: OSS's 203 is OSS_STATUS_CALLBACK_FAILED, and nothing is sent twice that may have been
/// stored with a callback. Nothing can be looked up with such a URL: when a reply is lost, and sending again brings none where
/// that is done, stored is unknown.
///
/// @param presigned  from oss_presigned_new(), oss_presign_put() or oss_presign_upload_part(); not NULL.
/// @param body       what to upload, at most 5 GiB; not NULL.
/// @param options    time-outs, the deadline, a cancel, certificates and the proxy; NULL for the defaults.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return as for oss_put_body(). OSS_STATUS_SERVICE with the code "AccessDenied" if the URL has expired. Blocks as that
///         does.
///
/// @code
/// oss_presigned *presigned = NULL;
/// oss_body *body = oss_body_from_file("/tmp/photo.jpg");
/// oss_result *result = NULL;
/// oss_status status =
///     oss_presigned_new("https://examplebucket.oss-cn-hangzhou.aliyuncs.com/photo.jpg?…", &presigned, &result);
/// if (status == OSS_STATUS_OK) {
///     oss_result_free(result);
///     status = oss_put_to_url(presigned, body, NULL, &result);
/// }
/// printf("%s\n", status == OSS_STATUS_OK ? "stored" : oss_result_message(result));
/// oss_result_free(result);
/// oss_body_free(body);
/// oss_presigned_free(presigned);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_to_url(
    presigned: *const oss_presigned,
    body: *const oss_body,
    options: *const oss_bucket_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let presigned = convert::handle(presigned, "presigned")?;
            let body = convert::handle(body, "body")?;
            let options = settable::or_default(options);
            Ok(presigned.inner.put(body.open()?, &options))
        })
    }
}

/// Gives the method to use.
///
/// @param presigned  may be NULL.
/// @return such as "PUT", valid until `presigned` is freed or gets another header; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_method(presigned: *const oss_presigned) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { presigned.as_ref() }.map_or(c"".as_ptr(), |presigned| presigned.method.as_ptr())
}

/// Gives the URL.
///
/// @param presigned  may be NULL.
/// @return the URL, valid until `presigned` is freed or gets another header; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_url(presigned: *const oss_presigned) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { presigned.as_ref() }.map_or(c"".as_ptr(), |presigned| presigned.url.as_ptr())
}

/// Says until when the URL is good.
///
/// @param presigned  may be NULL.
/// @return seconds since 1970; 0 for NULL and for a URL that somebody else signed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_expires(presigned: *const oss_presigned) -> i64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { presigned.as_ref() }.and_then(|presigned| presigned.inner.expires).unwrap_or_default()
}

/// Counts the headers that have to be sent with the URL.
///
/// @param presigned  may be NULL.
/// @return how many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_header_count(presigned: *const oss_presigned) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { presigned.as_ref() }.map_or(0, |presigned| presigned.headers.len())
}

/// Gives the name of a header that has to be sent with the URL.
///
/// @param presigned  may be NULL.
/// @param index      from 0 to the count less one.
/// @return the name, valid until `presigned` is freed or gets another header; empty if there is no such header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_header_name(
    presigned: *const oss_presigned,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let header = unsafe { presigned.as_ref() }.and_then(|presigned| presigned.headers.get(index));
    header.map_or(c"".as_ptr(), |(name, _)| name.as_ptr())
}

/// Gives the value of a header that has to be sent with the URL.
///
/// @param presigned  may be NULL.
/// @param index      from 0 to the count less one.
/// @return the value, valid until `presigned` is freed or gets another header; empty if there is no such header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_header_value(
    presigned: *const oss_presigned,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let header = unsafe { presigned.as_ref() }.and_then(|presigned| presigned.headers.get(index));
    header.map_or(c"".as_ptr(), |(_, value)| value.as_ptr())
}

/// Gives the body that has to be sent with the URL, of what oss_presign_trigger_callback() signed.
///
/// @param presigned  may be NULL.
/// @param len        receives the number of bytes; may be NULL.
/// @return the text, valid until `presigned` is freed or gets another header; empty for NULL, and where the body is left to
///         whoever uses the URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_body(
    presigned: *const oss_presigned,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let body = unsafe { presigned.as_ref() }.map_or(c"", |presigned| presigned.body.as_c_str());
    // SAFETY: the caller passes NULL or a place to write to.
    if let Some(place) = unsafe { len.as_mut() } {
        *place = body.count_bytes();
    }
    body.as_ptr()
}

/// Frees the handle.
///
/// @param presigned  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_presigned_free(presigned: *mut oss_presigned) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(presigned) });
}
