//! PutObject: one request, one object.

use super::attempt::Call;
use super::bucket::Bucket;
use super::object_options::ObjectOptions;
use super::outcome::{Outcome, Stored};
use super::reader::{Check, Input};
use super::source::Body;
use super::upload::{Creates, Upload};
use crate::callback::Callback;
use crate::transport::{Deadline, Failure, Lane};
use crate::wire::key;
use crate::wire::mistake::Mistake;
use http::Method;
use std::time::Duration;

/// The largest object that one request can make, and the largest part.
pub(super) const LARGEST_PUT: u64 = 5 << 30;
/// OSS gives each application server 5 seconds.
pub(super) const CALLBACK_TIME: Duration = Duration::from_secs(6);

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

    pub(super) async fn put_body(
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
        let upload = Upload::new(self, call, &body, Creates::Object);
        upload.run(lane, deadline).await.outcome
    }

    fn put_call<'a>(
        &self,
        key: &'a str,
        body: &Body<'_>,
        callback: Option<&Callback>,
        options: &ObjectOptions,
    ) -> Result<Call<'a>, Mistake> {
        check_size(body.size())?;
        let call = Call::new(Method::PUT, key).with_headers(&options.headers(key, body.file_name())?);
        call.with_callback(callback)
    }
}

/// The header that asks OSS to call.
const CALLBACK: &str = "x-oss-callback";

impl<'a> Call<'a> {
    pub(super) fn asks_for_callback(&self) -> bool {
        self.header(CALLBACK).is_some()
    }

    /// Sends the data's MD5 along if it is `wanted`, for which all of it is read.
    pub(super) fn with_content_md5(
        self,
        wanted: bool,
        body: &Body<'_>,
        check: Check<'_>,
    ) -> Result<Call<'a>, Failure> {
        match wanted {
            true => Ok(self.with_header("content-md5", body.content_md5(check)?)),
            false => Ok(self),
        }
    }

    /// Asks OSS to call the application server, and gives it the time for that.
    pub(super) fn with_callback(self, callback: Option<&Callback>) -> Result<Call<'a>, Mistake> {
        let Some(callback) = callback else { return Ok(self) };
        let encoded = callback.encode_with_variables()?;
        let mut call = self.with_header(CALLBACK, encoded.callback);
        if let Some(variables) = encoded.variables {
            call = call.with_header("x-oss-callback-var", variables);
        }
        call.patience = call.patience.max(CALLBACK_TIME * u32::try_from(callback.url_count()).unwrap_or(1));
        Ok(call)
    }
}

/// Finds what is wrong with a request before any data is read for it.
pub(super) fn check_put(
    key: &str,
    callback: Option<&Callback>,
    options: &ObjectOptions,
) -> Result<(), Mistake> {
    key::check_key(key)?;
    options.headers(key, None)?;
    callback.map_or(Ok(()), |callback| callback.encode_with_variables().map(drop))
}

pub(super) fn check_size(size: u64) -> Result<(), Mistake> {
    if size > LARGEST_PUT {
        return Err(Mistake::new(format!(
            "{size} bytes are more than one request can carry ({LARGEST_PUT}); upload them in parts"
        )));
    }
    Ok(())
}
