//! An upload in parts that goes on several at a time: what is common to data of every kind.

use super::checkpoint::Checkpoint;
use super::options::UploadOptions;
use super::part_sizes::{PartSizes, Place, places, too_many_parts};
use super::run::{Managed, Step, failed, refused};
use crate::engine::journal;
use crate::engine::log::Level;
use crate::engine::multipart::{Completion, Earlier, Multipart, Terms};
use crate::engine::outbox::Room;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::request::may_pass;
use crate::engine::rules::PART_NUMBERS;
use crate::engine::source::Body;
use crate::transport::{Failure, SourceFailure};
use futures_util::{StreamExt, stream};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::iter;
use std::pin::pin;
use std::time::Instant;

/// How often a part may fail for good before the upload does.
const CHANCES: u32 = 3;

/// A part that is to be sent, or why it cannot be had.
pub(super) type NextPart<'a> = Result<(u32, Body<'a>), Failure>;

/// An upload in parts under way.
pub(super) struct InParts {
    pub(super) multipart: Multipart,
    checkpoint: Option<Checkpoint>,
    requests: Cell<u32>,
    /// Room for the record of what it will owe.
    room: Cell<Option<Room>>,
}

impl Managed<'_> {
    /// Begins an upload that leaves no record.
    pub(super) async fn begin(&self, file_name: Option<&str>) -> Step<InParts> {
        let terms = self.terms(file_name)?;
        let room = self.take_room()?;
        let begun = Multipart::begin_on(self.lane, self.deadline, self.bucket, self.key, terms).await;
        let (multipart, outcome) = begun?;
        Ok(InParts::new(multipart, None, room, outcome.attempts))
    }

    /// Makes sure, before anything is sent, that it can be recorded that the callback is owed.
    pub(super) fn take_room(&self) -> Step<Option<Room>> {
        let outbox = self.callback.and_then(|_| self.options.object.outbox());
        outbox.map(|outbox| outbox.take_room()).transpose()
    }

    /// The terms of the requests. A traffic limit is shared out among the parts that are sent at once.
    pub(super) fn terms(&self, file_name: Option<&str>) -> Step<Terms> {
        let mut object = self.options.object.clone();
        if let (_, Some(limit)) = self.options.shares() {
            object.set_traffic_limit(limit).map_err(refused)?;
        }
        Terms::new(self.key, file_name, &object, self.callback.is_some()).map_err(refused)
    }

    /// Sends the parts that OSS does not have yet and makes the object of all. `completed_before` says that an earlier
    /// process may have made it, and when OSS is over with that.
    pub(super) async fn send_pieces(
        &self,
        upload: &InParts,
        body: &Body<'_>,
        sizes: PartSizes,
        completed_before: Option<Instant>,
    ) -> Step<Outcome> {
        let piece = |place: Place| match body.piece(place.offset, place.size) {
            Some(piece) => Ok((place.number, piece)),
            None => Err(SourceFailure::Unreadable("the data cannot be read in pieces".to_owned()).into()),
        };
        let missing =
            places(body.size(), sizes.uniform()).filter(|place| !upload.multipart.parts.has(place.number));
        upload.send(self, self.options.read_at_once(), missing.map(piece)).await?;
        self.check_unchanged(body, sizes, &upload.multipart.parts).await?;
        upload.complete(self, completed_before).await
    }
}

impl InParts {
    pub(super) fn new(
        multipart: Multipart,
        checkpoint: Option<Checkpoint>,
        room: Option<Room>,
        requests: u32,
    ) -> InParts {
        InParts { multipart, checkpoint, room: Cell::new(room), requests: Cell::new(requests) }
    }

    /// Sends `parts`, so many at a time. A part is asked for when there is room for it, and none once one has failed.
    pub(super) async fn send<'a>(
        &self,
        managed: &Managed<'_>,
        at_once: usize,
        mut parts: impl Iterator<Item = NextPart<'a>>,
    ) -> Step<()> {
        let has_failed = Cell::new(false);
        let parts = iter::from_fn(|| if has_failed.get() { None } else { parts.next() });
        let sending = stream::iter(parts).map(async |part| self.send_next(managed, part).await);
        let mut sending = pin!(sending.buffer_unordered(at_once).inspect(|sent| match sent {
            Ok(size) => self.note_part(managed, *size),
            Err(_) => has_failed.set(true),
        }));
        while let Some(sent) = sending.next().await {
            if sent.is_err() {
                managed.wind_up(sending.for_each(async |_| ())).await;
                return sent.map(drop);
            }
        }
        Ok(())
    }

    /// Sends a part, and says how large it was.
    async fn send_next(&self, managed: &Managed<'_>, part: NextPart<'_>) -> Step<u64> {
        let (number, body) = part.map_err(failed)?;
        if !PART_NUMBERS.contains(&number) {
            return Err(refused(too_many_parts()));
        }
        self.send_one(managed, number, &body).await?;
        Ok(body.size())
    }

    /// Notes that OSS has a part more.
    fn note_part(&self, managed: &Managed<'_>, size: u64) {
        managed.report.add(managed.lane, size);
        if let Some(checkpoint) = &self.checkpoint {
            warn(managed, checkpoint.note_parts(&self.multipart.parts));
        }
    }

    /// Sends a part. Where there are thousands of them, one or another fails as often as it may be sent: it gets another
    /// chance as long as others get through.
    async fn send_one(&self, managed: &Managed<'_>, number: u32, body: &Body<'_>) -> Step<()> {
        let Managed { lane, deadline, .. } = *managed;
        let mut chances = CHANCES;
        let mut reason = String::new();
        loop {
            let others = managed.report.accepted().bytes;
            let outcome = self.multipart.send_part(lane, deadline, number, body, &reason).await;
            self.count(&outcome);
            if outcome.is_ok() {
                return Ok(());
            }
            chances -= 1;
            let others_get_through = managed.report.accepted().bytes > others;
            let over = lane.is_cancelled() || deadline.has_passed();
            if chances == 0 || over || !others_get_through || !may_pass(&outcome) {
                let message = format!("part {number}: {}", outcome.message);
                return Err(Box::new(outcome.saying(message)));
            }
            journal::log(lane, Level::Warning, || {
                format!("part {number} is sent once more, since others get through: {}", outcome.message)
            });
            reason = outcome.message;
        }
    }

    /// Makes the object of its parts. `completed_before` says that an earlier process may have done so, and when OSS is over
    /// with that.
    pub(super) async fn complete(
        &self,
        managed: &Managed<'_>,
        completed_before: Option<Instant>,
    ) -> Step<Outcome> {
        let Managed { lane, deadline, callback, .. } = *managed;
        self.room.take();
        let noted_until = Cell::new(i64::MAX);
        let note = || self.note_completion(managed, &noted_until);
        let earlier = Earlier { sent_before: completed_before, note: Some(&note) };
        let completion = Completion::Known;
        let mut completing = pin!(self.multipart.complete_on(lane, deadline, completion, callback, earlier));
        let outcome = poll_fn(|context| {
            // A slow connection or a pace may put off the sending: what is noted must not be from before it.
            if lane.clock().unix_time() >= noted_until.get()
                && let Err(outcome) = note()
            {
                managed.log(&outcome.message);
            }
            completing.as_mut().poll(context)
        });
        let outcome = outcome.await?;
        self.count(&outcome);
        Ok(outcome)
    }

    /// Notes that Complete is about to be sent, before the end of the second that this is `noted_until`. Afterwards it could be too
    /// late: this is what keeps a callback from running twice.
    fn note_completion(&self, managed: &Managed<'_>, noted_until: &Cell<i64>) -> Step<()> {
        let Some(checkpoint) = &self.checkpoint else { return Ok(()) };
        let at = managed.lane.clock().unix_time().saturating_add(1);
        noted_until.set(at);
        match checkpoint.note_completion(&self.multipart.parts, managed.completing(at)) {
            Err(error) if managed.callback.is_some() => Err(unrecorded(&error)),
            noted => {
                warn(managed, noted);
                Ok(())
            }
        }
    }

    /// What the upload came to. Where there is no object, its parts are removed or kept, and the outcome says which.
    pub(super) async fn conclude(self, managed: &Managed<'_>, outcome: Step<Outcome>) -> Outcome {
        let mut outcome = outcome.unwrap_or_else(|outcome| *outcome);
        let upload_id = self.multipart.upload_id();
        let outcome = match outcome.stored {
            Stored::Yes => {
                self.forget_checkpoint();
                match outcome.looked_up {
                    true => managed.without_rest(&self.multipart, outcome).await,
                    false => outcome,
                }
            }
            // OSS may be about to make the object of them.
            Stored::Unknown => outcome.leaving(upload_id),
            Stored::No if self.keeps_parts(managed.options, &outcome) => {
                if let Some(checkpoint) = &self.checkpoint {
                    warn(managed, checkpoint.note_failure(&self.multipart.parts));
                }
                outcome.add(&format!("its parts are kept as upload {upload_id}"));
                outcome.leaving(upload_id)
            }
            Stored::No => self.without_parts(managed, outcome).await,
        };
        outcome.after(self.requests.get())
    }

    /// What can be resumed is kept, and what the caller wants kept.
    fn keeps_parts(&self, options: &UploadOptions, outcome: &Outcome) -> bool {
        // Parts of a version of the file that is gone are of no use to whoever resumes.
        let resumable = self.checkpoint.is_some() && outcome.status != Status::SourceChanged;
        options.keep_parts.unwrap_or(resumable)
    }

    pub(super) fn forget_checkpoint(&self) {
        if let Some(checkpoint) = &self.checkpoint {
            checkpoint.remove();
        }
    }

    pub(super) fn count(&self, outcome: &Outcome) {
        self.requests.set(self.requests.get().saturating_add(outcome.attempts));
    }
}

/// That what is to be noted before a callback is asked for cannot be noted.
pub(super) fn unrecorded(error: &io::Error) -> Box<Outcome> {
    let message = format!("cannot write the checkpoint: {error}");
    Box::new(Outcome::new(Status::LocalIo, Stored::No, message))
}

/// Without a callback, that something cannot be noted is no reason to give up: OSS knows the parts too.
fn warn(managed: &Managed<'_>, noted: io::Result<()>) {
    if let Err(error) = noted {
        managed.log(&format!("cannot write the checkpoint: {error}"));
    }
}
