//! `oss_callback_verifier`: whether a callback request comes from OSS.

use super::bucket;
use super::cancel::oss_cancel;
use super::convert::{self, Output};
use super::guard;
use super::operation::{Refusal, construction, operation};
use super::result::oss_result;
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use crate::callback::verify::PublicKey;
use crate::engine::{CallbackRequest, Outcome, Verifier, verify_with};
use std::ffi::{c_char, c_void};
use std::time::Duration;

/// Verifies callback requests, for the server that receives them. Set up by one thread; any number may use it afterwards.
/// Keep it: it remembers the service's key. A child may go on with it after fork().
#[derive(Default)]
pub struct oss_callback_verifier {
    inner: Settable<Verifier>,
}

impl HasSetters for oss_callback_verifier {
    type Value = Verifier;

    fn settable(&self) -> &Settable<Verifier> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<Verifier> {
        &mut self.inner
    }
}

/// Makes a verifier that believes the key which the service publishes at its official place, fetches it when it is first
/// needed, and keeps it for a day.
///
/// @return a handle, to be freed with oss_callback_verifier_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_callback_verifier_new() -> *mut oss_callback_verifier {
    Box::into_raw(Box::default())
}

/// Sets the one key to believe, whatever a request names. Nothing is fetched then.
///
/// @param verifier  not NULL.
/// @param pem       an RSA public key of 512 to 4096 bits in PEM form; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_set_public_key(
    verifier: *mut oss_callback_verifier,
    pem: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(verifier, |verifier| verifier.set_public_key(convert::text(pem, "pem")?)) }
}

/// Adds a place where keys may be. The first one takes the place of the official ones,
/// "https://gosspublic.alicdn.com/" and "http://gosspublic.alicdn.com/".
///
/// @param verifier  not NULL.
/// @param prefix    what the URL of a key must begin with, from the scheme to a slash, such as "https://keys.example.com/";
///                  not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_add_key_prefix(
    verifier: *mut oss_callback_verifier,
    prefix: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(verifier, |verifier| verifier.add_key_prefix(convert::text(prefix, "prefix")?)) }
}

/// Sets how long it may take to fetch a key. The default is 3000 ms; OSS waits for the answer to a callback for 5 s in all.
///
/// @param verifier  not NULL.
/// @param ms        from 1 to 60 000.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_set_fetch_timeout_ms(
    verifier: *mut oss_callback_verifier,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(verifier, |verifier| verifier.set_fetch_time(Duration::from_millis(ms))) }
}

/// Sets how long a key is kept that was fetched. The default is a day.
///
/// @param verifier  not NULL.
/// @param seconds   at most 365 days; 0 to fetch it for every request.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_set_cache_time_s(
    verifier: *mut oss_callback_verifier,
    seconds: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(verifier, |verifier| verifier.set_cache_time(Duration::from_secs(seconds))) }
}

/// Sets the certificates to trust when a key is fetched over https, instead of the system's.
///
/// @param verifier  not NULL.
/// @param path      a PEM file; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_set_ca_file(
    verifier: *mut oss_callback_verifier,
    path: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set(verifier, |verifier| verifier.set_ca_file(convert::path(path, "path")?)) }
}

/// Gives another handle for a verifier, which shares the keys that it fetches, and whose calls are bound to a deadline and a
/// cancel of their own, also while another thread fetches the key that they need.
///
/// @param verifier     not NULL; what is set on one of the two afterwards does not hold for the other.
/// @param deadline_ms  how long each call may take in all, at most 604 800 000 milliseconds; 0 for no limit but the time-out
///                     for fetching a key.
/// @param cancel       who may end the calls; NULL for nobody; the handle keeps its own reference.
/// @param limited      receives the handle, to be freed with oss_callback_verifier_free(), or NULL on failure; not NULL.
/// @param result       receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block: nothing is fetched.
///
/// @code
/// oss_callback_verifier *verifier = oss_callback_verifier_new(), *limited = NULL;
/// oss_status status = oss_callback_verifier_with_limits(verifier, 2000, NULL, &limited, NULL);
/// if (status == OSS_STATUS_OK) {
///     status = oss_callback_verify(limited, "/uploaded", data, size, "header", "header", NULL);
/// }
/// printf("%s\n", status == OSS_STATUS_OK ? "200" : status == OSS_STATUS_NOT_AUTHENTIC ? "403" : "503");
/// oss_callback_verifier_free(limited);
/// oss_callback_verifier_free(verifier);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_with_limits(
    verifier: *const oss_callback_verifier,
    deadline_ms: u64,
    cancel: *const oss_cancel,
    limited: *mut *mut oss_callback_verifier,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(limited, "limited")?;
            let verifier = convert::handle(verifier, "verifier")?;
            let inner = verifier.inner.with_limits(bucket::limits(deadline_ms, cancel)?);
            output.give(oss_callback_verifier { inner: Settable::new(inner) });
            Ok(())
        })
    }
}

/// Says whether a callback request comes from OSS, if it is signed in the way that OSS's documentation describes. Where
/// the header x-oss-signature-version is at hand, oss_callback_verify_request() tells whether it is.
///
/// OSS signs what it sends: the path, decoded, the query as it is, and the body. So give these as they came over the wire,
/// not as a framework or a proxy has rewritten them.
///
/// What no key can have signed is refused without fetching one. Several calls that need the same key wait for one of them to
/// fetch it, and for five seconds after that failed nobody tries again: they end with the same status at once.
///
/// @param verifier       not NULL.
/// @param target         path and query of the request line, such as "/uploaded?from=oss"; not NULL.
/// @param body           the raw body, borrowed for the call; may be anything if `len` is 0.
/// @param len            how many bytes.
/// @param authorization  the value of the header Authorization; NULL if there is none, which makes it not authentic.
/// @param pub_key_url    the value of the header x-oss-pub-key-url; NULL if there is none. With a key set, it is not looked
///                       at.
/// @param result         receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK: it comes from OSS.
///         OSS_STATUS_NOT_AUTHENTIC: it does not; the message says why.
///         Anything else: that could not be found out, since the key could not be fetched; OSS_STATUS_TIMEOUT if its server,
///         which the message names, did not answer in time. Do not believe the request.
///         Blocks while a key is being fetched, and not beyond the time-out for that. SIGPIPE is blocked on the calling
///         thread meanwhile.
///
/// @code
/// oss_callback_verifier *verifier = oss_callback_verifier_new();
/// const char *authorization = "header", *pub_key_url = "header";
/// if (oss_callback_verify(verifier, "/uploaded", data, size, authorization, pub_key_url, NULL) != OSS_STATUS_OK) {
///     printf("403\n");
/// }
/// oss_callback_verifier_free(verifier);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verify(
    verifier: *const oss_callback_verifier,
    target: *const c_char,
    body: *const c_void,
    len: usize,
    authorization: *const c_char,
    pub_key_url: *const c_char,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            verify(verifier, target, body, len, [authorization, pub_key_url, std::ptr::null()])
        })
    }
}

/// Says whether a callback request comes from OSS, as oss_callback_verify() does, and looks at the version of its signature
/// too. What is signed in a way that is not known here may well be from OSS; but that cannot be found out.
///
/// @param verifier           not NULL.
/// @param target             as for oss_callback_verify(); not NULL.
/// @param body               as for oss_callback_verify().
/// @param len                how many bytes.
/// @param authorization      as for oss_callback_verify().
/// @param pub_key_url        as for oss_callback_verify().
/// @param signature_version  the value of the header x-oss-signature-version; NULL or empty if there is none, which is taken
///                           for "1.0".
/// @param result             receives what there is to know about the call; may be NULL.
/// @return as for oss_callback_verify(); OSS_STATUS_BAD_RESPONSE for a version other than "1.0", which the message names:
///         that could not be found out either, and nothing is fetched. Blocks as oss_callback_verify() does.
///
/// @code
/// oss_callback_verifier *verifier = oss_callback_verifier_new();
/// const char *authorization = "header", *pub_key_url = "header", *version = "1.0";
/// switch (oss_callback_verify_request(verifier, "/uploaded", data, size, authorization, pub_key_url, version, NULL)) {
/// case OSS_STATUS_OK: printf("200\n"); break;
/// case OSS_STATUS_NOT_AUTHENTIC: printf("403\n"); break;
/// default: printf("503\n"); break;
/// }
/// oss_callback_verifier_free(verifier);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verify_request(
    verifier: *const oss_callback_verifier,
    target: *const c_char,
    body: *const c_void,
    len: usize,
    authorization: *const c_char,
    pub_key_url: *const c_char,
    signature_version: *const c_char,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            verify(verifier, target, body, len, [authorization, pub_key_url, signature_version])
        })
    }
}

/// # Safety
/// `verifier` is NULL or a live handle; the texts are NULL or NUL-terminated; `body` is readable for `len` bytes.
unsafe fn verify(
    verifier: *const oss_callback_verifier,
    target: *const c_char,
    body: *const c_void,
    len: usize,
    headers: [*const c_char; 3],
) -> Result<Outcome, Refusal> {
    // SAFETY: the caller vouches for each pointer.
    unsafe {
        let verifier = convert::handle(verifier, "verifier")?;
        let target = convert::raw_text(target, "target")?;
        let body = convert::bytes(body, len, "body")?;
        let [authorization, pub_key_url, signature_version] = headers
            .map(|header| convert::raw_text(header, "").map(String::from_utf8_lossy).unwrap_or_default());
        Ok(verifier.inner.verify(&CallbackRequest {
            target,
            body,
            authorization: &authorization,
            pub_key_url: &pub_key_url,
            signature_version: &signature_version,
        }))
    }
}

/// Says whether a callback request was signed with the private half of a key, in the way of the version "1.0". Nothing is
/// fetched.
///
/// @param public_key     an RSA public key of 512 to 4096 bits in PEM form; not NULL.
/// @param target         as for oss_callback_verify(); not NULL.
/// @param body           as for oss_callback_verify().
/// @param len            how many bytes.
/// @param authorization  as for oss_callback_verify().
/// @param result         receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK, OSS_STATUS_NOT_AUTHENTIC, or OSS_STATUS_INVALID_ARGUMENT for what is no such key. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verify_with_key(
    public_key: *const c_char,
    target: *const c_char,
    body: *const c_void,
    len: usize,
    authorization: *const c_char,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let key = PublicKey::from_pem(convert::text(public_key, "public_key")?)?;
            let target = convert::raw_text(target, "target")?;
            let body = convert::bytes(body, len, "body")?;
            let authorization = convert::optional_text(authorization, "").ok().flatten().unwrap_or_default();
            Ok(verify_with(&key, target, body, authorization))
        })
    }
}

/// Says which rule the value broke that a setter refused last.
///
/// @param verifier  may be NULL.
/// @return one line for a human, valid until the next refusal or until `verifier` is freed; empty if nothing was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_error(
    verifier: *const oss_callback_verifier,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(verifier) }
}

/// Frees a verifier.
///
/// @param verifier  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_verifier_free(verifier: *mut oss_callback_verifier) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(verifier) });
}
