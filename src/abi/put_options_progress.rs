//! Who is told how a put gets on.

use super::listener::oss_progress_fn;
use super::put_options::oss_put_options;
use super::settable::set;
use super::status::oss_status;
use std::ffi::c_void;

/// Sets who is told how a put gets on: what oss_put_object(), oss_put_object_with_callback(), oss_put_file_with_callback() and
/// oss_put_body() store. Other operations take no notice of it; a managed upload has oss_upload_options_set_progress().
///
/// @param options    not NULL.
/// @param progress   NULL for nobody, which is the default.
/// @param user_data  handed to the function; whatever uses the options must find it usable.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_progress(
    options: *mut oss_put_options,
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
