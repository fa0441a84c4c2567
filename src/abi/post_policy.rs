//! `oss_post_policy`: what others may upload with a form.

use super::bucket::oss_bucket;
use super::callback::oss_callback;
use super::convert::{self, Output};
use super::guard;
use super::operation::construction;
use super::post_form::oss_post_form;
use super::result::oss_result;
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use crate::engine::PostPolicy;
use std::ffi::c_char;

/// What others may upload with a form (PostObject), a browser for example, without knowing a secret. All that is not said
/// here is left to them. A setter that refuses a value leaves everything as it was; oss_post_policy_error() then says why.
/// Set by one thread; any number of calls may use it afterwards.
#[derive(Default)]
pub struct oss_post_policy {
    inner: Settable<PostPolicy>,
}

impl HasSetters for oss_post_policy {
    type Value = PostPolicy;

    fn settable(&self) -> &Settable<PostPolicy> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<PostPolicy> {
        &mut self.inner
    }
}

/// Makes a policy. It cannot be signed before it says something of the key.
///
/// @return a handle, to be freed with oss_post_policy_free(); never NULL.
///
/// @code
/// oss_post_policy *policy = oss_post_policy_new();
/// oss_post_form *form = NULL;
/// oss_string *json = NULL;
/// if (oss_post_policy_set_key_prefix(policy, "users/42/") == OSS_STATUS_OK &&
///     oss_post_policy_set_length_range(policy, 1, 10 << 20) == OSS_STATUS_OK &&
///     oss_post_policy_sign(policy, bucket, callback, 600, &form, NULL) == OSS_STATUS_OK &&
///     oss_post_form_to_json(form, &json, NULL) == OSS_STATUS_OK) {
///     printf("%s\n", oss_string_data(json));
/// }
/// oss_string_free(json);
/// oss_post_form_free(form);
/// oss_post_policy_free(policy);
/// @endcode
#[unsafe(no_mangle)]
pub extern "C" fn oss_post_policy_new() -> *mut oss_post_policy {
    Box::into_raw(Box::default())
}

/// Sets the key that the object gets. The form then has it as its field "key".
///
/// @param policy  not NULL.
/// @param key     as for oss_put_object(), without "${filename}", which OSS replaces by the name of the file; not NULL;
///                copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_set_key(
    policy: *mut oss_post_policy,
    key: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(policy, |policy| policy.set_key(convert::text(key, "key")?)) }
}

/// Sets what the object's key begins with. Whoever fills in the form chooses the rest and adds the field "key".
///
/// @param policy  not NULL.
/// @param prefix  what keys begin with, such as "users/42/"; empty for any key; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_set_key_prefix(
    policy: *mut oss_post_policy,
    prefix: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(policy, |policy| policy.set_key_prefix(convert::text(prefix, "prefix")?)) }
}

/// Sets how large the object may be. OSS refuses others with the codes "EntityTooSmall" and "EntityTooLarge".
///
/// @param policy  not NULL.
/// @param least   in bytes.
/// @param most    in bytes; at most 5 GiB.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_set_length_range(
    policy: *mut oss_post_policy,
    least: u64,
    most: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(policy, |policy| policy.set_length_range(least, most)) }
}

/// Sets the content type that the object gets, whatever its file says. The form then has it as its field
/// "x-oss-content-type".
///
/// @param policy        not NULL.
/// @param content_type  such as "image/jpeg"; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_set_content_type(
    policy: *mut oss_post_policy,
    content_type: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(policy, |policy| policy.set_content_type(convert::text(content_type, "content_type")?)) }
}

/// Adds a field that the form has to have with exactly this value, such as "x-oss-object-acl", "x-oss-meta-…",
/// "x-oss-forbid-overwrite", "Cache-Control" or "success_action_status".
///
/// @param policy  not NULL.
/// @param name    in any case; replaced if it is there already; not the key, the callback or a field of the signature; not
///                NULL; copied.
/// @param value   not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_add_field(
    policy: *mut oss_post_policy,
    name: *const c_char,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(policy, |policy| policy.add_field(convert::text(name, "name")?, convert::text(value, "value")?))
    }
}

/// Sets what the value of a field has to begin with, such as "image/" for "x-oss-content-type". Whoever fills in the form
/// adds the field.
///
/// @param policy  not NULL.
/// @param name    as for oss_post_policy_add_field().
/// @param prefix  what the value begins with; empty for any value; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_add_field_prefix(
    policy: *mut oss_post_policy,
    name: *const c_char,
    prefix: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(policy, |policy| {
            policy.add_field_prefix(convert::text(name, "name")?, convert::text(prefix, "prefix")?)
        })
    }
}

/// Sets whether whoever has a form that was signed without a callback may add one of their own. The default is that they may
/// not: OSS would call whatever server they name, and sign that. The form then has the field "callback", which is empty.
///
/// @param policy  not NULL.
/// @param allow   0 for no, anything else for yes. With a callback given to oss_post_policy_sign() it makes no difference:
///                nobody can put another in its place.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_allow_any_callback(
    policy: *mut oss_post_policy,
    allow: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(policy, |policy| {
            policy.allow_any_callback(allow != 0);
            Ok(())
        })
    }
}

/// Signs a policy: gives the form that uploads what it allows, with all fields that OSS wants, those of the signature and
/// the callback among them. Each field has its condition, so nobody can change it. Whoever uses the form adds the field
/// "key" if the policy leaves it open, and the file as the last field, "file".
///
/// @param policy      has to say something of the key; not NULL.
/// @param bucket      where to; not NULL. With temporary credentials the form ends with them, however long its life.
/// @param callback    what OSS shall tell the application server; NULL for no callback, and then whoever uses the form cannot
///                    add one, unless oss_post_policy_allow_any_callback() allows it. Its variables become fields. One that
///                    the template names and that is not set has to be added by whoever uses the form.
/// @param lifetime_s  as for oss_presign_put().
/// @param form        receives the handle, to be freed with oss_post_form_free(), or NULL on failure; not NULL.
/// @param result      receives what there is to know about the call; may be NULL.
/// @return as for oss_presign_put().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_sign(
    policy: *const oss_post_policy,
    bucket: *const oss_bucket,
    callback: *const oss_callback,
    lifetime_s: u64,
    form: *mut *mut oss_post_form,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(form, "form")?;
            let policy = convert::handle(policy, "policy")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let callback = settable::optional(callback);
            let form = bucket.inner.sign_post_policy(&policy.inner, callback, lifetime_s)?;
            output.give(oss_post_form::from(form));
            Ok(())
        })
    }
}

/// Says which rule the value broke that a setter refused last.
///
/// @param policy  may be NULL.
/// @return one line for a human, valid until the next refusal or until `policy` is freed; empty if no value was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_error(policy: *const oss_post_policy) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(policy) }
}

/// Frees a policy.
///
/// @param policy  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_post_policy_free(policy: *mut oss_post_policy) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(policy) });
}
