//! Keeps SIGPIPE from the host while an errand runs, and all signals from threads of ours.
//!
//! Uploads need none of it: they send with a flag that keeps the signal from being raised. The HTTP client for errands writes
//! with `writev`, which raises it on a connection that the peer has reset. So it is blocked on the calling thread meanwhile,
//! and one that the errand itself caused is taken back before the mask is restored.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

/// SIGPIPE is blocked on this thread until this value is dropped.
pub(super) struct SigpipeBlocked {
    blocked_by_host: bool,
    pending_before: bool,
    /// A signal mask belongs to its thread, so this value must not leave it.
    this_thread_only: PhantomData<*const ()>,
}

impl SigpipeBlocked {
    pub(super) fn new() -> SigpipeBlocked {
        let blocked_by_host = block(&sigpipe_set());
        // While the host does not block the signal none can be pending, so the question is only asked if it does.
        let pending_before = blocked_by_host && is_pending();
        SigpipeBlocked { blocked_by_host, pending_before, this_thread_only: PhantomData }
    }
}

impl Drop for SigpipeBlocked {
    fn drop(&mut self) {
        if !self.pending_before {
            take_pending();
        }
        if !self.blocked_by_host {
            unblock(&sigpipe_set());
        }
    }
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

fn sigpipe_set() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the whole set; SIGPIPE is a valid signal number.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE);
        set.assume_init()
    }
}

/// Blocks the signals of `set`; says whether SIGPIPE was blocked before.
fn block(set: &libc::sigset_t) -> bool {
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `set` is initialised and `before` is valid for writes; the call initialises it, since it can only fail
    // for an invalid first argument.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, set, before.as_mut_ptr());
        libc::sigismember(before.as_ptr(), libc::SIGPIPE) == 1
    }
}

fn unblock(set: &libc::sigset_t) {
    // SAFETY: `set` is initialised; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, set, ptr::null_mut()) };
}

pub(super) fn is_pending() -> bool {
    let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigpending` initialises the set when it succeeds, and only then is the set read.
    unsafe {
        libc::sigpending(pending.as_mut_ptr()) == 0 && libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1
    }
}

fn take_pending() {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time are initialised; no information about the signal is asked for.
    unsafe { libc::sigtimedwait(&sigpipe_set(), ptr::null_mut(), &now) };
}
