//! Making up for callbacks that are owed.

use super::bucket::oss_bucket;
use super::convert;
use super::delivery_options::oss_delivery_options;
use super::operation::operation;
use super::outbox::oss_outbox;
use super::owed::oss_owed;
use super::result::oss_result;
use super::settable;
use super::status::oss_status;
use crate::engine::Limits;

/// Makes up for all callbacks that are due, so that a thread of the program's or a job of cron's needs nothing else: each is
/// tried once, as by oss_owed_settle(). What fails is put off, for a second at first, then longer each time, up to an hour.
///
/// Only what is owed for objects of this bucket is looked at, reached by the same endpoint as when it was uploaded. Several
/// threads and processes may do this at once; none of them takes up what another has in hand.
///
/// @param outbox   not NULL.
/// @param bucket   not NULL.
/// @param options  NULL for the defaults.
/// @param result   receives what there is to know about the call; may be NULL. oss_result_delivered() counts the callbacks
///                 that are no longer owed, oss_result_owed() those for this bucket that still are, be it that they are not
///                 due yet. What the application servers answer is not kept; oss_owed_settle() hands it over.
/// @return OSS_STATUS_OK if nothing failed; otherwise how the first one failed, as oss_owed_settle() says it;
///         OSS_STATUS_TIMEOUT at the deadline and OSS_STATUS_CANCELLED, before all were tried; OSS_STATUS_LOCAL_IO if the folder
///         cannot be read; OSS_STATUS_INVALID_ARGUMENT. Blocks until all that are due were tried.
///
/// @code
/// oss_outbox *outbox = NULL;
/// oss_result *result = NULL;
/// oss_status status = oss_outbox_open("/var/lib/myapp/outbox", &outbox, &result);
/// if (status == OSS_STATUS_OK) {
///     oss_result_free(result);
///     status = oss_outbox_deliver(outbox, bucket, NULL, &result);
/// }
/// if (status != OSS_STATUS_OK) {
///     fprintf(stderr, "%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_outbox_free(outbox);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_outbox_deliver(
    outbox: *const oss_outbox,
    bucket: *const oss_bucket,
    options: *const oss_delivery_options,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let outbox = convert::handle(outbox, "outbox")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let options = settable::or_default(options);
            let listener = options.listener.with_log_of(outbox.listener);
            Ok(bucket.inner.deliver(&outbox.inner, &options.delivery, &listener))
        })
    }
}

/// Makes up for it: looks the object up, and if it is there, has OSS call the application server once more, as
/// oss_trigger_callback() does. The record goes if the application server answers, and if the object is not stored. It stays if
/// the object was stored and is gone, or has made room for another one: OSS can then no longer be asked to call for it. Tell the
/// application server by other means, as with oss_owed_render(), or give it up; oss_owed_done() takes the record away.
///
/// The object is there if it has the token and the CRC-64 that it was uploaded with. That it is not is certain only once OSS
/// is over with the upload, a minute after it was sent; a process that did not come back is given that minute from the first
/// look on. Until then the object is looked for as after a lost reply.
///
/// The application server may hear the same again, if it heard it without our knowing. oss_callback_set_delivery_variable()
/// lets it tell.
///
/// @param bucket  the bucket that the object was uploaded to, reached by the same endpoint; not NULL.
/// @param owed    not NULL.
/// @param result  receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK: it is no longer owed; oss_result_stored() says OSS_STORED_YES if the application server answered,
///         with oss_result_body() as its answer, and OSS_STORED_NO if the upload has not stored it. Otherwise it stays owed,
///         with one try more and due later: OSS_STATUS_CALLBACK_FAILED if the callback failed again, OSS_STATUS_CALLBACK_UNKNOWN
///         if its reply was lost (stored: OSS_STORED_YES, since it was looked up), or if the object is gone or what became of it
///         cannot be told (stored: OSS_STORED_UNKNOWN), and whatever oss_trigger_callback() ends with; OSS_STATUS_INVALID_ARGUMENT if it is owed for an object elsewhere, or no longer
///         owed. Blocks as oss_trigger_callback() does.
///
/// @code
/// oss_outbox *outbox = NULL;
/// oss_owed *owed = NULL;
/// oss_result *result = NULL;
/// if (oss_outbox_open("/var/lib/myapp/outbox", &outbox, NULL) == OSS_STATUS_OK &&
///     oss_outbox_next(outbox, &owed, NULL) == OSS_STATUS_OK && owed != NULL &&
///     oss_owed_settle(bucket, owed, &result) == OSS_STATUS_OK) {
///     printf("the application server says: %s\n", (const char *)oss_result_body(result, NULL));
/// }
/// oss_result_free(result);
/// oss_owed_free(owed);
/// oss_outbox_free(outbox);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_owed_settle(
    bucket: *const oss_bucket,
    owed: *mut oss_owed,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        operation(result, || {
            let bucket = convert::handle(bucket, "bucket")?;
            let owed = convert::handle_mut(owed, "owed")?;
            let outcome = bucket.inner.settle(&mut owed.inner, &Limits::default());
            owed.refresh();
            Ok(outcome)
        })
    }
}
