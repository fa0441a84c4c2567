//! One caller's worth of network: a runtime that runs on the calling thread, and a client with its connections.

use super::resolve::Resolver;
use super::{Failure, Settings};
use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Interval, MissedTickBehavior};

/// OSS closes idle connections after about a minute; one that is nearly that old is not worth a try.
const IDLE_LIMIT: Duration = Duration::from_secs(50);
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How often a waiting call looks whether its time is up.
const TICK: Duration = Duration::from_millis(20);

/// The network as one call has it.
pub struct Lane {
    // Declared first and so dropped first: the client's connections live on the runtime.
    pub(super) client: Client,
    runtime: Runtime,
    pub(super) connect_timeout: Duration,
    pub(super) stall_timeout: Duration,
    trouble: Cell<bool>,
    /// One timer for all exchanges: setting one for each would cost a system call.
    tick: RefCell<Interval>,
}

impl Lane {
    pub(super) fn new(settings: &Settings, tls: ClientConfig) -> Result<Lane, Failure> {
        let runtime =
            Builder::new_current_thread().enable_io().enable_time().build().map_err(Failure::setup)?;
        let tick = runtime.block_on(async {
            let mut tick = tokio::time::interval(TICK);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tick
        });
        Ok(Lane {
            client: client(settings, tls)?,
            runtime,
            tick: RefCell::new(tick),
            connect_timeout: settings.connect_timeout,
            stall_timeout: settings.stall_timeout,
            trouble: Cell::new(false),
        })
    }

    pub(super) fn block_on<T>(&self, work: impl AsyncFnOnce(&Lane) -> T) -> T {
        self.trouble.set(false);
        self.runtime.block_on(async {
            // Lets the runtime look at its sockets once, so that a connection which the server closed since the last
            // call is found out and replaced before anything is sent on it.
            tokio::task::yield_now().await;
            work(self).await
        })
    }

    /// Ready at every tick.
    pub(super) fn poll_tick(&self, context: &mut Context<'_>) -> Poll<()> {
        self.tick.borrow_mut().poll_tick(context).map(drop)
    }

    /// Does nothing for `time`.
    pub async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Whether a connection may have been written to after it broke, since the call began.
    pub(super) fn had_trouble(&self) -> bool {
        self.trouble.get()
    }

    pub(super) fn note_trouble(&self) {
        self.trouble.set(true);
    }
}

fn client(settings: &Settings, tls: ClientConfig) -> Result<Client, Failure> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(Resolver))
        .connect_timeout(settings.connect_timeout)
        .tcp_nodelay(true)
        .tcp_keepalive(KEEPALIVE)
        // What the kernel has taken but the server does not acknowledge is stalled just the same.
        .tcp_user_timeout(settings.stall_timeout)
        .pool_idle_timeout(IDLE_LIMIT)
        .http1_only()
        .redirect(Policy::none())
        .referer(false)
        // What may be sent again is for the engine to say.
        .retry(reqwest::retry::never());
    let builder = match &settings.proxy {
        Some(url) => builder.proxy(reqwest::Proxy::all(url).map_err(client_failure)?),
        None => builder.no_proxy(),
    };
    builder.build().map_err(client_failure)
}

fn client_failure(error: reqwest::Error) -> Failure {
    Failure::from_client(error, false)
}
