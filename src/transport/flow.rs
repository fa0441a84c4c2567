//! How much went through a connection, in either direction, not counting any encryption.

use super::socket::Health;
use super::stream::Stream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that counts what goes through it.
pub(super) struct Counted {
    stream: Stream,
    flow: Arc<Flow>,
}

/// How much went through a stream, not counting any encryption, for those who do not own it.
pub(super) struct Flow {
    socket: Arc<Health>,
    taken: AtomicU64,
    with_kernel: AtomicU64,
    received: AtomicU64,
    first_byte: OnceLock<u8>,
    has_finished: AtomicBool,
}

impl Counted {
    pub(super) fn new(stream: Stream, socket: Arc<Health>) -> Counted {
        let flow = Flow {
            socket,
            taken: AtomicU64::new(0),
            with_kernel: AtomicU64::new(0),
            received: AtomicU64::new(0),
            first_byte: OnceLock::new(),
            has_finished: AtomicBool::new(false),
        };
        Counted { stream, flow: Arc::new(flow) }
    }

    pub(super) fn flow(&self) -> Arc<Flow> {
        Arc::clone(&self.flow)
    }
}

impl Flow {
    pub(super) fn socket(&self) -> &Health {
        &self.socket
    }

    /// How many bytes were written and are certain to be with the kernel. Nothing that comes later makes them fewer.
    pub(super) fn with_kernel(&self) -> u64 {
        self.with_kernel.load(Ordering::Relaxed)
    }

    /// How many bytes were written, be it that they are still being encrypted.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many bytes came.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The first byte that came, if one did.
    pub(super) fn first_byte(&self) -> Option<u8> {
        self.first_byte.get().copied()
    }

    /// Whether the peer has said all that it wants to say. With TLS that is no end of the connection, and the peer perhaps reads on.
    pub(super) fn has_finished(&self) -> bool {
        self.has_finished.load(Ordering::Relaxed)
    }

    fn note_received(&self, bytes: &[u8]) {
        if let Some(first) = bytes.first() {
            self.first_byte.get_or_init(|| *first);
            self.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
    }

    fn note_taken(&self, result: &io::Result<usize>) {
        if let Ok(bytes) = result {
            self.taken.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
    }

    fn note_flushed(&self) {
        if !self.socket.has_thrown_away() {
            self.with_kernel.store(self.taken.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let counted = self.get_mut();
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut counted.stream).poll_read(context, buffer));
        let received = buffer.filled().get(before..).unwrap_or_default();
        counted.flow.note_received(received);
        if received.is_empty() {
            counted.stream.look_for_end(context);
            let is_over = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
            counted.flow.has_finished.fetch_or(result.as_ref().err().is_none_or(is_over), Ordering::Relaxed);
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let counted = self.get_mut();
        let result = ready!(Pin::new(&mut counted.stream).poll_write(context, bytes));
        counted.flow.note_taken(&result);
        Poll::Ready(result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let counted = self.get_mut();
        let result = ready!(Pin::new(&mut counted.stream).poll_write_vectored(context, slices));
        counted.flow.note_taken(&result);
        Poll::Ready(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let counted = self.get_mut();
        ready!(Pin::new(&mut counted.stream).poll_flush(context))?;
        counted.flow.note_flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
