//! A pass whose bytes are sent, and how it is made sure that it sees the same data from beginning to end.
//!
//! A file's times only hint at whether it has changed; its bytes prove it. So when they have moved during a pass, the file is
//! read once more. If that comes to the same CRC-64, the file was, at the moment between the two passes, what was read. As long
//! as a file is so young that its times need not move when it is written to, what is read of it is read once more anyway.

use super::body::Body;
use super::buffers::Buffers;
use super::content::Content;
use super::identity::Sighting;
use super::pass::{FRAME, Pass};
use crate::transport::{Source, SourceFailure};
use bytes::Bytes;

impl<'a> Body<'a> {
    /// Reads it to be sent.
    pub(crate) fn reading(&'a self) -> Reading<'a> {
        Reading {
            pass: Pass::over(self, Buffers::default()),
            before: None,
            doubtful: Content::NOTHING,
            held: None,
            is_withheld: false,
        }
    }
}

/// A pass whose bytes are sent. The last of them, without which nothing is stored, are given only if all is of the same data.
pub(crate) struct Reading<'a> {
    pass: Pass<'a>,
    /// The file before any of it was read.
    before: Option<Sighting>,
    /// What was read of it while its times proved nothing.
    doubtful: Content,
    held: Option<Held<'a>>,
    /// Whether the last bytes have been read and not been given.
    is_withheld: bool,
}

/// The last bytes, and the pass that decides on them: it must come to the same as the first one.
struct Held<'a> {
    last: Bytes,
    first: Content,
    again: Pass<'a>,
}

impl<'a> Reading<'a> {
    /// What was given, once that is all of it.
    pub(crate) fn content(&self) -> Option<Content> {
        (self.pass.is_whole() && !self.is_withheld).then(|| self.pass.content())
    }

    /// Sees what the file is before any of it is read, and then until its times prove something.
    fn examine(&mut self) -> Result<(), SourceFailure> {
        if self.before.is_some_and(|before| before.is_settled()) {
            return Ok(());
        }
        let Some(now) = self.pass.body.examine()? else { return Ok(()) };
        if now.still_holds(self.before.get_or_insert(now)) {
            self.before = Some(now);
            self.doubtful = self.pass.content();
        }
        Ok(())
    }

    /// The last bytes, unless the file, or the beginning of it, has to be read again before.
    fn end(&mut self, last: Bytes) -> Result<Bytes, SourceFailure> {
        self.is_withheld = true;
        let Pass { body, buffers, .. } = &self.pass;
        body.note(self.pass.content())?;
        let first = match (self.before, body.examine()?) {
            (Some(before), Some(now)) if !before.still_holds(&now) => self.pass.content(),
            _ => self.doubtful,
        };
        if first == Content::NOTHING {
            return Ok(self.give(last));
        }
        self.held = Some(Held { last, first, again: Pass::over(body, buffers.clone()) });
        Ok(Bytes::new())
    }

    /// Reads a little of it again, and gives the last bytes if that was all of it.
    fn read_again(&mut self, mut held: Held<'a>) -> Result<Bytes, SourceFailure> {
        let rest = held.first.size.saturating_sub(held.again.position);
        held.again.next(usize::try_from(rest).map_or(FRAME, |rest| rest.min(FRAME)))?;
        if held.again.position < held.first.size {
            self.held = Some(held);
            return Ok(Bytes::new());
        }
        match held.again.content() == held.first {
            true => Ok(self.give(held.last)),
            false => Err(self.pass.body.changed()),
        }
    }

    fn give(&mut self, last: Bytes) -> Bytes {
        self.is_withheld = false;
        last
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
        self.examine()?;
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
    use std::cell::Cell;
    use std::fs::{self, File};
    use std::os::unix::fs::FileExt;
    use std::thread;
    use std::time::{Duration, SystemTime};
    use tempfile::TempDir;

    /// A file of so many frames that was written just now.
    struct Young {
        _folder: TempDir,
        file: File,
        body: Body<'static>,
    }

    impl Young {
        fn of(frames: usize) -> Young {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("file");
            fs::write(&path, vec![7; FRAME * frames]).unwrap();
            let file = File::options().write(true).open(&path).unwrap();
            let body = Body::open(path, None).unwrap_or_else(|_| unreachable!());
            Young { _folder: folder, file, body }
        }

        /// Waits until whatever is written to it shows.
        fn settle(&self) {
            while !self.body.examine().unwrap().unwrap().is_settled() {
                thread::sleep(Duration::from_millis(10));
            }
        }

        fn settled(self) -> Young {
            self.settle();
            self
        }
    }

    /// How often a reading is asked in vain for the last frame of a file, to which something happens as soon as the ones
    /// before have been read; and what comes of it.
    fn asked_in_vain(young: &Young, change: impl FnOnce(&Young)) -> (usize, Result<Bytes, SourceFailure>) {
        let mut reading = young.body.reading();
        for _ in 1..young.body.size() / FRAME as u64 {
            assert_eq!(reading.next(FRAME).unwrap().len(), FRAME);
        }
        change(young);
        let mut in_vain = 0;
        loop {
            match reading.next(FRAME) {
                Ok(nothing) if nothing.is_empty() => in_vain += 1,
                end => return (in_vain, end),
            }
        }
    }

    fn touch(young: &Young) {
        young.file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }

    #[track_caller]
    fn assert_given(asked: (usize, Result<Bytes, SourceFailure>), in_vain: usize) {
        assert_eq!((asked.0, asked.1.unwrap().len()), (in_vain, FRAME));
    }

    #[test]
    fn file_that_nothing_happens_to_is_read_once() {
        assert_given(asked_in_vain(&Young::of(5).settled(), |_| ()), 0);
    }

    #[test]
    fn file_that_moved_is_read_again_a_frame_at_a_time_before_its_last_bytes_are_given() {
        assert_given(asked_in_vain(&Young::of(5).settled(), touch), 5);
    }

    #[test]
    fn file_that_is_so_young_that_its_times_need_not_move_is_read_again() {
        assert_given(asked_in_vain(&Young::of(5), |_| ()), 5);
    }

    #[test]
    fn file_is_read_again_as_far_as_it_was_read_while_it_was_young() {
        assert_given(asked_in_vain(&Young::of(5), Young::settle), 4);
    }

    #[test]
    fn last_bytes_of_a_file_that_is_another_are_never_given() {
        let (in_vain, last) = asked_in_vain(&Young::of(3).settled(), |young| {
            young.file.write_all_at(b"x", 0).unwrap();
            touch(young);
        });
        assert_eq!(in_vain, 3);
        assert!(matches!(last, Err(SourceFailure::Changed(_))));
    }

    #[test]
    fn file_that_moved_before_any_of_it_was_read_is_not_read_again() {
        let young = Young::of(1);
        touch(&young);
        young.settle();
        assert_given(asked_in_vain(&young, |_| ()), 0);
    }

    /// Gives something else whenever it starts over.
    #[derive(Default)]
    struct Fickle(Cell<u8>);

    impl Reader for Fickle {
        fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
            into.fill(self.0.get());
            Ok(into.len())
        }

        fn can_rewind(&self) -> bool {
            true
        }

        fn rewind(&self) -> Result<(), SourceFailure> {
            self.0.set(self.0.get() + 1);
            Ok(())
        }
    }

    #[test]
    fn reader_that_gives_other_bytes_the_second_time_is_not_given_whole() {
        let body = Body::from_reader(Box::new(Fickle::default()), FRAME as u64);
        let mut first = body.reading();
        assert_eq!(first.next(FRAME).unwrap().len(), FRAME);
        assert!(first.content().is_some());
        let mut second = body.reading();
        assert!(matches!(second.next(FRAME), Err(SourceFailure::Changed(_))));
        assert_eq!(second.content(), None);
    }
}
