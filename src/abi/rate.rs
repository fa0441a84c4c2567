//! `oss_rate`: how fast several calls send together.

use super::bucket_options::oss_bucket_options;
use super::convert;
use super::guard;
use super::put_options::oss_put_options;
use super::settable::set;
use super::status::oss_status;
use super::upload_options::oss_upload_options;
use crate::engine::Rate;

/// How fast all calls together may send that it was given to, whichever buckets and threads they are of. Any thread may set
/// it while they run, and a signal handler may.
pub struct oss_rate {
    inner: Rate,
}

/// # Safety
/// `rate` is NULL or a live handle.
unsafe fn shared(rate: *const oss_rate) -> Option<Rate> {
    // SAFETY: the caller vouches for it.
    unsafe { rate.as_ref() }.map(|rate| rate.inner.clone())
}

/// Makes a rate to be shared.
///
/// Options take it: oss_upload_options_set_rate() and oss_put_options_set_rate() for single operations,
/// oss_bucket_options_set_rate() for all operations on a bucket. They keep their own reference. Whoever wants to send first
/// goes first, a piece of a tenth of a second at a time; time in which nobody sends is not saved up. After a fork, parent and
/// child each have their own.
///
/// @param bytes_per_second  as for oss_rate_set().
/// @return a handle, to be freed with oss_rate_free(); never NULL.
///
/// @code
/// oss_rate *rate = oss_rate_new(1000000);
/// oss_bucket_options *options = oss_bucket_options_new();
/// if (oss_bucket_options_set_rate(options, rate) != OSS_STATUS_OK) {
///     printf("%s\n", oss_bucket_options_error(options));
/// }
/// oss_bucket_options_free(options);
/// oss_rate_set(rate, 50000000);
/// oss_rate_free(rate);
/// @endcode
#[unsafe(no_mangle)]
pub extern "C" fn oss_rate_new(bytes_per_second: u64) -> *mut oss_rate {
    Box::into_raw(Box::new(oss_rate { inner: Rate::new(bytes_per_second) }))
}

/// Sets how fast those that share it send from now on. What waits for its turn takes note within a twentieth of a second. A
/// pause is no standstill that a time-out would end; the deadline and a cancel still end a call, and a server may give up a
/// connection on which a request is only half sent.
///
/// @param rate              may be NULL. Any thread may call this, any number of times, and a signal handler may: nothing but
///                          one store to memory happens.
/// @param bytes_per_second  0 for a pause until it is set again; what is less than 1024 counts as 1024; UINT64_MAX for as
///                          fast as it can be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_rate_set(rate: *const oss_rate, bytes_per_second: u64) {
    // SAFETY: the caller passes NULL or a live handle.
    if let Some(rate) = unsafe { rate.as_ref() } {
        rate.inner.set(bytes_per_second);
    }
}

/// Frees the handle. What it was given to keeps to the rate that was set last.
///
/// @param rate  may be NULL; not to be used afterwards, in a signal handler neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_rate_free(rate: *mut oss_rate) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(rate) });
}

/// Sets how fast all operations on the bucket send, together with whatever else has the same rate. An operation whose own
/// options have a rate too keeps to both. Handles of oss_bucket_with_limits() keep it.
///
/// @param options  not NULL.
/// @param rate     NULL for none, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_options_set_rate(
    options: *mut oss_bucket_options,
    rate: *const oss_rate,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.limits_mut().set_rate(shared(rate));
            Ok(())
        })
    }
}

/// Sets how fast the operation sends, together with whatever else has the same rate. For an upload in parts it counts for
/// all its operations.
///
/// @param options  not NULL.
/// @param rate     NULL for none, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_rate(
    options: *mut oss_put_options,
    rate: *const oss_rate,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.limits_mut().set_rate(shared(rate));
            Ok(())
        })
    }
}

/// Sets how fast the upload sends, together with whatever else has the same rate. With oss_upload_options_set_rate_limit()
/// it keeps to both.
///
/// @param options  not NULL.
/// @param rate     NULL for that of the put options, if they have one; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_upload_options_set_rate(
    options: *mut oss_upload_options,
    rate: *const oss_rate,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.upload.limits_mut().set_rate(shared(rate));
            Ok(())
        })
    }
}
