//! `oss_bucket_options`: how a bucket is reached.

use super::cancel::{self, oss_cancel};
use super::convert;
use super::guard;
use super::outbox::{self, oss_outbox};
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

/// Sets the region for V4 signatures. It need not be set for an endpoint whose name tells it, as most of aliyuncs.com do, also
/// those that are called otherwise than their region, such as oss-cn-hzfinance. Others tell none: those for acceleration, say.
///
/// @param options  not NULL.
/// @param region   such as "cn-hangzhou", without "oss-" before it and "-internal" after it; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_region(
    options: *mut oss_bucket_options,
    region: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_region(convert::text(region, "region")?)) }
}

/// Sets the signature. By default it is V4 if the region is given or the endpoint tells it. Otherwise it is V1, and the message
/// says so if OSS refuses; but not at hosts of aliyuncs.com, where V1 is closed to new accounts: oss_bucket_new() refuses those
/// that tell no region.
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

/// Sets how long it may take to connect: name resolution, trying the addresses, a proxy's tunnel and the TLS handshake, all
/// together. The default is 10 000 ms.
///
/// The addresses of a name are tried as RFC 8305 has it: both families in turn, the next one after 250 ms, or at once when
/// one has failed. The one that answered is tried first for 10 minutes.
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

/// Sets how long a request may stand still. The default is 30 000 ms. While data is sent, it stands still as long as the
/// other side takes none, whatever it says meanwhile; but not while it waits for the source or for a rate limit. When all has
/// arrived, it stands still as long as no byte of the reply comes. Even if this is less, OSS may then be silent for 6 seconds
/// for each callback URL, and for 60 seconds while it puts parts together.
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

/// Sets how long each call may take in all: name resolution, sending, retries, the wait for the callback, and the search for
/// an object whose upload got no reply, for which little time may be left then. There is no such limit by default.
/// oss_put_options_set_deadline_ms() sets it for one call.
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
/// a random pause of up to 20 seconds. What is sent again is said at oss_put_body().
///
/// When OSS refuses a request because its time is wrong, and tells its own time twice alike, the bucket keeps the difference,
/// and the request is sent once more. So it is when a reset hid that from an upload, and a HEAD brings it to light. The
/// system's clock stays as it is.
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

/// Sets how long an object is looked for when the reply to its upload was lost, so that OSS may still be storing it. The
/// default is 10 000 ms. It is looked for at once, and again after pauses that double from 200 ms, until it is there or this
/// time is over, within the call's deadline and cancel. What has not come until then may come yet: stored is then unknown.
///
/// A minute after a request was sent, OSS is taken to be done with it. So with a settling time of more than a minute, 70 000 ms
/// for example, what is not there then was not stored: an upload with a callback is sent again, and one without ends with
/// OSS_STORED_NO. A deadline has to leave time for that. Only replies are believed that OSS made and no cache kept. Uploads to
/// URLs and by forms cannot look for anything.
///
/// @param options  not NULL.
/// @param ms       at most 604 800 000 milliseconds; 0 for a single look, and where OSS is done, a second one that has to find as
///                 little.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_settling_time_ms(
    options: *mut oss_bucket_options,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.set_settling_time(Duration::from_millis(ms))) }
}

/// Sets the certificates to trust instead of the system's. The file is read at the first call over TLS.
///
/// A certificate that signed itself is trusted too, if it is in the file and the server shows this very one. Its name and
/// its dates are checked all the same.
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
    unsafe { set(options, |options| options.set_ca_file(convert::path(path, "path")?)) }
}

/// Adds certificates to trust: to the system's, or to those of oss_bucket_options_set_ca_file() if that is set as well. The
/// file is read at the first call over TLS, and a certificate in it that signed itself is trusted as it is there.
///
/// @param options  not NULL.
/// @param path     a file with certificates in PEM form, any number of them; not NULL, not empty; copied.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT also if a file is added already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_add_ca_file(
    options: *mut oss_bucket_options,
    path: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.add_ca_file(convert::path(path, "path")?)) }
}

/// Sets the certificate that is shown to the endpoint when it asks for one over https. There is none by default. The files
/// are read at the first call over https.
///
/// @param options           not NULL.
/// @param certificate_file  a file in PEM form with the certificate, and behind it those that lead to one that the endpoint
///                          trusts; not NULL, not empty; copied.
/// @param key_file          a file in PEM form with the certificate's private key, not encrypted; not NULL, not empty;
///                          copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_client_certificate(
    options: *mut oss_bucket_options,
    certificate_file: *const c_char,
    key_file: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(options, |options| {
            options.set_client_certificate(
                convert::path(certificate_file, "certificate_file")?,
                convert::path(key_file, "key_file")?,
            )
        })
    }
}

/// Sets which public keys the endpoint may have over https, as curl's --pinnedpubkey does: that of its certificate must be
/// one of them, and the certificate be trusted all the same. By default any key will do.
///
/// @param options  not NULL.
/// @param pins     for each key, "sha256//" and the Base64 of the SHA-256 of its DER form (SubjectPublicKeyInfo); several
///                 are joined by ";"; "" for any key; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_public_key_pin(
    options: *mut oss_bucket_options,
    pins: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_public_key_pin(convert::text(pins, "pins")?)) }
}

/// Sets an HTTP proxy to go through. There is none by default; the environment is asked for one only after
/// oss_bucket_options_set_proxy_from_environment(). Over https, the proxy is asked for a tunnel (CONNECT). It is the proxy that
/// looks up the endpoint's name.
///
/// @param options  not NULL.
/// @param proxy    a URL such as "http://user:password@proxy.example.com:8080", with https if the proxy itself is spoken to
///                 over TLS, where the same certificates are trusted as for the endpoint; without a path; user and
///                 password percent-encoded, sent by the scheme Basic; the port is 80 if none is named, for https 443; not NULL;
///                 copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_proxy(
    options: *mut oss_bucket_options,
    proxy: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_proxy(convert::text(proxy, "proxy")?)) }
}

/// Sets whether the environment is asked for a proxy if oss_bucket_options_set_proxy() sets none. By default it is not.
///
/// Over https these variables are asked: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY; over http: http_proxy, HTTP_PROXY,
/// all_proxy, ALL_PROXY. The first that is not empty counts. HTTP_PROXY does not if there is a variable REQUEST_METHOD: to
/// a CGI program, whoever sends a request can set it. The value is as for oss_bucket_options_set_proxy(), but "http://" may
/// be left out.
///
/// The hosts in no_proxy, or else in NO_PROXY, are reached without one. It is a list with commas of names, which stand for
/// what is below them too ("example.com" and ".example.com" alike), IP addresses and networks such as "10.0.0.0/8", all of
/// them also with a colon and a port (an IPv6 address then in brackets); "*" is every host.
///
/// The variables are read by oss_bucket_new(), oss_put_to_url() and oss_post_object(), and not again for the same bucket.
/// If the value is no proxy's, these end with OSS_STATUS_INVALID_ARGUMENT and a message that names the variable.
///
/// @param options  not NULL.
/// @param wanted   0 for no, which is the default; anything else for yes.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_proxy_from_environment(
    options: *mut oss_bucket_options,
    wanted: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_proxy_from_environment(wanted != 0);
            Ok(())
        })
    }
}

/// Sets where connections start from. By default the system chooses.
///
/// @param options  not NULL.
/// @param address  an IP address of this machine, or the name of a network interface, such as "eth0": 1 to 15 bytes without
///                 "/", ":" and white space; "" for wherever the system wants; not NULL; copied. Whether there is such an
///                 address or interface is found out by the first upload. Before Linux 5.7, only programs with CAP_NET_RAW
///                 may name an interface.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_bind_address(
    options: *mut oss_bucket_options,
    address: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(options, |options| options.set_bind_address(convert::text(address, "address")?)) }
}

/// Sets the address of a host, as curl's --resolve does: connections to it go there, and it is not looked up. Requests and
/// certificates keep to its name. Several hosts can have an address each; a later one for the same host replaces it.
///
/// @param options  not NULL.
/// @param host     the whole name that connections are made to, in whatever case: the endpoint's, with the bucket's before
///                 it if it stands there, such as "examplebucket.oss-cn-hangzhou.aliyuncs.com"; not NULL; copied.
/// @param address  an IP address; "" to look the host up after all; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_resolve(
    options: *mut oss_bucket_options,
    host: *const c_char,
    address: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(options, |options| {
            options.set_resolve(convert::text(host, "host")?, convert::text(address, "address")?)
        })
    }
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
            options.limits_mut().set_cancel(cancel::shared(cancel));
            Ok(())
        })
    }
}

/// Sets where it is kept on disk that a callback is owed, for what takes no other options: oss_put_to_url(),
/// oss_post_object(), and what oss_reopen_multipart() opens; see oss_outbox_open(). Such an object has no token, so that it is
/// known by its bytes: what is uploaded to a URL or by a form is read once more beforehand.
///
/// @param options  not NULL.
/// @param outbox   NULL for none, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_outbox(
    options: *mut oss_bucket_options,
    outbox: *const oss_outbox,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.set_outbox(outbox::shared(outbox));
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
