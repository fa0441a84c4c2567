//! AppendObject.

use super::body::oss_body;
use super::bucket::oss_bucket;
use super::convert;
use super::operation::operation;
use super::put_options::oss_put_options;
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use std::ffi::c_char;

/// Adds data to the end of an object, or makes one to which data can be added. There is no callback: OSS makes none after
/// an append.
///
/// The position guards the data against being appended twice, so a request whose reply was lost is sent again. If that brings
/// no success, since OSS says that the object has another length by now, for example, the object is looked for: if it is what
/// it should be, the call has succeeded, and if that cannot be known, stored is OSS_STORED_UNKNOWN. Then look how long the
/// object is with oss_stat_object(), when a minute has passed.
///
/// The CRC-64 of the whole object is compared. For that the object's CRC-64 before the append has to be known: it is 0 at
/// position 0, it can be given by oss_put_options_set_previous_crc64(), and otherwise it is asked for with one more request.
/// Where OSS does not tell it, Content-MD5 is sent instead, and OSS compares.
///
/// @param bucket    not NULL.
/// @param key       as for oss_put_object(). An object that was not made by an append cannot be appended to: OSS refuses
///                  with the code "ObjectNotAppendable".
/// @param position  how many bytes the object has; 0 makes it.
/// @param body      what to add, as for oss_put_body(); not NULL. The object can grow to 5 GiB.
/// @param options   NULL for the defaults. What the object is stored with counts at position 0 only.
/// @param result    receives what there is to know about the call; may be NULL. oss_result_next_position() is where the next
///                  append goes on, and oss_result_crc64() is of the whole object.
/// @return OSS_STATUS_OK: appended, and stored is OSS_STORED_YES.
///         OSS_STATUS_SERVICE with the code "PositionNotEqualToLength" and OSS_STORED_NO: nothing was appended, and
///         oss_result_next_position() is the length that the object has.
///         OSS_STATUS_INTEGRITY: appended, but the whole has not the CRC-64 that it should have.
///         Otherwise as for oss_put_body(). Blocks until the reply is there or a time-out ends it.
///
/// @code
/// oss_body *line = oss_body_from_bytes("a line\n", 7);
/// oss_put_options *options = oss_put_options_new();
/// oss_result *result = NULL;
/// uint64_t position = 0, crc64 = 0;
/// while (position < 21) {
///     if (oss_put_options_set_previous_crc64(options, crc64) != OSS_STATUS_OK ||
///         oss_append_object(bucket, "logs/today.log", position, line, options, &result) != OSS_STATUS_OK) {
///         break;
///     }
///     position = oss_result_next_position(result);
///     oss_result_crc64(result, &crc64);
///     oss_result_free(result);
///     result = NULL;
/// }
/// oss_result_free(result);
/// oss_put_options_free(options);
/// oss_body_free(line);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_append_object(
    bucket: *const oss_bucket,
    key: *const c_char,
    position: u64,
    body: *const oss_body,
    options: *const oss_put_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let bucket = convert::handle(bucket, "bucket")?;
            let key = convert::text(key, "key")?;
            let body = convert::handle(body, "body")?;
            let options = settable::or_default(options);
            Ok(bucket.inner.append(key, position, body.open()?, &options))
        })
    }
}
