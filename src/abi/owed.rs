//! `oss_owed`: a callback that is owed.

use super::callback_render::oss_callback_values;
use super::convert::{self, Output, c_text};
use super::guard;
use super::operation::{Refusal, construction};
use super::outbox::oss_outbox;
use super::result::oss_result;
use super::settable;
use super::status::{oss_status, oss_stored};
use super::string::oss_string;
use crate::engine::{Clock, Debt, Observer, Owed, Status};
use std::ffi::{CStr, CString, c_char};
use std::io;
use std::time::Duration;

/// A callback that is owed: a record of an outbox, which nobody else can take up meanwhile. For one thread at a time. Freeing
/// it leaves the record as it is.
pub struct oss_owed {
    pub(super) inner: Owed,
    texts: Texts,
}

struct Texts {
    url: CString,
    bucket: CString,
    key: CString,
    upload_id: CString,
    etag: CString,
    content_type: CString,
    message: CString,
}

impl Texts {
    fn new(debt: &Debt) -> Texts {
        let upload = &debt.upload;
        Texts {
            url: c_text(&upload.url),
            bucket: c_text(&upload.bucket),
            key: c_text(&upload.key),
            upload_id: c_text(&upload.upload_id),
            etag: c_text(&upload.etag),
            content_type: c_text(&upload.mime_type),
            message: c_text(&debt.message),
        }
    }
}

impl oss_owed {
    fn new(inner: Owed) -> oss_owed {
        oss_owed { texts: Texts::new(inner.debt()), inner }
    }

    /// Has it tell what is so now.
    pub(super) fn refresh(&mut self) {
        self.texts = Texts::new(self.inner.debt());
    }
}

fn now() -> i64 {
    Clock::default().unix_millis()
}

/// What could not be written.
fn noted(noted: io::Result<()>) -> Result<(), Refusal> {
    noted.map_err(|error| {
        Refusal::new(Status::LocalIo, format!("the outbox could not be told of it: {error}"))
    })
}

/// # Safety
/// `owed` is NULL or a live handle.
unsafe fn field<T>(owed: *const oss_owed, absent: T, of: impl FnOnce(&Debt) -> T) -> T {
    // SAFETY: the caller vouches for it.
    unsafe { owed.as_ref() }.map_or(absent, |owed| of(owed.inner.debt()))
}

/// # Safety
/// `owed` is NULL or a live handle.
unsafe fn text(owed: *const oss_owed, of: impl FnOnce(&Texts) -> &CStr) -> *const c_char {
    // SAFETY: the caller vouches for it.
    unsafe { owed.as_ref() }.map_or(c"".as_ptr(), |owed| of(&owed.texts).as_ptr())
}

/// Gives what is owed, the oldest first, and each time the next. What a call that is under way may come to owe, and what
/// somebody else has in hand, is passed over.
///
/// Nobody else can take up what was given, in this process or another, until its handle is freed.
///
/// @param outbox  not NULL.
/// @param owed    receives a handle, to be freed with oss_owed_free(), or NULL on failure and after the last one, after which
///                it begins anew with the oldest; not NULL.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK, OSS_STATUS_INVALID_ARGUMENT, or OSS_STATUS_LOCAL_IO if the folder cannot be read. Blocks for the
///         disk only.
///
/// @code
/// oss_outbox *outbox = NULL;
/// oss_owed *owed = NULL;
/// oss_status status = oss_outbox_open("/var/lib/myapp/outbox", &outbox, NULL);
/// while (status == OSS_STATUS_OK && (status = oss_outbox_next(outbox, &owed, NULL)) == OSS_STATUS_OK && owed != NULL) {
///     printf("%s: tried %u times, %s\n", oss_owed_key(owed), oss_owed_tries(owed), oss_owed_message(owed));
///     oss_owed_free(owed);
/// }
/// oss_outbox_free(outbox);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_outbox_next(
    outbox: *mut oss_outbox,
    owed: *mut *mut oss_owed,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(owed, "owed")?;
            let oss_outbox { inner, queue, listener } = convert::handle_mut(outbox, "outbox")?;
            let log = |line: &str| {
                listener.log(line);
            };
            if let Some(owed) = queue.next(inner, &log).map_err(Refusal::from)? {
                output.give(oss_owed::new(owed));
            }
            Ok(())
        })
    }
}

/// Gives the URL of the object, without a query: it begins with the endpoint that it was uploaded to.
///
/// @param owed  may be NULL.
/// @return the URL, valid until `owed` is used for a call that changes it, or freed; empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_url(owed: *const oss_owed) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(owed, |texts| &texts.url) }
}

/// Gives the name of the bucket.
///
/// @param owed  may be NULL.
/// @return the name, valid as for oss_owed_url(); empty for an upload to a URL or by a form.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_bucket(owed: *const oss_owed) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(owed, |texts| &texts.bucket) }
}

/// Gives the key of the object.
///
/// @param owed  may be NULL.
/// @return the key, valid as for oss_owed_url(); empty for an upload to a URL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_key(owed: *const oss_owed) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(owed, |texts| &texts.key) }
}

/// Gives the id of the upload in parts that made the object.
///
/// @param owed  may be NULL.
/// @return the id, valid as for oss_owed_url(); empty if it was no upload in parts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_upload_id(owed: *const oss_owed) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(owed, |texts| &texts.upload_id) }
}

/// Gives the ETag of the object, without quotes.
///
/// @param owed  may be NULL.
/// @return the ETag, valid as for oss_owed_url(); empty as long as OSS has not said it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_etag(owed: *const oss_owed) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(owed, |texts| &texts.etag) }
}

/// Gives the content type of the object.
///
/// @param owed  may be NULL.
/// @return the type, valid as for oss_owed_url(); empty if it is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_content_type(owed: *const oss_owed) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(owed, |texts| &texts.content_type) }
}

/// Says how the call, or the last try to make up for it, ended.
///
/// @param owed  may be NULL.
/// @return one line for a human, valid as for oss_owed_url().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_message(owed: *const oss_owed) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(owed, |texts| &texts.message) }
}

/// Gives the size of the object.
///
/// @param owed  may be NULL.
/// @param size  receives the size in bytes if it is known; may be NULL.
/// @return 1 if it is known, otherwise 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_size(owed: *const oss_owed, size: *mut u64) -> i32 {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { convert::known(field(owed, None, |debt| debt.upload.size), size) }
}

/// Gives the CRC-64 of the object.
///
/// @param owed   may be NULL.
/// @param crc64  receives the CRC-64 if it is known; may be NULL.
/// @return 1 if it is known, otherwise 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_crc64(owed: *const oss_owed, crc64: *mut u64) -> i32 {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { convert::known(field(owed, None, |debt| debt.upload.crc64), crc64) }
}

/// Tells whether the object was stored when it was last known.
///
/// @param owed  may be NULL.
/// @return OSS_STORED_YES or OSS_STORED_UNKNOWN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_stored(owed: *const oss_owed) -> oss_stored {
    // SAFETY: the caller passes NULL or a live handle.
    let stored = unsafe { field(owed, false, |debt| debt.stored) };
    if stored { oss_stored::Yes } else { oss_stored::Unknown }
}

/// Says when the upload began.
///
/// @param owed  may be NULL.
/// @return milliseconds since 1970, by the clock of the machine that made it; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_since_ms(owed: *const oss_owed) -> i64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(owed, 0, |debt| debt.began_at) }
}

/// Counts how often it was tried to make up for it.
///
/// @param owed  may be NULL.
/// @return the number of tries, without that of the upload.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_tries(owed: *const oss_owed) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(owed, 0, |debt| debt.tries) }
}

/// Says in how long it is due.
///
/// @param owed  may be NULL.
/// @return milliseconds; 0 if it is due.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_due_in_ms(owed: *const oss_owed) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    let due_in = unsafe { field(owed, Duration::ZERO, |debt| debt.due_in(now())) };
    u64::try_from(due_in.as_millis()).unwrap_or(u64::MAX)
}

/// Makes the body that OSS would send, as oss_callback_render() does, for a program that tells its server by itself.
///
/// @param owed    not NULL.
/// @param values  what comes before that which is known; NULL for nothing.
/// @param body    receives the text, to be freed with oss_string_free(), or NULL on failure; not NULL.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names what is missing. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_render(
    owed: *const oss_owed,
    values: *const oss_callback_values,
    body: *mut *mut oss_string,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(body, "body")?;
            let owed = convert::handle(owed, "owed")?;
            output.give(oss_string::new(&owed.inner.debt().render(&settable::or_default(values))?));
            Ok(())
        })
    }
}

/// Takes the record away: the program told its server by itself, or has given it up.
///
/// @param owed    not NULL.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK, also if it was gone; OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_LOCAL_IO if it cannot be removed.
///         Blocks for the disk only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_done(owed: *mut oss_owed, result: *mut *mut oss_result) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { construction(result, || noted(convert::handle_mut(owed, "owed")?.inner.remove())) }
}

/// Puts off the next try of oss_outbox_deliver().
///
/// @param owed    not NULL.
/// @param ms      for how long from now on, in milliseconds.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_LOCAL_IO if it cannot be written. Blocks for the disk only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_postpone(
    owed: *mut oss_owed,
    ms: u64,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let owed = convert::handle_mut(owed, "owed")?;
            noted(owed.inner.postpone(Duration::from_millis(ms), now()))
        })
    }
}

/// Frees the handle, so that others can take the record up.
///
/// @param owed  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_free(owed: *mut oss_owed) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(owed) });
}
