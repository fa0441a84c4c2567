//! Going on where an earlier process was stopped: what its record says is checked against the file and against OSS.

use super::checkpoint::{self, Checkpoint};
use super::completed::in_doubt;
use super::in_parts::{InParts, unrecorded};
use super::part_sizes::PartSizes;
use super::record::{Binding, Difference, Record};
use super::run::{Managed, Step, failed, refused};
use super::start::{Before, Start};
use crate::engine::disk::hex;
use crate::engine::multipart::{Multipart, Terms};
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::report::Accepted;
use crate::engine::request::{Attempts, Found, Open, unless_busy};
use crate::engine::source::Body;
use crate::wire::mistake::Mistake;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::path::Path;

impl Managed<'_> {
    /// Uploads a file in parts, and so that another process can go on with it.
    pub(super) async fn resumable(&self, body: &Body<'_>, sizes: PartSizes, folder: &Path) -> Step<Outcome> {
        let terms = self.terms(body.file_name())?;
        let binding = self.binding(body, sizes, &terms)?;
        let checkpoint = self.take_checkpoint(folder, &binding).await?;
        Ok(match self.start(checkpoint, &binding, &terms, body, sizes).await? {
            Start::Stored(outcome) => outcome,
            Start::Upload { upload, completed_before } => {
                let sent = self.send_pieces(&upload, body, sizes, completed_before).await;
                upload
                    .conclude(self, sent.map_err(|outcome| self.unless_over(completed_before, outcome)))
                    .await
            }
            Start::Anew { checkpoint, before } => {
                let terms = match &before {
                    Before::Completed(record) => record.terms_anew(terms),
                    _ => terms,
                };
                let outcome = match self.begin_recorded(checkpoint, binding, terms).await {
                    Ok(upload) => {
                        let sent = self.send_pieces(&upload, body, sizes, None).await;
                        upload.conclude(self, sent).await
                    }
                    Err(outcome) => *outcome,
                };
                match before {
                    Before::Nothing => outcome,
                    Before::Completed(record) => self.following(record.completing, outcome),
                    Before::Outdated(multipart, why) => self.without_outdated(&multipart, why, outcome).await,
                }
            }
        })
    }

    fn binding(&self, body: &Body<'_>, sizes: PartSizes, terms: &Terms) -> Step<Binding> {
        let Body::File(file) = body else { return Err(refused(not_resumable(None))) };
        let Some(path) = &file.path else { return Err(refused(not_resumable(None))) };
        Ok(Binding {
            endpoint: self.bucket.endpoint.base().origin().ascii_serialization(),
            bucket: self.bucket.endpoint.bucket().to_owned(),
            key: self.key.to_owned(),
            path: path.to_path_buf(),
            file: file.seen,
            offset: file.offset,
            size: file.size,
            part_size: sizes.uniform(),
            headers: hash_of(&terms.headers.begin),
        })
    }

    /// The record's place.
    async fn take_checkpoint(&self, folder: &Path, binding: &Binding) -> Step<Checkpoint> {
        // What is in the way is said once.
        let is_first = Cell::new(true);
        unless_busy(self.lane, self.deadline, || {
            let log = |line: &str| {
                if is_first.get() {
                    self.log(line)
                }
            };
            let taken = Checkpoint::take(folder, binding, &log);
            is_first.set(false);
            taken
        })
        .await
    }

    async fn begin_recorded(&self, checkpoint: Checkpoint, binding: Binding, terms: Terms) -> Step<InParts> {
        let room = self.take_room()?;
        let begun = Multipart::begin_on(self.lane, self.deadline, self.bucket, self.key, terms).await;
        let (multipart, outcome) = begun?;
        let written = checkpoint.write(Record::new(binding, &multipart));
        let upload = InParts::new(multipart, Some(checkpoint), room, outcome.attempts);
        match written {
            Ok(()) => Ok(upload),
            Err(error) => {
                let outcome = upload.without_parts(self, *unrecorded(&error)).await;
                Err(Box::new(outcome))
            }
        }
    }

    /// Finds out how far an earlier process got. Whatever it left, it never takes a hand to go on.
    async fn start(
        &self,
        checkpoint: Checkpoint,
        binding: &Binding,
        terms: &Terms,
        body: &Body<'_>,
        sizes: PartSizes,
    ) -> Step<Start> {
        let mut record = match checkpoint.find()? {
            checkpoint::Found::Nothing => return Ok(Start::anew(checkpoint)),
            checkpoint::Found::Unusable(why) => {
                self.log(&format!("starting over, since the checkpoint cannot be used: {why}"));
                checkpoint.make_room()?;
                return Ok(Start::anew(checkpoint));
            }
            checkpoint::Found::Record(record) => *record,
        };
        let terms =
            Terms { token: record.token.clone(), delivery_id: record.delivery_id.clone(), ..terms.clone() };
        let multipart = Multipart::known(self.bucket, self.key, &record.upload_id, terms);
        let why = match record.binding.difference(binding) {
            None => return self.go_on(checkpoint, record, multipart, body, sizes).await,
            Some(Difference::Foreign) => {
                self.log("starting over, since the checkpoint is that of another upload");
                checkpoint.remove();
                return Ok(Start::anew(checkpoint));
            }
            Some(Difference::Moved) => {
                let crcs = record.parts.iter().map(|part| (part.number, part.crc64)).collect();
                let are_of = self.are_of(body, body.size(), sizes, &crcs).await;
                if are_of.map_err(|outcome| in_doubt(&record, outcome.leaving(multipart.upload_id())))? {
                    record.binding.file = binding.file;
                    return self.go_on(checkpoint, record, multipart, body, sizes).await;
                }
                "the file has changed"
            }
            Some(Difference::Changed(why)) => why,
        };
        self.log(&format!("starting over, since {why} since the checkpoint was written"));
        let why = self.remove_outdated(&multipart).await;
        // The record stays until another takes its place, so that the next call can remove what this one could not.
        let goes_on = self.lane.check(self.deadline).map_err(failed);
        goes_on.map_err(|outcome| outcome.leaving(multipart.upload_id()))?;
        Ok(Start::Anew { checkpoint, before: Before::Outdated(Box::new(multipart), why) })
    }

    async fn go_on(
        &self,
        checkpoint: Checkpoint,
        mut record: Record,
        multipart: Multipart,
        body: &Body<'_>,
        sizes: PartSizes,
    ) -> Step<Start> {
        let mut attempts = Attempts::new(self.bucket, self.deadline);
        let mut was_not_done = false;
        let (listed, completed_before) = loop {
            // As long as the upload is there, it was not completed; and it will not be if OSS was over with that beforehand.
            let over_at = record.completing.map(|completing| self.over_at(completing));
            let over_at = over_at.filter(|over_at| self.lane.clock().now() < *over_at);
            let listed = match multipart.ask_for_parts(self.lane, &mut attempts).await {
                Ok((listed, _)) => listed,
                Err(outcome) if outcome.is_no_such_upload() => {
                    return self.without_upload(checkpoint, record, body, attempts.told(), *outcome).await;
                }
                Err(outcome) => {
                    let outcome = outcome.leaving(multipart.upload_id());
                    if was_not_done {
                        return Err(Box::new(outcome));
                    }
                    let told = attempts.told();
                    return self.without_list(checkpoint, record, &multipart, body, told, outcome).await;
                }
            };
            let (Some(completing), Some(over_at)) = (record.completing, over_at) else {
                break (listed, None);
            };
            if !self.is_to_be_done_once(completing) {
                break (listed, Some(over_at));
            }
            match self.look_for(body, &record, Open { over_at, told: attempts.told() }).await? {
                Found::Ours(head) => {
                    let outcome = self.stored_before(&checkpoint, &record, body.size(), head);
                    return Ok(Start::Stored(self.without_rest(&multipart, outcome).await));
                }
                // The minute has passed.
                found @ (Found::Absent | Found::Other(_)) => was_not_done = matches!(found, Found::Absent),
                Found::Unclear { .. } => {
                    let lost = Outcome::new(Status::Network, Stored::Unknown, "");
                    let lost = lost.leaving(multipart.upload_id());
                    return Err(self.still_open(checkpoint, record, completing, lost));
                }
            }
        };
        let room = self.take_room().map_err(|outcome| in_doubt(&record, *outcome))?;
        // Whenever the record is written, its parts are noted anew.
        let recorded = std::mem::take(&mut record.parts);
        checkpoint.resume(record);
        let upload = InParts::new(multipart, Some(checkpoint), room, attempts.made);
        let proven = self.proven(&recorded, listed, body, sizes).await.and_then(|parts| {
            let bytes = parts.iter().filter_map(|part| part.size).sum();
            self.report.begin(self.lane, Accepted { bytes, parts: parts.len() as u64 });
            let added = parts.into_iter().try_for_each(|part| upload.multipart.parts.add(part));
            added.map_err(|failure| failed(failure.into()))
        });
        match proven {
            Ok(()) => Ok(Start::Upload { upload: Box::new(upload), completed_before }),
            Err(outcome) => Err(Box::new(upload.conclude(self, Err(outcome)).await)),
        }
    }
}

/// Why data takes no checkpoint folder, though it may come from a file of this name.
pub(super) fn not_resumable(file_name: Option<&str>) -> Mistake {
    Mistake::new(match file_name {
        Some(name) => format!(
            "{name} has bytes although its size is said to be 0: such a file cannot be resumed, and takes no checkpoint folder"
        ),
        None => "only a file that is given by its path can be resumed; other data takes no checkpoint folder"
            .to_owned(),
    })
}

fn hash_of(headers: &[(String, String)]) -> String {
    let mut headers: Vec<_> = headers.iter().collect();
    headers.sort_unstable();
    let mut hash = Sha256::new();
    for (name, value) in headers {
        hash.update(format!("{name}:{value}\n"));
    }
    hex(&hash.finalize())
}
