//! What became of an upload whose Complete an earlier process sent, without living to see the reply.

use super::checkpoint::Checkpoint;
use super::record::{Completing, Record};
use super::run::{Managed, Step, failed};
use super::start::Start;
use crate::engine::outcome::{Outcome, Status, Stored, crc64_of};
use crate::engine::request::{
    CallbackDelivery, Expected, Found, LONGEST_WORK, LookUps, Operation, about, over_at_the_latest,
};
use crate::engine::source::{Body, Content};
use crate::transport::Reply;
use crate::wire::date;
use std::time::{Duration, Instant};

impl Managed<'_> {
    /// When OSS is over with it.
    pub(super) fn over_at(&self, completing: Completing) -> Instant {
        let clock = self.lane.clock();
        let passed = u64::try_from(clock.unix_time().saturating_sub(completing.at)).unwrap_or(0);
        clock.now().checked_sub(Duration::from_secs(passed)).map_or(clock.now(), over_at_the_latest)
    }

    /// Whether it must not be sent again where OSS may have done it.
    pub(super) fn is_to_be_done_once(&self, completing: Completing) -> bool {
        completing.callback && self.options.object.callback_delivery() == CallbackDelivery::AtMostOnce
    }

    /// Where an upload begins that OSS no longer knows: it was completed or removed.
    pub(super) async fn without_upload(
        &self,
        checkpoint: Checkpoint,
        record: Record,
        body: &Body<'_>,
        gone: Outcome,
    ) -> Step<Start> {
        let Some(completing) = record.completing else {
            self.log("starting over, since OSS no longer knows the upload");
            checkpoint.remove();
            return Ok(Start::Anew(checkpoint));
        };
        match self.look_for(body, &record, self.over_at(completing)).await? {
            Found::Ours(head) => Ok(self.stored_before(&checkpoint, completing, body.size(), head)),
            _ if !self.is_to_be_done_once(completing) => {
                self.log("starting over, since OSS no longer knows the upload and the object is not there");
                checkpoint.remove();
                Ok(Start::Anew(checkpoint))
            }
            _ if self.lane.clock().now() < self.over_at(completing) => {
                Err(self.still_open(checkpoint, record, completing, gone))
            }
            found => {
                if !matches!(found, Found::Unclear { answered: false }) {
                    // The next call begins anew, knowing that the callback may run again.
                    checkpoint.remove();
                }
                let message = "an earlier process completed the upload, but the object is not, or no longer, what it made; \
                               what became of the callback is not known";
                Err(Box::new(Outcome { stored: Stored::Unknown, ..gone }.saying(message.to_owned())))
            }
        }
    }

    /// What there is of the object that it was to make: the file as it is now.
    pub(super) async fn look_for(&self, body: &Body<'_>, record: &Record, over_at: Instant) -> Step<Found> {
        let crc64 = body.crc64(&|| self.lane.check(self.deadline)).map_err(failed)?;
        let content = Some(Content { size: body.size(), crc64 });
        let look_ups = LookUps::new(self.bucket, self.key, self.deadline);
        let expected = Expected { content, token: record.token.as_deref() };
        Ok(match look_ups.settle(self.lane, expected, over_at).await {
            // A token says who stored it, not that the file is still the same.
            Found::Ours(head) if crc64_of(&head).is_some_and(|theirs| theirs != crc64) => Found::Other(head),
            found => found,
        })
    }

    /// The end of a call that comes while OSS may be at it; `outcome` says how far it got. The record stays for the next one.
    pub(super) fn still_open(
        &self,
        checkpoint: Checkpoint,
        mut record: Record,
        completing: Completing,
        outcome: Outcome,
    ) -> Box<Outcome> {
        // What was sent in times to come was sent just now, by another clock.
        let at = completing.at.min(self.lane.clock().unix_time());
        let over_at = at.saturating_add(i64::try_from(LONGEST_WORK.as_secs()).unwrap_or(0));
        record.completing = Some(Completing { at, ..completing });
        if let Err(error) = checkpoint.write(record) {
            self.log(&format!("cannot write the checkpoint: {error}"));
        }
        let message = format!(
            "an earlier process asked OSS to complete the upload, which may still be at it; from {} on, the same call goes on \
             with it",
            date::http_date(over_at)
        );
        Box::new(Outcome { stored: Stored::Unknown, ..outcome }.saying(message))
    }

    /// An object that it made.
    pub(super) fn stored_before(
        &self,
        checkpoint: &Checkpoint,
        completing: Completing,
        size: u64,
        head: Reply,
    ) -> Start {
        checkpoint.remove();
        self.report.begin(self.lane, size);
        let outcome = Outcome::found(head);
        if !completing.callback && self.callback.is_none() {
            return Start::Stored(outcome);
        }
        let mut values = about(Some(self.bucket), self.key, Operation::CompleteMultipartUpload);
        values.put("size", size.to_string());
        if let Some(content_type) = outcome.header("content-type") {
            values.put("mimeType", content_type);
        }
        let message = "the object was stored by an earlier process; what became of the callback is not known";
        Start::Stored(outcome.about(values).with(Status::CallbackUnknown, message))
    }
}
