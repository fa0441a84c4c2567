//! What a call does outside of its runtime, between two looks at the network: what blocks, or has a runtime of its own.

use super::deadline::Deadline;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// What is to be done next time, and how long all that was done has taken.
#[derive(Default)]
pub(super) struct Outside {
    work: RefCell<Vec<Box<dyn FnOnce() + Send>>>,
    waiting: RefCell<Vec<Waker>>,
    spent: Cell<Duration>,
}

impl Outside {
    /// Begins anew, with nothing to do.
    pub(super) fn begin(&self) {
        self.work.take();
        self.waiting.take();
        self.spent.take();
    }

    /// What `work` comes to, which is done outside; not at all if nobody waits for it any more.
    pub(super) async fn done<T>(&self, work: impl FnOnce() -> T + Send + 'static) -> T
    where
        T: Clone + Send + Sync + 'static,
    {
        let result = Arc::new(OnceLock::new());
        let place = Arc::downgrade(&result);
        self.work.borrow_mut().push(Box::new(move || {
            if let Some(place) = place.upgrade() {
                place.get_or_init(work);
            }
        }));
        poll_fn(|context| match result.get() {
            Some(result) => Poll::Ready(T::clone(result)),
            None => {
                self.waiting.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    /// Whether there is something to do.
    pub(super) fn is_wanted(&self) -> bool {
        !self.work.borrow().is_empty()
    }

    /// Does it. The runtime must not be running.
    pub(super) fn do_all(&self) {
        let began = Instant::now();
        for work in self.work.take() {
            work();
        }
        self.spent.set(self.spent.get() + began.elapsed());
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    /// The time that it would be if nothing had been done outside.
    pub(super) fn time_inside(&self) -> Instant {
        let now = Instant::now();
        now.checked_sub(self.spent.get()).unwrap_or(now)
    }

    /// What `work` comes to, if that takes no longer than `limit`, to which nothing counts that is done outside, and is there
    /// by the deadline, to which everything does.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        deadline: Deadline,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        let began = self.time_inside();
        loop {
            let rest = limit.saturating_sub(self.time_inside().saturating_duration_since(began));
            let end = deadline.or_sooner(Instant::now() + rest);
            if let Ok(result) = tokio::time::timeout_at(end.into(), &mut work).await {
                return Some(result);
            }
            if rest.is_zero() || deadline.has_passed() {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join;
    use std::thread;
    use tokio::runtime::Builder;
    use tokio::sync::Notify;

    const LIMIT: Duration = Duration::from_millis(200);
    const OUTSIDE: Duration = Duration::from_millis(400);

    /// Whether something that ends soon after what is done outside is in time.
    fn is_in_time(deadline: Deadline) -> bool {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (outside, over) = (Outside::default(), Notify::new());
        let limited = outside.within(LIMIT, deadline, async {
            over.notified().await;
            tokio::time::sleep(LIMIT / 10).await;
        });
        let done = async {
            outside.done(|| thread::sleep(OUTSIDE)).await;
            over.notify_one();
        };
        let mut both = pin!(join(limited, done));
        loop {
            let ended = runtime.block_on(poll_fn(|context| match both.as_mut().poll(context) {
                Poll::Pending if outside.is_wanted() => Poll::Ready(None),
                poll => poll.map(Some),
            }));
            match ended {
                Some((in_time, ())) => return in_time.is_some(),
                None => outside.do_all(),
            }
        }
    }

    #[test]
    fn what_is_done_outside_counts_to_the_deadline_only() {
        assert!(is_in_time(Deadline::after(None)));
        assert!(is_in_time(Deadline::after(Some(Duration::from_secs(60)))));
        assert!(!is_in_time(Deadline::after(Some(LIMIT))));
    }
}
