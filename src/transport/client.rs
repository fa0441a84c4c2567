//! The HTTP client for https and for proxies.

use super::failure::Failure;
use super::resolve::Resolver;
use super::settings::Settings;
use super::socket::{IDLE_LIMIT, KEEPALIVE};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy};
use rustls::ClientConfig;
use std::sync::Arc;

pub(super) fn new(settings: &Settings, tls: ClientConfig) -> Result<Client, Failure> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(Resolver))
        .connect_timeout(settings.connect_timeout)
        .tcp_nodelay(true)
        .tcp_keepalive(KEEPALIVE)
        // What the kernel has taken but the server does not acknowledge is stalled just the same.
        .tcp_user_timeout(settings.stall_timeout)
        .pool_idle_timeout(IDLE_LIMIT)
        .http1_only()
        .redirect(Policy::none())
        .referer(false)
        // What may be sent again is for the engine to say.
        .retry(reqwest::retry::never());
    let builder = match &settings.proxy {
        Some(url) => builder.proxy(Proxy::all(url).map_err(failure)?),
        None => builder.no_proxy(),
    };
    builder.build().map_err(failure)
}

fn failure(error: reqwest::Error) -> Failure {
    Failure::from_client(error, false)
}
