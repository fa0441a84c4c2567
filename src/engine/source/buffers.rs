//! Memory that is used again: fresh memory for every piece of data would cost a page fault for every page, and leave holes
//! where it was.

use crate::transport::SourceFailure;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

/// A buffer has so much room first,
const FIRST_ROOM: usize = 64 << 10;
/// and grows step by step up to so much, since most data is shorter than a part. Each step may take twice the memory for a
/// moment, so the last one is to the whole part.
const STEP_BY_STEP: usize = 4 << 20;

/// Buffers that nobody is using.
#[derive(Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// A buffer for up to `size` bytes, with whatever it held last, or an empty one.
    pub(crate) fn take(&self, size: usize) -> Vec<u8> {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that are too small are given up, all of them: what is larger now is to have their place.
        buffers.retain(|buffer| buffer.capacity() >= size);
        buffers.pop().unwrap_or_default()
    }

    /// The first `length` bytes of `buffer`, which comes back when they are no longer needed.
    pub(crate) fn lend(&self, buffer: Vec<u8>, length: usize) -> Bytes {
        Bytes::from_owner(Lent { buffer, length, home: self.clone() })
    }
}

/// Sees to room for more than a `buffer` has in it, and for `size` bytes at most.
pub(crate) fn grow(buffer: &mut Vec<u8>, more: usize, size: usize) -> Result<(), SourceFailure> {
    let needed = buffer.len().saturating_add(more);
    if needed <= buffer.capacity() {
        return Ok(());
    }
    let step = buffer.capacity().saturating_mul(2).max(FIRST_ROOM).max(needed);
    let room = if step > STEP_BY_STEP { size } else { step.min(size) };
    buffer.try_reserve_exact(room.saturating_sub(buffer.len())).map_err(|_| SourceFailure::no_memory(room))
}

struct Lent {
    buffer: Vec<u8>,
    length: usize,
    home: Buffers,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.home.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffer_comes_back_when_the_last_piece_of_it_is_gone() {
        let buffers = Buffers::default();
        let lent = buffers.lend(b"abcdef".to_vec(), 4);
        let piece = lent.slice(1..3);
        drop(lent);
        assert_eq!(buffers.take(6), b"");
        assert_eq!(piece, "bc");
        drop(piece);
        assert_eq!(buffers.take(6), b"abcdef");
    }

    #[test]
    fn buffers_that_are_too_small_go_when_a_larger_one_is_wanted() {
        let buffers = Buffers::default();
        for large in [1, STEP_BY_STEP] {
            let lent = [large, large, 3 * large].map(|size| buffers.lend(vec![7; size], size));
            drop(lent);
            assert_eq!(buffers.take(2 * large).len(), 3 * large);
            assert!(buffers.0.lock().unwrap().is_empty());
        }
    }
}
