//! What is uploaded, in a form that can be read again: bytes in memory, a file, or a function that can start over.

use super::buffers::Buffers;
use super::content::Content;
use super::file::{FileBody, Unusable};
use super::reader::{Check, Reader};
use crate::transport::{Failure, Source, SourceFailure};
use crate::wire::crc64::Crc64;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest, Md5};
use std::cell::Cell;
use std::fs::File;

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

/// A function that gives a known number of bytes, and can start over.
pub struct ReaderBody<'a> {
    reader: Box<dyn Reader + 'a>,
    size: u64,
    has_begun: Cell<bool>,
}

impl<'a> Body<'a> {
    /// The file at `path`, or `len` bytes of it from `offset` on.
    pub fn open(path: &str, range: Option<(u64, u64)>) -> Result<Body<'a>, Unusable> {
        FileBody::open(path, range).map(Body::File)
    }

    /// An open file under the `name` it has in messages. Its offset is neither used nor moved.
    pub fn from_file(file: File, name: &str, range: Option<(u64, u64)>) -> Result<Body<'a>, Unusable> {
        FileBody::new(file, name, range).map(Body::File)
    }

    /// The `size` bytes that `reader` gives whenever it starts over.
    pub(crate) fn from_reader(reader: Box<dyn Reader + 'a>, size: u64) -> Body<'a> {
        Body::Reader(ReaderBody { reader, size, has_begun: Cell::new(false) })
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

    /// The value of Content-MD5, for which the data is read once.
    pub(crate) fn content_md5(&self, check: Check<'_>) -> Result<String, Failure> {
        let mut md5 = Md5::new();
        let mut reading = self.reading();
        while reading.position < self.size() {
            check()?;
            md5.update(reading.next(FRAME)?);
        }
        Ok(BASE64.encode(md5.finalize()))
    }

    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading { body: self, position: 0, crc64: Crc64::new(), buffers: Buffers::default() }
    }

    /// The CRC-64 of all of it.
    pub(crate) fn crc64(&self, check: Check<'_>) -> Result<u64, Failure> {
        let mut reading = self.reading();
        while !reading.is_whole() {
            check()?;
            reading.next(FRAME)?;
        }
        Ok(reading.crc64.value())
    }

    /// Reads what is there at `position`, or some of it, and says how much.
    fn read_at(&self, position: u64, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let of = |bytes: &[u8], into: &mut [u8]| {
            let from = usize::try_from(position).ok();
            let rest = from.and_then(|from| bytes.get(from..)).and_then(|rest| rest.get(..into.len()));
            into.copy_from_slice(rest.ok_or_else(|| SourceFailure::changed("the data"))?);
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
    pub(crate) fn check_unchanged(&self) -> Result<(), SourceFailure> {
        match self {
            Body::File(file) => file.check_unchanged(),
            _ => Ok(()),
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

/// One pass over a body, with the CRC-64 of what was read so far.
pub(crate) struct Reading<'a> {
    body: &'a Body<'a>,
    position: u64,
    crc64: Crc64,
    buffers: Buffers,
}

impl Reading<'_> {
    fn is_whole(&self) -> bool {
        self.position == self.body.size()
    }

    /// What was read, once that is all of it.
    pub(crate) fn content(&self) -> Option<Content> {
        self.is_whole().then(|| Content { size: self.size(), crc64: self.crc64.value() })
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
