//! One HTTP connection, driven by the call that uses it. A put over a warm one takes four system calls.

use super::body::Outgoing;
use super::delivery::{Delivery, End};
use super::failure::in_words;
use super::flow::{Counted, Flow};
use super::settings::Settings;
use super::socket::Standing;
use crate::wire::header::{METADATA_MAX, METADATA_PREFIX};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::cell::Cell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How much may wait to be sent before no more frames are asked for. A reply's head must fit in as well. What the client for
/// HTTP allocates has up to twice that, and it cannot do without: so it is no more than there always is.
const LARGEST_BUFFER: usize = 32 << 10;
/// So much of what an object's metadata may have takes each at least, with a name and a value of one byte. Empty ones are none.
const SHORTEST_METADATA: usize = METADATA_PREFIX.len() + 2;
/// So many headers a reply has at most, and so many trailers: all metadata that there can be, and what else there is. More than
/// 384 take 78 KiB at once. Hyper itself bounds the trailers and the words about chunks to 16 KiB each.
const MOST_HEADERS: usize = METADATA_MAX / SHORTEST_METADATA + 100;

/// The first request of a call finds its connection looked at when the call began.
const MOMENT: Duration = Duration::from_millis(5);

/// After its peer has closed its side, a connection is looked at so often, and no longer than this, to see what becomes of what
/// is on its way.
const GLANCE: Duration = Duration::from_millis(2);
const LONGEST_FAREWELL: Duration = Duration::from_secs(2);

/// What moves the bytes.
struct Driver {
    connection: Pin<Box<http1::Connection<TokioIo<Counted>, Outgoing>>>,
    /// Nothing moves any more. The socket is closed with the driver.
    has_ended: bool,
}

/// A connection, with the part of the HTTP client that moves its bytes. Nothing moves unless the call that uses it polls.
pub(super) struct Connection {
    sender: http1::SendRequest<Outgoing>,
    driver: Driver,
    flow: Arc<Flow>,
    address: SocketAddr,
    proxied: bool,
    leads_through_tls: bool,
    pub(super) idle_since: Instant,
    /// How it was when somebody looked last, while it was idle.
    looked: Cell<Option<(Instant, Standing)>>,
}

impl Connection {
    pub(super) async fn over(
        stream: Counted,
        address: SocketAddr,
        settings: &Settings,
    ) -> hyper::Result<Connection> {
        let flow = stream.flow();
        let mut builder = http1::Builder::new();
        builder.max_buf_size(LARGEST_BUFFER).max_headers(MOST_HEADERS);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        Ok(Connection {
            sender,
            driver: Driver { connection: Box::pin(connection), has_ended: false },
            flow,
            address,
            proxied: settings.proxy.is_some(),
            leads_through_tls: settings.https,
            idle_since: Instant::now(),
            looked: Cell::default(),
        })
    }

    /// What is to become of a request that is about to be sent, with a head and a body of so many bytes.
    pub(super) fn track(&self, head: u64, body: u64) -> Track {
        let end = self.flow.with_kernel().saturating_add(head).saturating_add(body);
        let received_before = self.flow.received();
        Track {
            flow: Arc::clone(&self.flow),
            address: self.address,
            sent_before: self.flow.socket().sent(),
            end,
            body,
            received_before,
            proxied: self.proxied,
            leads_through_tls: self.leads_through_tls,
        }
    }

    pub(super) async fn send(&mut self, request: Request<Outgoing>) -> hyper::Result<Response<Incoming>> {
        let mut response = pin!(self.sender.send_request(request));
        let driver = &mut self.driver;
        poll_fn(|context| {
            drive(driver, context);
            response.as_mut().poll(context)
        })
        .await
    }

    /// Waits, when a request has ended without a reply, until it is plain whether it can still arrive: a peer that is gone answers
    /// what comes with a reset, and one that has closed its side only takes it.
    pub(super) async fn see_end_of(&self, track: &Track) {
        let limit = self.flow.socket().patience().min(LONGEST_FAREWELL);
        let began = Instant::now();
        while track.can_still_arrive() && began.elapsed() < limit {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The next bytes of a reply's body; `None` at its end.
    pub(super) async fn next_chunk(&mut self, body: &mut Incoming) -> Result<Option<Bytes>, String> {
        loop {
            let frame = poll_fn(|context| {
                drive(&mut self.driver, context);
                Pin::new(&mut *body).poll_frame(context)
            })
            .await;
            match frame.transpose().map_err(|error| in_words(&error))?.map(|frame| frame.into_data()) {
                Some(Ok(bytes)) => return Ok(Some(bytes)),
                // Trailers say nothing that is of use here.
                Some(Err(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// From now on it is idle.
    pub(super) fn rest(&mut self) {
        self.idle_since = Instant::now();
        self.looked.set(None);
    }

    /// How it is, unless somebody looked a moment ago.
    pub(super) fn standing(&self) -> Standing {
        match self.looked.get() {
            Some((at, standing)) if at.elapsed() < MOMENT => standing,
            _ => {
                let standing = self.flow.socket().standing();
                self.looked.set(Some((Instant::now(), standing)));
                standing
            }
        }
    }

    /// Whether this end is still held.
    pub(super) fn is_open(&self) -> bool {
        !self.driver.has_ended
    }

    /// Whether the server holds its end as well.
    pub(super) fn is_alive(&self) -> bool {
        self.is_open() && self.standing() == Standing::Alive
    }

    /// Whether another request can be sent on it at once.
    pub(super) async fn is_ready(&mut self) -> bool {
        let Connection { sender, driver, .. } = self;
        poll_fn(|context| {
            drive(driver, context);
            Poll::Ready(matches!(sender.poll_ready(context), Poll::Ready(Ok(()))))
        })
        .await
    }
}

/// Moves what can be moved. How the driver ends is told to the request that it ends with.
fn drive(driver: &mut Driver, context: &mut Context<'_>) {
    if !driver.has_ended {
        driver.has_ended = driver.connection.as_mut().poll(context).is_ready();
    }
}

/// How far one request has come on its connection. It outlives that.
#[derive(Clone)]
pub(super) struct Track {
    flow: Arc<Flow>,
    /// Where the connection leads.
    pub(super) address: SocketAddr,
    sent_before: u64,
    /// How much will have been written with its last byte.
    end: u64,
    /// How much of that is its body.
    body: u64,
    received_before: u64,
    /// Whether the kernel knows of the way to a proxy only.
    pub(super) proxied: bool,
    pub(super) leads_through_tls: bool,
}

impl Track {
    /// Whether its last byte was given to the kernel.
    pub(super) fn is_written(&self) -> bool {
        self.flow.with_kernel() >= self.end
    }

    /// A number that grows with what the kernel takes.
    pub(super) fn sent(&self) -> u64 {
        self.flow.socket().sent()
    }

    /// A number that grows with what the peer's kernel acknowledges; `None` if ours does not say.
    pub(super) fn acknowledged(&self) -> Option<u64> {
        self.flow.socket().acknowledged()
    }

    /// How many bytes of the request the kernel took.
    pub(super) fn bytes_sent(&self) -> u64 {
        self.sent().saturating_sub(self.sent_before)
    }

    /// How many of them the peer's kernel acknowledged; none if ours does not say.
    pub(super) fn bytes_acknowledged(&self) -> u64 {
        self.acknowledged_so_far().unwrap_or(0).saturating_sub(self.sent_before)
    }

    /// What was acknowledged on the connection, be it that it has ended.
    fn acknowledged_so_far(&self) -> Option<u64> {
        match self.flow.socket().end() {
            Some((_, info)) => info.map(|info| info.acknowledged),
            None => self.acknowledged(),
        }
    }

    /// How many bytes of the body were written.
    pub(super) fn data_sent(&self) -> u64 {
        self.flow.taken().saturating_sub(self.end.saturating_sub(self.body)).min(self.body)
    }

    /// How many of them the peer's kernel acknowledged, or all if ours does not say. Encryption makes little of a difference.
    pub(super) fn data_acknowledged(&self) -> u64 {
        let outstanding = self.acknowledged_so_far().map_or(0, |bytes| self.sent().saturating_sub(bytes));
        self.data_sent().saturating_sub(outstanding)
    }

    /// How much came since the request began.
    pub(super) fn received(&self) -> u64 {
        self.flow.received().saturating_sub(self.received_before)
    }

    /// The first byte that ever came on the connection.
    pub(super) fn first_byte(&self) -> Option<u8> {
        self.flow.first_byte()
    }

    /// Whether the peer ended the connection.
    pub(super) fn ended_there(&self) -> bool {
        let end = self.flow.socket().end();
        self.flow.has_finished() || matches!(end, Some((End::Closed | End::Gone | End::Reset, _)))
    }

    /// Whether all of it is under way to a peer that perhaps takes it, when there will be no reply.
    fn can_still_arrive(&self) -> bool {
        let socket = self.flow.socket();
        socket.look_for_end();
        let outstanding = socket.acknowledged().map_or(0, |bytes| self.sent().saturating_sub(bytes));
        let is_open_there = matches!(socket.end(), None | Some((End::Closed, _)));
        self.is_written() && !self.proxied && is_open_there && outstanding > 0
    }

    /// What is known of the way of the request, when there is no reply.
    pub(super) fn delivery(&self) -> Delivery {
        let socket = self.flow.socket();
        let (end, info) = socket.end().map_or((None, None), |(end, info)| (Some(end), info));
        Delivery {
            written: self.is_written(),
            end,
            unsent: info.map(|info| info.unsent),
            unacknowledged: info.map(|info| socket.sent().saturating_sub(info.acknowledged)),
            proxied: self.proxied,
        }
    }
}
