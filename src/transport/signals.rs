//! Keeps signals from the host that the kernel sends for what we do, and all signals from threads of ours.
//!
//! Uploads raise no SIGPIPE: they send with a flag that keeps it from being raised. The HTTP client for errands writes with
//! `writev`, which raises it on a connection that the peer has reset; and a write beyond the limit on the size of files raises
//! SIGXFSZ. So the signal is blocked on the calling thread meanwhile, and one that we caused ourselves is taken back before
//! the mask is restored.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

/// A signal that is blocked on this thread until this value is dropped.
pub(super) struct SignalBlocked {
    signal: i32,
    blocked_by_host: bool,
    pending_before: bool,
    /// A signal mask belongs to its thread, so this value must not leave it.
    this_thread_only: PhantomData<*const ()>,
}

impl SignalBlocked {
    pub(super) fn sigpipe() -> SignalBlocked {
        SignalBlocked::new(libc::SIGPIPE)
    }

    fn new(signal: i32) -> SignalBlocked {
        let blocked_by_host = block(signal);
        // While the host does not block the signal none can be pending, so the question is only asked if it does.
        let pending_before = blocked_by_host && is_pending(signal);
        SignalBlocked { signal, blocked_by_host, pending_before, this_thread_only: PhantomData }
    }
}

impl Drop for SignalBlocked {
    fn drop(&mut self) {
        if !self.pending_before {
            take_pending(self.signal);
        }
        if !self.blocked_by_host {
            unblock(self.signal);
        }
    }
}

/// Runs `work`, which writes to files: where one would become too large, that is an error and nothing else.
pub fn with_sigxfsz_blocked<T>(work: impl FnOnce() -> T) -> T {
    let _blocked = SignalBlocked::new(libc::SIGXFSZ);
    work()
}

/// Runs `work` with all signals blocked, so that a thread it starts never runs a handler of the host's.
pub(super) fn with_all_signals_blocked<T>(work: impl FnOnce() -> T) -> T {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are valid for writes of a `sigset_t`; `sigfillset` initialises the first one before
    // `pthread_sigmask` reads it.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let result = work();
    // SAFETY: `before` was initialised by the call above, which can only fail for an invalid first argument.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    result
}

fn set_of(signal: i32) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the whole set; a signal that is none is not added.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), signal);
        set.assume_init()
    }
}

/// Blocks a signal; says whether it was blocked before.
fn block(signal: i32) -> bool {
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is initialised and `before` is valid for writes; the call initialises it, since it can only fail for an
    // invalid first argument.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, &set_of(signal), before.as_mut_ptr());
        libc::sigismember(before.as_ptr(), signal) == 1
    }
}

fn unblock(signal: i32) {
    // SAFETY: the set is initialised; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &set_of(signal), ptr::null_mut()) };
}

pub(super) fn is_pending(signal: i32) -> bool {
    let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigpending` initialises the set when it succeeds, and only then is the set read.
    unsafe { libc::sigpending(pending.as_mut_ptr()) == 0 && libc::sigismember(pending.as_ptr(), signal) == 1 }
}

fn take_pending(signal: i32) {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time are initialised; no information about the signal is asked for.
    unsafe { libc::sigtimedwait(&set_of(signal), ptr::null_mut(), &now) };
}
