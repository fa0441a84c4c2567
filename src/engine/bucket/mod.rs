//! A bucket: where it is, who signs, and the connections to it.

mod endpoint;
mod limits;
mod options;
mod region;
mod resolved;
mod scope;
mod signing;

pub use endpoint::Addressing;
pub use limits::Limits;
pub use options::BucketOptions;
pub use signing::SignatureVersion;

use crate::credentials::Credentials;
use crate::engine::journal::{self, Journal};
use crate::engine::log::{Level, Log};
use crate::engine::outbox::Outbox;
use crate::engine::outcome::{Outcome, Stored};
use crate::transport::{Bounds, Clock, Deadline, Failure, Lane, Patience, Rate, Transport};
use crate::wire::mistake::Mistake;
use endpoint::Endpoint;
use signing::Signing;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// OSS takes requests that are off by so much, so that a larger offset is hardly ever true.
const MOST_HANDED_OUT_S: i64 = 15 * 60;

/// A bucket and the way to it. Shared by any number of threads. Clones share the connections and what was learnt.
#[derive(Clone)]
pub struct Bucket {
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) max_attempts: u32,
    /// How long what was lost is looked for.
    pub(crate) settling_time: Duration,
    pub(crate) user_agent: String,
    /// Where it is kept that a callback is owed, by what has no options of its own.
    pub(crate) outbox: Option<Arc<Outbox>>,
    log: Option<Log>,
    limits: Limits,
    transport: Arc<Transport>,
    /// Seconds that the server's clock is ahead of ours.
    clock_offset: Arc<AtomicI64>,
}

impl Bucket {
    /// Checks everything, but touches neither the network nor a file.
    pub fn new(
        endpoint: &str,
        name: &str,
        credentials: Arc<Credentials>,
        options: &BucketOptions,
    ) -> Result<Bucket, Mistake> {
        let endpoint = Endpoint::new(endpoint, name, options.addressing())?;
        let transport = Transport::new(options.settings(endpoint.base())?);
        Ok(Bucket {
            signing: Arc::new(options.signing(&endpoint)?),
            endpoint,
            credentials,
            max_attempts: options.max_attempts(),
            settling_time: options.settling_time(),
            user_agent: options.user_agent().to_owned(),
            outbox: options.outbox.clone(),
            log: options.log.clone(),
            limits: options.limits().clone(),
            transport: Arc::new(transport),
            clock_offset: Arc::default(),
        })
    }

    /// The same bucket, whose calls are bound to other limits, but still to its rate.
    pub fn with_limits(&self, limits: Limits) -> Bucket {
        Bucket { limits: limits.at_rate_of(&self.limits), ..self.clone() }
    }

    /// The same bucket, where what was lost is looked for so long at most.
    pub(crate) fn settling_within(&self, time: Duration) -> Bucket {
        Bucket { settling_time: self.settling_time.min(time), ..self.clone() }
    }

    /// Runs an operation on the calling thread, within its own limits and the bucket's. `stored` is what is known when
    /// the network cannot even be set up.
    pub(crate) fn run(
        &self,
        limits: &Limits,
        stored: Stored,
        operation: impl AsyncFnOnce(&Lane, Deadline) -> Outcome,
    ) -> Outcome {
        let outcome = run_on(&self.transport, self.log.as_ref(), limits, &self.limits, stored, operation);
        self.signing.account_for(outcome)
    }

    /// How long somebody waits for what is no request to the bucket.
    pub(crate) fn patience(&self) -> Patience {
        Patience {
            timeout: Deadline::after(None),
            deadline: Deadline::after(self.limits.deadline.flatten()),
            cancels: self.limits.cancel.iter().cloned().collect(),
        }
    }

    /// What time it is here.
    pub(crate) fn clock(&self) -> &Clock {
        self.transport.clock()
    }

    /// The server's time, as far as it is known, in seconds since 1970.
    pub(crate) fn server_time(&self) -> i64 {
        self.clock().unix_time() + self.clock_offset.load(Ordering::Relaxed)
    }

    /// The same for what is signed to be handed out: over plain http anybody on the way can say what time it is, and what is
    /// signed would be good for as long.
    pub(crate) fn time_to_hand_out(&self) -> i64 {
        let offset = self.clock_offset.load(Ordering::Relaxed);
        let most = if self.endpoint.base().scheme() == "https" { i64::MAX } else { MOST_HANDED_OUT_S };
        self.clock().unix_time() + offset.clamp(-most, most)
    }

    /// Learns the server's clock from a reply that says `now`.
    pub(crate) fn learn_server_time(&self, now: i64) {
        self.clock_offset.store(now - self.clock().unix_time(), Ordering::Relaxed);
    }
}

/// Runs an operation on the calling thread, within its `own` limits and the `common` ones, and keeps a journal of it.
pub(crate) fn run_on(
    transport: &Transport,
    log: Option<&Log>,
    own: &Limits,
    common: &Limits,
    stored: Stored,
    operation: impl AsyncFnOnce(&Lane, Deadline) -> Outcome,
) -> Outcome {
    let deadline = Deadline::after(own.or(common).deadline.flatten());
    // What does not depend on the operation has functions of its own: the compiler writes this one anew for each.
    let result = transport.run(bounds(own, common, log), async |lane: &Lane| {
        let outcome = operation(lane, deadline).await;
        ended(lane, outcome)
    });
    result.unwrap_or_else(|failure| not_begun(failure, stored, log))
}

/// What holds for all that a call does.
fn bounds(own: &Limits, common: &Limits, log: Option<&Log>) -> Bounds {
    let cancels = own.cancel.iter().chain(&common.cancel).cloned().collect();
    let mut rates: Vec<Rate> = own.rate.iter().chain(&common.rate).cloned().collect();
    rates.dedup_by(|one, other| one.is(other));
    let witness = Box::new(Journal::new(log.cloned()));
    Bounds { cancels, bytes_per_second: own.bytes_per_second, rates, witness: Some(witness) }
}

/// The outcome of a call whose operation came to `outcome`.
#[inline(never)]
fn ended(lane: &Lane, outcome: Outcome) -> Outcome {
    let cancelled = lane.is_cancelled();
    let mut outcome = if cancelled { outcome.cut_short(lane.was_cut_short()) } else { outcome };
    if !outcome.is_ok() {
        journal::log(lane, Level::Error, || in_a_line(&outcome));
    }
    outcome.history = journal::history(lane);
    outcome
}

/// The outcome of a call for which the network cannot even be set up.
fn not_begun(failure: Failure, stored: Stored, log: Option<&Log>) -> Outcome {
    let outcome = Outcome::failed(failure, stored);
    if let Some(log) = log.filter(|log| log.wants(Level::Error)) {
        log.line(Level::Error, &in_a_line(&outcome));
    }
    outcome
}

/// That a call failed.
fn in_a_line(outcome: &Outcome) -> String {
    format!("the call failed: {}", outcome.message)
}

/// The header promises that threads may share it; here the compiler holds it.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Bucket>();
};
