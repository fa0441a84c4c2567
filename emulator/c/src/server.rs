//! `oss_emulator`: a running OSS server with an application server at its side.

use crate::callback::oss_emulator_callback;
use crate::convert::{self, Output, c_text};
use crate::guard;
use crate::handle::{self, Errors, KeepsErrors, attempt, attempt_shared};
use crate::kept::Kept;
use crate::options::oss_emulator_options;
use crate::request::oss_emulator_request;
use crate::signals::Blocked;
use crate::status::{Failure, oss_emulator_status};
use emulator::{AppServer, Config, Credential, Emulator, Fault};
use std::ffi::{CString, c_char};
use std::process;

/// A running OSS server, and an application server that receives its callbacks. It begins with oss_emulator_start() and ends
/// with oss_emulator_stop(). Many threads may use it at once.
pub struct oss_emulator {
    pub(crate) server: Emulator,
    /// Ends after the server, which may be calling it.
    pub(crate) application: AppServer,
    default_bucket: String,
    /// The callbacks and requests that were given out.
    pub(crate) callbacks: Kept<oss_emulator_callback>,
    pub(crate) requests: Kept<oss_emulator_request>,
    texts: Texts,
    errors: Errors,
    /// The process that has the threads.
    process: u32,
}

const fn is_shared<T: Sync>() {}
const _: () = is_shared::<oss_emulator>();

/// What a program has to know of the servers.
struct Texts {
    endpoint: CString,
    bucket: CString,
    region: CString,
    access_key_id: CString,
    access_key_secret: CString,
    callback_url: CString,
}

impl KeepsErrors for oss_emulator {
    fn errors(&self) -> &Errors {
        &self.errors
    }
}

impl oss_emulator {
    fn start(config: Config) -> Result<oss_emulator, Failure> {
        let default_bucket = config.buckets.first().cloned().unwrap_or_default();
        let key = config.credentials.first().cloned().unwrap_or_else(|| Credential::new("", ""));
        let region = c_text(&config.region);
        let _signals = Blocked::all();
        let application = AppServer::start()?;
        let server = Emulator::start(config)?;
        let texts = Texts {
            endpoint: c_text(&server.endpoint()),
            bucket: c_text(&default_bucket),
            region,
            access_key_id: c_text(&key.id),
            access_key_secret: c_text(&key.secret),
            callback_url: c_text(&application.url()),
        };
        Ok(oss_emulator {
            server,
            application,
            default_bucket,
            callbacks: Kept::default(),
            requests: Kept::default(),
            texts,
            errors: Errors::default(),
            process: process::id(),
        })
    }

    /// The bucket of that name, or the first one.
    ///
    /// # Safety
    /// `bucket` is NULL or a NUL-terminated string that stays as it is while the result is used.
    pub(crate) unsafe fn bucket(&self, bucket: *const c_char) -> Result<&str, Failure> {
        // SAFETY: the caller vouches for it.
        let bucket = unsafe { convert::optional_text(bucket, "bucket") }?;
        Ok(bucket.unwrap_or(&self.default_bucket))
    }
}

/// # Safety
/// `emulator` is NULL or a live handle.
unsafe fn text_of(emulator: *const oss_emulator, text: impl FnOnce(&Texts) -> &CString) -> *const c_char {
    // SAFETY: the caller vouches for it.
    unsafe { emulator.as_ref() }.map_or(c"".as_ptr(), |emulator| text(&emulator.texts).as_ptr())
}

/// Starts an OSS server and an application server. Both are ready when this returns, and take some threads and descriptors.
///
/// @param options   NULL for the defaults. Emulators do not share them: they are copied.
/// @param emulator  receives the handle, to be given back with oss_emulator_stop(), or NULL on failure; not NULL.
/// @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT for a bucket that OSS would not have;
///         OSS_EMULATOR_STATUS_SYSTEM for a port that is taken, a certificate that cannot be used, a folder that cannot be read,
///         and for want of threads or descriptors. oss_emulator_options_error() says why.
///
/// @code
/// oss_emulator *emulator = NULL;
/// if (oss_emulator_start(NULL, &emulator) == OSS_EMULATOR_STATUS_OK) {
///     printf("upload to %s at %s\n", oss_emulator_bucket(emulator), oss_emulator_endpoint(emulator));
/// }
/// oss_emulator_stop(emulator);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_start(
    options: *mut oss_emulator_options,
    emulator: *mut *mut oss_emulator,
) -> oss_emulator_status {
    let mut defaults = oss_emulator_options::default();
    let options = if options.is_null() { &raw mut defaults } else { options };
    // SAFETY: the caller keeps to what the header says of each pointer; `defaults` lives as long as the call.
    unsafe {
        attempt(options, |options| {
            let output = Output::new(emulator, "emulator")?;
            output.give(oss_emulator::start(options.config())?);
            Ok(())
        })
    }
}

/// Ends the servers and their connections, and frees the handle with all that was got from it and is const. It waits for nothing
/// but the system, which may be looking up the address of a callback's host. In a process that was forked from the one that
/// started it, which has none of the threads, nothing ends and nothing is freed.
///
/// @param emulator  may be NULL; not to be used afterwards, nor by other threads meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_stop(emulator: *mut oss_emulator) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    let is_a_copy = unsafe { emulator.as_ref() }.is_some_and(|emulator| emulator.process != process::id());
    if !is_a_copy {
        // SAFETY: as above.
        guard::value((), || unsafe { convert::free(emulator) });
    }
}

/// Says why the last call on the emulator failed that did.
///
/// @param emulator  may be NULL.
/// @return one line, valid until `emulator` is stopped; empty if none has failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_error(emulator: *const oss_emulator) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { handle::error(emulator) }
}

/// Gives the endpoint of the OSS server.
///
/// @param emulator  may be NULL.
/// @return such as "http://127.0.0.1:40123"; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_endpoint(emulator: *const oss_emulator) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text_of(emulator, |texts| &texts.endpoint) }
}

/// Gives the first bucket's name.
///
/// @param emulator  may be NULL.
/// @return "test-bucket" unless the options say otherwise; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_bucket(emulator: *const oss_emulator) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text_of(emulator, |texts| &texts.bucket) }
}

/// Gives the region that signatures V4 must name.
///
/// @param emulator  may be NULL.
/// @return "cn-hangzhou" unless the options say otherwise; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_region(emulator: *const oss_emulator) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text_of(emulator, |texts| &texts.region) }
}

/// Gives the id of the access key.
///
/// @param emulator  may be NULL.
/// @return the id; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_access_key_id(emulator: *const oss_emulator) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text_of(emulator, |texts| &texts.access_key_id) }
}

/// Gives the secret of the access key.
///
/// @param emulator  may be NULL.
/// @return the secret; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_access_key_secret(emulator: *const oss_emulator) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text_of(emulator, |texts| &texts.access_key_secret) }
}

/// Gives the URL of the application server. Callbacks may also go to any path below it, or to another server.
///
/// @param emulator  may be NULL.
/// @return such as "http://127.0.0.1:40124"; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_callback_url(emulator: *const oss_emulator) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text_of(emulator, |texts| &texts.callback_url) }
}

/// Accepts another access key, in the place of one of the same id.
///
/// @param emulator           not NULL.
/// @param access_key_id      not NULL, not empty; copied.
/// @param access_key_secret  not NULL, not empty; copied.
/// @param security_token     that of temporary keys, which requests must then carry; not empty; NULL for a permanent
///                           key; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_add_access_key(
    emulator: *mut oss_emulator,
    access_key_id: *const c_char,
    access_key_secret: *const c_char,
    security_token: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            let id = convert::filled_text(access_key_id, "access_key_id")?;
            let secret = convert::filled_text(access_key_secret, "access_key_secret")?;
            let token = convert::optional_filled_text(security_token, "security_token")?;
            emulator.server.add_credential(match token {
                Some(token) => Credential::temporary(id, secret, token),
                None => Credential::new(id, secret),
            });
            Ok(())
        })
    }
}

/// Knows an access key no longer, as when it was deleted or has ended.
///
/// @param emulator       not NULL.
/// @param access_key_id  one that is unknown is no error; not NULL.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_remove_access_key(
    emulator: *mut oss_emulator,
    access_key_id: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            emulator.server.remove_credential(convert::text(access_key_id, "access_key_id")?);
            Ok(())
        })
    }
}

/// Sets the OSS server's clock.
///
/// @param emulator  not NULL.
/// @param seconds   how far it is ahead of the machine's; negative if it is behind.
/// @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT also for a time beyond the years from 0 to 9999.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_set_clock_offset(
    emulator: *mut oss_emulator,
    seconds: i64,
) -> oss_emulator_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { attempt_shared(emulator, |emulator| Ok(emulator.server.try_set_clock_offset_s(seconds)?)) }
}

/// Adds a fault behind those that wait: something that is to go wrong with the requests that it matches.
///
/// @param emulator  not NULL.
/// @param fault     as JSON, such as {"action":"reset_before_reply","operation":"PutObject"}: what `oss-emulator --help` lists;
///                  not NULL.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
///
/// @code
/// oss_emulator *emulator = NULL;
/// if (oss_emulator_start(NULL, &emulator) != OSS_EMULATOR_STATUS_OK ||
///     oss_emulator_inject_fault(emulator, "{\"action\":\"status\",\"status\":503,\"times\":2}") != OSS_EMULATOR_STATUS_OK) {
///     printf("%s\n", oss_emulator_error(emulator));
/// }
/// oss_emulator_stop(emulator);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_inject_fault(
    emulator: *mut oss_emulator,
    fault: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            let fault = Fault::from_json(convert::text(fault, "fault")?);
            emulator.server.inject(fault.map_err(|error| Failure::invalid(format!("fault: {error}")))?);
            Ok(())
        })
    }
}

/// Forgets all faults that wait. One that has begun goes on.
///
/// @param emulator  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_clear_faults(emulator: *const oss_emulator) {
    // SAFETY: the caller passes NULL or a live handle.
    if let Some(emulator) = unsafe { emulator.as_ref() } {
        guard::value((), || emulator.server.clear_faults());
    }
}
