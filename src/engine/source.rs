//! What is uploaded: bytes in memory, or a file.

use crate::transport::{Source, SourceFailure};
use crate::wire::crc64::Crc64;
use crate::wire::mistake::Mistake;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest, Md5};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::sync::{Arc, Mutex, PoisonError};

const MD5_FRAME: usize = 256 << 10;

/// The data of an upload. It can be read any number of times, from any position.
pub enum Body<'a> {
    /// The caller's memory.
    Bytes(&'a [u8]),
    /// A file, or a range of one.
    File(FileBody),
}

/// A range of an open file, and what the file looked like when the upload began.
pub struct FileBody {
    file: File,
    name: String,
    offset: u64,
    size: u64,
    identity: Identity,
}

#[derive(PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
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
        Body::from_file(file, path, range)
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
        Ok(Body::File(FileBody { file, name: name.to_owned(), offset, size, identity }))
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(file) => file.size,
        }
    }

    /// The name of the file, if it is one.
    pub(super) fn file_name(&self) -> Option<&str> {
        match self {
            Body::Bytes(_) => None,
            Body::File(file) => Some(&file.name),
        }
    }

    /// The value of Content-MD5, for which the data is read once.
    pub(super) fn content_md5(&self) -> Result<String, SourceFailure> {
        let mut md5 = Md5::new();
        let mut reading = self.reading();
        while reading.position < self.size() {
            md5.update(reading.next(MD5_FRAME)?);
        }
        Ok(BASE64.encode(md5.finalize()))
    }

    pub(super) fn reading(&self) -> Reading<'_> {
        Reading { body: self, position: 0, crc64: Crc64::new(), buffers: Arc::default() }
    }

    fn read_at(&self, position: u64, into: &mut [u8]) -> Result<(), SourceFailure> {
        match self {
            Body::Bytes(bytes) => {
                let from = usize::try_from(position).ok();
                let rest = from.and_then(|from| bytes.get(from..)).and_then(|rest| rest.get(..into.len()));
                into.copy_from_slice(rest.ok_or_else(|| changed("the data"))?);
                Ok(())
            }
            Body::File(file) => file.read_at(position, into),
        }
    }

    /// Whether it still is what it was.
    fn check_unchanged(&self) -> Result<(), SourceFailure> {
        match self {
            Body::Bytes(_) => Ok(()),
            Body::File(file) => file.check_unchanged(),
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
    buffers: Arc<Buffers>,
}

impl Reading<'_> {
    pub(super) fn is_whole(&self) -> bool {
        self.position == self.body.size()
    }

    pub(super) fn crc64(&self) -> u64 {
        self.crc64.value()
    }
}

impl Source for Reading<'_> {
    fn size(&self) -> u64 {
        self.body.size()
    }

    fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure> {
        let rest = self.size().saturating_sub(self.position);
        let length = usize::try_from(rest).map_or(limit, |rest| rest.min(limit));
        let mut frame = Frame::new(&self.buffers, length);
        let buffer = frame.buffer.get_mut(..length).unwrap_or_default();
        self.body.read_at(self.position, buffer)?;
        self.crc64.update(buffer);
        self.position += length as u64;
        if length as u64 == rest {
            // Asked while the last frame is still here: without it nothing is stored.
            self.body.check_unchanged()?;
        }
        Ok(Bytes::from_owner(frame))
    }
}

/// Buffers that were sent and can be filled again; fresh memory for every frame would cost a page fault for every page.
#[derive(Default)]
struct Buffers(Mutex<Vec<Vec<u8>>>);

struct Frame {
    buffer: Vec<u8>,
    length: usize,
    home: Arc<Buffers>,
}

impl Frame {
    fn new(home: &Arc<Buffers>, length: usize) -> Frame {
        let mut buffer = home.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        Frame { buffer, length, home: Arc::clone(home) }
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.home.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}
