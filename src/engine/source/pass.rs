//! Passes over a body.

use super::body::Body;
use super::buffers::{Buffers, grow};
use super::content::Content;
use crate::transport::{Deadline, Failure, Lane, SourceFailure};
use crate::wire::crc64::Crc64;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest, Md5};

/// So much is read between two looks whether the call may go on.
pub(super) const FRAME: usize = 256 << 10;

impl Body<'_> {
    /// The value of Content-MD5, for which the data is read once.
    pub(crate) async fn content_md5(&self, lane: &Lane, deadline: Deadline) -> Result<String, Failure> {
        let mut md5 = Md5::new();
        let mut pass = Pass::over(self, Buffers::default());
        while !pass.is_whole() {
            lane.give_way(deadline).await?;
            md5.update(pass.next(FRAME)?);
        }
        self.note(pass.content())?;
        Ok(BASE64.encode(md5.finalize()))
    }

    /// The CRC-64 of all of it.
    pub(crate) async fn crc64(&self, lane: &Lane, deadline: Deadline) -> Result<u64, Failure> {
        let mut pass = Pass::over(self, Buffers::default());
        while !pass.is_whole() {
            lane.give_way(deadline).await?;
            pass.next(FRAME)?;
        }
        self.note(pass.content())?;
        Ok(pass.content().crc64)
    }
}

/// One pass over a body, with the CRC-64 of what was read so far.
pub(super) struct Pass<'a> {
    pub(super) body: &'a Body<'a>,
    pub(super) position: u64,
    crc64: Crc64,
    pub(super) buffers: Buffers,
}

impl<'a> Pass<'a> {
    pub(super) fn over(body: &'a Body<'a>, buffers: Buffers) -> Pass<'a> {
        Pass { body, position: 0, crc64: Crc64::new(), buffers }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.position == self.body.size()
    }

    /// What was read so far.
    pub(super) fn content(&self) -> Content {
        Content { size: self.position, crc64: self.crc64.value() }
    }

    /// Up to `limit` bytes from here on.
    pub(super) fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure> {
        let rest = self.body.size().saturating_sub(self.position);
        let length = usize::try_from(rest).map_or(limit, |rest| rest.min(limit));
        let frame = self.frame(length)?;
        self.crc64.update(&frame);
        self.position += frame.len() as u64;
        Ok(frame)
    }

    fn frame(&self, length: usize) -> Result<Bytes, SourceFailure> {
        if let Body::Owned(bytes) = self.body
            && let Ok(from) = usize::try_from(self.position)
            && from + length <= bytes.len()
        {
            return Ok(bytes.slice(from..from + length));
        }
        let mut buffer = self.buffers.take(length);
        if let Some(more) = length.checked_sub(buffer.len()) {
            grow(&mut buffer, more, length)?;
            buffer.resize(length, 0);
        }
        let length = match buffer.get_mut(..length) {
            Some(room) if length > 0 => self.body.read_at(self.position, room)?,
            _ => 0,
        };
        Ok(self.buffers.lend(buffer, length))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::Reader;
    use super::*;
    use crate::transport::{Bounds, Cancel, Clock, Settings, Transport, Trust};
    use std::cell::Cell;
    use std::time::Duration;

    /// Gives zeros, and ends the call with the third read.
    struct Ending<'a> {
        reads: &'a Cell<u32>,
        cancel: Cancel,
    }

    impl Reader for Ending<'_> {
        fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
            self.reads.set(self.reads.get() + 1);
            if self.reads.get() == 3 {
                self.cancel.fire();
            }
            into.fill(0);
            Ok(into.len())
        }

        fn can_rewind(&self) -> bool {
            true
        }

        fn rewind(&self) -> Result<(), SourceFailure> {
            Ok(())
        }
    }

    #[test]
    fn pass_looks_before_each_frame_whether_the_call_goes_on() {
        let transport = Transport::new(Settings {
            https: false,
            connect_timeout: Duration::from_secs(1),
            stall_timeout: Duration::from_secs(1),
            trust: Trust::default(),
            proxy: None,
            bind: None,
            resolve: Vec::new(),
            clock: Clock::default(),
        });
        for with_md5 in [false, true] {
            let (reads, cancel) = (Cell::new(0), Cancel::default());
            let ending = Ending { reads: &reads, cancel: cancel.clone() };
            let body = Body::from_reader(Box::new(ending), 5 * FRAME as u64);
            let bounds = Bounds { cancels: vec![cancel], ..Bounds::default() };
            let ended = transport.run(bounds, async |lane: &Lane| match with_md5 {
                true => body.content_md5(lane, Deadline::after(None)).await.map(drop),
                false => body.crc64(lane, Deadline::after(None)).await.map(drop),
            });
            assert!(ended.unwrap_or(Ok(())).is_err());
            assert_eq!(reads.get(), 3);
        }
    }
}
