//! How an endpoint is reached.

use super::bind::Bind;
use super::clock::Clock;
use super::proxy::Proxy;
use super::trust::Trust;
use std::net::IpAddr;
use std::time::Duration;

/// What every connection of a bucket has in common.
#[derive(Clone)]
pub struct Settings {
    /// Whether the endpoint is spoken to over TLS.
    pub https: bool,
    /// How long name resolution, connecting, a proxy's tunnel and the TLS handshake may take together.
    pub connect_timeout: Duration,
    /// How long nothing may move; what counts as movement, the watch says.
    pub stall_timeout: Duration,
    /// Whom TLS trusts, and what it shows of the caller.
    pub trust: Trust,
    /// What to go through.
    pub proxy: Option<Proxy>,
    /// Where connections start from.
    pub bind: Option<Bind>,
    /// Hosts, in lower case, with the address to go to instead of a look-up.
    pub resolve: Vec<(String, IpAddr)>,
    /// What time it is.
    pub clock: Clock,
}
