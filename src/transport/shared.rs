//! What the lanes of a bucket have in common, as long as they are of one process.

use super::resolve::LookUps;
use once_cell::sync::OnceCell;
use rustls::ClientConfig;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An address that answered is tried first for so long.
const MEMORY: Duration = Duration::from_secs(600);

/// What is made once and used by all lanes.
#[derive(Default)]
pub(super) struct Shared {
    /// The settings for TLS, and with them the sessions that can be resumed. Made by whoever needs them first.
    pub(super) tls: OnceCell<Arc<ClientConfig>>,
    /// The same for a proxy.
    pub(super) proxy_tls: OnceCell<Arc<ClientConfig>>,
    pub(super) look_ups: LookUps,
    winner: Mutex<Option<Winner>>,
}

/// The address of a name that answered first.
struct Winner {
    host: String,
    address: IpAddr,
    until: Instant,
}

impl Shared {
    /// The address that answered first when `host` was connected to last.
    pub(super) fn favourite(&self, host: &str) -> Option<IpAddr> {
        let winner = self.winner.lock().unwrap_or_else(PoisonError::into_inner);
        winner.as_ref().filter(|won| won.host == host && won.until > Instant::now()).map(|won| won.address)
    }

    /// Notes that the address that answered first is of no use after all.
    pub(super) fn forget_winner(&self) {
        self.winner.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Notes that this address of `host` answered first.
    pub(super) fn remember(&self, host: &str, address: IpAddr) {
        let until = Instant::now() + MEMORY;
        let mut winner = self.winner.lock().unwrap_or_else(PoisonError::into_inner);
        *winner = Some(Winner { host: host.to_owned(), address, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_winner_is_remembered_for_its_name() {
        let shared = Shared::default();
        let address = "127.0.0.2".parse().unwrap();
        assert_eq!(shared.favourite("a"), None);
        shared.remember("a", address);
        assert_eq!((shared.favourite("a"), shared.favourite("b")), (Some(address), None));
        shared.winner.lock().unwrap().as_mut().unwrap().until = Instant::now();
        assert_eq!(shared.favourite("a"), None);
    }
}
