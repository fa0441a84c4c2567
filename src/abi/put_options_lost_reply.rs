//! What an upload does about a reply that is lost: more settings of `oss_put_options`.

use super::outbox::{self, oss_outbox};
use super::put_options::oss_put_options;
use super::settable::set;
use super::status::oss_status;
use crate::engine::CallbackDelivery;
use crate::wire::mistake::Mistake;

/// How often OSS may be asked for a callback when its replies are lost.
/// cbindgen:rename-all=ScreamingSnakeCase
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_callback_delivery {
    /// Once, unless it is certain that the callback has not run.
    OssCallbackAtMostOnce = 0,
    /// Until a reply comes, so that the callback may run several times.
    OssCallbackAtLeastOnce = 1,
}

/// Sets what is done when the reply to an upload with a callback is lost. The default is OSS_CALLBACK_AT_MOST_ONCE: the
/// upload is not sent again where its callback may have run, and ends with OSS_STATUS_CALLBACK_UNKNOWN, or without knowing
/// whether the object is stored.
///
/// With OSS_CALLBACK_AT_LEAST_ONCE it is sent again, as an upload without a callback is, and may replace what another writer
/// stored meanwhile. oss_result_callback_repeats() tells how often the callback may have run before, so the application
/// server should be able to hear the same twice. OSS_STATUS_CALLBACK_UNKNOWN then says that no attempt was answered.
///
/// A multipart upload begun with these options keeps to it when it is completed, and oss_trigger_callback() keeps to it. It
/// has no effect on URLs and forms: what is uploaded with one asks for its callback at most once.
///
/// @param options   not NULL.
/// @param delivery  an oss_callback_delivery.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
///
/// @code
/// oss_put_options *options = oss_put_options_new();
/// oss_result *result = NULL;
/// if (oss_put_options_set_callback_delivery(options, OSS_CALLBACK_AT_LEAST_ONCE) == OSS_STATUS_OK &&
///     oss_put_object_with_callback(bucket, "orders/1.json", data, size, callback, options, &result) == OSS_STATUS_OK) {
///     printf("the application server may have heard of it %u times before\n", oss_result_callback_repeats(result));
/// }
/// oss_result_free(result);
/// oss_put_options_free(options);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_callback_delivery(
    options: *mut oss_put_options,
    delivery: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_callback_delivery(match delivery {
                d if d == oss_callback_delivery::OssCallbackAtMostOnce as i32 => CallbackDelivery::AtMostOnce,
                d if d == oss_callback_delivery::OssCallbackAtLeastOnce as i32 => {
                    CallbackDelivery::AtLeastOnce
                }
                _ => return Err(Mistake::new(format!("{delivery} is no oss_callback_delivery"))),
            });
            Ok(())
        })
    }
}

/// Sets whether an object is stored with a token: 128 random bits of the call's own, as metadata under the name
/// x-oss-meta-oss-upload-token. By it a look-up after a lost reply tells the object from one with equal bytes that another
/// writer stored. Whoever may read the object sees its metadata; therefore there is none by default.
///
/// A multipart upload has one token from its beginning to its completion; one that is reopened has none, so that it is known
/// by its bytes. It has no effect on appends, nor on URLs and forms.
///
/// @param options  not NULL.
/// @param wanted   0 for no, which is the default; anything else for yes.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_write_token(
    options: *mut oss_put_options,
    wanted: i32,
) -> oss_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        set(options, |options| {
            options.set_write_token(wanted != 0);
            Ok(())
        })
    }
}

/// Sets where it is kept on disk that the callback is owed; see oss_outbox_open(). It counts for uploads in parts that are
/// begun with these options too, and has no effect on what has no callback, nor on URLs and forms, which take
/// oss_bucket_options_set_outbox().
///
/// @param options  not NULL.
/// @param outbox   NULL for none, which is the default; the options keep their own reference.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_put_options_set_outbox(
    options: *mut oss_put_options,
    outbox: *const oss_outbox,
) -> oss_status {
    // SAFETY: the caller passes NULL or live handles.
    unsafe {
        set(options, |options| {
            options.set_outbox(outbox::shared(outbox));
            Ok(())
        })
    }
}
