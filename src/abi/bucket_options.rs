//! `oss_bucket_options`: how a bucket is reached.

use super::cancel::{self, oss_cancel};
use super::convert;
use super::guard;
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use crate::engine::{Addressing, BucketOptions, SignatureVersion};
use crate::wire::mistake::Mistake;
use std::ffi::c_char;
use std::time::Duration;

/// How a bucket is reached: set what differs from the defaults and give it to oss_bucket_new(). A setter that refuses a
/// value leaves everything as it was; oss_bucket_options_error() then says why. For one thread at a time.
#[derive(Default)]
pub struct oss_bucket_options {
    inner: Settable<BucketOptions>,
}

impl HasSetters for oss_bucket_options {
    type Value = BucketOptions;

    fn settable(&self) -> &Settable<BucketOptions> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<BucketOptions> {
        &mut self.inner
    }
}

/// The ways to sign a request.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_signature_version {
    /// HMAC-SHA1. OSS no longer offers it to new accounts.
    V1 = 1,
    /// HMAC-SHA256, bound to a region.
    V4 = 4,
}

/// The places where a bucket's name can stand in a URL. An IP address always has the bucket in the path.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_addressing {
    /// In the path for an IP address or "localhost", before the host otherwise.
    Auto = 0,
    /// Before the host: bucket.endpoint/key.
    Virtual = 1,
    /// In the path: endpoint/bucket/key. Public OSS refuses it.
    Path = 2,
    /// Nowhere: the endpoint is a domain of the bucket's own.
    Cname = 3,
}

/// Makes options that hold the defaults.
///
/// @return a handle, to be freed with oss_bucket_options_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_bucket_options_new() -> *mut oss_bucket_options {
    Box::into_raw(Box::default())
}

/// Sets the region for V4 signatures. It need not be set for an endpoint whose name tells it.
///
/// @param options  not NULL.
/// @param region   such as "cn-hangzhou", without "oss-" before it; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_region(
    options: *mut oss_bucket_options,
    region: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_region(convert::text(region, "region")?)) }
}

/// Sets the signature. By default it is V4 if the region is given or the endpoint tells it, and V1 otherwise.
///
/// @param options  not NULL.
/// @param version  an oss_signature_version.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_signature_version(
    options: *mut oss_bucket_options,
    version: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_signature(match version {
                v if v == oss_signature_version::V1 as i32 => SignatureVersion::V1,
                v if v == oss_signature_version::V4 as i32 => SignatureVersion::V4,
                _ => return Err(Mistake::new(format!("{version} is no oss_signature_version"))),
            });
            Ok(())
        })
    }
}

/// Sets where the bucket's name stands in a URL. The default is OSS_ADDRESSING_AUTO.
///
/// @param options     not NULL.
/// @param addressing  an oss_addressing.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_addressing(
    options: *mut oss_bucket_options,
    addressing: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_addressing(match addressing {
                a if a == oss_addressing::Auto as i32 => Addressing::Auto,
                a if a == oss_addressing::Virtual as i32 => Addressing::Virtual,
                a if a == oss_addressing::Path as i32 => Addressing::Path,
                a if a == oss_addressing::Cname as i32 => Addressing::Cname,
                _ => return Err(Mistake::new(format!("{addressing} is no oss_addressing"))),
            });
            Ok(())
        })
    }
}

/// Sets how long name resolution, connecting and the TLS handshake may take together. The default is 10 000 ms.
///
/// @param options  not NULL.
/// @param ms       from 1 to 604 800 000 milliseconds.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_connect_timeout_ms(
    options: *mut oss_bucket_options,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.set_connect_timeout(Duration::from_millis(ms))) }
}

/// Sets how long a connection may move no byte in either direction. The default is 30 000 ms. Even if this is less, OSS
/// may be silent for 6 seconds for each callback URL, and for 60 seconds while it puts parts together.
///
/// @param options  not NULL.
/// @param ms       from 1 to 604 800 000 milliseconds.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_stall_timeout_ms(
    options: *mut oss_bucket_options,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.set_stall_timeout(Duration::from_millis(ms))) }
}

/// Sets how long each call may take in all: name resolution, sending, retries and the wait for the callback. There is no
/// such limit by default. oss_put_options_set_deadline_ms() sets it for one call.
///
/// @param options  not NULL.
/// @param ms       at most 604 800 000 milliseconds; 0 for no limit.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_deadline_ms(
    options: *mut oss_bucket_options,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.set_deadline(Duration::from_millis(ms))) }
}

/// Sets how often a request is tried at the most, the first time included. The default is 3. Between two attempts lies
/// a random pause of up to 20 seconds. When OSS finds our clock wrong, the clock is corrected, and one more attempt made.
///
/// @param options   not NULL.
/// @param attempts  from 1, for no retry, to 100.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_max_attempts(
    options: *mut oss_bucket_options,
    attempts: u32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.set_max_attempts(attempts)) }
}

/// Sets the certificates to trust instead of the system's. The file is read at the first call over https.
///
/// @param options  not NULL.
/// @param path     a file with certificates in PEM form; not NULL, not empty; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_ca_file(
    options: *mut oss_bucket_options,
    path: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_ca_file(convert::text(path, "path")?)) }
}

/// Sets an HTTP proxy to go through. There is none by default; the environment is not asked.
///
/// @param options  not NULL.
/// @param proxy    a URL such as "http://user:password@proxy.example.com:8080"; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_proxy(
    options: *mut oss_bucket_options,
    proxy: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_proxy(convert::text(proxy, "proxy")?)) }
}

/// Sets the User-Agent header. The default is "oss-upload/" and the library's version.
///
/// @param options     not NULL.
/// @param user_agent  not NULL, without control characters; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_user_agent(
    options: *mut oss_bucket_options,
    user_agent: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_user_agent(convert::text(user_agent, "user_agent")?)) }
}

/// Sets who may end the operations on the bucket, all of them.
///
/// @param options  not NULL.
/// @param cancel   NULL for nobody, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_cancel(
    options: *mut oss_bucket_options,
    cancel: *const oss_cancel,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.set_cancel(cancel::shared(cancel));
            Ok(())
        })
    }
}

/// Says which rule the value broke that a setter refused last.
///
/// @param options  may be NULL.
/// @return one line for a human, valid until the next refusal or until `options` is freed; empty if no value was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_error(options: *const oss_bucket_options) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(options) }
}

/// Frees options. Buckets made with them keep what they need.
///
/// @param options  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_free(options: *mut oss_bucket_options) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(options) });
}
