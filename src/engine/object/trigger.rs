//! Having OSS call for an object that is there already.
//!
//! Nothing is stored, so nothing can be looked up: when a reply is lost, only the application server knows whether it was
//! called.

use super::options::ObjectOptions;
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::reply::error_of;
use crate::engine::request::{Attempts, Call, Operation, Sent, Target, Verdict, about};
use crate::engine::source::Body;
use crate::transport::{Deadline, Lane, Reply};
use crate::wire::key;
use crate::wire::mistake::Mistake;
use base64::prelude::{BASE64_STANDARD, Engine};
use md5::{Digest, Md5};

/// A request that has OSS call.
pub(crate) struct Trigger<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) body: String,
}

impl<'a> Trigger<'a> {
    /// Of the options, the content type and the delivery of the callback count; the rest says how an object is stored.
    pub(crate) fn new(
        key: &'a str,
        callback: &Callback,
        options: &ObjectOptions,
    ) -> Result<Trigger<'a>, Mistake> {
        key::check_key(key)?;
        let mut headers = options.headers(key, None)?;
        headers.retain(|(name, _)| name == "content-type");
        let callback = &*callback.delivered()?;
        let body = callback.encode_with_variables()?.to_trigger();
        let call = Call::new(Operation::ProcessObject, key)
            .with_query("x-oss-process", "")
            .with_headers(&headers)
            .with_header("content-md5", BASE64_STANDARD.encode(Md5::digest(&body)))
            .awaiting(callback)
            .with_delivery(options.callback_delivery());
        Ok(Trigger { call, body })
    }

    /// The same, of whose answer no more than so many bytes are kept.
    pub(crate) fn keeping(self, bytes: usize) -> Trigger<'a> {
        Trigger { call: self.call.keeping(bytes), ..self }
    }
}

impl Bucket {
    /// Has OSS call the application server for the object `key`, and hands back its answer.
    pub fn trigger_callback(&self, key: &str, callback: &Callback, options: &ObjectOptions) -> Outcome {
        let trigger = match Trigger::new(key, callback, options) {
            Ok(trigger) => trigger,
            Err(mistake) => return mistake.into(),
        };
        self.run(options.limits(), Stored::Unknown, async |lane: &Lane, deadline: Deadline| {
            self.trigger_on(lane, deadline, &trigger).await
        })
    }

    /// Has OSS call, again where that is right.
    pub(crate) async fn trigger_on(&self, lane: &Lane, deadline: Deadline, trigger: &Trigger<'_>) -> Outcome {
        let Trigger { call, body } = trigger;
        let (target, body) = (Target::Bucket(self), Body::Bytes(body.as_bytes()));
        let mut attempts = Attempts::new(self, deadline);
        let mut repeats = 0;
        loop {
            let (sent, verdict) = attempts.send(lane, target, call, Some(&mut body.reading())).await;
            let is_final = verdict.is_open() && call.is_to_be_done_once() || !verdict.may_change();
            if !is_final && attempts.again(lane, call, verdict).await {
                repeats += u32::from(attempts.last_is_open());
                continue;
            }
            let outcome = ended(sent, verdict, attempts.open().is_some()).after(attempts.made);
            let values = about(Some(self), call.key.unwrap_or_default(), call.operation);
            return Outcome { callback_repeats: repeats, ..outcome.about(values) };
        }
    }
}

/// The end of the attempts. Where one of them `was_lost`, it may have made the callback.
fn ended(sent: Sent, verdict: Verdict, was_lost: bool) -> Outcome {
    match sent {
        Ok(reply) if verdict.is_success() => answered(reply, verdict),
        Ok(reply) if error_of(&reply).code == "NoSuchKey" => Outcome::refused(reply, Stored::No),
        sent if was_lost => {
            let outcome = Outcome::without_success(sent, Stored::Unknown);
            let message = format!("whether the callback was made is not known; {}", outcome.message);
            outcome.with(Status::CallbackUnknown, message)
        }
        sent => Outcome::without_success(sent, Stored::Unknown),
    }
}

fn answered(reply: Reply, verdict: Verdict) -> Outcome {
    if verdict == Verdict::CallbackFailed {
        let outcome = Outcome::refused(reply, Stored::Yes);
        let message = format!("the callback failed: {}", outcome.message);
        return outcome.with(Status::CallbackFailed, message);
    }
    let cut = reply.cut.clone();
    let outcome = Outcome::success(reply, Stored::Yes);
    match cut {
        Some(why) => {
            outcome.with(Status::CallbackUnknown, format!("the answer to the callback was cut: {why}"))
        }
        // The application server's answer never is.
        None if outcome.body.is_empty() => outcome.with(
            Status::CallbackUnknown,
            "the answer is empty, so the callback seems not to have been made",
        ),
        None => outcome,
    }
}
