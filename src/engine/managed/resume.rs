//! Going on where an earlier process was stopped: what its record says is checked against the file and against OSS.

use super::checkpoint::{self, Checkpoint};
use super::in_parts::InParts;
use super::part_sizes::{PartSizes, Place, places};
use super::record::{Binding, Completing, Difference, PartRecord, Record, hex};
use super::run::{Managed, Step, failed, refused};
use crate::engine::multipart::{Multipart, Part, Terms};
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::request::{Attempts, Found, Operation, about};
use crate::engine::source::{Body, Content};
use crate::transport::Reply;
use crate::wire::mistake::Mistake;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub(super) const ONLY_FILES: &str =
    "only a file that is given by its path can be resumed; other data takes no checkpoint folder";
/// How long it may take to remove the parts of an upload that is no longer wanted.
const FOR_REMOVING: Duration = Duration::from_secs(10);

/// Where an upload begins.
enum Start {
    /// With an upload at OSS; an earlier process may have completed it already.
    Upload { upload: InParts, completed_before: bool },
    /// At its end: an earlier process got as far as that.
    Stored(Outcome),
    /// At its beginning, with this to write the record to.
    Anew(Checkpoint),
}

impl Managed<'_> {
    /// Uploads a file in parts, and so that another process can go on with it.
    pub(super) async fn resumable(&self, body: &Body<'_>, sizes: PartSizes, folder: &Path) -> Step<Outcome> {
        let terms = self.terms(body.file_name())?;
        let binding = self.binding(body, sizes, &terms)?;
        let checkpoint = Checkpoint::take(folder, &binding)?;
        let (upload, completed_before) = match self.start(checkpoint, &binding, body, sizes).await? {
            Start::Upload { upload, completed_before } => (upload, completed_before),
            Start::Stored(outcome) => return Ok(outcome),
            Start::Anew(checkpoint) => {
                self.report.begin(self.lane, 0);
                (self.begin_recorded(checkpoint, binding, terms).await?, false)
            }
        };
        let sent = self.send_pieces(&upload, body, sizes, completed_before).await;
        Ok(upload.conclude(self, sent).await)
    }

    fn binding(&self, body: &Body<'_>, sizes: PartSizes, terms: &Terms) -> Step<Binding> {
        let Body::File(file) = body else { return Err(refused(Mistake::new(ONLY_FILES))) };
        let Some(path) = &file.path else { return Err(refused(Mistake::new(ONLY_FILES))) };
        Ok(Binding {
            endpoint: self.bucket.endpoint.base().origin().ascii_serialization(),
            bucket: self.bucket.endpoint.bucket().to_owned(),
            key: self.key.to_owned(),
            path: path.to_path_buf(),
            file: file.identity,
            offset: file.offset,
            size: file.size,
            part_size: sizes.uniform(),
            headers: hash_of(&terms.headers.begin),
        })
    }

    async fn begin_recorded(&self, checkpoint: Checkpoint, binding: Binding, terms: Terms) -> Step<InParts> {
        let begun = Multipart::begin_on(self.lane, self.deadline, self.bucket, self.key, terms).await;
        let (multipart, outcome) = begun?;
        let written = checkpoint.begin(binding, multipart.upload_id());
        let upload = InParts::new(multipart, Some(checkpoint), outcome.attempts);
        match written {
            Ok(()) => Ok(upload),
            Err(error) => {
                let message = format!("cannot write the checkpoint: {error}");
                let outcome = Outcome::new(Status::LocalIo, Stored::No, message);
                Err(Box::new(upload.without_parts(self, outcome).await))
            }
        }
    }

    /// Finds out how far an earlier process got. Whatever it left, it never takes a hand to go on.
    async fn start(
        &self,
        checkpoint: Checkpoint,
        binding: &Binding,
        body: &Body<'_>,
        sizes: PartSizes,
    ) -> Step<Start> {
        let record = match checkpoint.find() {
            checkpoint::Found::Nothing => return Ok(Start::Anew(checkpoint)),
            checkpoint::Found::Unusable(why) => {
                self.log(&format!("starting over, since the checkpoint cannot be used: {why}"));
                checkpoint.remove();
                return Ok(Start::Anew(checkpoint));
            }
            checkpoint::Found::Record(record) => *record,
        };
        let terms = self.terms(body.file_name())?;
        let multipart = Multipart::known(self.bucket, self.key, &record.upload_id, terms);
        match record.binding.difference(binding) {
            None => self.go_on(checkpoint, record, multipart, body, sizes).await,
            Some(Difference::Foreign) => {
                self.log("starting over, since the checkpoint is that of another upload");
                checkpoint.remove();
                Ok(Start::Anew(checkpoint))
            }
            Some(Difference::Changed(why)) => {
                self.log(&format!("starting over, since {why} since the checkpoint was written"));
                self.remove_outdated(&multipart).await;
                // As long as there is the record, the next call can remove what this one had no time for.
                self.lane.check(self.deadline).map_err(failed)?;
                checkpoint.remove();
                Ok(Start::Anew(checkpoint))
            }
        }
    }

    /// Removes the parts of an upload that is not gone on with. If that fails, they stay; the caller learns of it.
    async fn remove_outdated(&self, multipart: &Multipart) {
        let removed = multipart.abort_on(self.lane, self.deadline.within(FOR_REMOVING)).await;
        if !removed.is_ok() && removed.error.code != "NoSuchUpload" {
            let upload_id = multipart.upload_id();
            self.log(&format!("the parts of upload {upload_id} could not be removed: {}", removed.message));
        }
    }

    async fn go_on(
        &self,
        checkpoint: Checkpoint,
        record: Record,
        multipart: Multipart,
        body: &Body<'_>,
        sizes: PartSizes,
    ) -> Step<Start> {
        let mut attempts = Attempts::new(self.bucket, self.deadline);
        // Asked before anything else: as long as the upload is there, it was not completed.
        let listed = match multipart.ask_for_parts(self.lane, &mut attempts).await {
            Ok((listed, _)) => listed,
            Err(outcome) if outcome.error.code == "NoSuchUpload" => {
                return self.without_upload(checkpoint, &record, *outcome).await;
            }
            Err(outcome) => return Err(Box::new(outcome.leaving(multipart.upload_id()))),
        };
        let recorded = record.parts.clone();
        let completed_before = record.completing.is_some();
        checkpoint.resume(record);
        let upload = InParts::new(multipart, Some(checkpoint), attempts.made);
        match self.proven(&recorded, listed, body, sizes) {
            Ok(parts) => {
                self.report.begin(self.lane, parts.iter().filter_map(|part| part.size).sum());
                parts.into_iter().for_each(|part| upload.multipart.parts.add(part));
                Ok(Start::Upload { upload, completed_before })
            }
            Err(outcome) => Err(Box::new(upload.conclude(self, Err(outcome)).await)),
        }
    }

    /// Where an upload begins that OSS no longer knows: it was completed or removed.
    async fn without_upload(&self, checkpoint: Checkpoint, record: &Record, gone: Outcome) -> Step<Start> {
        let Some(completing) = &record.completing else {
            self.log("starting over, since OSS no longer knows the upload");
            checkpoint.remove();
            return Ok(Start::Anew(checkpoint));
        };
        let whole = Content { size: completing.size, crc64: completing.crc64 };
        match self.bucket.look_up(self.lane, self.key, Some(whole), None, self.deadline).await {
            Found::Same(head) => {
                checkpoint.remove();
                Ok(Start::Stored(self.stored_before(completing, head)))
            }
            // To do it twice does no harm.
            _ if !completing.callback => {
                self.log("starting over, since OSS no longer knows the upload and the object is not there");
                checkpoint.remove();
                Ok(Start::Anew(checkpoint))
            }
            found => {
                let answered = !matches!(found, Found::Unclear { answered: false });
                if answered {
                    // The next call begins anew, knowing that the callback may run again.
                    checkpoint.remove();
                }
                let message = "an earlier process completed the upload, but the object is not, or no longer, what it made; \
                               what became of the callback is not known";
                Err(Box::new(Outcome { stored: Stored::Unknown, ..gone }.saying(message.to_owned())))
            }
        }
    }

    /// The object that an earlier process completed without living to see the reply.
    fn stored_before(&self, completing: &Completing, head: Reply) -> Outcome {
        self.report.begin(self.lane, completing.size);
        let outcome = Outcome::success(head, Stored::Yes);
        if !completing.callback && self.callback.is_none() {
            return outcome;
        }
        let mut values = about(Some(self.bucket), self.key, Operation::CompleteMultipartUpload);
        values.put("size", completing.size.to_string());
        if let Some(content_type) = outcome.header("content-type") {
            values.put("mimeType", content_type);
        }
        let message = "the object was stored by an earlier process; what became of the callback is not known";
        outcome.about(values).with(Status::CallbackUnknown, message)
    }

    /// Those parts of what OSS has that are certain to be parts of this very data: parts of the record that are still what
    /// they were, and others whose CRC-64 is that of the file.
    fn proven(
        &self,
        recorded: &[PartRecord],
        listed: Vec<Part>,
        body: &Body<'_>,
        sizes: PartSizes,
    ) -> Step<Vec<Part>> {
        let recorded: BTreeMap<u32, &PartRecord> = recorded.iter().map(|part| (part.number, part)).collect();
        let mut listed: BTreeMap<u32, Part> = listed.into_iter().map(|part| (part.number, part)).collect();
        let mut proven = Vec::new();
        for place in places(body.size(), sizes.uniform()) {
            let Some(part) = listed.remove(&place.number).filter(|part| part.size == Some(place.size)) else {
                continue;
            };
            let crc64 = match recorded.get(&place.number).and_then(|record| crc64_if_same(record, &part)) {
                Some(crc64) => Some(crc64),
                None => self.crc64_if_of(body, place, &part)?,
            };
            if crc64.is_some() {
                proven.push(Part { crc64, ..part });
            }
        }
        Ok(proven)
    }

    /// The CRC-64 of a part that was not recorded, if OSS says that it is that of the file at its place.
    fn crc64_if_of(&self, body: &Body<'_>, place: Place, part: &Part) -> Step<Option<u64>> {
        let (Some(theirs), Some(piece)) = (part.crc64, body.piece(place.offset, place.size)) else {
            return Ok(None);
        };
        let ours = piece.crc64(&|| self.lane.check(self.deadline)).map_err(failed)?;
        Ok((ours == theirs).then_some(ours))
    }
}

/// The CRC-64 of a part that is still what was recorded of it.
fn crc64_if_same(record: &PartRecord, part: &Part) -> Option<u64> {
    let same = record.etag == part.etag
        && part.size == Some(record.size)
        && part.crc64.is_none_or(|crc64| crc64 == record.crc64);
    same.then_some(record.crc64)
}

fn hash_of(headers: &[(String, String)]) -> String {
    let mut headers: Vec<_> = headers.iter().collect();
    headers.sort();
    let mut hash = Sha256::new();
    for (name, value) in headers {
        hash.update(format!("{name}:{value}\n"));
    }
    hex(&hash.finalize())
}
