//! The network, on the thread that calls: the only user of tokio and reqwest.
//!
//! A call takes a [`Lane`] (a current-thread runtime and a way to the endpoint with its idle connections), runs on it and
//! puts it back. Nothing touches a socket between two calls, and no thread is started but for name resolution.
//!
//! There are two ways. https and proxies go through reqwest. Plain http, which programs inside the cloud's own network
//! speak, goes over connections of our own: reqwest writes with `writev`, which raises SIGPIPE, so that the signal has to
//! be blocked around every call, and its connections are tasks that the runtime has to go round for. Together that takes
//! seven system calls for a small put where four are enough.

mod body;
mod cancel;
mod client;
mod deadline;
mod direct;
mod exchange;
mod failure;
mod fork;
mod lane;
mod lanes;
mod pace;
mod progress;
mod resolve;
mod self_wake;
mod settings;
mod sigpipe;
mod socket;
mod ticks;
mod tls;
mod watch;

pub use body::{Source, SourceFailure};
pub use cancel::Cancel;
pub use deadline::Deadline;
pub use exchange::{Reply, Request};
pub use failure::{Cause, Failure};
pub use lane::{Bounds, Lane};
pub use settings::Settings;

use lanes::Lanes;
use rustls::ClientConfig;
use sigpipe::SigpipeBlocked;

/// The connections of one bucket.
pub struct Transport {
    settings: Settings,
    lanes: Lanes,
}

impl Transport {
    /// Nothing is opened or read before the first call.
    pub fn new(settings: Settings) -> Transport {
        Transport { settings, lanes: Lanes::new() }
    }

    /// Runs `work` on the calling thread until it is done.
    pub fn run<T>(&self, bounds: Bounds, work: impl AsyncFnOnce(&Lane) -> T) -> Result<T, Failure> {
        if tokio::runtime::Handle::try_current().is_ok() {
            let message = "a function that the library calls must not upload on the same thread meanwhile";
            return Err(Failure::unsendable(message.to_owned()));
        }
        // Over plain http every byte is sent with a call that raises no signal.
        let sigpipe = self.needs_client().then(SigpipeBlocked::new);
        let lane = match self.lanes.take() {
            Some(lane) => lane,
            None => Lane::new(&self.settings, self.tls()?)?,
        };
        let result = lane.block_on(bounds, work);
        if let Some(sigpipe) = sigpipe
            // Closing a TLS connection writes too, even when nothing else went wrong.
            && (self.settings.https || lane.had_trouble())
        {
            sigpipe.note_trouble();
        }
        self.lanes.put_back(lane);
        Ok(result)
    }

    fn needs_client(&self) -> bool {
        self.settings.https || self.settings.proxy.is_some()
    }

    /// Loading the system's roots takes milliseconds: once for each bucket, and not at all for plain http.
    fn tls(&self) -> Result<Option<ClientConfig>, Failure> {
        if !self.needs_client() {
            return Ok(None);
        }
        let config = self.lanes.tls(|| match self.settings.https || self.proxy_is_https() {
            true => tls::verified(self.settings.ca_file.as_deref()),
            false => tls::unused(),
        })?;
        Ok(Some(config))
    }

    fn proxy_is_https(&self) -> bool {
        self.settings.proxy.as_deref().is_some_and(|proxy| proxy.starts_with("https:"))
    }
}
