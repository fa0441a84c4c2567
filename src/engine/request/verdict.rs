//! What a reply means. Nothing else in the engine looks at a status.
//!
//! OSS answers an upload with 200, 203 or 204; any other success was spoken by somebody else. What a gateway says may come
//! after OSS did the work.

use super::call::{Call, FormAnswer, Operation};
use super::target::Sent;
use crate::engine::outcome::{Outcome, Status, error_of, next_position_of};
use crate::transport::{Cause, Failure, Reply};
use crate::wire::xml;

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
    /// OSS may have done it: the reply was lost.
    Lost,
    /// OSS thinks our clock is wrong.
    ClockWrong,
    /// It met a connection that the server had given up, and may be sent once more.
    Stale,
}

impl Verdict {
    /// Whether OSS did what it was asked for, whatever became of a callback.
    pub(crate) fn is_success(self) -> bool {
        matches!(self, Verdict::Done | Verdict::CallbackFailed)
    }

    /// Whether the same request may end otherwise when it is sent again.
    pub(crate) fn may_change(self) -> bool {
        matches!(self, Verdict::NotDone | Verdict::Lost | Verdict::ClockWrong | Verdict::Stale)
    }
}

/// What the end of `call` means.
pub(super) fn of(call: &Call<'_>, sent: &Sent) -> Verdict {
    match sent {
        Ok(reply) => of_reply(call, reply),
        Err(failure) => of_failure(failure),
    }
}

fn of_reply(call: &Call<'_>, reply: &Reply) -> Verdict {
    use Operation::*;
    match (call.operation, reply.status) {
        // Said before the whole request was there, so nothing can have been done.
        (_, 200..=299 | 500..=599) if !reply.wholly_sent => Verdict::NotDone,
        // Where the body is what matters, one that breaks off says nothing.
        (operation, _) if reply.cut.is_some() && !creates(operation) => Verdict::Lost,

        (PutObject | PostObject(_) | UploadPart, 200) if is_made_by_oss(reply) => Verdict::Done,
        (PostObject(FormAnswer::Created), 201) if is_from_oss(reply) => Verdict::Done,
        (PostObject(FormAnswer::Redirect), 300..=399) if is_from_oss(reply) && reply.wholly_sent => {
            Verdict::Done
        }
        (CompleteMultipartUpload, 200) if is_made_by_oss(reply) && is_completed(call, reply) => Verdict::Done,
        (PutObject | PostObject(_) | UploadPart | CompleteMultipartUpload, 203) => Verdict::CallbackFailed,
        (PutObject | PostObject(_) | UploadPart | CompleteMultipartUpload, 204) => Verdict::Done,
        // A success that does not say where the object ends was spoken by somebody else.
        (AppendObject, 200) if next_position_of(reply).is_some() => Verdict::Done,
        (InitiateMultipartUpload | AbortMultipartUpload, 200 | 204) => Verdict::Done,
        (ListParts | ListMultipartUploads | GetObject | HeadObject, 200) => Verdict::Done,
        (HeadObject, 404) => Verdict::Absent,
        (DeleteObject, 200 | 204) => Verdict::Done,

        // A gateway may have said it after OSS did the work.
        (_, 500 | 502 | 504 | 507..=599) => Verdict::Lost,
        (_, 503) if !is_from_oss(reply) => Verdict::Lost,
        (_, 401 | 408 | 429 | 503) => Verdict::NotDone,
        (_, 100..=199 | 201 | 202 | 205..=299) => Verdict::Lost,
        (operation, 200..=299) if creates(operation) => Verdict::Lost,
        (operation, 400..=499) => of_error(operation, &error_of(reply).code),
        _ => Verdict::Refused,
    }
}

fn of_error(operation: Operation, code: &str) -> Verdict {
    match (operation, code) {
        (_, "RequestTimeout" | "BadRequest") => Verdict::NotDone,
        (_, "RequestTimeTooSkewed") => Verdict::ClockWrong,
        (Operation::AbortMultipartUpload | Operation::ListParts, "NoSuchUpload") => Verdict::Absent,
        _ => Verdict::Refused,
    }
}

fn of_failure(failure: &Failure) -> Verdict {
    match failure.cause {
        _ if failure.delivery.is_possible() => Verdict::Lost,
        Cause::Network | Cause::Interrupted | Cause::Timeout | Cause::BadResponse => Verdict::NotDone,
        // Neither a deadline nor a certificate nor a source gets better by trying again.
        Cause::Cancelled | Cause::Deadline | Cause::Tls | Cause::Unsendable | Cause::Source(_) => {
            Verdict::Refused
        }
    }
}

/// Whether a request met a connection that had gone stale, and may be sent again whatever became of it: it was not delivered,
/// or to do it twice does no harm.
pub(super) fn is_stale(call: &Call<'_>, sent: &Sent) -> bool {
    // A beginning that is made twice leaves an upload that nobody knows of; what completes can be done only once.
    let once = [Operation::InitiateMultipartUpload, Operation::CompleteMultipartUpload];
    let harmless = !call.callback && !once.contains(&call.operation);
    matches!(sent, Err(failure) if failure.stale && (harmless || !failure.delivery.is_possible()))
}

/// Whether the server may not have come to an end with a request whose reply was lost.
pub(crate) fn may_go_on(sent: &Sent) -> bool {
    match sent {
        Ok(reply) => reply.status == 504,
        Err(failure) => matches!(failure.cause, Cause::Timeout | Cause::Deadline | Cause::Cancelled),
    }
}

/// Whether what failed as a request may get through later.
pub(crate) fn may_pass(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Network | Status::Timeout | Status::Integrity | Status::BadResponse => true,
        Status::Service => matches!(outcome.http_status, 408 | 429 | 500..),
        _ => false,
    }
}

/// Whether OSS answered, and nobody in its place.
pub(super) fn is_from_oss(reply: &Reply) -> bool {
    reply.headers.contains_key("x-oss-request-id")
}

/// Whether a success shows any sign of OSS.
fn is_made_by_oss(reply: &Reply) -> bool {
    ["x-oss-request-id", "etag", "x-oss-hash-crc64ecma"].iter().any(|name| reply.headers.contains_key(*name))
}

/// Complete can take long; a server that says 200 early has only the body left to report an error in.
fn is_completed(call: &Call<'_>, reply: &Reply) -> bool {
    call.callback || xml::is_complete_result(&reply.body)
}

/// Whether the operation stores something of a caller's.
fn creates(operation: Operation) -> bool {
    use Operation::*;
    matches!(operation, PutObject | PostObject(_) | AppendObject | UploadPart | CompleteMultipartUpload)
}
