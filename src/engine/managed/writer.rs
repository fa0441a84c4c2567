//! An upload of data that the caller produces piece by piece.

use super::in_parts::{FOR_CLEANING_UP, InParts};
use super::options::UploadOptions;
use super::part_sizes::PartSizes;
use super::report::{Observer, Report};
use super::resume::ONLY_FILES;
use super::run::Managed;
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::object::check_put;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::source::{Body, Buffers};
use crate::transport::{Deadline, Lane};
use crate::wire::mistake::Mistake;
use bytes::Bytes;
use std::sync::Arc;

const FIRST_ROOM: usize = 64 << 10;

/// Takes the data of one object. It is held until there are as many parts as are sent at once.
pub struct Writer {
    bucket: Arc<Bucket>,
    key: String,
    callback: Option<Callback>,
    options: UploadOptions,
    sizes: PartSizes,
    held: Vec<Held>,
    /// How many parts were held so far.
    parts: u32,
    accepted: u64,
    buffers: Buffers,
    upload: Option<InParts>,
    end: Option<End>,
}

/// A part that is being filled or full.
struct Held {
    number: u32,
    data: Vec<u8>,
    size: usize,
    home: Buffers,
}

/// Why nothing more can be written.
enum End {
    Finished,
    Aborted,
    Failed(Status, Stored, String),
}

impl Writer {
    /// Nothing is sent yet.
    pub fn new(
        bucket: &Arc<Bucket>,
        key: &str,
        callback: Option<&Callback>,
        options: &UploadOptions,
    ) -> Result<Writer, Mistake> {
        check_put(key, callback, &options.object)?;
        if options.checkpoint.is_some() {
            return Err(Mistake::new(ONLY_FILES));
        }
        Ok(Writer {
            bucket: Arc::clone(bucket),
            key: key.to_owned(),
            callback: callback.cloned(),
            sizes: PartSizes::new(None, options.part_size)?,
            options: options.clone(),
            held: Vec::new(),
            parts: 0,
            accepted: 0,
            buffers: Buffers::default(),
            upload: None,
            end: None,
        })
    }

    /// Takes `data`. When there is no room for all of it, what is held is sent first.
    pub fn write(&mut self, mut data: &[u8], observer: &dyn Observer) -> Outcome {
        if let Some(outcome) = self.past_the_end() {
            return outcome;
        }
        while !data.is_empty() {
            let most = self.options.shares().0;
            if let Some(part) = self.held.last_mut().filter(|part| part.room() > 0) {
                data = part.fill(data);
            } else if self.held.len() < most {
                self.hold_another();
            } else {
                let outcome = self.send(observer, false);
                if !outcome.is_ok() {
                    return outcome;
                }
            }
        }
        Outcome::new(Status::Ok, Stored::No, "")
    }

    /// Sends the rest and stores the object.
    pub fn finish(&mut self, observer: &dyn Observer) -> Outcome {
        if let Some(outcome) = self.past_the_end() {
            return outcome;
        }
        let outcome = self.send(observer, true);
        self.end.get_or_insert(End::Finished);
        outcome
    }

    /// Removes what OSS has of it, cancelled or not; once cancelled, it takes no longer than cleaning up may. If that fails,
    /// it can be asked for again.
    pub fn abort(&mut self) -> Outcome {
        self.held.clear();
        self.end = Some(End::Aborted);
        let Some(upload) = self.upload.take() else {
            return Outcome::new(Status::Ok, Stored::No, "");
        };
        let multipart = &upload.multipart;
        let limits = self.options.limits();
        let outcome = self.bucket.run(&limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            let outcome = multipart.abort_on(lane, deadline).await;
            if outcome.is_ok() || !lane.is_cancelled() {
                return outcome;
            }
            lane.nevertheless(multipart.abort_on(lane, deadline.within(FOR_CLEANING_UP))).await
        });
        if outcome.is_ok() || outcome.error.code == "NoSuchUpload" {
            return outcome;
        }
        let outcome = outcome.leaving(multipart.upload_id());
        self.upload = Some(upload);
        outcome
    }

    fn past_the_end(&self) -> Option<Outcome> {
        let mistake = |text: &str| Outcome::from(Mistake::new(text.to_owned()));
        Some(match self.end.as_ref()? {
            End::Finished => mistake("the writer is finished; a new object needs a new one"),
            End::Aborted => mistake("the writer was aborted; a new object needs a new one"),
            End::Failed(status, stored, message) => {
                Outcome::new(*status, *stored, format!("the writer failed before: {message}"))
            }
        })
    }

    fn hold_another(&mut self) {
        self.parts += 1;
        let size = usize::try_from(self.sizes.of(self.parts)).unwrap_or(usize::MAX);
        let mut data = self.buffers.take();
        data.clear();
        self.held.push(Held { number: self.parts, data, size, home: self.buffers.clone() });
    }

    /// Sends what is held; at the `end`, stores the object.
    fn send(&mut self, observer: &dyn Observer, end: bool) -> Outcome {
        let held = std::mem::take(&mut self.held);
        let mut upload = self.upload.take();
        let mut accepted = self.accepted;
        let total = end.then(|| held.iter().fold(accepted, |total, part| total + part.data.len() as u64));
        let outcome =
            self.bucket.run(&self.options.limits(), Stored::No, async |lane: &Lane, deadline: Deadline| {
                let report = &Report::new(observer, total);
                let managed = Managed {
                    bucket: &self.bucket,
                    key: &self.key,
                    callback: self.callback.as_ref(),
                    options: &self.options,
                    lane,
                    deadline,
                    report,
                };
                report.begin(lane, accepted);
                let outcome = report.during(lane, managed.send_held(&mut upload, held, end)).await;
                accepted = report.accepted();
                outcome
            });
        self.upload = upload;
        self.accepted = accepted;
        if !outcome.is_ok() {
            self.end = Some(End::Failed(outcome.status, outcome.stored, outcome.message.clone()));
        }
        outcome
    }
}

impl Managed<'_> {
    async fn send_held(&self, upload: &mut Option<InParts>, mut held: Vec<Held>, end: bool) -> Outcome {
        if upload.is_none() && end && held.len() <= 1 {
            let data = held.pop().map(Held::into_bytes).unwrap_or_default();
            return self.put(Body::Owned(data)).await;
        }
        let under_way = match upload.take() {
            Some(upload) => upload,
            None => match self.begin(None).await {
                Ok(upload) => upload,
                Err(outcome) => return *outcome,
            },
        };
        let parts = held.into_iter().map(|part| Ok((part.number, Body::Owned(part.into_bytes()))));
        match under_way.send(self, parts).await {
            // Whoever cancels does so for good, be it with the last part that was sent.
            Ok(()) if self.lane.is_cancelled() => {
                let cancelled = Outcome::new(Status::Cancelled, Stored::No, "cancelled");
                under_way.conclude(self, Err(Box::new(cancelled))).await
            }
            Ok(()) if !end => {
                *upload = Some(under_way);
                Outcome::new(Status::Ok, Stored::No, "")
            }
            Ok(()) => {
                let completed = under_way.complete(self, None).await;
                under_way.conclude(self, completed).await
            }
            Err(outcome) => under_way.conclude(self, Err(outcome)).await,
        }
    }
}

impl Held {
    fn room(&self) -> usize {
        self.size.saturating_sub(self.data.len())
    }

    fn into_bytes(self) -> Bytes {
        let length = self.data.len();
        self.home.lend(self.data, length)
    }

    /// Takes what there is room for, and gives the rest back.
    fn fill<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let (taken, rest) = data.split_at(data.len().min(self.room()));
        let needed = self.data.len() + taken.len();
        if needed > self.data.capacity() {
            // Grown step by step, since most data is shorter than a part; not beyond the part.
            let wanted = needed.max(self.data.capacity().saturating_mul(2)).max(FIRST_ROOM).min(self.size);
            self.data.reserve_exact(wanted - self.data.len());
        }
        self.data.extend_from_slice(taken);
        rest
    }
}

/// The header promises that any thread may go on with a writer; here the compiler holds it.
const _: () = {
    const fn movable<T: Send>() {}
    movable::<Writer>();
};
