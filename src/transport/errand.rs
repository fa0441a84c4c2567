//! Fetching something small that is no upload, in bounded time: the one user of reqwest.

use super::elsewhere::block_on_network;
use super::exchange::Reply;
use super::failure::{Cause, Failure, in_words};
use super::patience::Patience;
use super::resolve::{Threads, look_up};
use super::signals::SignalBlocked;
use super::tls;
use super::trust::Trust;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::method::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;
use url::Url;
use zeroize::Zeroizing;

/// More of headers than this is not kept.
const LARGEST_HEAD: usize = 64 << 10;

/// What is fetched, and within which bounds.
pub struct Errand {
    /// Where it is.
    pub url: Url,
    /// How it is asked for.
    pub ask: Ask,
    /// How long its caller waits for it.
    pub patience: Patience,
    /// How much of a body is read.
    pub largest: usize,
    /// Whom to believe over https.
    pub trust: Trust,
}

/// How something is asked for: with a GET, unless something else is said.
#[derive(Default)]
pub struct Ask {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
    connect_time: Option<Duration>,
}

impl Ask {
    /// With a PUT without a body.
    pub fn put() -> Ask {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("0"))]);
        Ask { method: Method::PUT, headers, ..Ask::default() }
    }

    /// With a form that a POST brings. Our copy of it is wiped.
    pub fn post(form: Zeroizing<String>) -> Ask {
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        Ask { method: Method::POST, headers, body: Bytes::from_owner(form), ..Ask::default() }
    }

    /// With this header as well, unless no header can have the value. Our copy of it is wiped.
    pub fn with_header(mut self, name: &'static str, value: Zeroizing<String>) -> Ask {
        if let Ok(mut value) = HeaderValue::from_maybe_shared(Bytes::from_owner(value)) {
            value.set_sensitive(true);
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Of a server to which one connects within this time, or not at all.
    pub fn connecting_within(self, time: Duration) -> Ask {
        Ask { connect_time: Some(time), ..self }
    }
}

impl Errand {
    /// Fetches it on the calling thread. A redirect is not followed.
    pub fn run(&self) -> Result<Reply, Failure> {
        block_on_network(|| self.run_here())
    }

    fn run_here(&self) -> Result<Reply, Failure> {
        let _blocked = SignalBlocked::sigpipe();
        let runtime =
            Builder::new_current_thread().enable_io().enable_time().build().map_err(Failure::setup)?;
        let reply = runtime.block_on(self.patiently(self.fetch()));
        // Nobody waits for threads that there are none of.
        runtime.shutdown_background();
        reply
    }

    async fn patiently(&self, fetch: impl Future<Output = Result<Reply, Failure>>) -> Result<Reply, Failure> {
        let mut fetch = pin!(fetch);
        loop {
            if let Some(cause) = self.patience.end() {
                return Err(self.cut_off(cause));
            }
            if let Ok(reply) = tokio::time::timeout(self.patience.pause(), &mut fetch).await {
                return reply;
            }
        }
    }

    /// What is said of it when this ended its caller's patience.
    pub fn cut_off(&self, cause: Cause) -> Failure {
        let place = self.place();
        let message = match cause {
            Cause::Cancelled => format!("cancelled before the server {place} answered"),
            Cause::Deadline => format!("the server {place} did not answer before the call's deadline"),
            _ => format!("the server {place} did not answer in time"),
        };
        Failure::before(cause, message)
    }

    fn client(&self) -> Result<Client, Failure> {
        // Even an http URL needs settings for TLS, but not the system's roots.
        let config = match self.url.scheme() {
            "https" => tls::config(&self.trust)?,
            _ => tls::unused()?,
        };
        let mut client = Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(&config))
            .dns_resolver(Arc::new(Resolver))
            .http1_only()
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy();
        if let Some(time) = self.ask.connect_time {
            client = client.connect_timeout(time);
        }
        client.build().map_err(|error| self.failure(&error))
    }

    async fn fetch(&self) -> Result<Reply, Failure> {
        let failure = |error: reqwest::Error| self.failure(&error);
        let Ask { method, headers, body, .. } = &self.ask;
        let request = self.client()?.request(method.clone(), self.url.clone()).headers(headers.clone());
        let mut response = request.body(body.clone()).send().await.map_err(failure)?;
        let mut body = self.body(&mut response).await.map_err(failure)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size > LARGEST_HEAD {
            let message =
                format!("{}: the headers of the reply are larger than {LARGEST_HEAD} bytes", self.place());
            return Err(Failure::before(Cause::BadResponse, message));
        }
        let body = std::mem::take(&mut *body);
        Ok(Reply { status, headers, body, cut: None, wholly_sent: true, began_early: false })
    }

    /// What comes of the body, which may be secret: it is wiped unless somebody takes it.
    async fn body(&self, response: &mut Response) -> reqwest::Result<Zeroizing<Vec<u8>>> {
        // It has room for all of it from the start: what has to grow leaves copies behind.
        let mut body = Zeroizing::new(Vec::with_capacity(self.largest));
        while let Some(chunk) = response.chunk().await? {
            let rest = self.largest.saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..rest).unwrap_or(&chunk));
            if body.len() == self.largest {
                break;
            }
        }
        Ok(body)
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let place = self.place();
        match tls::error_in(error) {
            Some(error) => Failure::before(Cause::Tls, format!("{place}: {}", tls::in_words(error, &place))),
            None if error.is_timeout() => {
                Failure::before(Cause::Network, format!("{place}: it does not answer"))
            }
            None => Failure::before(Cause::Network, format!("{place}: {}", in_words(error))),
        }
    }

    /// The host and the port, and nothing that may be secret.
    fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{host}:{}", self.url.port_or_known_default().unwrap_or_default())
    }
}

struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = look_up(Threads::default(), name.as_str().to_owned()).await;
            let found = found.map_err(|why| std::io::Error::other(why.to_string()))?;
            let addresses: Vec<SocketAddr> =
                found.iter().map(|address| SocketAddr::new(*address, 0)).collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
