//! What is uploaded, in a form that can be read again: bytes in memory, a file, or a function that can start over.

use super::buffers::Buffers;
use super::reader::{Check, Reader};
use crate::transport::{Failure, Source, SourceFailure};
use crate::wire::crc64::Crc64;
use crate::wire::mistake::Mistake;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

const FRAME: usize = 256 << 10;

/// The data of an upload. It can be read any number of times, from any position.
pub enum Body<'a> {
    /// The caller's memory.
    Bytes(&'a [u8]),
    /// Memory of our own.
    Owned(Bytes),
    /// A file, or a range of one.
    File(FileBody),
    /// A function that can start over.
    Reader(ReaderBody<'a>),
}

/// A range of an open file, and what the file looked like when the upload began.
#[derive(Clone)]
pub struct FileBody {
    file: Arc<File>,
    pub(super) name: Arc<str>,
    /// From the root on, if it was given by a path.
    pub(super) path: Option<Arc<Path>>,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) identity: Identity,
}

/// What tells a file, and a version of it, from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds since 1970, and nanoseconds.
    modified: (i64, i64),
}

/// A function that gives a known number of bytes, and can start over.
pub struct ReaderBody<'a> {
    reader: Box<dyn Reader + 'a>,
    size: u64,
    has_begun: Cell<bool>,
}

/// Why a file cannot be uploaded.
pub enum Unusable {
    /// The caller asked for something that it does not have.
    Mistake(Mistake),
    /// It cannot be opened or examined.
    Unreadable(String),
}

impl<'a> Body<'a> {
    /// The file at `path`, or `len` bytes of it from `offset` on.
    pub fn open(path: &str, range: Option<(u64, u64)>) -> Result<Body<'a>, Unusable> {
        // A named pipe would wait for somebody to write to it; to what can be uploaded the flag makes no difference.
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
        let file = file.map_err(|error| unreadable(path, &error))?;
        let absolute = std::path::absolute(path).map_err(|error| unreadable(path, &error))?;
        match Body::from_file(file, path, range)? {
            Body::File(file) => Ok(Body::File(FileBody { path: Some(absolute.into()), ..file })),
            other => Ok(other),
        }
    }

    /// An open file under the `name` it has in messages. Its offset is neither used nor moved.
    pub fn from_file(file: File, name: &str, range: Option<(u64, u64)>) -> Result<Body<'a>, Unusable> {
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
        Ok(Body::File(FileBody {
            file: Arc::new(file),
            name: name.into(),
            path: None,
            offset,
            size,
            identity,
        }))
    }

    /// The `size` bytes that `reader` gives whenever it starts over.
    pub(super) fn from_reader(reader: Box<dyn Reader + 'a>, size: u64) -> Body<'a> {
        Body::Reader(ReaderBody { reader, size, has_begun: Cell::new(false) })
    }

    /// A piece of it, if it can be read from any position.
    pub(super) fn piece(&self, offset: u64, size: u64) -> Option<Body<'_>> {
        let range = usize::try_from(offset).ok()..usize::try_from(offset.checked_add(size)?).ok();
        let of = |bytes: &'a [u8]| bytes.get(range.start?..range.end?);
        match self {
            Body::Bytes(bytes) => of(bytes).map(Body::Bytes),
            Body::Owned(bytes) => {
                let end = range.end.filter(|end| *end <= bytes.len())?;
                Some(Body::Owned(bytes.slice(range.start?..end)))
            }
            Body::File(file) => {
                Some(Body::File(FileBody { offset: file.offset.checked_add(offset)?, size, ..file.clone() }))
            }
            Body::Reader(_) => None,
        }
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Owned(bytes) => bytes.len() as u64,
            Body::File(file) => file.size,
            Body::Reader(reader) => reader.size,
        }
    }

    /// The name of the file, if it is one.
    pub(super) fn file_name(&self) -> Option<&str> {
        match self {
            Body::File(file) => Some(&file.name),
            _ => None,
        }
    }

    /// The value of Content-MD5, for which the data is read once.
    pub(super) fn content_md5(&self, check: Check<'_>) -> Result<String, Failure> {
        let mut md5 = Md5::new();
        let mut reading = self.reading();
        while reading.position < self.size() {
            check()?;
            md5.update(reading.next(FRAME)?);
        }
        Ok(BASE64.encode(md5.finalize()))
    }

    pub(super) fn reading(&self) -> Reading<'_> {
        Reading { body: self, position: 0, crc64: Crc64::new(), buffers: Buffers::default() }
    }

    /// The CRC-64 of all of it.
    pub(super) fn crc64(&self, check: Check<'_>) -> Result<u64, Failure> {
        let mut reading = self.reading();
        while !reading.is_whole() {
            check()?;
            reading.next(FRAME)?;
        }
        Ok(reading.crc64())
    }

    /// Reads what is there at `position`, or some of it, and says how much.
    fn read_at(&self, position: u64, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let of = |bytes: &[u8], into: &mut [u8]| {
            let from = usize::try_from(position).ok();
            let rest = from.and_then(|from| bytes.get(from..)).and_then(|rest| rest.get(..into.len()));
            into.copy_from_slice(rest.ok_or_else(|| changed("the data"))?);
            Ok(into.len())
        };
        match self {
            Body::Bytes(bytes) => of(bytes, into),
            Body::Owned(bytes) => of(bytes, into),
            Body::File(file) => file.read_at(position, into).map(|()| into.len()),
            Body::Reader(reader) => reader.read_at(position, into),
        }
    }

    /// Whether it still is what it was.
    pub(super) fn check_unchanged(&self) -> Result<(), SourceFailure> {
        match self {
            Body::File(file) => file.check_unchanged(),
            _ => Ok(()),
        }
    }
}

impl FileBody {
    fn read_at(&self, position: u64, into: &mut [u8]) -> Result<(), SourceFailure> {
        match self.file.read_exact_at(into, self.offset + position) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(changed(&self.name)),
            Err(error) => Err(SourceFailure::Unreadable(format!("cannot read {}: {error}", self.name))),
        }
    }

    fn check_unchanged(&self) -> Result<(), SourceFailure> {
        match self.file.metadata() {
            Ok(now) if Identity::of(&now) == self.identity => Ok(()),
            Ok(_) => Err(changed(&self.name)),
            Err(error) => Err(SourceFailure::Unreadable(format!("cannot examine {}: {error}", self.name))),
        }
    }
}

impl ReaderBody<'_> {
    fn read_at(&self, position: u64, into: &mut [u8]) -> Result<usize, SourceFailure> {
        // A pass begins at the beginning; the first one finds the reader there.
        if position == 0 && self.has_begun.replace(true) {
            self.reader.rewind()?;
        }
        match self.reader.read(into)? {
            0 => Err(SourceFailure::Unreadable(format!(
                "the reader ended after {position} bytes instead of {}",
                self.size
            ))),
            length => Ok(length),
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

fn changed(name: &str) -> SourceFailure {
    SourceFailure::Changed(format!("{name} changed while it was being uploaded"))
}

fn unreadable(name: &str, error: &io::Error) -> Unusable {
    Unusable::Unreadable(format!("cannot open {name}: {error}"))
}

/// One pass over a body, with the CRC-64 of what was read so far.
pub(super) struct Reading<'a> {
    body: &'a Body<'a>,
    position: u64,
    crc64: Crc64,
    buffers: Buffers,
}

impl Reading<'_> {
    pub(super) fn is_whole(&self) -> bool {
        self.position == self.body.size()
    }

    pub(super) fn crc64(&self) -> u64 {
        self.crc64.value()
    }

    /// Up to `length` bytes from here on.
    fn frame(&self, length: usize) -> Result<Bytes, SourceFailure> {
        if let Body::Owned(bytes) = self.body
            && let Ok(from) = usize::try_from(self.position)
            && from + length <= bytes.len()
        {
            return Ok(bytes.slice(from..from + length));
        }
        let mut buffer = self.buffers.take();
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let length = match buffer.get_mut(..length) {
            Some(room) if length > 0 => self.body.read_at(self.position, room)?,
            _ => 0,
        };
        Ok(self.buffers.lend(buffer, length))
    }
}

impl Source for Reading<'_> {
    fn size(&self) -> u64 {
        self.body.size()
    }

    fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure> {
        let rest = self.size().saturating_sub(self.position);
        let length = usize::try_from(rest).map_or(limit, |rest| rest.min(limit));
        let frame = self.frame(length)?;
        self.crc64.update(&frame);
        self.position += frame.len() as u64;
        if frame.len() as u64 == rest {
            // Asked while the last frame is still here: without it nothing is stored.
            self.body.check_unchanged()?;
        }
        Ok(frame)
    }
}
