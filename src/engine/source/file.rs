//! A file, or a range of one, and how it is told that it is still the same.

use crate::transport::SourceFailure;
use crate::wire::mistake::Mistake;
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

/// A range of an open file, and what the file looked like when the upload began.
#[derive(Clone)]
pub struct FileBody {
    file: Arc<File>,
    pub(crate) name: Arc<str>,
    /// From the root on, if it was given by a path.
    pub(crate) path: Option<Arc<Path>>,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) identity: Identity,
}

/// What tells a file, and a version of it, from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds since 1970, and nanoseconds.
    modified: (i64, i64),
}

/// Why a file cannot be uploaded.
pub enum Unusable {
    /// The caller asked for something that it does not have.
    Mistake(Mistake),
    /// It cannot be opened or examined.
    Unreadable(String),
}

impl FileBody {
    /// The file at `path`, or `len` bytes of it from `offset` on.
    pub(super) fn open(path: &str, range: Option<(u64, u64)>) -> Result<FileBody, Unusable> {
        // A named pipe would wait for somebody to write to it; to what can be uploaded the flag makes no difference.
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
        let file = file.map_err(|error| unreadable(path, &error))?;
        let absolute = std::path::absolute(path).map_err(|error| unreadable(path, &error))?;
        Ok(FileBody { path: Some(absolute.into()), ..FileBody::new(file, path, range)? })
    }

    /// An open file under the `name` it has in messages. Its offset is neither used nor moved.
    pub(crate) fn new(file: File, name: &str, range: Option<(u64, u64)>) -> Result<FileBody, Unusable> {
        let metadata = file.metadata().map_err(|error| unreadable(name, &error))?;
        if !metadata.is_file() {
            return Err(Unusable::Unreadable(format!("{name} is not a regular file")));
        }
        let (offset, size) = range.unwrap_or((0, metadata.size()));
        if offset.checked_add(size).is_none_or(|end| end > metadata.size()) {
            return Err(Unusable::Mistake(Mistake::new(format!(
                "{name} has {} bytes, so there are no {size} bytes at offset {offset}",
                metadata.size()
            ))));
        }
        let identity = Identity::of(&metadata);
        Ok(FileBody { file: Arc::new(file), name: name.into(), path: None, offset, size, identity })
    }

    /// A piece of it.
    pub(crate) fn piece(&self, offset: u64, size: u64) -> Option<FileBody> {
        Some(FileBody { offset: self.offset.checked_add(offset)?, size, ..self.clone() })
    }

    /// Fills `into` with what stands at `position`.
    pub(super) fn read_at(&self, position: u64, into: &mut [u8]) -> Result<(), SourceFailure> {
        match self.file.read_exact_at(into, self.offset + position) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(SourceFailure::changed(&self.name))
            }
            Err(error) => Err(SourceFailure::Unreadable(format!("cannot read {}: {error}", self.name))),
        }
    }

    /// Whether it still is what it was.
    pub(crate) fn check_unchanged(&self) -> Result<(), SourceFailure> {
        match self.file.metadata() {
            Ok(now) if Identity::of(&now) == self.identity => Ok(()),
            Ok(_) => Err(SourceFailure::changed(&self.name)),
            Err(error) => Err(SourceFailure::Unreadable(format!("cannot examine {}: {error}", self.name))),
        }
    }
}

impl Identity {
    fn of(metadata: &Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Unusable {
    Unusable::Unreadable(format!("cannot open {name}: {error}"))
}
