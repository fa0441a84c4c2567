//! Where requests go: to a bucket that we sign for, or to a URL that somebody signed. Each is signed now and sent once.

use super::call::{Call, Operation};
use crate::credentials::AccessKey;
use crate::engine::bucket::{Bucket, BucketOptions, Limits, run_on};
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::source::{Body, Input};
use crate::transport::{
    Clock, Deadline, Failure, Lane, Meter, Reply, ReplyLimits, Request, Source, Transport,
};
use crate::wire::mistake::Mistake;
use crate::wire::{date, header, key};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// Balancers drop idle connections and answer the next byte with a reset, of which nobody can tell what it means: what has a
/// callback, and so is not lightly sent again, goes over a fresh one.
const LONGEST_IDLE_FOR_CALLBACK: Duration = Duration::from_secs(5);

/// Application servers may answer with 3 MiB, and a page of a list has less.
const LARGEST_REPLY: usize = 4 << 20;
/// There can be a hundred at once, and all that OSS has to say of one is an error.
const LARGEST_OF_A_PART: usize = 256 << 10;

/// The reply to a request that was sent, if there is one.
pub(crate) type Sent = Result<Reply, Failure>;

/// Where a request goes.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Bucket(&'a Bucket),
    /// Nothing can be looked up there.
    Url(&'a SignedUrl),
}

impl<'a> Target<'a> {
    pub(crate) fn bucket(self) -> Option<&'a Bucket> {
        match self {
            Target::Bucket(bucket) => Some(bucket),
            Target::Url(_) => None,
        }
    }

    pub(crate) fn max_attempts(self) -> u32 {
        match self {
            Target::Bucket(bucket) => bucket.max_attempts,
            Target::Url(url) => url.max_attempts,
        }
    }

    /// The URL of an object there, without a query. A form is sent to the bucket.
    pub(super) fn object_url(self, key: &str) -> Result<String, Mistake> {
        match self {
            Target::Bucket(bucket) => Ok(bucket.endpoint.url(Some(key), &[])?.to_string()),
            Target::Url(url) => url.object_url(key),
        }
    }

    pub(super) fn clock(&self) -> &Clock {
        match self {
            Target::Bucket(bucket) => bucket.clock(),
            Target::Url(url) => url.transport.clock(),
        }
    }

    /// Sends it, with the signature of this very moment where there is a key for one.
    pub(super) async fn send(
        self,
        lane: &Lane,
        call: &Call<'_>,
        source: Option<&mut dyn Source>,
        key: Option<&Arc<AccessKey>>,
        deadline: Deadline,
        meter: &Meter,
    ) -> Sent {
        let prepared = match self {
            Target::Bucket(bucket) => bucket.prepared(call, key),
            Target::Url(url) => url.prepared(call),
        };
        let (url, headers) = prepared.map_err(|mistake| Failure::unsendable(mistake.to_string()))?;
        let request = Request {
            method: call.operation.method(),
            url: &url,
            headers,
            source,
            is_data: call.operation.sends_data(),
            patience: call.patience,
            longest_idle: if call.callback { LONGEST_IDLE_FOR_CALLBACK } else { Duration::MAX },
            reply_limits: match call.operation {
                Operation::UploadPart if !call.callback => {
                    ReplyLimits { read: LARGEST_OF_A_PART, kept: LARGEST_OF_A_PART }
                }
                _ => ReplyLimits { read: LARGEST_REPLY, kept: call.kept_of_reply },
            },
        };
        lane.exchange(request, deadline, meter).await
    }
}

impl Bucket {
    fn prepared(&self, call: &Call<'_>, key: Option<&Arc<AccessKey>>) -> Result<(Url, HeaderMap), Mistake> {
        let mut headers = header_map(&call.headers)?;
        let time = self.server_time();
        // V4 does not sign it, but proxies like to see one.
        insert(&mut headers, "date", &date::http_date(time))?;
        insert(&mut headers, "user-agent", &self.user_agent)?;
        if let Some(key) = key {
            let method = call.operation.method();
            let signature = self.signing.sign(&call.to_sign(self.endpoint.bucket(), &method), key, time);
            for (name, value) in &signature.headers_added {
                headers.insert(header_name(name)?, wiped(name, value)?);
            }
            insert(&mut headers, "authorization", &signature.authorization)?;
        }
        Ok((self.endpoint.url(call.key, &call.query)?, headers))
    }
}

/// A URL that was signed, and how to send to it.
pub(crate) struct SignedUrl {
    url: Url,
    user_agent: String,
    max_attempts: u32,
    transport: Transport,
}

impl SignedUrl {
    pub(crate) fn new(url: &str, options: &BucketOptions) -> Result<SignedUrl, Mistake> {
        let url = SignedUrl::parse(url)?;
        Ok(SignedUrl {
            transport: Transport::new(options.settings(&url)?),
            url,
            user_agent: options.user_agent().to_owned(),
            max_attempts: options.max_attempts(),
        })
    }

    /// What is wrong with a URL is said without repeating it: who knows it can use it.
    pub(crate) fn parse(text: &str) -> Result<Url, Mistake> {
        let url =
            Url::parse(text).map_err(|error| Mistake::new(format!("the URL cannot be read: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Mistake::new("the URL is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Mistake::new(
                "the URL has a user, a password or a fragment, which no signed URL has",
            ));
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

    fn object_url(&self, key: &str) -> Result<String, Mistake> {
        let mut url = self.url.clone();
        url.set_query(None);
        if !key.is_empty() {
            let folder = url.path().trim_end_matches('/').to_owned();
            url.set_path(&format!("{folder}{}", key::request_path(None, Some(key))?));
        }
        Ok(url.into())
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// Runs an upload of `input` on the calling thread.
    pub(crate) fn run<'a>(
        &self,
        input: Input<'a>,
        options: &BucketOptions,
        upload: impl AsyncFnOnce(&Lane, Deadline, Body<'a>) -> Outcome,
    ) -> Outcome {
        let none = Limits::default();
        run_on(
            &self.transport,
            options.log.as_ref(),
            &none,
            options.limits(),
            Stored::No,
            async |lane: &Lane, deadline: Deadline| match input.into_body(&|| lane.check(deadline)) {
                Ok(body) => upload(lane, deadline, body).await,
                Err(unfit) => unfit.into(),
            },
        )
    }

    fn prepared(&self, call: &Call<'_>) -> Result<(Url, HeaderMap), Mistake> {
        let mut headers = header_map(&call.headers)?;
        insert(&mut headers, "user-agent", &self.user_agent)?;
        Ok((self.url.clone(), headers))
    }
}

fn path_of(url: &str) -> &str {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url.get(..end).unwrap_or_default()
}

/// Headers as they are sent.
pub(crate) fn header_map<'a>(
    headers: impl IntoIterator<Item = &'a (String, String)>,
) -> Result<HeaderMap, Mistake> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        insert(&mut map, name, value)?;
    }
    Ok(map)
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Mistake> {
    let value = HeaderValue::from_bytes(header::trim(value).as_bytes()).map_err(|_| refused(name))?;
    headers.insert(header_name(name)?, value);
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, Mistake> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused(name))
}

/// A value that is wiped from memory when it has been sent: it may be a security token.
fn wiped(name: &str, value: &str) -> Result<HeaderValue, Mistake> {
    let value = Bytes::from_owner(Zeroizing::new(value.as_bytes().to_owned()));
    HeaderValue::from_maybe_shared(value).map_err(|_| refused(name))
}

fn refused(name: &str) -> Mistake {
    Mistake::new(format!("the header {name} cannot be sent"))
}
