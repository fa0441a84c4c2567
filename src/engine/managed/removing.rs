//! Removing the parts of an upload that made no object, for which a little time is kept.

use super::in_parts::InParts;
use super::run::{FOR_CLEANING_UP, Managed};
use crate::engine::journal;
use crate::engine::multipart::Multipart;
use crate::engine::outcome::Outcome;
use crate::transport::{Deadline, Lane};
use futures_util::future::{Either, select};
use std::future::Future;
use std::iter;
use std::pin::pin;
use std::time::Duration;

/// How long it may take to remove the parts of an upload that is no longer wanted.
const FOR_REMOVING: Duration = Duration::from_secs(10);
/// When a part has failed, the others that are on their way have so long to be answered.
const FOR_ANSWERS: Duration = Duration::from_millis(500);
/// What may arrive when its upload has been removed is waited for so long, if there is the time, or a little at least: most of it
/// arrives at once.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

impl Managed<'_> {
    /// Has parts that are being `sent` come to their end: what is not answered a moment later is cut off. Only so is it known
    /// which of them may arrive after the others have been removed.
    pub(super) async fn wind_up(&self, sent: impl Future<Output = ()>) {
        let mut sent = pin!(sent);
        let moment = pin!(self.lane.sleep(FOR_ANSWERS));
        if let Either::Right(_) = select(sent.as_mut(), moment).await {
            self.lane.cut_off(sent).await;
        }
    }

    /// The end of an upload whose object was found. That need not be of its making, and then its parts are still there.
    pub(super) async fn without_rest(&self, multipart: &Multipart, outcome: Outcome) -> Outcome {
        let removed = self.remove(multipart).await;
        match removed.is_no_such_upload() || removed.is_ok() && !multipart.parts_may_arrive(self.lane) {
            true => outcome,
            false => outcome.leaving(multipart.upload_id()),
        }
    }

    /// Removes the parts of an upload that is not gone on with; says why they stay, if they do.
    pub(super) async fn remove_outdated(&self, multipart: &Multipart) -> Option<String> {
        let removed = multipart.abort_on(self.lane, self.deadline.within(FOR_REMOVING)).await;
        if removed.is_ok() || removed.is_no_such_upload() {
            return None;
        }
        let upload_id = multipart.upload_id();
        self.log(&format!("the parts of upload {upload_id} could not be removed: {}", removed.message));
        Some(removed.message)
    }

    /// The end of an upload that began anew, after another that could not be removed, and `why` not, if so.
    pub(super) async fn without_outdated(
        &self,
        multipart: &Multipart,
        why: Option<String>,
        mut outcome: Outcome,
    ) -> Outcome {
        let Some(why) = why else { return outcome };
        let again = multipart.abort_on(self.lane, self.end.within(FOR_CLEANING_UP)).await;
        if again.is_ok() || again.is_no_such_upload() {
            return outcome;
        }
        let upload_id = multipart.upload_id();
        outcome.add(&format!(
            "the parts of an earlier upload of the file could not be removed and stay as upload {upload_id}: {why}"
        ));
        if outcome.upload_id.is_empty() { outcome.leaving(upload_id) } else { outcome }
    }

    /// Removes an upload with its parts, cancelled or not.
    async fn remove(&self, multipart: &Multipart) -> Outcome {
        let deadline = self.end.within(FOR_CLEANING_UP);
        self.lane.nevertheless(remove(multipart, self.lane, deadline)).await
    }
}

/// Removes an upload, and what of it arrives a moment later.
pub(super) async fn remove(multipart: &Multipart, lane: &Lane, deadline: Deadline) -> Outcome {
    let removed = multipart.abort_on(lane, deadline).await;
    if !removed.is_ok() || !multipart.parts_may_arrive(lane) {
        return removed;
    }
    let waits = iter::successors(Some(LONGEST_WAIT), |wait| Some(*wait / 2));
    let mut waits = waits.take_while(|wait| *wait >= SHORTEST_WAIT);
    // Half of the time is for asking.
    let Some(wait) = waits.find(|wait| deadline.allows(*wait * 2)) else { return removed };
    journal::pause(lane, wait).await;
    let again = multipart.abort_on(lane, deadline).await;
    let attempts = removed.attempts.saturating_add(again.attempts);
    // What arrived in between stays if it cannot be removed.
    let is_gone = again.is_ok() || again.is_no_such_upload();
    if is_gone { removed.after(attempts) } else { again.after(attempts) }
}

impl InParts {
    /// Removes the parts, cancelled or not.
    pub(super) async fn without_parts(&self, managed: &Managed<'_>, mut outcome: Outcome) -> Outcome {
        let removed = managed.remove(&self.multipart).await;
        self.count(&removed);
        let upload_id = self.multipart.upload_id();
        if !removed.is_ok() && !removed.is_no_such_upload() {
            let why = removed.message;
            outcome.add(&format!("its parts could not be removed and stay as upload {upload_id}: {why}"));
            return outcome.leaving(upload_id);
        }
        self.forget_checkpoint();
        if self.multipart.parts_may_arrive(managed.lane) {
            outcome.add(&format!(
                "its parts were removed, but one that was sent and not answered may yet arrive: upload {upload_id} is to be \
                 aborted once more in a minute"
            ));
            return outcome.leaving(upload_id);
        }
        outcome.add("its parts were removed");
        outcome
    }
}
