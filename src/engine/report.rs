//! What the caller is told while an upload goes on.

use crate::engine::journal;
use crate::engine::log::Level;
use crate::engine::observer::{Observer, Progress};
use crate::transport::Lane;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// The caller is told so often how far it is, where nothing else happens. With the time between two looks at the clock, that
/// is four times a second.
const INTERVAL: Duration = Duration::from_millis(190);
/// The time that a rate is of, and how many measurements that makes at the most.
const LATELY: Duration = Duration::from_secs(5);
const MEASUREMENTS: usize = 32;

/// What OSS has said that it has of an upload.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Accepted {
    pub(crate) bytes: u64,
    pub(crate) parts: u64,
}

/// The progress of one upload.
pub(crate) struct Report<'a> {
    observer: &'a dyn Observer,
    total: Option<u64>,
    accepted: Cell<Accepted>,
    parts: Cell<u64>,
    told: Cell<Option<Instant>>,
    /// Whether the caller wants to hear no more, not even of what is cleaned up.
    ended: Cell<bool>,
    speed: RefCell<Speed>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(observer: &'a dyn Observer, total: Option<u64>) -> Report<'a> {
        Report {
            observer,
            total,
            accepted: Cell::default(),
            parts: Cell::default(),
            told: Cell::default(),
            ended: Cell::default(),
            speed: RefCell::default(),
        }
    }

    /// Tells what OSS has from before: for the first time, and again where it turns out to be more.
    pub(crate) fn begin(&self, lane: &Lane, accepted: Accepted) {
        self.accepted.set(accepted);
        self.tell(lane);
    }

    /// Says how many parts there are. A single request is one.
    pub(crate) fn expect(&self, parts: u64) {
        self.parts.set(parts);
    }

    /// Says something worth a line in a log.
    pub(crate) fn log(&self, lane: &Lane, line: &str) {
        journal::log(lane, Level::Warning, || line.to_owned());
        if !self.observer.log(line) {
            lane.cancel();
        }
    }

    pub(crate) fn accepted(&self) -> Accepted {
        self.accepted.get()
    }

    /// OSS has accepted a part of so many bytes more.
    pub(crate) fn add(&self, lane: &Lane, bytes: u64) {
        let before = self.accepted();
        self.accepted.set(Accepted { bytes: before.bytes.saturating_add(bytes), parts: before.parts + 1 });
        self.tell(lane);
    }

    /// OSS has all there is.
    pub(crate) fn finish(&self, lane: &Lane) {
        let bytes = self.total.unwrap_or(self.accepted().bytes);
        self.accepted.set(Accepted { bytes, parts: self.parts.get() });
        self.tell(lane);
    }

    /// Tells how far it is, if anybody wants to know, and cancels the call if the caller wants that.
    fn tell(&self, lane: &Lane) {
        self.told.set(Some(Instant::now()));
        if self.observer.wants_progress()
            && !lane.is_cancelled()
            && !self.ended.get()
            && !self.observer.progress(&self.progress(lane))
        {
            self.ended.set(true);
            lane.cancel();
        }
    }

    fn progress(&self, lane: &Lane) -> Progress {
        let accepted = self.accepted();
        let now = lane.on_its_way();
        let most = self.total.unwrap_or(u64::MAX);
        let with = |bytes: u64| accepted.bytes.saturating_add(bytes).min(most);
        Progress {
            total: self.total,
            sent: with(now.sent),
            acknowledged: with(now.acknowledged),
            accepted: accepted.bytes,
            parts_done: accepted.parts,
            parts: self.parts.get(),
            attempts: journal::attempts(lane),
            rate: self.speed.borrow_mut().measure(Instant::now(), now.carried),
        }
    }

    /// Tells how far it is if that was not told for a while.
    pub(crate) fn tell_if_due(&self, lane: &Lane) {
        if self.told.get().is_none_or(|told| told.elapsed() >= INTERVAL) {
            self.tell(lane);
        }
    }

    /// Does `work`, and tells now and then how far it is.
    pub(crate) async fn during<T>(&self, lane: &Lane, work: impl Future<Output = T>) -> T {
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

/// How fast it went lately.
#[derive(Default)]
struct Speed(VecDeque<(Instant, u64)>);

impl Speed {
    /// Takes notice of how much was carried until `now`, and says how much that is a second.
    fn measure(&mut self, now: Instant, carried: u64) -> u64 {
        let Speed(measured) = self;
        while measured.len() >= MEASUREMENTS
            || measured.get(1).is_some_and(|(next, _)| now.saturating_duration_since(*next) >= LATELY)
        {
            measured.pop_front();
        }
        let (since, before) = *measured.front().unwrap_or(&(now, carried));
        // Where parts end one after the other, some measurements are next to one another.
        if measured.back().is_none_or(|(last, _)| now.saturating_duration_since(*last) >= INTERVAL) {
            measured.push_back((now, carried));
        }
        let seconds = now.saturating_duration_since(since).as_secs_f64();
        if seconds > 0.0 { (carried.saturating_sub(before) as f64 / seconds).round() as u64 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_that_of_the_last_seconds() {
        let mut speed = Speed::default();
        let began = Instant::now();
        let mut measure = |ms: u64, carried: u64| speed.measure(began + Duration::from_millis(ms), carried);
        assert_eq!(measure(0, 0), 0);
        assert_eq!(measure(200, 200), 1000);
        let fast: Vec<u64> = (2..=50).map(|step| measure(step * 200, step * 200)).collect();
        assert!(fast.iter().all(|rate| *rate == 1000), "{fast:?}");
        let still: Vec<u64> = (51..=80).map(|step| measure(step * 200, 10_000)).collect();
        assert!(still.is_sorted_by(|before, after| before >= after), "{still:?}");
        assert_eq!(still.last(), Some(&0));
    }
}
