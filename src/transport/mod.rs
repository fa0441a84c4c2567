//! The network, on the thread that calls: the only user of tokio, hyper, rustls and reqwest.
//!
//! A call takes a [`Lane`] (a current-thread runtime and a route to the endpoint with its idle connections), runs on it and
//! puts it back. Nothing touches a socket between two calls, and no thread is started but for name resolution.
//!
//! Every byte of an upload, over http, https and through proxies, goes over a connection of our own:
//!
//! | file | what it is |
//! |---|---|
//! | `exchange`, `progress`, `watch` | one request and its reply; how far it has come; who watches its time |
//! | `meter`, `witness` | how an exchange went; who goes along with a call |
//! | `lane`, `lanes`, `shared` | what one call has; those that nobody uses; what all of a bucket have in common |
//! | `clock`, `deadline`, `cancel` | what time it is; when a call ends; who may end it |
//! | `outside`, `on_the_heap` | what a call does outside of its runtime; what it does not keep on its stack |
//! | `pace`, `rate` | how fast a call sends; how fast several do together |
//! | `route`, `hop`, `race`, `resolve`, `tunnel`, `tls` | the way there, step by step |
//! | `connection`, `flow`, `traffic` | HTTP, driven by the call that uses it; how much went through it; how much is on its way |
//! | `stream`, `socket`, `tcp_info`, `identity` | bytes, through TLS or not; without a signal; what the kernel knows of them; whose they are |
//! | `delivery`, `failure` | what is known of a request that got no reply |
//! | `fork`, `user` | which process this is and what is its own; for whom it acts |
//!
//! A [`child`] is a program that is run for what it prints. An [`Errand`] is no upload, and goes through reqwest: its caller has [`Patience`], and takes [`Turns`] with others who want
//! the same.

mod bind;
mod body;
mod cancel;
mod child;
mod clock;
mod connection;
mod deadline;
mod delivery;
mod elsewhere;
mod errand;
mod exchange;
mod failure;
mod flow;
mod fork;
mod hop;
mod identity;
mod lane;
mod lanes;
mod meter;
mod no_proxy;
mod on_the_heap;
mod outside;
mod pace;
mod patience;
mod progress;
mod proxy;
mod race;
mod rate;
mod resolve;
mod route;
mod self_wake;
mod settings;
mod shared;
mod signals;
mod socket;
mod stream;
mod tcp_info;
mod ticks;
mod tls;
mod traffic;
mod trust;
mod tunnel;
mod turns;
mod user;
mod watch;
mod witness;

pub use bind::Bind;
pub use body::{Source, SourceFailure};
pub use cancel::Cancel;
pub use child::{Printed, output_of};
pub use clock::Clock;
pub use deadline::Deadline;
pub use delivery::Delivery;
pub use elsewhere::with_thread_data;
pub use errand::{Ask, Errand};
pub use exchange::{Cut, Reply, ReplyLimits, Request};
pub use failure::{Cause, Failure};
pub use lane::{Bounds, Lane};
pub use meter::{Measured, Meter, Phase, Times};
pub use on_the_heap::on_the_heap;
pub use patience::Patience;
pub use proxy::Proxy;
pub use rate::Rate;
pub use settings::Settings;
pub use signals::with_sigxfsz_blocked;
pub use traffic::OnItsWay;
pub use trust::Trust;
pub use turns::Turns;
pub use user::effective_user;
pub use witness::Witness;

use lanes::Lanes;
use std::sync::Arc;

/// The connections of one bucket.
pub struct Transport {
    settings: Arc<Settings>,
    lanes: Lanes,
}

impl Transport {
    /// Nothing is opened or read before the first call.
    pub fn new(settings: Settings) -> Transport {
        Transport { settings: Arc::new(settings), lanes: Lanes::default() }
    }

    /// What time it is for its calls.
    pub fn clock(&self) -> &Clock {
        &self.settings.clock
    }

    /// Runs `work` on the calling thread until it is done. Only where that thread is about to end, and has no data of its own
    /// any more, another one does the work while it waits.
    pub fn run<T>(&self, bounds: Bounds, work: impl AsyncFnOnce(&Lane) -> T) -> Result<T, Failure> {
        elsewhere::block_on_network(|| {
            let lane = self.lane()?;
            let result = lane.block_on(bounds, work);
            self.lanes.put_back(lane);
            Ok(result)
        })
    }

    fn lane(&self) -> Result<Lane, Failure> {
        match self.lanes.take() {
            Some(lane) => Ok(lane),
            None => Lane::new(&self.settings, self.lanes.shared()),
        }
    }
}
