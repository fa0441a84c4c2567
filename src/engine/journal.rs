//! What a call notes on its way: its attempts, for whoever asks afterwards what happened, and lines for the log. It goes along
//! with the lane.

use super::history::{Attempt, End, History};
use super::log::{Level, Log};
use crate::transport::{Lane, Measured, Phase, Times, Witness};
use std::any::Any;
use std::cell::{Ref, RefCell};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What one call notes.
pub(super) struct Journal {
    history: RefCell<History>,
    log: Option<Log>,
}

impl Journal {
    pub(super) fn new(log: Option<Log>) -> Journal {
        Journal { history: RefCell::default(), log }
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
    let began = lane.clock().now();
    lane.sleep(time).await;
    rested(lane, began)
}

/// Notes that the call did nothing since then; says how long that is.
pub(super) fn rested(lane: &Lane, began: Instant) -> Duration {
    let paused = lane.clock().since(began);
    if let Some(journal) = of(lane) {
        journal.history.borrow_mut().sum.pauses += paused;
    }
    paused
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
