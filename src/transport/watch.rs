//! Who watches the time of an exchange.
//!
//! | phase | what is movement | the limit |
//! |---|---|---|
//! | connecting | – | the connect time-out, which [`Route`](super::route::Route) keeps, over all of it |
//! | sending | bytes that the kernel takes or the peer's kernel acknowledges; a pause of our own, for the source or the pace, is no standstill | the stall time-out |
//! | waiting: all is acknowledged | bytes of the reply, the whole of which may take five minutes | the stall time-out, or the patience that the request needs |
//! | reading the rest of the reply | the same | the stall time-out |
//!
//! What the call does outside meanwhile counts to none of them. While we are sending, what the server says is no movement. What it acknowledges costs a system call to find out, so the
//! kernel is asked only when nothing else has moved for a while. Reading the rest is [`Lane::exchange`]'s.

use super::connection::Track;
use super::deadline::Deadline;
use super::failure::{Cause, Failure};
use super::lane::Lane;
use super::progress::Progress;
use super::ticks::Follower;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A reply that trickles in for longer than this is given up, its head as well as its body.
pub(super) const LONGEST_REPLY: Duration = Duration::from_secs(300);
/// A standstill is suspected after this part of the stall time-out, and again after each further one.
const SUSPICION: u32 = 4;

/// Ends an exchange in which nothing moves any more, or whose deadline has come.
pub(super) struct Watch<'a> {
    pub(super) lane: &'a Lane,
    deadline: Deadline,
    pub(super) progress: &'a Progress<'a>,
    patience: Duration,
    ticks: Follower,
    /// When something moved last, and what had moved by then.
    moved: Instant,
    seen: Seen,
    /// When the kernel was asked last what is acknowledged, and what it said.
    asked: Instant,
    acknowledged: Option<u64>,
    /// Since when all that is left is the reply.
    waiting: Option<Instant>,
}

#[derive(PartialEq, Eq, Default)]
struct Seen {
    sent: u64,
    own_pauses: u64,
    received: u64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        lane: &'a Lane,
        deadline: Deadline,
        progress: &'a Progress<'a>,
        patience: Duration,
    ) -> Watch<'a> {
        let now = lane.outside.time_inside();
        Watch {
            lane,
            deadline,
            progress,
            patience,
            ticks: Follower::default(),
            moved: now,
            seen: Seen::default(),
            asked: now,
            acknowledged: None,
            waiting: None,
        }
    }

    /// Ready when the exchange has to end.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Failure> {
        while self.lane.ticks.poll(&mut self.ticks, context).is_ready() {
            if self.lane.is_cancelled() {
                return Poll::Ready(self.progress.given_up(Cause::Cancelled, "cancelled"));
            }
            if self.deadline.has_passed() {
                return Poll::Ready(self.progress.given_up(Cause::Deadline, "the deadline passed"));
            }
            if let Some(what) = self.progress.track().and_then(|track| self.look_at(track)) {
                return Poll::Ready(self.progress.given_up(Cause::Timeout, what));
            }
        }
        Poll::Pending
    }

    /// What is wrong, if something is.
    fn look_at(&mut self, track: &Track) -> Option<&'static str> {
        let seen = Seen {
            sent: track.sent(),
            own_pauses: self.progress.own_pauses(),
            received: self.waiting.map_or(0, |_| track.received()),
        };
        if self.seen != seen {
            self.seen = seen;
            self.moved = self.lane.outside.time_inside();
        }
        if self.waiting.is_none() && self.is_suspicious() && self.ask_kernel(track) && track.is_written() {
            self.waiting = Some(self.lane.outside.time_inside());
        }
        match self.waiting {
            // Single bytes now and then are not silence, and no reply either.
            Some(since) if self.since(since) >= self.allowed_silence() + LONGEST_REPLY => {
                Some("the reply did not come to an end")
            }
            _ if self.since(self.moved) >= self.allowed_silence() => {
                Some("no byte moved within the time-out")
            }
            _ => None,
        }
    }

    /// Whether nothing has moved for so long that the kernel is to be asked, if only for the last time.
    fn is_suspicious(&self) -> bool {
        let enough = self.lane.stall_timeout / SUSPICION;
        let silence = self.since(self.moved);
        silence >= enough && self.since(self.asked) >= enough || silence >= self.lane.stall_timeout
    }

    /// Notes what the peer has acknowledged meanwhile; says whether that is all that was sent.
    fn ask_kernel(&mut self, track: &Track) -> bool {
        self.asked = self.lane.outside.time_inside();
        // A kernel that does not say leaves us with what it takes.
        let Some(acknowledged) = track.acknowledged() else { return true };
        if self.acknowledged.is_some_and(|before| before < acknowledged) {
            self.moved = self.lane.outside.time_inside();
        }
        self.acknowledged = Some(acknowledged);
        acknowledged >= track.sent()
    }

    /// How long ago that was, without what was done outside since.
    fn since(&self, then: Instant) -> Duration {
        self.lane.outside.time_inside().saturating_duration_since(then)
    }

    fn allowed_silence(&self) -> Duration {
        match self.waiting {
            Some(_) => self.patience.max(self.lane.stall_timeout),
            None => self.lane.stall_timeout,
        }
    }
}
