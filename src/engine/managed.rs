//! The managed upload: one put or many parts, whichever the data asks for.

use super::bucket::Bucket;
use super::in_parts::InParts;
use super::outcome::{Outcome, Stored};
use super::part_sizes::{PartSizes, Place, places};
use super::put::check_put;
use super::reader::{Input, PartReader};
use super::report::{Observer, Report};
use super::source::Body;
use super::upload_options::UploadOptions;
use crate::callback::Callback;
use crate::transport::{Deadline, Failure, Lane, SourceFailure};
use crate::wire::mistake::Mistake;
use std::collections::HashSet;
use std::sync::Arc;

/// A managed upload during one call: what was asked for, and what the call has.
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

impl Bucket {
    /// Stores `input`, of any kind and length, as the object `key`.
    pub fn upload<'a>(
        self: &Arc<Self>,
        key: &str,
        input: impl Into<Input<'a>>,
        callback: Option<&Callback>,
        options: &UploadOptions,
        observer: &dyn Observer,
    ) -> Outcome {
        if let Err(mistake) = check_put(key, callback, &options.object) {
            return mistake.into();
        }
        let input = input.into();
        self.run(&options.limits(), Stored::No, async |lane: &Lane, deadline: Deadline| {
            let report = &Report::new(observer, input.size());
            let managed = Managed { bucket: self, key, callback, options, lane, deadline, report };
            report.during(lane, managed.upload(input)).await.unwrap_or_else(|outcome| *outcome)
        })
    }
}

impl Managed<'_> {
    async fn upload(&self, input: Input<'_>) -> Step<Outcome> {
        let sizes = PartSizes::new(input.size(), self.options.part_size).map_err(refused)?;
        let threshold = self.options.threshold;
        if self.options.checkpoint.is_none() {
            self.report.begin(self.lane, 0);
        }
        match (input, &self.options.checkpoint) {
            (Input::Body(body), Some(folder)) => self.resumable(&body, sizes, folder).await,
            (Input::Reader(..), Some(_)) => Err(refused(Mistake::new(super::resume::ONLY_FILES))),
            (Input::Body(body), None) if body.size() <= threshold => Ok(self.put(body).await),
            (Input::Body(body), None) => {
                let upload = self.begin(body.file_name()).await?;
                let sent = self.send_pieces(&upload, &body, sizes, false).await;
                Ok(upload.conclude(self, sent).await)
            }
            (Input::Reader(reader, Some(size)), None) if size <= threshold && reader.can_rewind() => {
                Ok(self.put(Body::from_reader(reader, size)).await)
            }
            (Input::Reader(reader, size), None) => {
                self.as_it_comes(PartReader::new(reader, size), sizes).await
            }
        }
    }

    /// Says something worth a line in a log.
    pub(super) fn log(&self, line: &str) {
        self.report.log(self.lane, line);
    }

    pub(super) async fn put(&self, body: Body<'_>) -> Outcome {
        let size = body.size();
        let Managed { bucket, key, callback, options, lane, deadline, report } = *self;
        let outcome = bucket.put_body(lane, deadline, key, body, callback, &options.object).await;
        if outcome.stored == Stored::Yes {
            report.add(lane, size);
        }
        outcome
    }

    /// Sends the parts that OSS does not have yet and makes the object of all. `completed_before` says that an earlier
    /// process may have made it.
    pub(super) async fn send_pieces(
        &self,
        upload: &InParts,
        body: &Body<'_>,
        sizes: PartSizes,
        completed_before: bool,
    ) -> Step<Outcome> {
        let there: HashSet<u32> = upload.multipart.parts.all().iter().map(|part| part.number).collect();
        let piece = |place: Place| match body.piece(place.offset, place.size) {
            Some(piece) => Ok((place.number, piece)),
            None => Err(SourceFailure::Unreadable("the data cannot be read in pieces".to_owned()).into()),
        };
        let missing = places(body.size(), sizes.uniform()).filter(|place| !there.contains(&place.number));
        upload.send(self, missing.map(piece)).await?;
        // Parts from an earlier process and parts of this one must be of the same data.
        body.check_unchanged().map_err(|failure| failed(failure.into()))?;
        upload.complete(self, completed_before).await
    }

    /// What a function gives, a part at a time. If the first part is all, it is put.
    async fn as_it_comes(&self, mut reader: PartReader<'_>, sizes: PartSizes) -> Step<Outcome> {
        let check = || {
            self.report.tell_if_due(self.lane);
            self.lane.check(self.deadline)
        };
        let first = reader.next(sizes.of(1), &check).map_err(failed)?.unwrap_or_default();
        if (first.len() as u64) < sizes.of(1) || reader.has_ended() {
            return Ok(self.put(Body::Owned(first)).await);
        }
        let upload = self.begin(None).await?;
        let first = std::iter::once(Ok((1, Body::Owned(first))));
        let rest = (2..).map_while(|number| match reader.next(sizes.of(number), &check) {
            Ok(part) => part.map(|part| Ok((number, Body::Owned(part)))),
            Err(failure) => Some(Err(failure)),
        });
        let sent = upload.send(self, first.chain(rest)).await;
        let completed = match sent {
            Ok(()) => upload.complete(self, false).await,
            Err(outcome) => Err(outcome),
        };
        Ok(upload.conclude(self, completed).await)
    }
}

pub(super) fn refused(mistake: Mistake) -> Box<Outcome> {
    Box::new(mistake.into())
}

pub(super) fn failed(failure: Failure) -> Box<Outcome> {
    Box::new(Outcome::failed(failure, Stored::No))
}
