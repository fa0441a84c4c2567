//! Memory that is used again: fresh memory for every piece of data would cost a page fault for every page, and leave holes
//! where it was.

use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers that nobody is using.
#[derive(Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// A buffer with whatever it held last, or an empty one.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// The first `length` bytes of `buffer`, which comes back when they are no longer needed.
    pub(crate) fn lend(&self, buffer: Vec<u8>, length: usize) -> Bytes {
        Bytes::from_owner(Lent { buffer, length, home: self.clone() })
    }
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
        assert_eq!(buffers.take(), b"");
        assert_eq!(piece, "bc");
        drop(piece);
        assert_eq!(buffers.take(), b"abcdef");
    }
}
