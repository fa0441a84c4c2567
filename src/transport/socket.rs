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
    /// or an error; and if there are bytes that nobody asked for, it is of no use either.
    pub(super) fn is_alive(&self) -> bool {
        let mut byte = 0u8;
        // SAFETY: the descriptor belongs to the socket of the connection that this is asked of; the one byte of the
        // buffer may be written to.
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
