//! The network, on the thread that calls: the only user of tokio and reqwest.
//!
//! A call takes a [`Lane`] (a current-thread runtime and an HTTP client with its idle connections), runs on it and
//! puts it back. Nothing touches a socket between two calls, and no thread is started but for name resolution.

mod body;
mod deadline;
mod exchange;
mod failure;
mod fork;
mod lane;
mod lanes;
mod resolve;
mod sigpipe;
mod tls;

pub use body::{Source, SourceFailure};
pub use deadline::Deadline;
pub use exchange::{Reply, Request};
pub use failure::{Cause, Failure};
pub use lane::Lane;

use lanes::Lanes;
use once_cell::sync::OnceCell;
use rustls::ClientConfig;
use sigpipe::SigpipeBlocked;
use std::time::Duration;

/// What every connection of a bucket has in common.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether the endpoint is spoken to over TLS.
    pub https: bool,
    /// How long name resolution, connecting and the TLS handshake may take together.
    pub connect_timeout: Duration,
    /// How long a connection may pass no byte in either direction.
    pub stall_timeout: Duration,
    /// A PEM file with the certificates to trust instead of the system's.
    pub ca_file: Option<String>,
    /// The URL of an HTTP proxy.
    pub proxy: Option<String>,
}

/// The connections of one bucket.
pub struct Transport {
    settings: Settings,
    tls: OnceCell<ClientConfig>,
    lanes: Lanes,
}

impl Transport {
    /// Nothing is opened or read before the first call.
    pub fn new(settings: Settings) -> Transport {
        Transport { settings, tls: OnceCell::new(), lanes: Lanes::new() }
    }

    /// Runs `work` on the calling thread until it is done.
    pub fn run<T>(&self, work: impl AsyncFnOnce(&Lane) -> T) -> Result<T, Failure> {
        let sigpipe = SigpipeBlocked::new();
        let lane = match self.lanes.take() {
            Some(lane) => lane,
            None => Lane::new(&self.settings, self.tls()?.clone())?,
        };
        let result = lane.block_on(work);
        // Closing a TLS connection writes too, even when nothing else went wrong.
        if self.settings.https || lane.had_trouble() {
            sigpipe.note_trouble();
        }
        self.lanes.put_back(lane);
        Ok(result)
    }

    /// Loading the system's roots takes milliseconds: once for each bucket, and not at all for plain http.
    fn tls(&self) -> Result<&ClientConfig, Failure> {
        self.tls.get_or_try_init(|| match self.settings.https || self.proxy_is_https() {
            true => tls::verified(self.settings.ca_file.as_deref()),
            false => tls::unused(),
        })
    }

    fn proxy_is_https(&self) -> bool {
        self.settings.proxy.as_deref().is_some_and(|proxy| proxy.starts_with("https:"))
    }
}
