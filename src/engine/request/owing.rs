//! What a request with a callback owes: it is on disk before the request goes out, and as long as the application server has
//! not answered.

use super::busy::unless_busy;
use super::call::{Call, Operation, Recording};
use super::target::Target;
use crate::engine::outbox::{Debt, Owed, Upload};
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::source::{Body, Content};
use crate::transport::{Clock, Deadline, Lane};
use crate::wire::content_type;
use std::time::Instant;

/// How a request ended that owed something.
pub(super) struct Ending {
    pub(super) content: Option<Content>,
    /// Whether the application server has answered.
    pub(super) answered: bool,
    /// When OSS is over with what was left open, if anything was.
    pub(super) over_at: Option<Instant>,
}

/// Puts on disk what the request is about to owe, if that is to be recorded.
pub(super) async fn owe(
    lane: &Lane,
    deadline: Deadline,
    target: Target<'_>,
    call: &Call<'_>,
    body: &Body<'_>,
    content: Option<Content>,
) -> Result<Option<Owed>, Box<Outcome>> {
    let Some(recording) = &call.recording else { return Ok(None) };
    let mut upload = upload(target, call, recording, content)?;
    if call.operation != Operation::CompleteMultipartUpload {
        upload.size = Some(body.size());
        if call.token.is_none() {
            // Whoever looks for the object has nothing else to know it by.
            let crc64 = body.crc64(lane, deadline).await;
            upload.crc64 = Some(crc64.map_err(|failure| Box::new(Outcome::failed(failure, Stored::No)))?);
        }
    }
    unless_busy(lane, deadline, || recording.owe(upload.clone(), lane.clock())).await.map(Some)
}

/// Puts on disk what is owed for an object that was found, and whose callback nobody has recorded; false if that cannot be done.
pub(crate) fn owe_found(
    lane: &Lane,
    target: Target<'_>,
    call: &Call<'_>,
    content: Option<Content>,
    outcome: &mut Outcome,
) -> bool {
    let Some(recording) = &call.recording else { return true };
    let upload = upload(target, call, recording, content);
    match upload.and_then(|upload| recording.owe(upload, lane.clock())) {
        Ok(mut owed) => {
            let ending = Ending { content, answered: false, over_at: None };
            account(&mut owed, lane, outcome, ending);
            true
        }
        Err(unrecorded) => {
            outcome.add(&unrecorded.message);
            false
        }
    }
}

impl Recording {
    fn owe(&self, upload: Upload, clock: &Clock) -> Result<Owed, Box<Outcome>> {
        self.outbox.owe(Debt::new(upload, self.callback.clone(), clock.unix_millis()))
    }
}

/// Notes how it ended, and takes the record away if nothing is owed any more.
pub(super) fn account(owed: &mut Owed, lane: &Lane, outcome: &mut Outcome, ending: Ending) {
    let clock = lane.clock();
    let noted = match outcome.stored {
        _ if ending.answered => owed.remove(),
        Stored::No => owed.withdraw(),
        _ => owed.update(|debt| {
            if let Some(content) = ending.content {
                (debt.upload.size, debt.upload.crc64) = (Some(content.size), Some(content.crc64));
            }
            let over_at = ending.over_at.map_or(0, |over_at| unix_millis(clock, over_at));
            debt.note(outcome, over_at, clock.unix_millis());
        }),
    };
    if let Err(error) = noted {
        outcome.not_noted(&error);
    }
}

/// What the request is to store, as far as it is known.
fn upload(
    target: Target<'_>,
    call: &Call<'_>,
    recording: &Recording,
    content: Option<Content>,
) -> Result<Upload, Box<Outcome>> {
    let key = call.key.unwrap_or_default();
    let upload_id = call.query.iter().find(|(name, _)| name == "uploadId");
    let mime_type = match (&recording.mime_type, call.operation) {
        (Some(mime_type), _) => mime_type,
        (None, Operation::PutObject) => call.header("content-type").unwrap_or(content_type::UNKNOWN),
        // It was said when the upload began.
        (None, _) => "",
    };
    Ok(Upload {
        url: target.object_url(key).map_err(|mistake| Box::new(mistake.into()))?,
        bucket: target.bucket().map_or("", |bucket| bucket.endpoint.bucket()).to_owned(),
        key: key.to_owned(),
        upload_id: upload_id.map(|(_, id)| id.clone()).unwrap_or_default(),
        operation: call.operation.name().unwrap_or_default().to_owned(),
        mime_type: mime_type.to_owned(),
        size: content.map(|content| content.size),
        crc64: content.map(|content| content.crc64),
        etag: String::new(),
        token: call.token.clone(),
    })
}

/// A point in time as the clock of the day has it.
fn unix_millis(clock: &Clock, at: Instant) -> i64 {
    let ahead = at.saturating_duration_since(clock.now());
    clock.unix_millis().saturating_add(i64::try_from(ahead.as_millis()).unwrap_or(0))
}
