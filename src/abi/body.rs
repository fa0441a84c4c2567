//! `oss_body`: what to upload.

use super::convert;
use super::guard;
use super::operation::Refusal;
use crate::engine::{Body, Input, Reader, SourceFailure, Status, Unusable};
use crate::wire::mistake::Mistake;
use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Gives data. It puts up to `capacity` bytes into `buffer`, of which there is at least one, and says in `*got` how many;
/// none at the end. Before each call `*got` is SIZE_MAX: a function that leaves it so has failed without saying so, and the call
/// ends with OSS_STATUS_LOCAL_IO. It runs on the thread that called (at the end of a thread, on one that stands in for it), during
/// the call, and must neither talk to OSS itself nor free what the call uses; while it waits, everything waits. Returns 0, or a
/// number of the caller's own if the data cannot be read: the call then ends with OSS_STATUS_LOCAL_IO and the number in its
/// message.
///
/// It has to return: nothing may be thrown out of it, and no longjmp() may leave it, which would be undefined behaviour. That holds
/// for all functions that are given to this library.
pub type oss_read_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        buffer: *mut c_void,
        capacity: usize,
        got: *mut usize,
    ) -> i32,
>;

/// Has the data begin again, as it did the first time. Returns 0, or a number of the caller's own if that cannot be done. Nothing
/// may be thrown out of it, and no longjmp() may leave it.
pub type oss_rewind_fn = Option<unsafe extern "C" fn(user_data: *mut c_void) -> i32>;

/// Stands for a length that is not known beforehand.
pub const OSS_LENGTH_UNKNOWN: u64 = u64::MAX;

/// What to upload. It can be used any number of times, and by several threads at once, unless it is a reader. A body that cannot be right, such
/// as one from a NULL path, is still made; the operation that uses it says what is wrong.
pub struct oss_body {
    origin: Result<Origin, (Status, String)>,
}

enum Origin {
    Bytes { data: *const c_void, len: usize },
    Path { path: PathBuf, range: Option<(u64, u64)> },
    Descriptor { file: File, name: String, range: (u64, u64) },
    Reader { function: ReadFunction, len: Option<u64>, was_used: AtomicBool },
}

/// The caller's functions and what they work on.
#[derive(Clone, Copy)]
struct ReadFunction {
    read: unsafe extern "C" fn(*mut c_void, *mut c_void, usize, *mut usize) -> i32,
    rewind: oss_rewind_fn,
    user_data: *mut c_void,
}

/// What `*got` is before each call, and no number of bytes.
const NOT_SET: usize = usize::MAX;

impl Reader for ReadFunction {
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let mut got = NOT_SET;
        // SAFETY: who made the body vouched that the function may be called with this pointer; the buffer may be written
        // to for its whole length, and so may `got`.
        let failure = unsafe { (self.read)(self.user_data, into.as_mut_ptr().cast(), into.len(), &mut got) };
        if failure != 0 {
            return Err(SourceFailure::Unreadable(format!("the read function failed with {failure}")));
        }
        if got == NOT_SET {
            let message =
                "the read function did not set *got, which says how many bytes it gave and is 0 at the end";
            return Err(SourceFailure::Unreadable(message.to_owned()));
        }
        if got > into.len() {
            return Err(SourceFailure::Unreadable(format!(
                "the read function says that it gave {got} bytes, where there was room for {}",
                into.len()
            )));
        }
        Ok(got)
    }

    fn can_rewind(&self) -> bool {
        self.rewind.is_some()
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        let Some(rewind) = self.rewind else {
            return Err(SourceFailure::Unreadable("the reader cannot rewind".to_owned()));
        };
        // SAFETY: who made the body vouched that the function may be called with this pointer.
        match unsafe { rewind(self.user_data) } {
            0 => Ok(()),
            failure => Err(SourceFailure::Unreadable(format!("the rewind function failed with {failure}"))),
        }
    }
}

impl oss_body {
    fn boxed(origin: Result<Origin, (Status, String)>) -> *mut oss_body {
        Box::into_raw(Box::new(oss_body { origin }))
    }

    /// # Safety
    /// The bytes that the body was made from are still there and stay as they are during `'a`.
    pub(super) unsafe fn open<'a>(&'a self) -> Result<Input<'a>, Refusal> {
        match self.origin.as_ref().map_err(|(status, message)| Refusal::new(*status, message.as_str()))? {
            Origin::Bytes { data, len } => {
                // SAFETY: the caller vouches for the bytes.
                Ok(Body::Bytes(unsafe { convert::bytes(*data, *len, "data") }?).into())
            }
            Origin::Path { path, range } => Ok(Body::open(path, *range)?.into()),
            Origin::Descriptor { file, name, range } => {
                let file = file.try_clone().map_err(|error| local(format!("cannot use {name}: {error}")))?;
                Ok(Body::from_file(file, name, Some(*range))?.into())
            }
            Origin::Reader { function, len, was_used } => {
                if was_used.swap(true, Ordering::Relaxed) && function.can_rewind() {
                    function.rewind().map_err(|failure| local(failure.to_string()))?;
                }
                Ok(Input::Reader(Box::new(*function), *len))
            }
        }
    }
}

impl From<Unusable> for Refusal {
    fn from(unusable: Unusable) -> Refusal {
        match unusable {
            Unusable::Mistake(mistake) => mistake.into(),
            Unusable::Unreadable(message) => local(message),
        }
    }
}

fn local(message: String) -> Refusal {
    Refusal::new(Status::LocalIo, message)
}

fn invalid(mistake: Mistake) -> (Status, String) {
    (Status::InvalidArgument, mistake.to_string())
}

/// Makes a body of bytes in memory.
///
/// @param data  the bytes; not copied: they must stay as they are while the body exists. May be anything if `len` is 0.
/// @param len   how many bytes.
/// @return a handle, to be freed with oss_body_free(); never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_from_bytes(data: *const c_void, len: usize) -> *mut oss_body {
    oss_body::boxed(Ok(Origin::Bytes { data, len }))
}

/// Makes a body of a whole file. Every operation opens the file anew.
///
/// A file's times are a hint, its bytes the proof. If its device, inode, length or times have moved since the upload began,
/// what was sent is read again before it becomes an object, and its CRC-64 compared: equal bytes go on, so it does not matter
/// that a file was touched, renamed or given another mode. Others, and another length, end with OSS_STATUS_SOURCE_CHANGED.
/// When a file was written to a moment ago, its times need not move if it is written to again; so what is read of it before
/// they are three seconds old is read twice anyway.
///
/// This finds out about whoever calls write() and its like. It need not find out about a program that has had the file in
/// memory for longer, with mmap(): what it writes there may move the file's times late, or never. Nor need it about another
/// machine that writes to the same file, of which a network file system may tell late. From these, a file has to be at rest
/// while it is uploaded.
///
/// A file that has bytes although its length is said to be 0, as in /proc, is read to its end by oss_upload_object(), which
/// takes no checkpoint folder for it. Whatever else takes a body refuses it, as does oss_put_file_with_callback().
///
/// @param path  the file's path; not NULL, not empty; copied.
/// @return a handle, to be freed with oss_body_free(); never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_from_file(path: *const c_char) -> *mut oss_body {
    // SAFETY: the caller keeps to what the header says of the pointer.
    let path = unsafe { convert::path(path, "path") };
    oss_body::boxed(path.map(|path| Origin::Path { path: path.to_owned(), range: None }).map_err(invalid))
}

/// Makes a body of a part of a file. Every operation opens the file anew. What happens to the file elsewhere does not matter:
/// it may grow.
///
/// @param path    the file's path; not NULL, not empty; copied.
/// @param offset  where the part begins, in bytes.
/// @param len     how many bytes; the file must have as many from `offset` on.
/// @return a handle, to be freed with oss_body_free(); never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_from_file_range(
    path: *const c_char,
    offset: u64,
    len: u64,
) -> *mut oss_body {
    // SAFETY: the caller keeps to what the header says of the pointer.
    let path = unsafe { convert::path(path, "path") };
    let range = Some((offset, len));
    oss_body::boxed(path.map(|path| Origin::Path { path: path.to_owned(), range }).map_err(invalid))
}

/// Makes a body of a part of an open file. It is read with pread(): the descriptor's offset is neither used nor moved.
///
/// @param fd      a descriptor of a regular file, open for reading. It is duplicated, so it may be closed afterwards.
/// @param offset  where the part begins, in bytes.
/// @param len     how many bytes; the file must have as many from `offset` on.
/// @return a handle, to be freed with oss_body_free(); never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_from_fd(fd: c_int, offset: u64, len: u64) -> *mut oss_body {
    let name = format!("file descriptor {fd}");
    if fd < 0 {
        return oss_body::boxed(Err((Status::InvalidArgument, format!("{name} is negative"))));
    }
    // SAFETY: the call reads no memory, and fails if the descriptor is not open.
    let file = match unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: the descriptor was just made, and nobody else knows it.
        own => Ok(File::from(unsafe { OwnedFd::from_raw_fd(own) })),
    };
    let origin = file.map_err(|error| (Status::LocalIo, format!("cannot use {name}: {error}")));
    oss_body::boxed(origin.map(|file| Origin::Descriptor { file, name, range: (offset, len) }))
}

/// Makes a body of what a function gives. One operation at a time may use it.
///
/// oss_upload_object() takes it whatever it can do. A single put or part needs to know its length, and a way to send it
/// again: a function to rewind, or else a length of at most 4 MiB, which is then held in memory. A function that ends
/// before its length is an error. Where a second operation begins, it is rewound; if that is not possible, the operation
/// goes on where the first one ended. Within an operation it has to give the same bytes whenever it was rewound: where they
/// are others, the operation ends with OSS_STATUS_SOURCE_CHANGED, and does not send the last of them. What it sent before, of
/// which the reply was lost, may be stored.
///
/// @param read       gives the data; not NULL.
/// @param rewind     has it begin again; NULL if that is not possible.
/// @param user_data  handed to both functions; may be NULL.
/// @param len        how many bytes it gives; OSS_LENGTH_UNKNOWN if that is not known.
/// @return a handle, to be freed with oss_body_free(); never NULL.
///
/// @code
/// oss_body *body = oss_body_from_reader(read_data, NULL, NULL, OSS_LENGTH_UNKNOWN);
/// oss_result *result = NULL;
/// if (oss_upload_object(bucket, "dir/stream.bin", body, callback, NULL, &result) != OSS_STATUS_OK) {
///     printf("%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// oss_body_free(body);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_from_reader(
    read: oss_read_fn,
    rewind: oss_rewind_fn,
    user_data: *mut c_void,
    len: u64,
) -> *mut oss_body {
    let Some(read) = read else {
        return oss_body::boxed(Err((Status::InvalidArgument, "read is NULL".to_owned())));
    };
    let function = ReadFunction { read, rewind, user_data };
    let len = Some(len).filter(|len| *len != OSS_LENGTH_UNKNOWN);
    oss_body::boxed(Ok(Origin::Reader { function, len, was_used: AtomicBool::new(false) }))
}

/// Frees a body.
///
/// @param body  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_free(body: *mut oss_body) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(body) });
}
