//! Finds out by HEAD what became of an object when the reply to its upload was lost.
//!
//! What a look finds is certain to last only once OSS is over with the request; until then it is repeated. It is believed
//! if OSS said it and no cache kept it. No clock has a say in what is ours: front ends and stores have different ones.

use super::ask::Answer;
use super::attempts::{Attempts, Open};
use super::call::TOKEN;
use super::verdict::Verdict;
use crate::engine::bucket::Bucket;
use crate::engine::journal;
use crate::engine::reply::{crc64_of, text, time_of};
use crate::engine::source::Content;
use crate::transport::{Clock, Deadline, Lane, Reply};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// A Date is in whole seconds, so that two of them differ for certain after this.
const DATES_DIFFER: Duration = Duration::from_secs(2);
/// So long at least it is looked for another reply that says the same.
const CONFIRMING: Duration = Duration::from_secs(10);
/// By so much an object is older than a call if it is certain that the call did not make it.
const CERTAINLY_OLDER_S: u64 = 60;

/// What an object is known by.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) content: Option<Content>,
    /// The token of the call that stores it.
    pub(crate) token: Option<&'a str>,
}

/// What a HEAD tells.
pub(crate) enum Found {
    /// The object is there as it is expected: the reply to the HEAD says more.
    Ours(Reply),
    /// There is no such object.
    Absent,
    /// There is another object, or the mark that one was removed.
    Other(Reply),
    /// That cannot be found out, or may still change; OSS may at least have answered.
    Unclear { answered: bool },
}

/// The look-ups of one call.
pub(crate) struct LookUps<'a> {
    bucket: &'a Bucket,
    key: &'a str,
    deadline: Deadline,
    /// The replies that were believed.
    seen: RefCell<Vec<Mark>>,
    put_right: Cell<bool>,
}

/// What tells a reply from one that was kept.
struct Mark {
    request_id: String,
    date: Option<i64>,
    at: Instant,
}

impl<'a> LookUps<'a> {
    pub(crate) fn new(bucket: &'a Bucket, key: &'a str, deadline: Deadline) -> LookUps<'a> {
        LookUps { bucket, key, deadline, seen: RefCell::default(), put_right: Cell::default() }
    }

    /// Looks whether the object is the `expected` one: at once, and again after pauses that double, until it is there, OSS is
    /// over with what is open, or the settling time has passed. That it is not there takes two replies from then on, one after the
    /// other, that say the same: one alone may be what a cache has kept for long.
    pub(crate) async fn settle(&self, lane: &Lane, expected: Expected<'_>, open: Open) -> Found {
        let clock = lane.clock();
        let mut began = clock.now();
        let mut limit = self.bucket.settling_time;
        let mut pause = FIRST_PAUSE;
        let mut paused = Duration::ZERO;
        let mut said = None;
        loop {
            let lasts = clock.now() >= open.over_at;
            let look = self.look(lane, open.told, paused).await;
            let was_kept = matches!(look, Look::Kept);
            let found = meaning_of(look, expected);
            let says = what_is_there_instead(&found).filter(|_| lasts);
            let is_confirmed = says.is_some() && says == said;
            if says.is_some() && said.is_none() {
                // What was waited for is over, and another look is to say the same.
                limit = limit.saturating_sub(clock.since(began)).max(CONFIRMING);
                began = clock.now();
                pause = pause.min(DATES_DIFFER);
            }
            said = says.or(said);
            pause = pause.min(limit.saturating_sub(clock.since(began)));
            let answered = match found {
                Found::Absent | Found::Other(_) if !is_confirmed => true,
                Found::Unclear { answered } if !lasts || was_kept || said.is_some() => answered,
                found => return found,
            };
            // What cannot be known again is not waited for; that there is nothing can be told all the same.
            let may_be_told = lasts || expected.is_known();
            if !may_be_told || pause.is_zero() || !self.deadline.allows(pause) || lane.is_cancelled() {
                return Found::Unclear { answered };
            }
            paused = journal::pause(lane, pause).await;
            pause *= 2;
        }
    }

    /// What is there now, if that can be told.
    pub(crate) async fn head(&self, lane: &Lane) -> Option<Reply> {
        match self.look(lane, None, Duration::ZERO).await {
            Look::There(head) => Some(head),
            _ => None,
        }
    }

    /// Whether our clock or the key turned out to be wrong, and is right by now.
    pub(crate) fn have_put_right(&self) -> bool {
        self.put_right.get()
    }

    /// Looks after having `paused` for so long.
    async fn look(&self, lane: &Lane, told: Option<i64>, paused: Duration) -> Look {
        let mut attempts = Attempts::new(self.bucket, self.deadline).after(paused);
        let Answer { verdict, sent } = self.bucket.head(lane, self.key, &mut attempts).await;
        self.put_right.set(self.put_right.get() || attempts.has_put_right());
        let Ok(reply) = sent else { return Look::Unanswered };
        match verdict {
            Verdict::Absent | Verdict::Done if !self.is_new(&reply, told, lane.clock()) => Look::Kept,
            Verdict::Absent => Look::Absent(reply),
            Verdict::Done => Look::There(reply),
            _ => Look::Unclear,
        }
    }

    /// Whether a reply is from after what OSS has told, and is not that of an earlier look: a cache may have kept it.
    fn is_new(&self, reply: &Reply, told: Option<i64>, clock: &Clock) -> bool {
        let mark = Mark {
            request_id: text(&reply.headers, "x-oss-request-id").unwrap_or_default().to_owned(),
            date: time_of(reply, "date"),
            at: clock.now(),
        };
        let mut seen = self.seen.borrow_mut();
        let is_late = mark.date.zip(told).is_none_or(|(date, told)| date >= told);
        let is_new = is_late && seen.iter().all(|earlier| mark.follows(earlier));
        if is_new {
            seen.push(mark);
        }
        is_new
    }
}

impl Mark {
    fn follows(&self, earlier: &Mark) -> bool {
        let dates_differ = self.at.saturating_duration_since(earlier.at) >= DATES_DIFFER;
        let moves_on = match self.date.zip(earlier.date) {
            Some((date, before)) => date > before || !dates_differ && date == before,
            // A cache would have added one.
            None => true,
        };
        self.request_id != earlier.request_id && moves_on
    }
}

/// What comes of one look.
enum Look {
    /// There is an object.
    There(Reply),
    /// There is none.
    Absent(Reply),
    /// A cache on the way said what it heard earlier, and may let the next one through.
    Kept,
    /// It was answered, but not with what is there.
    Unclear,
    Unanswered,
}

impl Expected<'_> {
    /// Whether there is anything to know it by.
    fn is_known(&self) -> bool {
        self.content.is_some() || self.token.is_some()
    }
}

fn meaning_of(look: Look, expected: Expected<'_>) -> Found {
    match look {
        Look::There(head) => compare(head, expected),
        // It was there, and who removed it may have had it.
        Look::Absent(mark) if mark.headers.contains_key("x-oss-delete-marker") => Found::Other(mark),
        Look::Absent(_) => Found::Absent,
        Look::Kept | Look::Unclear => Found::Unclear { answered: true },
        Look::Unanswered => Found::Unclear { answered: false },
    }
}

/// What tells an object, or the mark of one, from others; none of it if there is neither; `None` if it may be ours.
fn what_is_there_instead(found: &Found) -> Option<Option<[String; 2]>> {
    match found {
        Found::Absent => Some(None),
        Found::Other(head) => Some(Some(
            ["etag", "last-modified"].map(|name| text(&head.headers, name).unwrap_or_default().to_owned()),
        )),
        Found::Ours(_) | Found::Unclear { .. } => None,
    }
}

fn compare(reply: Reply, expected: Expected<'_>) -> Found {
    // A token says whose it is, the CRC-64 whether it is whole.
    let is_marked = expected.token.map(|token| text(&reply.headers, TOKEN) == Some(token));
    let is_equal = expected.content.and_then(|content| is_equal(&reply, content));
    match (is_marked, is_equal) {
        (Some(false), _) | (_, Some(false)) => Found::Other(reply),
        (Some(true), _) | (_, Some(true)) => Found::Ours(reply),
        (None, None) => Found::Unclear { answered: true },
    }
}

/// Whether the object that a HEAD shows has this content, if that can be told: equal length is no proof.
fn is_equal(head: &Reply, content: Content) -> Option<bool> {
    if size_of(head)? != content.size {
        return Some(false);
    }
    crc64_of(head).map(|crc64| crc64 == content.crc64)
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
