//! A TCP stream that never raises SIGPIPE, that knows whether anything moves on it, and that still hands over a reply when
//! the server has stopped reading.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// OSS closes idle connections after about a minute; one that is nearly that old is not worth a try.
pub(super) const IDLE_LIMIT: Duration = Duration::from_secs(50);
pub(super) const KEEPALIVE: Duration = Duration::from_secs(15);

pub(super) struct Socket {
    stream: TokioIo<TcpStream>,
    health: Arc<Health>,
}

/// How a socket is doing, for those who do not own it.
pub(super) struct Health {
    fd: RawFd,
    moved: AtomicU64,
    broken: AtomicBool,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, stall_timeout: Duration) -> io::Result<Socket> {
        stream.set_nodelay(true)?;
        let options = SockRef::from(&stream);
        options.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
        // What the kernel has taken but the server does not acknowledge is stalled just the same.
        options.set_tcp_user_timeout(Some(stall_timeout))?;
        let health =
            Health { fd: stream.as_raw_fd(), moved: AtomicU64::new(0), broken: AtomicBool::new(false) };
        Ok(Socket { stream: TokioIo::new(stream), health: Arc::new(health) })
    }

    pub(super) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    fn poll_send(&self, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        if self.health.is_broken() {
            return Poll::Ready(Ok(all));
        }
        let stream = self.stream.inner();
        loop {
            ready!(stream.poll_write_ready(context))?;
            match stream.try_io(Interest::WRITABLE, || send(stream.as_raw_fd(), slices)) {
                Ok(sent) => {
                    self.health.note_moved(sent);
                    return Poll::Ready(Ok(sent));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The server has stopped reading. It may have answered before, and that reply is still to be read: so
                // the rest is thrown away here, and the end comes when there is nothing more to read.
                Err(_) => {
                    self.health.broken.store(true, Ordering::Relaxed);
                    return Poll::Ready(Ok(all));
                }
            }
        }
    }
}

impl Health {
    /// A number that grows whenever something moves, in either direction.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// Whether the server stopped reading before it had everything.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    fn note_moved(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Whether the server still holds its end of an idle connection. On one that it has closed there is an end to read,
    /// or an error; and if there are bytes that nobody asked for, it is of no use either. To be asked while the socket
    /// exists.
    pub(super) fn is_alive(&self) -> bool {
        let mut byte = 0u8;
        // SAFETY: the one byte of the buffer may be written to. A wrong descriptor would be no breach of memory: looking
        // takes nothing out of it.
        let got =
            unsafe { libc::recv(self.fd, (&raw mut byte).cast(), 1, libc::MSG_PEEK | libc::MSG_DONTWAIT) };
        got < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock && !self.is_broken()
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

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        // How many bytes came does not matter, only that some did.
        self.health.note_moved(1);
        Poll::Ready(result)
    }
}

impl Write for Socket {
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
    use crate::transport::sigpipe::{self, SigpipeBlocked};
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;

    #[test]
    fn sending_to_a_closed_peer_raises_no_signal() {
        // A signal that is blocked stays to be seen.
        let blocked = SigpipeBlocked::new();
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let error = send(ours.as_raw_fd(), &[IoSlice::new(b"data")]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(!sigpipe::is_pending());
        blocked.note_trouble();
    }

    /// A socket whose peer has written `reply` and then reset the connection.
    async fn reset_after(reply: &[u8]) -> Socket {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(reply).unwrap();
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        Socket::new(stream, Duration::from_secs(10)).unwrap()
    }

    async fn write(socket: &mut Socket, bytes: &[u8]) -> io::Result<usize> {
        poll_fn(|context| Pin::new(&mut *socket).poll_write(context, bytes)).await
    }

    async fn read(socket: &mut Socket) -> io::Result<Vec<u8>> {
        let mut memory = [0; 64];
        let mut buffer = hyper::rt::ReadBuf::new(&mut memory);
        poll_fn(|context| Pin::new(&mut *socket).poll_read(context, buffer.unfilled())).await?;
        Ok(buffer.filled().to_vec())
    }

    #[test]
    fn reply_is_read_although_the_server_has_stopped_reading() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let mut socket = reset_after(b"reply").await;
            let health = socket.health();
            assert!(!health.is_alive());
            while !health.is_broken() {
                assert_eq!(write(&mut socket, b"more").await.unwrap(), 4);
            }
            assert_eq!(read(&mut socket).await.unwrap(), b"reply");
            // And then it is over.
            assert!(read(&mut socket).await.is_ok_and(|rest| rest.is_empty()));
        });
    }
}
