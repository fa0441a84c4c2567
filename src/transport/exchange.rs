//! One request and its reply.

use super::body::{Outgoing, Source, SourceFailure, Taken};
use super::deadline::Deadline;
use super::failure::{Cause, Failure};
use super::lane::Lane;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method};
use reqwest::{Response, Url};
use std::future::{self, Future};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A body up to this size goes to the connection in one piece, together with the head.
const LARGEST_FRAME: usize = 256 << 10;
const FIRST_FRAME: usize = 64 << 10;
/// On a slow line small frames show early whether bytes still move.
const SMALLEST_FRAME: usize = 4 << 10;
const LARGEST_REPLY: usize = 4 << 20;
/// What the HTTP client and the kernel's send buffer may still hold when the last frame was taken.
const LARGEST_BACKLOG: u64 = 5 << 20;
/// A reply's body that trickles in for longer than this is cut.
const LONGEST_REPLY: Duration = Duration::from_secs(300);

/// What to send. The headers are complete but for Content-Length.
pub struct Request<'a> {
    /// The HTTP method.
    pub method: Method,
    /// Where to, query included.
    pub url: Url,
    /// All headers, the signature's among them.
    pub headers: HeaderMap,
    /// The body; `None` for a method that has none.
    pub source: Option<&'a mut dyn Source>,
    /// How long the server may be silent after the last byte, if that is more than the stall time-out.
    pub patience: Duration,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or the part of it that came.
    pub body: Vec<u8>,
    /// Why the body is not whole, if it is not.
    pub cut: Option<String>,
}

impl Lane {
    /// Sends `request` and waits for the reply, but not beyond `deadline`.
    pub async fn exchange(&self, request: Request<'_>, deadline: Deadline) -> Result<Reply, Failure> {
        if deadline.has_passed() {
            let message = "the deadline passed before the request was sent".to_owned();
            return Err(Failure { cause: Cause::Deadline, wholly_sent: false, message });
        }
        let Request { method, url, mut headers, source, patience } = request;
        let taken = Taken::default();
        let size = source.as_ref().map(|source| source.size());
        let (body, feeding) = prepare(source, &taken).map_err(Failure::from_source)?;

        let mut outgoing = self.client.request(method, url);
        if let Some(size) = size {
            // The client would leave the header out for an empty body, and OSS insists on it.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
        }
        outgoing = outgoing.headers(headers);
        if let Some(body) = body {
            outgoing = outgoing.body(reqwest::Body::wrap(body));
        }

        let mut sending = pin!(outgoing.send());
        let mut feeding = pin!(feed(feeding));
        let size = size.unwrap_or(0);
        let mut watch = Watch::new(self, deadline, taken.clone(), size, patience);
        let mut fed = false;
        let answered = future::poll_fn(|context| {
            if let Poll::Ready(answer) = sending.as_mut().poll(context) {
                return Poll::Ready(
                    answer.map_err(|error| Failure::from_client(error, taken.bytes() == size)),
                );
            }
            if !fed && let Poll::Ready(result) = feeding.as_mut().poll(context) {
                fed = true;
                if let Err(failure) = result {
                    return Poll::Ready(Err(Failure::from_source(failure)));
                }
            }
            watch.poll(context).map(Err)
        })
        .await;
        if answered.is_err() || taken.bytes() < size {
            self.note_trouble();
        }
        self.receive(answered?, deadline).await
    }

    async fn receive(&self, mut response: Response, deadline: Deadline) -> Result<Reply, Failure> {
        let mut reply = Reply {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: Vec::new(),
            cut: None,
        };
        if response.content_length() == Some(0) {
            return Ok(reply);
        }
        let end = deadline.or_sooner(Instant::now() + LONGEST_REPLY);
        loop {
            let limit = end.min(Instant::now() + self.stall_timeout);
            match tokio::time::timeout_at(limit.into(), response.chunk()).await {
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) if reply.body.len() + chunk.len() <= LARGEST_REPLY => {
                    reply.body.extend_from_slice(&chunk);
                }
                Ok(Ok(Some(_))) => reply.cut = Some(format!("it is larger than {LARGEST_REPLY} bytes")),
                Ok(Err(error)) => reply.cut = Some(error.without_url().to_string()),
                Err(_) => reply.cut = Some("the rest did not come in time".to_owned()),
            }
            if reply.cut.is_some() {
                self.note_trouble();
                break;
            }
        }
        Ok(reply)
    }
}

/// The frames that are still to be read, and where they go.
struct Feeding<'a> {
    source: &'a mut dyn Source,
    frames: mpsc::Sender<Bytes>,
}

type Prepared<'a> = (Option<Outgoing>, Option<Feeding<'a>>);

/// A small body is read at once; of a large one the frames are fed while it is being sent.
fn prepare<'a>(source: Option<&'a mut dyn Source>, taken: &Taken) -> Result<Prepared<'a>, SourceFailure> {
    let Some(source) = source else { return Ok((None, None)) };
    let size = source.size();
    if size <= LARGEST_FRAME as u64 {
        let bytes = if size == 0 { Bytes::new() } else { source.next(LARGEST_FRAME)? };
        return Ok((Some(Outgoing::whole(bytes, taken.clone())), None));
    }
    let (frames, body) = Outgoing::frames(size, taken.clone());
    Ok((Some(body), Some(Feeding { source, frames })))
}

async fn feed(feeding: Option<Feeding<'_>>) -> Result<(), SourceFailure> {
    let Some(Feeding { source, frames }) = feeding else { return Ok(()) };
    let mut rest = source.size();
    let mut limit = FIRST_FRAME;
    while rest > 0 {
        let frame = source.next(limit)?;
        rest = rest.saturating_sub(frame.len() as u64);
        let offered = Instant::now();
        if frames.send(frame).await.is_err() {
            // The connection is gone, or the server has answered already; the exchange knows.
            break;
        }
        limit = next_frame_size(limit, offered.elapsed());
    }
    Ok(())
}

fn next_frame_size(current: usize, waited: Duration) -> usize {
    if waited < Duration::from_millis(50) {
        (current * 2).min(LARGEST_FRAME)
    } else if waited > Duration::from_secs(1) {
        (current / 2).max(SMALLEST_FRAME)
    } else {
        current
    }
}

/// Ends an exchange in which nothing moves any more, or whose deadline has come.
struct Watch<'a> {
    lane: &'a Lane,
    deadline: Deadline,
    taken: Taken,
    size: u64,
    seen: u64,
    began: Instant,
    moved: Instant,
    patience: Duration,
}

impl<'a> Watch<'a> {
    fn new(lane: &'a Lane, deadline: Deadline, taken: Taken, size: u64, patience: Duration) -> Watch<'a> {
        let now = Instant::now();
        let patience = patience.max(lane.stall_timeout);
        Watch { lane, deadline, taken, size, seen: 0, began: now, moved: now, patience }
    }

    /// Ready when the exchange has to end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Failure> {
        let taken = self.taken.bytes();
        if taken != self.seen {
            self.seen = taken;
            self.moved = Instant::now();
        }
        while self.lane.poll_tick(context).is_ready() {
            if self.deadline.has_passed() {
                return Poll::Ready(self.failure(Cause::Deadline, "the deadline passed"));
            }
            if self.moved.elapsed() >= self.allowed_silence() {
                return Poll::Ready(self.failure(Cause::Timeout, "no byte moved within the time-out"));
            }
        }
        Poll::Pending
    }

    fn allowed_silence(&self) -> Duration {
        if self.seen < self.size {
            let connecting = if self.seen == 0 { self.lane.connect_timeout } else { Duration::ZERO };
            return connecting + self.lane.stall_timeout;
        }
        // Taken is not sent: what is still on its way out needs its time at the pace seen so far.
        let backlog = self.size.min(LARGEST_BACKLOG);
        let pace = backlog as f64 / self.size.max(1) as f64;
        let draining = self.moved.duration_since(self.began).mul_f64(pace);
        let connecting = if self.size == 0 { self.lane.connect_timeout } else { Duration::ZERO };
        connecting + draining + self.patience
    }

    fn failure(&self, cause: Cause, what: &str) -> Failure {
        let wholly_sent = self.seen == self.size;
        let doing = match (wholly_sent, self.seen) {
            (true, _) => "waiting for the reply",
            (false, 0) => "connecting",
            (false, _) => "sending",
        };
        Failure { cause, wholly_sent, message: format!("{what} while {doing}") }
    }
}
