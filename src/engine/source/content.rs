//! What was read of a source, or what an object holds.

use crate::wire::crc64;

/// The size and the CRC-64 of data: what tells it from other data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) size: u64,
    pub(crate) crc64: u64,
}

impl Content {
    pub(crate) const NOTHING: Content = Content { size: 0, crc64: 0 };

    /// This and `next` in a row, unless nothing can be as large.
    pub(crate) fn followed_by(self, next: Content) -> Option<Content> {
        let size = self.size.checked_add(next.size)?;
        Some(Content { size, crc64: crc64::combine(self.crc64, next.crc64, next.size) })
    }
}
