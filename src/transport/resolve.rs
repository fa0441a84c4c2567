//! Name resolution on a short-lived thread of its own: `getaddrinfo` blocks and cannot be interrupted, so a call that
//! runs out of time leaves it behind, and it ends by itself.

use super::sigpipe::with_all_signals_blocked;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{SocketAddr, ToSocketAddrs};
use std::{io, thread};
use tokio::sync::oneshot;

pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let host = name.as_str().to_owned();
            with_all_signals_blocked(|| {
                thread::Builder::new()
                    .name("oss-resolve".to_owned())
                    .stack_size(256 << 10)
                    // A call that ended meanwhile no longer listens; there is nobody else to tell.
                    .spawn(move || drop(answer.send(look_up(&host))))
            })?;
            let addresses = answered.await.map_err(io::Error::other)??;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn look_up(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((host, 0).to_socket_addrs()?.collect())
}
