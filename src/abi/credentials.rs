//! `oss_credentials`: who signs.

use super::convert::{self, Output};
use super::guard;
use super::operation::{Refusal, construction};
use super::result::oss_result;
use super::status::oss_status;
use crate::credentials::Credentials;
use crate::engine::Status;
use std::ffi::c_char;
use std::sync::Arc;

/// An access key, with a security token if it is a temporary one. Any number of threads and buckets may share it. The
/// secret is wiped from memory when the last user is gone.
pub struct oss_credentials {
    pub(super) inner: Arc<Credentials>,
}

/// Makes credentials from an access key. White space around the values is cut off.
///
/// @param access_key_id      not NULL, not empty; copied.
/// @param access_key_secret  not NULL, not empty; copied.
/// @param security_token     the token of a temporary key; NULL or empty for a key that has none; copied.
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
/// ALIBABA_CLOUD_SECURITY_TOKEN. The environment is only read; as with getenv(), no other thread may change it meanwhile.
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

/// Frees credentials. Buckets made from them keep their own reference.
///
/// @param credentials  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_free(credentials: *mut oss_credentials) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(credentials) });
}
