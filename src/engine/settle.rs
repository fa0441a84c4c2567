//! Finds out by HEAD what became of an object when the reply to its upload was lost.

use super::attempt::Call;
use super::bucket::Bucket;
use super::outcome::{crc64_of, text};
use super::retry::{Attempts, Verdict};
use super::source::Body;
use crate::transport::{Deadline, Failure, Lane, Reply, Source};
use crate::wire::date;
use http::Method;
use std::time::Instant;

/// What the object must be if it is the one that was uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) size: u64,
    pub(super) crc64: u64,
}

/// What a HEAD tells.
pub(super) enum Found {
    /// The object is there with the expected content: the reply to the HEAD says more.
    Same(Reply),
    /// There is no such object.
    Absent,
    /// There is an object with other content, or one from before the upload.
    Other(Reply),
    /// That cannot be found out; OSS may at least have answered.
    Unclear { answered: bool },
}

impl Bucket {
    /// Sends a request that does no harm if it is done twice, until it is answered.
    pub(super) async fn ask(
        &self,
        lane: &Lane,
        call: &Call<'_>,
        attempts: &mut Attempts,
    ) -> Result<Reply, Failure> {
        loop {
            // OSS wants to be told the length of a POST, be it zero.
            let empty = Body::Bytes(&[]);
            let mut nothing = empty.reading();
            let source = (call.method == Method::POST).then_some(&mut nothing as &mut dyn Source);
            let result = self.send(lane, call, source, attempts.deadline()).await;
            let verdict = match &result {
                Ok(reply) if reply.cut.is_some() => attempts.judge_cut(),
                _ => attempts.judge(Some(self), &result),
            };
            if verdict == Verdict::Final || !attempts.again(lane, verdict).await {
                return result;
            }
        }
    }

    pub(super) async fn head(
        &self,
        lane: &Lane,
        key: &str,
        attempts: &mut Attempts,
    ) -> Result<Reply, Failure> {
        self.ask(lane, &Call::new(Method::HEAD, key), attempts).await
    }

    /// Looks whether the object `key` is what has been uploaded since `began`, or ever. Without an expectation nothing can
    /// be said of one that is there.
    pub(super) async fn settle(
        &self,
        lane: &Lane,
        key: &str,
        expected: Option<Expected>,
        began: Option<Instant>,
        deadline: Deadline,
    ) -> Found {
        let mut attempts = Attempts::new(self, deadline);
        let Ok(reply) = self.head(lane, key, &mut attempts).await else {
            return Found::Unclear { answered: false };
        };
        match reply.status {
            // A proxy without a server behind it says 404 too, and others say 200 to everything.
            _ if !reply.headers.contains_key("x-oss-request-id") => Found::Unclear { answered: true },
            404 => Found::Absent,
            200 if began.is_some_and(|began| is_older(&reply, began)) => Found::Other(reply),
            200 => compare(reply, expected),
            _ => Found::Unclear { answered: true },
        }
    }
}

fn compare(reply: Reply, expected: Option<Expected>) -> Found {
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
pub(super) fn size_of(head: &Reply) -> Option<u64> {
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
