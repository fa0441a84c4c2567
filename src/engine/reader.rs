//! Data that comes out of a function of the caller's, in order.

use super::buffers::Buffers;
use super::source::Body;
use crate::transport::{Failure, SourceFailure};
use crate::wire::mistake::Mistake;
use bytes::Bytes;

/// A single request takes so much of a reader that cannot start over: it is held in memory, to be sent again.
const MOST_HELD: u64 = 4 << 20;
/// A reader is first offered so much room, and more as it fills it.
const FIRST_ROOM: usize = 64 << 10;

/// A function that gives bytes.
pub trait Reader {
    /// Puts bytes into `into`, which is not empty, and says how many; none at the end.
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure>;

    /// Whether it can start over.
    fn can_rewind(&self) -> bool;

    /// Starts over.
    fn rewind(&self) -> Result<(), SourceFailure>;
}

/// What is uploaded, as the caller has it.
pub enum Input<'a> {
    /// It can be read again.
    Body(Body<'a>),
    /// It comes out of a function, and may have a length that is known beforehand.
    Reader(Box<dyn Reader + 'a>, Option<u64>),
}

impl<'a> From<Body<'a>> for Input<'a> {
    fn from(body: Body<'a>) -> Input<'a> {
        Input::Body(body)
    }
}

/// Why an input cannot be uploaded.
pub(super) enum Unfit {
    Mistake(Mistake),
    Failure(Failure),
}

/// Asked before each read whether the call may go on.
pub(super) type Check<'a> = &'a dyn Fn() -> Result<(), Failure>;

impl<'a> Input<'a> {
    /// How much there is, if that is known.
    pub(super) fn size(&self) -> Option<u64> {
        match self {
            Input::Body(body) => Some(body.size()),
            Input::Reader(_, size) => *size,
        }
    }

    /// In the form that a single request needs, which may have to be sent again.
    pub(super) fn into_body(self, check: Check<'_>) -> Result<Body<'a>, Unfit> {
        match self {
            Input::Body(body) => Ok(body),
            Input::Reader(_, None) => Err(Unfit::Mistake(Mistake::new(
                "a single request needs to know the length of its data; oss_upload_object() does not",
            ))),
            Input::Reader(reader, Some(size)) if reader.can_rewind() => Ok(Body::from_reader(reader, size)),
            Input::Reader(_, Some(size)) if size > MOST_HELD => Err(Unfit::Mistake(Mistake::new(format!(
                "a reader that cannot rewind gives a single request at most {MOST_HELD} bytes, not {size}; \
                 oss_upload_object() takes any number"
            )))),
            Input::Reader(reader, Some(size)) => {
                let held = read_up_to(reader.as_ref(), size, &Buffers::default(), check);
                let held = held.map_err(Unfit::Failure)?;
                check_length(held.len() as u64, size).map_err(|failure| Unfit::Failure(failure.into()))?;
                Ok(Body::Owned(held))
            }
        }
    }
}

/// Cuts what a reader gives into parts, which are held in memory so that each can be sent again.
pub(super) struct PartReader<'a> {
    reader: Box<dyn Reader + 'a>,
    size: Option<u64>,
    read: u64,
    has_ended: bool,
    buffers: Buffers,
}

impl<'a> PartReader<'a> {
    pub(super) fn new(reader: Box<dyn Reader + 'a>, size: Option<u64>) -> PartReader<'a> {
        PartReader { reader, size, read: 0, has_ended: false, buffers: Buffers::default() }
    }

    /// Whether it is known that there is nothing more.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended || self.size == Some(self.read)
    }

    /// The next part, of `size` bytes unless it is the last; `None` when there is nothing more.
    pub(super) fn next(&mut self, size: u64, check: Check<'_>) -> Result<Option<Bytes>, Failure> {
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
    let mut data = buffers.take();
    let mut filled = 0;
    while filled < size {
        if filled == data.len() {
            // Grown step by step, since most data is shorter than a part; not beyond the part.
            let room = data.len().saturating_mul(2).max(FIRST_ROOM).min(size);
            data.try_reserve_exact(room - filled).map_err(|_| {
                SourceFailure::Unreadable(format!("there is no memory for a part of {size} bytes"))
            })?;
            data.resize(room, 0);
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

fn check_length(read: u64, size: u64) -> Result<(), SourceFailure> {
    if read < size {
        return Err(SourceFailure::Unreadable(format!(
            "the reader ended after {read} bytes instead of {size}"
        )));
    }
    Ok(())
}
