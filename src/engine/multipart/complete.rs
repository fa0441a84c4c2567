//! CompleteMultipartUpload: the parts become the object, and the callback runs.

use super::Multipart;
use super::parts::{self, Part, with_room_for};
use crate::callback::Callback;
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::request::{Attempts, Creation, Note, Operation, Target};
use crate::engine::source::{Body, Content};
use crate::transport::{Deadline, Lane, SourceFailure};
use crate::wire::mistake::Mistake;
use crate::wire::xml;
use std::time::{Duration, Instant};

/// OSS may take long to put many parts together.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which parts make the object.
pub enum Completion {
    /// Those that were uploaded through the handle, and those that were there when it was reopened.
    Known,
    /// These, which must be there.
    Listed(Vec<(u32, String)>),
    /// Whatever OSS has.
    All,
}

/// What is so where another process may have gone before, or may go on.
#[derive(Clone, Copy, Default)]
pub(crate) struct Earlier<'a> {
    /// That an earlier process may have completed it already, and when OSS is over with that.
    pub(crate) sent_before: Option<Instant>,
    /// Notes that it is about to be completed.
    pub(crate) note: Option<&'a Note<'a>>,
}

impl Multipart {
    /// Makes the object and, with a callback, hands back the application server's answer.
    pub fn complete(&self, completion: Completion, callback: Option<&Callback>) -> Outcome {
        self.bucket.run(&self.terms.limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            match self.complete_on(lane, deadline, completion, callback, Earlier::default()).await {
                Ok(outcome) => outcome,
                Err(outcome) => *outcome,
            }
        })
    }

    /// What goes on from an `earlier` process, or may be gone on with.
    pub(crate) async fn complete_on(
        &self,
        lane: &Lane,
        deadline: Deadline,
        completion: Completion,
        callback: Option<&Callback>,
        earlier: Earlier<'_>,
    ) -> Result<Outcome, Box<Outcome>> {
        let callback = callback.map(|callback| callback.delivered_as(&self.terms.delivery_id));
        let mut call = self
            .call(Operation::CompleteMultipartUpload)
            .with_query("uploadId", &self.upload_id)
            .with_headers(&self.terms.headers.complete)
            .with_patience(PATIENCE)
            .with_callback(callback.as_deref())
            .map_err(refused)?
            .with_delivery(self.terms.delivery)
            .recorded(self.terms.outbox.as_ref(), callback.as_deref(), self.terms.content_type())
            .expecting(self.terms.token.as_deref());
        let (request, content) = match completion {
            Completion::All => {
                call = call.with_header("x-oss-complete-all", "yes");
                (String::new(), parts::content(&self.parts_at_oss(lane, deadline).await?))
            }
            Completion::Known => self.request_for(self.parts.all().map_err(no_memory)?)?,
            Completion::Listed(list) => {
                let list = self.listed(lane, deadline, list).await?;
                self.request_for(list)?
            }
        };
        if !request.is_empty() {
            call = call.with_header("content-type", "application/xml");
        }
        let body = Body::Bytes(request.as_bytes());
        let creation = Creation::new(Target::Bucket(&self.bucket), call, &body).of_parts(content);
        let creation = creation.sent_before(earlier.sent_before).noted(earlier.note);
        let mut outcome = creation.run(lane, deadline).await.outcome;
        if callback.is_some()
            && let Some(content_type) = self.terms.content_type()
        {
            outcome.uploaded.put("mimeType", content_type);
        }
        Ok(outcome)
    }

    fn request_for(&self, list: Vec<Part>) -> Result<(String, Option<Content>), Box<Outcome>> {
        let list = parts::check_list(list).map_err(refused)?;
        let request = xml::complete_request(list.iter().map(|part| (part.number, part.etag.as_str())));
        let request = request.map_err(|bytes| no_memory(SourceFailure::no_memory(bytes)))?;
        Ok((request, parts::content(&list)))
    }

    /// The caller's list with what is known of its parts. Those that another program uploaded are looked up, since
    /// without their sizes and CRCs neither the object nor a lost reply could be checked.
    async fn listed(
        &self,
        lane: &Lane,
        deadline: Deadline,
        list: Vec<(u32, String)>,
    ) -> Result<Vec<Part>, Box<Outcome>> {
        let known = |(number, etag): &(u32, String)| self.parts.find(*number, etag);
        let mut parts = with_room_for(list.len()).map_err(no_memory)?;
        parts.extend(list.iter().map_while(known));
        if parts.len() == list.len() {
            return Ok(parts);
        }
        parts.clear();
        let at_oss = self.parts_at_oss(lane, deadline).await?;
        let described = |(number, etag): (u32, String)| {
            let listed = at_oss
                .binary_search_by_key(&number, |part| part.number)
                .ok()
                .and_then(|index| at_oss.get(index));
            let found = listed.filter(|part| part.etag == etag).cloned();
            found.unwrap_or(Part { number, etag, size: None, crc64: None })
        };
        parts.extend(list.into_iter().map(described));
        Ok(parts)
    }

    async fn parts_at_oss(&self, lane: &Lane, deadline: Deadline) -> Result<Vec<Part>, Box<Outcome>> {
        let mut attempts = Attempts::new(&self.bucket, deadline);
        Ok(self.ask_for_parts(lane, &mut attempts).await?.0)
    }
}

fn no_memory(failure: SourceFailure) -> Box<Outcome> {
    Box::new(Outcome::failed(failure.into(), Stored::No))
}

fn refused(mistake: Mistake) -> Box<Outcome> {
    Box::new(mistake.into())
}
