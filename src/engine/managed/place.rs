//! Where the record of an upload is kept, which nobody else uses meanwhile.

use crate::engine::disk::Lock;
use crate::engine::disk::own_file::{self, Found, is_in_the_way};
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// So many names an upload has for its record, of which it takes another one only where something is in the way.
const NAMES: u32 = 4;

/// A place that is held.
pub(super) struct Place {
    path: PathBuf,
    /// Why what was there instead of a record was not believed, and is gone.
    was_foreign: Cell<Option<&'static str>>,
    _lock: Lock,
}

impl Place {
    /// Takes the first of an upload's places in which nothing is in the way that cannot be removed. One with a record goes before
    /// one without: what was in the way when it was written may be gone. `None` if somebody else is at the upload.
    pub(super) fn take(folder: &Path, name: &str, log: &dyn Fn(&str)) -> io::Result<Option<Place>> {
        let mut free = None;
        let mut in_the_way = None;
        for number in 0..NAMES {
            let path = match number {
                0 => folder.join(format!("{name}.json")),
                number => folder.join(format!("{name}-{number}.json")),
            };
            if free.is_some() && !is_in_use(&path) {
                continue;
            }
            match Place::at(path, log) {
                Ok(None) => return Ok(None),
                Ok(Some(place)) if has_record(&place.path) => return Ok(Some(place)),
                Ok(Some(place)) => free = free.or(Some(place)),
                Err(error) if is_in_the_way(&error) => {
                    if free.is_none() {
                        log(&format!("the checkpoint is kept under another name: {error}"));
                    }
                    in_the_way = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match in_the_way {
            Some(error) if free.is_none() => Err(error),
            _ => Ok(free),
        }
    }

    /// Takes this place. What is there and is not believed is removed.
    fn at(path: PathBuf, log: &dyn Fn(&str)) -> io::Result<Option<Place>> {
        let Some(lock) = Lock::take(&path.with_extension("lock"), log)? else { return Ok(None) };
        let place = Place { path, was_foreign: Cell::default(), _lock: lock };
        own_file::clear(&place.new_path())?;
        // What cannot be opened is looked into by whoever reads it.
        if let Ok(Found::Foreign(why)) = place.open() {
            place.was_foreign.set(Some(why));
            place.clear()?;
        }
        Ok(Some(place))
    }

    /// Why what was there instead of a record was not believed; said once.
    pub(super) fn was_foreign(&self) -> Option<&'static str> {
        self.was_foreign.take()
    }

    /// Opens the record.
    pub(super) fn open(&self) -> io::Result<Found> {
        open(&self.path)
    }

    /// Removes what is there instead of a record, or the record.
    pub(super) fn clear(&self) -> io::Result<()> {
        own_file::clear(&self.path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a record is written before it takes the place of the old one.
    pub(super) fn new_path(&self) -> PathBuf {
        self.path.with_extension("new")
    }
}

/// Whether there is a record, or somebody is about to write one.
fn is_in_use(path: &Path) -> bool {
    has_record(path) || path.with_extension("lock").symlink_metadata().is_ok()
}

/// Whether there is a record, or what may be one and cannot be opened just now.
fn has_record(path: &Path) -> bool {
    !matches!(open(path), Ok(Found::Nothing | Found::Foreign(_)))
}

fn open(path: &Path) -> io::Result<Found> {
    own_file::open(path, File::options().read(true))
}
