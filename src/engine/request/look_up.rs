//! Finds out by HEAD what became of an object when the reply to its upload was lost, or why the upload was refused.

use super::ask::Answer;
use super::attempts::Attempts;
use super::target::Sent;
use super::verdict::{self, Verdict};
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Status, Stored, crc64_of, error_of, text};
use crate::engine::source::Content;
use crate::transport::{Cause, Deadline, Lane, Reply};
use crate::wire::date;
use std::time::Instant;

/// What a HEAD tells.
pub(crate) enum Found {
    /// The object is there with the expected content: the reply to the HEAD says more.
    Same(Reply),
    /// There is no such object.
    Absent,
    /// There is an object with other content, or one from before the upload.
    Other(Reply),
    /// That cannot be found out; OSS may at least have answered.
    Unclear { answered: bool },
}

/// What a refused HEAD may say of the upload: a key that may write need not be one that may read.
const TELLING: [&str; 8] = [
    "AccessKeyIdAndSecurityTokenNotMatch",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "NoSuchBucket",
    "RequestTimeTooSkewed",
    "SecurityTokenExpired",
    "SignatureDoesNotMatch",
    "UserDisable",
];

impl Bucket {
    /// Looks whether the object `key` is what has been uploaded since `began`, or ever. Without an expectation nothing can
    /// be said of one that is there.
    pub(crate) async fn look_up(
        &self,
        lane: &Lane,
        key: &str,
        expected: Option<Content>,
        began: Option<Instant>,
        deadline: Deadline,
    ) -> Found {
        let Answer { verdict, sent } = self.head(lane, key, &mut Attempts::new(self, deadline)).await;
        let Ok(reply) = sent else { return Found::Unclear { answered: false } };
        match verdict {
            // A proxy without a server behind it says 404 too, and others say 200 to everything.
            _ if !verdict::is_from_oss(&reply) => Found::Unclear { answered: true },
            Verdict::Absent => Found::Absent,
            Verdict::Done if began.is_some_and(|began| is_older(&reply, began)) => Found::Other(reply),
            Verdict::Done => compare(reply, expected),
            _ => Found::Unclear { answered: true },
        }
    }

    /// The end of an upload that was not carried out.
    pub(crate) async fn refused_or_failed(
        &self,
        lane: &Lane,
        key: &str,
        sent: Sent,
        deadline: Deadline,
    ) -> Outcome {
        let hidden_reason = matches!(&sent, Err(failure) if failure.cause == Cause::Interrupted);
        if hidden_reason && let Some(reason) = self.reason_for_refusal(lane, key, deadline).await {
            let outcome = Outcome::refused(reason, Stored::No);
            let message = format!(
                "the connection was reset while sending; a HEAD was refused with {}",
                outcome.message
            );
            return outcome.with(Status::Service, message);
        }
        Outcome::without_success(sent, Stored::No)
    }

    /// OSS may answer before it has read the body, and close: the reset then hides the answer. A HEAD of the same key
    /// meets the same wrong key or clock.
    async fn reason_for_refusal(&self, lane: &Lane, key: &str, deadline: Deadline) -> Option<Reply> {
        let reply = self.head(lane, key, &mut Attempts::new(self, deadline)).await.sent.ok()?;
        TELLING.contains(&error_of(&reply).code.as_str()).then_some(reply)
    }
}

fn compare(reply: Reply, expected: Option<Content>) -> Found {
    let (Some(expected), Some(size)) = (expected, size_of(&reply)) else {
        return Found::Unclear { answered: true };
    };
    if size != expected.size {
        return Found::Other(reply);
    }
    match crc64_of(&reply) {
        Some(crc64) if crc64 == expected.crc64 => Found::Same(reply),
        Some(_) => Found::Other(reply),
        // Equal length is no proof of equal content.
        None => Found::Unclear { answered: true },
    }
}

/// The size of the object, as the reply to a HEAD has it.
pub(crate) fn size_of(head: &Reply) -> Option<u64> {
    text(&head.headers, "content-length")?.parse().ok()
}

/// Whether the object was there before the upload began, by the server's own clock.
fn is_older(head: &Reply, began: Instant) -> bool {
    let time = |name| text(&head.headers, name).and_then(date::parse_http_date);
    let (Some(modified), Some(now)) = (time("last-modified"), time("date")) else { return false };
    // Both are in whole seconds.
    let since = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX).saturating_add(2);
    now.saturating_sub(modified) > since
}
