//! `oss_delivery_options`: how callbacks are made up for.

use super::cancel::{self, oss_cancel};
use super::convert;
use super::guard;
use super::listener::{Listener, oss_progress_fn};
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use crate::engine::DeliveryOptions;
use std::ffi::{c_char, c_void};
use std::time::Duration;

/// How oss_outbox_deliver() goes about it. A setter that refuses a value leaves everything as it was;
/// oss_delivery_options_error() then says why. Set by one thread; any number of calls may use it afterwards.
#[derive(Default)]
pub struct oss_delivery_options {
    inner: Settable<Options>,
}

/// What the engine is told, and who listens.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) delivery: DeliveryOptions,
    pub(super) listener: Listener,
}

impl HasSetters for oss_delivery_options {
    type Value = Options;

    fn settable(&self) -> &Settable<Options> {
        &self.inner
    }

    fn settable_mut(&mut self) -> &mut Settable<Options> {
        &mut self.inner
    }
}

/// Makes options that hold the defaults.
///
/// @return a handle, to be freed with oss_delivery_options_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_delivery_options_new() -> *mut oss_delivery_options {
    Box::into_raw(Box::default())
}

/// Sets how many callbacks are made up for at once, all on the thread that calls. The default is 4.
///
/// @param options    not NULL.
/// @param callbacks  from 1 to 100.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_delivery_options_set_parallel(
    options: *mut oss_delivery_options,
    callbacks: u32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.delivery.set_parallel(callbacks)) }
}

/// Sets how long the whole call may take, whatever the bucket's options say.
///
/// @param options  not NULL.
/// @param ms       at most seven days; 0 for no limit.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_delivery_options_set_deadline_ms(
    options: *mut oss_delivery_options,
    ms: u64,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(options, |options| options.delivery.limits_mut().set_deadline(Duration::from_millis(ms))) }
}

/// Sets who may end the call, besides the bucket's own cancel.
///
/// @param options  not NULL.
/// @param cancel   NULL for nobody, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_delivery_options_set_cancel(
    options: *mut oss_delivery_options,
    cancel: *const oss_cancel,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.delivery.limits_mut().set_cancel(cancel::shared(cancel));
            Ok(())
        })
    }
}

/// Sets who is told how it gets on, after each callback that was tried: oss_progress_accepted() is how many are no longer owed,
/// oss_progress_total() how many were tried; the rest is 0.
///
/// @param options    not NULL.
/// @param progress   NULL for nobody, which is the default.
/// @param user_data  handed to the function; whatever uses the options must find it usable.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_delivery_options_set_progress(
    options: *mut oss_delivery_options,
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

/// Says why a setter refused a value last.
///
/// @param options  may be NULL.
/// @return one line for a human, valid until the next refusal or until `options` is freed; empty if nothing was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_delivery_options_error(options: *const oss_delivery_options) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(options) }
}

/// Frees the options.
///
/// @param options  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_delivery_options_free(options: *mut oss_delivery_options) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(options) });
}
