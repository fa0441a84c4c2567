//! The call, made with the library.

use super::plan::{OTHERS_SIZE, PART, Plan, What};
use super::protocol::{BUCKET, KEY};
use super::reader::Fickle;
use super::world::{Process, World};
use oss_upload::callback::Callback;
use oss_upload::credentials::Credentials;
use oss_upload::engine::{
    Body, Bucket, BucketOptions, CallbackDelivery, Cancel, Completion, Input, Multipart, ObjectOptions,
    Observer, Outbox, Outcome, PostPolicy, Progress, Queue, Status, UploadOptions, Writer,
};
use std::fs::{self, File, FileTimes};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A call that came to its end.
pub struct Ended {
    pub outcome: Outcome,
    /// What was aborted in the end, and whether that went well.
    pub aborted: Option<(String, Outcome)>,
    /// How many callbacks are recorded as owed, if they are recorded.
    pub owed: Option<usize>,
    /// How many seconds the time that is signed with is ahead of the client's clock.
    pub ahead: i64,
}

/// Makes the call.
pub fn make(world: &World<'_>, address: SocketAddr) -> Ended {
    let plan = world.plan;
    fastrand::seed(plan.seed);
    let data = plan.data();
    let caller = Caller::new(world, address);
    let mut aborted = None;
    let outcome = match plan.what {
        What::Put => caller.bucket.put(KEY, Body::Bytes(&data), caller.callback(), &caller.object),
        What::File => caller.put_file(&data),
        What::Reader => caller.put_reader(data),
        What::Append => {
            let position = plan.before.map_or(0, |_| OTHERS_SIZE as u64);
            caller.bucket.append(KEY, position, Body::Bytes(&data), &caller.object)
        }
        What::Parts => caller.parts(&data, &mut aborted),
        What::Managed => caller.upload(Body::Bytes(&data), &caller.upload_options()),
        What::Resumed => return caller.killed_and_resumed(&data),
        What::Writer => caller.write(&data),
        What::Url => {
            let signed = caller.bucket.presign_put(KEY, caller.callback(), &ObjectOptions::default(), 600);
            signed.unwrap().put(Body::Bytes(&data), &caller.options)
        }
        What::Form => {
            let mut policy = PostPolicy::default();
            policy.set_key(KEY).unwrap();
            let form = caller.bucket.sign_post_policy(&policy, caller.callback(), 600);
            form.unwrap().post(Body::Bytes(&data), &caller.options)
        }
    };
    Ended { outcome, aborted, owed: caller.owed(), ahead: caller.ahead() }
}

/// Who makes the call, with what it is made with.
struct Caller<'w> {
    world: &'w World<'w>,
    address: SocketAddr,
    options: BucketOptions,
    bucket: Arc<Bucket>,
    object: ObjectOptions,
    callback: Option<Callback>,
    outbox: Option<Arc<Outbox>>,
    _folder: TempDir,
}

impl<'w> Caller<'w> {
    fn new(world: &'w World<'w>, address: SocketAddr) -> Caller<'w> {
        let plan = world.plan;
        let mut options = bucket_options(world);
        let folder = folder();
        let outbox = || Arc::new(Outbox::open(folder.path().to_str().unwrap()).unwrap());
        let outbox = plan.outbox.then(outbox);
        options.set_outbox(outbox.clone());
        let credentials = Arc::new(Credentials::new("id", "secret", None).unwrap());
        let bucket = Bucket::new(&format!("http://{address}"), BUCKET, credentials, &options).unwrap();
        let mut object = ObjectOptions::default();
        if plan.at_least_once {
            object.set_callback_delivery(CallbackDelivery::AtLeastOnce);
        }
        object.set_write_token(plan.token);
        object.set_outbox(outbox.clone());
        let callback = Callback::new("http://application.example.com/", "object=${object}").unwrap();
        let callback = plan.callback.map(|_| callback);
        let bucket = Arc::new(bucket);
        Caller { world, address, options, bucket, object, callback, outbox, _folder: folder }
    }

    fn callback(&self) -> Option<&Callback> {
        self.callback.as_ref()
    }

    fn put_file(&self, data: &[u8]) -> Outcome {
        let folder = folder();
        let path = folder.path().join("file");
        fs::write(&path, data).unwrap();
        self.bucket.put(KEY, open(&path), self.callback(), &self.object)
    }

    fn put_reader(&self, data: Vec<u8>) -> Outcome {
        let plan = self.world.plan;
        let size = data.len() as u64;
        let again = if plan.fickle { plan.rewritten_data() } else { data.clone() };
        let input = Input::Reader(Box::new(Fickle::new(data, again)), Some(size));
        self.bucket.put(KEY, input, self.callback(), &self.object)
    }

    /// An upload in parts, one step at a time; aborted if a part does not get through.
    fn parts(&self, data: &[u8], aborted: &mut Option<(String, Outcome)>) -> Outcome {
        let (multipart, begun) = Multipart::begin(&self.bucket, KEY, &self.object);
        let Some(multipart) = multipart else { return begun };
        for (number, piece) in (1..).zip(data.chunks(PART)) {
            let outcome = multipart.upload_part(number, Body::Bytes(piece));
            if outcome.status != Status::Ok {
                *aborted = Some((multipart.upload_id().to_owned(), multipart.abort()));
                return outcome;
            }
        }
        multipart.complete(Completion::Known, self.callback())
    }

    fn upload_options(&self) -> UploadOptions {
        let mut options = UploadOptions::default();
        options.set_part_size(PART as u64).unwrap();
        options.set_threshold(1000).unwrap();
        options.set_parallel(self.world.plan.parallel).unwrap();
        options.set_object_options(self.object.clone());
        options
    }

    fn upload(&self, body: Body<'_>, options: &UploadOptions) -> Outcome {
        self.bucket.upload(KEY, body, self.callback(), options, &Log(self.world))
    }

    fn write(&self, data: &[u8]) -> Outcome {
        let options = self.upload_options();
        let mut writer = Writer::new(&self.bucket, KEY, self.callback(), &options).unwrap();
        for piece in data.chunks(PART / 2) {
            let outcome = writer.write(piece, &Log(self.world));
            if outcome.status != Status::Ok {
                return outcome;
            }
        }
        writer.finish(&Log(self.world))
    }

    /// A process that is killed with one of its requests, if it gets as far as that, and another that goes on.
    fn killed_and_resumed(self, data: &[u8]) -> Ended {
        let (folder, record, copy) = (folder(), self::folder(), self::folder());
        let path = folder.path().join("file");
        fs::write(&path, data).unwrap();
        let mut options = self.upload_options();
        let cancel = Cancel::default();
        options.limits_mut().set_cancel(Some(cancel.clone()));
        options.set_checkpoint(Some(record.path())).unwrap();
        let (from, to) = (record.path().to_owned(), copy.path().to_owned());
        self.world.state().process = Some(Process { cancel, folder: from, copy: to, killed: false });
        let outcome = self.upload(open(&path), &options);
        let process = self.world.state().process.take();
        let Some(kill) = self.world.plan.kill.filter(|_| process.is_some_and(|process| process.killed))
        else {
            return Ended { outcome, aborted: None, owed: None, ahead: self.ahead() };
        };
        drop(outcome);
        self.world.clock.skip(Duration::from_millis(kill.pause.unsigned_abs()));
        self.world.note("another process goes on");
        let next = Caller::new(self.world, self.address);
        if kill.rewritten {
            rewrite(&path, &self.world.plan.rewritten_data());
        }
        self.world.state().begin_process(self.world.plan, kill.rewritten);
        let mut options = next.upload_options();
        options.set_checkpoint(Some(copy.path())).unwrap();
        let outcome = next.upload(open(&path), &options);
        Ended { outcome, aborted: None, owed: None, ahead: next.ahead() }
    }

    fn owed(&self) -> Option<usize> {
        let outbox = self.outbox.as_ref()?;
        let mut queue = Queue::default();
        Some(std::iter::from_fn(|| queue.next(outbox, &|line| panic!("{line}")).unwrap()).count())
    }

    /// What was learnt of the time, as it shows in what is signed for others.
    fn ahead(&self) -> i64 {
        const LIFE: u64 = 600;
        let signed = self.bucket.presign_get(KEY, LIFE).unwrap();
        signed.expires.unwrap() - LIFE as i64 - self.world.clock.unix_time()
    }
}

fn bucket_options(world: &World<'_>) -> BucketOptions {
    let plan: &Plan = world.plan;
    let mut options = BucketOptions::default();
    options.set_region("cn-hangzhou").unwrap();
    options.set_clock(world.clock.clone());
    options.set_max_attempts(plan.attempts).unwrap();
    options.set_settling_time(Duration::from_millis(plan.settling.unsigned_abs())).unwrap();
    if plan.chances.silence {
        options.set_stall_timeout(Duration::from_millis(30)).unwrap();
    }
    // What hangs is to be seen.
    options.set_deadline(Duration::from_secs(60)).unwrap();
    options
}

/// A folder that costs no disk.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn open(path: &Path) -> Body<'static> {
    match Body::open(path.to_str().unwrap(), None) {
        Ok(body) => body,
        Err(_) => panic!("{} cannot be opened", path.display()),
    }
}

/// Writes other bytes into a file that then looks as if nothing had happened.
fn rewrite(path: &Path, data: &[u8]) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    fs::write(path, data).unwrap();
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_times(FileTimes::new().set_modified(modified))
        .unwrap();
}

/// What the library logs belongs to the history.
struct Log<'w>(&'w World<'w>);

impl Observer for Log<'_> {
    fn progress(&self, _: &Progress) -> bool {
        true
    }

    fn log(&self, line: &str) -> bool {
        self.0.note(format!("log: {line}"));
        true
    }
}
