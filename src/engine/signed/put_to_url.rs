//! Uploading to a URL that somebody else signed.

use super::presign::Presigned;
use crate::callback::Callback;
use crate::engine::bucket::BucketOptions;
use crate::engine::outcome::Outcome;
use crate::engine::request::{Call, Creation, Operation, SignedUrl, Target, header_map};
use crate::engine::rules::check_size;
use crate::engine::source::{Body, Input};
use crate::transport::{Deadline, Lane};
use crate::wire::header;
use crate::wire::mistake::Mistake;
use http::Method;
use std::borrow::Cow;

/// Headers that are written for each request, whatever was signed.
const OWN_HEADERS: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];

impl Presigned {
    /// A URL for a PUT that somebody else signed.
    pub fn from_url(url: &str) -> Result<Presigned, Mistake> {
        SignedUrl::parse(url)?;
        let (method, url) = (Method::PUT.to_string(), url.to_owned());
        Ok(Presigned { method, url, headers: Vec::new(), body: None, expires: None })
    }

    /// A header that was signed with it, the callback's among them.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        header::check_name(name, "header")?;
        header::check_value(value, format_args!("the header {name}"))?;
        let name = name.to_ascii_lowercase();
        if OWN_HEADERS.contains(&name.as_str()) {
            return Err(Mistake::new(format!(
                "the header {name} is written by the library; it cannot be added"
            )));
        }
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        Ok(())
    }

    /// Stores `input` there. The options say how to get there.
    pub fn put<'a>(&self, input: impl Into<Input<'a>>, options: &BucketOptions) -> Outcome {
        let url = match self.checked(options) {
            Ok(url) => url,
            Err(mistake) => return mistake.into(),
        };
        let is_part = url.parameter("partNumber").is_some() && url.parameter("uploadId").is_some();
        let operation = if is_part { Operation::UploadPart } else { Operation::PutObject };
        let call = Call::new(operation, "").with_headers(&self.headers).with_foreign_callback(
            url.parameter("callback").is_some(),
            url.parameter("callback-var").as_deref(),
        );
        let owed = options.outbox.as_ref().filter(|_| !is_part).map(|_| self.callback(&url)).transpose();
        let call = match owed {
            Ok(callback) => call.recorded(options.outbox.as_ref(), callback.flatten().as_ref(), None),
            Err(mistake) => return mistake.into(),
        };
        url.run(input.into(), options, async |lane: &Lane, deadline: Deadline, body: Body<'_>| {
            if let Err(mistake) = check_size(body.size()) {
                return mistake.into();
            }
            Creation::new(Target::Url(&url), call, &body).run(lane, deadline).await.outcome
        })
    }

    /// The callback that was signed with it.
    fn callback(&self, url: &SignedUrl) -> Result<Option<Callback>, Mistake> {
        let carried = |header: &str, parameter: &str| {
            let in_header = self.headers.iter().find(|(name, _)| name == header);
            let in_header = in_header.map(|(_, value)| Cow::Borrowed(value.as_str()));
            in_header.or_else(|| url.parameter(parameter))
        };
        let Some(settings) = carried("x-oss-callback", "callback") else { return Ok(None) };
        let variables = match carried("x-oss-callback-var", "callback-var") {
            Some(variables) => Callback::decode_variables(&variables),
            None => Ok(Vec::new()),
        };
        Callback::decode(&settings, variables?).map(Some)
    }

    fn checked(&self, options: &BucketOptions) -> Result<SignedUrl, Mistake> {
        if self.method != Method::PUT.as_str() {
            return Err(Mistake::new(format!("the URL is for {}, not for PUT", self.method)));
        }
        header_map(&self.headers)?;
        SignedUrl::new(&self.url, options)
    }
}
