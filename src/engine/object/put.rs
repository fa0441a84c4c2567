//! PutObject: one request, one object.

use super::options::ObjectOptions;
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Stored};
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
        if let Err(mistake) = check_put(key, callback, options) {
            return mistake.into();
        }
        let input = input.into();
        self.run(options.limits(), Stored::No, async |lane: &Lane, deadline: Deadline| {
            match input.into_body(&|| lane.check(deadline)) {
                Ok(body) => self.put_body(lane, deadline, key, body, callback, options).await,
                Err(unfit) => unfit.into(),
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
        let call = call.with_content_md5(options.wants_content_md5(), &body, &|| lane.check(deadline));
        let call = match call {
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
