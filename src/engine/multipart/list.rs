//! The uploads in parts that a bucket has and that are neither completed nor aborted.

use crate::engine::bucket::{Bucket, Limits};
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::request::{Attempts, Call, Operation};
use crate::transport::{Deadline, Lane};
use crate::wire::mistake::Mistake;
use crate::wire::xml::{self, ListedUpload, UploadPage};
use std::ops::RangeInclusive;

/// The largest page of uploads that OSS lists.
const PAGE: u32 = 1000;
/// How many uploads one call may list.
const LIMITS: RangeInclusive<u32> = 1..=100_000;
/// So many bytes of keys, ids and times one call lists at most, be the limit higher.
const LARGEST: usize = 16 << 20;

/// Uploads, and whether there are more.
#[derive(Debug, Default)]
pub struct Uploads {
    /// In the order of their keys.
    pub uploads: Vec<ListedUpload>,
    /// Whether some were left out because of the limit, or because they would be too large.
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
        let mut rest = limit;
        let mut room = LARGEST;
        loop {
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
            let page = match xml::parse_list_uploads(&outcome.body) {
                Ok(page) if goes_on(&page, &marker) && is_about(&page, prefix) => page,
                page => {
                    return Err(outcome.unreadable(page.err().as_ref(), "the list of uploads makes no sense"));
                }
            };
            if found.uploads.try_reserve(page.uploads.len()).is_err() {
                return Err(Box::new(outcome.without_memory()));
            }
            for upload in page.uploads {
                let size = upload.key.len() + upload.upload_id.len() + upload.initiated.len();
                if rest == 0 || size > room {
                    found.is_truncated = true;
                    return Ok(outcome);
                }
                rest -= 1;
                room -= size;
                found.uploads.push(upload);
            }
            found.is_truncated = page.is_truncated;
            if !page.is_truncated || rest == 0 {
                return Ok(outcome);
            }
            marker = page.next;
        }
    }
}

/// Whether a page lists nothing but what was asked for.
fn is_about(page: &UploadPage, prefix: &str) -> bool {
    page.uploads.iter().all(|upload| upload.key.starts_with(prefix))
}

/// Whether no upload of a page has a key before that of the one before it, nor the first of them before that of the marker, and
/// a page that is not the last leads on to another. Of one key they may come in any order. Since such a page has to bring
/// something, too, the limit ends any list.
fn goes_on(page: &UploadPage, marker: &(String, String)) -> bool {
    let next = (page.next.0.as_str(), page.next.1.as_str());
    let marker = (marker.0.as_str(), marker.1.as_str());
    let mut last = marker;
    for upload in &page.uploads {
        let place = (upload.key.as_str(), upload.upload_id.as_str());
        if upload.key.is_empty() || place.0 < last.0 || place == last {
            return false;
        }
        last = place;
    }
    !page.is_truncated || !page.uploads.is_empty() && next.0 >= last.0 && next != marker
}
