//! Which file a descriptor stands for: a host that becomes a daemon closes all there are, and what it opens then gets their
//! numbers.

use std::mem::MaybeUninit;
use std::os::fd::RawFd;

/// What tells one open socket from every other: its device and inode.
pub(super) type Identity = (libc::dev_t, libc::ino_t);

/// `None` if nothing has this number.
pub(super) fn of(fd: RawFd) -> Option<Identity> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the kernel writes no more than one `stat`. A wrong descriptor is an error and no breach of memory.
    if unsafe { libc::fstat(fd, stat.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: it was written, since the call succeeded.
    let stat = unsafe { stat.assume_init() };
    Some((stat.st_dev, stat.st_ino))
}
