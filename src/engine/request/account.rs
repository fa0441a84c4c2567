//! What there is to tell of an attempt.

use super::call::Call;
use super::target::Sent;
use super::verdict::Verdict;
use crate::engine::history::{Attempt, End, Origin};
use crate::engine::outcome::describe;
use crate::engine::reply::{error_of, text};
use crate::transport::Measured;
use crate::wire::error_reply::{ErrorReply, one_line};
use crate::wire::mistake::shown;

/// The longest id or code that is kept.
const LONGEST: usize = 128;

/// An attempt that ended so.
pub(super) fn attempt(call: &Call<'_>, sent: &Sent, verdict: Verdict, measured: Measured) -> Attempt {
    let mut attempt = Attempt {
        number: 0,
        operation: call.operation.oss_name(),
        part_number: call.part_number(),
        end: End::Refused,
        http_status: 0,
        request_id: String::new(),
        error_code: String::new(),
        measured,
        is_counted: verdict != Verdict::Stale,
        origin: Origin::default(),
    };
    match sent {
        Ok(reply) => {
            attempt.end = match verdict {
                Verdict::Done => End::Done,
                Verdict::CallbackFailed => End::CallbackFailed,
                Verdict::Absent => End::Absent,
                _ => End::Refused,
            };
            attempt.http_status = reply.status;
            attempt.request_id =
                one_line(text(&reply.headers, "x-oss-request-id").unwrap_or_default(), LONGEST);
            if attempt.end != End::Done {
                attempt.error_code = one_line(&error_of(reply).code, LONGEST);
            }
        }
        Err(failure) => attempt.end = End::Failed(failure.cause.clone()),
    }
    attempt
}

/// What came of it, in words without secrets.
pub(super) fn came(attempt: &Attempt, sent: &Sent) -> String {
    match sent {
        Ok(reply) if attempt.error_code.is_empty() => describe(reply, &ErrorReply::default()),
        Ok(_) => format!("HTTP {} {}", attempt.http_status, attempt.error_code),
        Err(failure) => failure.message.clone(),
    }
}

/// What a request is about, in words. Its query is not among them, since that may hold a signature.
pub(super) fn subject(call: &Call<'_>) -> String {
    let mut subject = format!("{} {}", call.operation.method(), call.operation.oss_name());
    if call.part_number() > 0 {
        subject.push_str(&format!(" {}", call.part_number()));
    }
    if let Some(key) = call.key.filter(|key| !key.is_empty()) {
        subject.push_str(&format!(" {}", shown(key)));
    }
    subject
}
