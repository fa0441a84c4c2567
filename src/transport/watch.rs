//! Who watches the time of an exchange.

use super::deadline::Deadline;
use super::failure::{Cause, Failure};
use super::lane::Lane;
use super::progress::Progress;
use super::ticks::Follower;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// What the HTTP client and the kernel's send buffer may still hold when the last frame was taken.
const LARGEST_BACKLOG: u64 = 5 << 20;
/// A reply that trickles in for longer than this is given up, its head as well as its body.
pub(super) const LONGEST_REPLY: Duration = Duration::from_secs(300);

/// Ends an exchange in which nothing moves any more, or whose deadline has come.
pub(super) struct Watch<'a> {
    pub(super) lane: &'a Lane,
    deadline: Deadline,
    pub(super) progress: &'a Progress,
    seen: u64,
    began: Instant,
    moved: Instant,
    /// Since when all that is left is the reply.
    waiting: Option<Instant>,
    patience: Duration,
    ticks: Follower,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        lane: &'a Lane,
        deadline: Deadline,
        progress: &'a Progress,
        patience: Duration,
    ) -> Watch<'a> {
        let now = Instant::now();
        let patience = patience.max(lane.stall_timeout);
        let ticks = Follower::default();
        Watch { lane, deadline, progress, seen: 0, began: now, moved: now, waiting: None, patience, ticks }
    }

    /// Ready when the exchange has to end.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Failure> {
        let moved = self.progress.moved();
        if moved != self.seen {
            self.seen = moved;
            self.moved = Instant::now();
        }
        if self.waiting.is_none() && self.progress.is_wholly_sent() {
            self.waiting = Some(Instant::now());
        }
        while self.lane.ticks.poll(&mut self.ticks, context).is_ready() {
            if self.lane.is_cancelled() {
                return Poll::Ready(self.failure(Cause::Cancelled, "cancelled"));
            }
            if self.deadline.has_passed() {
                return Poll::Ready(self.failure(Cause::Deadline, "the deadline passed"));
            }
            // Single bytes now and then are not silence, and no reply either.
            if self.waiting.is_some_and(|since| since.elapsed() >= self.allowed_silence() + LONGEST_REPLY) {
                return Poll::Ready(self.failure(Cause::Timeout, "the reply did not come to an end"));
            }
            if self.moved.elapsed() >= self.allowed_silence() {
                return Poll::Ready(self.failure(Cause::Timeout, "no byte moved within the time-out"));
            }
        }
        Poll::Pending
    }

    fn allowed_silence(&self) -> Duration {
        let connecting =
            if self.progress.is_connecting() { self.lane.connect_timeout } else { Duration::ZERO };
        if !self.progress.is_wholly_sent() {
            return connecting + self.lane.stall_timeout;
        }
        // Taken is not sent: what is still on its way out needs its time at the pace seen so far.
        let size = self.progress.size;
        let pace = size.min(LARGEST_BACKLOG) as f64 / size.max(1) as f64;
        let draining = self.moved.duration_since(self.began).mul_f64(pace);
        connecting + draining + self.patience
    }

    fn failure(&self, cause: Cause, what: &str) -> Failure {
        let wholly_sent = self.progress.is_wholly_sent();
        let doing = match wholly_sent {
            true => "waiting for the reply",
            false if self.progress.is_connecting() => "connecting",
            false => "sending",
        };
        Failure { cause, wholly_sent, message: format!("{what} while {doing}") }
    }
}
