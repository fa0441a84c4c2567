//! A file to which something happens while it is being put: its times are a hint, its bytes decide. What is stored is what the
//! file was at one moment, or the call ends with an error of its own. A function that starts over has to give the same again.

use crate::support::mapping::Mapping;
use crate::support::raw_server::{Connection, RawServer, STORED, length_of_body};
use crate::support::whole_seconds;
use oss_upload::engine::{Body, Input, ObjectOptions, Outcome, Reader, SourceFailure, Status, Stored};
use std::cell::Cell;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// More than the buffers between client and server can hold, so that the client has not read everything when the server
/// sees the head of the request.
const SIZE: u64 = 64 << 20;
/// What OSS says when it is busy, and has done nothing.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nx-oss-request-id: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What OSS says of an object that is not there.
const NOT_THERE: &[u8] =
    b"HTTP/1.1 404 Not Found\r\nx-oss-request-id: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What can happen to a file.
type Change = fn(&Path);

/// A put of a file, to which something happens.
struct Put {
    range: Option<(u64, u64)>,
    content_md5: bool,
    /// When the first request has begun.
    meanwhile: Change,
    /// Whether somebody has the file in memory, and writes to it by then.
    mapped: bool,
    /// When OSS has all of it, says that it is busy, and it is to be sent again.
    before_it_is_sent_again: Option<Change>,
}

/// How it ended, and what the server got of each request.
struct Ended {
    outcome: Outcome,
    received: Vec<Vec<u8>>,
    /// What the file is in the end.
    file: Vec<u8>,
}

fn put() -> Put {
    Put { range: None, content_md5: false, meanwhile: |_| (), mapped: false, before_it_is_sent_again: None }
}

/// Puts a whole file that is changed as soon as the request has begun.
fn put_while(meanwhile: Change) -> Ended {
    Put { meanwhile, ..put() }.run()
}

impl Put {
    fn run(self) -> Ended {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        File::create(&path).unwrap().set_len(SIZE).unwrap();
        let mapping = self.mapped.then(|| Mapping::of(&path));
        let received = Arc::new(Mutex::new(Vec::new()));
        let server = RawServer::start(false, {
            let (path, received) = (path.clone(), Arc::clone(&received));
            move |mut connection| {
                let Some(head) = connection.read_head() else { return };
                if connection.number == 0 {
                    (self.meanwhile)(&path);
                    mapping.iter().for_each(|mapping| mapping.fill(b'x'));
                }
                let body = read_body(&mut connection, &head);
                let is_whole = body.len() == length_of_body(&head);
                received.lock().unwrap().push(body);
                match self.before_it_is_sent_again.filter(|_| connection.number == 0) {
                    _ if !is_whole => {}
                    Some(change) => {
                        change(&path);
                        connection.say(BUSY);
                    }
                    None => drop(connection.say(STORED)),
                }
            }
        });
        let bucket = server.bucket(|options| options.set_max_attempts(3).unwrap());
        let mut options = ObjectOptions::default();
        options.set_content_md5(self.content_md5);
        let body = Body::open(path.to_str().unwrap(), self.range).unwrap_or_else(|_| panic!("no file"));
        let outcome = bucket.put("key", body, None, &options);
        drop(bucket);
        while received.lock().unwrap().len() < server.connections() {
            thread::yield_now();
        }
        let received = std::mem::take(&mut *received.lock().unwrap());
        Ended { outcome, received, file: fs::read(path).unwrap() }
    }
}

/// As much of a body as comes.
fn read_body(connection: &mut Connection, head: &str) -> Vec<u8> {
    let mut body = vec![0; length_of_body(head)];
    let mut length = 0;
    while length < body.len()
        && let Ok(read @ 1..) = connection.read(&mut body[length..])
    {
        length += read;
    }
    body.truncate(length);
    body
}

impl Ended {
    #[track_caller]
    fn assert_changed(&self) {
        let ended = (self.outcome.status, self.outcome.stored);
        assert_eq!(ended, (Status::SourceChanged, Stored::No), "{}", self.outcome.message);
        let last = self.received.last().unwrap().len();
        assert!((last as u64) < SIZE, "the server was given {last} bytes, and would have stored them");
    }

    /// Checks that these bytes of what the file is in the end are stored.
    #[track_caller]
    fn assert_stored(&self, from: u64, size: u64) {
        let ended = (self.outcome.status, self.outcome.stored);
        assert_eq!(ended, (Status::Ok, Stored::Yes), "{}", self.outcome.message);
        let expected = &self.file[from as usize..][..size as usize];
        assert!(self.received.last().unwrap() == expected, "what is stored is not what the file is");
    }
}

fn open(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

/// Writes to a file at its beginning, of which everything has been read by then.
fn write(path: &Path) {
    open(path).write_all_at(b"x", 0).unwrap();
    touch(path);
}

/// Writes to a file at its end, of which nothing has been read by then.
fn write_at_the_end(path: &Path) {
    open(path).write_all_at(b"x", SIZE - 1).unwrap();
    touch(path);
}

/// Sets the time of change to one that it cannot have had: the clock of a file system can be too coarse for what has just
/// happened.
fn touch(path: &Path) {
    open(path).set_modified(SystemTime::now() + Duration::from_secs(10)).unwrap();
}

/// Does something until the file system's clock has moved on with it.
fn until_it_shows(path: &Path, change: impl Fn()) {
    let changed = || fs::metadata(path).map(|file| (file.ctime(), file.ctime_nsec())).unwrap();
    let before = changed();
    while changed() == before {
        change();
    }
}

/// Writes to a file and puts its time of change back, as tools do that restore one.
fn restore(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    until_it_shows(path, || {
        open(path).write_all_at(b"x", 0).unwrap();
        open(path).set_modified(modified).unwrap();
    });
}

#[test]
fn file_that_is_written_to_is_not_stored() {
    put_while(write).assert_changed();
}

#[test]
fn file_that_is_written_to_twice_within_a_moment_is_not_stored() {
    put_while(|path| open(path).write_all_at(b"x", 0).unwrap()).assert_changed();
}

#[test]
fn file_that_is_written_to_while_its_times_stand_still_is_not_stored() {
    Put { mapped: true, ..put() }.run().assert_changed();
}

#[test]
fn file_whose_times_are_whole_seconds_is_not_stored_when_it_is_written_to_within_one() {
    let tests = ["source_changed::file_that_is_written_to_twice_within_a_moment_is_not_stored"];
    whole_seconds::run_again("a file system whose times are whole seconds", &tests);
}

#[test]
fn file_that_is_cut_is_not_stored() {
    put_while(|path| open(path).set_len(SIZE / 2).unwrap()).assert_changed();
}

#[test]
fn file_that_grows_is_not_stored() {
    put_while(|path| open(path).set_len(2 * SIZE).unwrap()).assert_changed();
}

#[test]
fn file_that_is_restored_with_its_time_of_change_is_not_stored() {
    put_while(restore).assert_changed();
}

#[test]
fn file_that_changes_in_nothing_but_its_times_mode_or_names_is_stored() {
    let changes: [Change; 4] = [
        touch,
        |path| until_it_shows(path, || fs::set_permissions(path, Permissions::from_mode(0o640)).unwrap()),
        |path| {
            let other = path.with_extension("other");
            until_it_shows(path, || {
                fs::hard_link(path, &other).unwrap();
                fs::remove_file(&other).unwrap();
            });
        },
        |path| {
            let other = path.with_extension("other");
            until_it_shows(path, || {
                fs::rename(path, &other).unwrap();
                fs::rename(&other, path).unwrap();
            });
        },
    ];
    for change in changes {
        let ended = put_while(change);
        ended.assert_stored(0, SIZE);
        assert_eq!(ended.outcome.attempts, 1);
    }
}

#[test]
fn file_that_changes_where_nothing_was_read_yet_is_stored_as_it_is_then() {
    put_while(write_at_the_end).assert_stored(0, SIZE);
}

#[test]
fn file_that_changes_after_its_md5_was_sent_is_not_stored() {
    for meanwhile in [write, write_at_the_end] {
        Put { meanwhile, content_md5: true, ..put() }.run().assert_changed();
    }
}

#[test]
fn file_that_changes_before_it_is_sent_again_is_not_stored() {
    for change in [write, write_at_the_end, restore] {
        let ended = Put { before_it_is_sent_again: Some(change), ..put() }.run();
        ended.assert_changed();
        assert_eq!(ended.received[0].len() as u64, SIZE);
    }
    let touched = Put { meanwhile: touch, before_it_is_sent_again: Some(touch), ..put() }.run();
    touched.assert_stored(0, SIZE);
    assert_eq!(touched.outcome.attempts, 2);
}

// A range.

#[test]
fn range_is_stored_whatever_happens_around_it() {
    let (offset, size) = (4096, SIZE - 8192);
    let changes: [Change; 4] = [
        |path| {
            open(path).set_len(2 * SIZE).unwrap();
            touch(path);
        },
        |path| {
            open(path).set_len(SIZE - 4096).unwrap();
            touch(path);
        },
        write,
        write_at_the_end,
    ];
    for meanwhile in changes {
        Put { meanwhile, range: Some((offset, size)), ..put() }.run().assert_stored(offset, size);
    }
}

#[test]
fn range_that_changes_is_not_stored() {
    let changes: [Change; 2] = [
        |path| {
            open(path).write_all_at(b"x", 4096).unwrap();
            touch(path);
        },
        |path| open(path).set_len(SIZE - 4097).unwrap(),
    ];
    for meanwhile in changes {
        Put { meanwhile, range: Some((4096, SIZE - 8192)), ..put() }.run().assert_changed();
    }
}

#[test]
fn range_of_a_file_that_never_stops_growing_is_stored() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    let meanwhile: Change = |path| {
        let mut log = File::options().append(true).open(path).unwrap();
        thread::spawn(move || {
            while !IS_OVER.load(Ordering::Relaxed) {
                log.write_all(b"line\n").unwrap();
                thread::yield_now();
            }
        });
    };
    let ended = Put { meanwhile, range: Some((0, SIZE)), ..put() }.run();
    IS_OVER.store(true, Ordering::Relaxed);
    ended.assert_stored(0, SIZE);
}

// A function.

/// Gives other bytes whenever it starts over.
struct Fickle(Cell<u8>);

impl Reader for Fickle {
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
        into.fill(self.0.get());
        Ok(into.len())
    }

    fn can_rewind(&self) -> bool {
        true
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        self.0.set(self.0.get() + 1);
        Ok(())
    }
}

#[test]
fn function_that_gives_other_bytes_when_they_are_sent_again_is_not_stored_a_second_time() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let server = RawServer::start(false, {
        let received = Arc::clone(&received);
        move |mut connection| {
            let Some(head) = connection.read_head() else { return };
            // The first reply is lost.
            if head.starts_with("PUT") {
                received.lock().unwrap().push(read_body(&mut connection, &head));
            } else {
                connection.say(NOT_THERE);
            }
        }
    });
    let bucket = server.bucket(|options| {
        options.set_max_attempts(2).unwrap();
        options.set_settling_time(Duration::ZERO).unwrap();
    });
    let input = Input::Reader(Box::new(Fickle(Cell::new(0))), Some(1000));
    let outcome = bucket.put("key", input, None, &ObjectOptions::default());
    drop(bucket);
    let ended = (outcome.status, outcome.stored);
    assert_eq!(ended, (Status::SourceChanged, Stored::Unknown), "{}", outcome.message);
    let received = received.lock().unwrap();
    assert_eq!(received[0], [0; 1000]);
    assert!(received[1..].iter().all(|body| body.len() < 1000), "it was stored once more");
}
