//! `oss_callback`: what OSS shall tell the application server.

use super::convert::{self, Output};
use super::guard;
use super::operation::construction;
use super::result::oss_result;
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use super::string::oss_string;
use crate::callback::{BodyType, Callback};
use crate::wire::mistake::Mistake;
use std::ffi::c_char;

/// An upload callback: after the upload OSS sends a POST to the application server, waits for its answer for up to 5
/// seconds and hands that answer back to the uploader. A setter that refuses a value leaves everything as it was;
/// oss_callback_error() then says why. Built by one thread; once built, any number of threads may use it.
pub struct oss_callback {
    pub(super) inner: Settable<Callback>,
}

impl oss_callback {
    fn new(inner: Callback) -> oss_callback {
        oss_callback { inner: Settable::new(inner) }
    }
}

impl HasSetters for oss_callback {
    type Value = Callback;

    fn settable(&self) -> &Settable<Callback> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<Callback> {
        &mut self.inner
    }
}

/// How OSS fills in the template of a callback's body, and the content type it sends.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_callback_body {
    /// application/x-www-form-urlencoded: values are percent-encoded.
    Form = 0,
    /// application/json: values become JSON literals. Strings come with their quotes, so the template puts none around
    /// a placeholder.
    Json = 1,
}

/// Makes a callback from a URL and the template of the body.
///
/// In the template, ${bucket}, ${object}, ${etag}, ${size}, ${mimeType}, ${imageInfo.height}, ${imageInfo.width},
/// ${imageInfo.format}, ${crc64}, ${contentMd5}, ${vpcId}, ${clientIp}, ${reqId} and ${operation} stand for what OSS
/// knows, and ${x:name} for a variable of the uploader's. Everything else is sent as it is.
///
/// @param url       where OSS sends the POST: http, https or without scheme for http; any character outside ASCII
///                  percent-encoded; not NULL; copied.
/// @param body      the template; not NULL, not empty; copied.
/// @param callback  receives the handle, to be freed with oss_callback_free(), or NULL on failure; not NULL.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names the rule. Does not block.
///
/// @code
/// oss_callback *notify = NULL;
/// oss_result *result = NULL;
/// if (oss_callback_new("http://app.example.com/uploaded",
///                      "bucket=${bucket}&object=${object}&user=${x:user}", &notify, &result) != OSS_STATUS_OK ||
///     oss_callback_add_variable(notify, "x:user", "42") != OSS_STATUS_OK) {
///     printf("%s%s\n", oss_result_message(result), oss_callback_error(notify));
/// }
/// oss_result_free(result);
/// oss_callback_free(notify);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_new(
    url: *const c_char,
    body: *const c_char,
    callback: *mut *mut oss_callback,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(callback, "callback")?;
            let inner = Callback::new(convert::text(url, "url")?, convert::text(body, "body")?)?;
            output.give(oss_callback::new(inner));
            Ok(())
        })
    }
}

/// Makes a callback that is stored on the bucket as a named policy. Nothing but variables can be added to it; what OSS
/// does with one that the policy has too is not documented.
///
/// @param policy    the policy's name; not NULL, not empty; copied.
/// @param callback  receives the handle, to be freed with oss_callback_free(), or NULL on failure; not NULL.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names the rule. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_new_from_policy(
    policy: *const c_char,
    callback: *mut *mut oss_callback,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(callback, "callback")?;
            output.give(oss_callback::new(Callback::with_policy(convert::text(policy, "policy")?)?));
            Ok(())
        })
    }
}

/// Adds a URL that OSS tries when those before it failed. There can be five in all.
///
/// @param callback  not NULL.
/// @param url       as for oss_callback_new(); not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_add_url(callback: *mut oss_callback, url: *const c_char) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(callback, |callback| callback.add_url(convert::text(url, "url")?)) }
}

/// Sets the Host header of the POST. The default is the host of the URL.
///
/// @param callback  not NULL.
/// @param host      not NULL, not empty; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_set_host(
    callback: *mut oss_callback,
    host: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(callback, |callback| callback.set_host(convert::text(host, "host")?)) }
}

/// Sets how the template is filled in. The default is OSS_CALLBACK_BODY_FORM.
///
/// @param callback  not NULL.
/// @param type      an oss_callback_body.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_set_body_type(callback: *mut oss_callback, r#type: i32) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(callback, |callback| match r#type {
            t if t == oss_callback_body::Form as i32 => callback.set_body_type(BodyType::Form),
            t if t == oss_callback_body::Json as i32 => callback.set_body_type(BodyType::Json),
            _ => Err(Mistake::new(format!("{} is no oss_callback_body", r#type))),
        })
    }
}

/// Sets whether OSS names the host in the TLS handshake with an https URL. By default it does not, and most servers with
/// several domains then refuse it: the upload ends with OSS_STATUS_CALLBACK_FAILED, "Error status : 502.".
///
/// @param callback  not NULL.
/// @param sni       0 for no, which is the default; anything else for yes.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_set_sni(callback: *mut oss_callback, sni: i32) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(callback, |callback| callback.set_sni(sni != 0)) }
}

/// Adds a variable that the template refers to as ${x:name}.
///
/// @param callback  not NULL.
/// @param name      "x:" and then one or more of a-z, 0-9, "_", "-" and "."; not NULL; copied.
/// @param value     any text, may be empty; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_add_variable(
    callback: *mut oss_callback,
    name: *const c_char,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(callback, |callback| {
            callback.add_variable(convert::text(name, "name")?, convert::text(value, "value")?)
        })
    }
}

/// Adds a header to the POST. There can be ten of them. Only error messages of OSS speak of this: try it before you rely on it.
///
/// @param callback  not NULL.
/// @param name      one or more of a-z, 0-9 and "-", and no "x-oss-" at the beginning; not one that was added before; not
///                  NULL; copied.
/// @param value     any text without line ends, may be empty; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_add_header(
    callback: *mut oss_callback,
    name: *const c_char,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(callback, |callback| {
            callback.add_header(convert::text(name, "name")?, convert::text(value, "value")?)
        })
    }
}

/// Sets a field of the settings that this library has no setter for, such as one that a later OSS may know. What OSS makes of
/// it is between you and OSS.
///
/// @param callback  not NULL.
/// @param name      the field's name; not one that another function sets, nor one that was set before; not NULL, not empty;
///                  copied.
/// @param json      a JSON value as text, in which a string has its quotes; for "signatureVersion" a string; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
///
/// @code
/// oss_callback *notify = NULL;
/// if (oss_callback_new("http://app.example.com/uploaded", "object=${object}", &notify, NULL) == OSS_STATUS_OK &&
///     oss_callback_set_field(notify, "signatureVersion", "\"2.0\"") != OSS_STATUS_OK) {
///     printf("%s\n", oss_callback_error(notify));
/// }
/// oss_callback_free(notify);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_set_field(
    callback: *mut oss_callback,
    name: *const c_char,
    json: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(callback, |callback| {
            callback.set_field(convert::text(name, "name")?, convert::text(json, "json")?)
        })
    }
}

/// Names a variable that the library sets for each upload anew, to 128 random bits in 32 hexadecimal digits. Whatever is
/// delivered for one upload has the same: what OSS sends first, what it sends when it is asked again because a reply was lost,
/// and what oss_callback_render() makes from the upload's result. An application server that remembers the ids it has seen can
/// so tell that it hears of the same upload again.
///
/// A call that uploads draws an id; an upload in parts draws one when it begins or is reopened, and a resumed upload keeps that
/// of the process which began it. What is signed for others has one that was drawn when it was signed: whoever uploads with it
/// twice has two uploads with the same id. oss_callback_encode() draws one each time.
///
/// @param callback  not NULL.
/// @param name      as for oss_callback_add_variable(), for instance "x:delivery"; not that of another variable; not NULL;
///                  copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
///
/// @code
/// oss_callback *notify = NULL;
/// const char *body = "object=${object}&delivery=${x:delivery}";
/// if (oss_callback_new("http://app.example.com/uploaded", body, &notify, NULL) == OSS_STATUS_OK &&
///     oss_callback_set_delivery_variable(notify, "x:delivery") != OSS_STATUS_OK) {
///     printf("%s\n", oss_callback_error(notify));
/// }
/// oss_callback_free(notify);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_set_delivery_variable(
    callback: *mut oss_callback,
    name: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(callback, |callback| callback.set_delivery_variable(convert::text(name, "name")?)) }
}

/// Encodes a callback as OSS wants it: Base64 of JSON. For programs that send it by other means, as the headers
/// x-oss-callback and x-oss-callback-var or the query parameters callback and callback-var.
///
/// @param callback   not NULL.
/// @param encoded    receives the callback, to be freed with oss_string_free(), or NULL on failure; not NULL.
/// @param variables  receives the variables, to be freed with oss_string_free(), or NULL if there are none; not NULL.
/// @param result     receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT if one of the two is longer than the 5120 bytes that OSS takes.
///         Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_encode(
    callback: *const oss_callback,
    encoded: *mut *mut oss_string,
    variables: *mut *mut oss_string,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let encoded = Output::new(encoded, "encoded")?;
            let variables = Output::new(variables, "variables")?;
            let both = convert::handle(callback, "callback")?.inner.encode()?;
            encoded.give(oss_string::new(&both.callback));
            if let Some(text) = &both.variables {
                variables.give(oss_string::new(text));
            }
            Ok(())
        })
    }
}

/// Says which rule the value broke that a setter refused last.
///
/// @param callback  may be NULL.
/// @return one line for a human, valid until the next refusal or until `callback` is freed; empty if no value was
///         refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_error(callback: *const oss_callback) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(callback) }
}

/// Frees a callback.
///
/// @param callback  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_free(callback: *mut oss_callback) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(callback) });
}
