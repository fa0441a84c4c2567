//! AppendObject: data is added to the end of an object.
//!
//! Doing it twice would be wrong, but its position guards it: what was appended already is refused, since the object has
//! another length by then. So a request whose reply was lost is sent again, and what a refusal then means is looked up.
//! OSS makes no callback after an append.

use super::options::ObjectOptions;
use super::put::check_put;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::reply::{crc64_of, next_position_of};
use crate::engine::request::{Attempts, Call, Expected, Found, LookUps, Operation, Sent, Target, size_of};
use crate::engine::rules::LARGEST_PUT;
use crate::engine::source::{Body, Content, Input, Reading};
use crate::transport::{Deadline, Lane, Reply};
use crate::wire::mistake::Mistake;

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
            let look_ups = LookUps::new(self, key, deadline);
            let before = self.crc64_before(lane, position, options, &look_ups).await;
            // Where the CRC-64 of the whole cannot be compared, OSS is to compare the piece.
            let md5 = options.wants_content_md5() || before.is_none();
            match call.with_content_md5(md5, &body, lane, deadline).await {
                Ok(call) => {
                    let append = Append { bucket: self, call, body: &body, position, before, look_ups };
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
        position: u64,
        options: &ObjectOptions,
        look_ups: &LookUps<'_>,
    ) -> Option<u64> {
        if position == 0 {
            return Some(0);
        }
        if let Some(given) = options.previous_crc64() {
            return Some(given);
        }
        let head = look_ups.head(lane).await?;
        if size_of(&head) == Some(position) { crc64_of(&head) } else { None }
    }
}

fn append_call<'a>(
    key: &'a str,
    position: u64,
    body: &Body<'_>,
    options: &ObjectOptions,
) -> Result<Call<'a>, Mistake> {
    let call = Call::new(Operation::AppendObject, key)
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
    call: Call<'a>,
    body: &'a Body<'a>,
    position: u64,
    /// The CRC-64 of what is there already, if it is known.
    before: Option<u64>,
    look_ups: LookUps<'a>,
}

impl Append<'_> {
    async fn run(&self, lane: &Lane, deadline: Deadline) -> Outcome {
        let mut attempts = Attempts::new(self.bucket, deadline);
        self.send(lane, &mut attempts).await.after(attempts.made)
    }

    async fn send(&self, lane: &Lane, attempts: &mut Attempts) -> Outcome {
        let target = Target::Bucket(self.bucket);
        let mut whole = None;
        loop {
            let mut reading = self.body.reading();
            let (sent, verdict) = attempts.send(lane, target, &self.call, Some(&mut reading)).await;
            whole = self.whole(&reading).or(whole);
            match sent {
                Ok(reply) if verdict.is_success() => return self.success(reply, whole),
                _ if verdict.may_change() && attempts.again(lane, &self.call, verdict).await => {}
                sent => {
                    if let Some(outcome) = self.failure(lane, sent, whole, attempts).await {
                        return outcome;
                    }
                }
            }
        }
    }

    /// What the object is once this is appended to it.
    fn whole(&self, reading: &Reading<'_>) -> Option<Content> {
        let before = Content { size: self.position, crc64: self.before? };
        before.followed_by(reading.content()?)
    }

    /// Whether an object is what was there before.
    fn is_as_before(&self, head: &Reply) -> bool {
        size_of(head) == Some(self.position) && self.before.is_some() && crc64_of(head) == self.before
    }

    fn end(&self) -> u64 {
        self.position.saturating_add(self.body.size())
    }

    fn success(&self, reply: Reply, whole: Option<Content>) -> Outcome {
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

    /// The end of the attempts without success; `None` if there is to be one more. Once a reply was lost, a refusal of the
    /// position may mean that all went well.
    async fn failure(
        &self,
        lane: &Lane,
        sent: Sent,
        whole: Option<Content>,
        attempts: &mut Attempts,
    ) -> Option<Outcome> {
        let Some(open) = attempts.open() else {
            return self.bucket.refused_or_failed(lane, &self.call, sent, attempts).await;
        };
        let expected = Expected { content: whole, token: None };
        let was_not_done = match self.look_ups.settle(lane, expected, open).await {
            Found::Ours(head) => {
                let next_position = self.end();
                return Some(Outcome { next_position, ..Outcome::found(head) });
            }
            Found::Absent => true,
            Found::Other(head) => self.is_as_before(&head),
            Found::Unclear { .. } => false,
        };
        if !was_not_done {
            return Some(Outcome::unknown(sent));
        }
        attempts.close();
        let is_worth_another = attempts.may_follow(lane, &self.call, self.look_ups.have_put_right());
        (!is_worth_another).then(|| Outcome::without_success(sent, Stored::No))
    }
}
