//! The uploads in parts that a bucket has and that are neither completed nor aborted.

use crate::engine::bucket::{Bucket, Limits};
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::request::{Attempts, Call, Operation};
use crate::transport::{Deadline, Lane};
use crate::wire::mistake::Mistake;
use crate::wire::xml::{self, ListedUpload};
use std::ops::RangeInclusive;

/// The largest page of uploads that OSS lists.
const PAGE: u32 = 1000;
/// How many uploads one call may list.
const LIMITS: RangeInclusive<u32> = 1..=100_000;

/// Uploads, and whether there are more.
#[derive(Debug, Default)]
pub struct Uploads {
    /// In the order of their keys.
    pub uploads: Vec<ListedUpload>,
    /// Whether some were left out because of the limit.
    pub is_truncated: bool,
}

impl Bucket {
    /// ListMultipartUploads: those of keys that begin with `prefix`, at most `limit` of them.
    pub fn list_uploads(&self, prefix: &str, limit: u32) -> (Uploads, Outcome) {
        let mut found = Uploads::default();
        if !LIMITS.contains(&limit) {
            let mistake = Mistake::new(format!(
                "a limit of {limit} uploads is not from {} to {}",
                LIMITS.start(),
                LIMITS.end()
            ));
            return (found, mistake.into());
        }
        let outcome = self.run(&Limits::default(), Stored::No, async |lane: &Lane, deadline: Deadline| {
            let mut attempts = Attempts::new(self, deadline);
            let asked = self.ask_for_uploads(lane, &mut attempts, prefix, limit, &mut found).await;
            asked.unwrap_or_else(|outcome| *outcome).after(attempts.made)
        });
        (found, outcome)
    }

    async fn ask_for_uploads(
        &self,
        lane: &Lane,
        attempts: &mut Attempts,
        prefix: &str,
        limit: u32,
        found: &mut Uploads,
    ) -> Result<Outcome, Box<Outcome>> {
        let mut marker = (String::new(), String::new());
        loop {
            let rest = limit.saturating_sub(u32::try_from(found.uploads.len()).unwrap_or(u32::MAX));
            let call = Call::of_bucket(Operation::ListMultipartUploads)
                .with_query("uploads", "")
                .with_query("encoding-type", "url")
                .with_query("prefix", prefix)
                .with_query("max-uploads", rest.min(PAGE).to_string())
                .with_query("key-marker", &marker.0)
                .with_query("upload-id-marker", &marker.1);
            attempts.renew();
            let outcome = self.ask(lane, &call, attempts).await.outcome(Stored::No);
            if !outcome.is_ok() {
                return Err(Box::new(outcome));
            }
            // A page that leads on must bring something, or the listing would never come to an end.
            let page = xml::parse_list_uploads(&outcome.body).ok();
            let Some(page) = page.filter(|page| !page.is_truncated || !page.uploads.is_empty()) else {
                return Err(Box::new(
                    outcome.with(Status::BadResponse, "the list of uploads makes no sense"),
                ));
            };
            found.uploads.extend(page.uploads);
            found.uploads.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            found.is_truncated = page.is_truncated;
            if !page.is_truncated || found.uploads.len() as u64 >= u64::from(limit) {
                return Ok(outcome);
            }
            marker = page.next;
        }
    }
}
