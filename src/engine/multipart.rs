//! A multipart upload: its beginning, its parts, and its end without an object.

use super::attempt::Call;
use super::bucket::Bucket;
use super::limits::Limits;
use super::object_options::{MultipartHeaders, ObjectOptions};
use super::outcome::{Outcome, Status, Stored, error_of};
use super::parts::{self, Part, Parts};
use super::put::check_size;
use super::reader::Input;
use super::retry::Attempts;
use super::source::Body;
use super::upload::{Creates, Upload, Uploaded};
use crate::transport::{Deadline, Failure, Lane, Reply};
use crate::wire::key;
use crate::wire::mistake::Mistake;
use crate::wire::xml::{self, PartPage};
use http::Method;
use std::sync::Arc;

/// The largest page of parts that OSS lists.
const PAGE: &str = "1000";

/// A multipart upload that OSS knows. Takes parts from any number of threads.
pub struct Multipart {
    pub(super) bucket: Arc<Bucket>,
    pub(super) key: String,
    pub(super) upload_id: String,
    pub(super) parts: Arc<Parts>,
    pub(super) terms: Terms,
}

/// What holds for the requests of a multipart upload.
#[derive(Clone, Default)]
pub(super) struct Terms {
    pub(super) headers: MultipartHeaders,
    pub(super) content_md5: bool,
    pub(super) limits: Limits,
}

impl Terms {
    pub(super) fn new(key: &str, file_name: Option<&str>, options: &ObjectOptions) -> Result<Terms, Mistake> {
        key::check_key(key)?;
        Ok(Terms {
            headers: options.split_for_multipart(key, file_name)?,
            content_md5: options.wants_content_md5(),
            limits: options.limits().clone(),
        })
    }

    /// The content type that the object gets; not known of an upload that was begun elsewhere.
    pub(super) fn content_type(&self) -> Option<&str> {
        let header = self.headers.begin.iter().find(|(name, _)| name == "content-type");
        header.map(|(_, value)| value.as_str())
    }
}

/// A multipart upload if there is one, and how the call went.
pub type Opened = (Option<Multipart>, Outcome);

impl Multipart {
    /// InitiateMultipartUpload. `options` say what the object will be stored with.
    pub fn begin(bucket: &Arc<Bucket>, key: &str, options: &ObjectOptions) -> Opened {
        let terms = match Terms::new(key, None, options) {
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

    pub(super) async fn begin_on(
        lane: &Lane,
        deadline: Deadline,
        bucket: &Arc<Bucket>,
        key: &str,
        terms: Terms,
    ) -> Result<(Multipart, Outcome), Box<Outcome>> {
        let call = Call::new(Method::POST, key).with_query("uploads", "").with_headers(&terms.headers.begin);
        let mut attempts = Attempts::new(bucket, deadline);
        let result = bucket.ask(lane, &call, &mut attempts).await;
        let outcome = conclude(result).after(attempts.made);
        if !outcome.is_ok() {
            return Err(Box::new(outcome));
        }
        match xml::parse_initiate(&outcome.body) {
            Ok(begun) if !begun.upload_id.is_empty() => {
                Ok((Multipart::known(bucket, key, &begun.upload_id, terms), outcome))
            }
            _ => Err(Box::new(
                outcome
                    .with(Status::BadResponse, "the reply to the beginning of the upload has no upload id"),
            )),
        }
    }

    /// An upload that has begun, of which no parts are known yet.
    pub(super) fn known(bucket: &Arc<Bucket>, key: &str, upload_id: &str, terms: Terms) -> Multipart {
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
        if let Err(mistake) = key::check_key(key).and_then(|()| check_upload_id(upload_id)) {
            return (None, mistake.into());
        }
        let multipart = Multipart::known(bucket, key, upload_id, Terms::default());
        let (parts, outcome) = multipart.list_parts();
        parts.into_iter().for_each(|part| multipart.parts.add(part));
        (outcome.is_ok().then_some(multipart), outcome)
    }

    /// The same upload, whose calls are bound to other limits.
    pub fn with_limits(&self, limits: Limits) -> Multipart {
        Multipart {
            bucket: Arc::new(self.bucket.with_limits(Limits::default())),
            key: self.key.clone(),
            upload_id: self.upload_id.clone(),
            parts: Arc::clone(&self.parts),
            terms: Terms { limits, ..self.terms.clone() },
        }
    }

    /// The id that OSS gave the upload.
    pub fn upload_id(&self) -> &str {
        &self.upload_id
    }

    /// UploadPart. A part that is there already under this number is replaced.
    pub fn upload_part<'a>(&self, number: u32, input: impl Into<Input<'a>>) -> Outcome {
        if let Err(mistake) = parts::check_number(number) {
            return mistake.into();
        }
        let input = input.into();
        self.bucket.run(&self.terms.limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            match input.into_body(&|| lane.check(deadline)) {
                Ok(body) => self.send_part(lane, deadline, number, &body).await,
                Err(unfit) => unfit.into(),
            }
        })
    }

    pub(super) async fn send_part(
        &self,
        lane: &Lane,
        deadline: Deadline,
        number: u32,
        body: &Body<'_>,
    ) -> Outcome {
        if let Err(mistake) = check_size(body.size()) {
            return mistake.into();
        }
        let call = self
            .call(Method::PUT)
            .with_query("partNumber", number.to_string())
            .with_query("uploadId", &self.upload_id)
            .with_headers(&self.terms.headers.part)
            .with_content_md5(self.terms.content_md5, body, &|| lane.check(deadline));
        let call = match call {
            Ok(call) => call,
            Err(failure) => return Outcome::failed(failure, Stored::No),
        };
        let upload = Upload::new(&self.bucket, call, body, Creates::Part);
        let Uploaded { outcome, content } = upload.run(lane, deadline).await;
        if outcome.is_ok() {
            let etag = outcome.etag().to_owned();
            // Our own CRC: OSS's was compared with it, if there was one.
            let crc64 = content.map(|content| content.crc64);
            self.parts.add(Part { number, etag, size: Some(body.size()), crc64 });
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
    pub(super) async fn ask_for_parts(
        &self,
        lane: &Lane,
        attempts: &mut Attempts,
    ) -> Result<(Vec<Part>, Reply), Box<Outcome>> {
        let mut parts: Vec<Part> = Vec::new();
        let mut marker = 0;
        loop {
            let call = self
                .call(Method::GET)
                .with_query("uploadId", &self.upload_id)
                .with_query("max-parts", PAGE)
                .with_query("part-number-marker", marker.to_string());
            attempts.renew();
            let reply = match self.bucket.ask(lane, &call, attempts).await {
                Ok(reply) if reply.status == 200 => reply,
                other => return Err(Box::new(conclude(other))),
            };
            let page = xml::parse_list_parts(&reply.body).ok().filter(|page| goes_on(page, marker));
            let Some(page) = page else {
                let outcome = Outcome::success(reply, Stored::No);
                return Err(Box::new(outcome.with(Status::BadResponse, "the list of parts makes no sense")));
            };
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

    /// AbortMultipartUpload: OSS forgets the upload and its parts.
    pub fn abort(&self) -> Outcome {
        self.bucket.run(&self.terms.limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            self.abort_on(lane, deadline).await
        })
    }

    pub(super) async fn abort_on(&self, lane: &Lane, deadline: Deadline) -> Outcome {
        let call = self.call(Method::DELETE).with_query("uploadId", &self.upload_id);
        let mut attempts = Attempts::new(&self.bucket, deadline);
        let outcome = match self.bucket.ask(lane, &call, &mut attempts).await {
            // The abort whose reply was lost did it.
            Ok(reply) if attempts.lost && error_of(&reply).code == "NoSuchUpload" => {
                Outcome::success(reply, Stored::No)
            }
            result => conclude(result),
        };
        outcome.after(attempts.made)
    }

    pub(super) fn call(&self, method: Method) -> Call<'_> {
        Call::new(method, &self.key)
    }
}

/// What became of a request that makes no object.
pub(super) fn conclude(result: Result<Reply, Failure>) -> Outcome {
    match result {
        Ok(reply) if matches!(reply.status, 200 | 204) => Outcome::success(reply, Stored::No),
        Ok(reply) => Outcome::refused(reply, Stored::No),
        Err(failure) => Outcome::failed(failure, Stored::No),
    }
}

/// Whether a page of parts begins behind the marker, and leads on if it is not the last: otherwise the same parts would be
/// listed for ever, or some left out.
fn goes_on(page: &PartPage, marker: u32) -> bool {
    let behind = page.parts.iter().all(|part| part.number > marker);
    let leads_on =
        page.next_part_number_marker.is_some_and(|next| next > marker && parts::NUMBERS.contains(&next));
    behind && (leads_on || !page.is_truncated)
}

pub(super) fn check_upload_id(upload_id: &str) -> Result<(), Mistake> {
    if upload_id.is_empty() || upload_id.len() > 1024 {
        return Err(Mistake::new(format!("an upload id of {} bytes is not one of OSS's", upload_id.len())));
    }
    Ok(())
}
