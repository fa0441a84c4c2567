//! The sending of what creates an object or a part of one: put, part and Complete share the rules for what is sent
//! again. With a callback nothing is, unless it is certain that the object was not stored, so that no callback ran.

use super::attempt::Call;
use super::bucket::Bucket;
use super::outcome::{Outcome, Status, Stored, crc64_of, error_of};
use super::retry::{Attempts, Verdict};
use super::settle::{Expected, Found};
use super::source::{Body, Reading};
use crate::transport::{Cause, Deadline, Failure, Lane, Reply, Source};
use crate::wire::xml;

/// A request that creates something.
pub(super) struct Upload<'a> {
    pub(super) bucket: &'a Bucket,
    pub(super) key: &'a str,
    pub(super) call: Call<'a>,
    pub(super) body: Body<'a>,
    pub(super) creates: Creates,
    pub(super) callback: bool,
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

impl Upload<'_> {
    /// Sends it, again where that is right, and tells the truth about the object.
    pub(super) async fn run(self, lane: &Lane, deadline: Deadline) -> Outcome {
        let mut attempts = Attempts::new(self.bucket, deadline);
        let outcome = self.send(lane, &mut attempts).await;
        outcome.after(attempts.made)
    }

    async fn send(&self, lane: &Lane, attempts: &mut Attempts) -> Outcome {
        loop {
            let mut reading = self.body.reading();
            let source: &mut dyn Source = &mut reading;
            let sent = self.bucket.send(lane, &self.call, Some(source), attempts.deadline()).await;
            let verdict = self.judge(&sent, attempts);
            let content = self.content(&reading);
            if verdict == Verdict::Lost && self.callback {
                match self.bucket.settle(lane, self.key, content, attempts.deadline()).await {
                    Found::Same(head) => return self.found_stored(head),
                    Found::Unclear => return unknown(sent),
                    Found::NotThere if attempts.again(lane, verdict).await => continue,
                    Found::NotThere => return outcome_of(sent, Stored::No),
                }
            }
            if let Ok(reply) = &sent
                && is_success(reply, verdict)
            {
                let broken = is_broken(reply, content);
                // The callback has run, or was tried: to send again would run it twice.
                if broken && !self.callback && attempts.again(lane, Verdict::NotDone).await {
                    continue;
                }
                return self.success(sent, broken);
            }
            if verdict != Verdict::Final && attempts.again(lane, verdict).await {
                continue;
            }
            return self.failure(lane, sent, content, attempts).await;
        }
    }

    fn judge(&self, sent: &Sent, attempts: &mut Attempts) -> Verdict {
        let verdict = attempts.judge(self.bucket, sent);
        // Complete can take long, and a server that sent its 200 early has only the body left to report an error in.
        let error_in_disguise = |reply: &Reply| {
            let completes = matches!(self.creates, Creates::ObjectOfParts(_));
            completes && !self.callback && reply.status == 200 && !error_of(reply).code.is_empty()
        };
        if sent.as_ref().is_ok_and(error_in_disguise) {
            attempts.lost = true;
            return Verdict::Lost;
        }
        verdict
    }

    /// What the object must hold if the request was carried out.
    fn content(&self, reading: &Reading<'_>) -> Option<Expected> {
        match self.creates {
            Creates::ObjectOfParts(content) => content,
            Creates::Object | Creates::Part => {
                Some(Expected { size: reading.size(), crc64: reading.crc64() })
            }
        }
    }

    fn success(&self, sent: Sent, broken: bool) -> Outcome {
        let reply = match sent {
            Ok(reply) => reply,
            Err(failure) => return Outcome::failed(failure, Stored::Unknown),
        };
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
                "stored, but OSS answered with its own result, so the callback seems not to have run",
            ),
            _ => outcome,
        }
    }

    /// With a callback the application server's answer takes the place of OSS's.
    fn was_answered_by_oss(&self, outcome: &Outcome) -> bool {
        matches!(self.creates, Creates::ObjectOfParts(_)) && xml::parse_complete(&outcome.body).is_some()
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
        let deadline = attempts.deadline();
        if attempts.lost && self.creates != Creates::Part {
            return match self.bucket.settle(lane, self.key, content, deadline).await {
                Found::Same(head) => self.found_stored(head),
                Found::NotThere => outcome_of(sent, Stored::No),
                Found::Unclear => unknown(sent),
            };
        }
        let hidden_reason = matches!(&sent, Err(failure) if failure.cause == Cause::Interrupted);
        if hidden_reason && let Some(reason) = self.bucket.reason_for_refusal(lane, self.key, deadline).await
        {
            let outcome = Outcome::refused(reason, Stored::No);
            let message = format!(
                "the connection was reset while sending; a HEAD was refused with {}",
                outcome.message
            );
            return outcome.with(Status::Service, message);
        }
        outcome_of(sent, Stored::No)
    }
}

impl Bucket {
    /// OSS may answer before it has read the body, and close: the reset then hides the answer. A HEAD of the same key
    /// meets the same wrong key or clock.
    async fn reason_for_refusal(&self, lane: &Lane, key: &str, deadline: Deadline) -> Option<Reply> {
        let mut attempts = Attempts::new(self, deadline);
        let reply = self.head(lane, key, &mut attempts).await.ok()?;
        let refused = (400..500).contains(&reply.status) && error_of(&reply).code != "NoSuchKey";
        // A 404 without a code says no more than that the object is not there.
        (refused && (reply.status != 404 || !error_of(&reply).code.is_empty())).then_some(reply)
    }
}

fn is_success(reply: &Reply, verdict: Verdict) -> bool {
    verdict == Verdict::Final && matches!(reply.status, 200 | 203 | 204)
}

/// Whether OSS computed another CRC-64 than we did. It is not compared when OSS sends none, or we know none.
fn is_broken(reply: &Reply, content: Option<Expected>) -> bool {
    matches!((crc64_of(reply), content), (Some(theirs), Some(ours)) if theirs != ours.crc64)
}

fn outcome_of(sent: Sent, stored: Stored) -> Outcome {
    match sent {
        Ok(reply) => Outcome::refused(reply, stored),
        Err(failure) => Outcome::failed(failure, stored),
    }
}

fn unknown(sent: Sent) -> Outcome {
    let mut outcome = outcome_of(sent, Stored::Unknown);
    outcome.message.push_str("; whether the object is stored could not be found out");
    outcome
}
