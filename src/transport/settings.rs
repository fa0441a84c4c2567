//! How an endpoint is reached.

use std::time::Duration;

/// What every connection of a bucket has in common.
#[derive(Clone)]
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
