//! How often a request is sent again, and after what pause.

use super::call::Call;
use super::target::{Sent, Target};
use super::verdict::{self, Verdict};
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{error_of, text};
use crate::transport::{Deadline, Lane};
use crate::wire::date;
use std::time::{Duration, Instant};

const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// The attempts of one operation.
pub(crate) struct Attempts {
    pub(crate) made: u32,
    per_request: u32,
    limit: u32,
    deadline: Deadline,
    clock_corrected: bool,
    /// Whether the request was sent once more for the sake of a connection that had gone stale.
    replaced: bool,
    /// Whether the reply to any of them was lost.
    pub(crate) lost: bool,
    /// Whether OSS may still be at work on one of them, so that what is not there may yet come.
    pub(crate) may_go_on: bool,
    /// Since when the object can have been stored by this operation, if that is known.
    pub(crate) began: Option<Instant>,
}

impl Attempts {
    pub(crate) fn new(bucket: &Bucket, deadline: Deadline) -> Attempts {
        Attempts::at(Target::Bucket(bucket), deadline)
    }

    pub(super) fn at(target: Target<'_>, deadline: Deadline) -> Attempts {
        let per_request = target.max_attempts();
        Attempts {
            made: 0,
            per_request,
            limit: per_request,
            deadline,
            clock_corrected: false,
            replaced: false,
            lost: false,
            may_go_on: false,
            began: Some(Instant::now()),
        }
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Begins another request of the same operation, with all its attempts before it.
    pub(crate) fn renew(&mut self) {
        self.limit = self.made + self.per_request;
        self.lost = false;
        self.replaced = false;
    }

    /// Takes the place of attempts of which nothing more is known than that they were made.
    pub(super) fn follow_an_earlier_loss(&mut self) {
        self.lost = true;
        self.began = None;
    }

    /// Counts an attempt and says what its end means. A bucket can have its clock corrected.
    pub(crate) fn judge(&mut self, target: Target<'_>, call: &Call<'_>, sent: &Sent) -> Verdict {
        let verdict = verdict::of(call, sent);
        if !self.replaced && verdict::is_stale(call, sent) {
            self.replaced = true;
            self.lost |= verdict == Verdict::Lost;
            return Verdict::Stale;
        }
        self.made += 1;
        match verdict {
            Verdict::Lost => {
                self.lost = true;
                self.may_go_on |= verdict::may_go_on(sent);
            }
            Verdict::ClockWrong if !self.correct_clock(target, sent) => return Verdict::Refused,
            _ => {}
        }
        verdict
    }

    /// Learns the server's clock from a refusal, once.
    fn correct_clock(&mut self, target: Target<'_>, sent: &Sent) -> bool {
        let (Target::Bucket(bucket), Ok(reply)) = (target, sent) else { return false };
        let date = text(&reply.headers, "date").and_then(date::parse_http_date);
        let Some(now) = date.or_else(|| error_of(reply).server_time()) else { return false };
        if self.clock_corrected {
            return false;
        }
        bucket.learn_server_time(now);
        self.clock_corrected = true;
        true
    }

    /// Waits before the next attempt; false if there is to be none. A corrected clock is worth one at once, and so is a
    /// connection that was no longer one.
    pub(crate) async fn again(&self, lane: &Lane, verdict: Verdict) -> bool {
        if matches!(verdict, Verdict::ClockWrong | Verdict::Stale) {
            return true;
        }
        let pause = pause_after(self.made);
        if self.made >= self.limit || !self.deadline.allows(pause) {
            return false;
        }
        lane.sleep(pause).await;
        if lane.is_cancelled() {
            lane.note_cut_short();
            return false;
        }
        true
    }
}

/// Full jitter: anything from nothing to a limit that doubles with every attempt.
fn pause_after(attempts: u32) -> Duration {
    let limit = SHORTEST_PAUSE.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE);
    limit.mul_f64(fastrand::f64())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_jittered_and_stay_below_twenty_seconds() {
        for attempts in 1..=100 {
            let limit = Duration::from_secs_f64((0.2 * 2f64.powi(attempts as i32)).min(20.0));
            let pauses: Vec<Duration> = (0..50).map(|_| pause_after(attempts)).collect();
            assert!(pauses.iter().all(|pause| *pause <= limit), "attempt {attempts}");
            assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]), "attempt {attempts}: no jitter");
        }
    }
}
