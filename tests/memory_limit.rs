//! An upload takes no more memory for its data than it may, whatever its options and its data are. What this thread allocates
//! is counted: the library works on it, and the emulator does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_upload::engine::{Body, Input, Outcome, Reader, SourceFailure, Status, UploadOptions, Writer};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::sync::Arc;
use support::bed::{BUCKET, Bed, KEY};
use support::effort;
use support::observer::Silent;
use support::observer::Unmoved;
use support::raw_server::RawServer;
use support::route::Route;
use tempfile::TempDir;

/// What everything else may take: connections, lists, records, requests.
const BESIDES: isize = 8 << 20;
const MIB: u64 = 1 << 20;

struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let now = NOW.get() + bytes;
    NOW.set(now);
    PEAK.set(PEAK.get().max(now));
}

fn size(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

// SAFETY: the system's allocator does all the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(size(layout.size()));
        // SAFETY: the caller vouches for the layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-size(layout.size()));
        // SAFETY: the caller vouches for both.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        // For a moment there can be both.
        count(size(new));
        count(-size(layout.size()));
        // SAFETY: the caller vouches for all.
        unsafe { System.realloc(pointer, layout, new) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How much more was allocated during `work` than before, at the most.
fn peak_of<T>(work: impl FnOnce() -> T) -> (T, isize) {
    let before = NOW.get();
    PEAK.set(before);
    let result = work();
    (result, PEAK.get() - before)
}

/// Gives so many bytes, once.
struct Once(Cell<u64>);

impl Reader for Once {
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let length = into.len().min(usize::try_from(self.0.get()).unwrap()).min(100_000);
        into[..length].fill(7);
        self.0.set(self.0.get() - length as u64);
        Ok(length)
    }

    fn can_rewind(&self) -> bool {
        false
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        unreachable!("it cannot")
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Bytes,
    File,
    FileWithCheckpoint,
    Reader,
    ReaderOfUnknownLength,
    Writer,
}

/// A mix of everything that has to do with memory.
#[derive(Debug)]
struct Mix {
    kind: Kind,
    route: Route,
    size: u64,
    part_size: u64,
    parallel: u32,
    limit: u64,
    callback: bool,
    md5: bool,
}

impl Mix {
    fn random(random: &mut fastrand::Rng) -> Mix {
        let kinds = [
            Kind::Bytes,
            Kind::File,
            Kind::FileWithCheckpoint,
            Kind::Reader,
            Kind::ReaderOfUnknownLength,
            Kind::Writer,
        ];
        Mix {
            kind: kinds[random.usize(..kinds.len())],
            route: [Route::Http, Route::Https][random.usize(..2)],
            size: random.u64(0..48 * MIB),
            part_size: [0, 0, 100 << 10, MIB, random.u64(100 << 10..24 * MIB)][random.usize(..5)],
            parallel: [1, 4, 16, 100, random.u32(1..=100)][random.usize(..5)],
            limit: [MIB, 4 * MIB, 16 * MIB, 0, random.u64(MIB..32 * MIB)][random.usize(..5)],
            callback: random.bool(),
            md5: random.bool(),
        }
    }

    fn options(&self, folder: &TempDir) -> UploadOptions {
        let mut options = UploadOptions::default();
        let mut object = oss_upload::engine::ObjectOptions::default();
        object.set_content_md5(self.md5);
        options.set_object_options(object);
        options.set_part_size(self.part_size).unwrap();
        options.set_parallel(self.parallel).unwrap();
        options.set_memory_limit(self.limit).unwrap();
        if matches!(self.kind, Kind::FileWithCheckpoint) {
            options.set_checkpoint(Some(&folder.path().join("checkpoints"))).unwrap();
        }
        options
    }

    fn upload(&self, bed: &Bed, folder: &TempDir, data: &[u8]) -> Outcome {
        let options = self.options(folder);
        let callback = self.callback.then(|| bed.callback());
        let put = |input: Input<'_>| bed.bucket.upload(KEY, input, callback.as_ref(), &options, &Silent);
        match self.kind {
            Kind::Bytes => put(Body::Bytes(data).into()),
            Kind::File | Kind::FileWithCheckpoint => {
                let path = folder.path().join("file");
                put(Body::open(path.to_str().unwrap(), None).unwrap_or_else(|_| unreachable!()).into())
            }
            Kind::Reader => put(Input::Reader(Box::new(Once(Cell::new(self.size))), Some(self.size))),
            Kind::ReaderOfUnknownLength => put(Input::Reader(Box::new(Once(Cell::new(self.size))), None)),
            Kind::Writer => {
                let mut writer = match Writer::new(&bed.bucket, KEY, callback.as_ref(), &options) {
                    Ok(writer) => writer,
                    Err(mistake) => return mistake.into(),
                };
                for piece in data.chunks(333_333) {
                    assert_eq!(writer.write(piece, &Unmoved).status, Status::Ok);
                }
                writer.finish(&Unmoved)
            }
        }
    }

    /// Uploads, and says whether it was not refused.
    fn check(&self) -> bool {
        let bed = Bed::over(self.route);
        let folder = TempDir::new().unwrap();
        let data = vec![7; usize::try_from(self.size).unwrap()];
        fs::write(folder.path().join("file"), &data).unwrap();
        let (outcome, peak) = peak_of(|| self.upload(&bed, &folder, &data));
        let limit = size(usize::try_from(if self.limit == 0 { 128 * MIB } else { self.limit }).unwrap());
        assert!(peak <= limit + BESIDES, "{peak} bytes: {self:?}");
        if outcome.status == Status::InvalidArgument {
            assert!(outcome.message.contains("memory limit of"), "{}", outcome.message);
            return false;
        }
        assert_eq!(outcome.status, Status::Ok, "{}: {self:?}", outcome.message);
        assert!(bed.emulator.object(BUCKET, KEY).unwrap().data == data, "{self:?}");
        true
    }
}

#[test]
fn no_mix_of_options_takes_more_than_the_limit() {
    let mixes = effort::count("OSS_UPLOAD_MIXES", 8, 24);
    let seed = effort::number("OSS_UPLOAD_SEED").unwrap_or(1);
    println!("{mixes} mixes from the seed {seed}");
    let uploaded =
        (seed..seed + mixes).filter(|seed| Mix::random(&mut fastrand::Rng::with_seed(*seed)).check());
    assert!(uploaded.count() as u64 > mixes / 2);
}

/// What stands for data of any length: a reader that is never read to its end.
fn refusal(size: Option<u64>, options: &UploadOptions) -> String {
    let bed = Bed::new();
    let input = Input::Reader(Box::new(Once(Cell::new(u64::MAX))), size);
    let (outcome, peak) = peak_of(|| bed.bucket.upload(KEY, input, None, options, &Unmoved));
    assert_eq!(outcome.status, Status::InvalidArgument, "{}", outcome.message);
    assert!(peak < BESIDES && bed.emulator.requests().is_empty());
    outcome.message
}

#[test]
fn what_cannot_be_held_is_refused_before_anything_is_sent() {
    let mut options = UploadOptions::default();
    options.set_memory_limit(32 * MIB).unwrap();
    let said = refusal(Some(1 << 40), &options);
    assert!(
        said.contains("parts of 110100480 bytes") && said.contains("memory limit of 110624768"),
        "{said}"
    );
    options.set_part_size(32 * MIB).unwrap();
    let said = refusal(None, &options);
    assert!(said.contains("memory limit of 34078720 bytes"), "{said}");
}

#[test]
fn writer_refuses_at_once_what_all_parts_together_cannot_hold() {
    let bed = Bed::new();
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    let mut writer = Writer::new(&bed.bucket, KEY, None, &options).unwrap();
    assert_eq!(writer.write(b"x", &Unmoved).status, Status::Ok);
    let too_long = vec![0; 10_000 * (100 << 10)];
    let outcome = writer.write(&too_long, &Unmoved);
    assert_eq!(outcome.status, Status::InvalidArgument);
    assert!(outcome.message.contains("10000 parts"), "{}", outcome.message);
    assert_eq!(writer.finish(&Unmoved).status, Status::InvalidArgument);
    assert!(bed.emulator.requests().is_empty());
}

/// A server that keeps nothing of what it is sent.
fn forgetting() -> RawServer {
    RawServer::start(false, |mut connection| {
        while let Some(head) = connection.read_request() {
            let result =
                |name: &str| format!("<{name}Result><UploadId>1</UploadId><ETag>\"E\"</ETag></{name}Result>");
            let body = match (head.starts_with("POST"), head.contains("?uploads")) {
                (true, true) => result("InitiateMultipartUpload"),
                (true, false) => result("CompleteMultipartUpload"),
                (false, _) => String::new(),
            };
            let reply = format!(
                "HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nETag: \"E\"\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            if !connection.say(reply.as_bytes()) {
                return;
            }
        }
    })
}

#[test]
fn parts_that_grow_take_the_place_of_those_that_were_smaller() {
    let server = forgetting();
    let bucket = Arc::new(server.bucket(|_| ()));
    let mut options = UploadOptions::default();
    let limit = 160 * MIB;
    options.set_memory_limit(limit).unwrap();
    options.set_parallel(100).unwrap();
    // So many parts have a hundredth of the limit each, without what their connections take, and the others double that.
    let data = (500 + 2 * 100) * (limit / 100 - MIB / 2);
    let input = Input::Reader(Box::new(Once(Cell::new(data))), None);
    let (outcome, peak) = peak_of(|| bucket.upload(KEY, input, None, &options, &Unmoved));
    assert_eq!(outcome.status, Status::Ok, "{}", outcome.message);
    // To begin and to complete it takes one each.
    assert_eq!(outcome.attempts, 600 + 2);
    assert!(peak <= size(usize::try_from(limit).unwrap()) + BESIDES, "{peak} bytes");
}
