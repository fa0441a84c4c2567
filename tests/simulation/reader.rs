//! What is uploaded, out of a function.

use oss_upload::engine::{Reader, SourceFailure};
use std::cell::{Cell, RefCell};

/// Gives bytes, and others once it has started over.
pub struct Fickle {
    data: RefCell<Vec<u8>>,
    other: Vec<u8>,
    position: Cell<usize>,
}

impl Fickle {
    pub fn new(data: Vec<u8>, other: Vec<u8>) -> Fickle {
        Fickle { data: RefCell::new(data), other, position: Cell::new(0) }
    }
}

impl Reader for Fickle {
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let data = self.data.borrow();
        let rest = &data[self.position.get()..];
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        self.position.set(self.position.get() + length);
        Ok(length)
    }

    fn can_rewind(&self) -> bool {
        true
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        self.data.replace(self.other.clone());
        self.position.set(0);
        Ok(())
    }
}
