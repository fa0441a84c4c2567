//! What is uploaded, in a form that can be read again: bytes in memory, a file, or a function that can start over.

use super::content::Content;
use super::file::{FileBody, Unusable};
use super::identity::Sighting;
use super::reader::Reader;
use crate::transport::SourceFailure;
use bytes::Bytes;
use std::cell::Cell;
use std::fs::File;
use std::path::Path;

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

/// A function that gives a known number of bytes, and can start over.
pub struct ReaderBody<'a> {
    reader: Box<dyn Reader + 'a>,
    size: u64,
    has_begun: Cell<bool>,
    /// What a pass over all of it came to.
    content: Cell<Option<Content>>,
}

impl<'a> Body<'a> {
    /// The file at `path`, or `len` bytes of it from `offset` on.
    pub fn open(path: impl AsRef<Path>, range: Option<(u64, u64)>) -> Result<Body<'a>, Unusable> {
        FileBody::open(path.as_ref(), range).map(Body::File)
    }

    /// An open file under the `name` it has in messages. Its offset is neither used nor moved.
    pub fn from_file(file: File, name: &str, range: Option<(u64, u64)>) -> Result<Body<'a>, Unusable> {
        FileBody::new(file, name, range).map(Body::File)
    }

    /// The `size` bytes that `reader` gives whenever it starts over.
    pub(crate) fn from_reader(reader: Box<dyn Reader + 'a>, size: u64) -> Body<'a> {
        Body::Reader(ReaderBody { reader, size, has_begun: Cell::default(), content: Cell::default() })
    }

    /// A piece of it, if it can be read from any position.
    pub(crate) fn piece(&self, offset: u64, size: u64) -> Option<Body<'_>> {
        let range = usize::try_from(offset).ok()..usize::try_from(offset.checked_add(size)?).ok();
        let of = |bytes: &'a [u8]| bytes.get(range.start?..range.end?);
        match self {
            Body::Bytes(bytes) => of(bytes).map(Body::Bytes),
            Body::Owned(bytes) => {
                let end = range.end.filter(|end| *end <= bytes.len())?;
                Some(Body::Owned(bytes.slice(range.start?..end)))
            }
            Body::File(file) => file.piece(offset, size).map(Body::File),
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
    pub(crate) fn file_name(&self) -> Option<&str> {
        match self {
            Body::File(file) => Some(&file.name),
            _ => None,
        }
    }

    /// Reads what is there at `position`, or some of it, and says how much.
    pub(super) fn read_at(&self, position: u64, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let of = |bytes: &[u8], into: &mut [u8]| {
            let from = usize::try_from(position).ok();
            let rest = from.and_then(|from| bytes.get(from..)).and_then(|rest| rest.get(..into.len()));
            into.copy_from_slice(rest.ok_or_else(|| self.changed())?);
            Ok(into.len())
        };
        match self {
            Body::Bytes(bytes) => of(bytes, into),
            Body::Owned(bytes) => of(bytes, into),
            Body::File(file) => file.read_at(position, into).map(|()| into.len()),
            Body::Reader(reader) => reader.read_at(position, into),
        }
    }

    /// Sees the file as it is now, if it is one.
    pub(super) fn examine(&self) -> Result<Option<Sighting>, SourceFailure> {
        match self {
            Body::File(file) => file.examine().map(Some),
            _ => Ok(None),
        }
    }

    /// How much of it, from its beginning on, may no longer be what was read.
    pub(crate) fn doubtful(&self) -> Result<u64, SourceFailure> {
        match self {
            Body::File(file) => file.doubtful(),
            _ => Ok(0),
        }
    }

    /// That it is no longer what it was.
    pub(crate) fn changed(&self) -> SourceFailure {
        SourceFailure::changed(self.file_name().unwrap_or("the data"))
    }

    /// Notes what a pass over all of it came to, which must be the same every time.
    pub(super) fn note(&self, content: Content) -> Result<(), SourceFailure> {
        let first = match self {
            Body::File(file) => &file.content,
            Body::Reader(reader) => &reader.content,
            Body::Bytes(_) | Body::Owned(_) => return Ok(()),
        };
        match first.get() {
            Some(first) if first != content => Err(self.changed()),
            _ => {
                first.set(Some(content));
                Ok(())
            }
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
