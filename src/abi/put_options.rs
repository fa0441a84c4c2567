//! `oss_put_options`: what an object is stored with.

use super::cancel::{self, oss_cancel};
use super::convert;
use super::guard;
use super::listener::Listener;
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use crate::engine::{Acl, Encryption, ObjectOptions, StorageClass};
use crate::wire::mistake::Mistake;
use std::ffi::c_char;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// What an object is stored with: its headers, and what else an upload can ask for. A setter that refuses a value leaves
/// everything as it was; oss_put_options_error() then says why. Setting a value again replaces it; an empty value takes
/// a header away. Set by one thread; any number of calls may use it afterwards.
#[derive(Default)]
pub struct oss_put_options {
    inner: Settable<Options>,
}

impl HasSetters for oss_put_options {
    type Value = Options;

    fn settable(&self) -> &Settable<Options> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<Options> {
        &mut self.inner
    }
}

/// What the engine is told, which is nearly all, and who listens.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) object: ObjectOptions,
    pub(super) listener: Listener,
}

impl Deref for Options {
    type Target = ObjectOptions;

    fn deref(&self) -> &ObjectOptions {
        &self.object
    }
}

impl DerefMut for Options {
    fn deref_mut(&mut self) -> &mut ObjectOptions {
        &mut self.object
    }
}

/// Who may read and write an object.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_object_acl {
    /// As the bucket says.
    Default = 0,
    /// The owner alone.
    Private = 1,
    /// Anybody may read.
    PublicRead = 2,
    /// Anybody may read and write.
    PublicReadWrite = 3,
}

/// How an object is stored.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_storage {
    /// Standard: for data in use.
    Standard = 0,
    /// IA: for infrequent access.
    Ia = 1,
    /// Archive.
    Archive = 2,
    /// ColdArchive.
    ColdArchive = 3,
    /// DeepColdArchive.
    DeepColdArchive = 4,
}

/// How OSS encrypts an object.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_encryption {
    /// AES-256 with keys of OSS's.
    Aes256 = 0,
    /// With keys of the key management service.
    Kms = 1,
    /// SM4 with keys of OSS's.
    Sm4 = 2,
    /// SM4 with keys of the key management service.
    KmsSm4 = 3,
}

/// # Safety
/// As for [`set`]; `value` is NULL or a NUL-terminated string.
unsafe fn set_header(options: *mut oss_put_options, name: &str, value: *const c_char) -> oss_status {
    // SAFETY: the caller vouches for both pointers.
    unsafe { set(options, |options| options.set_header(name, convert::text(value, "value")?)) }
}

/// Makes options that hold the defaults.
///
/// @return a handle, to be freed with oss_put_options_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_put_options_new() -> *mut oss_put_options {
    Box::into_raw(Box::default())
}

/// Sets the content type. By default it is guessed from the key's ending, or else from the file's, and is
/// "application/octet-stream" if neither tells.
///
/// @param options  not NULL.
/// @param value    such as "image/jpeg"; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_content_type(
    options: *mut oss_put_options,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_header(options, "content-type", value) }
}

/// Sets the Cache-Control that a download will carry.
///
/// @param options  not NULL.
/// @param value    not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_cache_control(
    options: *mut oss_put_options,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_header(options, "cache-control", value) }
}

/// Sets the Content-Disposition that a download will carry.
///
/// @param options  not NULL.
/// @param value    such as "attachment; filename=\"a.txt\""; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_content_disposition(
    options: *mut oss_put_options,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_header(options, "content-disposition", value) }
}

/// Sets the Content-Encoding that a download will carry. The data is sent as it is.
///
/// @param options  not NULL.
/// @param value    such as "gzip"; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_content_encoding(
    options: *mut oss_put_options,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_header(options, "content-encoding", value) }
}

/// Sets the Content-Language that a download will carry.
///
/// @param options  not NULL.
/// @param value    such as "zh-CN"; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_content_language(
    options: *mut oss_put_options,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_header(options, "content-language", value) }
}

/// Sets the Expires that a download will carry.
///
/// @param options  not NULL.
/// @param value    such as "Wed, 08 Jul 2026 16:57:01 GMT"; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_expires(
    options: *mut oss_put_options,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_header(options, "expires", value) }
}

/// Sets any other header of the request. Those that the library writes itself are refused: Host, Content-Length,
/// Transfer-Encoding, Connection, Date, Authorization, x-oss-date, x-oss-content-sha256, x-oss-security-token,
/// x-oss-callback, x-oss-callback-var and their like.
///
/// @param options  not NULL.
/// @param name     the header's name; not NULL; copied.
/// @param value    without line ends and other control characters; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_header(
    options: *mut oss_put_options,
    name: *const c_char,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(options, |options| {
            options.set_header(convert::text(name, "name")?, convert::text(value, "value")?)
        })
    }
}

/// Adds user metadata. All of it together may have 8 KiB: the names, each with "x-oss-meta-" before it, and the values.
///
/// @param options  not NULL.
/// @param name     of a-z, 0-9 and "-", without the "x-oss-meta-" before it; upper case is made lower; not NULL; copied.
/// @param value    not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_add_metadata(
    options: *mut oss_put_options,
    name: *const c_char,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(options, |options| {
            options.add_metadata(convert::text(name, "name")?, convert::text(value, "value")?)
        })
    }
}

/// Adds a tag to the object. There can be ten. Key and value consist of letters, digits, blanks and + - = . _ : /
///
/// @param options  not NULL.
/// @param key      1 to 128 characters, not bytes, other than the keys of the tags before; not NULL; copied.
/// @param value    up to 256 characters; not NULL; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_add_tag(
    options: *mut oss_put_options,
    key: *const c_char,
    value: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(options, |options| options.add_tag(convert::text(key, "key")?, convert::text(value, "value")?))
    }
}

/// Sets who may read and write the object.
///
/// @param options  not NULL.
/// @param acl      an oss_object_acl.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_acl(options: *mut oss_put_options, acl: i32) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_acl(match acl {
                a if a == oss_object_acl::Default as i32 => Acl::Default,
                a if a == oss_object_acl::Private as i32 => Acl::Private,
                a if a == oss_object_acl::PublicRead as i32 => Acl::PublicRead,
                a if a == oss_object_acl::PublicReadWrite as i32 => Acl::PublicReadWrite,
                _ => return Err(Mistake::new(format!("{acl} is no oss_object_acl"))),
            });
            Ok(())
        })
    }
}

/// Sets how the object is stored.
///
/// @param options  not NULL.
/// @param storage  an oss_storage.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_storage_class(
    options: *mut oss_put_options,
    storage: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_storage_class(match storage {
                s if s == oss_storage::Standard as i32 => StorageClass::Standard,
                s if s == oss_storage::Ia as i32 => StorageClass::InfrequentAccess,
                s if s == oss_storage::Archive as i32 => StorageClass::Archive,
                s if s == oss_storage::ColdArchive as i32 => StorageClass::ColdArchive,
                s if s == oss_storage::DeepColdArchive as i32 => StorageClass::DeepColdArchive,
                _ => return Err(Mistake::new(format!("{storage} is no oss_storage"))),
            });
            Ok(())
        })
    }
}

/// Sets how OSS encrypts the object.
///
/// @param options     not NULL.
/// @param encryption  an oss_encryption.
/// @param key_id      a key of the key management service, for OSS_ENCRYPTION_KMS and OSS_ENCRYPTION_KMS_SM4 only; NULL
///                    for the default key; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_encryption(
    options: *mut oss_put_options,
    encryption: i32,
    key_id: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(options, |options| {
            let encryption = match encryption {
                e if e == oss_encryption::Aes256 as i32 => Encryption::Aes256,
                e if e == oss_encryption::Kms as i32 => Encryption::Kms,
                e if e == oss_encryption::Sm4 as i32 => Encryption::Sm4,
                e if e == oss_encryption::KmsSm4 as i32 => Encryption::KmsSm4,
                _ => return Err(Mistake::new(format!("{encryption} is no oss_encryption"))),
            };
            options.set_encryption(encryption, convert::optional_text(key_id, "key_id")?)
        })
    }
}

/// Sets whether an object that is there already stays as it is; the upload then ends with OSS_STATUS_SERVICE and the
/// error code "FileAlreadyExists". It has no effect on a bucket with versions.
///
/// @param options  not NULL.
/// @param forbid   0 to replace it, which is the default; anything else to keep what is there.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_forbid_overwrite(
    options: *mut oss_put_options,
    forbid: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_forbid_overwrite(forbid != 0);
            Ok(())
        })
    }
}

/// Sets how fast OSS lets the data in. In a multipart upload it holds for each part.
///
/// @param options          not NULL.
/// @param bits_per_second  from 245 760 to 838 860 800.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_traffic_limit(
    options: *mut oss_put_options,
    bits_per_second: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.set_traffic_limit(bits_per_second)) }
}

/// Sets whether a put, an append and each part of a multipart upload send the Content-MD5 of their data, for which the
/// data is read once more beforehand. It is not needed for integrity: the CRC-64 is compared in any case.
///
/// @param options  not NULL.
/// @param wanted   0 for no, which is the default; anything else for yes.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_content_md5(
    options: *mut oss_put_options,
    wanted: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_content_md5(wanted != 0);
            Ok(())
        })
    }
}

/// Says what CRC-64 an object has before oss_append_object() appends to it, as oss_result_crc64() gave it after the append
/// before. That saves a request. Other operations take no notice of it.
///
/// @param options  not NULL.
/// @param crc64    of the whole object so far.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_previous_crc64(
    options: *mut oss_put_options,
    crc64: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_previous_crc64(crc64);
            Ok(())
        })
    }
}

/// Sets how long a call may take in all, whatever the bucket's options say. A multipart upload begun with these options
/// keeps to it in each of its calls.
///
/// @param options  not NULL.
/// @param ms       at most 604 800 000 milliseconds; 0 for no limit.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_deadline_ms(
    options: *mut oss_put_options,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.limits_mut().set_deadline(Duration::from_millis(ms))) }
}

/// Sets who may end the operation, besides the bucket's own cancel. For an upload in parts it counts for all its operations.
///
/// @param options  not NULL.
/// @param cancel   NULL for nobody, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_cancel(
    options: *mut oss_put_options,
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

/// Says which rule the value broke that a setter refused last.
///
/// @param options  may be NULL.
/// @return one line for a human, valid until the next refusal or until `options` is freed; empty if no value was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_error(options: *const oss_put_options) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(options) }
}

/// Frees options.
///
/// @param options  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_free(options: *mut oss_put_options) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(options) });
}
