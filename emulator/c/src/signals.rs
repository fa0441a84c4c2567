//! Keeps the emulator's threads out of the way of the program's signals.

use std::mem::MaybeUninit;
use std::ptr;

/// Blocks all signals of this thread while it lives. What starts meanwhile has them blocked for good, and so has what that
/// starts: a SIGPIPE ends nobody, and the program's signals reach threads of its own.
pub(crate) struct Blocked {
    before: MaybeUninit<libc::sigset_t>,
}

impl Blocked {
    pub(crate) fn all() -> Blocked {
        let mut all = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: both sets are live variables. The first call fills the one in, and with such a set the second cannot fail,
        // so it fills in the other.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        }
        Blocked { before }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set was filled in when all signals were blocked, and NULL is allowed.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, self.before.as_ptr(), ptr::null_mut()) };
    }
}
