//! What a writer holds until it is sent: parts that are full, and one that is being filled.

use super::options::UploadOptions;
use super::part_sizes::{PartSizes, too_many_parts};
use super::run::{Step, failed, refused};
use crate::engine::source::{Buffers, grow};
use crate::transport::SourceFailure;
use bytes::Bytes;

/// The parts that are held, as many as are sent at once.
pub(super) struct Held {
    parts: Vec<HeldPart>,
    sizes: PartSizes,
    /// How much more can be written.
    rest: u64,
    /// How many parts were begun so far.
    begun: u32,
    buffers: Buffers,
}

/// A part that is being filled or full.
pub(super) struct HeldPart {
    pub(super) number: u32,
    data: Vec<u8>,
    size: usize,
    home: Buffers,
}

impl Held {
    /// Nothing yet.
    pub(super) fn new(sizes: PartSizes) -> Held {
        Held { parts: Vec::new(), sizes, rest: sizes.capacity(), begun: 0, buffers: Buffers::default() }
    }

    /// Takes what there is room for, and gives the rest back.
    pub(super) fn fill<'a>(&mut self, mut data: &'a [u8], options: &UploadOptions) -> Step<&'a [u8]> {
        let rest = data.len() as u64;
        if rest > self.rest {
            return Err(refused(too_many_parts()));
        }
        while !data.is_empty() {
            if let Some(part) = self.parts.last_mut().filter(|part| part.room() > 0) {
                data = part.fill(data).map_err(|failure| failed(failure.into()))?;
            } else if self.parts.len() < options.held_at_once(self.sizes.of(self.begun + 1)) {
                self.begin_another();
            } else {
                break;
            }
        }
        self.rest -= rest - data.len() as u64;
        Ok(data)
    }

    fn begin_another(&mut self) {
        self.begun += 1;
        let size = usize::try_from(self.sizes.of(self.begun)).unwrap_or(usize::MAX);
        let mut data = self.buffers.take(size);
        data.clear();
        self.parts.push(HeldPart { number: self.begun, data, size, home: self.buffers.clone() });
    }

    /// How many bytes are held.
    pub(super) fn size(&self) -> u64 {
        self.parts.iter().map(|part| part.data.len() as u64).sum()
    }

    /// Hands over the parts, which makes room for others.
    pub(super) fn take(&mut self) -> Vec<HeldPart> {
        std::mem::take(&mut self.parts)
    }
}

impl HeldPart {
    fn room(&self) -> usize {
        self.size.saturating_sub(self.data.len())
    }

    pub(super) fn into_bytes(self) -> Bytes {
        let length = self.data.len();
        self.home.lend(self.data, length)
    }

    /// Takes what there is room for, and gives the rest back.
    fn fill<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8], SourceFailure> {
        let (taken, rest) = data.split_at(data.len().min(self.room()));
        grow(&mut self.data, taken.len(), self.size)?;
        self.data.extend_from_slice(taken);
        Ok(rest)
    }
}
