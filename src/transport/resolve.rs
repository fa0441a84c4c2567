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
            Ok(Box::new(look_up_elsewhere(name.as_str().to_owned()).await?.into_iter()) as Addrs)
        })
    }
}

/// The addresses of `host`, looked up on a thread of its own.
pub(super) async fn look_up_elsewhere(host: String) -> io::Result<Vec<SocketAddr>> {
    let (answer, answered) = oneshot::channel();
    with_all_signals_blocked(|| {
        thread::Builder::new()
            .name("oss-resolve".to_owned())
            .stack_size(1 << 20)
            // A call that ended meanwhile no longer listens; there is nobody else to tell.
            .spawn(move || drop(answer.send(look_up(&host))))
    })?;
    answered.await.map_err(io::Error::other)?
}

fn look_up(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((host, 0).to_socket_addrs()?.collect())
}
