//! `oss_outbox`: what is owed to application servers, on disk.

use super::convert::{self, Output};
use super::guard;
use super::listener::{Listener, oss_log_fn};
use super::operation::{Refusal, construction};
use super::result::oss_result;
use super::status::oss_status;
use crate::engine::{Outbox, Queue};
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// A folder in which it is kept that application servers are yet to hear of uploads. Any number of processes may use a folder
/// at once. Calls may share the handle, but for oss_outbox_next() and oss_outbox_set_log(), during which nobody else may use
/// it.
pub struct oss_outbox {
    pub(super) inner: Arc<Outbox>,
    pub(super) queue: Queue,
    pub(super) listener: Listener,
}

/// What options take: NULL for none.
///
/// # Safety
/// `outbox` is NULL or a live handle.
pub(super) unsafe fn shared(outbox: *const oss_outbox) -> Option<Arc<Outbox>> {
    // SAFETY: the caller vouches for it.
    unsafe { outbox.as_ref() }.map(|outbox| Arc::clone(&outbox.inner))
}

/// Opens a folder in which it is kept that a callback is owed.
///
/// OSS calls an application server once. If that fails, if its reply is lost or the process ends before it comes, the server
/// never hears of an object that is there. An upload with a callback whose options name an outbox therefore writes a record
/// into the folder, and has it on disk, before the request goes out that may run the callback; the record goes when the
/// application server's answer has come, or when it is certain that nothing was stored. What stays is made up for by
/// oss_outbox_deliver(). If the record cannot be written, the upload ends with OSS_STATUS_LOCAL_IO before anything is sent.
///
/// An object that is stored so gets a token, as with oss_put_options_set_write_token(), so that it is known again. A record
/// holds the callback with its variables and what is known of the object, but no keys. Only records are believed that nobody
/// but this user can have written.
///
/// @param folder  made if it is missing, with access for this user alone; not NULL.
/// @param outbox  receives the handle, to be freed with oss_outbox_free(), or NULL on failure; not NULL.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK, OSS_STATUS_INVALID_ARGUMENT, or OSS_STATUS_LOCAL_IO if the folder cannot be used. Blocks for the
///         disk only.
///
/// @code
/// oss_outbox *outbox = NULL;
/// oss_result *result = NULL;
/// oss_put_options *options = oss_put_options_new();
/// if (oss_outbox_open("/var/lib/myapp/outbox", &outbox, NULL) == OSS_STATUS_OK &&
///     oss_put_options_set_outbox(options, outbox) == OSS_STATUS_OK &&
///     oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, options, &result) != OSS_STATUS_OK) {
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_put_options_free(options);
/// oss_outbox_free(outbox);
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_outbox_open(
    folder: *const c_char,
    outbox: *mut *mut oss_outbox,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(outbox, "outbox")?;
            let inner = Outbox::open(convert::path(folder, "folder")?).map_err(Refusal::from)?;
            let (queue, listener) = (Queue::default(), Listener::default());
            output.give(oss_outbox { inner: Arc::new(inner), queue, listener });
            Ok(())
        })
    }
}

/// Sets who is told what is worth a line in a log: that something in the folder is no record, and was set aside under another
/// name.
///
/// @param outbox     not NULL.
/// @param log        NULL for nobody, which is the default. What it returns ends oss_outbox_deliver() if it is not 0.
/// @param user_data  handed to the function; whatever uses the outbox must find it usable.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_outbox_set_log(
    outbox: *mut oss_outbox,
    log: oss_log_fn,
    user_data: *mut c_void,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(std::ptr::null_mut(), || {
            convert::handle_mut(outbox, "outbox")?.listener = Listener::logging(log, user_data);
            Ok(())
        })
    }
}

/// Frees the handle. The folder stays as it is.
///
/// @param outbox  may be NULL; not to be used afterwards. Options that name it keep their own reference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_outbox_free(outbox: *mut oss_outbox) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(outbox) });
}
