//! `oss_upload_options`: how a managed upload goes about it.

use super::cancel::{self, oss_cancel};
use super::convert;
use super::guard;
use super::listener::{Listener, oss_log_fn, oss_progress_fn};
use super::outbox::{self, oss_outbox};
use super::put_options::oss_put_options;
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use crate::engine::UploadOptions;
use std::ffi::{c_char, c_void};
use std::time::Duration;

/// How a managed upload goes about it. A setter that refuses a value leaves everything as it was;
/// oss_upload_options_error() then says why. Set by one thread; any number of calls may use it afterwards.
#[derive(Default)]
pub struct oss_upload_options {
    inner: Settable<Options>,
}

impl HasSetters for oss_upload_options {
    type Value = Options;

    fn settable(&self) -> &Settable<Options> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<Options> {
        &mut self.inner
    }
}

/// What the engine is told, and who listens.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) upload: UploadOptions,
    pub(super) listener: Listener,
}

/// Makes options that hold the defaults.
///
/// @return a handle, to be freed with oss_upload_options_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_upload_options_new() -> *mut oss_upload_options {
    Box::into_raw(Box::default())
}

/// Sets what the object is stored with. A deadline or a cancel among these options counts where none is set on the upload
/// options themselves; a traffic limit is shared out, so that it holds for all parts together.
///
/// @param options      not NULL.
/// @param put_options  copied; NULL for the defaults.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_put_options(
    options: *mut oss_upload_options,
    put_options: *const oss_put_options,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.upload.set_object_options(settable::or_default(put_options).object.clone());
            Ok(())
        })
    }
}

/// Sets how large the parts are. By default they have 8 MiB, or more where 10 000 parts of that would not suffice; parts
/// of data of unknown length then double after every 500. A size set here is exceeded if the length is known and 10 000
/// parts of it would not suffice. Where the data has to be held, oss_upload_options_set_memory_limit() bounds all of this.
///
/// @param options  not NULL.
/// @param bytes    from 102 400 to 5 GiB; 0 for the default.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_part_size(
    options: *mut oss_upload_options,
    bytes: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.upload.set_part_size(bytes)) }
}

/// Sets up to which length data is put with a single request. The default is 16 MiB. Data of unknown length, and that of a
/// reader that cannot rewind, is put if it fits into one part; with a checkpoint folder everything goes in parts.
///
/// @param options  not NULL.
/// @param bytes    at most 5 GiB.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_threshold(
    options: *mut oss_upload_options,
    bytes: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.upload.set_threshold(bytes)) }
}

/// Sets how many parts are sent at once, each over a connection of its own. The default is 4. They are all sent by the
/// thread that calls. Data from a reader or writer is held in memory meanwhile: so many parts of it, or as many as the memory
/// limit has room for.
///
/// @param options  not NULL.
/// @param parts    from 1 to 100.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_parallel(
    options: *mut oss_upload_options,
    parts: u32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.upload.set_parallel(parts)) }
}

/// Sets how much memory the upload takes for the data that it has in hand. It follows from this how many parts are sent at
/// once, and how large they are where no size is set.
///
/// A part from a reader that gives the data once, or from a writer, is held until OSS has it. If not even one can be held, of
/// the size that is set, unless the data is known to be shorter, or that 10 000 of them need for a known length, the upload is
/// refused, and the message says which limit would do. Data of unknown length ends with OSS_STATUS_INVALID_ARGUMENT as soon as it is longer than 10 000 parts can
/// be: with the default limit and no part size of your own, that is beyond 1.2 TB. Files, and bytes in memory, are read as they
/// are sent, which takes 1 MiB for each part that is under way.
///
/// @param options  not NULL.
/// @param bytes    at least 1 MiB (1 048 576); 0 for the default, which is 128 MiB.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_memory_limit(
    options: *mut oss_upload_options,
    bytes: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.upload.set_memory_limit(bytes)) }
}

/// Has an upload of a file leave a record while it is going on, so that a later call with the same arguments goes on where
/// it was stopped, be it by an error, a cancel or the end of the process.
///
/// The record is bound to the endpoint, bucket and key, to the file's path and the range of it, and to the part size and the
/// object's headers: when one of them differs, the upload starts over, and so it does when the record is damaged. When the
/// file's device, inode, length or times have moved, the parts in the record are compared with it by their CRC-64: if all are
/// equal the upload goes on, otherwise it starts over. Before it goes on, OSS is asked which parts it has. When the object is
/// stored, the record is removed. It holds no secret, and only its owner can read it. One call at a time works on an upload;
/// another waits up to two seconds, since whoever is at it may be about to end.
///
/// Without a callback the record is a convenience: once the upload has begun, a disk that is full or fails costs a line in the log,
/// and perhaps the parts that are sent until it can be written again. With a callback, Complete is not sent before that is on
/// record, which keeps the callback from running twice: where that cannot be written, the call ends with OSS_STATUS_LOCAL_IO, and
/// its parts are kept.
///
/// What somebody else could have written is not believed: a record and its lock have to be regular files that belong to the
/// effective user, have one name and can be written to by nobody else. Others are removed, with a line in the log, and the
/// upload starts over. Where something cannot be removed, such as a directory with files in it, the record is kept under another
/// name, which the next call finds, and a line in the log says so. There are four names; where all are taken, the call ends with
/// OSS_STATUS_LOCAL_IO before anything is sent, and so it does on a file system that does not know whose a file is. The folder
/// should be one of your own.
///
/// A record that is ours and cannot be read just now, such as for want of file descriptors, stays: the call ends with
/// OSS_STATUS_LOCAL_IO or OSS_STATUS_OUT_OF_MEMORY before anything is sent, and with OSS_STORED_UNKNOWN, since an earlier process
/// may have completed the upload.
///
/// @param options  not NULL.
/// @param folder   a folder of your own, such as "/var/lib/myapp/uploads"; made if it is missing, for its owner only; NULL for
///                 no record, which is the default; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_checkpoint(
    options: *mut oss_upload_options,
    folder: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(options, |options| options.upload.set_checkpoint(convert::optional_path(folder, "folder")?))
    }
}

/// Sets what becomes of the parts when an upload fails. By default they are removed, unless there is a checkpoint folder
/// and the file is still the same. Parts that are kept can be found in oss_result_upload_id(), and they cost money.
///
/// @param options  not NULL.
/// @param keep     0 to remove them, which is the default; anything else to leave them at OSS.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_keep_parts(
    options: *mut oss_upload_options,
    keep: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.upload.set_keep_parts(keep != 0);
            Ok(())
        })
    }
}

/// Sets how fast the data is sent, all parts together.
///
/// @param options           not NULL.
/// @param bytes_per_second  at least 1024; 0 for as fast as it can be, which is the default.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_rate_limit(
    options: *mut oss_upload_options,
    bytes_per_second: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.upload.limits_mut().set_bytes_per_second(bytes_per_second)) }
}

/// Sets how long the whole upload may take, whatever the bucket's options say. Some of it, a tenth but at most two seconds,
/// is kept for removing the parts if it is not enough. For a writer it counts for each of its calls.
///
/// @param options  not NULL.
/// @param ms       at most seven days; 0 for no limit.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_deadline_ms(
    options: *mut oss_upload_options,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.upload.limits_mut().set_deadline(Duration::from_millis(ms))) }
}

/// Sets who may end the upload, besides the bucket's own cancel.
///
/// @param options  not NULL.
/// @param cancel   NULL for nobody, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_cancel(
    options: *mut oss_upload_options,
    cancel: *const oss_cancel,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.upload.limits_mut().set_cancel(cancel::shared(cancel));
            Ok(())
        })
    }
}

/// Sets who is told how the upload gets on.
///
/// @param options    not NULL.
/// @param progress   NULL for nobody, which is the default.
/// @param user_data  handed to the function; whatever uses the options must find it usable.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_progress(
    options: *mut oss_upload_options,
    progress: oss_progress_fn,
    user_data: *mut c_void,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.listener = options.listener.telling(progress, user_data);
            Ok(())
        })
    }
}

/// Sets who is told what is worth a line in a log about the upload as a whole, as warnings: that it could not be resumed and
/// starts over, say. oss_bucket_options_set_log() is told of each request besides.
///
/// @param options    not NULL.
/// @param log        NULL for nobody, which is the default.
/// @param user_data  handed to the function; whatever uses the options must find it usable.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_log(
    options: *mut oss_upload_options,
    log: oss_log_fn,
    user_data: *mut c_void,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.listener = options.listener.with_log_of(Listener::logging(log, user_data));
            Ok(())
        })
    }
}

/// Sets where it is kept on disk that the callback is owed, whatever the put options say; see oss_outbox_open(). Room for the
/// record is taken before anything is sent.
///
/// @param options  not NULL.
/// @param outbox   NULL for none, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_outbox(
    options: *mut oss_upload_options,
    outbox: *const oss_outbox,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.upload.set_outbox(outbox::shared(outbox));
            Ok(())
        })
    }
}

/// Says why a setter refused a value last.
///
/// @param options  may be NULL.
/// @return one line for a human, valid until the next refusal or until `options` is freed; empty if nothing was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_error(options: *const oss_upload_options) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(options) }
}

/// Frees options.
///
/// @param options  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_free(options: *mut oss_upload_options) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(options) });
}
