//! The way to an endpoint: names are resolved, addresses tried, a proxy asked for a tunnel, TLS begun; and the connections
//! that a lane has that way.

use super::body::Outgoing;
use super::connection::Connection;
use super::deadline::Deadline;
use super::failure::{Cause, Failure, in_words};
use super::flow::Counted;
use super::hop::{Hop, Place};
use super::meter::{Meter, Phase};
use super::outside::Outside;
use super::race;
use super::resolve::Found;
use super::settings::Settings;
use super::shared::Shared;
use super::socket::{Socket, Standing};
use super::stream::Stream;
use super::tls;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use url::{Position, Url};

/// OSS closes idle connections after about a minute; one that is nearly that old is not worth a try.
const IDLE_LIMIT: Duration = Duration::from_secs(50);

/// The way from one lane to an endpoint, with the connections that nobody uses at the moment.
pub(super) struct Route {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
    idle: RefCell<Vec<Connection>>,
}

impl Route {
    /// Reads what TLS needs, if there is any.
    pub(super) fn new(settings: Arc<Settings>, shared: Arc<Shared>) -> Result<Route, Failure> {
        // Loading the system's roots takes milliseconds: once for each bucket, and not at all for plain http.
        if settings.https {
            shared.tls.get_or_try_init(|| tls::config(&settings.trust))?;
        }
        if settings.proxy.as_ref().is_some_and(|proxy| proxy.https) {
            shared.proxy_tls.get_or_try_init(|| tls::config(&settings.trust.of_proxy()))?;
        }
        Ok(Route { settings, shared, idle: RefCell::default() })
    }

    /// An idle connection that is still good, unless it was idle for longer than `most`, or a new one. Says whether it was
    /// used before.
    pub(super) async fn connection(
        &self,
        outside: &Outside,
        url: &Url,
        most: Duration,
        meter: &Meter,
    ) -> Result<(Connection, bool), Failure> {
        while let Some(mut connection) = self.youngest_idle(most) {
            if connection.is_alive() && connection.is_ready().await {
                return Ok((connection, true));
            }
        }
        Ok((self.connect(outside, url, meter).await?, false))
    }

    /// The connection that was used last. One that is too old stays for others, or is closed when it is so for all.
    fn youngest_idle(&self, most: Duration) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        idle.retain(|connection| connection.idle_since.elapsed() < IDLE_LIMIT);
        idle.pop_if(|connection| connection.idle_since.elapsed() < most)
    }

    /// Keeps a connection whose exchange is complete, unless it ended with that.
    pub(super) fn keep(&self, mut connection: Connection) {
        if connection.is_open() {
            connection.rest();
            self.idle.borrow_mut().push(connection);
        }
    }

    /// Whether there is an idle connection. Without one nobody could tell whether the descriptors are still ours.
    pub(super) fn has_idle(&self) -> bool {
        !self.idle.borrow().is_empty()
    }

    /// Whether the descriptors are still ours. Who closes one that is not his closes all, so the one that is used first tells.
    pub(super) fn is_ours(&self) -> bool {
        self.idle.borrow().last().is_none_or(|connection| connection.standing() != Standing::Lost)
    }

    /// Gives up all idle connections: what closed one is likely to have closed the others.
    pub(super) fn forget_idle(&self) {
        self.idle.borrow_mut().clear();
    }

    /// A request as it is written on this way: a proxy that carries no TLS is told the whole URL.
    pub(super) fn written(
        &self,
        url: &Url,
        method: Method,
        headers: HeaderMap,
        body: Outgoing,
    ) -> Result<Request<Outgoing>, Failure> {
        let proxy = self.settings.proxy.as_ref().filter(|_| !self.settings.https);
        let from = if proxy.is_some() { Position::BeforeScheme } else { Position::BeforePath };
        let unsendable = |what: &str| Failure::unsendable(format!("the {what} cannot be sent"));
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = url[from..Position::AfterQuery].parse().map_err(|_| unsendable("URL"))?;
        *request.headers_mut() = headers;
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
        request.headers_mut().insert(header::HOST, host.map_err(|_| unsendable("host"))?);
        if let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.as_deref()) {
            let value = HeaderValue::from_str(authorization).map_err(|_| unsendable("proxy's password"))?;
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// Whether it was a proxy to which a request is handed on that refused it.
    pub(super) fn is_refused_by_proxy(&self, status: StatusCode) -> bool {
        let hands_on = self.settings.proxy.is_some() && !self.settings.https;
        hands_on && status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
    }

    /// Where it leads, in words.
    pub(super) fn peer(&self, url: &Url) -> String {
        let place = Place::of(url);
        match &self.settings.proxy {
            Some(_) => format!("{place} through {}", self.first_hop(url)),
            None => place.to_string(),
        }
    }

    /// Makes a connection; all that takes no longer than the time-out for it.
    async fn connect(&self, outside: &Outside, url: &Url, meter: &Meter) -> Result<Connection, Failure> {
        let hop = self.first_hop(url);
        let connecting = self.connected(url, &hop, meter);
        let connected =
            outside.within(self.settings.connect_timeout, Deadline::after(None), connecting).await;
        let connected = connected.unwrap_or_else(|| {
            let what = format!("cannot connect to {hop} within the time-out");
            Err(Failure::before(Cause::Timeout, what))
        });
        if connected.is_err() {
            // Next time other addresses may do better.
            self.shared.forget_winner();
            self.shared.look_ups.forget();
        }
        connected
    }

    async fn connected(&self, url: &Url, hop: &Hop<'_>, meter: &Meter) -> Result<Connection, Failure> {
        let (socket, address) = self.socket(hop, meter).await?;
        let health = socket.health();
        let mut stream = Stream::Plain(socket);
        let endpoint = Hop { place: Place::of(url), is_proxy: false };
        if let Some(config) = self.shared.proxy_tls.get() {
            meter.enter(Phase::Tls);
            stream = hop.over_tls(stream, config).await?;
        }
        if let Some(config) = self.shared.tls.get() {
            if let Some(proxy) = &self.settings.proxy {
                meter.enter(Phase::Connecting);
                stream = hop.through_tunnel(stream, proxy, &endpoint.place).await?;
            }
            meter.enter(Phase::Tls);
            stream = endpoint.over_tls(stream, config).await?;
        }
        let connection = Connection::over(Counted::new(stream, health), address, &self.settings).await;
        let connection = connection.map_err(|error| hop.failure(Cause::Network, error))?;
        self.shared.remember(hop.place.host, address.ip());
        Ok(connection)
    }

    /// What is connected to: the proxy, or else the endpoint itself.
    pub(super) fn first_hop<'a>(&'a self, url: &'a Url) -> Hop<'a> {
        match &self.settings.proxy {
            Some(proxy) => Hop { place: Place { host: &proxy.host, port: proxy.port }, is_proxy: true },
            None => Hop { place: Place::of(url), is_proxy: false },
        }
    }

    /// A socket to the first address that answers.
    async fn socket(&self, hop: &Hop<'_>, meter: &Meter) -> Result<(Socket, SocketAddr), Failure> {
        let host = hop.place.host;
        meter.enter(Phase::Resolving);
        let found = self.addresses(host).await.map_err(|why| {
            let what = format!("cannot connect to {hop}: the name {host} cannot be resolved: {why}");
            Failure::before(Cause::Network, what)
        })?;
        meter.enter(Phase::Connecting);
        let addresses: Vec<SocketAddr> = race::in_turns(&found, self.shared.favourite(host))
            .into_iter()
            .filter(|address| self.settings.bind.as_ref().is_none_or(|bind| bind.reaches(*address)))
            .map(|address| SocketAddr::new(address, hop.place.port))
            .collect();
        let made = race::first(addresses, async |address| self.dial(address).await).await;
        let (stream, address) = made.map_err(|failed| hop.unreachable(&failed))?;
        let socket = Socket::new(stream).map_err(|error| hop.failure(Cause::Network, error))?;
        Ok((socket, address))
    }

    async fn addresses(&self, host: &str) -> Found {
        // An IPv6 address stands in brackets.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Arc::new([address]));
        }
        match self.settings.resolve.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)) {
            Some((_, address)) => Ok(Arc::new([*address])),
            None => self.shared.look_ups.addresses(host, self.settings.connect_timeout).await,
        }
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(bind) = &self.settings.bind {
            bind.apply(&socket).map_err(|error| {
                io::Error::other(format!("connections cannot start from {bind}: {}", in_words(&error)))
            })?;
        }
        socket.connect(address).await
    }
}
