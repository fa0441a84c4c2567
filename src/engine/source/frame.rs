//! What is sent before and after a source, in the same body.

use super::reading::Reading;
use crate::transport::{Source, SourceFailure};
use bytes::Bytes;

/// A head and a tail around data that is not here.
pub(crate) struct Frame {
    pub(crate) head: Bytes,
    pub(crate) tail: Bytes,
}

impl Frame {
    /// The size of the whole, around data of this size.
    pub(crate) fn size_around(&self, data: u64) -> u64 {
        data.saturating_add((self.head.len() + self.tail.len()) as u64)
    }

    /// The whole, around the data that is being read.
    pub(crate) fn around<'a, 'b>(&self, data: &'a mut Reading<'b>) -> Framed<'a, 'b> {
        let rest = data.size();
        let size = self.size_around(rest);
        Framed { size, head: self.head.clone(), data, rest, tail: self.tail.clone() }
    }
}

/// A frame that is being sent, with what is in it.
pub(crate) struct Framed<'a, 'b> {
    size: u64,
    head: Bytes,
    data: &'a mut Reading<'b>,
    /// How much of the data is still to be read.
    rest: u64,
    tail: Bytes,
}

impl Source for Framed<'_, '_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure> {
        if !self.head.is_empty() {
            return Ok(self.head.split_to(limit.min(self.head.len())));
        }
        if self.rest > 0 {
            let piece = self.data.next(limit)?;
            self.rest = self.rest.saturating_sub(piece.len() as u64);
            return Ok(piece);
        }
        Ok(self.tail.split_to(limit.min(self.tail.len())))
    }
}
