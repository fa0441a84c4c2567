//! The body that OSS would send for a callback, for a program that has to tell its server itself.

use super::callback::oss_callback;
use super::convert::{self, Output};
use super::guard;
use super::operation::construction;
use super::result::oss_result;
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use super::string::oss_string;
use crate::callback::Values;
use std::ffi::c_char;

/// What the variables of a callback's template stand for, where the result of an upload does not say it. A setter that
/// refuses a value leaves everything as it was; oss_callback_values_error() then says why. Set by one thread; any number of
/// calls may use it afterwards.
#[derive(Default)]
pub struct oss_callback_values {
    inner: Settable<Values>,
}

impl HasSetters for oss_callback_values {
    type Value = Values;

    fn settable(&self) -> &Settable<Values> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<Values> {
        &mut self.inner
    }
}

/// Makes an empty set of values.
///
/// @return a handle, to be freed with oss_callback_values_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_callback_values_new() -> *mut oss_callback_values {
    Box::into_raw(Box::default())
}

/// Sets what one of OSS's variables stands for, such as "imageInfo.width", or that of oss_callback_set_delivery_variable().
///
/// @param values  not NULL.
/// @param name    a variable that oss_callback_new() lists, or one that begins with "x:", without "${" and "}"; not NULL.
/// @param value   a decimal number for "size", "imageInfo.height" and "imageInfo.width"; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_values_set(
    values: *mut oss_callback_values,
    name: *const c_char,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(values, |values| values.set(convert::text(name, "name")?, convert::text(value, "value")?)) }
}

/// Says which rule the value broke that the setter refused last.
///
/// @param values  may be NULL.
/// @return one line for a human, valid until the next refusal or until `values` is freed; empty if no value was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_values_error(values: *const oss_callback_values) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(values) }
}

/// Frees a set of values.
///
/// @param values  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_values_free(values: *mut oss_callback_values) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(values) });
}

/// Makes the body that OSS would send for a callback after an upload, so that a program can tell its server itself when an
/// upload ended with OSS_STATUS_CALLBACK_FAILED or OSS_STATUS_CALLBACK_UNKNOWN.
///
/// Only the body can be made. OSS signs its requests with a key that nobody else has: a server that verifies callbacks has
/// to take this one by another way, with an authentication of its own. And after OSS_STATUS_CALLBACK_UNKNOWN the server may
/// have heard from OSS already, so it should be able to hear the same twice.
///
/// The result of the upload tells bucket, object, etag, size, mimeType, crc64, contentMd5, reqId and operation, and what the
/// variable of oss_callback_set_delivery_variable() was set to. It tells no bucket after oss_post_object() and
/// oss_put_to_url(), no object after the latter, no mimeType of a multipart upload that was reopened, and no reqId if the reply
/// was lost and the object looked up. After oss_trigger_callback() it is sure to tell only bucket, object and that variable. What
/// it does not tell has to be among the values, except for what not every upload has: contentMd5, vpcId, clientIp and
/// imageInfo.* are then empty, and in JSON imageInfo.* is null. In a form a blank becomes "%20"; OSS may write "+".
///
/// @param callback  not one that is stored on the bucket as a policy; not NULL.
/// @param upload    the result of an upload with a callback; NULL if all is among the values.
/// @param values    what comes before that of `upload`; NULL for nothing.
/// @param body      receives the text, to be freed with oss_string_free(), or NULL on failure; not NULL.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names what is missing. Does not block.
///
/// @code
/// oss_result *upload = NULL;
/// oss_string *body = NULL;
/// oss_status status = oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, NULL, &upload);
/// if (status == OSS_STATUS_CALLBACK_FAILED) {
///     status = oss_callback_render(callback, upload, NULL, &body, NULL);
///     printf("the application server should hear: %s\n", status == OSS_STATUS_OK ? oss_string_data(body) : "?");
/// }
/// oss_string_free(body);
/// oss_result_free(upload);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_render(
    callback: *const oss_callback,
    upload: *const oss_result,
    values: *const oss_callback_values,
    body: *mut *mut oss_string,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(body, "body")?;
            let callback = convert::handle(callback, "callback")?;
            let known = upload.as_ref().map(|upload| upload.callback_values.clone()).unwrap_or_default();
            let given = settable::or_default(values);
            output.give(oss_string::new(&callback.inner.render(&given.or(&known))?));
            Ok(())
        })
    }
}
