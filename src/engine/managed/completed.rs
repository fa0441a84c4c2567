//! What became of an upload whose Complete an earlier process sent, without living to see the reply.

use super::checkpoint::Checkpoint;
use super::record::{Completing, Record};
use super::run::{Managed, Step, failed};
use super::start::{Before, Start};
use crate::engine::multipart::Multipart;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::request::{
    Call, CallbackDelivery, Expected, Found, LONGEST_WORK, LookUps, Open, Operation, Target, about,
    over_at_the_latest, owe_found,
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

    /// That Complete is about to be sent, at this time.
    pub(super) fn completing(&self, at: i64) -> Completing {
        let callback = self.callback.is_some();
        Completing { callback, recorded: callback && self.options.object.outbox().is_some(), at }
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
        told: Option<i64>,
        gone: Outcome,
    ) -> Step<Start> {
        let Some(completing) = record.completing else {
            self.log("starting over, since OSS no longer knows the upload");
            checkpoint.remove();
            return Ok(Start::anew(checkpoint));
        };
        let open = Open { over_at: self.over_at(completing), told };
        match self.look_for(body, &record, open).await? {
            Found::Ours(head) => {
                Ok(Start::Stored(self.stored_before(&checkpoint, &record, body.size(), head)))
            }
            found if !self.is_to_be_done_once(completing) => {
                let object = match found {
                    Found::Unclear { .. } => "nobody can tell whether the object is there",
                    _ => "the object is not there",
                };
                self.log(&format!("starting over, since OSS no longer knows the upload and {object}"));
                checkpoint.remove();
                Ok(Start::Anew { checkpoint, before: Before::Completed(Box::new(record)) })
            }
            _ if self.lane.clock().now() < open.over_at => {
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

    /// Where an upload begins whose parts could not be listed.
    pub(super) async fn without_list(
        &self,
        checkpoint: Checkpoint,
        record: Record,
        multipart: &Multipart,
        body: &Body<'_>,
        told: Option<i64>,
        outcome: Outcome,
    ) -> Step<Start> {
        let Some(completing) = record.completing else { return Err(Box::new(outcome)) };
        let open = Open { over_at: self.over_at(completing), told };
        match self.look_for(body, &record, open).await? {
            Found::Ours(head) => {
                let outcome = self.stored_before(&checkpoint, &record, body.size(), head);
                Ok(Start::Stored(self.without_rest(multipart, outcome).await))
            }
            Found::Absent => Err(Box::new(outcome)),
            Found::Other(_) | Found::Unclear { .. } => Err(in_doubt(&record, outcome)),
        }
    }

    /// What there is of the object that it was to make: the file as it is now.
    pub(super) async fn look_for(&self, body: &Body<'_>, record: &Record, open: Open) -> Step<Found> {
        let crc64 = body.crc64(self.lane, self.deadline).await;
        let crc64 = crc64.map_err(|failure| in_doubt(record, *failed(failure)))?;
        let content = Some(Content { size: body.size(), crc64 });
        let look_ups = LookUps::new(self.bucket, self.key, self.deadline);
        let expected = Expected { content, token: record.token.as_deref() };
        Ok(look_ups.settle(self.lane, expected, open).await)
    }

    /// The end of an upload that an earlier process may have completed, unless OSS is over with that.
    pub(super) fn unless_over(&self, over_at: Option<Instant>, mut outcome: Box<Outcome>) -> Box<Outcome> {
        if outcome.stored == Stored::No && over_at.is_some_and(|over_at| self.lane.clock().now() < over_at) {
            outcome.stored = Stored::Unknown;
        }
        outcome
    }

    /// The end of an upload that took the place of one which an earlier process may have completed.
    pub(super) fn following(&self, completed_before: Option<Completing>, mut outcome: Outcome) -> Outcome {
        let Some(completing) = completed_before else { return outcome };
        if outcome.stored == Stored::No {
            outcome.stored = Stored::Unknown;
        }
        outcome.callback_repeats += u32::from(completing.callback && self.callback.is_some());
        outcome
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
        record: &Record,
        size: u64,
        head: Reply,
    ) -> Outcome {
        self.report.finish(self.lane);
        let outcome = Outcome::found(head);
        let had_callback = record.completing.is_some_and(|completing| completing.callback);
        if !had_callback && self.callback.is_none() {
            checkpoint.remove();
            return outcome;
        }
        let mut values = about(Some(self.bucket), self.key, Operation::CompleteMultipartUpload);
        if let Some(callback) = self.callback {
            values = values.or(&callback.delivered_as(&record.delivery_id).delivery_values());
        }
        values.put("size", size.to_string());
        let mime_type = outcome.header("content-type").map(str::to_owned);
        if let Some(mime_type) = &mime_type {
            values.put("mimeType", mime_type);
        }
        let message = "the object was stored by an earlier process; what became of the callback is not known";
        let mut outcome = outcome.about(values).with(Status::CallbackUnknown, message);
        if !record.completing.is_some_and(|completing| completing.recorded) {
            let callback = self.callback.map(|callback| callback.delivered_as(&record.delivery_id));
            let call = Call::new(Operation::CompleteMultipartUpload, self.key)
                .with_query("uploadId", &record.upload_id)
                .expecting(record.token.as_deref())
                .recorded(self.options.object.outbox(), callback.as_deref(), mime_type.as_deref());
            let content = outcome.crc64.map(|crc64| Content { size, crc64 });
            if !owe_found(self.lane, Target::Bucket(self.bucket), &call, content, &mut outcome) {
                // The next call finds the object, too.
                return outcome;
            }
        }
        checkpoint.remove();
        outcome
    }
}

/// The end of a call that did not get as far as to know what became of an earlier process's Complete.
pub(super) fn in_doubt(record: &Record, mut outcome: Outcome) -> Box<Outcome> {
    if record.completing.is_some() && outcome.stored == Stored::No {
        outcome.stored = Stored::Unknown;
    }
    Box::new(outcome)
}
