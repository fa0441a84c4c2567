//! What OSS sends for one upload, be it once or again, has one id that no other upload has; and a program that tells its server
//! itself has the same.

use crate::support;
use crate::support::bed::{BUCKET, Bed, DATA, KEY, assert_ended};
use crate::support::observer::Silent;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_emulator::{Action, Answer};
use oss_upload::callback::Callback;
use oss_upload::engine::{
    Body, BucketOptions, CallbackDelivery, Completion, Multipart, ObjectOptions, Outcome, PostPolicy, Status,
    Stored, UploadOptions, Writer,
};
use std::fs;
use tempfile::TempDir;

const VARIABLE: &str = "x:delivery";
const PART: u64 = 100 << 10;

fn callback(bed: &Bed) -> Callback {
    let mut callback = Callback::new(&bed.application.url(), "o=${object}&d=${x:delivery}").unwrap();
    callback.set_delivery_variable(VARIABLE).unwrap();
    callback
}

fn received(bed: &Bed) -> Vec<String> {
    let requests = bed.application.requests().into_iter();
    requests.map(|request| String::from_utf8(request.body).unwrap()).collect()
}

fn id_in(body: &str) -> &str {
    let (_, id) = body.rsplit_once("&d=").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{body}");
    id
}

/// The id that a request of this operation carried.
fn ids_asked_for(bed: &Bed, operation: &str) -> Vec<String> {
    let requests = bed.emulator.requests().into_iter().filter(|request| request.operation == operation);
    let variables = requests
        .map(|request| BASE64_STANDARD.decode(request.header("x-oss-callback-var").unwrap()).unwrap());
    let json = variables.map(|json| serde_json::from_slice::<serde_json::Value>(&json).unwrap());
    json.map(|json| json[VARIABLE].as_str().unwrap().to_owned()).collect()
}

/// Checks of two uploads whose callbacks fail that each has an id, and that the body can be made with it.
fn check(upload: impl Fn(&Bed, &Callback) -> Outcome) {
    let bed = Bed::new();
    bed.application.answer(Answer::status(500));
    let callback = callback(&bed);
    let made = [(); 2].map(|()| {
        let outcome = upload(&bed, &callback);
        assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
        let mut values = outcome.callback_values();
        values.set("object", KEY).unwrap();
        callback.render(&values).unwrap()
    });
    assert_eq!(received(&bed), made);
    assert_ne!(id_in(&made[0]), id_in(&made[1]));
    assert_eq!(callback.delivery_id(), None);
}

fn always_again() -> ObjectOptions {
    let mut options = ObjectOptions::default();
    options.set_callback_delivery(CallbackDelivery::AtLeastOnce);
    options
}

fn in_parts() -> UploadOptions {
    let mut options = UploadOptions::default();
    options.set_threshold(1).unwrap();
    options.set_part_size(PART).unwrap();
    options
}

#[test]
fn each_put_has_an_id() {
    check(|bed, callback| bed.bucket.put(KEY, Body::Bytes(DATA), Some(callback), &ObjectOptions::default()));
}

#[test]
fn each_multipart_upload_has_an_id() {
    check(|bed, callback| bed.begun().complete(Completion::Known, Some(callback)));
    check(|bed, callback| {
        let (reopened, _) = Multipart::reopen(&bed.bucket, KEY, bed.begun().upload_id());
        reopened.unwrap().complete(Completion::All, Some(callback))
    });
}

#[test]
fn each_managed_upload_has_an_id() {
    let data = support::noise(3 * PART as usize);
    for options in [UploadOptions::default(), in_parts()] {
        check(|bed, callback| bed.bucket.upload(KEY, Body::Bytes(&data), Some(callback), &options, &Silent));
        check(|bed, callback| {
            let mut writer = Writer::new(&bed.bucket, KEY, Some(callback), &options).unwrap();
            assert!(writer.write(&data, &Silent).is_ok());
            writer.finish(&Silent)
        });
    }
}

#[test]
fn each_form_that_is_signed_has_an_id() {
    check(|bed, callback| {
        let mut policy = PostPolicy::default();
        policy.set_key(KEY).unwrap();
        let form = bed.bucket.sign_post_policy(&policy, Some(callback), 60).unwrap();
        form.post(Body::Bytes(DATA), &BucketOptions::default())
    });
}

#[test]
fn each_url_that_is_signed_has_an_id() {
    check(|bed, callback| {
        let presigned = bed.bucket.presign_put(KEY, Some(callback), &ObjectOptions::default(), 60).unwrap();
        presigned.put(Body::Bytes(DATA), &BucketOptions::default())
    });
    let bed = Bed::new();
    let signed = || bed.bucket.presign_complete(KEY, "id", Some(&callback(&bed)), 60).unwrap().url;
    let variables =
        |url: String| url.split("callback-var=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    assert_ne!(variables(signed()), variables(signed()));
}

#[test]
fn what_is_sent_again_has_the_same_id() {
    let bed = Bed::new();
    let callback = callback(&bed);
    bed.fault("PutObject", Action::CloseWithoutReply);
    let outcome = bed.bucket.put(KEY, Body::Bytes(DATA), Some(&callback), &always_again());
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let bodies = received(&bed);
    assert_eq!((bodies.len(), &bodies[0], id_in(&bodies[0]).len()), (2, &bodies[1], 32));

    let (multipart, _) = Multipart::begin(&bed.bucket, KEY, &always_again());
    let multipart = multipart.unwrap();
    assert!(multipart.upload_part(1, Body::Bytes(DATA)).is_ok());
    bed.fault("CompleteMultipartUpload", Action::CloseBeforeWork);
    assert_ended(&multipart.complete(Completion::Known, Some(&callback)), Status::Ok, Stored::Yes);
    let ids = ids_asked_for(&bed, "CompleteMultipartUpload");
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    assert_eq!(id_in(&received(&bed)[2]), ids[0]);
}

#[test]
fn upload_in_parts_keeps_its_id_for_another_call() {
    let bed = Bed::new();
    let multipart = bed.begun();
    bed.fault("CompleteMultipartUpload", Action::Status { status: 403, code: "ByFault".to_owned() });
    for status in [Status::Service, Status::Ok] {
        let outcome = multipart.complete(Completion::Known, Some(&callback(&bed)));
        assert_eq!(outcome.status, status, "{}", outcome.message);
    }
    let ids = ids_asked_for(&bed, "CompleteMultipartUpload");
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
}

/// A file that is uploaded so that another process can go on.
struct Resumable {
    bed: Bed,
    scratch: TempDir,
}

impl Resumable {
    fn new() -> Resumable {
        let resumable = Resumable { bed: Bed::new(), scratch: TempDir::new().unwrap() };
        fs::write(resumable.path("file"), support::noise(3 * PART as usize)).unwrap();
        resumable
    }

    fn path(&self, name: &str) -> String {
        self.scratch.path().join(name).to_str().unwrap().to_owned()
    }

    fn upload(&self, object: ObjectOptions) -> Outcome {
        let mut options = in_parts();
        options.set_checkpoint(Some(self.path("records").as_ref())).unwrap();
        options.set_object_options(object);
        let body = Body::open(self.path("file"), None).unwrap_or_else(|_| panic!("it cannot be opened"));
        self.bed.bucket.upload(KEY, body, Some(&callback(&self.bed)), &options, &Silent)
    }

    /// An upload that was completed, though whoever sent it could not find that out.
    fn completed(&self) {
        self.bed.always("CompleteMultipartUpload", Action::CloseWithoutReply);
        self.bed.always("HeadObject", Action::Status { status: 403, code: "ByFault".to_owned() });
        assert_ended(&self.upload(ObjectOptions::default()), Status::Network, Stored::Unknown);
        self.bed.emulator.clear_faults();
    }
}

#[test]
fn resumed_upload_has_the_id_of_the_process_that_began_it() {
    let resumable = Resumable::new();
    let bed = &resumable.bed;
    bed.fault("CompleteMultipartUpload", Action::Status { status: 403, code: "ByFault".to_owned() });
    assert_ended(&resumable.upload(ObjectOptions::default()), Status::Service, Stored::No);
    assert_ended(&resumable.upload(ObjectOptions::default()), Status::Ok, Stored::Yes);
    let ids = ids_asked_for(bed, "CompleteMultipartUpload");
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    // A new upload has a new one.
    assert_ended(&resumable.upload(ObjectOptions::default()), Status::Ok, Stored::Yes);
    assert_ne!(ids_asked_for(bed, "CompleteMultipartUpload")[2], ids[0]);
}

#[test]
fn body_for_what_an_earlier_process_completed_has_its_id() {
    let resumable = Resumable::new();
    resumable.completed();
    let outcome = resumable.upload(ObjectOptions::default());
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
    let made = callback(&resumable.bed).render(&outcome.callback_values()).unwrap();
    assert_eq!(received(&resumable.bed), [made]);
}

#[test]
fn upload_that_starts_over_since_its_object_is_gone_has_the_same_id() {
    let resumable = Resumable::new();
    resumable.completed();
    resumable.bed.emulator.delete_object(BUCKET, KEY);
    assert_ended(&resumable.upload(always_again()), Status::Ok, Stored::Yes);
    let bodies = received(&resumable.bed);
    assert_eq!((bodies.len(), id_in(&bodies[0])), (2, id_in(&bodies[1])));
}
