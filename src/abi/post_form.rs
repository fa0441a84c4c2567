//! `oss_post_form`: a form that uploads an object.

use super::body::oss_body;
use super::bucket_options::oss_bucket_options;
use super::convert::{self, Output, c_text};
use super::guard;
use super::operation::{construction, operation};
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use super::string::oss_string;
use crate::engine::PostForm;
use std::ffi::{CString, c_char};

/// A form that uploads an object (PostObject): the URL that it is sent to, and its fields without the file. Whoever knows
/// them can use them until they expire, so treat them as a secret of their own.
pub struct oss_post_form {
    inner: PostForm,
    url: CString,
    fields: Vec<(CString, CString)>,
}

impl From<PostForm> for oss_post_form {
    fn from(inner: PostForm) -> oss_post_form {
        let fields = inner.fields.iter().map(|(name, value)| (c_text(name), c_text(value)));
        oss_post_form { url: c_text(&inner.url), fields: fields.collect(), inner }
    }
}

/// Makes a form out of what somebody else signed, for oss_post_object().
///
/// @param url     where the form is sent: the bucket's address; not NULL; copied.
/// @param form    receives the handle, to be freed with oss_post_form_free(), or NULL on failure; not NULL.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for what is no such URL. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_new(
    url: *const c_char,
    form: *mut *mut oss_post_form,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(form, "form")?;
            output.give(oss_post_form::from(PostForm::from_url(convert::text(url, "url")?)?));
            Ok(())
        })
    }
}

/// Fills in a field, for example "key" where the policy leaves it open.
///
/// @param form    not NULL.
/// @param name    in any case; replaced if it is there already; not "file"; not NULL; copied.
/// @param value   not NULL; copied. A key is as for oss_put_object(), without "${filename}", which OSS replaces by the name of
///                the file.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for a field that cannot be right. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_set_field(
    form: *mut oss_post_form,
    name: *const c_char,
    value: *const c_char,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let form = convert::handle_mut(form, "form")?;
            let mut inner = form.inner.clone();
            inner.set_field(convert::text(name, "name")?, convert::text(value, "value")?)?;
            *form = oss_post_form::from(inner);
            Ok(())
        })
    }
}

/// Uploads an object by a form that somebody signed, without any access key. The callback in it, if there is one, and its
/// answer are treated as everywhere: OSS's 203 is OSS_STATUS_CALLBACK_FAILED, and nothing is sent twice that may have been
/// stored with a callback. Nothing can be looked up: when a reply is lost, and sending again brings none where that is done,
/// stored is unknown.
///
/// @param form     with the field "key"; not NULL.
/// @param body     what to upload; with the form around it at most 5 GiB; not NULL.
/// @param options  time-outs, the deadline, a cancel, certificates and the proxy; NULL for the defaults.
/// @param result   receives what there is to know about the call; may be NULL.
/// @return as for oss_put_body(). OSS_STATUS_SERVICE with the code "AccessDenied" for what the policy does not allow.
///         Blocks as that does.
///
/// @code
/// oss_post_form *form = NULL;
/// oss_body *body = oss_body_from_file("/tmp/photo.jpg");
/// oss_result *result = NULL;
/// if (oss_post_form_new("https://examplebucket.oss-cn-hangzhou.aliyuncs.com/", &form, NULL) == OSS_STATUS_OK &&
///     oss_post_form_set_field(form, "key", "users/42/photo.jpg", NULL) == OSS_STATUS_OK &&
///     oss_post_form_set_field(form, "policy", "eyJleHBpcmF0aW9uIjoi…", NULL) == OSS_STATUS_OK &&
///     oss_post_object(form, body, NULL, &result) != OSS_STATUS_OK) {
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_body_free(body);
/// oss_post_form_free(form);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_object(
    form: *const oss_post_form,
    body: *const oss_body,
    options: *const oss_bucket_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let form = convert::handle(form, "form")?;
            let body = convert::handle(body, "body")?;
            let options = settable::or_default(options);
            Ok(form.inner.post(body.open()?, &options))
        })
    }
}

/// Gives the form as JSON, for a web page: {"url":"…","fields":{"policy":"…",…}}. The page sends the fields, then the file
/// as "file".
///
/// @param form    not NULL.
/// @param json    receives the text, to be freed with oss_string_free(), or NULL on failure; not NULL.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_to_json(
    form: *const oss_post_form,
    json: *mut *mut oss_string,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(json, "json")?;
            output.give(oss_string::new(&convert::handle(form, "form")?.inner.to_json()));
            Ok(())
        })
    }
}

/// Gives the URL that the form is sent to.
///
/// @param form  may be NULL.
/// @return the URL, valid until `form` is freed or a field is filled in; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_url(form: *const oss_post_form) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { form.as_ref() }.map_or(c"".as_ptr(), |form| form.url.as_ptr())
}

/// Says until when the form is good.
///
/// @param form  may be NULL.
/// @return seconds since 1970; 0 for NULL and for a form that somebody else signed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_expires(form: *const oss_post_form) -> i64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { form.as_ref() }.and_then(|form| form.inner.expires).unwrap_or_default()
}

/// Counts the fields.
///
/// @param form  may be NULL.
/// @return how many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_field_count(form: *const oss_post_form) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { form.as_ref() }.map_or(0, |form| form.fields.len())
}

/// Gives the name of a field.
///
/// @param form   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the name, valid until `form` is freed or a field is filled in; empty if there is no such field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_field_name(form: *const oss_post_form, index: usize) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let field = unsafe { form.as_ref() }.and_then(|form| form.fields.get(index));
    field.map_or(c"".as_ptr(), |(name, _)| name.as_ptr())
}

/// Gives the value of a field.
///
/// @param form   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the value, valid until `form` is freed or a field is filled in; empty if there is no such field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_field_value(
    form: *const oss_post_form,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let field = unsafe { form.as_ref() }.and_then(|form| form.fields.get(index));
    field.map_or(c"".as_ptr(), |(_, value)| value.as_ptr())
}

/// Frees a form.
///
/// @param form  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_form_free(form: *mut oss_post_form) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(form) });
}
