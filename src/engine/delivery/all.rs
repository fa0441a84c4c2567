//! Making up for all callbacks that are due, several at a time.

use crate::engine::bucket::{Bucket, Limits};
use crate::engine::journal;
use crate::engine::log::Level;
use crate::engine::observer::{Observer, Progress};
use crate::engine::outbox::{Outbox, Owed, Queue};
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::transport::{Deadline, Lane};
use crate::wire::mistake::Mistake;
use futures_util::{StreamExt, stream};
use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

const DEFAULT_PARALLEL: u32 = 4;
const MOST_PARALLEL: u32 = 100;
/// Nobody is told what so many application servers answer. Of one that failed, this holds what OSS has to say.
const KEPT_OF_ANSWER: usize = 16 << 10;
/// How long what is not there is looked for.
const SETTLING_TIME: Duration = Duration::from_secs(1);

/// How callbacks are made up for.
#[derive(Debug, Clone)]
pub struct DeliveryOptions {
    parallel: u32,
    limits: Limits,
}

impl Default for DeliveryOptions {
    fn default() -> DeliveryOptions {
        DeliveryOptions { parallel: DEFAULT_PARALLEL, limits: Limits::default() }
    }
}

impl DeliveryOptions {
    /// How many are made up for at once.
    pub fn set_parallel(&mut self, callbacks: u32) -> Result<(), Mistake> {
        if !(1..=MOST_PARALLEL).contains(&callbacks) {
            return Err(Mistake::new(format!(
                "{callbacks} callbacks at once are not from 1 to {MOST_PARALLEL}"
            )));
        }
        self.parallel = callbacks;
        Ok(())
    }

    /// What the call is bound to.
    pub fn limits_mut(&mut self) -> &mut Limits {
        &mut self.limits
    }
}

impl Bucket {
    /// Makes up for all callbacks in the outbox that are due and owed for objects of this bucket, each tried once.
    pub fn deliver(&self, outbox: &Outbox, options: &DeliveryOptions, observer: &dyn Observer) -> Outcome {
        // What may still change is looked at again the next time.
        let bucket = self.settling_within(SETTLING_TIME);
        bucket.run(&options.limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            let round = Round { bucket: &bucket, outbox, lane, deadline, observer, waiting: Cell::new(0) };
            let parallel = usize::try_from(options.parallel).unwrap_or(1);
            round.run(parallel).await.unwrap_or_else(|outcome| *outcome)
        })
    }
}

/// One walk through an outbox.
struct Round<'a> {
    bucket: &'a Bucket,
    outbox: &'a Outbox,
    lane: &'a Lane,
    deadline: Deadline,
    observer: &'a dyn Observer,
    /// How many are not due yet.
    waiting: Cell<u64>,
}

impl Round<'_> {
    async fn run(&self, parallel: usize) -> Result<Outcome, Box<Outcome>> {
        let mut queue = Queue::default();
        let due = std::iter::from_fn(|| self.next_due(&mut queue).transpose());
        let settling = stream::iter(due).map(async |due| {
            let (key, mut owed) = due?;
            let outcome =
                self.bucket.settle_on(self.lane, self.deadline, &key, &mut owed, KEPT_OF_ANSWER).await;
            Ok::<_, Box<Outcome>>((owed, outcome))
        });
        let mut settling = pin!(settling.buffer_unordered(parallel));
        let (mut delivered, mut kept, mut first) = (0, 0, None);
        while let Some(settled) = settling.next().await {
            let (owed, outcome) = settled?;
            match owed.is_there() {
                false => delivered += 1,
                true => {
                    kept += 1;
                    first = first.or(Some((owed.debt().upload.url.clone(), outcome)));
                }
            }
            let progress =
                Progress { accepted: delivered, total: Some(delivered + kept), ..Progress::default() };
            if !self.observer.progress(&progress) {
                self.lane.cancel();
            }
        }
        let owed = kept + self.waiting.get();
        Ok(Outcome { delivered, owed, ..self.ended(kept, first) })
    }

    /// The next callback that is due, with the key of its object; `None` after the last one, or when the call is to end.
    fn next_due(&self, queue: &mut Queue) -> Result<Option<(String, Owed)>, Box<Outcome>> {
        let log = |line: &str| {
            journal::log(self.lane, Level::Warning, || line.to_owned());
            if !self.observer.log(line) {
                self.lane.cancel();
            }
        };
        while !self.lane.is_cancelled() && !self.deadline.has_passed() {
            let Some(owed) = queue.next(self.outbox, &log)? else { return Ok(None) };
            let Some(key) = self.bucket.endpoint.key_of(&owed.debt().upload.url) else { continue };
            if owed.debt().due_in(self.lane.clock().unix_millis()).is_zero() {
                return Ok(Some((key, owed)));
            }
            self.waiting.set(self.waiting.get() + 1);
        }
        self.lane.note_cut_short();
        Ok(None)
    }

    fn ended(&self, kept: u64, first: Option<(String, Outcome)>) -> Outcome {
        if self.lane.is_cancelled() {
            return Outcome::new(Status::Cancelled, Stored::No, "cancelled");
        }
        if self.deadline.has_passed() {
            return Outcome::new(Status::Timeout, Stored::No, "the deadline passed before all was tried");
        }
        let Some((url, outcome)) = first else { return Outcome::new(Status::Ok, Stored::No, "") };
        let callbacks = if kept == 1 { "1 callback is".to_owned() } else { format!("{kept} callbacks are") };
        let message = format!("{callbacks} still owed; that for {url}: {}", outcome.message);
        outcome.saying(message)
    }
}
