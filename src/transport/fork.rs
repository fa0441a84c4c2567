//! Tells a forked child from its parent without a system call.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};

/// Remembers the process that made it.
///
/// The kernel hands a page marked with `MADV_WIPEONFORK` to a child filled with zeros, so one load answers the
/// question. Where the kernel does not know that advice (before Linux 4.14) the process ids are compared.
pub(super) struct Birthplace {
    pid: u32,
    page: Option<NonNull<AtomicU32>>,
}

// SAFETY: the page is only reached through an atomic, and is unmapped by `drop`, which needs exclusive ownership.
unsafe impl Send for Birthplace {}
// SAFETY: as above.
unsafe impl Sync for Birthplace {}

const PAGE: usize = 4096;

impl Birthplace {
    pub(super) fn here() -> Birthplace {
        Birthplace { pid: std::process::id(), page: marked_page() }
    }

    /// Whether the running process is the one that made this value.
    pub(super) fn is_here(&self) -> bool {
        match self.page {
            // SAFETY: the page stays mapped until `drop`; it is aligned and every bit pattern is a valid integer.
            Some(page) => unsafe { page.as_ref() }.load(Ordering::Relaxed) == self.pid,
            None => std::process::id() == self.pid,
        }
    }
}

impl Drop for Birthplace {
    fn drop(&mut self) {
        if let Some(page) = self.page {
            // SAFETY: the page was mapped by `marked_page` with this length, and nobody else holds its address.
            unsafe { libc::munmap(page.as_ptr().cast(), PAGE) };
        }
    }
}

/// A page that holds the process id here and zeros in a child.
fn marked_page() -> Option<NonNull<AtomicU32>> {
    // SAFETY: an anonymous private mapping at an address of the kernel's choice disturbs nothing. Whatever goes wrong
    // afterwards, the page is unmapped with the length it was mapped with.
    unsafe {
        let page = libc::mmap(
            ptr::null_mut(),
            PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if page == libc::MAP_FAILED {
            return None;
        }
        if libc::madvise(page, PAGE, libc::MADV_WIPEONFORK) != 0 {
            libc::munmap(page, PAGE);
            return None;
        }
        let mark = NonNull::new(page.cast::<AtomicU32>())?;
        mark.as_ref().store(std::process::id(), Ordering::Relaxed);
        Some(mark)
    }
}
