//! A TCP stream that never raises SIGPIPE, that knows how far its bytes have come, and that still hands over a reply when the
//! server has stopped reading.

use super::delivery::End;
use super::identity::{self, Identity};
use super::tcp_info::{State, TcpInfo};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

const KEEPALIVE: Duration = Duration::from_secs(15);
/// No file has this number.
const CLOSED: RawFd = -1;
/// However much a server has to say: after so much of it the call looks at its clock.
const MOST_AT_ONCE: usize = 64 << 10;
/// The kernel's clock may tick so slowly.
const COARSE: Duration = Duration::from_millis(20);

/// How an idle connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Alive,
    /// The server has ended it, or said what nobody asked for; or it was closed here.
    Ended,
    /// Somebody closed our descriptor: its number is nobody's, or another file's.
    Lost,
}

pub(super) struct Socket {
    stream: TcpStream,
    /// How much was read without a pause.
    read_at_once: usize,
    health: Arc<Health>,
}

/// How a socket is doing, for those who do not own it.
pub(super) struct Health {
    /// No descriptor once it is closed.
    fd: AtomicI32,
    /// What tells the socket from others that may have its number later.
    identity: Option<Identity>,
    sent: AtomicU64,
    received: AtomicU64,
    made: Instant,
    /// When something was sent last, in microseconds since it was made.
    sent_at: AtomicU64,
    thrown_away: AtomicBool,
    /// How it ended, and what the kernel knew at that moment.
    end: OnceLock<(End, Option<TcpInfo>)>,
    /// The same of a reset that came after the peer's close.
    gone: OnceLock<(End, Option<TcpInfo>)>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> io::Result<Socket> {
        stream.set_nodelay(true)?;
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
        let health = Health {
            fd: AtomicI32::new(stream.as_raw_fd()),
            identity: identity::of(stream.as_raw_fd()),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            made: Instant::now(),
            sent_at: AtomicU64::new(0),
            thrown_away: AtomicBool::new(false),
            end: OnceLock::new(),
            gone: OnceLock::new(),
        };
        Ok(Socket { stream, read_at_once: 0, health: Arc::new(health) })
    }

    pub(super) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    fn poll_send(&self, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        if self.health.has_ended() {
            return Poll::Ready(Ok(self.health.throw_away(all)));
        }
        let fd = self.stream.as_raw_fd();
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            match self.stream.try_io(Interest::WRITABLE, || send(fd, slices)) {
                Ok(sent) => {
                    self.health.note_sent(sent);
                    return Poll::Ready(Ok(sent));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let end = end_of(&error);
                    self.health.note_end(end);
                    // The server has stopped reading. It may have answered before, and that reply is still to be read: so
                    // the rest is thrown away here, and the end comes when there is nothing more to read.
                    return Poll::Ready(match end {
                        End::Local => Err(error),
                        End::Closed | End::Gone | End::Reset => Ok(self.health.throw_away(all)),
                    });
                }
            }
        }
    }
}

/// What an error says of the connection. For a reset that comes after the peer's close, a kernel says EPIPE.
fn end_of(error: &io::Error) -> End {
    match error.kind() {
        io::ErrorKind::BrokenPipe => End::Gone,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => End::Reset,
        _ => End::Local,
    }
}

impl Health {
    /// How many bytes the kernel has taken since the connection was made.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    fn note_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
        let at = u64::try_from(self.made.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.sent_at.store(at, Ordering::Relaxed);
    }

    /// How many bytes the peer's kernel has acknowledged, if ours says.
    pub(super) fn acknowledged(&self) -> Option<u64> {
        self.info().map(|info| info.acknowledged)
    }

    /// Whether anything was written that the kernel did not take.
    pub(super) fn has_thrown_away(&self) -> bool {
        self.thrown_away.load(Ordering::Relaxed)
    }

    fn throw_away(&self, bytes: usize) -> usize {
        self.thrown_away.store(true, Ordering::Relaxed);
        bytes
    }

    /// Whether something went wrong with sending, or the peer's side came to its end.
    pub(super) fn has_ended(&self) -> bool {
        self.end.get().is_some()
    }

    /// How it ended, and what the kernel knew then.
    pub(super) fn end(&self) -> Option<(End, Option<TcpInfo>)> {
        self.gone.get().or(self.end.get()).copied()
    }

    /// Looks for an end that shows in nothing that was sent or received.
    pub(super) fn look_for_end(&self) {
        let Some(info) = self.info() else { return };
        match info.state {
            State::ClosedThere => self.note_end(End::Closed),
            // Two sides that close in peace have taken everything.
            State::Over if self.is_closed_there() && info.acknowledged < self.sent() => {
                self.gone.get_or_init(|| (End::Gone, Some(info)));
            }
            State::Established | State::Over | State::Other => {}
        }
    }

    fn is_closed_there(&self) -> bool {
        matches!(self.end(), Some((End::Closed, _)))
    }

    /// How long the kernel waits for an acknowledgement before it sends again.
    pub(super) fn patience(&self) -> Duration {
        self.info().map_or(Duration::ZERO, |info| info.patience)
    }

    /// Only the first sign of an end is true to what happened: each uses up what the kernel has to say.
    pub(super) fn note_end(&self, end: End) {
        self.end.get_or_init(|| (end, self.info()));
    }

    fn info(&self) -> Option<TcpInfo> {
        TcpInfo::of(self.fd.load(Ordering::Relaxed))
    }

    /// How an idle connection is. Where all is well, one system call tells: what the kernel says of it is what was done with
    /// it, to the byte and the moment, so that it is neither ended nor another one under its number.
    pub(super) fn standing(&self) -> Standing {
        let fd = self.fd.load(Ordering::Relaxed);
        if fd == CLOSED {
            Standing::Ended
        } else if self.is_as_it_was_left() {
            Standing::Alive
        } else if self.identity.is_none() || identity::of(fd) != self.identity {
            Standing::Lost
        } else if self.is_alive() {
            Standing::Alive
        } else {
            Standing::Ended
        }
    }

    fn is_as_it_was_left(&self) -> bool {
        let Some(info) = self.info().filter(|_| !self.has_ended()) else { return false };
        let sent_at = Duration::from_micros(self.sent_at.load(Ordering::Relaxed));
        let quiet = self.made.elapsed().saturating_sub(sent_at);
        info.state == State::Established
            && (info.unsent, info.acknowledged) == (0, self.sent())
            && info.received == self.received.load(Ordering::Relaxed)
            && quiet.abs_diff(info.quiet) < COARSE
    }

    /// Whether the server still holds its end of an idle connection. On one that it has closed there is an end to read,
    /// or an error; and if there are bytes that nobody asked for, it is of no use either.
    fn is_alive(&self) -> bool {
        let fd = self.fd.load(Ordering::Relaxed);
        let mut byte = 0u8;
        // SAFETY: the one byte of the buffer may be written to. A wrong descriptor would be no breach of memory: looking
        // takes nothing out of it.
        let got = unsafe { libc::recv(fd, (&raw mut byte).cast(), 1, libc::MSG_PEEK | libc::MSG_DONTWAIT) };
        got < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock && !self.has_ended()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Before the number may be another file's.
        self.health.fd.store(CLOSED, Ordering::Relaxed);
    }
}

/// Sends without raising SIGPIPE, which `writev` would.
fn send(fd: RawFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: all zeros is a valid message without address, buffers and ancillary data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = slices.as_ptr().cast_mut().cast();
    message.msg_iovlen = slices.len() as _;
    // SAFETY: an IoSlice has the layout of an iovec, and all of them point to memory that outlives the call, which only
    // reads them. The descriptor belongs to the caller's stream.
    let sent = unsafe { libc::sendmsg(fd, &message, libc::MSG_NOSIGNAL) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let before_pause = std::mem::take(&mut self.read_at_once);
        if before_pause >= MOST_AT_ONCE {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        let read = buffer.filled().len() - before;
        self.health.received.fetch_add(read as u64, Ordering::Relaxed);
        match &result {
            Err(error) => self.health.note_end(end_of(error)),
            Ok(()) if read == 0 => self.health.note_end(End::Closed),
            Ok(()) => {}
        }
        self.read_at_once = before_pause + read;
        Poll::Ready(result)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::signals::{self, SignalBlocked};
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;
    use tokio::io::AsyncReadExt;

    #[test]
    fn sending_to_a_closed_peer_raises_no_signal() {
        // A signal that is blocked stays to be seen.
        let blocked = SignalBlocked::sigpipe();
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let error = send(ours.as_raw_fd(), &[IoSlice::new(b"data")]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(!signals::is_pending(libc::SIGPIPE));
        drop(blocked);
    }

    /// A socket whose peer has written `reply` and then reset the connection.
    async fn reset_after(reply: &[u8]) -> Socket {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(reply).unwrap();
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        Socket::new(stream).unwrap()
    }

    async fn write(socket: &mut Socket, bytes: &[u8]) -> io::Result<usize> {
        poll_fn(|context| Pin::new(&mut *socket).poll_write(context, bytes)).await
    }

    fn with_runtime(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap().block_on(test);
    }

    #[test]
    fn reply_is_read_although_the_server_has_stopped_reading() {
        with_runtime(async {
            let mut socket = reset_after(b"reply").await;
            let health = socket.health();
            assert_eq!(health.standing(), Standing::Ended);
            while !health.has_ended() {
                assert_eq!(write(&mut socket, b"more").await.unwrap(), 4);
            }
            assert!(matches!(health.end(), Some((End::Reset, Some(_)))));
            let mut reply = Vec::new();
            socket.read_to_end(&mut reply).await.unwrap();
            assert_eq!(reply, b"reply");
        });
    }

    #[test]
    fn a_close_before_a_reset_stays_known() {
        with_runtime(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (peer, _) = listener.accept().unwrap();
            drop(peer);
            let mut socket = Socket::new(stream).unwrap();
            let health = socket.health();
            // The first write meets the closed peer, which resets; the second learns of it.
            while !health.has_ended() {
                write(&mut socket, b"more").await.unwrap();
                tokio::task::yield_now().await;
            }
            let (end, info) = health.end().unwrap();
            assert_eq!((end, info.unwrap().acknowledged), (End::Gone, 0));
            drop(socket);
            assert_eq!(health.acknowledged(), None);
        });
    }
}
