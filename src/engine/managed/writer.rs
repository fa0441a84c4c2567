//! An upload of data that the caller produces piece by piece.

use super::held::{Held, HeldPart};
use super::in_parts::InParts;
use super::options::UploadOptions;
use super::removing::remove;
use super::resume::not_resumable;
use super::run::{FOR_CLEANING_UP, Managed};
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::object::check_put;
use crate::engine::observer::Observer;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::report::{Accepted, Report};
use crate::engine::source::Body;
use crate::transport::{Deadline, Lane};
use crate::wire::mistake::Mistake;
use std::sync::Arc;

/// Takes the data of one object. It is held until there are as many parts as are sent at once.
pub struct Writer {
    bucket: Arc<Bucket>,
    key: String,
    callback: Option<Callback>,
    options: UploadOptions,
    held: Held,
    accepted: Accepted,
    upload: Option<InParts>,
    end: Option<End>,
}

/// What a call is to come to.
enum Aim<'a> {
    /// Room for this, which is written.
    Room(&'a [u8]),
    Object,
    /// Its end, since what is written cannot be held.
    Failure(Box<Outcome>),
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
            return Err(not_resumable(None));
        }
        Ok(Writer {
            bucket: Arc::clone(bucket),
            key: key.to_owned(),
            callback: callback.cloned(),
            held: Held::new(options.sizes_held(None)?),
            options: options.clone(),
            accepted: Accepted::default(),
            upload: None,
            end: None,
        })
    }

    /// Takes `data`. As long as there is no room for all of it, what is held is sent.
    pub fn write(&mut self, data: &[u8], observer: &dyn Observer) -> Outcome {
        if let Some(outcome) = self.past_the_end() {
            return outcome;
        }
        match self.held.fill(data, &self.options) {
            Ok([]) => Outcome::new(Status::Ok, Stored::No, ""),
            Ok(rest) => self.send(observer, Aim::Room(rest)),
            Err(outcome) => self.send(observer, Aim::Failure(outcome)),
        }
    }

    /// Sends the rest and stores the object.
    pub fn finish(&mut self, observer: &dyn Observer) -> Outcome {
        if let Some(outcome) = self.past_the_end() {
            return outcome;
        }
        let outcome = self.send(observer, Aim::Object);
        self.end.get_or_insert(End::Finished);
        outcome
    }

    /// Removes what OSS has of it, cancelled or not; once cancelled, it takes no longer than cleaning up may. If that fails,
    /// or a part may arrive afterwards, it can be asked for again.
    pub fn abort(&mut self) -> Outcome {
        self.held.take();
        let was_aborted = matches!(self.end.replace(End::Aborted), Some(End::Aborted));
        let Some(upload) = self.upload.take() else {
            return Outcome::new(Status::Ok, Stored::No, "");
        };
        let multipart = &upload.multipart;
        let limits = self.options.limits();
        let outcome = self.bucket.run(&limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            let mut removed = remove(multipart, lane, deadline).await;
            if !removed.is_ok() && lane.is_cancelled() {
                let deadline = deadline.within(FOR_CLEANING_UP);
                removed = lane.nevertheless(remove(multipart, lane, deadline)).await;
            }
            if removed.is_no_such_upload() && was_aborted {
                removed = Outcome::new(Status::Ok, Stored::No, "");
            }
            match removed.is_ok() || removed.is_no_such_upload() {
                true => multipart.naming_what_may_arrive(lane, removed),
                false => removed.leaving(multipart.upload_id()),
            }
        });
        if !outcome.upload_id.is_empty() {
            self.upload = Some(upload);
        }
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

    /// Sends what is held, as far as it takes to reach the `aim`.
    fn send(&mut self, observer: &dyn Observer, aim: Aim<'_>) -> Outcome {
        let Writer { bucket, key, options, held, accepted, upload, .. } = self;
        let callback = self.callback.as_ref();
        let total = matches!(aim, Aim::Object).then(|| accepted.bytes + held.size());
        let outcome = bucket.run(&options.limits(), Stored::No, async |lane: &Lane, end: Deadline| {
            let report = &Report::new(observer, total);
            let deadline = end.leaving(FOR_CLEANING_UP);
            let managed = Managed { bucket, key, callback, options, lane, end, deadline, report };
            report.begin(lane, *accepted);
            let sending = async {
                match aim {
                    Aim::Room(rest) => managed.make_room(upload, held, rest).await,
                    Aim::Object => managed.send_held(upload, held.take(), true).await,
                    Aim::Failure(outcome) => managed.give_up(upload, held, outcome).await,
                }
            };
            let outcome = report.during(lane, sending).await;
            *accepted = report.accepted();
            outcome
        });
        if !outcome.is_ok() {
            self.end = Some(End::Failed(outcome.status, outcome.stored, outcome.message.clone()));
        }
        outcome
    }
}

impl Managed<'_> {
    /// Sends what is held as often as it takes to hold all of `data`.
    async fn make_room(&self, upload: &mut Option<InParts>, held: &mut Held, mut data: &[u8]) -> Outcome {
        loop {
            let outcome = self.send_held(upload, held.take(), false).await;
            if !outcome.is_ok() {
                return outcome;
            }
            match held.fill(data, self.options) {
                Ok([]) => return outcome,
                Ok(rest) => data = rest,
                Err(outcome) => return self.give_up(upload, held, outcome).await,
            }
        }
    }

    /// Ends what cannot be held.
    async fn give_up(&self, upload: &mut Option<InParts>, held: &mut Held, outcome: Box<Outcome>) -> Outcome {
        held.take();
        match upload.take() {
            Some(upload) => upload.conclude(self, Err(outcome)).await,
            None => *outcome,
        }
    }

    /// Sends what was held; at the `end`, stores the object.
    async fn send_held(&self, upload: &mut Option<InParts>, mut held: Vec<HeldPart>, end: bool) -> Outcome {
        if upload.is_none() && end && held.len() <= 1 {
            let data = held.pop().map(HeldPart::into_bytes).unwrap_or_default();
            return self.put(Body::Owned(data)).await;
        }
        let under_way = match upload.take() {
            Some(upload) => upload,
            None => match self.begin(None).await {
                Ok(upload) => upload,
                Err(outcome) => return *outcome,
            },
        };
        let at_once = held.len().max(1);
        let parts = held.into_iter().map(|part| Ok((part.number, Body::Owned(part.into_bytes()))));
        match under_way.send(self, at_once, parts).await {
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

/// The header promises that any thread may go on with a writer; here the compiler holds it.
const _: () = {
    const fn movable<T: Send>() {}
    movable::<Writer>();
};
