//! A managed upload during one call, whatever way it goes.

use super::options::UploadOptions;
use super::report::Report;
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::source::Body;
use crate::transport::{Deadline, Failure, Lane};
use crate::wire::mistake::Mistake;
use std::sync::Arc;

/// What was asked for, and what the call has.
#[derive(Clone, Copy)]
pub(super) struct Managed<'a> {
    pub(super) bucket: &'a Arc<Bucket>,
    pub(super) key: &'a str,
    pub(super) callback: Option<&'a Callback>,
    pub(super) options: &'a UploadOptions,
    pub(super) lane: &'a Lane,
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

    /// Stores `body` with a single request.
    pub(super) async fn put(&self, body: Body<'_>) -> Outcome {
        let size = body.size();
        let Managed { bucket, key, callback, options, lane, deadline, report } = *self;
        let outcome = bucket.put_body(lane, deadline, key, body, callback, &options.object).await;
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
