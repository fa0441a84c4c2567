//! One request to OSS: signed now, sent once.

use super::bucket::Bucket;
use crate::sign;
use crate::transport::{Deadline, Failure, Lane, Reply, Request, Source};
use crate::wire::mistake::Mistake;
use crate::wire::{date, header};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::time::Duration;

/// What an operation asks of OSS. It stays the same however often it is sent.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) key: Option<&'a str>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// How long OSS may be silent before it answers, at least.
    pub(super) patience: Duration,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, key: &'a str) -> Call<'a> {
        Call { method, key: Some(key), query: Vec::new(), headers: Vec::new(), patience: Duration::ZERO }
    }

    /// A request that is about the bucket rather than about an object.
    pub(super) fn of_bucket(method: Method) -> Call<'a> {
        Call { key: None, ..Call::new(method, "") }
    }

    /// The value of a header that was given.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn with_query(mut self, name: &str, value: impl Into<String>) -> Call<'a> {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn with_header(mut self, name: &str, value: impl Into<String>) -> Call<'a> {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn with_headers(mut self, headers: &[(String, String)]) -> Call<'a> {
        self.headers.extend_from_slice(headers);
        self
    }
}

impl Bucket {
    /// Signs `call` with the present time and credentials and sends it.
    pub(super) async fn send(
        &self,
        lane: &Lane,
        call: &Call<'_>,
        source: Option<&mut dyn Source>,
        deadline: Deadline,
    ) -> Result<Reply, Failure> {
        let request = Request {
            method: call.method.clone(),
            url: self.endpoint.url(call.key, &call.query).map_err(unsendable)?,
            headers: self.signed_headers(call).map_err(unsendable)?,
            source,
            patience: call.patience,
        };
        lane.exchange(request, deadline).await
    }

    /// What of `call` is signed.
    pub(super) fn to_sign<'a>(&'a self, call: &'a Call<'_>) -> sign::Request<'a> {
        sign::Request {
            method: call.method.as_str(),
            bucket: Some(self.endpoint.bucket()),
            key: call.key,
            query: &call.query,
            headers: &call.headers,
        }
    }

    fn signed_headers(&self, call: &Call<'_>) -> Result<HeaderMap, Mistake> {
        let request = self.to_sign(call);
        let time = self.server_time();
        let signature = self.signing.sign(&request, &self.credentials.identity(), time);
        let mut headers = header_map(call.headers.iter().chain(&signature.headers_added))?;
        // V4 does not sign it, but proxies like to see one.
        insert(&mut headers, "date", &date::http_date(time))?;
        insert(&mut headers, "user-agent", &self.user_agent)?;
        insert(&mut headers, "authorization", &signature.authorization)?;
        Ok(headers)
    }
}

/// Headers as they are sent.
pub(super) fn header_map<'a>(
    headers: impl IntoIterator<Item = &'a (String, String)>,
) -> Result<HeaderMap, Mistake> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        insert(&mut map, name, value)?;
    }
    Ok(map)
}

pub(super) fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Mistake> {
    let refused = || Mistake::new(format!("the header {name} cannot be sent"));
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    headers.insert(header, HeaderValue::from_bytes(header::trim(value).as_bytes()).map_err(|_| refused())?);
    Ok(())
}

pub(super) fn unsendable(mistake: Mistake) -> Failure {
    Failure::unsendable(mistake.to_string())
}
