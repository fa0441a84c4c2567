//! Requests that do no harm if they are done twice: each is sent until it is answered.

use super::attempts::Attempts;
use super::call::{Call, Operation};
use super::target::{Sent, Target};
use super::verdict::Verdict;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::source::Body;
use crate::transport::{Lane, Source};
use http::Method;

/// How a request ended that was asked as often as it had to be.
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    pub(crate) sent: Sent,
}

impl Answer {
    /// The outcome of a call that ends with it.
    pub(crate) fn outcome(self, stored: Stored) -> Outcome {
        match self.sent {
            Ok(reply) if self.verdict == Verdict::Done => Outcome::success(reply, stored),
            sent => Outcome::without_success(sent, stored),
        }
    }
}

impl Bucket {
    /// Sends a request that does no harm if it is done twice, until it is answered.
    pub(crate) async fn ask(&self, lane: &Lane, call: &Call<'_>, attempts: &mut Attempts) -> Answer {
        let target = Target::Bucket(self);
        loop {
            // OSS wants to be told the length of a POST, be it zero.
            let empty = Body::Bytes(&[]);
            let mut nothing = empty.reading();
            let has_body = call.operation.method() == Method::POST;
            let source = has_body.then_some(&mut nothing as &mut dyn Source);
            let (sent, verdict) = attempts.send(lane, target, call, source).await;
            if !verdict.may_change() || !attempts.again(lane, call, verdict).await {
                return Answer { verdict, sent };
            }
        }
    }

    /// HeadObject.
    pub(crate) async fn head(&self, lane: &Lane, key: &str, attempts: &mut Attempts) -> Answer {
        self.ask(lane, &Call::new(Operation::HeadObject, key), attempts).await
    }
}
