//! What the caller is told while an upload goes on.

use crate::transport::Lane;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// The caller is asked at least after so many ticks whether to go on, about four times a second.
const TICKS: u32 = 10;

/// Whoever wants to know how an upload gets on.
pub trait Observer {
    /// OSS has `accepted` bytes out of `total`, if that is known. False ends the upload.
    fn progress(&self, accepted: u64, total: Option<u64>) -> bool;

    /// Something worth a line in a log. False ends the upload.
    fn log(&self, line: &str) -> bool;
}

/// The progress of one upload.
pub(super) struct Report<'a> {
    observer: &'a dyn Observer,
    total: Option<u64>,
    /// `None` until it is known what was there before.
    accepted: Cell<Option<u64>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(observer: &'a dyn Observer, total: Option<u64>) -> Report<'a> {
        Report { observer, total, accepted: Cell::default() }
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
        if let Some(accepted) = self.accepted.get()
            && !lane.is_cancelled()
            && !self.observer.progress(accepted, self.total)
        {
            lane.cancel();
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
            for _ in 0..TICKS {
                lane.tick().await;
            }
            self.tell(lane);
        }
    }
}
