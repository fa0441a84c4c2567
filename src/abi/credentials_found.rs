//! `oss_credentials` from the places where Alibaba's own tools find them.

use super::convert::{self, Output};
use super::credentials::oss_credentials;
use super::operation::{Refusal, construction};
use super::result::oss_result;
use super::status::oss_status;
use crate::credentials::{Credentials, EcsRole, Oidc, OidcSettings, Process, Profile, Surroundings, Uri};
use crate::engine::Status;
use crate::wire::mistake::Mistake;
use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;

/// Gives credentials to the caller; what is missing in its surroundings is no wrong argument.
fn give(output: Output<oss_credentials>, found: Result<Credentials, Mistake>) -> Result<(), Refusal> {
    let inner = found.map_err(|mistake| Refusal::new(Status::Credentials, mistake.to_string()))?;
    output.give(oss_credentials { inner: Arc::new(inner) });
    Ok(())
}

/// Text that may be left out.
///
/// # Safety
/// As for [`convert::text`].
unsafe fn setting<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>, Mistake> {
    // SAFETY: the caller vouches for it.
    let text = unsafe { convert::optional_text(pointer, name) }?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// A path that may be left out.
///
/// # Safety
/// As for [`convert::text`].
unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a Path>, Mistake> {
    // SAFETY: the caller vouches for it.
    let path = unsafe { convert::optional_path(pointer, name) }?;
    Ok(path.filter(|path| !path.as_os_str().is_empty()))
}

/// Makes credentials from a profile in a file of Alibaba Cloud's command line tools, which is read anew whenever a key is wanted:
/// before the first request that has to be signed, when the last key is about to end, and when OSS refuses it.
///
/// The file is one in JSON, as of the tool aliyun, or one in sections, as of ossutil. Where none is named, these are looked for,
/// and the first that has the profile counts: the one that ALIBABA_CLOUD_CONFIG_FILE names, else ~/.aliyun/config.json (neither if
/// ALIBABA_CLOUD_CLI_PROFILE_DISABLED is "true"); ~/.alibabacloud/credentials; ~/.ossutilconfig. It may have 1 MiB.
///
/// The profile may be of the mode AK, StsToken, EcsRamRole, OIDC, CredentialsURI or External; of another mode it is an error that
/// names the mode. External runs a command, as oss_credentials_new_from_process() does; that and CredentialsURI are refused if
/// ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is "true". What a profile leaves open is taken from the environment.
///
/// The environment is read by this function, and only here; as with getenv(), no other thread may change it meanwhile.
///
/// @param file         the file's path; NULL or empty to look for it as described; copied.
/// @param profile      the profile's name; NULL or empty for the one that ALIBABACLOUD_PROFILE or ALIBABA_CLOUD_PROFILE names,
///                     else the file's current one; copied.
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block. What is wrong with the profile ends the first call that
///         needs a key with OSS_STATUS_CREDENTIALS.
///
/// @code
/// oss_credentials *credentials = NULL;
/// if (oss_credentials_new_from_profile(NULL, "uploads", &credentials, NULL) == OSS_STATUS_OK) {
///     oss_credentials_free(credentials);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_from_profile(
    file: *const c_char,
    profile: *const c_char,
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let (file, profile) = (path(file, "file")?, setting(profile, "profile")?);
            let found = Profile::new(file, profile, Surroundings::of_process());
            give(output, Ok(Credentials::from_provider(found)))
        })
    }
}

/// Makes credentials from the RAM role of the ECS instance that the program runs on. Its metadata service is asked when a key is
/// wanted: before the first request that has to be signed, and when the last key is about to end.
///
/// It is asked with a token, as hardened instances demand. If it gives none it is asked without, unless
/// ALIBABA_CLOUD_IMDSV1_DISABLED is "true". It is never asked through a proxy. A machine that is no instance is found out
/// within 2 seconds as a rule, and an answer is awaited for 5 seconds. The environment is read by this function, as by
/// oss_credentials_new_from_profile().
///
/// @param role         the role's name; NULL or empty for the one that ALIBABA_CLOUD_ECS_METADATA names, else for the one that the
///                     instance has; copied.
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS if ALIBABA_CLOUD_ECS_METADATA_DISABLED is "true"
///         or the name is none of a role. Does not block. Where there is no key, the first call that needs one ends with
///         OSS_STATUS_CREDENTIALS.
///
/// @code
/// oss_credentials *credentials = NULL;
/// if (oss_credentials_new_from_ecs_role(NULL, &credentials, NULL) == OSS_STATUS_OK) {
///     oss_credentials_free(credentials);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_from_ecs_role(
    role: *const c_char,
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let role = setting(role, "role")?;
            give(output, EcsRole::new(role, &Surroundings::of_process()).map(Credentials::from_provider))
        })
    }
}

/// Makes credentials from a RAM role that is taken on with an OIDC token, as pods of a cluster do (RRSA). The token's file is read
/// and the token service is asked when a key is wanted: before the first request that has to be signed, and when the last
/// key is about to end. A key is good for an hour. The service is not asked through a proxy. The environment is read by this
/// function, as by oss_credentials_new_from_profile().
///
/// @param role_arn           the role; NULL or empty for the one that ALIBABA_CLOUD_ROLE_ARN names; copied.
/// @param oidc_provider_arn  who vouches for the token; NULL or empty for ALIBABA_CLOUD_OIDC_PROVIDER_ARN; copied.
/// @param token_file         the path of the token's file; NULL or empty for ALIBABA_CLOUD_OIDC_TOKEN_FILE; copied.
/// @param session_name       what the session is called in the role's records; NULL or empty for
///                           ALIBABA_CLOUD_ROLE_SESSION_NAME, else "oss-upload"; copied.
/// @param sts_endpoint       the token service's host, such as "sts.cn-hangzhou.aliyuncs.com", or its URL; NULL or empty for
///                           ALIBABA_CLOUD_STS_ENDPOINT, else for that of the region that ALIBABA_CLOUD_STS_REGION names (the
///                           inner one if ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED is "true"), else "sts.aliyuncs.com"; copied.
/// @param credentials        receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result             receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS, with what is missing, if the role, the provider or
///         the file is neither given nor in the environment. Does not block. Where there is no key, the first call that needs one
///         ends with OSS_STATUS_CREDENTIALS.
///
/// @code
/// oss_credentials *credentials = NULL;
/// if (oss_credentials_new_from_oidc("acs:ram::1234567890123456:role/uploads",
///                                   "acs:ram::1234567890123456:oidc-provider/cluster", "/var/run/secrets/token", NULL,
///                                   "sts.cn-hangzhou.aliyuncs.com", &credentials, NULL) == OSS_STATUS_OK) {
///     oss_credentials_free(credentials);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_from_oidc(
    role_arn: *const c_char,
    oidc_provider_arn: *const c_char,
    token_file: *const c_char,
    session_name: *const c_char,
    sts_endpoint: *const c_char,
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let settings = OidcSettings {
                role_arn: setting(role_arn, "role_arn")?,
                provider_arn: setting(oidc_provider_arn, "oidc_provider_arn")?,
                token_file: path(token_file, "token_file")?,
                session_name: setting(session_name, "session_name")?,
                sts_endpoint: setting(sts_endpoint, "sts_endpoint")?,
                ..OidcSettings::default()
            };
            give(output, Oidc::new(&settings, &Surroundings::of_process()).map(Credentials::from_provider))
        })
    }
}

/// Makes credentials from a URL, as of a service beside the program, which answers a GET with JSON: AccessKeyId, AccessKeySecret
/// and, for a temporary key, SecurityToken and Expiration (such as "2026-01-01T00:00:00Z"). It is asked when a key is wanted:
/// before the first request that has to be signed, when the last key is about to end, and when OSS refuses it; a redirect is not
/// followed, and no proxy is used. The environment is read by this function, as by oss_credentials_new_from_profile().
///
/// @param uri          the URL, http or https; NULL or empty for the one that ALIBABA_CLOUD_CREDENTIALS_URI holds; copied. No
///                     message repeats it.
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS if there is no URL, or none that can be asked. Does
///         not block. Where there is no key, the first call that needs one ends with OSS_STATUS_CREDENTIALS.
///
/// @code
/// oss_credentials *credentials = NULL;
/// if (oss_credentials_new_from_uri("http://127.0.0.1:8080/key", &credentials, NULL) == OSS_STATUS_OK) {
///     oss_credentials_free(credentials);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_from_uri(
    uri: *const c_char,
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let uri = setting(uri, "uri")?;
            give(output, Uri::new(uri, &Surroundings::of_process()).map(Credentials::from_provider))
        })
    }
}

/// Makes credentials from what a command prints: JSON with AccessKeyId, AccessKeySecret and, for a temporary key, SecurityToken
/// and Expiration (such as "2026-01-01T00:00:00Z"); or with access_key_id, access_key_secret, sts_token and expiration. It is run
/// when a key is wanted: before the first request that has to be signed, when the last key is about to end, and when OSS
/// refuses it.
///
/// A shell runs it, "/bin/sh -c", with the environment and the folder of the program. It has no descriptors of the program's:
/// its input and its errors are /dev/null. No signal is blocked or ignored in it. It has a process group of its own, which
/// is killed when the command has ended, after 15 seconds, after 65535 bytes of output, and when the call for which it is run
/// comes to its deadline or is cancelled.
///
/// It is a child of this process: a handler for SIGCHLD sees it end, and who waits for just any child may be told of it. That and
/// an ignored SIGCHLD do no harm; only whether the command failed is not known then. Functions of pthread_atfork() run.
///
/// @param command      not NULL, not empty; copied.
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block, and does not run the command. Where there is no key, the
///         first call that needs one ends with OSS_STATUS_CREDENTIALS.
///
/// @code
/// oss_credentials *credentials = NULL;
/// if (oss_credentials_new_from_process("/usr/local/bin/print-key --json", &credentials, NULL) == OSS_STATUS_OK) {
///     oss_credentials_free(credentials);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_from_process(
    command: *const c_char,
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            let command = Process::new(convert::text(command, "command")?)?;
            give(output, Ok(Credentials::from_provider(command)))
        })
    }
}

/// Makes credentials from the first place that has any, in the order of Alibaba Cloud's own tools:
///
/// 1. the environment, as oss_credentials_new_from_environment();
/// 2. a role with an OIDC token, as oss_credentials_new_from_oidc(), if the environment names any of the three that it needs;
/// 3. a profile in a file, as oss_credentials_new_from_profile(), if there is one that was filled in;
/// 4. the role of the ECS instance, as oss_credentials_new_from_ecs_role();
/// 5. a URL, as oss_credentials_new_from_uri(), if ALIBABA_CLOUD_CREDENTIALS_URI is set.
///
/// What is there and not whole is an error that says what is missing, and no step to the next place: half a key in the
/// environment, a role without its token, a profile that cannot be read, that names a mode which is not known here, or that is
/// asked for by name and is in none of the files. The first two places are looked at by this function, which reads the environment
/// as oss_credentials_new_from_profile() does; the others when a key is wanted. The one that had a key is kept.
///
/// @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS if something is there and not whole. Does not
///         block. If no place has a key, the first call that needs one ends with OSS_STATUS_CREDENTIALS, and its message says what
///         each place lacks.
///
/// @code
/// oss_credentials *credentials = NULL;
/// oss_bucket *own = NULL;
/// oss_result *result = NULL;
/// if (oss_credentials_new_default_chain(&credentials, NULL) == OSS_STATUS_OK &&
///     oss_bucket_new("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials, NULL, &own, NULL) == OSS_STATUS_OK &&
///     oss_put_object(own, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_bucket_free(own);
/// oss_credentials_free(credentials);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_new_default_chain(
    credentials: *mut *mut oss_credentials,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(credentials, "credentials")?;
            give(output, Credentials::from_default_chain(&Surroundings::of_process()))
        })
    }
}
