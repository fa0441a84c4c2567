//! The body that a program can send in place of OSS is the one that OSS sends.

use crate::support;
use crate::support::bed::{BUCKET, Bed, DATA, KEY};
use crate::support::observer::Silent;
use oss_emulator::{Action, Answer};
use oss_upload::callback::{BodyType, Callback, Values};
use oss_upload::engine::{
    Body, BucketOptions, Completion, Multipart, ObjectOptions, Outcome, PostPolicy, Status, UploadOptions,
};

const FORM: &str = "b=${bucket}&o=${object}&e=${etag}&s=${size}&m=${mimeType}&h=${imageInfo.height}&\
                    w=${imageInfo.width}&f=${imageInfo.format}&c=${crc64}&d=${contentMd5}&v=${vpcId}&\
                    i=${clientIp}&r=${reqId}&a=${operation}&u=${x:user}";
const JSON: &str = r#"{"b":${bucket},"o":${object},"e":${etag},"s":${size},"m":${mimeType},"h":${imageInfo.height},
    "w":${imageInfo.width},"f":${imageInfo.format},"c":${crc64},"d":${contentMd5},"v":${vpcId},"i":${clientIp},
    "r":${reqId},"a":${operation},"u":${x:user}}"#;

/// Callbacks that name all there is.
fn callbacks(bed: &Bed) -> [Callback; 2] {
    [(FORM, BodyType::Form), (JSON, BodyType::Json)].map(|(body, body_type)| {
        let mut callback = Callback::new(&bed.application.url(), body).unwrap();
        callback.set_body_type(body_type).unwrap();
        callback.add_variable("x:user", "4 & \"2\"").unwrap();
        callback
    })
}

/// What only OSS can know, on loopback.
fn from_loopback() -> Values {
    let mut values = Values::default();
    values.set("clientIp", "127.0.0.1").unwrap();
    values
}

/// Checks that after `upload` the body can be made that the application server has received.
fn check(given: &Values, upload: impl Fn(&Bed, &Callback) -> Outcome) {
    let bed = Bed::new();
    bed.application.answer(Answer::status(500));
    for callback in callbacks(&bed) {
        let outcome = upload(&bed, &callback);
        assert_eq!(outcome.status, Status::CallbackFailed, "{}", outcome.message);
        let rendered = callback.render(&given.or(&outcome.callback_values())).unwrap();
        let received = bed.application.requests().pop().unwrap().body;
        assert_eq!(rendered, String::from_utf8(received).unwrap());
    }
}

fn put(bed: &Bed, callback: &Callback) -> Outcome {
    bed.bucket.put(KEY, Body::Bytes(DATA), Some(callback), &ObjectOptions::default())
}

#[test]
fn after_a_put() {
    check(&from_loopback(), put);
}

#[test]
fn after_a_multipart_upload() {
    check(&from_loopback(), |bed, callback| {
        let mut options = ObjectOptions::default();
        options.set_header("content-type", "text/x-special").unwrap();
        let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &options);
        let multipart = multipart.unwrap();
        multipart.upload_part(1, Body::Bytes(DATA));
        multipart.complete(Completion::Known, Some(callback))
    });
}

#[test]
fn after_a_managed_upload_in_parts() {
    let data = support::noise(300_000);
    check(&from_loopback(), |bed, callback| {
        let mut options = UploadOptions::default();
        options.set_threshold(1).unwrap();
        options.set_part_size(100 << 10).unwrap();
        bed.bucket.upload(KEY, Body::Bytes(&data), Some(callback), &options, &Silent)
    });
}

#[test]
fn after_a_form_whose_bucket_is_given() {
    let mut given = from_loopback();
    given.set("bucket", BUCKET).unwrap();
    check(&given, |bed, callback| {
        let mut policy = PostPolicy::default();
        policy.set_key(KEY).unwrap();
        let form = bed.bucket.sign_post_policy(&policy, Some(callback), 60).unwrap();
        form.post(Body::Bytes(DATA), &BucketOptions::default())
    });
}

#[test]
fn after_a_signed_url_whose_bucket_and_key_are_given() {
    let mut given = from_loopback();
    given.set("bucket", BUCKET).unwrap();
    given.set("object", KEY).unwrap();
    check(&given, |bed, callback| {
        let presigned = bed.bucket.presign_put(KEY, Some(callback), &ObjectOptions::default(), 60).unwrap();
        presigned.put(Body::Bytes(DATA), &BucketOptions::default())
    });
}

#[test]
fn after_a_reply_that_was_lost_all_but_the_request_id_is_known() {
    let bed = Bed::new();
    let template = FORM.replace("&r=${reqId}", "");
    let mut callback = Callback::new(&bed.application.url(), &template).unwrap();
    callback.add_variable("x:user", "").unwrap();
    bed.fault("PutObject", Action::CloseWithoutReply);
    let outcome = put(&bed, &callback);
    assert_eq!(outcome.status, Status::CallbackUnknown, "{}", outcome.message);
    let rendered = callback.render(&from_loopback().or(&outcome.callback_values())).unwrap();
    let received = bed.application.requests().pop().unwrap().body;
    assert_eq!(rendered, String::from_utf8(received).unwrap());
}

#[test]
fn request_id_of_a_look_up_is_not_taken_for_that_of_the_upload() {
    let bed = Bed::new();
    let callback = Callback::new(&bed.application.url(), "${reqId}").unwrap();
    let is_not_known = |outcome: Outcome| {
        assert_eq!(outcome.status, Status::CallbackUnknown, "{}", outcome.message);
        assert!(!outcome.request_id().is_empty(), "the look-up has an id");
        let mistake = callback.render(&outcome.callback_values()).unwrap_err().to_string();
        assert_eq!(mistake, "what reqId stands for is not known, and has to be given");
        let mut given = Values::default();
        given.set("reqId", "given").unwrap();
        assert_eq!(callback.render(&given.or(&outcome.callback_values())).unwrap(), "given");
    };
    bed.fault("PutObject", Action::CloseWithoutReply);
    is_not_known(put(&bed, &callback));
    bed.fault("CompleteMultipartUpload", Action::CloseWithoutReply);
    is_not_known(bed.begun().complete(Completion::Known, Some(&callback)));
    // Where the reply itself was cut short, it is known.
    bed.fault("PutObject", Action::TruncateReplyBody);
    let cut = put(&bed, &callback);
    assert_eq!(cut.status, Status::CallbackUnknown, "{}", cut.message);
    assert_eq!(callback.render(&cut.callback_values()).unwrap(), cut.request_id());
}

#[test]
fn what_is_not_known_has_to_be_given() {
    let bed = Bed::new();
    bed.application.answer(Answer::status(500));
    let [callback, _] = callbacks(&bed);
    let presigned = bed.bucket.presign_put(KEY, Some(&callback), &ObjectOptions::default(), 60).unwrap();
    let outcome = presigned.put(Body::Bytes(DATA), &BucketOptions::default());
    let mistake = callback.render(&outcome.callback_values()).unwrap_err().to_string();
    assert!(mistake.contains("bucket"), "{mistake}");
}
