//! One caller's worth of network: a runtime that runs on the calling thread, and a way to the endpoint with its
//! connections.

use super::client;
use super::direct::Direct;
use super::self_wake::SelfWake;
use super::{Failure, Settings};
use reqwest::Client;
use rustls::ClientConfig;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::coop::unconstrained;
use tokio::time::{Interval, MissedTickBehavior};

/// OSS closes idle connections after about a minute; one that is nearly that old is not worth a try.
pub(super) const IDLE_LIMIT: Duration = Duration::from_secs(50);
/// How often a waiting call looks whether its time is up.
const TICK: Duration = Duration::from_millis(50);

/// The network as one call has it.
pub struct Lane {
    // Declared before the runtime and so dropped before it: connections live on it.
    pub(super) way: Way,
    runtime: Runtime,
    pub(super) connect_timeout: Duration,
    pub(super) stall_timeout: Duration,
    trouble: Cell<bool>,
    self_wake: Arc<SelfWake>,
    /// Timers for all exchanges: setting one for each would cost a system call, and so would setting one that is the next
    /// to go off. There are two, which take turns, so that there is always one that goes off before.
    ticks: RefCell<[Interval; 2]>,
}

/// How the endpoint is reached.
pub(super) enum Way {
    /// Over http, without a proxy.
    Direct(Direct),
    /// Over https or a proxy.
    Client(Client),
}

impl Lane {
    pub(super) fn new(settings: &Settings, tls: Option<ClientConfig>) -> Result<Lane, Failure> {
        let runtime =
            Builder::new_current_thread().enable_io().enable_time().build().map_err(Failure::setup)?;
        let ticks = runtime.block_on(async { [Duration::ZERO, TICK / 2].map(ticking_from) });
        let way = match tls {
            Some(tls) => Way::Client(client::new(settings, tls)?),
            None => Way::Direct(Direct::new(settings.connect_timeout, settings.stall_timeout, IDLE_LIMIT)),
        };
        Ok(Lane {
            way,
            runtime,
            connect_timeout: settings.connect_timeout,
            stall_timeout: settings.stall_timeout,
            trouble: Cell::new(false),
            self_wake: Arc::default(),
            ticks: RefCell::new(ticks),
        })
    }

    pub(super) fn block_on<T>(&self, work: impl AsyncFnOnce(&Lane) -> T) -> T {
        self.trouble.set(false);
        self.runtime.block_on(async {
            if let Way::Client(_) = self.way {
                // Lets the runtime look at its sockets once, so that a connection which the server closed since the
                // last call is found out and replaced before anything is sent on it.
                tokio::task::yield_now().await;
            }
            self.self_wake.run(work(self)).await
        })
    }

    /// Ready at every tick, however busy the server keeps us: the runtime must not put this off.
    pub(super) fn poll_tick(&self, context: &mut Context<'_>) -> Poll<()> {
        let tick = poll_fn(|context| {
            // Each has to be asked, since asking is what sets it.
            let [first, second] = &mut *self.ticks.borrow_mut();
            let ready = [first.poll_tick(context).is_ready(), second.poll_tick(context).is_ready()];
            if ready.contains(&true) { Poll::Ready(()) } else { Poll::Pending }
        });
        pin!(unconstrained(tick)).poll(context)
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

fn ticking_from(delay: Duration) -> Interval {
    let mut ticking = tokio::time::interval_at(tokio::time::Instant::now() + delay, TICK);
    // Skipping what was missed keeps the two apart.
    ticking.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticking
}
