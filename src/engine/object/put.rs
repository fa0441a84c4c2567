//! PutObject: one request, one object.

use super::options::ObjectOptions;
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::observer::Observer;
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::report::{Accepted, Report};
use crate::engine::request::{Call, Creation, Operation, Target};
use crate::engine::rules::check_size;
use crate::engine::source::{Body, Input};
use crate::transport::{Deadline, Lane};
use crate::wire::key;
use crate::wire::mistake::Mistake;

impl Bucket {
    /// Stores `input` as the object `key`.
    pub fn put<'a>(
        &self,
        key: &str,
        input: impl Into<Input<'a>>,
        callback: Option<&Callback>,
        options: &ObjectOptions,
    ) -> Outcome {
        self.put_observed(key, input.into(), callback, options, None)
    }

    /// The same, where somebody is told how it gets on.
    pub fn put_observed(
        &self,
        key: &str,
        input: Input<'_>,
        callback: Option<&Callback>,
        options: &ObjectOptions,
        observer: Option<&dyn Observer>,
    ) -> Outcome {
        if let Err(mistake) = check_put(key, callback, options) {
            return mistake.into();
        }
        let size = input.size();
        self.run(options.limits(), Stored::No, async |lane: &Lane, deadline: Deadline| {
            let putting = async {
                match input.into_body(&|| lane.check(deadline)) {
                    Ok(body) => self.put_body(lane, deadline, key, body, callback, options).await,
                    Err(unfit) => unfit.into(),
                }
            };
            match observer {
                Some(observer) => reported(lane, &Report::new(observer, size), putting).await,
                None => putting.await,
            }
        })
    }

    pub(crate) async fn put_body(
        &self,
        lane: &Lane,
        deadline: Deadline,
        key: &str,
        body: Body<'_>,
        callback: Option<&Callback>,
        options: &ObjectOptions,
    ) -> Outcome {
        let call = match self.put_call(key, &body, callback, options) {
            Ok(call) => call,
            Err(mistake) => return mistake.into(),
        };
        let call = match call.with_content_md5(options.wants_content_md5(), &body, lane, deadline).await {
            Ok(call) => call,
            Err(failure) => return Outcome::failed(failure, Stored::No),
        };
        Creation::new(Target::Bucket(self), call, &body).run(lane, deadline).await.outcome
    }

    fn put_call<'a>(
        &self,
        key: &'a str,
        body: &Body<'_>,
        callback: Option<&Callback>,
        options: &ObjectOptions,
    ) -> Result<Call<'a>, Mistake> {
        check_size(body.size())?;
        let call =
            Call::new(Operation::PutObject, key).with_headers(&options.headers(key, body.file_name())?);
        let callback = callback.map(Callback::delivered).transpose()?;
        let callback = callback.as_deref();
        let call = call.with_callback(callback)?.with_delivery(options.callback_delivery());
        let call = call.recorded(options.outbox(), callback, None);
        Ok(call.marked(options.new_token(callback.is_some())?.as_deref()))
    }
}

/// Does what stores an object with one request, and reports how it gets on.
async fn reported(lane: &Lane, report: &Report<'_>, putting: impl Future<Output = Outcome>) -> Outcome {
    report.expect(1);
    report.begin(lane, Accepted::default());
    let outcome = report.during(lane, putting).await;
    if outcome.stored == Stored::Yes {
        report.finish(lane);
    }
    outcome
}

/// Finds what is wrong with a request before any data is read for it.
pub(crate) fn check_put(
    key: &str,
    callback: Option<&Callback>,
    options: &ObjectOptions,
) -> Result<(), Mistake> {
    key::check_key(key)?;
    options.headers(key, None)?;
    callback.map_or(Ok(()), |callback| callback.encode_with_variables().map(drop))
}
