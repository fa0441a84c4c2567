//! How much memory an upload takes for the data that it has in hand.

use crate::wire::mistake::Mistake;

const DEFAULT: u64 = 128 << 20;
/// The size of a part where nothing else is asked for.
pub(super) const DEFAULT_PART: u64 = 8 << 20;
/// With less, not even what is read piece by piece could be sent.
const LEAST: u64 = 1 << 20;
/// What a part takes besides its data: what its connection has for what it sends and receives.
const BESIDES: u64 = 512 << 10;
/// What a part takes that can be read again, and is read as it is sent.
const PIECES: u64 = 1 << 20;
/// Where nothing else is asked for, parts are not made smaller than this for the sake of more at once.
const WORTH_A_REQUEST: u64 = 1 << 20;

/// The memory that one upload may take, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory(u64);

impl Default for Memory {
    fn default() -> Memory {
        Memory(DEFAULT)
    }
}

impl Memory {
    /// Zero stands for the default.
    pub(super) fn new(bytes: u64) -> Result<Memory, Mistake> {
        match bytes {
            0 => Ok(Memory::default()),
            1..LEAST => Err(Mistake::new(format!(
                "a memory limit of {bytes} bytes is less than {LEAST}; 0 stands for the default"
            ))),
            _ => Ok(Memory(bytes)),
        }
    }

    /// The largest part that can be held.
    pub(super) fn largest_part(self) -> u64 {
        self.0.saturating_sub(BESIDES)
    }

    /// The size of parts that are held, where nothing else is asked for, so that so many can be sent at once.
    pub(super) fn part_for(self, parallel: usize) -> u64 {
        let share = self.0 / (parallel.max(1) as u64);
        share.saturating_sub(BESIDES).clamp(WORTH_A_REQUEST.min(self.largest_part()), DEFAULT_PART)
    }

    /// How many parts can be sent at once that are held, each of them of so many bytes.
    pub(super) fn parts_held(self, size: u64) -> usize {
        self.times(size.saturating_add(BESIDES))
    }

    /// How many parts can be sent at once that are read piece by piece.
    pub(super) fn parts_read(self) -> usize {
        self.times(PIECES)
    }

    /// That a part of so many bytes cannot be held.
    pub(super) fn too_small(self, why: &str, part: u64) -> Mistake {
        Mistake::new(format!(
            "{why}, and the data has to be held until it is sent: that takes a memory limit of {} bytes, not {}",
            part.saturating_add(BESIDES),
            self.0
        ))
    }

    fn times(self, each: u64) -> usize {
        usize::try_from(self.0 / each.max(1)).unwrap_or(usize::MAX).max(1)
    }
}
