//! The outbox: what is owed to an application server is on disk as long as it is owed, and is made up for.

use crate::support;
use crate::support::bed::{BUCKET, Bed, DATA, KEY, assert_ended};
use crate::support::observer::Unmoved;
use crate::support::route::{Route, over_every_route};
use oss_emulator::{Action, Answer};
use oss_upload::callback::{Callback, Values};
use oss_upload::engine::{
    Body, BucketOptions, Clock, Completion, DeliveryOptions, Limits, Multipart, ObjectOptions, Observer,
    Outbox, Outcome, Owed, Presigned, Progress, Queue, Status, Stored, UploadOptions, Writer,
};
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A bed with an outbox.
struct Desk {
    bed: Bed,
    clock: Clock,
    folder: TempDir,
    outbox: Arc<Outbox>,
}

impl Desk {
    fn new() -> Desk {
        Desk::over(Route::Http)
    }

    fn over(route: Route) -> Desk {
        Desk::by(Clock::skipping(), route)
    }

    fn by(clock: Clock, route: Route) -> Desk {
        let bed = Bed::over_with(route, |options: &mut BucketOptions| options.set_clock(clock.clone()));
        let folder = TempDir::new().unwrap();
        let outbox = Arc::new(Outbox::open(folder.path().to_str().unwrap()).unwrap());
        Desk { bed, clock, folder, outbox }
    }

    fn options(&self) -> ObjectOptions {
        let mut options = ObjectOptions::default();
        options.set_outbox(Some(Arc::clone(&self.outbox)));
        options
    }

    fn callback(&self) -> Callback {
        let mut callback = Callback::new(&self.bed.application.url(), "o=${object}&d=${x:delivery}").unwrap();
        callback.set_delivery_variable("x:delivery").unwrap();
        callback
    }

    fn put(&self, key: &str) -> Outcome {
        self.bed.bucket.put(key, Body::Bytes(DATA), Some(&self.callback()), &self.options())
    }

    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn next(&self, queue: &mut Queue) -> Option<Owed> {
        queue.next(&self.outbox, &|line| panic!("{line}")).unwrap()
    }

    fn only(&self) -> Owed {
        let mut queue = Queue::default();
        let owed = self.next(&mut queue).expect("nothing is owed");
        assert!(self.next(&mut queue).is_none(), "more than one is owed");
        owed
    }

    fn deliver(&self) -> Outcome {
        self.bed.bucket.deliver(&self.outbox, &DeliveryOptions::default(), &Unmoved)
    }

    /// What the application server heard, without repetitions.
    fn heard(&self) -> Vec<String> {
        let requests = self.bed.application.requests().into_iter();
        let mut heard: Vec<String> =
            requests.map(|request| String::from_utf8(request.body).unwrap()).collect();
        heard.sort();
        heard.dedup();
        heard
    }

    fn wait(&self, time: Duration) {
        self.clock.skip(time);
    }
}

#[test]
fn nothing_is_left_of_a_callback_that_was_answered_nor_of_an_upload_that_stored_nothing() {
    over_every_route(|route| {
        let desk = Desk::over(route);
        assert_ended(&desk.put("a"), Status::Ok, Stored::Yes);
        desk.bed.always("PutObject", Action::Status { status: 403, code: "AccessDenied".to_owned() });
        assert_ended(&desk.put("b"), Status::Service, Stored::No);
        assert_eq!(desk.files(), [""; 0]);
    });
}

#[test]
fn callback_that_failed_is_owed_and_delivered_once_the_server_is_back() {
    over_every_route(|route| {
        let desk = Desk::over(route);
        desk.bed.application.answer(Answer::status(500));
        assert_ended(&desk.put(KEY), Status::CallbackFailed, Stored::Yes);
        {
            let owed = desk.only();
            let debt = owed.debt();
            assert!(
                debt.stored && debt.tries == 0 && debt.message.contains("the callback failed"),
                "{debt:?}"
            );
            assert_eq!((debt.upload.bucket.as_str(), debt.upload.key.as_str()), (BUCKET, KEY));
            assert_eq!(debt.upload.size, Some(DATA.len() as u64));
            let object = desk.bed.emulator.object(BUCKET, KEY).unwrap();
            assert_eq!(debt.upload.crc64, Some(object.crc64));
            assert_eq!(debt.upload.etag, object.etag.trim_matches('"'));
            assert_eq!(debt.upload.mime_type, "text/plain");
            assert_eq!(debt.render(&Values::default()).unwrap(), desk.heard()[0]);
        }
        let outcome = desk.deliver();
        assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
        assert_eq!((outcome.delivered, outcome.owed), (0, 1));
        desk.bed.application.answer(Answer::json(r#"{"late":1}"#));
        // It is not due yet.
        assert_eq!((desk.deliver().owed, desk.bed.callbacks()), (1, 2));
        assert_eq!(desk.only().debt().tries, 1);
        desk.wait(Duration::from_secs(1));
        let outcome = desk.deliver();
        assert_ended(&outcome, Status::Ok, Stored::No);
        assert_eq!((outcome.delivered, outcome.owed), (1, 0));
        assert_eq!((desk.bed.callbacks(), desk.heard().len()), (3, 1), "every delivery has the same id");
        assert_eq!(desk.files(), [""; 0]);
    });
}

#[test]
fn callback_whose_reply_was_lost_is_owed() {
    over_every_route(|route| {
        let desk = Desk::over(route);
        desk.bed.fault("PutObject", Action::CloseWithoutReply);
        assert_ended(&desk.put(KEY), Status::CallbackUnknown, Stored::Yes);
        let outcome = desk.bed.bucket.settle(&mut desk.only(), &Limits::default());
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((desk.bed.callbacks(), desk.heard().len()), (2, 1));
        assert_eq!(desk.files(), [""; 0]);
    });
}

#[test]
fn parts_writers_urls_and_forms_owe_too() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    let bucket = &desk.bed.bucket;
    let callback = desk.callback();

    let (multipart, _) = Multipart::begin(bucket, "parts", &desk.options());
    let multipart = multipart.unwrap();
    multipart.upload_part(1, Body::Bytes(DATA));
    assert_ended(
        &multipart.complete(Completion::Known, Some(&callback)),
        Status::CallbackFailed,
        Stored::Yes,
    );
    assert_eq!(desk.only().debt().upload.upload_id, multipart.upload_id());

    desk.wait(Duration::from_millis(1));
    let mut managed = UploadOptions::default();
    managed.set_outbox(Some(Arc::clone(&desk.outbox)));
    managed.set_threshold(0).unwrap();
    let outcome = bucket.upload("managed", Body::Bytes(DATA), Some(&callback), &managed, &Unmoved);
    assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);

    desk.wait(Duration::from_millis(1));
    let mut writer = Writer::new(bucket, "written", Some(&callback), &managed).unwrap();
    writer.write(DATA, &Unmoved);
    assert_ended(&writer.finish(&Unmoved), Status::CallbackFailed, Stored::Yes);

    let mut elsewhere = BucketOptions::default();
    elsewhere.set_outbox(Some(Arc::clone(&desk.outbox)));
    let presigned = bucket.presign_put("url", Some(&callback), &ObjectOptions::default(), 60).unwrap();
    let mut other = Presigned::from_url(&presigned.url).unwrap();
    for (name, value) in &presigned.headers {
        other.add_header(name, value).unwrap();
    }
    assert_ended(&other.put(Body::Bytes(DATA), &elsewhere), Status::CallbackFailed, Stored::Yes);

    let mut queue = Queue::default();
    let mut keys = Vec::new();
    while let Some(owed) = desk.next(&mut queue) {
        let upload = &owed.debt().upload;
        assert_eq!(upload.size, Some(DATA.len() as u64));
        assert!(upload.crc64.is_some());
        keys.push(upload.url.rsplit('/').next().unwrap().to_owned());
    }
    assert_eq!(keys, ["parts", "managed", "written", "url"], "the oldest comes first");
    desk.bed.application.answer(Answer::json("{}"));
    assert_eq!(desk.deliver().delivered, 4);
    assert_eq!(desk.heard().len(), 4);
}

#[test]
fn what_is_not_stored_is_no_longer_owed_once_that_is_certain() {
    let desk = Desk::new();
    // The whole of it is received, and nothing comes of it.
    desk.bed.fault("PutObject", Action::ResetBeforeWork);
    assert_ended(&desk.put(KEY), Status::Network, Stored::Unknown);
    let outcome = desk.bed.bucket.settle(&mut desk.only(), &Limits::default());
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
    assert_eq!(desk.only().debt().tries, 1);
    desk.wait(Duration::from_secs(61));
    let outcome = desk.bed.bucket.settle(&mut desk.only(), &Limits::default());
    assert_ended(&outcome, Status::Ok, Stored::No);
    assert_eq!((desk.files(), desk.bed.callbacks()), (vec![], 0));
}

#[test]
fn object_of_another_writer_is_not_told_of() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    assert_ended(&desk.put(KEY), Status::CallbackFailed, Stored::Yes);
    // Equal bytes, but without the token.
    desk.bed.emulator.put_object(BUCKET, KEY, DATA);
    let outcome = desk.deliver();
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
    assert!(outcome.message.contains("another object"), "{}", outcome.message);
    assert_eq!((desk.bed.callbacks(), outcome.owed), (1, 1));
}

#[test]
fn callback_for_an_object_that_was_stored_and_is_gone_stays_owed() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    assert_ended(&desk.put(KEY), Status::CallbackFailed, Stored::Yes);
    assert!(desk.bed.bucket.remove(KEY).is_ok());
    let outcome = desk.deliver();
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
    assert!(outcome.message.contains("was stored, and is gone"), "{}", outcome.message);
    assert_eq!((desk.bed.callbacks(), outcome.delivered, outcome.owed), (1, 0, 1));
    // The program tells its server by itself.
    let mut owed = desk.only();
    assert_eq!(owed.debt().render(&Values::default()).unwrap(), desk.heard()[0]);
    owed.remove().unwrap();
    assert_eq!(desk.files(), [""; 0]);
}

#[test]
fn object_that_goes_between_the_look_and_the_call_was_there() {
    let desk = Desk::new();
    // Nobody knows whether it was stored, until the look finds it.
    desk.bed.fault("PutObject", Action::CloseWithoutReply);
    desk.bed.always("HeadObject", Action::Status { status: 403, code: "AccessDenied".to_owned() });
    assert_ended(&desk.put(KEY), Status::Network, Stored::Unknown);
    desk.wait(Duration::from_secs(61));
    desk.bed.emulator.clear_faults();
    desk.bed.fault("ProcessObject", Action::Status { status: 404, code: "NoSuchKey".to_owned() });
    let outcome = desk.deliver();
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
    let owed = desk.only();
    assert!(owed.debt().stored, "{:?}", owed.debt());
}

#[test]
fn call_whose_reply_is_lost_is_for_an_object_that_a_look_has_found() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    assert_ended(&desk.put(KEY), Status::CallbackFailed, Stored::Yes);
    desk.bed.fault("ProcessObject", Action::CloseWithoutReply);
    let outcome = desk.bed.bucket.settle(&mut desk.only(), &Limits::default());
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
}

#[test]
fn what_one_has_in_hand_nobody_else_takes_up() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    desk.put(KEY);
    desk.bed.application.answer(Answer::json("{}"));
    let owed = desk.only();
    assert!(desk.next(&mut Queue::default()).is_none());
    assert_eq!(desk.deliver().delivered, 0);
    drop(owed);
    assert_eq!(desk.deliver().delivered, 1);
}

#[test]
fn what_is_done_is_gone_and_what_is_put_off_waits() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    desk.put(KEY);
    desk.bed.application.answer(Answer::json("{}"));
    desk.only().postpone(Duration::from_secs(3600), desk.clock.unix_millis()).unwrap();
    assert_eq!(desk.deliver().owed, 1);
    desk.wait(Duration::from_secs(3599));
    assert_eq!(desk.deliver().owed, 1);
    let mut owed = desk.only();
    owed.remove().unwrap();
    assert_ended(&desk.bed.bucket.settle(&mut owed, &Limits::default()), Status::InvalidArgument, Stored::No);
    owed.remove().unwrap();
    desk.wait(Duration::from_secs(2));
    assert_eq!((desk.deliver().owed, desk.bed.callbacks(), desk.files()), (0, 1, vec![]));
}

#[test]
fn pauses_grow_to_an_hour_and_are_jittered() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    desk.put(KEY);
    for tries in 1u32..20 {
        desk.wait(Duration::from_secs(3600));
        assert_eq!(desk.deliver().owed, 1);
        let owed = desk.only();
        let longest = Duration::from_secs(1 << (tries - 1).min(12)).min(Duration::from_secs(3600));
        let due_in = owed.debt().due_in(desk.clock.unix_millis());
        assert!(due_in >= longest / 2 && due_in <= longest, "{tries}: {due_in:?}");
        assert_eq!(owed.debt().tries, tries);
    }
}

#[test]
fn record_is_ours_alone_and_holds_no_secret() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    desk.put(KEY);
    let file = desk.folder.path().join(&desk.files()[0]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    for secret in [oss_emulator::DEFAULT_ACCESS_KEY_ID, oss_emulator::DEFAULT_ACCESS_KEY_SECRET, "Signature"]
    {
        assert!(!text.contains(secret), "{text}");
    }
}

/// An upload in parts whose callback is owed.
fn completed(desk: &Desk) -> Multipart {
    desk.bed.application.answer(Answer::status(500));
    let (multipart, _) = Multipart::begin(&desk.bed.bucket, KEY, &desk.options());
    let multipart = multipart.unwrap();
    multipart.upload_part(1, Body::Bytes(DATA));
    let outcome = multipart.complete(Completion::Known, Some(&desk.callback()));
    assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
    desk.bed.application.answer(Answer::json("{}"));
    multipart
}

#[test]
fn completion_that_stores_nothing_leaves_what_an_earlier_one_owes() {
    let refusal = Action::Status { status: 403, code: "AccessDenied".to_owned() };
    for refusal in [None, Some(refusal), Some(Action::CloseBeforeWork)] {
        let desk = Desk::new();
        let multipart = completed(&desk);
        let before = desk.only().debt().clone();
        refusal.into_iter().for_each(|action| desk.bed.always("CompleteMultipartUpload", action));
        let outcome = multipart.complete(Completion::Known, Some(&desk.callback()));
        assert!(!outcome.is_ok(), "{}", outcome.message);
        {
            let owed = desk.only();
            assert!(owed.debt().stored, "{:?}", owed.debt());
            assert_eq!(owed.debt().upload, before.upload);
            assert_eq!(owed.debt().began_at, before.began_at);
        }
        desk.wait(Duration::from_secs(61));
        assert_eq!((desk.deliver().delivered, desk.heard().len()), (1, 1), "{}", outcome.message);
    }
}

#[test]
fn who_has_in_hand_what_an_upload_owes_may_be_about_to_end_and_is_waited_for() {
    let desk = Desk::by(Clock::default(), Route::Http);
    let multipart = completed(&desk);
    let complete = || {
        let began = Instant::now();
        (multipart.complete(Completion::Known, Some(&desk.callback())), began.elapsed())
    };
    let in_hand = desk.only();
    let (outcome, took) = complete();
    assert_ended(&outcome, Status::CheckpointBusy, Stored::No);
    assert!(took >= Duration::from_secs(2), "{took:?}");
    thread::scope(|scope| {
        scope.spawn(move || {
            support::raw_server::pause(Duration::from_millis(500));
            drop(in_hand);
        });
        let (outcome, took) = complete();
        // As far as OSS, which knows no such upload any more.
        assert_ended(&outcome, Status::Service, Stored::No);
        assert!(took >= Duration::from_millis(400), "{took:?}");
    });
}

#[test]
fn completion_by_another_handle_that_meets_what_was_done_leaves_what_is_owed() {
    let clock = Clock::skipping();
    let folder = TempDir::new().unwrap();
    let outbox = Arc::new(Outbox::open(folder.path().to_str().unwrap()).unwrap());
    let bed = Bed::with(|options: &mut BucketOptions| {
        options.set_clock(clock.clone());
        options.set_outbox(Some(Arc::clone(&outbox)));
    });
    let desk = Desk { bed, clock, folder, outbox };
    let multipart = {
        let (multipart, _) = Multipart::begin(&desk.bed.bucket, KEY, &desk.options());
        multipart.unwrap()
    };
    multipart.upload_part(1, Body::Bytes(DATA));
    let (other, _) = Multipart::reopen(&desk.bed.bucket, KEY, multipart.upload_id());
    desk.bed.application.answer(Answer::status(500));
    multipart.complete(Completion::Known, Some(&desk.callback()));
    desk.bed.application.answer(Answer::json("{}"));
    let outcome = other.unwrap().complete(Completion::Known, Some(&desk.callback()));
    assert_ended(&outcome, Status::Service, Stored::No);
    assert_eq!(desk.deliver().delivered, 1);
    assert_eq!((desk.bed.callbacks(), desk.heard().len()), (2, 1));
}

#[test]
fn object_is_not_called_older_than_an_upload_by_a_clock_that_was_put_back() {
    let desk = Desk::new();
    desk.wait(Duration::from_secs(600));
    desk.bed.fault("PutObject", Action::CloseWithoutReply);
    desk.bed.always("HeadObject", Action::Status { status: 403, code: "AccessDenied".to_owned() });
    assert_ended(&desk.put(KEY), Status::Network, Stored::Unknown);
    desk.bed.emulator.clear_faults();
    // It was stored, and another writer replaced it.
    desk.bed.emulator.put_object(BUCKET, KEY, b"other");
    desk.bed.emulator.set_clock_offset_s(120);
    let clock = Clock::skipping();
    let right = desk.bed.bucket_elsewhere(|options| options.set_clock(clock.clone()));
    for _ in 0..2 {
        let outcome = right.settle(&mut desk.only(), &Limits::default());
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Unknown);
        clock.skip(Duration::from_secs(61));
    }
}

#[test]
fn what_an_earlier_process_stored_is_owed_as_soon_as_it_can_be_recorded() {
    let desk = Desk::new();
    let scratch = TempDir::new().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, DATA).unwrap();
    let upload = |outbox: Option<&Arc<Outbox>>| {
        let mut options = UploadOptions::default();
        options.set_checkpoint(Some(&scratch.path().join("checkpoints"))).unwrap();
        options.set_threshold(0).unwrap();
        options.set_outbox(outbox.cloned());
        let body = Body::open(file.to_str().unwrap(), None).unwrap_or_else(|_| panic!("no file"));
        desk.bed.bucket.upload(KEY, body, Some(&desk.callback()), &options, &Unmoved)
    };
    desk.bed.fault("CompleteMultipartUpload", Action::CloseWithoutReply);
    desk.bed.always("HeadObject", Action::Status { status: 403, code: "AccessDenied".to_owned() });
    assert_eq!(upload(None).stored, Stored::Unknown);
    desk.bed.emulator.clear_faults();

    fs::remove_dir(desk.folder.path()).unwrap();
    let outcome = upload(Some(&desk.outbox));
    assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
    assert!(outcome.message.contains("cannot use the outbox"), "{}", outcome.message);
    fs::create_dir(desk.folder.path()).unwrap();
    assert_ended(&upload(Some(&desk.outbox)), Status::CallbackUnknown, Stored::Yes);
    assert_eq!(desk.deliver().delivered, 1);
    assert_eq!((desk.bed.callbacks(), desk.heard().len()), (2, 1), "every delivery has the same id");
}

#[test]
fn what_is_written_is_not_taken_for_what_was_left_behind() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    desk.put(KEY);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    Outbox::open(desk.folder.path().to_str().unwrap()).unwrap();
                }
            });
        }
        let mut owed = desk.only();
        let failed = (0..200).find_map(|_| owed.postpone(Duration::ZERO, 0).err());
        ended.store(true, Ordering::Relaxed);
        assert!(failed.is_none(), "{failed:?}");
    });
}

struct Log(RefCell<Vec<String>>);

impl Observer for Log {
    fn progress(&self, _: &Progress) -> bool {
        true
    }

    fn log(&self, line: &str) -> bool {
        self.0.borrow_mut().push(line.to_owned());
        true
    }
}

#[test]
fn what_is_no_record_is_set_aside_with_a_line_and_the_rest_go_on() {
    let desk = Desk::new();
    desk.bed.application.answer(Answer::status(500));
    for key in ["a", "b", "c", "d"] {
        desk.put(key);
    }
    let mut files = desk.files();
    files.sort();
    let path = |index: usize| desk.folder.path().join(&files[index]);
    let text = fs::read_to_string(path(0)).unwrap();
    let changed = text.replace("\"tries\":0", "\"tries\":1");
    assert_ne!(changed, text);
    fs::write(path(0), changed).unwrap();
    fs::write(path(1), &text[..text.len() / 2]).unwrap();
    fs::set_permissions(path(2), PermissionsExt::from_mode(0o622)).unwrap();
    desk.bed.application.answer(Answer::json("{}"));
    let log = Log(RefCell::default());
    let outcome = desk.bed.bucket.deliver(&desk.outbox, &DeliveryOptions::default(), &log);
    assert_eq!((outcome.delivered, outcome.owed), (1, 0));
    let lines = log.0.into_inner();
    for (line, why) in lines.iter().zip(["checksum", "damaged", "others may write"]) {
        assert!(line.contains("is set aside") && line.contains(why), "{lines:?}");
    }
    assert_eq!(lines.len(), 3);
    let left = desk.files();
    assert!(left.len() == 3 && left.iter().all(|name| name.ends_with(".aside")), "{left:?}");
}

#[test]
fn folder_that_cannot_be_used_ends_the_call_before_anything_is_sent() {
    let desk = Desk::new();
    fs::remove_dir(desk.folder.path()).unwrap();
    fs::write(desk.folder.path(), "a file").unwrap();
    let outcome = desk.put(KEY);
    assert_ended(&outcome, Status::LocalIo, Stored::No);
    assert!(outcome.message.contains("outbox"), "{}", outcome.message);
    let mut managed = UploadOptions::default();
    managed.set_outbox(Some(Arc::clone(&desk.outbox)));
    managed.set_threshold(0).unwrap();
    let callback = desk.callback();
    let outcome = desk.bed.bucket.upload(KEY, Body::Bytes(DATA), Some(&callback), &managed, &Unmoved);
    assert_ended(&outcome, Status::LocalIo, Stored::No);
    assert!(desk.bed.emulator.requests().is_empty());
    fs::remove_file(desk.folder.path()).unwrap();
    fs::create_dir(desk.folder.path()).unwrap();
}
