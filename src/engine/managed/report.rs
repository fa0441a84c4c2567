//! What the caller is told while an upload goes on.

use crate::engine::observer::Observer;
use crate::transport::Lane;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// The caller is asked so often whether to go on, where nothing else happens.
const INTERVAL: Duration = Duration::from_millis(250);

/// The progress of one upload.
pub(super) struct Report<'a> {
    observer: &'a dyn Observer,
    total: Option<u64>,
    /// `None` until it is known what was there before.
    accepted: Cell<Option<u64>>,
    told: Cell<Option<Instant>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(observer: &'a dyn Observer, total: Option<u64>) -> Report<'a> {
        Report { observer, total, accepted: Cell::default(), told: Cell::default() }
    }

    /// Tells for the first time: OSS had `accepted` bytes before.
    pub(super) fn begin(&self, lane: &Lane, accepted: u64) {
        self.accepted.set(Some(accepted));
        self.tell(lane);
    }

    /// Says something worth a line in a log.
    pub(super) fn log(&self, lane: &Lane, line: &str) {
        if !self.observer.log(line) {
            lane.cancel();
        }
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.get().unwrap_or_default()
    }

    /// OSS has accepted `bytes` more.
    pub(super) fn add(&self, lane: &Lane, bytes: u64) {
        self.accepted.set(Some(self.accepted().saturating_add(bytes)));
        self.tell(lane);
    }

    /// Tells how far it is, and cancels the call if the caller wants that.
    fn tell(&self, lane: &Lane) {
        self.told.set(Some(Instant::now()));
        if let Some(accepted) = self.accepted.get()
            && !lane.is_cancelled()
            && !self.observer.progress(accepted, self.total)
        {
            lane.cancel();
        }
    }

    /// Tells how far it is if that was not told for a while.
    pub(super) fn tell_if_due(&self, lane: &Lane) {
        if self.told.get().is_none_or(|told| told.elapsed() >= INTERVAL) {
            self.tell(lane);
        }
    }

    /// Does `work`, and tells now and then how far it is.
    pub(super) async fn during<T>(&self, lane: &Lane, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut ticking = pin!(self.tell_now_and_then(lane));
        poll_fn(|context| {
            if let Poll::Ready(result) = work.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            // It never ends.
            let _ = ticking.as_mut().poll(context);
            Poll::Pending
        })
        .await
    }

    async fn tell_now_and_then(&self, lane: &Lane) {
        loop {
            lane.tick().await;
            self.tell_if_due(lane);
        }
    }
}
