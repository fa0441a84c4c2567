//! Making up for one callback: the object is looked up, and if it is there, OSS is asked to call once more.

use crate::engine::bucket::{Bucket, Limits};
use crate::engine::object::{ObjectOptions, Trigger};
use crate::engine::outbox::{Debt, Owed};
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::request::{Expected, Found, LONGEST_WORK, LookUps, Open, is_certainly_older};
use crate::engine::source::Content;
use crate::transport::{Clock, Deadline, Lane, Reply};
use crate::wire::mistake::Mistake;
use std::io;
use std::time::Duration;

/// What is said of an object that was there once.
const GONE: &str =
    "the object was stored, and is gone, or another object is there; OSS cannot be asked to call for it";

impl Bucket {
    /// Makes up for a callback that is owed for an object of this bucket.
    pub fn settle(&self, owed: &mut Owed, limits: &Limits) -> Outcome {
        let Some(key) = self.endpoint.key_of(&owed.debt().upload.url) else {
            let url = &owed.debt().upload.url;
            return Mistake::new(format!("the callback is owed for {url}, which is not in this bucket"))
                .into();
        };
        if !owed.is_there() {
            return Mistake::new("the callback is no longer owed".to_owned()).into();
        }
        self.run(limits, Stored::Unknown, async |lane: &Lane, deadline: Deadline| {
            self.settle_on(lane, deadline, &key, owed, usize::MAX).await
        })
    }

    /// Keeps so much of the application server's answer.
    pub(super) async fn settle_on(
        &self,
        lane: &Lane,
        deadline: Deadline,
        key: &str,
        owed: &mut Owed,
        kept: usize,
    ) -> Outcome {
        let clock = lane.clock();
        let open_for = open_for(owed.debt(), clock);
        let found = self.look_for(lane, deadline, key, owed.debt(), open_for).await;
        let is_there = matches!(found, Found::Ours(_));
        let outcome = match found {
            Found::Ours(_) => self.call_again(lane, deadline, key, &owed.debt().clone(), kept).await,
            Found::Absent | Found::Other(_) if owed.debt().stored => unknown(GONE),
            Found::Absent => not_stored(),
            Found::Other(head) if is_other_than_ever_stored(&head, owed.debt(), clock) => not_stored(),
            Found::Other(_) => unknown(
                "another object is there now, or something was removed; what became of this one cannot be told",
            ),
            Found::Unclear { answered: false } => {
                Outcome::new(Status::Network, Stored::Unknown, "the object could not be looked up")
            }
            Found::Unclear { answered: true } => {
                unknown("whether the object is stored could not be found out yet")
            }
        };
        account(owed, outcome, is_there, open_for, clock)
    }

    async fn look_for(
        &self,
        lane: &Lane,
        deadline: Deadline,
        key: &str,
        debt: &Debt,
        open_for: Duration,
    ) -> Found {
        let clock = lane.clock();
        let upload = &debt.upload;
        let content = upload.size.zip(upload.crc64).map(|(size, crc64)| Content { size, crc64 });
        let expected = Expected { content, token: upload.token.as_deref() };
        let over_at = clock.now().checked_add(open_for).unwrap_or(clock.now());
        let look_ups = LookUps::new(self, key, deadline);
        look_ups.settle(lane, expected, Open { over_at, told: None }).await
    }

    async fn call_again(
        &self,
        lane: &Lane,
        deadline: Deadline,
        key: &str,
        debt: &Debt,
        kept: usize,
    ) -> Outcome {
        let trigger = match Trigger::new(key, &debt.callback, &ObjectOptions::default()) {
            Ok(trigger) => trigger.keeping(kept),
            Err(mistake) => return Outcome { stored: Stored::Yes, ..mistake.into() },
        };
        let outcome = self.trigger_on(lane, deadline, &trigger).await;
        match (outcome.status, outcome.stored) {
            (_, Stored::No) => unknown(GONE),
            // A look has just found it.
            (Status::CallbackUnknown, _) => Outcome { stored: Stored::Yes, ..outcome },
            _ => outcome,
        }
    }
}

/// For how long OSS may still be at the upload. Nobody knows when a process ended that did not come back, only that it has.
fn open_for(debt: &Debt, clock: &Clock) -> Duration {
    let rest = match debt.under_way {
        true => LONGEST_WORK,
        false => {
            let rest = debt.over_at.saturating_sub(clock.unix_millis());
            Duration::from_millis(u64::try_from(rest).unwrap_or(0))
        }
    };
    rest.min(LONGEST_WORK)
}

/// Whether an object was there long before the upload, which therefore has stored none.
fn is_other_than_ever_stored(head: &Reply, debt: &Debt, clock: &Clock) -> bool {
    debt.age(clock.unix_millis()).is_some_and(|age| is_certainly_older(head, age))
}

fn unknown(message: &str) -> Outcome {
    Outcome::new(Status::CallbackUnknown, Stored::Unknown, message)
}

fn not_stored() -> Outcome {
    Outcome::new(Status::Ok, Stored::No, "the object is not stored, so that no callback is owed")
}

/// Takes the record away if nothing is owed any more, or notes the try, and whether the object was found.
fn account(
    owed: &mut Owed,
    mut outcome: Outcome,
    was_found: bool,
    open_for: Duration,
    clock: &Clock,
) -> Outcome {
    let now = clock.unix_millis();
    let noted = match outcome.status {
        Status::Ok => owed.remove(),
        // It was not the application server's fault, nor OSS's.
        Status::Cancelled => Ok(()),
        _ => note_try(owed, &outcome, was_found, open_for, now),
    };
    if let Err(error) = noted {
        outcome.not_noted(&error);
    }
    outcome
}

fn note_try(
    owed: &mut Owed,
    outcome: &Outcome,
    was_found: bool,
    open_for: Duration,
    now: i64,
) -> io::Result<()> {
    owed.update(|debt| {
        debt.stored |= was_found;
        let over_at = now.saturating_add(i64::try_from(open_for.as_millis()).unwrap_or(0));
        debt.note_try(outcome, over_at, now);
    })
}
