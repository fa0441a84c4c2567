//! The managed upload: one put or many parts, whichever the data asks for.

mod checkpoint;
mod completed;
mod held;
mod in_parts;
mod memory;
mod options;
mod part_sizes;
mod place;
mod proof;
mod record;
mod recorded_path;
mod removing;
mod resume;
mod run;
mod start;
mod writer;

pub use options::UploadOptions;
pub use writer::Writer;

use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::object::check_put;
use crate::engine::observer::Observer;
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::report::{Accepted, Report};
use crate::engine::source::{Body, Input, PartReader};
use crate::transport::{Deadline, Lane};
use bytes::Bytes;
use in_parts::InParts;
use part_sizes::{PartSizes, places};
use run::{FOR_CLEANING_UP, Managed, Step, failed, refused};
use std::sync::Arc;

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
        self.run(&options.limits(), Stored::No, async |lane: &Lane, end: Deadline| {
            let report = &Report::new(observer, input.size());
            let deadline = end.leaving(FOR_CLEANING_UP);
            let managed = Managed { bucket: self, key, callback, options, lane, end, deadline, report };
            report.during(lane, managed.upload(input)).await.unwrap_or_else(|outcome| *outcome)
        })
    }
}

impl Managed<'_> {
    async fn upload(&self, input: Input<'_>) -> Step<Outcome> {
        let threshold = self.options.threshold;
        self.report.begin(self.lane, Accepted::default());
        match (input, &self.options.checkpoint) {
            (Input::Body(body), Some(folder)) => self.resumable(&body, self.cut(&body)?, folder).await,
            (Input::Reader(reader, _), Some(_)) => Err(refused(resume::not_resumable(reader.file_name()))),
            (Input::Body(body), None) if body.size() <= threshold => Ok(self.put(body).await),
            (Input::Body(body), None) => {
                let sizes = self.cut(&body)?;
                let upload = self.begin(body.file_name()).await?;
                let sent = self.send_pieces(&upload, &body, sizes, None).await;
                Ok(upload.conclude(self, sent).await)
            }
            (Input::Reader(reader, Some(size)), None) if size <= threshold && reader.can_rewind() => {
                Ok(self.put(Body::from_reader(reader, size)).await)
            }
            (Input::Reader(reader, size), None) => {
                let sizes = self.options.sizes_held(size).map_err(refused)?;
                self.as_it_comes(PartReader::new(reader, size), sizes).await
            }
        }
    }

    /// Cuts data into parts that can be read again, and says in the report how many these are.
    fn cut(&self, body: &Body<'_>) -> Step<PartSizes> {
        let sizes = PartSizes::read(body.size(), self.options.part_size).map_err(refused)?;
        self.report.expect(places(body.size(), sizes.uniform()).count() as u64);
        Ok(sizes)
    }

    /// What a function gives, a part at a time. If the first part is all, it is put.
    async fn as_it_comes(&self, mut reader: PartReader<'_>, sizes: PartSizes) -> Step<Outcome> {
        let check = || self.check();
        let first = reader.next(sizes.of(1), &check).map_err(failed)?.unwrap_or_default();
        if (first.len() as u64) < sizes.of(1) || reader.has_ended() {
            return Ok(self.put(Body::Owned(first)).await);
        }
        let upload = self.begin(None).await?;
        let completed = match self.send_read(&upload, first, &mut reader, sizes).await {
            Ok(()) => upload.complete(self, None).await,
            Err(outcome) => Err(outcome),
        };
        Ok(upload.conclude(self, completed).await)
    }

    /// Sends the first part and all that the reader gives. The larger the parts are, the fewer of them are held at once.
    async fn send_read(
        &self,
        upload: &InParts,
        first: Bytes,
        reader: &mut PartReader<'_>,
        sizes: PartSizes,
    ) -> Step<()> {
        let check = || self.check();
        let mut first = Some(first);
        let mut number = 1;
        loop {
            let size = sizes.of(number);
            let parts = std::iter::from_fn(|| {
                let of_this_size = sizes.of(number) == size;
                let part = of_this_size
                    .then(|| first.take().map_or_else(|| reader.next(size, &check), |part| Ok(Some(part))));
                let part = part?.transpose()?;
                number += 1;
                Some(part.map(|part| (number - 1, Body::Owned(part))))
            });
            upload.send(self, self.options.held_at_once(size), parts).await?;
            if reader.has_ended() || sizes.of(number) == size {
                return Ok(());
            }
        }
    }
}
