//! One connection: requests in, replies and faults out.

use std::io::{self, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use crate::clock::http_date;
use crate::connections::Phase;
use crate::control;
use crate::cors;
use crate::errors::OssError;
use crate::faults::{Action, Target};
use crate::http::{BodyError, BodyReader, Framing, Head, HeadError, Reply, Wire};
use crate::meaning::Meaning;
use crate::ops::Context;
use crate::request_log::{Request, UnderWay};
use crate::shared::Shared;
use crate::stream::Stream;

/// How long a connection that is to be closed may go on sending.
const LINGER: Duration = Duration::from_secs(10);

/// What becomes of the connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    KeepAlive,
    /// Close (FIN); what the client still sends is read first, so that it can read the reply.
    Close,
    /// Close at once.
    Drop,
    Reset,
}

/// Serves a connection until its end.
pub(crate) fn serve(
    shared: &Shared,
    id: u64,
    tcp: Arc<TcpStream>,
    client: IpAddr,
    tls: Option<&Arc<ServerConfig>>,
) {
    // Comes first, so that it ends last: the connection is gone for everybody else once its own part is closed.
    let _open = shared.connections.until_dropped(id);
    let Ok(stream) = Stream::new(tcp, tls) else {
        return;
    };
    let mut connection = Connection { shared, id, client, wire: Wire::new(stream) };
    match connection.run() {
        Next::Reset => connection.wire.stream.reset_on_close(),
        Next::Close => connection.linger(),
        Next::Drop | Next::KeepAlive => {}
    }
}

struct Connection<'a> {
    shared: &'a Shared,
    id: u64,
    client: IpAddr,
    wire: Wire<Stream>,
}

/// One request and what is known about it.
struct Exchange<'a> {
    head: &'a Head,
    meaning: &'a Meaning,
    request_id: String,
    started: Instant,
    log: Option<UnderWay<'a>>,
    fault: Option<Action>,
}

/// Why no reply can be sent.
struct Ended(Next);

impl<'a> Connection<'a> {
    fn run(&mut self) -> Next {
        loop {
            let (shared, id) = (self.shared, self.id);
            let head = self.wire.read_head(|| shared.connections.set_phase(id, Phase::Busy));
            let head = match head {
                Ok(head) => head,
                Err(HeadError::Closed) => return Next::Drop,
                Err(HeadError::Malformed(reason)) => return self.refuse_malformed(&reason, None),
            };
            match self.exchange(&head) {
                Ok(Next::KeepAlive) => shared.connections.set_phase(id, Phase::Idle),
                Ok(next) | Err(Ended(next)) => return next,
            }
            if shared.connections.is_stopping() {
                return Next::Drop;
            }
        }
    }

    fn refuse_malformed(&mut self, reason: &str, log: Option<&UnderWay>) -> Next {
        let request_id = new_request_id();
        let mut reply = OssError::malformed_request(reason).reply(&request_id, "", false);
        self.dress(&mut reply, &request_id, Instant::now(), false);
        if let Some(request) = log {
            request.answered(reply.status);
        }
        match self.send(&reply, true) {
            Ok(()) => Next::Close,
            Err(_) => Next::Drop,
        }
    }

    fn exchange(&mut self, head: &Head) -> Result<Next, Ended> {
        let meaning = &Meaning::of(head, &self.shared.config);
        let is_control = meaning.path_style && control::is_control(head);
        let mut exchange = Exchange {
            head,
            meaning,
            request_id: new_request_id(),
            started: Instant::now(),
            log: None,
            fault: None,
        };
        if !is_control {
            exchange.log = Some(self.log(head, meaning));
            exchange.fault = self.shared.faults.take(&Target {
                method: &head.method,
                operation: meaning.operation.name(),
                bucket: meaning.bucket.as_deref(),
                key: meaning.key.as_deref(),
                part_number: meaning.number("partNumber").ok().flatten(),
            });
        }
        let framing = match head.framing() {
            Ok(framing) => framing,
            Err(reason) => return Ok(self.refuse_malformed(&reason, exchange.log.as_ref())),
        };
        if let Some(Action::EarlyError { status, code, abrupt }) = &exchange.fault {
            let error = OssError::new(*status, code, "The request was refused early.");
            self.reply_error(&exchange, &error, false)?;
            return Ok(if *abrupt { Next::Reset } else { Next::Close });
        }
        if is_control {
            return self.control(&exchange, framing);
        }

        let context = Context {
            shared: self.shared,
            head,
            meaning,
            request_id: &exchange.request_id,
            client: self.client,
        };
        let prepared = context.prepare(framing);
        // A client that waits for leave to send its body learns of a refusal instead.
        if head.expects_continue() && framing != Framing::None {
            match &prepared {
                Err(error) => {
                    self.reply_error(&exchange, error, false)?;
                    return Ok(Next::Close);
                }
                Ok(_) => self.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").map_err(|_| Ended(Next::Drop))?,
            }
        }
        let limit = match &prepared {
            Ok(prepared) => prepared.body_limit,
            Err(_) => 0,
        };
        let (body, too_large) = self.receive(&exchange, framing, limit)?;
        if let Some(next) = self.fault_before_work(&exchange)? {
            return Ok(next);
        }
        let outcome = match prepared {
            Err(error) => Err(error),
            Ok(prepared) if too_large => Err(OssError::entity_too_large(prepared.body_limit)),
            Ok(prepared) => context.perform(&prepared, body),
        };
        let reply = outcome
            .unwrap_or_else(|error| error.reply(&exchange.request_id, &meaning.host, head.method == "HEAD"));
        self.reply(&exchange, reply)
    }

    fn log(&self, head: &Head, meaning: &Meaning) -> UnderWay<'a> {
        self.shared.log.begin(Request {
            method: head.method.clone(),
            target: head.target.clone(),
            operation: meaning.operation.name().to_owned(),
            bucket: meaning.bucket.clone(),
            key: meaning.key.clone(),
            headers: head.headers.to_pairs(),
            body_bytes_received: 0,
            status: None,
            connection: self.id,
        })
    }

    fn control(&mut self, exchange: &Exchange, framing: Framing) -> Result<Next, Ended> {
        const LIMIT: u64 = 1 << 20;
        let (body, too_large) = self.receive(exchange, framing, LIMIT)?;
        let mut reply =
            if too_large { Reply::new(400) } else { control::answer(self.shared, exchange.head, &body) };
        let keep_alive = exchange.head.keep_alive();
        self.dress(&mut reply, &exchange.request_id, exchange.started, keep_alive);
        self.send(&reply, exchange.head.method != "HEAD").map_err(|_| Ended(Next::Drop))?;
        Ok(if keep_alive { Next::KeepAlive } else { Next::Close })
    }

    /// Reads the body. What goes beyond the limit is read too, but not kept; the flag tells.
    fn receive(
        &mut self,
        exchange: &Exchange,
        framing: Framing,
        limit: u64,
    ) -> Result<(Vec<u8>, bool), Ended> {
        let stop_at = match exchange.fault {
            Some(Action::ResetAfterBodyBytes(bytes) | Action::StallAfterBodyBytes(bytes)) => Some(bytes),
            _ => None,
        };
        let mut body = Vec::new();
        if let Framing::Length(length) = framing {
            // Not more than the client can make true soon: a length is only a promise.
            let capacity = length.min(limit).min(16 << 20);
            body.reserve(usize::try_from(capacity).unwrap_or_default());
        }
        let mut received: u64 = 0;
        let mut buffer = vec![0; 64 * 1024];
        self.wire.stream.set_read_timeout(Some(self.shared.config.body_timeout));
        let mut reader = BodyReader::new(&mut self.wire, framing);
        let result = loop {
            let room = match stop_at {
                Some(stop_at) if received >= stop_at => break Ok(()),
                Some(stop_at) => usize::try_from(stop_at - received).unwrap_or(usize::MAX).min(buffer.len()),
                None => buffer.len(),
            };
            match reader.read(&mut buffer[..room]) {
                Ok(0) => break Ok(()),
                Ok(read) => {
                    received += read as u64;
                    if received <= limit {
                        body.extend_from_slice(&buffer[..read]);
                    } else {
                        body = Vec::new();
                    }
                    if let Some(request) = &exchange.log {
                        request.received(received);
                    }
                }
                Err(error) => break Err(error),
            }
        };
        self.wire.stream.set_read_timeout(None);
        match (result, &exchange.fault) {
            (Ok(()), Some(Action::ResetAfterBodyBytes(_))) => Err(Ended(Next::Reset)),
            (Ok(()), Some(Action::StallAfterBodyBytes(_))) => {
                self.shared.connections.wait_for_stop(Duration::MAX);
                Err(Ended(Next::Drop))
            }
            (Ok(()), _) => Ok((body, received > limit)),
            (Err(BodyError::Closed), _) => Err(Ended(Next::Drop)),
            (Err(BodyError::TimedOut), _) => {
                self.reply_error(exchange, &OssError::request_timeout(), false)?;
                Err(Ended(Next::Close))
            }
            (Err(BodyError::Malformed(reason)), _) => {
                Err(Ended(self.refuse_malformed(&reason, exchange.log.as_ref())))
            }
        }
    }

    /// Faults that come in place of the work.
    fn fault_before_work(&mut self, exchange: &Exchange) -> Result<Option<Next>, Ended> {
        match &exchange.fault {
            Some(Action::CloseBeforeWork) => Ok(Some(Next::Drop)),
            Some(Action::ResetBeforeWork) => Ok(Some(Next::Reset)),
            Some(Action::Status { status, code }) => {
                let error = OssError::new(*status, code, "The server is out of order.");
                let keep_alive = exchange.head.keep_alive();
                self.reply_error(exchange, &error, keep_alive)?;
                Ok(Some(if keep_alive { Next::KeepAlive } else { Next::Close }))
            }
            Some(Action::Redirect(location)) => {
                let mut reply = Reply::new(307).with("Location", location);
                let keep_alive = exchange.head.keep_alive();
                self.finish(exchange, &mut reply, keep_alive)?;
                Ok(Some(if keep_alive { Next::KeepAlive } else { Next::Close }))
            }
            _ => Ok(None),
        }
    }

    fn reply_error(&mut self, exchange: &Exchange, error: &OssError, keep_alive: bool) -> Result<(), Ended> {
        let to_head = exchange.head.method == "HEAD";
        let mut reply = error.reply(&exchange.request_id, &exchange.meaning.host, to_head);
        self.finish(exchange, &mut reply, keep_alive)
    }

    /// Completes a reply and sends it as it should be.
    fn finish(&mut self, exchange: &Exchange, reply: &mut Reply, keep_alive: bool) -> Result<(), Ended> {
        self.complete(exchange, reply, keep_alive);
        self.send(reply, exchange.head.method != "HEAD").map_err(|_| Ended(Next::Drop))
    }

    /// Adds what the reply to this request has besides its own, and notes its status.
    fn complete(&self, exchange: &Exchange, reply: &mut Reply, keep_alive: bool) {
        cors::share(&self.shared.config.cors_origins, exchange.head, reply);
        self.dress(reply, &exchange.request_id, exchange.started, keep_alive);
        if let Some(request) = &exchange.log {
            request.answered(reply.status);
        }
    }

    /// Adds the headers that every reply has.
    fn dress(&self, reply: &mut Reply, request_id: &str, started: Instant, keep_alive: bool) {
        let length = reply.content_length.unwrap_or(reply.body.len() as u64);
        // A reply without content has no length either.
        if !matches!(reply.status, 204 | 304) {
            reply.set("Content-Length", &length.to_string());
        }
        reply.set("Server", "AliyunOSS");
        reply.set("Date", &http_date(self.shared.clock.now_ms()));
        reply.set("Connection", if keep_alive { "keep-alive" } else { "close" });
        reply.set("x-oss-request-id", request_id);
        reply.set("x-oss-server-time", &started.elapsed().as_millis().to_string());
    }

    /// Sends the reply of work that was done, or what the fault makes of it.
    fn reply(&mut self, exchange: &Exchange, mut reply: Reply) -> Result<Next, Ended> {
        let keep_alive = exchange.head.keep_alive();
        let kept = if keep_alive { Next::KeepAlive } else { Next::Close };
        let with_body = exchange.head.method != "HEAD";
        match exchange.fault.clone() {
            Some(Action::CloseWithoutReply) => return Ok(Next::Drop),
            Some(Action::ResetBeforeReply) => return Ok(Next::Reset),
            Some(Action::StatusAfterWork { status, code }) => {
                let error = OssError::new(status, code, "The server is out of order.");
                self.reply_error(exchange, &error, keep_alive)?;
                return Ok(kept);
            }
            Some(Action::SlowReply(delay)) if self.shared.connections.wait_for_stop(delay) => {
                return Ok(Next::Drop);
            }
            Some(Action::DripReply(interval)) => {
                self.complete(exchange, &mut reply, keep_alive);
                let mut bytes = reply.head_bytes();
                if with_body {
                    bytes.extend_from_slice(&reply.body);
                }
                self.drip(&bytes, interval)?;
                return Ok(kept);
            }
            Some(Action::CloseIdle { reset }) => {
                self.finish(exchange, &mut reply, true)?;
                return Ok(if reset { Next::Reset } else { Next::Drop });
            }
            Some(Action::WrongCrc) => {
                let wrong = reply
                    .get("x-oss-hash-crc64ecma")
                    .and_then(|crc| crc.parse::<u64>().ok())
                    .map(|crc| crc.wrapping_add(1).to_string());
                if let Some(wrong) = wrong {
                    reply.set("x-oss-hash-crc64ecma", &wrong);
                }
            }
            Some(Action::OmitCrc) => reply.remove("x-oss-hash-crc64ecma"),
            Some(Action::OmitEtag) => reply.remove("ETag"),
            Some(Action::GarbleEtag) => reply.set("ETag", "garbled \\ \"etag"),
            Some(Action::TruncateReplyBody) => {
                let promised = reply.body.len() as u64 + 100;
                reply.content_length = Some(promised);
                self.finish(exchange, &mut reply, keep_alive)?;
                return Ok(Next::Close);
            }
            Some(Action::GarbageReply) => {
                self.write_all(b"\x00\xff 220 this is not HTTP \r\n\r\n\r\n")
                    .map_err(|_| Ended(Next::Drop))?;
                return Ok(Next::Close);
            }
            Some(Action::HugeReplyBody(bytes)) => {
                return self.huge_body(exchange, reply, bytes, kept);
            }
            Some(Action::HugeReplyHeaders(bytes)) => {
                const EACH: u64 = 1000;
                for number in 0..bytes.div_ceil(EACH) {
                    let name = format!("x-oss-huge-{number}");
                    reply.headers.push((name, "h".repeat(EACH as usize)));
                }
            }
            Some(Action::ChunkedReply) => {
                self.complete(exchange, &mut reply, keep_alive);
                self.send_chunked(&mut reply, with_body).map_err(|_| Ended(Next::Drop))?;
                return Ok(kept);
            }
            _ => {}
        }
        self.finish(exchange, &mut reply, keep_alive)?;
        Ok(kept)
    }

    fn huge_body(
        &mut self,
        exchange: &Exchange,
        mut reply: Reply,
        bytes: u64,
        kept: Next,
    ) -> Result<Next, Ended> {
        let broken = |_| Ended(Next::Drop);
        reply.content_length = Some(bytes);
        self.complete(exchange, &mut reply, kept == Next::KeepAlive);
        self.write_all(&reply.head_bytes()).map_err(broken)?;
        if exchange.head.method != "HEAD" {
            let block = vec![b' '; 64 * 1024];
            let mut left = bytes;
            while left > 0 {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
                self.write_all(&block[..count]).map_err(broken)?;
                left -= count as u64;
            }
        }
        Ok(kept)
    }

    fn drip(&mut self, bytes: &[u8], interval: Duration) -> Result<(), Ended> {
        self.shared.connections.set_phase(self.id, Phase::Replying);
        for byte in bytes {
            self.write_all(&[*byte]).map_err(|_| Ended(Next::Drop))?;
            if !interval.is_zero() && self.shared.connections.wait_for_stop(interval) {
                return Err(Ended(Next::Drop));
            }
        }
        Ok(())
    }

    /// Writes a reply as it is. Head and body go out together, so that a small reply is one packet.
    fn send(&mut self, reply: &Reply, with_body: bool) -> io::Result<()> {
        self.shared.connections.set_phase(self.id, Phase::Replying);
        let mut bytes = reply.head_bytes();
        if with_body && reply.body.len() <= 64 * 1024 {
            bytes.extend_from_slice(&reply.body);
            return self.write_all(&bytes);
        }
        self.write_all(&bytes)?;
        if with_body {
            self.write_all(&reply.body)?;
        }
        Ok(())
    }

    fn send_chunked(&mut self, reply: &mut Reply, with_body: bool) -> io::Result<()> {
        self.shared.connections.set_phase(self.id, Phase::Replying);
        reply.remove("Content-Length");
        reply.set("Transfer-Encoding", "chunked");
        let mut bytes = reply.head_bytes();
        if with_body {
            for chunk in reply.body.chunks(7) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
        self.write_all(&bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.stream.write_all(bytes)?;
        self.wire.stream.flush()
    }

    /// Closes so that the client can read the reply: bytes that arrive at a closed socket would reset the connection
    /// and take the reply with them.
    fn linger(&mut self) {
        // Such a connection never becomes idle, so nobody must wait for that.
        self.shared.connections.set_phase(self.id, Phase::Busy);
        self.wire.stream.finish_sending();
        let deadline = Instant::now() + LINGER;
        let mut buffer = vec![0; 64 * 1024];
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            self.wire.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))));
            match self.wire.read(&mut buffer) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }
}

fn new_request_id() -> String {
    format!("{:016X}{:08X}", fastrand::u64(..), fastrand::u32(..))
}
