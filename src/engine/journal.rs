//! What a call notes on its way: its attempts, for whoever asks afterwards what happened, and lines for the log. It goes along
//! with the lane.

use super::history::{Attempt, End, History};
use super::log::{Level, Log};
use crate::transport::{Lane, Measured, Phase, Times, Witness};
use std::any::Any;
use std::cell::{Cell, Ref, RefCell};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What one call notes.
pub(super) struct Journal {
    history: RefCell<History>,
    log: Option<Log>,
    under_way: Cell<usize>,
    /// Since when the next request is made ready, if none is under way.
    free_since: Cell<Option<Instant>>,
}

impl Journal {
    pub(super) fn new(log: Option<Log>) -> Journal {
        Journal { history: RefCell::default(), log, under_way: Cell::default(), free_since: Cell::default() }
    }

    /// A request begins; says since when it was made ready.
    fn begin(&self) -> Instant {
        self.under_way.update(|requests| requests + 1);
        self.free_since.take().unwrap_or_else(Instant::now)
    }

    fn end(&self) {
        self.under_way.update(|requests| requests.saturating_sub(1));
        if self.under_way.get() == 0 {
            self.free_since.set(Some(Instant::now()));
        }
    }

    /// Nothing was made ready since then.
    fn leave_out(&self, began: Instant) {
        let now = Instant::now();
        let rested = now.saturating_duration_since(began);
        self.free_since
            .update(|since| since.map(|since| since.checked_add(rested).map_or(now, |since| since.min(now))));
    }

    /// Hands a line to the log, if it wants such. False ends the call.
    fn say(&self, level: Level, line: impl FnOnce() -> String) -> bool {
        let log = self.log.as_ref().filter(|log| log.wants(level));
        log.is_none_or(|log| log.line(level, &line()))
    }
}

impl Witness for Journal {
    fn connected(&self, address: SocketAddr, times: Times) -> bool {
        self.say(Level::Debug, || {
            let [resolving, connecting, tls] =
                [Phase::Resolving, Phase::Connecting, Phase::Tls].map(|phase| in_ms(times.of(phase)));
            format!("connected to {address}: {resolving} resolving, {connecting} connecting, {tls} TLS")
        })
    }
}

/// What the call on this lane notes.
fn of(lane: &Lane) -> Option<Ref<'_, Journal>> {
    Ref::filter_map(lane.witness()?, |witness| (witness as &dyn Any).downcast_ref()).ok()
}

/// Says something worth a line in the log of the bucket, which may end the call.
pub(super) fn log(lane: &Lane, level: Level, line: impl FnOnce() -> String) {
    let goes_on = of(lane).is_none_or(|journal| journal.say(level, line));
    if !goes_on {
        lane.cancel();
    }
}

/// A request that is under way, for as long as this lives.
pub(super) struct UnderWay<'a> {
    lane: &'a Lane,
    /// When it was begun to be made ready. What a call does between two requests, when none is under way, it does for the later one.
    pub(super) since: Instant,
}

impl UnderWay<'_> {
    pub(super) fn begin(lane: &Lane) -> UnderWay<'_> {
        UnderWay { lane, since: of(lane).map_or_else(Instant::now, |journal| journal.begin()) }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(journal) = of(self.lane) {
            journal.end();
        }
    }
}

/// Notes an attempt, and says which number it is. `subject` says what it was about, and `came` what came of it.
pub(super) fn record(lane: &Lane, attempt: Attempt, subject: impl FnOnce() -> String, came: &str) -> u64 {
    let level = match attempt.end {
        End::Done | End::Absent => Level::Info,
        _ => Level::Warning,
    };
    log(lane, level, || line(&attempt, &subject(), came));
    of(lane).map_or(0, |journal| journal.history.borrow_mut().add(attempt))
}

/// Notes that the attempt of this number is none of those that are limited.
pub(super) fn uncount(lane: &Lane, number: u64) {
    if let Some(journal) = of(lane) {
        journal.history.borrow_mut().uncount(number);
    }
}

/// Does nothing for `time`, or until the call is cancelled; says how long that was.
pub(super) async fn pause(lane: &Lane, time: Duration) -> Duration {
    let rest = Rest::begin(lane);
    lane.sleep(time).await;
    rest.end(lane)
}

/// A time in which a call does nothing, neither is the next request made ready.
pub(super) struct Rest {
    began: Instant,
    /// The same where the lane's clock skips.
    by_system: Instant,
}

impl Rest {
    pub(super) fn begin(lane: &Lane) -> Rest {
        Rest { began: lane.clock().now(), by_system: Instant::now() }
    }

    /// Notes it; says how long it was.
    pub(super) fn end(self, lane: &Lane) -> Duration {
        let paused = lane.clock().since(self.began);
        if let Some(journal) = of(lane) {
            journal.history.borrow_mut().sum.pauses += paused;
            journal.leave_out(self.by_system);
        }
        paused
    }
}

/// How many attempts there were so far.
pub(super) fn attempts(lane: &Lane) -> u64 {
    of(lane).map_or(0, |journal| journal.history.borrow().sum.attempts)
}

/// Takes what there is of attempts so far.
pub(super) fn history(lane: &Lane) -> Option<Box<History>> {
    of(lane).map(|journal| Box::new(journal.history.take()))
}

fn line(attempt: &Attempt, subject: &str, came: &str) -> String {
    let Measured { sent, reused, address, .. } = &attempt.measured;
    let mut line = format!("{subject}: {came} after {}", in_ms(attempt.measured.times.sum()));
    if let Some(address) = address {
        let how = if *reused { "used before" } else { "new" };
        line.push_str(&format!("; {sent} bytes to {address} ({how})"));
    }
    if !attempt.request_id.is_empty() {
        line.push_str(&format!("; request {}", attempt.request_id));
    }
    line
}

/// A time as a line has it.
pub(super) fn in_ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
