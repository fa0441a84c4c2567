//! A managed upload during one call, whatever way it goes.

use super::options::UploadOptions;
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::report::Report;
use crate::engine::source::Body;
use crate::transport::{Deadline, Failure, Lane};
use crate::wire::mistake::Mistake;
use std::sync::Arc;
use std::time::Duration;

/// What is kept of a deadline for removing the parts of an upload that failed, and how long that may take.
pub(super) const FOR_CLEANING_UP: Duration = Duration::from_secs(2);

/// What was asked for, and what the call has.
#[derive(Clone, Copy)]
pub(super) struct Managed<'a> {
    pub(super) bucket: &'a Arc<Bucket>,
    pub(super) key: &'a str,
    pub(super) callback: Option<&'a Callback>,
    pub(super) options: &'a UploadOptions,
    pub(super) lane: &'a Lane,
    /// When the call ends, whatever it is doing.
    pub(super) end: Deadline,
    /// When an upload in parts gives up. What is left of the time then is for removing them.
    pub(super) deadline: Deadline,
    pub(super) report: &'a Report<'a>,
}

/// Something that comes to an end there and then if it fails.
pub(super) type Step<T> = Result<T, Box<Outcome>>;

impl Managed<'_> {
    /// Says something worth a line in a log.
    pub(super) fn log(&self, line: &str) {
        self.report.log(self.lane, line);
    }

    /// Whether to go on, asked before each read; the caller is told now and then how far it is.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.report.tell_if_due(self.lane);
        self.lane.check(self.deadline)
    }

    /// Stores `body` with a single request.
    pub(super) async fn put(&self, body: Body<'_>) -> Outcome {
        let size = body.size();
        let Managed { bucket, key, callback, options, lane, end, report, .. } = *self;
        report.expect(1);
        let outcome = bucket.put_body(lane, end, key, body, callback, &options.object).await;
        if outcome.stored == Stored::Yes {
            report.add(lane, size);
        }
        outcome
    }
}

/// What is wrong with what was asked for.
pub(super) fn refused(mistake: Mistake) -> Box<Outcome> {
    Box::new(mistake.into())
}

/// What failed before anything was stored.
pub(super) fn failed(failure: Failure) -> Box<Outcome> {
    Box::new(Outcome::failed(failure, Stored::No))
}
