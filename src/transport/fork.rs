//! Tells a forked child from its parent without a system call, and keeps apart what is of the one and what of the other.

use arc_swap::ArcSwap;
use std::mem;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A value of which every process has its own.
///
/// In a child that of the parent is forgotten, neither used nor dropped. If it locks, another thread may have held the lock
/// at the fork, and in the child nobody would ever release it.
pub(super) struct PerProcess<T>(ArcSwap<OfProcess<T>>);

/// The value of one process.
pub(super) struct OfProcess<T> {
    birthplace: Birthplace,
    value: T,
}

impl<T: Default> PerProcess<T> {
    /// That of the running process.
    pub(super) fn get(&self) -> Arc<OfProcess<T>> {
        let current = self.0.load_full();
        if current.birthplace.is_here() {
            return current;
        }
        let previous = self.0.compare_and_swap(&current, OfProcess::here());
        // One more reference that is never given back keeps the parent's from being dropped.
        if Arc::ptr_eq(&previous, &current) {
            mem::forget(Arc::clone(&current));
        }
        self.0.load_full()
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> PerProcess<T> {
        PerProcess(ArcSwap::from(OfProcess::here()))
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        let current = self.0.load_full();
        if !current.birthplace.is_here() {
            mem::forget(current);
        }
    }
}

impl<T: Default> OfProcess<T> {
    fn here() -> Arc<OfProcess<T>> {
        Arc::new(OfProcess { birthplace: Birthplace::here(), value: T::default() })
    }
}

impl<T> Deref for OfProcess<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Remembers the process that made it.
///
/// The kernel hands a page marked with `MADV_WIPEONFORK` to a child filled with zeros, so one load answers the
/// question. Where the kernel does not know that advice (before Linux 4.14) the process ids are compared.
struct Birthplace {
    pid: u32,
    page: Option<NonNull<AtomicU32>>,
}

// SAFETY: the page is only reached through an atomic, and is unmapped by `drop`, which needs exclusive ownership.
unsafe impl Send for Birthplace {}
// SAFETY: as above.
unsafe impl Sync for Birthplace {}

const PAGE: usize = 4096;

impl Birthplace {
    fn here() -> Birthplace {
        Birthplace { pid: std::process::id(), page: marked_page() }
    }

    /// Whether the running process is the one that made this value.
    fn is_here(&self) -> bool {
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
