//! The heartbeat of a lane: what has to be looked at from time to time is looked at when it ticks.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::coop::unconstrained;
use tokio::time::{Interval, MissedTickBehavior};

const PERIOD: Duration = Duration::from_millis(50);

/// One heartbeat for everything that goes on in a call. Setting a timer for each exchange would cost a system call, and
/// so would setting one that is the next to go off. There are two, which take turns, so that there is always one that
/// goes off before.
pub(super) struct Ticks {
    timers: RefCell<[Interval; 2]>,
    count: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

/// How far somebody has followed the ticks.
#[derive(Default)]
pub(super) struct Follower {
    seen: u64,
    waiting_for: Option<(u64, Waker)>,
}

impl Ticks {
    /// To be made where there is a runtime.
    pub(super) fn new() -> Ticks {
        let timers = RefCell::new([Duration::ZERO, PERIOD / 2].map(ticking_from));
        Ticks { timers, count: Cell::new(1), waiting: RefCell::default() }
    }

    /// Looks at the timers, and wakes all followers when one has gone off: however busy the server keeps us, the runtime
    /// must not put this off.
    pub(super) fn drive(&self, context: &mut Context<'_>) {
        let look = std::future::poll_fn(|context| {
            // Each has to be asked, since asking is what sets it.
            let [first, second] = &mut *self.timers.borrow_mut();
            let ready = [first.poll_tick(context).is_ready(), second.poll_tick(context).is_ready()];
            if ready.contains(&true) { Poll::Ready(()) } else { Poll::Pending }
        });
        let mut look = pin!(unconstrained(look));
        if look.as_mut().poll(context).is_ready() {
            self.count.set(self.count.get() + 1);
            self.waiting.take().into_iter().for_each(Waker::wake);
            // It was ready and so has not been set again.
            context.waker().wake_by_ref();
        }
    }

    /// Ready once for each tick that `follower` has not seen, or for several at once.
    pub(super) fn poll(&self, follower: &mut Follower, context: &mut Context<'_>) -> Poll<()> {
        let count = self.count.get();
        if follower.seen == 0 {
            follower.seen = count;
        }
        if follower.seen != count {
            follower.seen = count;
            return Poll::Ready(());
        }
        let known = follower.waiting_for.as_ref();
        if !known.is_some_and(|(tick, waker)| *tick == count && waker.will_wake(context.waker())) {
            follower.waiting_for = Some((count, context.waker().clone()));
            self.waiting.borrow_mut().push(context.waker().clone());
        }
        Poll::Pending
    }
}

fn ticking_from(delay: Duration) -> Interval {
    let mut ticking = tokio::time::interval_at(tokio::time::Instant::now() + delay, PERIOD);
    // Skipping what was missed keeps the two apart.
    ticking.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticking
}
