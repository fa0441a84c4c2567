//! Hosts that are not looked up, since their address is given.

use crate::wire::mistake::{Mistake, shown};
use std::net::IpAddr;
use url::Host;

/// A host as it stands in a URL that was read.
pub(super) fn name_to_look_up(host: &str) -> Result<String, Mistake> {
    match Host::parse(host) {
        Ok(Host::Domain(name)) if !name.contains('*') => Ok(name),
        _ => Err(Mistake::new(format!(
            "the host {} is not a name to look up, as neither an IP address is nor \"*\" nor what has a port",
            shown(host)
        ))),
    }
}

/// An address in numbers.
pub(super) fn ip_address(text: &str) -> Result<IpAddr, Mistake> {
    text.parse().map_err(|_| Mistake::new(format!("the address {} is not an IP address", shown(text))))
}
