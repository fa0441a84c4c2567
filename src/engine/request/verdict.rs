//! What a reply means. Nothing else in the engine looks at a status.
//!
//! Only what OSS said itself says anything. What a proxy, a balancer or a portal says on the way, and what a cache kept, may
//! come after OSS did the work, or in its place.

use super::call::{Call, FormAnswer, Operation};
use super::target::Sent;
use crate::engine::outcome::{Outcome, Status};
use crate::engine::reply::{error_of, has_etag, is_made_by_oss, next_position_of};
use crate::transport::{Cause, Failure, Reply};
use crate::wire::{error_reply, xml};

/// What the end of a request means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did what it was to do.
    Done,
    /// The same, but the application server did not answer as it should.
    CallbackFailed,
    /// OSS has nothing of that name.
    Absent,
    /// OSS does not do it, or it cannot be asked; to try again changes nothing.
    Refused,
    /// OSS did not do it, and may do it when asked again.
    NotDone,
    /// OSS is over with it, and perhaps did it.
    Over,
    /// The reply was lost: OSS may have done it, or be at it still.
    Lost,
    /// OSS thinks our clock is wrong.
    ClockWrong,
    /// OSS does not take the key, or no longer.
    KeyRefused,
    /// It met a connection that the server had given up, and may be sent once more.
    Stale,
}

impl Verdict {
    /// Whether OSS did what it was asked for, whatever became of a callback.
    pub(crate) fn is_success(self) -> bool {
        matches!(self, Verdict::Done | Verdict::CallbackFailed)
    }

    /// Whether OSS may have done it, or may yet do it, without our having been told.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Verdict::Over | Verdict::Lost)
    }

    /// Whether the same request may end otherwise when it is sent again.
    pub(crate) fn may_change(self) -> bool {
        self.is_open()
            || matches!(self, Verdict::NotDone | Verdict::ClockWrong | Verdict::KeyRefused | Verdict::Stale)
    }
}

/// What the end of `call` means.
pub(super) fn of(call: &Call<'_>, sent: &Sent) -> Verdict {
    match sent {
        Ok(reply) if !reply.wholly_sent => of_early_reply(call, reply),
        Ok(reply) if is_made_by_oss(reply) => match of_reply(call, reply) {
            // Nobody can have known that yet.
            verdict if reply.began_early && (verdict.is_success() || verdict == Verdict::Over) => {
                Verdict::Lost
            }
            verdict => verdict,
        },
        Ok(_) => Verdict::Lost,
        Err(failure) => of_failure(failure),
    }
}

/// Said before the whole request was there, so nothing can have been done.
fn of_early_reply(call: &Call<'_>, reply: &Reply) -> Verdict {
    match reply.status {
        400..=499 if is_made_by_oss(reply) => of_error(call.operation, reply),
        300..=499 => Verdict::Refused,
        _ => Verdict::NotDone,
    }
}

fn of_reply(call: &Call<'_>, reply: &Reply) -> Verdict {
    use Operation::*;
    match (call.operation, reply.status) {
        // Where the body is what matters, one that breaks off says nothing.
        (operation, _) if reply.cut.is_some() && !stands_when_cut(operation) => Verdict::Lost,

        (PutObject | PostObject(_), 200 | 204) if is_answer(reply) => Verdict::Done,
        (PostObject(FormAnswer::Created), 201) if is_answer(reply) => Verdict::Done,
        (PostObject(FormAnswer::Redirect), 300..=399) => of_redirect(reply),
        (UploadPart, 200 | 204) => Verdict::Done,
        (CompleteMultipartUpload, 200) if is_completed(call, reply) => Verdict::Done,
        (ProcessObject, 200) if is_answer(reply) => Verdict::Done,
        (PutObject | PostObject(_) | UploadPart | CompleteMultipartUpload | ProcessObject, 203)
            if call.callback && has_error(reply) =>
        {
            Verdict::CallbackFailed
        }
        // A success that does not say where the object ends was spoken by somebody else.
        (AppendObject, 200) if next_position_of(reply).is_some() => Verdict::Done,
        (InitiateMultipartUpload, 200) => Verdict::Done,
        (AbortMultipartUpload | DeleteObject, 200 | 204) if !has_error(reply) => Verdict::Done,
        (ListParts | ListMultipartUploads | GetObject | HeadObject, 200) => Verdict::Done,
        (HeadObject, 404) if is_absent(reply) => Verdict::Absent,

        // It began with a success, and then failed.
        (_, 200) if has_error(reply) => Verdict::Over,

        (_, 502 | 504) => Verdict::Lost,
        (_, 503) => Verdict::NotDone,
        // It does not know how.
        (_, 501 | 505) => Verdict::Refused,
        (_, 500..=599) => Verdict::Over,
        (operation, 400..=499) => of_error(operation, reply),
        (_, 300..=399) => Verdict::Refused,
        // A success that is none of the operation's.
        _ => Verdict::Lost,
    }
}

fn of_error(operation: Operation, reply: &Reply) -> Verdict {
    match (operation, reply.status, error_of(reply).code.as_str()) {
        (_, 401 | 408 | 429, _) | (_, _, "RequestTimeout" | "BadRequest") => Verdict::NotDone,
        (_, _, "RequestTimeTooSkewed") => Verdict::ClockWrong,
        (_, 403, "InvalidAccessKeyId" | "InvalidSecurityToken" | "SecurityTokenExpired") => {
            Verdict::KeyRefused
        }
        (Operation::AbortMultipartUpload | Operation::ListParts, _, "NoSuchUpload") => Verdict::Absent,
        _ => Verdict::Refused,
    }
}

fn of_failure(failure: &Failure) -> Verdict {
    match failure.cause {
        _ if failure.delivery.is_possible() => Verdict::Lost,
        Cause::Network | Cause::Interrupted | Cause::Timeout | Cause::BadResponse => Verdict::NotDone,
        // None of these gets better by trying again.
        Cause::Cancelled
        | Cause::Deadline
        | Cause::Tls
        | Cause::Unsendable
        | Cause::NoKey
        | Cause::NoMemory
        | Cause::Source(_) => Verdict::Refused,
    }
}

/// Whether a request met a connection that had gone stale, and may be sent again whatever became of it: it was not delivered,
/// or to do it twice does no harm.
pub(super) fn is_stale(call: &Call<'_>, sent: &Sent) -> bool {
    // A beginning that is made twice leaves an upload that nobody knows of; what completes can be done only once.
    let once = [Operation::InitiateMultipartUpload, Operation::CompleteMultipartUpload];
    let harmless = !call.is_to_be_done_once() && !once.contains(&call.operation);
    matches!(sent, Err(failure) if failure.stale && (harmless || !failure.delivery.is_possible()))
}

/// Whether what failed as a request may get through later.
pub(crate) fn may_pass(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Network | Status::Timeout | Status::Integrity | Status::BadResponse => true,
        Status::Service => matches!(outcome.http_status, 408 | 429 | 500..),
        _ => false,
    }
}

/// OSS has only the body left to report an error in if it says 200 early, as it may while it calls. The answer to a callback
/// can be anything: what looks like OSS's error is one, unless the reply names the object.
fn is_answer(reply: &Reply) -> bool {
    has_etag(reply) || !has_error(reply)
}

/// The same of a Complete, which can take long: without a callback the body has to say that it was done.
fn is_completed(call: &Call<'_>, reply: &Reply) -> bool {
    call.callback && is_answer(reply) || xml::completes(&reply.body, call.key.unwrap_or_default())
}

/// Which status leads on to the next page is not documented. OSS also sends elsewhere what it does not do.
fn of_redirect(reply: &Reply) -> Verdict {
    match &reply.cut {
        _ if has_error(reply) => Verdict::Refused,
        Some(_) => Verdict::Lost,
        None => Verdict::Done,
    }
}

/// Whether there is no object of that name. One that only leads to another is there, wherever it leads.
fn is_absent(reply: &Reply) -> bool {
    matches!(error_of(reply).code.as_str(), "" | "NoSuchKey" | "NoSuchBucket")
}

fn has_error(reply: &Reply) -> bool {
    error_reply::parse(&reply.body).is_some()
}

/// Whether a success stands without the rest of its body: something of a caller's was stored, or OSS has called.
fn stands_when_cut(operation: Operation) -> bool {
    use Operation::*;
    matches!(
        operation,
        PutObject | PostObject(_) | AppendObject | UploadPart | CompleteMultipartUpload | ProcessObject
    )
}
