//! `oss_credentials`: who signs.

use super::convert::{self, Output};
use super::credentials_answer::{FromFunction, oss_credentials_fn};
use super::guard;
use super::operation::{Refusal, construction};
use super::result::oss_result;
use super::status::oss_status;
use crate::credentials::Credentials;
use crate::engine::Status;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Who signs: an access key, with a security token if it is a temporary one; or where such keys come from, so that uploads
/// may take longer than any of them lives. Any number of threads and buckets may share it. Ids, secrets and tokens are wiped from
/// memory when the last user is gone.
pub struct oss_credentials {
    pub(super) inner: Arc<Credentials>,
}

/// Makes credentials from an access key. White space around the values is cut off.
///
/// @param access_key_id      not NULL, not empty; copied.
/// @param access_key_secret  not NULL, not empty; copied.
/// @param security_token     the token of a temporary key, whose id begins with "STS."; NULL or empty for a key that has none;
///                           copied.
/// @param credentials        receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result             receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
///
/// @code
/// oss_credentials *credentials = NULL;
/// if (oss_credentials_new("access-key-id", "access-key-secret", NULL, &credentials, NULL) == OSS_STATUS_OK) {
///     oss_credentials_free(credentials);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new(
    access_key_id: *const c_char,
    access_key_secret: *const c_char,
    security_token: *const c_char,
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let id = convert::text(access_key_id, "access_key_id")?;
            let secret = convert::text(access_key_secret, "access_key_secret")?;
            let token = convert::optional_text(security_token, "security_token")?;
            output.give(oss_credentials { inner: Arc::new(Credentials::new(id, secret, token)?) });
            Ok(())
        })
    }
}

/// Makes credentials from the environment as it is now: OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and, for a temporary
/// key, OSS_SESSION_TOKEN; or, if those are not set, ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and
/// ALIBABA_CLOUD_SECURITY_TOKEN. Half a key, as an id without its secret, is an error that names the other half. The environment
/// is only read; as with getenv(), no other thread may change it meanwhile.
///
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_CREDENTIALS if the variables are not set or not usable. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_from_environment(
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let inner = Credentials::from_environment()
                .map_err(|mistake| Refusal::new(Status::Credentials, mistake.to_string()))?;
            output.give(oss_credentials { inner: Arc::new(inner) });
            Ok(())
        })
    }
}

/// Makes credentials that get their keys from a function of yours, from a token service for example.
///
/// The function is not called yet, but in the middle of a call, before a request that has to be signed: for the first one, when
/// the last key is within 5 minutes of its end (or within a fifth of its life, if that is less), and before every request if
/// the function does not say when its keys end. It is also called when OSS refuses a key, as SecurityTokenExpired or
/// InvalidAccessKeyId: if there is another key by then, the request is signed anew and sent once more, which costs no attempt.
///
/// One call at a time asks the function. Others use the key that is there while it has not ended; otherwise they wait for
/// the new one, within their own deadline and cancel. If the function fails, the key that is there is used until it
/// ends, and the function is called again some seconds later.
///
/// @param function     not NULL.
/// @param user_data    handed to the function; it must be usable, from any thread, as long as these credentials are there or
///                     anything that was made from them: a bucket, an upload in parts, a writer.
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
///
/// @code
/// // current_key(void *user_data, oss_credentials_answer *answer) sets the answer's key and returns 0.
/// oss_credentials *credentials = NULL;
/// oss_bucket *own = NULL;
/// oss_result *result = NULL;
/// if (oss_credentials_new_from_function(current_key, NULL, &credentials, NULL) == OSS_STATUS_OK &&
///     oss_bucket_new("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials, NULL, &own, NULL) == OSS_STATUS_OK &&
///     oss_put_object(own, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_bucket_free(own);
/// oss_credentials_free(credentials);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_from_function(
    function: oss_credentials_fn,
    user_data: *mut c_void,
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let inner = Credentials::from_provider(FromFunction::new(function, user_data)?);
            output.give(oss_credentials { inner: Arc::new(inner) });
            Ok(())
        })
    }
}

/// Makes credentials that sign nothing: requests go out unsigned, which OSS takes for buckets and objects that anybody may write.
/// URLs and forms cannot be signed with them.
///
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
///
/// @code
/// oss_credentials *nobody = NULL;
/// if (oss_credentials_new_anonymous(&nobody, NULL) == OSS_STATUS_OK) {
///     oss_credentials_free(nobody);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_anonymous(
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            output.give(oss_credentials { inner: Arc::new(Credentials::anonymous()) });
            Ok(())
        })
    }
}

/// Frees credentials. Buckets made from them keep their own reference.
///
/// @param credentials  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_free(credentials: *mut oss_credentials) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(credentials) });
}
