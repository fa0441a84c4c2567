//! Whom TLS trusts, and what it shows of the caller.

use std::path::PathBuf;

/// What every TLS connection of a bucket has in common.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Trust {
    /// A PEM file with the certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with certificates to trust as well, whichever the others are.
    pub extra_ca_file: Option<PathBuf>,
    /// PEM files with the chain of the caller's certificate, and with its private key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// SHA-256 of the `SubjectPublicKeyInfo` of the server's certificate. If there are any, one must be right.
    pub pins: Vec<[u8; 32]>,
}

impl Trust {
    /// What holds for a proxy: the client certificate and the pins are for the endpoint.
    pub(super) fn of_proxy(&self) -> Trust {
        Trust { client_certificate: None, pins: Vec::new(), ..self.clone() }
    }
}
