//! `oss_body`: what to upload.

use super::convert;
use super::guard::{self, Refusal};
use crate::engine::{Body, Status, Unusable};
use crate::wire::mistake::Mistake;
use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// What to upload. It can be used any number of times, and by several threads at once. A body that cannot be right, such
/// as one from a NULL path, is still made; the operation that uses it says what is wrong.
pub struct oss_body {
    origin: Result<Origin, (Status, String)>,
}

enum Origin {
    Bytes { data: *const c_void, len: usize },
    Path { path: String, range: Option<(u64, u64)> },
    Descriptor { file: File, name: String, range: (u64, u64) },
}

impl oss_body {
    fn boxed(origin: Result<Origin, (Status, String)>) -> *mut oss_body {
        Box::into_raw(Box::new(oss_body { origin }))
    }

    /// # Safety
    /// The bytes that the body was made from are still there and stay as they are during `'a`.
    pub(super) unsafe fn open<'a>(&self) -> Result<Body<'a>, Refusal> {
        match self.origin.as_ref().map_err(|(status, message)| Refusal::new(*status, message.as_str()))? {
            // SAFETY: the caller vouches for the bytes.
            Origin::Bytes { data, len } => Ok(Body::Bytes(unsafe { convert::bytes(*data, *len, "data") }?)),
            Origin::Path { path, range } => Ok(Body::open(path, *range)?),
            Origin::Descriptor { file, name, range } => {
                let file = file.try_clone().map_err(|error| local(format!("cannot use {name}: {error}")))?;
                Ok(Body::from_file(file, name, Some(*range))?)
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
/// @param path  the file's path; not NULL; copied.
/// @return a handle, to be freed with oss_body_free(); never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_from_file(path: *const c_char) -> *mut oss_body {
    // SAFETY: the caller keeps to what the header says of the pointer.
    let path = unsafe { convert::text(path, "path") };
    oss_body::boxed(path.map(|path| Origin::Path { path: path.to_owned(), range: None }).map_err(invalid))
}

/// Makes a body of a part of a file. Every operation opens the file anew.
///
/// @param path    the file's path; not NULL; copied.
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
    let path = unsafe { convert::text(path, "path") };
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

/// Frees a body.
///
/// @param body  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_body_free(body: *mut oss_body) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(body) });
}
