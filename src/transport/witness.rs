//! Who goes along with a call.

use super::meter::Times;
use std::any::Any;
use std::net::SocketAddr;

/// Goes along with a call from its beginning to its end. What else it is, is known to whoever sent it along.
pub trait Witness: Any + Send {
    /// A connection was made to this address, which took so long. False ends the call.
    fn connected(&self, address: SocketAddr, times: Times) -> bool;
}
