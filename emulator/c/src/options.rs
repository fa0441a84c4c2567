//! `oss_emulator_options`: what an emulator is started with.

use crate::convert::{self, give};
use crate::guard;
use crate::handle::{self, Errors, KeepsErrors, attempt};
use crate::status::{Failure, oss_emulator_status};
use emulator::{Config, Credential, Tls};
use std::ffi::c_char;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What an emulator is started with. Without any options it has the bucket "test-bucket", one access key, and free ports of
/// 127.0.0.1.
#[derive(Default)]
pub struct oss_emulator_options {
    config: Config,
    /// Those that were named, in place of the one that there is otherwise.
    buckets: Vec<String>,
    errors: Errors,
}

impl KeepsErrors for oss_emulator_options {
    fn errors(&self) -> &Errors {
        &self.errors
    }
}

impl oss_emulator_options {
    /// All that was set.
    pub(crate) fn config(&self) -> Config {
        let mut config = self.config.clone();
        if !self.buckets.is_empty() {
            config.buckets.clone_from(&self.buckets);
        }
        config
    }
}

/// Makes options that hold the defaults.
///
/// @return a handle, to be freed with oss_emulator_options_free(); never NULL.
///
/// @code
/// oss_emulator_options *options = oss_emulator_options_new();
/// oss_emulator *emulator = NULL;
/// if (oss_emulator_options_add_bucket(options, "photos") != OSS_EMULATOR_STATUS_OK ||
///     oss_emulator_start(options, &emulator) != OSS_EMULATOR_STATUS_OK) {
///     printf("%s\n", oss_emulator_options_error(options));
/// }
/// oss_emulator_options_free(options);
/// oss_emulator_stop(emulator);
/// @endcode
#[unsafe(no_mangle)]
pub extern "C" fn oss_emulator_options_new() -> *mut oss_emulator_options {
    give(oss_emulator_options::default())
}

/// Sets the port of the OSS server. By default it is a free one.
///
/// @param options  not NULL.
/// @param port     at most 65535; 0 for a free one.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_set_port(
    options: *mut oss_emulator_options,
    port: u32,
) -> oss_emulator_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        attempt(options, |options| {
            let port = u16::try_from(port)
                .map_err(|_| Failure::invalid(format!("port must be at most 65535, and is {port}")))?;
            options.config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            Ok(())
        })
    }
}

/// Adds a bucket that is there from the start. The first one takes the place of "test-bucket".
///
/// @param options  not NULL.
/// @param bucket   its name, of which oss_emulator_start() says whether it can be one; not NULL; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_add_bucket(
    options: *mut oss_emulator_options,
    bucket: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(options, |options| {
            options.buckets.push(convert::text(bucket, "bucket")?.to_owned());
            Ok(())
        })
    }
}

/// Sets the access key. oss_emulator_add_access_key() adds others later.
///
/// @param options            not NULL.
/// @param access_key_id      not NULL, not empty; copied.
/// @param access_key_secret  not NULL, not empty; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_set_access_key(
    options: *mut oss_emulator_options,
    access_key_id: *const c_char,
    access_key_secret: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(options, |options| {
            let id = convert::filled_text(access_key_id, "access_key_id")?;
            let secret = convert::filled_text(access_key_secret, "access_key_secret")?;
            options.config.credentials = vec![Credential::new(id, secret)];
            Ok(())
        })
    }
}

/// Sets the region that signatures V4 must name. The default is "cn-hangzhou".
///
/// @param options  not NULL.
/// @param region   not NULL, not empty; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_set_region(
    options: *mut oss_emulator_options,
    region: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(options, |options| {
            options.config.region = convert::filled_text(region, "region")?.to_owned();
            Ok(())
        })
    }
}

/// Adds a name of the OSS server: requests to a host with a bucket's name before it are for that bucket, as they are with
/// "localhost" and the endpoints of OSS. They get to the emulator if it is their proxy, or if the name is resolved to its address.
///
/// @param options  not NULL.
/// @param domain   such as "oss.example.test"; not NULL, not empty; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_add_domain(
    options: *mut oss_emulator_options,
    domain: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(options, |options| {
            options.config.domains.push(convert::filled_text(domain, "domain")?.to_owned());
            Ok(())
        })
    }
}

/// Adds a domain that stands for a bucket: requests to that host are for that bucket. They get to the emulator as with
/// oss_emulator_options_add_domain().
///
/// @param options  not NULL.
/// @param domain   a host's name, without a port; not NULL, not empty; copied.
/// @param bucket   not NULL, not empty; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_add_cname(
    options: *mut oss_emulator_options,
    domain: *const c_char,
    bucket: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(options, |options| {
            let domain = convert::filled_text(domain, "domain")?.to_owned();
            let bucket = convert::filled_text(bucket, "bucket")?.to_owned();
            options.config.cnames.insert(domain, bucket);
            Ok(())
        })
    }
}

/// Has the OSS server speak https, with this certificate.
///
/// @param options      not NULL.
/// @param certificate  the chain, in PEM; not NULL; copied.
/// @param key          its private key, in PEM; not NULL; copied. oss_emulator_start() says whether they can be used.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_set_certificate(
    options: *mut oss_emulator_options,
    certificate: *const c_char,
    key: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(options, |options| {
            let cert_pem = convert::text(certificate, "certificate")?.to_owned();
            let key_pem = convert::text(key, "key")?.to_owned();
            options.config.tls = Some(Tls { cert_pem, key_pem });
            Ok(())
        })
    }
}

/// Keeps objects in a folder, where the next emulator finds them. Only one has it at a time, and another one does not start. By
/// default they are in memory.
///
/// @param options  not NULL.
/// @param folder   is made if it is not there; a path in whatever encoding; not NULL, not empty; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_set_data_folder(
    options: *mut oss_emulator_options,
    folder: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(options, |options| {
            options.config.data = Some(convert::path(folder, "folder")?.to_owned());
            Ok(())
        })
    }
}

/// Sets how long an application server may take to answer a callback. The default is that of OSS, 5000 ms.
///
/// @param options  not NULL.
/// @param ms       from 1 to 600 000 milliseconds.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_set_callback_timeout_ms(
    options: *mut oss_emulator_options,
    ms: u64,
) -> oss_emulator_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        attempt(options, |options| {
            if !(1..=600_000).contains(&ms) {
                return Err(Failure::invalid(format!("ms must be from 1 to 600000, and is {ms}")));
            }
            options.config.callback_timeout = Duration::from_millis(ms);
            Ok(())
        })
    }
}

/// Says why the last setter failed that did, or the start.
///
/// @param options  may be NULL.
/// @return one line, valid until another call on `options`; empty if none has failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_error(options: *const oss_emulator_options) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { handle::error(options) }
}

/// Frees options. Emulators that were started with them go on.
///
/// @param options  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_options_free(options: *mut oss_emulator_options) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(options) });
}
