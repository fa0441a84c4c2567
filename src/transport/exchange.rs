//! One request and its reply.

use super::body::{Outgoing, Source, SourceFailure, Taken};
use super::deadline::Deadline;
use super::direct::{Connection, Direct};
use super::failure::{Cause, Failure, describe};
use super::lane::{Lane, Way};
use super::progress::Progress;
use super::watch::{LONGEST_REPLY, Watch};
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::body::Incoming;
use reqwest::RequestBuilder;
use std::future::{self, Future};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use url::{Position, Url};

/// A body up to this size goes to the connection in one piece, together with the head.
const LARGEST_WHOLE: u64 = 64 << 10;
const FIRST_FRAME: usize = 64 << 10;
const LARGEST_FRAME: usize = 256 << 10;
/// On a slow line small frames show early whether bytes still move.
const SMALLEST_FRAME: usize = 4 << 10;
/// How long a wait for the pace goes on before it is said that it is one.
const LONGEST_REST: Duration = Duration::from_millis(500);
const LARGEST_REPLY: usize = 4 << 20;

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
    /// Whether it came after the whole request had been sent.
    pub wholly_sent: bool,
}

impl Lane {
    /// Sends `request` and waits for the reply, but not beyond `deadline`.
    pub async fn exchange(&self, request: Request<'_>, deadline: Deadline) -> Result<Reply, Failure> {
        self.check(deadline)?;
        // On the heap: on the stack, which may be small, every caller would have room for it.
        Box::pin(self.send_and_receive(request, deadline)).await
    }

    async fn send_and_receive(&self, request: Request<'_>, deadline: Deadline) -> Result<Reply, Failure> {
        let size = request.source.as_ref().map_or(0, |source| source.size());
        let progress = Progress::new(&self.way, size);
        let answer = self.answer_to(request, &progress, deadline).await;
        let wholly_sent = progress.is_wholly_sent();
        if answer.is_err() || !wholly_sent {
            self.note_trouble();
        }
        let Answer { status, headers, mut rest } = answer?;
        let mut body = Vec::new();
        let end = deadline.or_sooner(Instant::now() + LONGEST_REPLY);
        let cut = self.receive(&mut rest, &mut body, end).await.err();
        if cut.is_some() {
            self.note_trouble();
        } else if let (Rest::Connection(connection, _), Way::Direct(direct)) = (rest, &self.way)
            && wholly_sent
        {
            direct.keep(connection);
        }
        Ok(Reply { status: status.as_u16(), headers, body, cut, wholly_sent })
    }

    /// Whether the call may go on, before something that takes its time.
    pub fn check(&self, deadline: Deadline) -> Result<(), Failure> {
        let failure =
            |cause, message: &str| Failure { cause, wholly_sent: false, message: message.to_owned() };
        if self.is_cancelled() {
            return Err(failure(Cause::Cancelled, "cancelled before the request was sent"));
        }
        if deadline.has_passed() {
            return Err(failure(Cause::Deadline, "the deadline passed before the request was sent"));
        }
        Ok(())
    }

    /// The head of the reply to `request`.
    async fn answer_to(
        &self,
        request: Request<'_>,
        progress: &Progress,
        deadline: Deadline,
    ) -> Result<Answer, Failure> {
        let Request { method, url, mut headers, source, patience } = request;
        if source.is_some() {
            // OSS insists on the header, be it zero.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(progress.size));
        }
        let (body, feeding) = prepare(source, &progress.taken).map_err(Failure::from_source)?;
        // What is fed keeps the pace frame by frame.
        let start = if feeding.is_none() { self.admit(progress.size) } else { None };
        let watch = Watch::new(self, deadline, progress, patience);
        // On the heap too: they are large, and of two kinds.
        let answer: Pin<Box<dyn Future<Output = Result<Answer, Failure>> + '_>> = match &self.way {
            Way::Client(client) => {
                let mut request = client.request(method, url).headers(headers);
                if let Some(body) = body {
                    request = request.body(reqwest::Body::wrap(body));
                }
                Box::pin(over_client(request, progress))
            }
            Way::Direct(direct) => {
                let mut request = http::Request::new(body.unwrap_or_else(|| progress.empty_body()));
                *request.method_mut() = method;
                *request.headers_mut() = headers;
                Box::pin(over_connection(direct, url, request, progress))
            }
        };
        attend(paced(start, progress, answer), feeding, watch).await
    }

    /// Reads the body of a reply, or says why it is not whole.
    async fn receive(&self, rest: &mut Rest, body: &mut Vec<u8>, end: Instant) -> Result<(), String> {
        loop {
            let limit = end.min(Instant::now() + self.stall_timeout);
            let chunk = tokio::time::timeout_at(limit.into(), self.unless_cancelled(rest.next())).await;
            let chunk = chunk.map_err(|_| "the rest did not come in time".to_owned())?;
            match chunk.ok_or_else(|| "cancelled".to_owned())?? {
                None => return Ok(()),
                Some(chunk) if body.len() + chunk.len() <= LARGEST_REPLY => body.extend_from_slice(&chunk),
                Some(_) => return Err(format!("it is larger than {LARGEST_REPLY} bytes")),
            }
        }
    }
}

/// The head of a reply, and where the rest is to be had.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    rest: Rest,
}

enum Rest {
    Client(reqwest::Response),
    Connection(Connection, Incoming),
}

impl Rest {
    /// The next bytes of the body; `None` at its end.
    async fn next(&mut self) -> Result<Option<Bytes>, String> {
        match self {
            Rest::Client(response) => response.chunk().await.map_err(|error| describe(&error.without_url())),
            Rest::Connection(connection, body) => connection.next_chunk(body).await,
        }
    }
}

async fn over_client(request: RequestBuilder, progress: &Progress) -> Result<Answer, Failure> {
    let response = request.send().await;
    let mut response = response.map_err(|error| Failure::from_client(error, progress.is_wholly_sent()))?;
    let headers = std::mem::take(response.headers_mut());
    Ok(Answer { status: response.status(), headers, rest: Rest::Client(response) })
}

async fn over_connection(
    direct: &Direct,
    url: Url,
    mut request: http::Request<Outgoing>,
    progress: &Progress,
) -> Result<Answer, Failure> {
    let target = url[Position::BeforePath..Position::AfterQuery].parse();
    *request.uri_mut() =
        target.map_err(|error| Failure::unsendable(format!("the URL cannot be sent: {error}")))?;
    let mut connection = direct.connection(&url).await?;
    progress.connected(&connection);
    let response = connection.send(request).await;
    let response = response.map_err(|error| Failure::from_connection(&error, progress.is_wholly_sent()))?;
    let (head, body) = response.into_parts();
    Ok(Answer { status: head.status, headers: head.headers, rest: Rest::Connection(connection, body) })
}

/// Waits for the answer while the body is fed and the time is watched.
async fn attend(
    answer: impl Future<Output = Result<Answer, Failure>>,
    feeding: Option<Feeding<'_>>,
    mut watch: Watch<'_>,
) -> Result<Answer, Failure> {
    let mut answer = pin!(answer);
    let mut feeding = pin!(feed(feeding, watch.lane, watch.progress));
    let mut fed = false;
    future::poll_fn(|context| {
        if let Poll::Ready(answer) = answer.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        if !fed && let Poll::Ready(result) = feeding.as_mut().poll(context) {
            fed = true;
            if let Err(failure) = result {
                return Poll::Ready(Err(Failure::from_source(failure)));
            }
        }
        watch.poll(context).map(Err)
    })
    .await
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
    if size > LARGEST_WHOLE {
        let (frames, body) = Outgoing::frames(size, taken.clone());
        return Ok((Some(body), Some(Feeding { source, frames })));
    }
    Ok((Some(Outgoing::whole(whole(source)?, taken.clone())), None))
}

/// All bytes of a small source, which may give them in pieces.
fn whole(source: &mut dyn Source) -> Result<Bytes, SourceFailure> {
    let size = source.size();
    if size == 0 {
        return Ok(Bytes::new());
    }
    let first = source.next(FIRST_FRAME)?;
    if first.len() as u64 >= size {
        return Ok(first);
    }
    let mut all = BytesMut::from(first);
    while (all.len() as u64) < size {
        all.extend_from_slice(&source.next(FIRST_FRAME)?);
    }
    Ok(all.freeze())
}

/// Reads a frame whenever there is room for one.
async fn feed(feeding: Option<Feeding<'_>>, lane: &Lane, progress: &Progress) -> Result<(), SourceFailure> {
    let Some(Feeding { source, frames }) = feeding else { return Ok(()) };
    let mut rest = source.size();
    let mut limit = FIRST_FRAME;
    while rest > 0 {
        let offered = Instant::now();
        let Ok(room) = frames.reserve().await else {
            // The connection is gone, or the server has answered already; the exchange knows.
            break;
        };
        limit = next_frame_size(limit, offered.elapsed());
        let gulp = lane.gulp().unwrap_or(limit);
        let frame = source.next(gulp.clamp(SMALLEST_FRAME, limit))?;
        progress.note_own_pause();
        let length = frame.len() as u64;
        if let Some(start) = lane.admit(length) {
            rest_until(start, progress).await;
        }
        rest = rest.saturating_sub(length);
        room.send(frame);
    }
    Ok(())
}

/// Begins with `work` at the time that the pace allows.
async fn paced<T>(start: Option<Instant>, progress: &Progress, work: impl Future<Output = T>) -> T {
    if let Some(start) = start {
        rest_until(start, progress).await;
    }
    work.await
}

/// Waits, and says now and then that this is no standstill.
async fn rest_until(start: Instant, progress: &Progress) {
    loop {
        let rest = start.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return;
        }
        tokio::time::sleep(rest.min(LONGEST_REST)).await;
        progress.note_own_pause();
    }
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
