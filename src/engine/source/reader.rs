//! Data that comes out of a function of the caller's, in order.

use super::buffers::{Buffers, grow};
use crate::transport::{Failure, SourceFailure};
use bytes::Bytes;

/// A function that gives bytes.
pub trait Reader {
    /// Puts bytes into `into`, which is not empty, and says how many; none at the end.
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure>;

    /// Whether it can start over.
    fn can_rewind(&self) -> bool;

    /// Starts over.
    fn rewind(&self) -> Result<(), SourceFailure>;

    /// The name of the file, if that is what it reads.
    fn file_name(&self) -> Option<&str> {
        None
    }
}

/// Asked before each read whether the call may go on.
pub(crate) type Check<'a> = &'a dyn Fn() -> Result<(), Failure>;

/// Cuts what a reader gives into parts, which are held in memory so that each can be sent again.
pub(crate) struct PartReader<'a> {
    reader: Box<dyn Reader + 'a>,
    size: Option<u64>,
    read: u64,
    has_ended: bool,
    buffers: Buffers,
}

impl<'a> PartReader<'a> {
    pub(crate) fn new(reader: Box<dyn Reader + 'a>, size: Option<u64>) -> PartReader<'a> {
        PartReader { reader, size, read: 0, has_ended: false, buffers: Buffers::default() }
    }

    /// Whether it is known that there is nothing more.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended || self.size == Some(self.read)
    }

    /// The next part, of `size` bytes unless it is the last; `None` when there is nothing more.
    pub(crate) fn next(&mut self, size: u64, check: Check<'_>) -> Result<Option<Bytes>, Failure> {
        if self.has_ended() {
            return Ok(None);
        }
        let rest = self.size.map_or(u64::MAX, |whole| whole.saturating_sub(self.read));
        let wanted = size.min(rest);
        let part = read_up_to(self.reader.as_ref(), wanted, &self.buffers, check)?;
        self.read += part.len() as u64;
        if (part.len() as u64) < wanted {
            self.has_ended = true;
            self.size.map_or(Ok(()), |whole| check_length(self.read, whole))?;
        }
        Ok(Some(part).filter(|part| !part.is_empty()))
    }
}

/// Reads until there are `size` bytes or there is nothing more.
fn read_up_to(reader: &dyn Reader, size: u64, buffers: &Buffers, check: Check<'_>) -> Result<Bytes, Failure> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut data = buffers.take(size);
    let mut filled = 0;
    while filled < size {
        if filled == data.len() {
            grow(&mut data, 1, size)?;
            data.resize(data.capacity().min(size), 0);
        }
        check()?;
        let room = data.len().min(size);
        match reader.read(data.get_mut(filled..room).unwrap_or_default())? {
            0 => break,
            length => filled += length,
        }
    }
    Ok(buffers.lend(data, filled))
}

/// All `size` bytes that a reader gives.
pub(super) fn read_whole(reader: &dyn Reader, size: u64, check: Check<'_>) -> Result<Bytes, Failure> {
    let data = read_up_to(reader, size, &Buffers::default(), check)?;
    check_length(data.len() as u64, size)?;
    Ok(data)
}

fn check_length(read: u64, size: u64) -> Result<(), SourceFailure> {
    if read < size {
        return Err(SourceFailure::Unreadable(format!(
            "the reader ended after {read} bytes instead of {size}"
        )));
    }
    Ok(())
}
