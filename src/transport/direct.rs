//! Plain http straight to the endpoint, as programs inside a cloud's own network speak it: one connection, driven by
//! the call that uses it. A put over a warm connection takes four system calls.

use super::body::Outgoing;
use super::failure::{Cause, Failure, describe};
use super::resolve::look_up_elsewhere;
use super::socket::{Health, IDLE_LIMIT, Socket};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use url::Url;

/// How much may wait to be sent before no more frames are asked for. A reply's head must fit in as well.
const LARGEST_BUFFER: usize = 64 << 10;

/// The idle connections of a lane to its one endpoint.
pub(super) struct Direct {
    connect_timeout: Duration,
    stall_timeout: Duration,
    idle: RefCell<Vec<Connection>>,
}

impl Direct {
    pub(super) fn new(connect_timeout: Duration, stall_timeout: Duration) -> Direct {
        Direct { connect_timeout, stall_timeout, idle: RefCell::default() }
    }

    /// An idle connection that is still good, or a new one.
    pub(super) async fn connection(&self, url: &Url) -> Result<Connection, Failure> {
        loop {
            let idle = self.idle.borrow_mut().pop();
            match idle {
                Some(mut connection) => {
                    let fresh = connection.idle_since.elapsed() < IDLE_LIMIT;
                    if fresh && connection.is_alive() && connection.is_ready().await {
                        return Ok(connection);
                    }
                }
                None => return self.connect(url).await,
            }
        }
    }

    /// Keeps a connection whose last exchange is complete.
    pub(super) fn keep(&self, mut connection: Connection) {
        connection.idle_since = Instant::now();
        self.idle.borrow_mut().push(connection);
    }

    async fn connect(&self, url: &Url) -> Result<Connection, Failure> {
        let attempt = async {
            let stream = self.stream(url).await?;
            let socket = Socket::new(stream, self.stall_timeout)?;
            let health = socket.health();
            let (sender, driver) = http1::Builder::new()
                .max_buf_size(LARGEST_BUFFER)
                .handshake(socket)
                .await
                .map_err(io::Error::other)?;
            let driver = Some(Box::pin(driver));
            Ok(Connection { sender, driver, health, host: host_of(url)?, idle_since: Instant::now() })
        };
        let failure = |cause, message| Failure { cause, wholly_sent: false, message };
        match tokio::time::timeout(self.connect_timeout, attempt).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => {
                let error: io::Error = error;
                Err(failure(Cause::Network, format!("cannot connect: {error}")))
            }
            Err(_) => Err(failure(Cause::Timeout, "cannot connect within the time-out".to_owned())),
        }
    }

    /// A stream to the first address that answers. Each gets its share of the time.
    async fn stream(&self, url: &Url) -> io::Result<TcpStream> {
        let addresses = addresses(url).await?;
        let share = self.connect_timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut last = io::Error::other("the name has no address");
        for address in addresses {
            last = match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => error,
                Err(_) => io::ErrorKind::TimedOut.into(),
            };
        }
        Err(last)
    }
}

async fn addresses(url: &Url) -> io::Result<Vec<SocketAddr>> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    // An IPv6 address stands in brackets.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => Ok(vec![SocketAddr::new(address, port)]),
        Err(_) => {
            let found = look_up_elsewhere(host.to_owned()).await?;
            Ok(found.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
        }
    }
}

fn host_of(url: &Url) -> io::Result<HeaderValue> {
    let host = url.host_str().unwrap_or_default();
    let text = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::try_from(text).map_err(io::Error::other)
}

/// A connection, with the part of the HTTP client that moves its bytes. Nothing moves unless the call that uses it polls.
pub(super) struct Connection {
    sender: http1::SendRequest<Outgoing>,
    /// `None` once it has ended.
    driver: Option<Pin<Box<http1::Connection<Socket, Outgoing>>>>,
    health: Arc<Health>,
    host: HeaderValue,
    idle_since: Instant,
}

impl Connection {
    pub(super) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    pub(super) async fn send(
        &mut self,
        mut request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        request.headers_mut().insert(header::HOST, self.host.clone());
        let mut response = pin!(self.sender.send_request(request));
        let driver = &mut self.driver;
        poll_fn(|context| {
            drive(driver, context);
            response.as_mut().poll(context)
        })
        .await
    }

    /// The next bytes of a reply's body; `None` at its end.
    pub(super) async fn next_chunk(&mut self, body: &mut Incoming) -> Result<Option<Bytes>, String> {
        loop {
            let frame = poll_fn(|context| {
                drive(&mut self.driver, context);
                Pin::new(&mut *body).poll_frame(context)
            })
            .await;
            match frame.transpose().map_err(|error| describe(&error))?.map(|frame| frame.into_data()) {
                Some(Ok(bytes)) => return Ok(Some(bytes)),
                // Trailers say nothing that is of use here.
                Some(Err(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// Whether the server still holds its end. The socket is the driver's, and closed with it.
    fn is_alive(&self) -> bool {
        self.driver.is_some() && self.health.is_alive()
    }

    /// Whether another request can be sent on it.
    async fn is_ready(&mut self) -> bool {
        let Connection { sender, driver, .. } = self;
        poll_fn(|context| {
            drive(driver, context);
            sender.poll_ready(context)
        })
        .await
        .is_ok()
    }
}

/// Moves what can be moved. How the driver ends is told to the request that it ends with.
fn drive(driver: &mut Option<Pin<Box<http1::Connection<Socket, Outgoing>>>>, context: &mut Context<'_>) {
    if let Some(running) = driver
        && let Poll::Ready(_) = running.as_mut().poll(context)
    {
        *driver = None;
    }
}
