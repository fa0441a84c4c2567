//! Uploading to a URL that somebody else signed.

use super::attempt::{Call, header_map, insert, unsendable};
use super::bucket::{BucketOptions, run_on};
use super::limits::Limits;
use super::outcome::{Outcome, Stored};
use super::presign::Presigned;
use super::put::{CALLBACK_TIME, check_size};
use super::reader::Input;
use super::source::Body;
use super::upload::{Creates, Upload};
use crate::transport::{Deadline, Failure, Lane, Reply, Request, Source, Transport};
use crate::wire::header;
use crate::wire::mistake::Mistake;
use http::Method;
use std::time::Duration;
use url::Url;

/// A callback has at most five URLs, and how many there are in one of somebody else's is not looked into.
pub(super) const TIME_OF_ANY_CALLBACK: Duration = CALLBACK_TIME.saturating_mul(5);
/// Headers that are written for each request, whatever was signed.
const OWN_HEADERS: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];

/// A URL that was signed, and how to send to it.
pub(super) struct SignedUrl {
    url: Url,
    user_agent: String,
    pub(super) max_attempts: u32,
}

impl Presigned {
    /// A URL for a PUT that somebody else signed.
    pub fn from_url(url: &str) -> Result<Presigned, Mistake> {
        parse(url)?;
        Ok(Presigned { method: Method::PUT.to_string(), url: url.to_owned(), headers: vec![], expires: None })
    }

    /// A header that was signed with it, the callback's among them.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        header::check_name(name)?;
        header::check_value(value)?;
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
        let creates = if url.is_of_part() { Creates::Part } else { Creates::Object };
        let mut call = Call::new(Method::PUT, "").with_headers(&self.headers);
        let callback = url.asks_for_callback() || call.asks_for_callback();
        if callback {
            call.patience = TIME_OF_ANY_CALLBACK;
        }
        url.run(input.into(), options, async |lane: &Lane, deadline: Deadline, body: Body<'_>| {
            if let Err(mistake) = check_size(body.size()) {
                return mistake.into();
            }
            Upload::to_url(&url, call, &body, creates, callback).run(lane, deadline).await.outcome
        })
    }

    fn checked(&self, options: &BucketOptions) -> Result<SignedUrl, Mistake> {
        if self.method != Method::PUT.as_str() {
            return Err(Mistake::new(format!("the URL is for {}, not for PUT", self.method)));
        }
        header_map(&self.headers)?;
        SignedUrl::new(&self.url, options)
    }
}

impl SignedUrl {
    pub(super) fn new(url: &str, options: &BucketOptions) -> Result<SignedUrl, Mistake> {
        Ok(SignedUrl {
            url: parse(url)?,
            user_agent: options.user_agent().to_owned(),
            max_attempts: options.max_attempts(),
        })
    }

    /// Runs an upload of `input` on the calling thread.
    pub(super) fn run<'a>(
        &self,
        input: Input<'a>,
        options: &BucketOptions,
        upload: impl AsyncFnOnce(&Lane, Deadline, Body<'a>) -> Outcome,
    ) -> Outcome {
        let transport = Transport::new(options.settings(self.url.scheme() == "https"));
        let none = Limits::default();
        run_on(&transport, &none, options.limits(), Stored::No, async |lane: &Lane, deadline: Deadline| {
            match input.into_body(&|| lane.check(deadline)) {
                Ok(body) => upload(lane, deadline, body).await,
                Err(unfit) => unfit.into(),
            }
        })
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.url.query_pairs().any(|(other, _)| other == name)
    }

    fn asks_for_callback(&self) -> bool {
        self.has_parameter("callback")
    }

    fn is_of_part(&self) -> bool {
        self.has_parameter("partNumber") && self.has_parameter("uploadId")
    }

    pub(super) async fn send(
        &self,
        lane: &Lane,
        call: &Call<'_>,
        source: &mut dyn Source,
        deadline: Deadline,
    ) -> Result<Reply, Failure> {
        let mut headers = header_map(&call.headers).map_err(unsendable)?;
        insert(&mut headers, "user-agent", &self.user_agent).map_err(unsendable)?;
        let request = Request {
            method: call.method.clone(),
            url: self.url.clone(),
            headers,
            source: Some(source),
            patience: call.patience,
        };
        lane.exchange(request, deadline).await
    }
}

/// What is wrong with a URL is said without repeating it: who knows it can use it.
pub(super) fn parse(text: &str) -> Result<Url, Mistake> {
    let url = Url::parse(text).map_err(|error| Mistake::new(format!("the URL cannot be read: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Mistake::new("the URL is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(Mistake::new("the URL has a user, a password or a fragment, which no signed URL has"));
    }
    // Segments of dots are taken out of a path when it is read, and what is left is not what was signed.
    let dots = ["/.", "/%2e", "/%2E"].iter().any(|dots| path_of(text).contains(dots));
    if dots && path_of(url.as_str()).len() < path_of(text).len() {
        return Err(Mistake::new(
            "the URL's path has a segment \".\" or \"..\", which cannot be sent as it is",
        ));
    }
    Ok(url)
}

fn path_of(url: &str) -> &str {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url.get(..end).unwrap_or_default()
}
