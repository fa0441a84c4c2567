//! Passes over a body, and how it is made sure that one sees the same data from beginning to end.
//!
//! A file's times only hint at whether it has changed; its bytes prove it. So when they have moved during a pass, the file is
//! read once more. If that comes to the same CRC-64, the file was, at the moment between the two passes, what was read.

use super::body::Body;
use super::buffers::{Buffers, grow};
use super::content::Content;
use super::file::Identity;
use crate::transport::{Deadline, Failure, Lane, Source, SourceFailure};
use crate::wire::crc64::Crc64;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest, Md5};

const FRAME: usize = 256 << 10;

impl<'a> Body<'a> {
    /// Reads it to be sent.
    pub(crate) fn reading(&'a self) -> Reading<'a> {
        Reading { pass: Pass::over(self, Buffers::default()), before: None, held: None }
    }

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
        Ok(pass.content().crc64)
    }
}

/// One pass over a body, with the CRC-64 of what was read so far.
struct Pass<'a> {
    body: &'a Body<'a>,
    position: u64,
    crc64: Crc64,
    buffers: Buffers,
}

impl<'a> Pass<'a> {
    fn over(body: &'a Body<'a>, buffers: Buffers) -> Pass<'a> {
        Pass { body, position: 0, crc64: Crc64::new(), buffers }
    }

    fn is_whole(&self) -> bool {
        self.position == self.body.size()
    }

    /// What was read so far.
    fn content(&self) -> Content {
        Content { size: self.position, crc64: self.crc64.value() }
    }

    /// Up to `limit` bytes from here on.
    fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure> {
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

/// A pass whose bytes are sent. The last of them, without which nothing is stored, are given only if all is of the same data.
pub(crate) struct Reading<'a> {
    pass: Pass<'a>,
    /// What told the file before any of it was read.
    before: Option<Identity>,
    held: Option<Held<'a>>,
}

/// The last bytes, and the pass that decides on them.
struct Held<'a> {
    last: Bytes,
    again: Pass<'a>,
}

impl<'a> Reading<'a> {
    /// What was read, once that is all of it.
    pub(crate) fn content(&self) -> Option<Content> {
        self.pass.is_whole().then(|| self.pass.content())
    }

    /// The last bytes, unless the file has to be read again before.
    fn end(&mut self, last: Bytes) -> Result<Bytes, SourceFailure> {
        let Pass { body, buffers, .. } = &self.pass;
        body.note(self.pass.content())?;
        if body.identity()? == self.before {
            return Ok(last);
        }
        self.held = Some(Held { last, again: Pass::over(body, buffers.clone()) });
        Ok(Bytes::new())
    }

    /// Reads a little of it again, and gives the last bytes if that was all of it.
    fn read_again(&mut self, mut held: Held<'a>) -> Result<Bytes, SourceFailure> {
        held.again.next(FRAME)?;
        if held.again.is_whole() {
            self.pass.body.note(held.again.content())?;
            return Ok(held.last);
        }
        self.held = Some(held);
        Ok(Bytes::new())
    }
}

impl Source for Reading<'_> {
    fn size(&self) -> u64 {
        self.pass.body.size()
    }

    fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure> {
        if let Some(held) = self.held.take() {
            return self.read_again(held);
        }
        if self.before.is_none() {
            self.before = self.pass.body.identity()?;
        }
        let frame = self.pass.next(limit)?;
        if frame.is_empty() || !self.pass.is_whole() {
            return Ok(frame);
        }
        self.end(frame)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::reader::Reader;
    use super::*;
    use crate::transport::{Bounds, Cancel, Clock, Settings, Transport, Trust};
    use std::cell::Cell;
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};
    use tempfile::TempDir;

    /// How often a reading is asked in vain for the last bytes of a file of so many frames, to which something happens as
    /// soon as its first ones have been read; and what comes of it.
    fn asked_in_vain(frames: u64, change: impl FnOnce(&File)) -> (usize, Result<Bytes, SourceFailure>) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![7; FRAME * usize::try_from(frames).unwrap()]).unwrap();
        let body = Body::open(path.to_str().unwrap(), None).unwrap_or_else(|_| unreachable!());
        let mut reading = body.reading();
        for _ in 1..frames {
            assert_eq!(reading.next(FRAME).unwrap().len(), FRAME);
        }
        change(&File::options().write(true).open(&path).unwrap());
        let mut in_vain = 0;
        loop {
            match reading.next(FRAME) {
                Ok(nothing) if nothing.is_empty() => in_vain += 1,
                end => return (in_vain, end),
            }
        }
    }

    fn touch(file: &File) {
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn file_that_moved_is_read_again_a_frame_at_a_time_before_its_last_bytes_are_given() {
        let (in_vain, last) = asked_in_vain(5, touch);
        assert_eq!((in_vain, last.unwrap().len()), (5, FRAME));
        let (in_vain, last) = asked_in_vain(5, |_| ());
        assert_eq!((in_vain, last.unwrap().len()), (0, FRAME));
    }

    #[test]
    fn last_bytes_of_a_file_that_is_another_are_never_given() {
        let (in_vain, last) = asked_in_vain(3, |file| {
            std::os::unix::fs::FileExt::write_all_at(file, b"x", 0).unwrap();
            touch(file);
        });
        assert_eq!(in_vain, 3);
        assert!(matches!(last, Err(SourceFailure::Changed(_))));
    }

    #[test]
    fn file_that_moved_before_any_of_it_was_read_is_not_read_again() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![7; FRAME]).unwrap();
        let body = Body::open(path.to_str().unwrap(), None).unwrap_or_else(|_| unreachable!());
        for _ in 0..2 {
            touch(&File::options().write(true).open(&path).unwrap());
            assert_eq!(body.reading().next(FRAME).unwrap().len(), FRAME);
        }
    }

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
