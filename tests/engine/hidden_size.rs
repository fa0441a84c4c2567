//! Files whose size is said to be 0 and that have bytes, as in /proc: they are stored whole or refused, and never as nothing.

use crate::support::bed::{BUCKET, Bed, KEY, assert_ended};
use crate::support::observer::Unmoved;
use crate::support::tools;
use oss_emulator::Action;
use oss_upload::engine::{
    Body, BucketOptions, ObjectOptions, Outcome, PostPolicy, Status, Stored, UploadOptions,
};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::{NamedTempFile, TempDir};

/// The smallest part that OSS takes.
const PART: u64 = 100 << 10;

/// A file that hides its size: the arguments of a process, which stay as they are.
struct Hidden {
    process: Child,
    path: PathBuf,
}

impl Hidden {
    fn new(arguments: usize) -> Hidden {
        let mut command = tools::command("sh");
        command.args(["-c", "echo ready; read line"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.args((0..arguments).map(|number| format!("{number}").repeat(100_000)));
        let mut process = command.spawn().unwrap();
        process.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        let path = PathBuf::from(format!("/proc/{}/cmdline", process.id()));
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        Hidden { process, path }
    }

    fn body(&self) -> Body<'_> {
        open(&self.path)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // It waits for a line, and so for its end.
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

fn open(path: &Path) -> Body<'static> {
    Body::open(path.to_str().unwrap(), None).unwrap_or_else(|_| panic!("{}", path.display()))
}

fn upload(bed: &Bed, body: Body<'_>, options: &UploadOptions) -> Outcome {
    bed.bucket.upload(KEY, body, None, options, &Unmoved)
}

#[track_caller]
fn assert_stored(bed: &Bed, outcome: &Outcome, path: &Path) {
    assert_ended(outcome, Status::Ok, Stored::Yes);
    let object = bed.emulator.object(BUCKET, KEY).unwrap();
    let data = fs::read(path).unwrap();
    assert!(!data.is_empty() && object.data == data, "the object is not the file");
}

#[test]
fn file_that_hides_its_size_is_uploaded_whole() {
    for (arguments, parts) in [(1, 0), (10, 10)] {
        let bed = Bed::new();
        let file = Hidden::new(arguments);
        let mut options = UploadOptions::default();
        options.set_part_size(PART).unwrap();
        assert_stored(&bed, &upload(&bed, file.body(), &options), &file.path);
        assert_eq!(bed.requests("UploadPart"), parts);

        let opened = Body::from_file(File::open(&file.path).unwrap(), "arguments", None);
        let opened = opened.unwrap_or_else(|_| panic!("it is there"));
        bed.fault("CompleteMultipartUpload", Action::Status { status: 503, code: "ByFault".to_owned() });
        assert_stored(&bed, &upload(&bed, opened, &options), &file.path);
    }
    let bed = Bed::new();
    let version = Path::new("/proc/version");
    assert_stored(&bed, &upload(&bed, open(version), &UploadOptions::default()), version);
}

#[test]
fn file_that_hides_its_size_is_refused_by_name_by_a_single_request() {
    let bed = Bed::new();
    let file = Hidden::new(1);
    let multipart = bed.begun();
    let presigned = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), 3600).unwrap();
    let mut policy = PostPolicy::default();
    policy.set_key(KEY).unwrap();
    let form = bed.bucket.sign_post_policy(&policy, None, 3600).unwrap();
    bed.emulator.clear_requests();
    for outcome in [
        bed.bucket.put(KEY, file.body(), None, &ObjectOptions::default()),
        bed.bucket.append(KEY, 0, file.body(), &ObjectOptions::default()),
        multipart.upload_part(2, file.body()),
        presigned.put(file.body(), &BucketOptions::default()),
        form.post(file.body(), &BucketOptions::default()),
    ] {
        assert_ended(&outcome, Status::InvalidArgument, Stored::No);
        for word in [file.path.to_str().unwrap(), "oss_upload_object()"] {
            assert!(outcome.message.contains(word), "{}", outcome.message);
        }
    }
    assert!(bed.emulator.requests().is_empty());
}

#[test]
fn file_that_hides_its_size_takes_no_checkpoint_folder() {
    let bed = Bed::new();
    let file = Hidden::new(1);
    let folder = TempDir::new().unwrap();
    let mut options = UploadOptions::default();
    options.set_checkpoint(Some(folder.path())).unwrap();
    let outcome = upload(&bed, file.body(), &options);
    assert_ended(&outcome, Status::InvalidArgument, Stored::No);
    for word in [file.path.to_str().unwrap(), "checkpoint"] {
        assert!(outcome.message.contains(word), "{}", outcome.message);
    }
    assert!(bed.emulator.requests().is_empty());
}

#[test]
fn empty_file_is_an_empty_object() {
    let bed = Bed::new();
    let file = NamedTempFile::new().unwrap();
    let body = || open(file.path());
    let presigned = bed.bucket.presign_put(KEY, None, &ObjectOptions::default(), 3600).unwrap();
    let mut in_parts = UploadOptions::default();
    in_parts.set_threshold(0).unwrap();
    let ways: [&dyn Fn() -> Outcome; 4] = [
        &|| bed.bucket.put(KEY, body(), None, &ObjectOptions::default()),
        &|| bed.bucket.append(KEY, 0, body(), &ObjectOptions::default()),
        &|| upload(&bed, body(), &in_parts),
        &|| presigned.put(body(), &BucketOptions::default()),
    ];
    for way in ways {
        assert_ended(&way(), Status::Ok, Stored::Yes);
        assert!(bed.emulator.object(BUCKET, KEY).unwrap().data.is_empty());
        bed.emulator.delete_object(BUCKET, KEY);
    }
}

/// Attributes in /sys are said to be as large as a page.
#[test]
fn file_that_ends_before_its_size_is_no_file_that_changed() {
    let path = Path::new("/sys/devices/system/cpu/online");
    if !path.exists() {
        return tools::skip("a file that ends before its size", "there is no /sys");
    }
    let bed = Bed::new();
    let outcome = bed.bucket.put(KEY, open(path), None, &ObjectOptions::default());
    assert_ended(&outcome, Status::LocalIo, Stored::No);
    assert!(outcome.message.contains(path.to_str().unwrap()), "{}", outcome.message);
    assert!(bed.emulator.requests().is_empty());
}
