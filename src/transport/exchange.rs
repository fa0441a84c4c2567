//! One request and its reply.

use super::body::{Outgoing, Source, SourceFailure};
use super::connection::Connection;
use super::deadline::Deadline;
use super::failure::{Cause, Failure};
use super::lane::{Admission, Lane};
use super::meter::{Meter, Phase};
use super::on_the_heap::on_the_heap;
use super::progress::Progress;
use super::traffic::UnderWay;
use super::watch::{LONGEST_REPLY, Watch};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::body::Incoming;
use std::fmt;
use std::future::{self, Future};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc;
use url::Url;

/// A body up to this size goes to the connection in one piece, together with the head.
const LARGEST_WHOLE: u64 = 64 << 10;
const LARGEST_FRAME: usize = 256 << 10;
/// However slow the pace, no frame is smaller.
const SMALLEST_FRAME: usize = 4 << 10;
const NO_LENGTH: &str = "it ends with the connection and does not say where it should";
/// How long a wait for the pace goes on before it is said that it is one.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// What to send. The headers are complete but for Content-Length.
pub struct Request<'a, 's> {
    /// The HTTP method.
    pub method: Method,
    /// Where to, query included.
    pub url: &'a Url,
    /// All headers, the signature's among them.
    pub headers: HeaderMap,
    /// The body; `None` for a method that has none.
    pub source: Option<&'s mut dyn Source>,
    /// Whether that is the caller's data, and not something about it.
    pub is_data: bool,
    /// How long the server may be silent after the last byte, if that is more than the stall time-out.
    pub patience: Duration,
    /// A connection that was idle for longer is not used.
    pub longest_idle: Duration,
    /// How much of a reply's body is wanted.
    pub reply_limits: ReplyLimits,
}

/// How much of a reply's body is wanted, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct ReplyLimits {
    /// So much is read; a larger one is cut.
    pub read: usize,
    /// So much of what is read is kept, from its beginning.
    pub kept: usize,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or the part of it that came and that was to be kept.
    pub body: Vec<u8>,
    /// Why the body is not whole, if it is not.
    pub cut: Option<Cut>,
    /// Whether the whole request had been sent when all of the reply was there.
    pub wholly_sent: bool,
    /// Whether it began before that.
    pub began_early: bool,
}

/// Why the body of a reply is not whole.
#[derive(Debug, Clone)]
pub enum Cut {
    /// The rest did not come, or nobody wanted it.
    Broken(String),
    /// There is no memory for the rest.
    NoMemory,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cut::Broken(why) => f.write_str(why),
            Cut::NoMemory => f.write_str("there is no memory for the reply"),
        }
    }
}

impl Lane {
    /// Sends `request` and waits for the reply, but not beyond `deadline`.
    pub async fn exchange(
        &self,
        request: Request<'_, '_>,
        deadline: Deadline,
        meter: &Meter,
    ) -> Result<Reply, Failure> {
        self.check(deadline)?;
        on_the_heap(|| self.send_and_receive(request, deadline, meter)).await
    }

    async fn send_and_receive(
        &self,
        request: Request<'_, '_>,
        deadline: Deadline,
        meter: &Meter,
    ) -> Result<Reply, Failure> {
        let size = request.source.as_ref().map_or(0, |source| source.size());
        let limits = request.reply_limits;
        let progress = Progress::new(&self.route, request.url, meter, size);
        let answer = self.answer_to(request, &progress, deadline).await;
        if answer.is_err() && progress.met_silence() {
            // What ended or silenced one idle connection is likely to have struck the others.
            self.route.forget_idle();
        }
        let Answer { status, headers, mut connection, body: mut rest, under_way: _under_way } = answer?;
        meter.enter(Phase::Receiving);
        let began_early = !progress.is_written();
        let mut body = Vec::new();
        let cut = self.receive(&mut connection, &mut rest, &mut body, limits, deadline).await.err();
        // For the NUL after it, which C wants.
        let cut = cut.or_else(|| body.try_reserve(1).err().map(|_| Cut::NoMemory));
        let cut = cut.or_else(|| ends_anywhere(&headers, &body).then(|| Cut::Broken(NO_LENGTH.to_owned())));
        // What was left of the request went out while the reply came. A proxy that refuses one does not hand it on.
        let wholly_sent = progress.is_written() && !self.route.is_refused_by_proxy(status);
        progress.count_bytes(wholly_sent);
        if cut.is_none() && wholly_sent {
            self.route.keep(connection);
        }
        Ok(Reply { status: status.as_u16(), headers, body, cut, wholly_sent, began_early })
    }

    /// Whether the call may go on, before something that takes its time.
    pub fn check(&self, deadline: Deadline) -> Result<(), Failure> {
        if self.is_cancelled() {
            return Err(Failure::before(Cause::Cancelled, "cancelled before the request was sent"));
        }
        if deadline.has_passed() {
            return Err(Failure::before(Cause::Deadline, "the deadline passed before the request was sent"));
        }
        Ok(())
    }

    /// Lets others go on that the call waits for, in the middle of something that takes its time; says whether that may go on.
    pub async fn give_way(&self, deadline: Deadline) -> Result<(), Failure> {
        tokio::task::yield_now().await;
        self.check(deadline)
    }

    /// The head of the reply to `request`.
    async fn answer_to(
        &self,
        request: Request<'_, '_>,
        progress: &Progress<'_>,
        deadline: Deadline,
    ) -> Result<Answer<'_>, Failure> {
        let Request { method, url, mut headers, source, is_data, patience, longest_idle, .. } = request;
        if source.is_some() {
            // OSS insists on the header, be it zero.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(progress.size));
        }
        let (body, feeding) = prepare(source).map_err(Failure::from_source)?;
        // What is fed keeps the pace frame by frame.
        let admission = self.admit(if feeding.is_none() { progress.size } else { 0 });
        let watch = Watch::new(self, deadline, progress, patience);
        let request = self.route.written(url, method, headers, body)?;
        let answer = on_the_heap(|| self.send(request, url, is_data, longest_idle, progress));
        attend(paced(admission, progress, answer), feeding, watch).await
    }

    async fn send(
        &self,
        request: http::Request<Outgoing>,
        url: &Url,
        is_data: bool,
        longest_idle: Duration,
        progress: &Progress<'_>,
    ) -> Result<Answer<'_>, Failure> {
        let (mut connection, reused) =
            self.route.connection(&self.outside, url, longest_idle, progress.meter).await?;
        let track = connection.track(head_size(&request), progress.size);
        let under_way = is_data.then(|| self.traffic.join(track.clone()));
        if !reused {
            self.announce(track.address, progress.meter)?;
        }
        progress.begin(track, reused);
        let response = match connection.send(request).await {
            Ok(response) => response,
            Err(error) => {
                if let Some(track) = progress.track() {
                    connection.see_end_of(track).await;
                }
                return Err(progress.broken(&error));
            }
        };
        let (head, body) = response.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, connection, body, under_way })
    }

    /// Tells whoever goes along that there is a new connection.
    fn announce(&self, address: SocketAddr, meter: &Meter) -> Result<(), Failure> {
        meter.enter(Phase::Sending);
        if self.witness().is_some_and(|witness| !witness.connected(address, meter.so_far())) {
            self.cancel();
        }
        match self.is_cancelled() {
            true => Err(Failure::before(Cause::Cancelled, "cancelled before the request was sent")),
            // What is cleaned up is, whatever anybody says.
            false => Ok(()),
        }
    }

    /// Reads the body of a reply, or says why it is not whole.
    async fn receive(
        &self,
        connection: &mut Connection,
        rest: &mut Incoming,
        body: &mut Vec<u8>,
        limits: ReplyLimits,
        deadline: Deadline,
    ) -> Result<(), Cut> {
        let began = self.outside.time_inside();
        let mut read = 0;
        loop {
            let took = self.outside.time_inside().saturating_duration_since(began);
            let limit = self.stall_timeout.min(LONGEST_REPLY.saturating_sub(took));
            let next = self.unless_cancelled(connection.next_chunk(rest));
            let chunk = self.outside.within(limit, deadline, next).await;
            let broken = |why: &str| Cut::Broken(why.to_owned());
            let chunk = chunk.ok_or_else(|| broken("the rest did not come in time"))?;
            match chunk.ok_or_else(|| broken("cancelled"))?.map_err(Cut::Broken)? {
                None => return Ok(()),
                Some(chunk) if read + chunk.len() > limits.read => {
                    return Err(Cut::Broken(format!("it is larger than {} bytes", limits.read)));
                }
                Some(chunk) => {
                    read += chunk.len();
                    let room = limits.kept.saturating_sub(body.len());
                    let kept = chunk.get(..room).unwrap_or(&chunk);
                    body.try_reserve(kept.len()).map_err(|_| Cut::NoMemory)?;
                    body.extend_from_slice(kept);
                }
            }
        }
    }
}

/// The head of a reply, and where the rest is to be had.
struct Answer<'a> {
    status: StatusCode,
    headers: HeaderMap,
    connection: Connection,
    body: Incoming,
    /// Until then its data is under way.
    under_way: Option<UnderWay<'a>>,
}

/// Whether the end of the connection is all that says where a body ends: that may come too early.
fn ends_anywhere(headers: &HeaderMap, body: &[u8]) -> bool {
    let says = [CONTENT_LENGTH, TRANSFER_ENCODING].iter().any(|name| headers.contains_key(name));
    !says && !body.is_empty()
}

/// How many bytes the head of a request has as it is written: what comes before the body.
fn head_size<T>(request: &http::Request<T>) -> u64 {
    let target = match request.uri().path_and_query() {
        Some(target) if request.uri().scheme().is_none() => target.as_str().len(),
        _ => request.uri().to_string().len(),
    };
    let line = request.method().as_str().len() + " ".len() + target + " HTTP/1.1\r\n".len();
    let header =
        |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + ": \r\n".len() + value.len();
    (line + request.headers().iter().map(header).sum::<usize>() + "\r\n".len()) as u64
}

/// Waits for the answer while the body is fed and the time is watched.
async fn attend<'a>(
    answer: impl Future<Output = Result<Answer<'a>, Failure>>,
    feeding: Option<Feeding<'_>>,
    mut watch: Watch<'_>,
) -> Result<Answer<'a>, Failure> {
    let mut answer = pin!(answer);
    let progress = watch.progress;
    let mut feeding = pin!(feed(feeding, watch.lane, progress));
    let mut fed = false;
    let answered = future::poll_fn(|context| {
        if let Poll::Ready(answer) = answer.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        progress.note_written();
        if !fed && let Poll::Ready(result) = feeding.as_mut().poll(context) {
            fed = true;
            if let Err(failure) = result {
                return Poll::Ready(Err(Failure::from_source(failure)));
            }
        }
        watch.poll(context).map(Err)
    })
    .await;
    if answered.is_err() {
        // As long as there is the connection.
        progress.count_bytes(false);
    }
    answered
}

/// The frames that are still to be read, and where they go.
struct Feeding<'a> {
    source: &'a mut dyn Source,
    frames: mpsc::Sender<Bytes>,
}

type Prepared<'a> = (Outgoing, Option<Feeding<'a>>);

/// A small body is read at once; of a large one the frames are fed while it is being sent.
fn prepare<'a>(source: Option<&'a mut dyn Source>) -> Result<Prepared<'a>, SourceFailure> {
    let Some(source) = source else { return Ok((Outgoing::whole(Bytes::new()), None)) };
    let size = source.size();
    if size > LARGEST_WHOLE {
        let (frames, body) = Outgoing::frames(size);
        return Ok((body, Some(Feeding { source, frames })));
    }
    Ok((Outgoing::whole(whole(source)?), None))
}

/// All bytes of a small source, which may give them in pieces.
fn whole(source: &mut dyn Source) -> Result<Bytes, SourceFailure> {
    let size = source.size();
    if size == 0 {
        return Ok(Bytes::new());
    }
    let first = source.next(LARGEST_FRAME)?;
    if first.len() as u64 >= size {
        return Ok(first);
    }
    // It has room for all of it from the start: what has to grow takes twice as much.
    let mut all = BytesMut::with_capacity(usize::try_from(size).unwrap_or_default());
    all.extend_from_slice(&first);
    while (all.len() as u64) < size {
        all.extend_from_slice(&source.next(LARGEST_FRAME)?);
    }
    Ok(all.freeze())
}

/// Reads a frame whenever there is room for one.
async fn feed(
    feeding: Option<Feeding<'_>>,
    lane: &Lane,
    progress: &Progress<'_>,
) -> Result<(), SourceFailure> {
    let Some(Feeding { source, frames }) = feeding else { return Ok(()) };
    let mut rest = source.size();
    while rest > 0 {
        let Ok(room) = frames.reserve().await else {
            // The connection is gone, or the server has answered already; the exchange knows.
            break;
        };
        let frame = source.next(lane.gulp().clamp(SMALLEST_FRAME, LARGEST_FRAME))?;
        progress.note_own_pause();
        if frame.is_empty() {
            tokio::task::yield_now().await;
            continue;
        }
        let length = frame.len() as u64;
        wait_for(lane.admit(length), progress).await;
        rest = rest.saturating_sub(length);
        room.send(frame);
    }
    Ok(())
}

/// Begins with `work` at the time that the pace allows.
async fn paced<T>(admission: Admission, progress: &Progress<'_>, work: impl Future<Output = T>) -> T {
    wait_for(admission, progress).await;
    work.await
}

/// Waits, and says now and then that this is no standstill.
async fn wait_for(mut admission: Admission, progress: &Progress<'_>) {
    loop {
        let wait = admission.wait();
        if wait.is_zero() {
            return;
        }
        tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
        progress.note_own_pause();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::cancel::Cancel;
    use crate::transport::clock::Clock;
    use crate::transport::lane::Bounds;
    use crate::transport::proxy::Proxy;
    use crate::transport::settings::Settings;
    use crate::transport::trust::Trust;
    use std::cell::Cell;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;
    use std::thread::{self, JoinHandle};
    use std::time::Instant;

    /// A server that answers one request as soon as it begins, and how many bytes came in all.
    fn counting() -> (SocketAddr, JoinHandle<u64>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let counting = thread::spawn(move || {
            let mut socket = listener.accept().unwrap().0;
            let mut all = vec![0];
            socket.read_exact(&mut all).unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            socket.read_to_end(&mut all).unwrap();
            all.len() as u64
        });
        (address, counting)
    }

    fn settings(proxy: Option<Proxy>) -> Arc<Settings> {
        Arc::new(Settings {
            https: false,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(10),
            trust: Trust::default(),
            proxy,
            bind: None,
            resolve: Vec::new(),
            clock: Clock::default(),
        })
    }

    /// How many bytes are expected to be written for a request, and how many come to the server or the proxy.
    fn written(method: &Method, headers: &HeaderMap, body: &'static [u8], through_proxy: bool) -> (u64, u64) {
        let (address, counting) = counting();
        let proxy = Proxy::parse(&format!("http://user:password@{address}")).unwrap();
        let lane = Lane::new(&settings(through_proxy.then_some(proxy)), Arc::default()).unwrap();
        let url = Url::parse(&format!("http://{address}/a%20b/%E4%BD%A0?partNumber=1&uploads")).unwrap();
        let expected = lane.block_on(Bounds::default(), async |lane| {
            let body_size = body.len() as u64;
            let body = Outgoing::whole(Bytes::from_static(body));
            let request = lane.route.written(&url, method.clone(), headers.clone(), body).unwrap();
            let expected = head_size(&request) + body_size;
            let (mut connection, _) = lane
                .route
                .connection(&lane.outside, &url, Duration::ZERO, &Meter::start(Instant::now()))
                .await
                .unwrap();
            let track = connection.track(expected - body_size, body_size);
            connection.send(request).await.unwrap();
            assert!(track.is_written());
            expected
        });
        drop(lane);
        (expected, counting.join().unwrap())
    }

    #[test]
    fn size_of_a_request_is_known_before_it_is_written() {
        let mut plain = HeaderMap::new();
        plain.insert("x-oss-meta-a", HeaderValue::from_static("b"));
        plain.append("x-oss-meta-a", HeaderValue::from_bytes("\u{e9}\u{4f60}".as_bytes()).unwrap());
        plain.insert("x-oss-empty", HeaderValue::from_static(""));
        for (method, body) in [
            (Method::GET, None),
            (Method::HEAD, None),
            (Method::DELETE, None),
            (Method::POST, Some(&b""[..])),
            (Method::PUT, Some(b"")),
            (Method::PUT, Some(b"data")),
        ] {
            let mut headers = plain.clone();
            if let Some(body) = body {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            }
            for through_proxy in [false, true] {
                let (expected, came) = written(&method, &headers, body.unwrap_or_default(), through_proxy);
                assert_eq!(expected, came, "{method} {body:?}");
            }
        }
    }

    /// A source that has something else to do, for ever, and fails if it is kept at that for long beyond the call's end. When
    /// it has been asked a few times, somebody may want to cancel.
    struct Busy {
        began: Instant,
        asked: u32,
        cancel: Option<Cancel>,
    }

    impl Source for Busy {
        fn size(&self) -> u64 {
            LARGEST_WHOLE + 1
        }

        fn next(&mut self, _: usize) -> Result<Bytes, SourceFailure> {
            self.asked += 1;
            if let Some(cancel) = self.cancel.as_ref().filter(|_| self.asked > 10) {
                cancel.fire();
            }
            match self.began.elapsed() > Duration::from_secs(20) {
                true => Err(SourceFailure::Unreadable("the call does not end".to_owned())),
                false => Ok(Bytes::new()),
            }
        }
    }

    #[test]
    fn source_that_has_something_else_to_do_keeps_no_call_beyond_its_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let cancel = Cancel::default();
        for (cancel, limit, cause) in [
            (None, Some(Duration::from_millis(100)), Cause::Deadline),
            (Some(&cancel), None, Cause::Cancelled),
        ] {
            let lane = Lane::new(&settings(None), Arc::default()).unwrap();
            let bounds = Bounds { cancels: cancel.into_iter().cloned().collect(), ..Bounds::default() };
            let mut busy = Busy { began: Instant::now(), asked: 0, cancel: cancel.cloned() };
            let failure = lane.block_on(bounds, async |lane| {
                let request = Request {
                    method: Method::PUT,
                    url: &url,
                    headers: HeaderMap::new(),
                    source: Some(&mut busy),
                    is_data: true,
                    patience: Duration::ZERO,
                    longest_idle: Duration::MAX,
                    reply_limits: ReplyLimits { read: 0, kept: 0 },
                };
                lane.exchange(request, Deadline::after(limit), &Meter::start(Instant::now()))
                    .await
                    .unwrap_err()
            });
            assert_eq!(failure.cause, cause);
        }
    }

    /// A source that has something else to do a hundred times, and notes how often the rest of the call had its turn by then.
    struct Turns<'a> {
        turns: &'a Cell<u32>,
        seen: Vec<u32>,
    }

    impl Source for Turns<'_> {
        fn size(&self) -> u64 {
            LARGEST_WHOLE + 1
        }

        fn next(&mut self, _: usize) -> Result<Bytes, SourceFailure> {
            self.seen.push(self.turns.get());
            match self.seen.len() {
                100.. => Err(SourceFailure::Unreadable("that was all".to_owned())),
                _ => Ok(Bytes::new()),
            }
        }
    }

    #[test]
    fn rest_of_a_call_has_its_turn_whenever_the_source_has_something_else_to_do() {
        let lane = Lane::new(&settings(None), Arc::default()).unwrap();
        let url = Url::parse("http://127.0.0.1/").unwrap();
        let turns = Cell::new(0);
        let mut source = Turns { turns: &turns, seen: Vec::new() };
        lane.block_on(Bounds::default(), async |lane| {
            let meter = Meter::start(Instant::now());
            let progress = Progress::new(&lane.route, &url, &meter, source.size());
            let (frames, _body) = Outgoing::frames(source.size());
            let mut feeding = pin!(feed(Some(Feeding { source: &mut source, frames }), lane, &progress));
            let fed = future::poll_fn(|context| {
                turns.set(turns.get() + 1);
                feeding.as_mut().poll(context)
            });
            fed.await.unwrap_err()
        });
        assert!(source.seen.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", source.seen);
    }
}
