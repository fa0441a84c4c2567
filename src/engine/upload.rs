//! The sending of what creates an object or a part of one: put, part and Complete share the rules for what is sent
//! again. With a callback nothing is, unless it is certain that the object was not stored, so that no callback ran.

use super::attempt::Call;
use super::bucket::Bucket;
use super::form_data::FormData;
use super::outcome::{Outcome, Status, Stored, crc64_of, error_of};
use super::put_to_url::SignedUrl;
use super::retry::{Attempts, Verdict};
use super::settle::{Expected, Found};
use super::source::{Body, Reading};
use crate::callback::Values;
use crate::transport::{Cause, Deadline, Failure, Lane, Reply, Source};
use crate::wire::{content_type, xml};

/// A request that creates something.
pub(super) struct Upload<'a> {
    target: Target<'a>,
    call: Call<'a>,
    body: &'a Body<'a>,
    creates: Creates,
    callback: bool,
    sent_before: bool,
    /// The form around the body, if it goes as one.
    form: Option<&'a FormData>,
}

/// Where it goes.
#[derive(Clone, Copy)]
enum Target<'a> {
    /// To an object of a bucket that we sign for.
    Object(&'a Bucket, &'a str),
    /// To a URL that somebody signed. Nothing can be looked up there.
    Url(&'a SignedUrl),
}

/// What the request brings about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Creates {
    /// An object with the request's body as its content.
    Object,
    /// A part with the request's body as its content. Only Complete makes an object of it.
    Part,
    /// An object out of parts, with this content if it is known.
    ObjectOfParts(Option<Expected>),
}

type Sent = Result<Reply, Failure>;

/// How an upload ended, and what its content is, as far as it was read.
pub(super) struct Uploaded {
    pub(super) outcome: Outcome,
    pub(super) content: Option<Expected>,
}

impl<'a> Upload<'a> {
    pub(super) fn new(
        bucket: &'a Bucket,
        call: Call<'a>,
        body: &'a Body<'a>,
        creates: Creates,
    ) -> Upload<'a> {
        let key = call.key.unwrap_or_default();
        let callback = call.asks_for_callback();
        let target = Target::Object(bucket, key);
        Upload { target, call, body, creates, callback, sent_before: false, form: None }
    }

    /// A request to a URL that somebody signed, with a `callback` in it or not.
    pub(super) fn to_url(
        url: &'a SignedUrl,
        call: Call<'a>,
        body: &'a Body<'a>,
        creates: Creates,
        callback: bool,
    ) -> Upload<'a> {
        let target = Target::Url(url);
        Upload { target, call, body, creates, callback, sent_before: false, form: None }
    }

    /// Sends the body as the file of a form.
    pub(super) fn in_form(self, form: &'a FormData) -> Upload<'a> {
        Upload { form: Some(form), ..self }
    }

    /// Says that an earlier process sent the same request and did not live to see the reply.
    pub(super) fn sent_before(self, sent_before: bool) -> Upload<'a> {
        Upload { sent_before, ..self }
    }

    /// Sends it, again where that is right, and tells the truth about the object.
    pub(super) async fn run(self, lane: &Lane, deadline: Deadline) -> Uploaded {
        let mut attempts = Attempts::up_to(self.target.max_attempts(), deadline);
        if self.sent_before {
            attempts.follow_an_earlier_loss();
        }
        let mut content = match self.creates {
            Creates::ObjectOfParts(content) => content,
            Creates::Object | Creates::Part => None,
        };
        // On the heap, like an exchange.
        let outcome = Box::pin(self.send(lane, &mut attempts, &mut content)).await.after(attempts.made);
        let outcome = if self.callback { outcome.about(self.about(content)) } else { outcome };
        Uploaded { outcome, content }
    }

    /// What the callback is to tell.
    fn about(&self, content: Option<Expected>) -> Values {
        let operation = match (self.creates, self.form) {
            (Creates::ObjectOfParts(_), _) => "CompleteMultipartUpload",
            (_, Some(_)) => "PostObject",
            _ => "PutObject",
        };
        let mut values = match self.target {
            Target::Object(bucket, key) => bucket.about(key, operation),
            Target::Url(_) => about(operation),
        };
        if let Some(content) = content {
            values.put("size", content.size.to_string());
        }
        if operation == "PutObject" {
            values.put("mimeType", self.call.header("content-type").unwrap_or(content_type::UNKNOWN));
        }
        values
    }

    async fn send(&self, lane: &Lane, attempts: &mut Attempts, content: &mut Option<Expected>) -> Outcome {
        // What an earlier attempt stored with a wrong CRC stays, unless a later one replaces it.
        let mut stored_broken = None;
        loop {
            let mut reading = self.body.reading();
            let sent = self.send_once(lane, &mut reading, attempts.deadline()).await;
            let verdict = self.judge(&sent, attempts);
            if !matches!(self.creates, Creates::ObjectOfParts(_)) {
                *content = content_of(&reading).or(*content);
            }
            if verdict == Verdict::Lost && self.callback {
                // The pause comes first: OSS may be about to store the object.
                let again = attempts.again(lane, verdict).await;
                match self.settle(lane, *content, attempts).await {
                    Found::Absent | Found::Other(_) if again && !attempts.may_go_on => continue,
                    found => return self.settled(sent, found, attempts),
                }
            }
            match sent {
                Ok(reply) if verdict == Verdict::Final && self.is_success(&reply) => {
                    let broken = is_broken(&reply, *content);
                    let outcome = self.success(reply, broken);
                    if broken && self.may_replace() && attempts.again(lane, Verdict::NotDone).await {
                        stored_broken = Some(outcome);
                        continue;
                    }
                    return outcome;
                }
                _ if verdict != Verdict::Final && attempts.again(lane, verdict).await => continue,
                sent => {
                    let outcome = self.failure(lane, sent, *content, attempts).await;
                    return match stored_broken {
                        Some(broken) if outcome.stored != Stored::Yes => broken,
                        _ => outcome,
                    };
                }
            }
        }
    }

    async fn send_once(&self, lane: &Lane, reading: &mut Reading<'_>, deadline: Deadline) -> Sent {
        match self.form {
            Some(form) => self.target.send(lane, &self.call, &mut form.around(reading), deadline).await,
            None => self.target.send(lane, &self.call, reading, deadline).await,
        }
    }

    /// Whether what was stored may be sent once more. A callback has run, or was tried, and would run twice; and a
    /// multipart upload can be completed only once.
    fn may_replace(&self) -> bool {
        !self.callback && !matches!(self.creates, Creates::ObjectOfParts(_))
    }

    fn judge(&self, sent: &Sent, attempts: &mut Attempts) -> Verdict {
        if matches!(sent, Ok(reply) if self.is_asked_for(reply)) {
            return attempts.note_success();
        }
        let verdict = attempts.judge(self.target.bucket(), sent);
        match sent {
            Ok(reply) if verdict == Verdict::Final && !self.is_credible(reply) => attempts.note_loss(),
            _ => verdict,
        }
    }

    fn is_success(&self, reply: &Reply) -> bool {
        matches!(reply.status, 200 | 203 | 204) || self.is_asked_for(reply)
    }

    fn is_asked_for(&self, reply: &Reply) -> bool {
        self.form.is_some_and(|form| form.is_answered_by(reply))
    }

    /// Whether a success is one, or was said by somebody else, or before it was true.
    fn is_credible(&self, reply: &Reply) -> bool {
        if reply.status != 200 {
            return true;
        }
        let from_oss = ["x-oss-request-id", "etag", "x-oss-hash-crc64ecma"]
            .iter()
            .any(|name| reply.headers.contains_key(*name));
        // Complete can take long; a server that says 200 early has only the body left to report an error in.
        let completes = matches!(self.creates, Creates::ObjectOfParts(_)) && !self.callback;
        from_oss && (!completes || xml::parse_complete(&reply.body).is_some())
    }

    fn success(&self, reply: Reply, broken: bool) -> Outcome {
        let stored = if self.creates == Creates::Part { Stored::No } else { Stored::Yes };
        let cut = reply.cut.clone();
        let outcome = match reply.status {
            203 => {
                let outcome = Outcome::refused(reply, stored);
                let message = format!("stored, but the callback failed: {}", outcome.message);
                outcome.with(Status::CallbackFailed, message)
            }
            _ => Outcome::success(reply, stored),
        };
        if broken {
            let message =
                format!("the CRC-64 of what OSS stored is not that of the data; {}", outcome.message);
            return outcome.with(Status::Integrity, message.trim_end_matches("; ").to_owned());
        }
        if outcome.status != Status::Ok {
            return outcome;
        }
        if self.creates == Creates::Part && outcome.etag().is_empty() {
            return outcome.with(
                Status::BadResponse,
                "the reply has no ETag, without which the part cannot be completed",
            );
        }
        match cut {
            Some(why) if self.callback => outcome.with(
                Status::CallbackUnknown,
                format!("stored, but the answer to the callback was cut: {why}"),
            ),
            _ if self.callback && self.was_answered_by_oss(&outcome) => outcome.with(
                Status::CallbackUnknown,
                "stored, but the answer is OSS's own, so the callback seems not to have run",
            ),
            _ => outcome,
        }
    }

    /// With a callback the application server's answer, which is never empty, takes the place of OSS's.
    fn was_answered_by_oss(&self, outcome: &Outcome) -> bool {
        let completes = matches!(self.creates, Creates::ObjectOfParts(_));
        outcome.body.is_empty() || completes && xml::parse_complete(&outcome.body).is_some()
    }

    fn found_stored(&self, head: Reply) -> Outcome {
        let outcome = Outcome::success(head, Stored::Yes);
        if !self.callback {
            return outcome;
        }
        outcome.with(
            Status::CallbackUnknown,
            "the reply was lost; the object is stored, but what became of the callback is not known",
        )
    }

    /// The end of the attempts without success.
    async fn failure(
        &self,
        lane: &Lane,
        sent: Sent,
        content: Option<Expected>,
        attempts: &Attempts,
    ) -> Outcome {
        if attempts.lost && self.creates != Creates::Part {
            let found = self.settle(lane, content, attempts).await;
            return self.settled(sent, found, attempts);
        }
        match self.target {
            Target::Object(bucket, key) => {
                bucket.refused_or_failed(lane, key, sent, attempts.deadline()).await
            }
            Target::Url(_) => outcome_of(sent, Stored::No),
        }
    }

    async fn settle(&self, lane: &Lane, content: Option<Expected>, attempts: &Attempts) -> Found {
        let Target::Object(bucket, key) = self.target else {
            return Found::Unclear { answered: false };
        };
        bucket.settle(lane, key, content, attempts.began, attempts.deadline()).await
    }

    /// What a look at the object says of an upload whose reply was lost.
    fn settled(&self, sent: Sent, found: Found, attempts: &Attempts) -> Outcome {
        match found {
            Found::Same(head) => self.found_stored(head),
            // It may come yet: OSS does not stop when the client does.
            Found::Absent | Found::Other(_) if attempts.may_go_on => unknown(sent),
            // The upload is gone from OSS, so it was completed, and what is there now was written later.
            Found::Other(_) if matches!(self.creates, Creates::ObjectOfParts(_)) => unknown(sent),
            Found::Absent | Found::Other(_) => outcome_of(sent, Stored::No),
            Found::Unclear { .. } => unknown(sent),
        }
    }
}

impl<'a> Target<'a> {
    fn bucket(self) -> Option<&'a Bucket> {
        match self {
            Target::Object(bucket, _) => Some(bucket),
            Target::Url(_) => None,
        }
    }

    fn max_attempts(self) -> u32 {
        match self {
            Target::Object(bucket, _) => bucket.max_attempts,
            Target::Url(url) => url.max_attempts,
        }
    }

    async fn send(self, lane: &Lane, call: &Call<'_>, source: &mut dyn Source, deadline: Deadline) -> Sent {
        match self {
            Target::Object(bucket, _) => bucket.send(lane, call, Some(source), deadline).await,
            Target::Url(url) => url.send(lane, call, source, deadline).await,
        }
    }
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

/// What a callback tells of every upload.
fn about(operation: &str) -> Values {
    let mut values = Values::default();
    values.put("operation", operation);
    values
}

impl Bucket {
    /// What a callback tells of every upload of the object `key`.
    pub(super) fn about(&self, key: &str, operation: &str) -> Values {
        let mut values = about(operation);
        values.put("bucket", self.endpoint.bucket());
        values.put("object", key);
        values
    }

    /// The end of an upload that was not carried out.
    pub(super) async fn refused_or_failed(
        &self,
        lane: &Lane,
        key: &str,
        sent: Result<Reply, Failure>,
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
        outcome_of(sent, Stored::No)
    }

    /// OSS may answer before it has read the body, and close: the reset then hides the answer. A HEAD of the same key
    /// meets the same wrong key or clock.
    async fn reason_for_refusal(&self, lane: &Lane, key: &str, deadline: Deadline) -> Option<Reply> {
        let mut attempts = Attempts::new(self, deadline);
        let reply = self.head(lane, key, &mut attempts).await.ok()?;
        TELLING.contains(&error_of(&reply).code.as_str()).then_some(reply)
    }
}

/// The content of a body that was read to its end.
fn content_of(reading: &Reading<'_>) -> Option<Expected> {
    reading.is_whole().then(|| Expected { size: reading.size(), crc64: reading.crc64() })
}

/// Whether OSS computed another CRC-64 than we did. It is not compared when OSS sends none, or we know none.
fn is_broken(reply: &Reply, content: Option<Expected>) -> bool {
    matches!((crc64_of(reply), content), (Some(theirs), Some(ours)) if theirs != ours.crc64)
}

pub(super) fn outcome_of(sent: Sent, stored: Stored) -> Outcome {
    match sent {
        Ok(reply) => Outcome::refused(reply, stored),
        Err(failure) => Outcome::failed(failure, stored),
    }
}

pub(super) fn unknown(sent: Sent) -> Outcome {
    let mut outcome = outcome_of(sent, Stored::Unknown);
    outcome.message.push_str("; whether the object is stored could not be found out");
    outcome
}
