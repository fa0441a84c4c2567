//! `oss_progress`: how far a call is, as its progress function is told.

use super::body::OSS_LENGTH_UNKNOWN;
use crate::engine::Progress;

/// How far a call is. It is there for as long as the progress function runs that it was handed to.
pub struct oss_progress(pub(super) Progress);

/// # Safety
/// `progress` is NULL or what a progress function is told.
unsafe fn field(progress: *const oss_progress, absent: u64, of: impl FnOnce(&Progress) -> u64) -> u64 {
    // SAFETY: the caller vouches for it.
    unsafe { progress.as_ref() }.map_or(absent, |progress| of(&progress.0))
}

/// Tells how many bytes there are in all. Of oss_outbox_deliver() it is how many callbacks were tried.
///
/// @param progress  may be NULL.
/// @return the number of bytes; OSS_LENGTH_UNKNOWN as long as that is not known, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_total(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, OSS_LENGTH_UNKNOWN, |progress| progress.total.unwrap_or(OSS_LENGTH_UNKNOWN)) }
}

/// Counts the bytes that the system has taken to send, those that OSS has accepted among them. Whenever a request fails, what
/// it sent no longer counts, and the number falls back, also if nothing is sent again; oss_progress_accepted() never does.
///
/// @param progress  may be NULL.
/// @return the number of bytes; 0 for NULL.
///
/// @code
/// const oss_progress *progress = NULL;
/// if (oss_progress_total(progress) != OSS_LENGTH_UNKNOWN) {
///     printf("%llu of %llu bytes\n", (unsigned long long)oss_progress_sent(progress),
///            (unsigned long long)oss_progress_total(progress));
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_sent(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, 0, |progress| progress.sent) }
}

/// Counts the bytes that have been acknowledged on the network, by OSS's system or a proxy's, those that OSS has accepted among
/// them. It falls back as oss_progress_sent() does. Where this system does not say, it is the same as that.
///
/// @param progress  may be NULL.
/// @return the number of bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_acknowledged(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, 0, |progress| progress.acknowledged) }
}

/// Counts the bytes that OSS has said that it has, in whole parts. It only grows, whatever is sent again. For an upload that is
/// resumed, it is 0 until it is known what was there, and goes on from that. Of oss_outbox_deliver() it is how many callbacks are
/// no longer owed.
///
/// @param progress  may be NULL.
/// @return the number of bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_accepted(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, 0, |progress| progress.accepted) }
}

/// Counts the parts that OSS has. Data that is put with a single request is one part.
///
/// @param progress  may be NULL.
/// @return the number of parts; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_parts_done(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, 0, |progress| progress.parts_done) }
}

/// Tells how many parts there are in all.
///
/// @param progress  may be NULL.
/// @return the number of parts; 0 as long as that is not known, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_parts(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, 0, |progress| progress.parts) }
}

/// Counts the requests of the call that have come to their end, as oss_result_sum_attempts() does afterwards.
///
/// @param progress  may be NULL.
/// @return the number of requests; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_attempts(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, 0, |progress| progress.attempts) }
}

/// Tells how fast data went over the network in the last five seconds, or since the call began, whatever was sent twice.
///
/// @param progress  may be NULL.
/// @return bytes a second; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_progress_rate(progress: *const oss_progress) -> u64 {
    // SAFETY: the caller passes NULL or what the function was told.
    unsafe { field(progress, 0, |progress| progress.rate) }
}
