//! What is sent again, how often, and after what pause.

use super::bucket::Bucket;
use super::outcome::{error_of, text};
use crate::transport::{Cause, Deadline, Failure, Lane, Reply};
use crate::wire::date;
use std::time::{Duration, Instant};

const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// What an attempt means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The reply counts, whatever it says.
    Final,
    /// OSS did not do it, and may do it when asked again.
    NotDone,
    /// OSS may have done it: the reply was lost.
    Lost,
    /// OSS thinks our clock is wrong; it is corrected now.
    ClockCorrected,
}

/// The attempts of one operation.
pub(super) struct Attempts {
    pub(super) made: u32,
    per_request: u32,
    limit: u32,
    deadline: Deadline,
    clock_corrected: bool,
    /// Whether the reply to any of them was lost.
    pub(super) lost: bool,
    /// Whether OSS may still be at work on one of them, so that what is not there may yet come.
    pub(super) may_go_on: bool,
    /// Since when the object can have been stored by this operation, if that is known.
    pub(super) began: Option<Instant>,
}

impl Attempts {
    pub(super) fn new(bucket: &Bucket, deadline: Deadline) -> Attempts {
        Attempts::up_to(bucket.max_attempts, deadline)
    }

    pub(super) fn up_to(per_request: u32, deadline: Deadline) -> Attempts {
        Attempts {
            made: 0,
            per_request,
            limit: per_request,
            deadline,
            clock_corrected: false,
            lost: false,
            may_go_on: false,
            began: Some(Instant::now()),
        }
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Begins another request of the same operation, with all its attempts before it.
    pub(super) fn renew(&mut self) {
        self.limit = self.made + self.per_request;
        self.lost = false;
    }

    /// Takes the place of attempts of which nothing more is known than that they were made.
    pub(super) fn follow_an_earlier_loss(&mut self) {
        self.lost = true;
        self.began = None;
    }

    /// Counts an attempt and says what its end means. A `bucket` can have its clock corrected.
    pub(super) fn judge(&mut self, bucket: Option<&Bucket>, result: &Result<Reply, Failure>) -> Verdict {
        self.made += 1;
        let verdict = match result {
            Ok(reply) => self.judge_reply(bucket, reply),
            Err(failure) => judge_failure(failure),
        };
        if verdict == Verdict::Lost {
            self.may_go_on |= may_go_on(result);
            return self.note_loss();
        }
        verdict
    }

    /// Counts an attempt that did what it was to do, with a reply that only who asked for it can tell.
    pub(super) fn note_success(&mut self) -> Verdict {
        self.made += 1;
        Verdict::Final
    }

    /// A reply that came, but cannot be believed or is not whole.
    pub(super) fn note_loss(&mut self) -> Verdict {
        self.lost = true;
        Verdict::Lost
    }

    /// The same for a reply whose body broke off, where the body is what matters.
    pub(super) fn judge_cut(&mut self) -> Verdict {
        self.made += 1;
        self.note_loss()
    }

    fn judge_reply(&mut self, bucket: Option<&Bucket>, reply: &Reply) -> Verdict {
        let from_oss = reply.headers.contains_key("x-oss-request-id");
        match reply.status {
            // Said before the whole request was there, so nothing can have been done.
            200..=299 | 500..=599 if !reply.wholly_sent => Verdict::NotDone,
            // A gateway may have said it after OSS did the work.
            500 | 502 | 504 | 507..=599 => Verdict::Lost,
            503 if !from_oss => Verdict::Lost,
            401 | 408 | 429 | 503 => Verdict::NotDone,
            // OSS answers an upload with 200, 203 or 204: any other success was spoken by somebody else.
            100..=199 | 201 | 202 | 205..=299 => Verdict::Lost,
            400..=499 => match error_of(reply).code.as_str() {
                "RequestTimeout" | "BadRequest" => Verdict::NotDone,
                "RequestTimeTooSkewed" if !self.clock_corrected => self.correct_clock(bucket, reply),
                _ => Verdict::Final,
            },
            _ => Verdict::Final,
        }
    }

    fn correct_clock(&mut self, bucket: Option<&Bucket>, reply: &Reply) -> Verdict {
        let date = text(&reply.headers, "date").and_then(date::parse_http_date);
        let now = date.or_else(|| error_of(reply).server_time());
        let (Some(now), Some(bucket)) = (now, bucket) else { return Verdict::Final };
        bucket.learn_server_time(now);
        self.clock_corrected = true;
        Verdict::ClockCorrected
    }

    /// Waits before the next attempt; false if there is to be none. A corrected clock is worth one at once.
    pub(super) async fn again(&self, lane: &Lane, verdict: Verdict) -> bool {
        if verdict == Verdict::ClockCorrected {
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

fn judge_failure(failure: &Failure) -> Verdict {
    match failure.cause {
        _ if failure.wholly_sent => Verdict::Lost,
        Cause::Network | Cause::Interrupted | Cause::Timeout | Cause::BadResponse => Verdict::NotDone,
        // Neither a deadline nor a certificate nor a source gets better by trying again.
        Cause::Cancelled | Cause::Deadline | Cause::Tls | Cause::Unsendable | Cause::Source(_) => {
            Verdict::Final
        }
    }
}

/// Whether the server may not have come to an end with a request whose reply was lost.
fn may_go_on(result: &Result<Reply, Failure>) -> bool {
    match result {
        Ok(reply) => reply.status == 504,
        Err(failure) => matches!(failure.cause, Cause::Timeout | Cause::Deadline | Cause::Cancelled),
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
