//! Finds out by HEAD what became of an object when the reply to its upload was lost.
//!
//! What a look finds is certain to last only once OSS is over with the request; until then it is repeated. It is believed
//! if OSS said it and no cache kept it. No clock has a say in what is ours: front ends and stores have different ones.

use super::ask::Answer;
use super::attempts::Attempts;
use super::call::TOKEN;
use super::verdict::Verdict;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{crc64_of, text};
use crate::engine::source::Content;
use crate::transport::{Clock, Deadline, Lane, Reply};
use crate::wire::date;
use std::cell::RefCell;
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// A Date is in whole seconds, so that two of them differ for certain after this.
const DATES_DIFFER: Duration = Duration::from_secs(2);
/// By so much an object is older than a call if it is certain that the call did not make it.
const CERTAINLY_OLDER_S: u64 = 60;

/// What an object is known by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Expected<'a> {
    pub(crate) content: Option<Content>,
    /// The token of the call that stores it.
    pub(crate) token: Option<&'a str>,
}

/// What a HEAD tells.
#[derive(Debug)]
pub(crate) enum Found {
    /// The object is there as it is expected: the reply to the HEAD says more.
    Ours(Reply),
    /// There is no such object.
    Absent,
    /// There is another object.
    Other(Reply),
    /// That cannot be found out, or may still change; OSS may at least have answered.
    Unclear { answered: bool },
}

/// The look-ups of one call.
pub(crate) struct LookUps<'a> {
    bucket: &'a Bucket,
    key: &'a str,
    deadline: Deadline,
    last: RefCell<Option<Look>>,
}

/// What tells a look's reply from one that was kept.
struct Look {
    request_id: String,
    date: Option<i64>,
    at: Instant,
}

impl<'a> LookUps<'a> {
    pub(crate) fn new(bucket: &'a Bucket, key: &'a str, deadline: Deadline) -> LookUps<'a> {
        LookUps { bucket, key, deadline, last: RefCell::default() }
    }

    /// Looks whether the object is the `expected` one: once if OSS is over with what was sent, and otherwise at once and again
    /// after pauses that double, until it is there or the settling time has passed.
    pub(crate) async fn settle(&self, lane: &Lane, expected: Expected<'_>, over_at: Instant) -> Found {
        let clock = lane.clock();
        let began = clock.now();
        let mut pause = FIRST_PAUSE;
        loop {
            let lasts = clock.now() >= over_at;
            let found = self.look(lane, expected).await;
            let answered = match found {
                Found::Absent | Found::Other(_) if !lasts => true,
                Found::Unclear { answered } if !lasts => answered,
                found => return found,
            };
            let rest = self.bucket.settling_time.saturating_sub(clock.since(began));
            pause = pause.min(rest);
            let is_in_vain = expected.content.is_none() && expected.token.is_none();
            if is_in_vain || pause.is_zero() || !self.deadline.allows(pause) || lane.is_cancelled() {
                return Found::Unclear { answered };
            }
            lane.sleep(pause).await;
            pause *= 2;
        }
    }

    async fn look(&self, lane: &Lane, expected: Expected<'_>) -> Found {
        let mut attempts = Attempts::new(self.bucket, self.deadline);
        let Answer { verdict, sent } = self.bucket.head(lane, self.key, &mut attempts).await;
        let Ok(reply) = sent else { return Found::Unclear { answered: false } };
        match verdict {
            Verdict::Absent | Verdict::Done if !self.is_new(&reply, lane.clock()) => {
                Found::Unclear { answered: true }
            }
            Verdict::Absent => Found::Absent,
            Verdict::Done => compare(reply, expected),
            _ => Found::Unclear { answered: true },
        }
    }

    /// Whether a reply is another than that of the look before, which a cache may have kept.
    fn is_new(&self, reply: &Reply, clock: &Clock) -> bool {
        let look = Look {
            request_id: text(&reply.headers, "x-oss-request-id").unwrap_or_default().to_owned(),
            date: time_of(reply, "date"),
            at: clock.now(),
        };
        let mut last = self.last.borrow_mut();
        let is_new = last.as_ref().is_none_or(|last| look.follows(last));
        if is_new {
            *last = Some(look);
        }
        is_new
    }
}

impl Look {
    fn follows(&self, last: &Look) -> bool {
        let dates_differ = self.at.saturating_duration_since(last.at) >= DATES_DIFFER;
        self.request_id != last.request_id && (!dates_differ || self.date > last.date)
    }
}

fn compare(reply: Reply, expected: Expected<'_>) -> Found {
    let unclear = Found::Unclear { answered: true };
    let is_ours = match (expected.token, expected.content) {
        (Some(token), _) => text(&reply.headers, TOKEN) == Some(token),
        (None, Some(content)) => match (size_of(&reply), crc64_of(&reply)) {
            (Some(size), _) if size != content.size => false,
            (Some(_), Some(crc64)) => crc64 == content.crc64,
            // Equal length is no proof of equal content.
            _ => return unclear,
        },
        (None, None) => return unclear,
    };
    if is_ours { Found::Ours(reply) } else { Found::Other(reply) }
}

/// The size of the object, as the reply to a HEAD has it.
pub(crate) fn size_of(head: &Reply) -> Option<u64> {
    text(&head.headers, "content-length")?.parse().ok()
}

/// Whether an object was there long before a call that has taken so long, by OSS's own time.
pub(crate) fn is_certainly_older(head: &Reply, call_took: Duration) -> bool {
    let (Some(modified), Some(now)) = (time_of(head, "last-modified"), time_of(head, "date")) else {
        return false;
    };
    let age = u64::try_from(now.saturating_sub(modified)).unwrap_or(0);
    age > call_took.as_secs().saturating_add(CERTAINLY_OLDER_S)
}

fn time_of(reply: &Reply, header: &str) -> Option<i64> {
    text(&reply.headers, header).and_then(date::parse_http_date)
}
