//! AppendObject: data is added to the end of an object.
//!
//! Doing it twice would be wrong, but its position guards it: what was appended already is refused, since the object has
//! another length by then. So a request whose reply was lost is sent again, and what a refusal then means is looked up.
//! OSS makes no callback after an append.

use super::attempt::Call;
use super::bucket::Bucket;
use super::object_options::ObjectOptions;
use super::outcome::{Outcome, Status, Stored, crc64_of, next_position_of};
use super::put::{LARGEST_PUT, check_put};
use super::reader::Input;
use super::retry::{Attempts, Verdict};
use super::settle::{Expected, Found, size_of};
use super::source::{Body, Reading};
use super::upload::{outcome_of, unknown};
use crate::transport::{Deadline, Failure, Lane, Reply};
use crate::wire::crc64;
use crate::wire::mistake::Mistake;
use http::Method;

impl Bucket {
    /// Adds `input` to the object `key`, which has `position` bytes; at 0 it is made.
    pub fn append<'a>(
        &self,
        key: &str,
        position: u64,
        input: impl Into<Input<'a>>,
        options: &ObjectOptions,
    ) -> Outcome {
        if let Err(mistake) = check_put(key, None, options) {
            return mistake.into();
        }
        let input = input.into();
        self.run(options.limits(), Stored::No, async |lane: &Lane, deadline: Deadline| {
            let body = match input.into_body(&|| lane.check(deadline)) {
                Ok(body) => body,
                Err(unfit) => return unfit.into(),
            };
            if let Err(mistake) = check_end(position, body.size()) {
                return mistake.into();
            }
            let call = match append_call(key, position, &body, options) {
                Ok(call) => call,
                Err(mistake) => return mistake.into(),
            };
            let before = self.crc64_before(lane, deadline, key, position, options).await;
            // Where the CRC-64 of the whole cannot be compared, OSS is to compare the piece.
            let md5 = options.wants_content_md5() || before.is_none();
            match call.with_content_md5(md5, &body, &|| lane.check(deadline)) {
                Ok(call) => {
                    let append = Append { bucket: self, key, call, body: &body, position, before };
                    append.run(lane, deadline).await
                }
                Err(failure) => Outcome::failed(failure, Stored::No),
            }
        })
    }

    /// The CRC-64 of what is there already. `None` if that cannot be found out, or if something else is there.
    async fn crc64_before(
        &self,
        lane: &Lane,
        deadline: Deadline,
        key: &str,
        position: u64,
        options: &ObjectOptions,
    ) -> Option<u64> {
        if position == 0 {
            return Some(0);
        }
        if let Some(given) = options.previous_crc64() {
            return Some(given);
        }
        let head = self.head(lane, key, &mut Attempts::new(self, deadline)).await.ok()?;
        let is_it = head.status == 200 && size_of(&head) == Some(position);
        if is_it { crc64_of(&head) } else { None }
    }
}

fn append_call<'a>(
    key: &'a str,
    position: u64,
    body: &Body<'_>,
    options: &ObjectOptions,
) -> Result<Call<'a>, Mistake> {
    let call = Call::new(Method::POST, key)
        .with_query("append", "")
        .with_query("position", position.to_string())
        .with_headers(&options.headers(key, body.file_name())?);
    Ok(call)
}

fn check_end(position: u64, size: u64) -> Result<(), Mistake> {
    if position.checked_add(size).is_none_or(|end| end > LARGEST_PUT) {
        return Err(Mistake::new(format!(
            "{size} bytes at position {position} would make the object larger than the {LARGEST_PUT} bytes that appends may \
             make it"
        )));
    }
    Ok(())
}

struct Append<'a> {
    bucket: &'a Bucket,
    key: &'a str,
    call: Call<'a>,
    body: &'a Body<'a>,
    position: u64,
    /// The CRC-64 of what is there already, if it is known.
    before: Option<u64>,
}

impl Append<'_> {
    async fn run(&self, lane: &Lane, deadline: Deadline) -> Outcome {
        let mut attempts = Attempts::new(self.bucket, deadline);
        self.send(lane, &mut attempts).await.after(attempts.made)
    }

    async fn send(&self, lane: &Lane, attempts: &mut Attempts) -> Outcome {
        let mut whole = None;
        loop {
            let mut reading = self.body.reading();
            let sent = self.bucket.send(lane, &self.call, Some(&mut reading), attempts.deadline()).await;
            let verdict = self.judge(&sent, attempts);
            whole = self.whole(&reading).or(whole);
            match sent {
                Ok(reply) if verdict == Verdict::Final && is_success(&reply) => {
                    return self.success(reply, whole);
                }
                _ if verdict != Verdict::Final && attempts.again(lane, verdict).await => {}
                sent => return self.failure(lane, sent, whole, attempts).await,
            }
        }
    }

    /// What the object is once this is appended to it.
    fn whole(&self, reading: &Reading<'_>) -> Option<Expected> {
        let before = self.before.filter(|_| reading.is_whole())?;
        let crc64 = crc64::combine(before, reading.crc64(), self.body.size());
        Some(Expected { size: self.end(), crc64 })
    }

    fn end(&self) -> u64 {
        self.position.saturating_add(self.body.size())
    }

    fn judge(&self, sent: &Result<Reply, Failure>, attempts: &mut Attempts) -> Verdict {
        let verdict = attempts.judge(Some(self.bucket), sent);
        match sent {
            // A success that does not say where the object ends was spoken by somebody else.
            Ok(reply) if verdict == Verdict::Final && reply.status / 100 == 2 && !is_success(reply) => {
                attempts.note_loss()
            }
            _ => verdict,
        }
    }

    fn success(&self, reply: Reply, whole: Option<Expected>) -> Outcome {
        let next = next_position_of(&reply);
        let broken = matches!((crc64_of(&reply), whole), (Some(theirs), Some(ours)) if theirs != ours.crc64);
        let outcome = Outcome::success(reply, Stored::Yes);
        if next != Some(self.end()) {
            let message =
                format!("OSS says that the object ends at {}, not at {}", next.unwrap_or(0), self.end());
            return outcome.with(Status::Integrity, message);
        }
        if broken {
            return outcome.with(
                Status::Integrity,
                "the CRC-64 of the object is not that of what was there before and the data together",
            );
        }
        outcome
    }

    /// The end of the attempts without success. Once a reply was lost, a refusal of the position may mean that all went well.
    async fn failure(
        &self,
        lane: &Lane,
        sent: Result<Reply, Failure>,
        whole: Option<Expected>,
        attempts: &Attempts,
    ) -> Outcome {
        let Append { bucket, key, .. } = *self;
        if !attempts.lost {
            return bucket.refused_or_failed(lane, key, sent, attempts.deadline()).await;
        }
        match bucket.settle(lane, key, whole, attempts.began, attempts.deadline()).await {
            Found::Same(head) => {
                let next_position = self.end();
                Outcome { next_position, ..Outcome::success(head, Stored::Yes) }
            }
            // It may come yet: OSS does not stop when the client does.
            Found::Absent | Found::Other(_) if attempts.may_go_on => unknown(sent),
            Found::Absent => outcome_of(sent, Stored::No),
            Found::Other(head) if size_of(&head) == Some(self.position) => outcome_of(sent, Stored::No),
            Found::Other(_) | Found::Unclear { .. } => unknown(sent),
        }
    }
}

fn is_success(reply: &Reply) -> bool {
    reply.status == 200 && next_position_of(reply).is_some()
}
