//! A file, or a range of one.

use super::content::Content;
use super::identity::Sighting;
use super::reader::Reader;
use crate::transport::SourceFailure;
use crate::wire::error_reply::{escaped, escaped_path};
use crate::wire::mistake::Mistake;
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

/// A range of an open file, and how the file was seen when the upload began.
#[derive(Clone)]
pub struct FileBody {
    file: Arc<File>,
    /// As messages have it.
    pub(crate) name: Arc<str>,
    /// From the root on, if it was given by a path.
    pub(crate) path: Option<Arc<Path>>,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) seen: Sighting,
    /// Of all pieces of it.
    doubt: Rc<Doubt>,
    /// Whether no range was asked for: then a file that has grown has changed.
    is_whole: bool,
    /// Whether there are bytes although the size of the file is said to be 0, as in /proc.
    pub(super) hides_its_size: bool,
    /// What a pass over all of it came to.
    pub(super) content: Cell<Option<Content>>,
}

/// How far a file was read while its times proved nothing.
struct Doubt {
    is_over: Cell<bool>,
    end: Cell<u64>,
}

/// Why a file cannot be uploaded.
pub enum Unusable {
    /// The caller asked for something that it does not have.
    Mistake(Mistake),
    /// It cannot be opened or examined.
    Unreadable(String),
}

impl FileBody {
    /// The file at `path`, or `len` bytes of it from `offset` on.
    pub(super) fn open(path: &Path, range: Option<(u64, u64)>) -> Result<FileBody, Unusable> {
        if path.as_os_str().is_empty() {
            return Err(Unusable::Mistake(Mistake::new("the path of the file is empty")));
        }
        let unopened = |error| unreadable(&escaped_path(path), &error);
        // A named pipe would wait for somebody to write to it; to what can be uploaded the flag makes no difference.
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
        let body = FileBody::new(file.map_err(unopened)?, &path.to_string_lossy(), range)?;
        let absolute = std::path::absolute(path).map_err(unopened)?;
        Ok(FileBody { path: Some(absolute.into()), ..body })
    }

    /// An open file under the `name` it has in messages. Its offset is neither used nor moved.
    pub(crate) fn new(file: File, name: &str, range: Option<(u64, u64)>) -> Result<FileBody, Unusable> {
        let name = escaped(name);
        let before = SystemTime::now();
        let metadata = file.metadata().map_err(|error| unreadable(&name, &error))?;
        if !metadata.is_file() {
            return Err(Unusable::Unreadable(format!("{name} is not a regular file")));
        }
        let (offset, size) = range.unwrap_or((0, metadata.size()));
        if offset.checked_add(size).is_none_or(|end| end > metadata.size()) {
            return Err(Unusable::Mistake(Mistake::new(format!(
                "{name} has {} bytes, so there are no {size} bytes at offset {offset}",
                metadata.size()
            ))));
        }
        let seen = Sighting::of(&metadata, before);
        let doubt = Doubt { is_over: Cell::new(seen.is_settled()), end: Cell::new(0) };
        let mut body = FileBody {
            file: Arc::new(file),
            name: name.into(),
            path: None,
            offset,
            size,
            seen,
            doubt: doubt.into(),
            is_whole: range.is_none(),
            hides_its_size: false,
            content: Cell::default(),
        };
        if body.is_whole && size == 0 {
            let first = body.read_some_at(0, &mut [0]);
            body.hides_its_size = first.map_err(|failure| Unusable::Unreadable(failure.to_string()))? > 0;
        }
        Ok(body)
    }

    /// A piece of it.
    pub(super) fn piece(&self, offset: u64, size: u64) -> Option<FileBody> {
        let offset = self.offset.checked_add(offset)?;
        Some(FileBody { offset, size, content: Cell::default(), ..self.clone() })
    }

    /// Fills `into` with what stands at `position`.
    pub(super) fn read_at(&self, position: u64, into: &mut [u8]) -> Result<(), SourceFailure> {
        let from = self.offset + position;
        self.note_doubt(from + into.len() as u64)?;
        match self.file.read_exact_at(into, from) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.ends_early()),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    /// Puts some of what stands at `position` into `into`, and says how much; nothing behind the end.
    fn read_some_at(&self, position: u64, into: &mut [u8]) -> Result<usize, SourceFailure> {
        loop {
            match self.file.read_at(into, self.offset + position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(|error| self.unreadable(&error)),
            }
        }
    }

    /// Notes that it is read up to this `end`, if its times do not prove yet that it stays what is read.
    fn note_doubt(&self, end: u64) -> Result<(), SourceFailure> {
        if self.doubt.is_over.get() {
            return Ok(());
        }
        match self.examine()?.still_holds(&self.seen) {
            true => self.doubt.is_over.set(true),
            false => self.doubt.end.set(self.doubt.end.get().max(end)),
        }
        Ok(())
    }

    /// How much of it, from its beginning on, may no longer be what was read: there its bytes decide.
    pub(super) fn doubtful(&self) -> Result<u64, SourceFailure> {
        let is_same = self.examine()?.identity == self.seen.identity;
        Ok(if is_same { self.doubt.end.get().saturating_sub(self.offset).min(self.size) } else { self.size })
    }

    /// Sees the file as it is now.
    pub(super) fn examine(&self) -> Result<Sighting, SourceFailure> {
        let before = SystemTime::now();
        let now = self
            .file
            .metadata()
            .map_err(|error| SourceFailure::Unreadable(format!("cannot examine {}: {error}", self.name)))?;
        if self.is_whole && now.size() != self.seen.identity.size {
            return Err(SourceFailure::changed(&self.name));
        }
        Ok(Sighting::of(&now, before))
    }

    /// The file was cut, unless it never was as long as it is said to be.
    fn ends_early(&self) -> SourceFailure {
        match self.examine() {
            Ok(now) if now.identity == self.seen.identity => SourceFailure::Unreadable(format!(
                "{} ends before the {} bytes that it is said to have",
                self.name, now.identity.size
            )),
            _ => SourceFailure::changed(&self.name),
        }
    }

    fn unreadable(&self, error: &io::Error) -> SourceFailure {
        SourceFailure::Unreadable(format!("cannot read {}: {error}", self.name))
    }
}

/// A file whose size is not known, from its beginning to wherever it ends.
pub(super) struct FileReader {
    file: FileBody,
    position: Cell<u64>,
}

impl FileReader {
    pub(super) fn new(file: FileBody) -> FileReader {
        FileReader { file, position: Cell::new(0) }
    }
}

impl Reader for FileReader {
    fn read(&self, into: &mut [u8]) -> Result<usize, SourceFailure> {
        let read = self.file.read_some_at(self.position.get(), into)?;
        self.position.set(self.position.get() + read as u64);
        Ok(read)
    }

    fn can_rewind(&self) -> bool {
        true
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        self.position.set(0);
        Ok(())
    }

    fn file_name(&self) -> Option<&str> {
        Some(&self.file.name)
    }
}

fn unreadable(name: &str, error: &io::Error) -> Unusable {
    Unusable::Unreadable(format!("cannot open {name}: {error}"))
}
