//! The sending of what creates an object or a part of one: put, form, part and Complete share the rules for what is sent
//! again. What asks for a callback that may run only once is not, unless it is certain that the object was not stored, so
//! that no callback ran.

use super::attempts::Attempts;
use super::call::{Call, Operation, about};
use super::look_up::{Expected, Found, LookUps, is_certainly_older};
use super::owing::{self, Ending};
use super::target::{Sent, Target};
use super::verdict::Verdict;
use crate::callback::Values;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::reply::{crc64_of, error_of};
use crate::engine::source::{Body, Content, Frame, Reading};
use crate::transport::{Cause, Deadline, Failure, Lane, Reply, on_the_heap};
use crate::wire::{content_type, xml};
use std::time::Instant;

/// Why what OSS stored is sent again.
const BROKEN: &str = "the CRC-64 of what OSS stored is not that of the data";

/// A request that creates something.
pub(crate) struct Creation<'a> {
    target: Target<'a>,
    call: Call<'a>,
    body: &'a Body<'a>,
    /// What it creates, if that is known without reading the body.
    content: Option<Content>,
    /// When OSS is over with the same request of an earlier process that did not live to see the reply.
    sent_before: Option<Instant>,
    /// What goes around the body.
    frame: Option<&'a Frame>,
    note: Option<&'a Note<'a>>,
    /// Why it is sent again, if all of it is.
    reason: &'a str,
}

/// Done before each attempt, which does not go out if it fails.
pub(crate) type Note<'a> = dyn Fn() -> Result<(), Box<Outcome>> + 'a;

/// How it ended, and what was created, as far as it was read.
pub(crate) struct Created {
    pub(crate) outcome: Outcome,
    pub(crate) content: Option<Content>,
    /// Where the reply to one of the attempts was lost: when OSS is over with it.
    pub(crate) over_at: Option<Instant>,
}

impl<'a> Creation<'a> {
    pub(crate) fn new(target: Target<'a>, call: Call<'a>, body: &'a Body<'a>) -> Creation<'a> {
        Creation { target, call, body, content: None, sent_before: None, frame: None, note: None, reason: "" }
    }

    /// Sends the body within a frame.
    pub(crate) fn framed(self, frame: &'a Frame) -> Creation<'a> {
        Creation { frame: Some(frame), ..self }
    }

    /// Says what is created out of parts, as far as it is known.
    pub(crate) fn of_parts(self, content: Option<Content>) -> Creation<'a> {
        Creation { content, ..self }
    }

    /// Says that an earlier process sent the same request and did not live to see the reply, and when OSS is over with that.
    pub(crate) fn sent_before(self, sent_before: Option<Instant>) -> Creation<'a> {
        Creation { sent_before, ..self }
    }

    /// Has it noted before each attempt that it is about to be sent.
    pub(crate) fn noted(self, note: Option<&'a Note<'a>>) -> Creation<'a> {
        Creation { note, ..self }
    }

    /// Says that it was sent before, in vain, and for what `reason` it is sent again; none if it was not.
    pub(crate) fn because(self, reason: &'a str) -> Creation<'a> {
        Creation { reason, ..self }
    }

    /// Sends it, again where that is right, and tells the truth about the object.
    pub(crate) async fn run(self, lane: &Lane, deadline: Deadline) -> Created {
        let owed = owing::owe(lane, deadline, self.target, &self.call, self.body, self.content).await;
        let mut owed = match owed {
            Ok(owed) => owed,
            Err(outcome) => return Created { outcome: *outcome, content: self.content, over_at: None },
        };
        let mut attempts = Attempts::at(self.target, deadline);
        attempts.blame(self.reason);
        if let Some(over_at) = self.sent_before {
            attempts.follow(over_at);
        }
        let look_ups = self.target.bucket().map(|bucket| LookUps::new(bucket, self.key(), deadline));
        let mut course =
            Course { creation: &self, lane, attempts, look_ups, content: self.content, answered: false };
        let outcome = on_the_heap(|| course.send()).await.after(course.attempts.made);
        let Course { content, answered, attempts, .. } = course;
        let mut outcome = if self.call.callback { outcome.about(self.about(content)) } else { outcome };
        let over_at = attempts.open().map(|open| open.over_at);
        if let Some(owed) = &mut owed {
            owing::account(owed, lane, &mut outcome, Ending { content, answered, over_at });
        }
        Created { outcome, content, over_at }
    }

    /// What the callback is to tell.
    fn about(&self, content: Option<Content>) -> Values {
        let operation = self.call.operation;
        let mut values = about(self.target.bucket(), self.key(), operation).or(&self.call.told);
        if let Some(content) = content {
            values.put("size", content.size.to_string());
        }
        if matches!(operation, Operation::PutObject | Operation::UploadPart) {
            values.put("mimeType", self.call.header("content-type").unwrap_or(content_type::UNKNOWN));
        }
        values
    }

    fn key(&self) -> &str {
        self.call.key.unwrap_or_default()
    }

    fn completes(&self) -> bool {
        self.call.operation == Operation::CompleteMultipartUpload
    }

    /// Only Complete makes an object of it.
    fn is_part(&self) -> bool {
        self.call.operation == Operation::UploadPart
    }

    /// Whether what was stored may be sent once more. A callback has run, or was tried, and would run twice; and a
    /// multipart upload can be completed only once.
    fn may_replace(&self) -> bool {
        !self.call.callback && !self.completes()
    }

    fn success(&self, reply: Reply, verdict: Verdict, broken: bool) -> Outcome {
        let stored = if self.is_part() { Stored::No } else { Stored::Yes };
        let cut = reply.cut.clone();
        let outcome = match verdict {
            Verdict::CallbackFailed => {
                let outcome = Outcome::refused(reply, stored);
                let message = format!("stored, but the callback failed: {}", outcome.message);
                outcome.with(Status::CallbackFailed, message)
            }
            _ => Outcome::success(reply, stored),
        };
        if broken {
            let message = match outcome.message.as_str() {
                "" => BROKEN.to_owned(),
                besides => format!("{BROKEN}; {besides}"),
            };
            return outcome.with(Status::Integrity, message);
        }
        if outcome.status != Status::Ok {
            return outcome;
        }
        if self.is_part() && outcome.etag().is_empty() {
            return outcome.with(
                Status::BadResponse,
                "the reply has no usable ETag, without which the part cannot be completed",
            );
        }
        match cut {
            Some(why) if self.call.callback => outcome.with(
                Status::CallbackUnknown,
                format!("stored, but the answer to the callback was cut: {why}"),
            ),
            _ if self.call.callback && self.was_answered_by_oss(&outcome.body) => outcome.with(
                Status::CallbackUnknown,
                "stored, but the answer is OSS's own, so the callback seems not to have run",
            ),
            _ => outcome,
        }
    }

    /// With a callback the application server's answer, which is never empty, takes the place of OSS's.
    fn was_answered_by_oss(&self, body: &[u8]) -> bool {
        body.is_empty() || self.completes() && xml::is_complete_result(body)
    }

    /// Whether a reply brings the application server's answer.
    fn is_answered(&self, reply: &Reply, verdict: Verdict) -> bool {
        verdict == Verdict::Done && reply.cut.is_none() && !self.was_answered_by_oss(&reply.body)
    }

    fn found_stored(&self, head: Reply) -> Outcome {
        let outcome = Outcome::found(head);
        if !self.call.callback {
            return outcome;
        }
        outcome.with(
            Status::CallbackUnknown,
            "the reply was lost; the object is stored, but what became of the callback is not known",
        )
    }

    /// Whether the upload that is to be completed is gone from OSS. Where a completion was lost, it was that one's work, and
    /// what is there now was written later.
    fn is_gone(&self, sent: &Sent) -> bool {
        self.completes() && matches!(sent, Ok(reply) if error_of(reply).code == "NoSuchUpload")
    }
}

/// A creation under way.
struct Course<'a> {
    creation: &'a Creation<'a>,
    lane: &'a Lane,
    attempts: Attempts,
    /// Where anything can be looked up.
    look_ups: Option<LookUps<'a>>,
    /// What is created, as far as it was read.
    content: Option<Content>,
    /// Whether the application server has answered.
    answered: bool,
}

impl Course<'_> {
    async fn send(&mut self) -> Outcome {
        let Course { creation, lane, .. } = *self;
        let call = &creation.call;
        // What an earlier attempt stored with a wrong CRC stays, unless a later one replaces it.
        let mut stored_broken = None;
        let mut repeats = 0;
        loop {
            // What may run once only comes here again when it is certain that it did not run.
            if call.callback && !call.is_to_be_done_once() && self.attempts.last_is_open() {
                repeats += 1;
            }
            if let Some(Err(outcome)) = creation.note.map(|note| note()) {
                return self.unsent(*outcome);
            }
            let mut reading = creation.body.reading();
            let (sent, verdict) = self.send_once(&mut reading).await;
            if !creation.completes() {
                self.content = reading.content().or(self.content);
            }
            let ended = match sent {
                Ok(reply) if verdict.is_success() => {
                    let broken = is_broken(&reply, self.content);
                    self.answered = creation.is_answered(&reply, verdict);
                    let outcome = creation.success(reply, verdict, broken);
                    if broken
                        && creation.may_replace()
                        && self.attempts.blame(BROKEN).again(lane, call, Verdict::NotDone).await
                    {
                        stored_broken = Some(outcome);
                        continue;
                    }
                    Some(outcome)
                }
                sent if verdict.is_open() && call.is_to_be_done_once() => self.settled(sent, true).await,
                _ if verdict.may_change() && self.attempts.again(lane, call, verdict).await => None,
                sent => self.failure(sent).await,
            };
            let Some(outcome) = ended else { continue };
            let outcome = match stored_broken {
                Some(broken) if !verdict.is_success() && outcome.stored != Stored::Yes => broken,
                _ => outcome,
            };
            return Outcome { callback_repeats: repeats, ..outcome };
        }
    }

    async fn send_once(&mut self, reading: &mut Reading<'_>) -> (Sent, Verdict) {
        let Creation { target, call, frame, .. } = self.creation;
        match frame {
            Some(frame) => {
                let mut framed = frame.around(reading);
                self.attempts.send(self.lane, *target, call, Some(&mut framed)).await
            }
            None => self.attempts.send(self.lane, *target, call, Some(reading)).await,
        }
    }

    /// The end before another attempt, which says nothing of those that were made.
    fn unsent(&self, outcome: Outcome) -> Outcome {
        let stored = if self.attempts.open().is_some() { Stored::Unknown } else { outcome.stored };
        Outcome { stored, ..outcome }
    }

    /// The end of the attempts without success; `None` if there is to be one more.
    async fn failure(&mut self, sent: Sent) -> Option<Outcome> {
        let Course { creation, lane, .. } = *self;
        if self.attempts.open().is_some() && !creation.is_part() {
            return self.settled(sent, false).await;
        }
        if self.attempts.was_lost() && creation.is_gone(&sent) {
            return Some(Outcome::unknown(sent));
        }
        match creation.target {
            Target::Bucket(bucket) => {
                bucket.refused_or_failed(lane, &creation.call, sent, &mut self.attempts).await
            }
            Target::Url(_) => Some(Outcome::without_success(sent, Stored::No)),
        }
    }

    /// What a look at the object says of an upload whose reply was lost; `None` if it may and can be sent again.
    async fn settled(&mut self, sent: Sent, again: bool) -> Option<Outcome> {
        let Course { creation, lane, ref look_ups, content, .. } = *self;
        let (Some(look_ups), Some(open)) = (look_ups, self.attempts.open()) else {
            return Some(Outcome::unknown(sent));
        };
        let expected = Expected { content, token: creation.call.token.as_deref() };
        let was_not_done = match look_ups.settle(lane, expected, open).await {
            Found::Ours(head) => return Some(creation.found_stored(head)),
            _ if creation.is_gone(&sent) => false,
            Found::Absent => true,
            Found::Other(head) => creation.call.callback && is_certainly_older(&head, self.attempts.took()),
            Found::Unclear { .. } => false,
        };
        if !was_not_done {
            return Some(Outcome::unknown(sent));
        }
        self.attempts.close();
        // What cannot be read again cannot be sent again.
        let can_be_read = !matches!(&sent, Err(Failure { cause: Cause::Source(_), .. }));
        let is_right = can_be_read && look_ups.have_put_right();
        let once_more = self.attempts.may_follow(lane, &creation.call, is_right);
        match once_more || again && self.attempts.again(lane, &creation.call, Verdict::NotDone).await {
            true => None,
            false => Some(Outcome::without_success(sent, Stored::No)),
        }
    }
}

/// Whether OSS computed another CRC-64 than we did. It is not compared when OSS sends none, or we know none.
fn is_broken(reply: &Reply, content: Option<Content>) -> bool {
    matches!((crc64_of(reply), content), (Some(theirs), Some(ours)) if theirs != ours.crc64)
}
