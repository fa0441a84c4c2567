//! Polling a future again at once when it wakes itself.
//!
//! The parts of an exchange wake each other: the body wakes the connection, the connection the reply. Left to the
//! runtime, each time costs a look at its sockets, which is a system call. Here only what comes from outside reaches it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

const MOST_ROUNDS: usize = 16;

/// The waker of a future that is polled until it no longer wakes itself.
#[derive(Default)]
pub(super) struct SelfWake {
    polling: AtomicBool,
    again: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl SelfWake {
    /// Polls `future` to its end.
    pub(super) async fn run<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::clone(self));
        poll_fn(|context| {
            self.remember(context.waker());
            for _ in 0..MOST_ROUNDS {
                self.again.swap(false, Ordering::SeqCst);
                self.polling.store(true, Ordering::SeqCst);
                let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
                self.polling.store(false, Ordering::SeqCst);
                if poll.is_ready() || !self.again.load(Ordering::SeqCst) {
                    return poll;
                }
            }
            // The runtime allows a task only so much before it wants to look after others; then it must have its turn.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    fn remember(&self, waker: &Waker) {
        let mut outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        if !outer.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *outer = Some(waker.clone());
        }
    }
}

impl Wake for SelfWake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Set first and asked afterwards, so that a wake from another thread between the two of `run` is not lost.
        self.again.store(true, Ordering::SeqCst);
        if !self.polling.load(Ordering::SeqCst)
            && let Some(outer) = &*self.outer.lock().unwrap_or_else(PoisonError::into_inner)
        {
            outer.wake_by_ref();
        }
    }
}
