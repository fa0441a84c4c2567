//! What a connection is made to: the endpoint, or a proxy on the way; and what is said when that fails.

use super::failure::{Cause, Failure, in_words};
use super::proxy::Proxy;
use super::stream::Stream;
use super::{tls, tunnel};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::{fmt, io};
use url::Url;

/// A host and a port, as messages name them.
pub(super) struct Place<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
}

/// Something that is connected to.
pub(super) struct Hop<'a> {
    pub(super) place: Place<'a>,
    pub(super) is_proxy: bool,
}

impl Hop<'_> {
    /// A stream that leads here, spoken to through TLS.
    pub(super) async fn over_tls(
        &self,
        stream: Stream,
        config: &Arc<ClientConfig>,
    ) -> Result<Stream, Failure> {
        let host = self.place.host;
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|_| Failure::unsendable(format!("{host} is no name that a certificate can have")))?;
        stream.over_tls(config, name).await.map_err(|error| self.tls_failure(error))
    }

    /// A stream that leads to this proxy, and now through it.
    pub(super) async fn through_tunnel(
        &self,
        mut stream: Stream,
        proxy: &Proxy,
        place: &Place<'_>,
    ) -> Result<Stream, Failure> {
        let target = place.to_string();
        match tunnel::open(&mut stream, &target, proxy.authorization.as_deref()).await {
            Ok(()) => Ok(stream),
            Err(tunnel::Refused::Status(status)) => {
                let what = format!("{self} refused a tunnel to {target}: HTTP {status}");
                Err(Failure::before(Cause::Network, what))
            }
            // A proxy says in this late way too that it does not like the TLS that was begun.
            Err(tunnel::Refused::Broken(error)) if tls::error_in(&error).is_some() => {
                Err(self.tls_failure(error))
            }
            Err(tunnel::Refused::Broken(error)) => Err(self.failure(Cause::Network, error)),
        }
    }

    /// What keeps it from being connected to.
    pub(super) fn failure(&self, cause: Cause, error: impl Error + 'static) -> Failure {
        Failure::before(cause, format!("cannot connect to {self}: {}", in_words(&error)))
    }

    /// What became of each address that was tried.
    pub(super) fn unreachable(&self, failed: &[(SocketAddr, io::Error)]) -> Failure {
        let each: Vec<String> = match failed {
            [] => vec![
                "none of its addresses can be reached from the address that connections are bound to"
                    .to_owned(),
            ],
            [(_, error)] => vec![in_words(error)],
            several => {
                several.iter().map(|(at, error)| format!("{}: {}", at.ip(), in_words(error))).collect()
            }
        };
        Failure::before(Cause::Network, format!("cannot connect to {self}: {}", each.join("; ")))
    }

    fn tls_failure(&self, error: io::Error) -> Failure {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(error) => {
                let why = tls::in_words(error, self.place.host);
                Failure::before(Cause::Tls, format!("no TLS with {self}: {why}"))
            }
            None => Failure::before(Cause::Network, format!("no TLS with {self}: {}", in_words(&error))),
        }
    }
}

impl fmt::Display for Hop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_proxy { "the proxy " } else { "" };
        write!(f, "{kind}{}", self.place)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') && !self.host.starts_with('[') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl<'a> Place<'a> {
    pub(super) fn of(url: &'a Url) -> Place<'a> {
        Place {
            host: url.host_str().unwrap_or_default(),
            port: url.port_or_known_default().unwrap_or_default(),
        }
    }
}
