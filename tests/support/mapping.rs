//! A file in memory: what is written to it so is in the file at once, while its times need not move.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::{ptr, slice};

/// A file of the size that it had.
pub struct Mapping(&'static [AtomicU8]);

impl Mapping {
    /// All of it has been written to, so that its times have moved with that and do not move with the next writing.
    pub fn of(path: &Path) -> Mapping {
        let file = File::options().read(true).write(true).open(path).unwrap();
        let size = usize::try_from(file.metadata().unwrap().len()).unwrap();
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: no memory of anybody's is asked for.
        let at = unsafe { libc::mmap(ptr::null_mut(), size, access, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        assert_ne!(at, libc::MAP_FAILED);
        // SAFETY: it is that large, and is there until this is dropped.
        let mapping = Mapping(unsafe { slice::from_raw_parts(at.cast(), size) });
        mapping.0.iter().for_each(|byte| byte.store(byte.load(Ordering::Relaxed), Ordering::Relaxed));
        mapping
    }

    /// Writes the same everywhere.
    pub fn fill(&self, byte: u8) {
        self.0.iter().for_each(|place| place.store(byte, Ordering::Relaxed));
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and nobody uses it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast_mut().cast(), self.0.len()) };
    }
}
