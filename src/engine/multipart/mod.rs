//! A multipart upload: its beginning, its parts, and its end without an object.

mod abort;
mod complete;
mod list;
mod parts;

pub use complete::Completion;
pub(crate) use complete::Earlier;
pub use list::Uploads;
pub use parts::Part;
pub(crate) use parts::{Parts, with_room_for};

use crate::engine::bucket::{Bucket, Limits};
use crate::engine::object::{MultipartHeaders, ObjectOptions};
use crate::engine::outbox::Outbox;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::request::{
    Answer, Attempts, Call, CallbackDelivery, Created, Creation, Operation, Target, Verdict,
};
use crate::engine::rules::{PART_NUMBERS, check_part_number, check_size, check_upload_id};
use crate::engine::source::{Body, Input};
use crate::transport::{Deadline, Lane, Reply};
use crate::wire::key;
use crate::wire::mistake::Mistake;
use crate::wire::random_id::random_id;
use crate::wire::xml::{self, PartPage};
use std::sync::Arc;

/// The largest page of parts that OSS lists.
const PAGE: &str = "1000";

/// A multipart upload that OSS knows. Takes parts from any number of threads.
pub struct Multipart {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) key: String,
    pub(crate) upload_id: String,
    pub(crate) parts: Arc<Parts>,
    pub(crate) terms: Terms,
}

/// What holds for the requests of a multipart upload.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    pub(crate) headers: MultipartHeaders,
    pub(crate) content_md5: bool,
    /// How often Complete may run a callback.
    pub(crate) delivery: CallbackDelivery,
    /// The token that the object is stored with, if it has one.
    pub(crate) token: Option<String>,
    /// Where it is kept that the callback is owed.
    pub(crate) outbox: Option<Arc<Outbox>>,
    /// What tells the deliveries of its callback from those of another upload's.
    pub(crate) delivery_id: String,
    pub(crate) limits: Limits,
}

impl Terms {
    /// `may_owe` says whether there may be a callback.
    pub(crate) fn new(
        key: &str,
        file_name: Option<&str>,
        options: &ObjectOptions,
        may_owe: bool,
    ) -> Result<Terms, Mistake> {
        key::check_key(key)?;
        Ok(Terms {
            headers: options.split_for_multipart(key, file_name)?,
            content_md5: options.wants_content_md5(),
            delivery: options.callback_delivery(),
            token: options.new_token(may_owe)?,
            delivery_id: random_id()?,
            outbox: options.outbox().cloned(),
            limits: options.limits().clone(),
        })
    }

    /// Those of an upload that was begun elsewhere.
    fn of_another() -> Result<Terms, Mistake> {
        Ok(Terms { delivery_id: random_id()?, ..Terms::default() })
    }

    /// The content type that the object gets; not known of an upload that was begun elsewhere.
    pub(crate) fn content_type(&self) -> Option<&str> {
        let header = self.headers.begin.iter().find(|(name, _)| name == "content-type");
        header.map(|(_, value)| value.as_str())
    }
}

/// A multipart upload if there is one, and how the call went.
pub type Opened = (Option<Multipart>, Outcome);

impl Multipart {
    /// InitiateMultipartUpload. `options` say what the object will be stored with.
    pub fn begin(bucket: &Arc<Bucket>, key: &str, options: &ObjectOptions) -> Opened {
        let terms = match Terms::new(key, None, options, true) {
            Ok(terms) => terms,
            Err(mistake) => return (None, mistake.into()),
        };
        let mut multipart = None;
        let outcome = bucket.run(options.limits(), Stored::No, async |lane: &Lane, deadline: Deadline| {
            match Multipart::begin_on(lane, deadline, bucket, key, terms).await {
                Ok((begun, outcome)) => {
                    multipart = Some(begun);
                    outcome
                }
                Err(outcome) => *outcome,
            }
        });
        (multipart, outcome)
    }

    pub(crate) async fn begin_on(
        lane: &Lane,
        deadline: Deadline,
        bucket: &Arc<Bucket>,
        key: &str,
        terms: Terms,
    ) -> Result<(Multipart, Outcome), Box<Outcome>> {
        let call = Call::new(Operation::InitiateMultipartUpload, key)
            .with_query("uploads", "")
            .with_headers(&terms.headers.begin)
            .marked(terms.token.as_deref());
        let mut attempts = Attempts::new(bucket, deadline);
        let outcome = bucket.ask(lane, &call, &mut attempts).await.outcome(Stored::No).after(attempts.made);
        if !outcome.is_ok() {
            return Err(Box::new(outcome));
        }
        match xml::parse_initiate(&outcome.body, key) {
            Ok(upload_id) => Ok((Multipart::known(bucket, key, &upload_id, terms), outcome)),
            Err(_) => Err(Box::new(
                outcome
                    .with(Status::BadResponse, "the reply to the beginning of the upload has no id for it"),
            )),
        }
    }

    /// An upload that has begun, of which no parts are known yet.
    pub(crate) fn known(bucket: &Arc<Bucket>, key: &str, upload_id: &str, terms: Terms) -> Multipart {
        Multipart {
            bucket: Arc::clone(bucket),
            key: key.to_owned(),
            upload_id: upload_id.to_owned(),
            parts: Arc::default(),
            terms,
        }
    }

    /// Goes on with an upload that was begun elsewhere or earlier: asks OSS for the parts that are there.
    pub fn reopen(bucket: &Arc<Bucket>, key: &str, upload_id: &str) -> Opened {
        let checked = key::check_key(key).and_then(|()| check_upload_id(upload_id));
        let terms = match checked.and_then(|()| Terms::of_another()) {
            Ok(terms) => Terms { outbox: bucket.outbox.clone(), ..terms },
            Err(mistake) => return (None, mistake.into()),
        };
        let multipart = Multipart::known(bucket, key, upload_id, terms);
        let (parts, outcome) = multipart.list_parts();
        if parts.into_iter().try_for_each(|part| multipart.parts.add(part)).is_err() {
            return (None, outcome.without_memory());
        }
        (outcome.is_ok().then_some(multipart), outcome)
    }

    /// The same upload, whose calls are bound to other limits.
    pub fn with_limits(&self, limits: Limits) -> Multipart {
        Multipart {
            bucket: Arc::new(self.bucket.with_limits(Limits::default())),
            key: self.key.clone(),
            upload_id: self.upload_id.clone(),
            parts: Arc::clone(&self.parts),
            terms: Terms { limits: limits.at_rate_of(&self.terms.limits), ..self.terms.clone() },
        }
    }

    /// The id that OSS gave the upload.
    pub fn upload_id(&self) -> &str {
        &self.upload_id
    }

    /// UploadPart. A part that is there already under this number is replaced.
    pub fn upload_part<'a>(&self, number: u32, input: impl Into<Input<'a>>) -> Outcome {
        if let Err(mistake) = check_part_number(number) {
            return mistake.into();
        }
        let input = input.into();
        self.bucket.run(&self.terms.limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            match input.into_body(&|| lane.check(deadline)) {
                Ok(body) => self.send_part(lane, deadline, number, &body, "").await,
                Err(unfit) => unfit.into(),
            }
        })
    }

    /// Sends a part, perhaps not for the first time, for this `reason` then.
    pub(crate) async fn send_part(
        &self,
        lane: &Lane,
        deadline: Deadline,
        number: u32,
        body: &Body<'_>,
        reason: &str,
    ) -> Outcome {
        if let Err(mistake) = check_size(body.size()) {
            return mistake.into();
        }
        let call = self
            .call(Operation::UploadPart)
            .with_query("partNumber", number.to_string())
            .with_query("uploadId", &self.upload_id)
            .with_headers(&self.terms.headers.part)
            .with_content_md5(self.terms.content_md5, body, lane, deadline);
        let call = match call.await {
            Ok(call) => call,
            Err(failure) => return Outcome::failed(failure, Stored::No),
        };
        let creation = Creation::new(Target::Bucket(&self.bucket), call, body).because(reason);
        let Created { outcome, content, over_at } = creation.run(lane, deadline).await;
        if let Some(over_at) = over_at {
            self.parts.leave_open(over_at);
        }
        if outcome.is_ok() {
            let etag = outcome.etag().to_owned();
            // Our own CRC: OSS's was compared with it, if there was one.
            let crc64 = content.map(|content| content.crc64);
            if self.parts.add(Part { number, etag, size: Some(body.size()), crc64 }).is_err() {
                return outcome.without_memory();
            }
        }
        outcome
    }

    /// ListParts: what OSS has, all pages of it.
    pub fn list_parts(&self) -> (Vec<Part>, Outcome) {
        let mut parts = Vec::new();
        let outcome =
            self.bucket.run(&self.terms.limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
                let mut attempts = Attempts::new(&self.bucket, deadline);
                match self.ask_for_parts(lane, &mut attempts).await {
                    Ok((all, reply)) => {
                        parts = all;
                        Outcome::success(reply, Stored::No)
                    }
                    Err(outcome) => *outcome,
                }
                .after(attempts.made)
            });
        (parts, outcome)
    }

    /// All parts, and the reply with the last of them.
    pub(crate) async fn ask_for_parts(
        &self,
        lane: &Lane,
        attempts: &mut Attempts,
    ) -> Result<(Vec<Part>, Reply), Box<Outcome>> {
        let mut parts: Vec<Part> = Vec::new();
        let mut marker = 0;
        loop {
            let call = self
                .call(Operation::ListParts)
                .with_query("uploadId", &self.upload_id)
                .with_query("max-parts", PAGE)
                .with_query("part-number-marker", marker.to_string());
            attempts.renew();
            let reply = match self.bucket.ask(lane, &call, attempts).await {
                Answer { verdict: Verdict::Done, sent: Ok(reply) } => reply,
                answer => return Err(Box::new(answer.outcome(Stored::No))),
            };
            let page = match xml::parse_list_parts(&reply.body, &self.key, &self.upload_id) {
                Ok(page) if goes_on(&page, marker) => page,
                page => {
                    let outcome = Outcome::success(reply, Stored::No);
                    return Err(outcome.unreadable(page.err().as_ref(), "the list of parts makes no sense"));
                }
            };
            if parts.try_reserve(page.parts.len()).is_err() {
                return Err(Box::new(Outcome::success(reply, Stored::No).without_memory()));
            }
            parts.extend(page.parts.into_iter().map(|part| Part {
                number: part.number,
                etag: part.etag,
                size: Some(part.size),
                crc64: part.crc64,
            }));
            match page.next_part_number_marker {
                Some(next) if page.is_truncated => marker = next,
                _ => return Ok((parts, reply)),
            }
        }
    }

    fn call(&self, operation: Operation) -> Call<'_> {
        Call::new(operation, &self.key)
    }
}

/// Whether a page of parts begins behind the marker, and leads on if it is not the last: otherwise the same parts would be
/// listed for ever, or some left out.
fn goes_on(page: &PartPage, marker: u32) -> bool {
    let behind = page.parts.iter().all(|part| part.number > marker);
    let leads_on =
        page.next_part_number_marker.is_some_and(|next| next > marker && PART_NUMBERS.contains(&next));
    behind && (leads_on || !page.is_truncated)
}

/// The header promises that threads may share it; here the compiler holds it.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Multipart>();
};
