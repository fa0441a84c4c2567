//! The attempts of a call, which its `oss_result` tells of one by one and in sum.

use super::history::Told;
use super::result::oss_result;
use super::status::oss_status;
use crate::engine::{Phase, Sum, Times};
use std::ffi::{CStr, c_char};
use std::time::Duration;

/// What an attempt spends its time on.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_phase {
    /// The pause before it, for which the call did nothing.
    Pausing = 0,
    /// Finding the addresses of the host, or of the proxy.
    Resolving = 1,
    /// Reaching one of them, and having a proxy open a tunnel.
    Connecting = 2,
    /// The handshakes of TLS, with a proxy too.
    Tls = 3,
    /// Making the request ready, from the end of the one before it if no other one is under way: reading data beforehand, records
    /// on disk, and the functions of the caller's for the log and the progress. Signing it, for which a key may have to be asked
    /// for, and handing it to the system, waits for the data and for a rate limit included.
    Sending = 4,
    /// From then on until the head of the reply was there.
    Waiting = 5,
    /// Reading the rest of the reply.
    Receiving = 6,
}

/// # Safety
/// `result` is NULL or a live handle.
unsafe fn field<T>(result: *const oss_result, index: usize, absent: T, of: impl FnOnce(&Told) -> T) -> T {
    // SAFETY: the caller vouches for it.
    let attempt = unsafe { result.as_ref() }.and_then(|result| result.history.kept.get(index));
    attempt.map_or(absent, of)
}

/// # Safety
/// `result` is NULL or a live handle.
unsafe fn text(result: *const oss_result, index: usize, of: impl FnOnce(&Told) -> &CStr) -> *const c_char {
    // SAFETY: the caller vouches for it.
    unsafe { field(result, index, c"".as_ptr(), |attempt| of(attempt).as_ptr()) }
}

/// # Safety
/// `result` is NULL or a live handle.
unsafe fn sum<T: Default>(result: *const oss_result, of: impl FnOnce(&Sum) -> T) -> T {
    // SAFETY: the caller vouches for it.
    unsafe { result.as_ref() }.map_or_else(T::default, |result| of(&result.history.sum))
}

/// The time of a phase out of `times`, where a pause took so long.
fn microseconds(phase: i32, pause: Duration, times: Times) -> u64 {
    let time = match phase {
        p if p == oss_phase::Pausing as i32 => pause,
        p if p == oss_phase::Resolving as i32 => times.of(Phase::Resolving),
        p if p == oss_phase::Connecting as i32 => times.of(Phase::Connecting),
        p if p == oss_phase::Tls as i32 => times.of(Phase::Tls),
        p if p == oss_phase::Sending as i32 => times.of(Phase::Sending),
        p if p == oss_phase::Waiting as i32 => times.of(Phase::Waiting),
        p if p == oss_phase::Receiving as i32 => times.of(Phase::Receiving),
        _ => Duration::ZERO,
    };
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Counts the attempts of the call that can be looked at one by one: all requests that it sent, those among them that looked
/// something up, one that went over a connection which the server had closed, and one that could not be sent. Of very many,
/// the first 8 and the last 24 are kept; oss_result_attempt_number() tells where some are missing, and oss_result_sum_attempts()
/// how many there were.
///
/// @param result  may be NULL.
/// @return how many are kept, from 0 to 32.
///
/// @code
/// oss_result *result = NULL;
/// if (oss_put_object(bucket, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
///     printf("%s\n", oss_result_message(result));
/// }
/// for (size_t i = 0; i < oss_result_attempt_count(result); i++) {
///     printf("%s to %s: %s after %llu us of waiting\n", oss_result_attempt_operation(result, i),
///            oss_result_attempt_address(result, i), oss_status_name(oss_result_attempt_status(result, i)),
///            (unsigned long long)oss_result_attempt_us(result, i, OSS_PHASE_WAITING));
/// }
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_count(result: *const oss_result) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { result.as_ref() }.map_or(0, |result| result.history.kept.len())
}

/// Tells which of the call's attempts it was, in the order in which they ended.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return the number, from 1 on; 0 if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_number(result: *const oss_result, index: usize) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| attempt.number) }
}

/// Says what an attempt was to do, by OSS's name for it. HeadObject is a look-up.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return such as "PutObject", "UploadPart" or "HeadObject", valid until `result` is freed; empty if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_operation(
    result: *const oss_result,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, index, |attempt| &attempt.operation) }
}

/// Tells which part an attempt sent.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return the part's number; 0 if it sent none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_part_number(result: *const oss_result, index: usize) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| attempt.part_number) }
}

/// Tells how an attempt ended, as if it had been all of the call. It is OSS's reply that is judged: one whose CRC-64 is not that
/// of the data is a success of its attempt, be it that the call ends with OSS_STATUS_INTEGRITY. A look-up that found nothing ends
/// with OSS_STATUS_SERVICE.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return the status; OSS_STATUS_INTERNAL if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_status(result: *const oss_result, index: usize) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, oss_status::Internal, |attempt| attempt.status) }
}

/// Gives the HTTP status of the reply to an attempt.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return such as 200; 0 when there was no reply, or if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_http_status(result: *const oss_result, index: usize) -> i32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| attempt.http_status) }
}

/// Gives the id under which OSS knows an attempt.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return the id, valid until `result` is freed; empty when no reply of OSS's came, or if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_request_id(
    result: *const oss_result,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, index, |attempt| &attempt.request_id) }
}

/// Gives OSS's name for what was wrong with an attempt.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return such as "RequestTimeTooSkewed", valid until `result` is freed; empty when OSS reported no error, or if there is no
///         such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_error_code(
    result: *const oss_result,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, index, |attempt| &attempt.error_code) }
}

/// Tells where the connection of an attempt led: to the proxy's address where there is a proxy.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return such as "203.0.113.7:443" or "[2001:db8::7]:443", valid until `result` is freed; empty when no connection was made,
///         or if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_address(
    result: *const oss_result,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, index, |attempt| &attempt.address) }
}

/// Says why it was sent again what an attempt sent: what the attempt before it came to.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return a line for a human, without secrets, valid until `result` is freed; empty when it was sent for the first time, or
///         if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_reason(result: *const oss_result, index: usize) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { text(result, index, |attempt| &attempt.reason) }
}

/// Tells whether an attempt went over a connection that was used before, of this call or an earlier one.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return 1 if so, and 0 otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_is_reused(result: *const oss_result, index: usize) -> i32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| i32::from(attempt.measured.reused)) }
}

/// Tells whether an attempt is one of those that oss_bucket_options_set_max_attempts() limits. One that met a connection which
/// the server had closed is not, nor is one whose key OSS refused, where there was a newer one to send it again with.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return 1 if so, and 0 otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_is_counted(result: *const oss_result, index: usize) -> i32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| i32::from(attempt.is_counted)) }
}

/// Tells how long a phase of an attempt took. All phases but OSS_PHASE_PAUSING, which was before it, are the time from its
/// beginning to its end.
///
/// Of a call that sends one request at a time, attempts and pauses together are its time, but for what is done on this side
/// before the first and after the last request: making ready for the bucket's first call, which for https means reading
/// certificates; reading data beforehand, for a Content-MD5 or from a reader; records on disk; and the functions of the caller's
/// for the log and the progress. Of parts that are sent several at a time, they are more than the call's time.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @param phase   an oss_phase.
/// @return microseconds; 0 if there is no such attempt or phase.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_us(result: *const oss_result, index: usize, phase: i32) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| microseconds(phase, attempt.pause, attempt.measured.times)) }
}

/// Counts the bytes of an attempt that the system took to send, as they go over the network: the head of the request and
/// encryption included.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return the number of bytes; 0 if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_bytes_sent(result: *const oss_result, index: usize) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| attempt.measured.sent) }
}

/// Counts those bytes of an attempt that are known to have arrived: all, if it was answered after all were sent, and otherwise
/// those that the other system, or the proxy's, has acknowledged.
///
/// @param result  may be NULL.
/// @param index   from 0 to the count less one.
/// @return the number of bytes; 0 where the system does not say, or if there is no such attempt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_attempt_bytes_acknowledged(
    result: *const oss_result,
    index: usize,
) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(result, index, 0, |attempt| attempt.measured.acknowledged) }
}

/// Counts all attempts of the call, those that are not kept among them. oss_result_attempts() counts fewer: those of the
/// operation itself.
///
/// @param result  may be NULL.
/// @return the number of attempts; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_sum_attempts(result: *const oss_result) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { sum(result, |sum| sum.attempts) }
}

/// Tells how long a phase took in all attempts of the call together; of OSS_PHASE_PAUSING, all pauses, also one after which
/// nothing was sent.
///
/// @param result  may be NULL.
/// @param phase   an oss_phase.
/// @return microseconds; 0 for NULL, or if there is no such phase.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_sum_us(result: *const oss_result, phase: i32) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { sum(result, |sum| microseconds(phase, sum.pauses, sum.times)) }
}

/// Counts the bytes of all attempts together, as oss_result_attempt_bytes_sent() does for one.
///
/// @param result  may be NULL.
/// @return the number of bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_sum_bytes_sent(result: *const oss_result) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { sum(result, |sum| sum.sent) }
}

/// Counts the bytes of all attempts together, as oss_result_attempt_bytes_acknowledged() does for one.
///
/// @param result  may be NULL.
/// @return the number of bytes; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_result_sum_bytes_acknowledged(result: *const oss_result) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { sum(result, |sum| sum.acknowledged) }
}
