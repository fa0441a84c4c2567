//! What all connections of an emulator have in common.

use std::net::SocketAddr;

use crate::callback::SigningKey;
use crate::clock::Clock;
use crate::config::Config;
use crate::connections::Connections;
use crate::faults::Faults;
use crate::keys::Keys;
use crate::request_log::RequestLog;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Shared {
    pub config: Config,
    pub address: SocketAddr,
    pub clock: Clock,
    pub keys: Keys,
    pub store: Store,
    pub faults: Faults,
    pub log: RequestLog,
    pub connections: Connections,
    pub signing_key: SigningKey,
}

impl Shared {
    /// `http://127.0.0.1:PORT`. A server that listens everywhere is reached on loopback.
    pub fn endpoint(&self) -> String {
        let scheme = if self.config.tls.is_some() { "https" } else { "http" };
        let port = self.address.port();
        if self.address.ip().is_unspecified() {
            format!("{scheme}://127.0.0.1:{port}")
        } else {
            format!("{scheme}://{}", self.address)
        }
    }
}
