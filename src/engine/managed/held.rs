//! What a writer holds until it is sent: parts that are full, and one that is being filled.

use super::part_sizes::PartSizes;
use crate::engine::source::Buffers;
use bytes::Bytes;

const FIRST_ROOM: usize = 64 << 10;

/// The parts that are held, as many as are sent at once.
pub(super) struct Held {
    parts: Vec<HeldPart>,
    sizes: PartSizes,
    most: usize,
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
    /// Room for `most` parts.
    pub(super) fn new(sizes: PartSizes, most: usize) -> Held {
        Held { parts: Vec::new(), sizes, most, begun: 0, buffers: Buffers::default() }
    }

    /// Takes what there is room for, and gives the rest back.
    pub(super) fn fill<'a>(&mut self, mut data: &'a [u8]) -> &'a [u8] {
        while !data.is_empty() {
            if let Some(part) = self.parts.last_mut().filter(|part| part.room() > 0) {
                data = part.fill(data);
            } else if self.parts.len() < self.most {
                self.begin_another();
            } else {
                break;
            }
        }
        data
    }

    fn begin_another(&mut self) {
        self.begun += 1;
        let size = usize::try_from(self.sizes.of(self.begun)).unwrap_or(usize::MAX);
        let mut data = self.buffers.take();
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
    fn fill<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let (taken, rest) = data.split_at(data.len().min(self.room()));
        let needed = self.data.len() + taken.len();
        if needed > self.data.capacity() {
            // Grown step by step, since most data is shorter than a part; not beyond the part.
            let wanted = needed.max(self.data.capacity().saturating_mul(2)).max(FIRST_ROOM).min(self.size);
            self.data.reserve_exact(wanted - self.data.len());
        }
        self.data.extend_from_slice(taken);
        rest
    }
}
