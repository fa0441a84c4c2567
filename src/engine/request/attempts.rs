//! How often a request is sent again, and when.

use super::account;
use super::call::Call;
use super::keys::{key_instead_of, key_to_sign};
use super::pause::pause_after;
use super::target::{Sent, Target};
use super::verdict::{self, Verdict};
use crate::credentials::{AccessKey, Credentials};
use crate::engine::bucket::Bucket;
use crate::engine::history::Origin;
use crate::engine::journal::{self, Rest, UnderWay};
use crate::engine::log::Level;
use crate::engine::reply::{error_of, is_made_by_oss, time_of};
use crate::transport::{Clock, Deadline, Lane, Meter, Source};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// OSS may be at work on a request for so long after it was sent.
pub(crate) const LONGEST_WORK: Duration = Duration::from_secs(60);
/// So much the clocks of OSS that a reply was made by may differ.
const AGREEMENT_S: u64 = 60;

/// What is known of requests whose end is not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    /// When OSS is over with them.
    pub(crate) over_at: Instant,
    /// The latest time that OSS has told, if it told any.
    pub(crate) told: Option<i64>,
}

/// The attempts of one operation.
pub(crate) struct Attempts {
    pub(crate) made: u32,
    per_request: u32,
    limit: u32,
    deadline: Deadline,
    clock: Clock,
    clock_corrected: bool,
    /// Who signs, where it is we who do.
    credentials: Option<Arc<Credentials>>,
    /// What the last of them was signed with.
    signed_with: Option<Arc<AccessKey>>,
    /// What the next is signed with, since OSS refused the last key.
    newer_key: Option<Arc<AccessKey>>,
    /// Whether our clock or the key turned out to be wrong, and is right by now.
    put_right: bool,
    /// Whether the last key was newer than one that OSS refused.
    key_renewed: bool,
    /// Whether the request was sent once more for the sake of a connection that had gone stale.
    replaced: bool,
    /// Where one of them was left open: when OSS is over with it.
    over_at: Option<Instant>,
    /// Whether one of them was left open, be it that it turned out since not to have been done.
    was_lost: bool,
    /// Whether the last of them was left open.
    last_is_open: bool,
    /// The latest time that OSS has told.
    told: Option<i64>,
    /// When the first of them was made.
    began: Instant,
    /// What the next one comes from.
    origin: Origin,
    /// The number of the last one among all of the call.
    number: u64,
}

impl Attempts {
    pub(crate) fn new(bucket: &Bucket, deadline: Deadline) -> Attempts {
        Attempts::at(Target::Bucket(bucket), deadline)
    }

    pub(super) fn at(target: Target<'_>, deadline: Deadline) -> Attempts {
        let per_request = target.max_attempts();
        let clock = target.clock().clone();
        Attempts {
            made: 0,
            per_request,
            limit: per_request,
            deadline,
            began: clock.now(),
            clock,
            clock_corrected: false,
            credentials: target.bucket().map(|bucket| Arc::clone(&bucket.credentials)),
            signed_with: None,
            newer_key: None,
            put_right: false,
            key_renewed: false,
            replaced: false,
            over_at: None,
            was_lost: false,
            last_is_open: false,
            told: None,
            origin: Origin::default(),
            number: 0,
        }
    }

    /// These, the first of which comes after a pause.
    pub(super) fn after(mut self, pause: Duration) -> Attempts {
        self.origin.pause = pause;
        self
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// How long they have gone on.
    pub(super) fn took(&self) -> Duration {
        self.clock.since(self.began)
    }

    /// What is known of those that were left open; `None` if none is.
    pub(crate) fn open(&self) -> Option<Open> {
        self.over_at.map(|over_at| Open { over_at, told: self.told })
    }

    /// The latest time that OSS has told.
    pub(crate) fn told(&self) -> Option<i64> {
        self.told
    }

    /// Whether one was left open, be it that it turned out since not to have been done.
    pub(super) fn was_lost(&self) -> bool {
        self.was_lost
    }

    /// All that was left open turned out not to have been done.
    pub(crate) fn close(&mut self) {
        self.over_at = None;
    }

    /// Whether the last attempt was left open, so that it may have run a callback.
    pub(crate) fn last_is_open(&self) -> bool {
        self.last_is_open
    }

    /// Begins another request of the same operation, with all its attempts before it.
    pub(crate) fn renew(&mut self) {
        self.limit = self.made + self.per_request;
        self.over_at = None;
        self.replaced = false;
        self.origin = Origin::default();
    }

    /// Takes the place of an attempt of which nothing more is known than that OSS is over with it then.
    pub(super) fn follow(&mut self, over_at: Instant) {
        self.leave_open(over_at);
    }

    /// Sends a request once, signed with the key of this very moment, and says what its end means.
    pub(crate) async fn send(
        &mut self,
        lane: &Lane,
        target: Target<'_>,
        call: &Call<'_>,
        source: Option<&mut dyn Source>,
    ) -> (Sent, Verdict) {
        let under_way = UnderWay::begin(lane);
        let meter = Meter::start(under_way.since);
        let sent = self.send_signed(lane, target, call, source, &meter).await;
        let verdict = self.judge(target, call, &sent);
        let mut attempt = account::attempt(call, &sent, verdict, meter.stop());
        drop(under_way);
        attempt.origin = std::mem::take(&mut self.origin);
        let came = account::came(&attempt, &sent);
        self.number = journal::record(lane, attempt, || account::subject(call), &came);
        self.origin.reason = came;
        (sent, verdict)
    }

    async fn send_signed(
        &mut self,
        lane: &Lane,
        target: Target<'_>,
        call: &Call<'_>,
        source: Option<&mut dyn Source>,
        meter: &Meter,
    ) -> Sent {
        self.signed_with = match (self.newer_key.take(), &self.credentials) {
            (Some(newer), _) => Some(newer),
            (None, Some(credentials)) => key_to_sign(credentials, lane, self.deadline).await?,
            (None, None) => None,
        };
        target.send(lane, call, source, self.signed_with.as_ref(), self.deadline, meter).await
    }

    /// Says why the next one is sent, where what the last one came to does not.
    pub(super) fn blame(&mut self, reason: &str) -> &mut Attempts {
        self.origin.reason = reason.to_owned();
        self
    }

    /// Counts an attempt and says what its end means. A bucket can have its clock corrected.
    fn judge(&mut self, target: Target<'_>, call: &Call<'_>, sent: &Sent) -> Verdict {
        let verdict = verdict::of(call, sent);
        if let Ok(reply) = sent
            && is_made_by_oss(reply)
        {
            self.told = self.told.max(time_of(reply, "date"));
        }
        self.last_is_open = false;
        match verdict {
            Verdict::Over => self.leave_open(self.clock.now()),
            Verdict::Lost => self.leave_open(over_at_the_latest(self.clock.now())),
            _ => {}
        }
        if !self.replaced && verdict::is_stale(call, sent) {
            self.replaced = true;
            return Verdict::Stale;
        }
        self.made += 1;
        match verdict {
            Verdict::ClockWrong if !self.correct_clock(target, sent) => Verdict::Refused,
            // The next may be refused too, but there is no end to that.
            Verdict::KeyRefused if self.key_renewed || !self.may_renew_key() => Verdict::Refused,
            verdict => {
                self.key_renewed &= verdict == Verdict::KeyRefused;
                verdict
            }
        }
    }

    fn leave_open(&mut self, over_at: Instant) {
        self.over_at = self.over_at.max(Some(over_at));
        self.was_lost = true;
        self.last_is_open = true;
    }

    /// Learns the server's clock from a refusal, once. OSS tells it twice.
    fn correct_clock(&mut self, target: Target<'_>, sent: &Sent) -> bool {
        let (Target::Bucket(bucket), Ok(reply)) = (target, sent) else { return false };
        let (Some(date), Some(told)) = (time_of(reply, "date"), error_of(reply).server_time()) else {
            return false;
        };
        if self.clock_corrected || date.abs_diff(told) > AGREEMENT_S {
            return false;
        }
        bucket.learn_server_time(date);
        self.clock_corrected = true;
        self.put_right = true;
        true
    }

    fn may_renew_key(&self) -> bool {
        self.credentials.as_ref().is_some_and(|credentials| credentials.may_change())
    }

    /// Gets a newer key in the place of one that OSS refused; false if there is none. That costs no attempt.
    async fn renew_key(&mut self, lane: &Lane) -> bool {
        let (Some(credentials), Some(refused)) = (&self.credentials, &self.signed_with) else { return false };
        let rest = Rest::begin(lane);
        self.newer_key = key_instead_of(credentials, refused, lane, self.deadline).await;
        self.origin.pause = rest.end(lane);
        self.key_renewed = self.newer_key.is_some();
        if !self.key_renewed && lane.is_cancelled() {
            lane.note_cut_short();
        }
        if self.key_renewed {
            self.put_right = true;
            self.made -= 1;
            journal::uncount(lane, self.number);
        }
        self.key_renewed
    }

    /// Whether our clock or the key turned out to be wrong, and is right by now.
    pub(super) fn has_put_right(&self) -> bool {
        self.put_right
    }

    /// Whether it is news that such a thing `was_put_right`, so that to send once more is worth while.
    pub(crate) fn may_follow(&mut self, lane: &Lane, call: &Call<'_>, was_put_right: bool) -> bool {
        let is_news = was_put_right && !std::mem::replace(&mut self.put_right, true);
        if is_news {
            self.log_again(lane, call, "with a clock or a key that was put right");
        }
        is_news
    }

    /// Waits before the next attempt; false if there is to be none. A corrected clock is worth one at once, and so are a
    /// newer key and a connection that was no longer one.
    pub(crate) async fn again(&mut self, lane: &Lane, call: &Call<'_>, verdict: Verdict) -> bool {
        if verdict == Verdict::KeyRefused {
            let is_renewed = self.renew_key(lane).await;
            if is_renewed {
                self.log_again(lane, call, "with a newer key");
            }
            return is_renewed;
        }
        if matches!(verdict, Verdict::ClockWrong | Verdict::Stale) {
            self.log_again(lane, call, "at once");
            return true;
        }
        let pause = pause_after(self.made);
        if self.made >= self.limit || !self.deadline.allows(pause) {
            return false;
        }
        self.log_again(lane, call, &format!("in {} ms", pause.as_millis()));
        self.origin.pause = journal::pause(lane, pause).await;
        if lane.is_cancelled() {
            lane.note_cut_short();
            return false;
        }
        true
    }

    fn log_again(&self, lane: &Lane, call: &Call<'_>, when: &str) {
        journal::log(lane, Level::Warning, || {
            format!("{}: again {when} ({})", account::subject(call), self.origin.reason)
        });
    }
}

/// When OSS is over with what was sent at `sent`, whatever became of it.
pub(crate) fn over_at_the_latest(sent: Instant) -> Instant {
    sent.checked_add(LONGEST_WORK).unwrap_or(sent)
}
