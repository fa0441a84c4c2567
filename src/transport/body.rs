//! The body of a request: frames that come from the source, read on the calling thread.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// Where a request's bytes come from. They are asked for in order, once.
pub trait Source {
    /// How many bytes there are in all.
    fn size(&self) -> u64;

    /// The next bytes, at most `limit` of them. None if there is something else to do first: then it is to be asked again.
    fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure>;
}

/// Why a source could not give its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFailure {
    /// It could not be read.
    Unreadable(String),
    /// It is no longer what it was when the upload began.
    Changed(String),
    /// There is no memory for it.
    NoMemory(String),
}

impl SourceFailure {
    /// What has this `name` in messages is not what it was.
    pub fn changed(name: &str) -> SourceFailure {
        SourceFailure::Changed(format!("{name} changed while it was being uploaded"))
    }

    /// There are not so many bytes of memory.
    pub fn no_memory(bytes: usize) -> SourceFailure {
        SourceFailure::NoMemory(format!("there is no memory for {bytes} bytes"))
    }
}

impl fmt::Display for SourceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceFailure::Unreadable(message)
            | SourceFailure::Changed(message)
            | SourceFailure::NoMemory(message) => f.write_str(message),
        }
    }
}

/// The body as the HTTP client sees it.
pub(super) struct Outgoing {
    feed: Feed,
    remaining: u64,
}

enum Feed {
    Whole(Bytes),
    Frames(mpsc::Receiver<Bytes>),
}

impl Outgoing {
    pub(super) fn whole(bytes: Bytes) -> Outgoing {
        Outgoing { remaining: bytes.len() as u64, feed: Feed::Whole(bytes) }
    }

    /// A body of `size` bytes, and the end that its frames are put in. One frame waits while another is being sent.
    pub(super) fn frames(size: u64) -> (mpsc::Sender<Bytes>, Outgoing) {
        let (sender, receiver) = mpsc::channel(1);
        (sender, Outgoing { feed: Feed::Frames(receiver), remaining: size })
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let frame = match &mut self.feed {
            Feed::Whole(bytes) => std::mem::take(bytes),
            Feed::Frames(receiver) => match ready!(receiver.poll_recv(context)) {
                Some(frame) => frame,
                // The source failed, or the reply is here already. What is missing never comes, and nobody uses the connection
                // again; but the rest of the reply is still to be read on it.
                None => return Poll::Pending,
            },
        };
        let size = frame.len() as u64;
        self.remaining = self.remaining.saturating_sub(size);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
