//! The record of an upload in parts, from which another process can go on.
//!
//! It is replaced as a whole: a new one is written beside it, synced, and renamed over it. Whoever uses it holds a lock. The
//! names are made of what is uploaded, so that there is one record for each upload, and what a process leaves behind that is
//! killed half-way is found and used up by the next one. Others who may write to the folder can be in the way, but what they
//! put there is not believed.

use super::place::Place;
use super::record::{Binding, Completing, Record};
use crate::engine::disk::{make_folder, own_file, sync_folder};
use crate::engine::multipart::Parts;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::wire::error_reply::escaped_path;
use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Ten thousand parts take less than an eighth of this, and fit in with the longest ETags that are believed.
const LARGEST: u64 = 16 << 20;
/// Finished parts are noted so often. What is missing is learnt from OSS.
const INTERVAL: Duration = Duration::from_secs(1);

/// What there is of a record.
pub(super) enum Found {
    Nothing,
    /// Something that cannot be used, and why.
    Unusable(String),
    Record(Box<Record>),
}

/// The record of an upload, in its place.
pub(super) struct Checkpoint {
    folder: PathBuf,
    place: Place,
    record: RefCell<Option<Record>>,
    noted: Cell<Option<Instant>>,
}

impl Checkpoint {
    /// Takes the place of the upload in `folder`, which is made if it is missing.
    pub(super) fn take(
        folder: &Path,
        binding: &Binding,
        log: &dyn Fn(&str),
    ) -> Result<Checkpoint, Box<Outcome>> {
        let place = make_folder(folder).and_then(|()| Place::take(folder, &binding.name(), log));
        let Some(place) = place.map_err(|error| unusable(folder, &error))? else {
            let message = format!("another upload of {} is at work", escaped_path(&binding.path));
            return Err(Box::new(Outcome::new(Status::CheckpointBusy, Stored::No, message)));
        };
        Ok(Checkpoint {
            folder: folder.to_owned(),
            place,
            record: RefCell::default(),
            noted: Cell::default(),
        })
    }

    /// Reads what an earlier process left. A record of our own that cannot be read just now is left for another call: without
    /// it, nobody knows whether the upload was completed and its callback has run.
    pub(super) fn find(&self) -> Result<Found, Box<Outcome>> {
        if let Some(why) = self.place.was_foreign() {
            return Ok(Found::Unusable(why.to_owned()));
        }
        let file = match self.place.open().map_err(|error| unread(&error))? {
            own_file::Found::Own(file) => file,
            own_file::Found::Nothing => return Ok(Found::Nothing),
            own_file::Found::Foreign(why) => return Ok(Found::Unusable(why.to_owned())),
        };
        let mut text = Vec::new();
        file.take(LARGEST).read_to_end(&mut text).map_err(|error| unread(&error))?;
        match Record::from_json(&text) {
            Ok(record) => Ok(Found::Record(Box::new(record))),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Found::Unusable(error.to_string()))
            }
            Err(error) => Err(unread(&error)),
        }
    }

    /// Writes a record, of an upload that has begun.
    pub(super) fn write(&self, record: Record) -> io::Result<()> {
        self.record.replace(Some(record));
        self.save()
    }

    /// Goes on with a record that was found.
    pub(super) fn resume(&self, record: Record) {
        self.record.replace(Some(record));
    }

    /// Notes the parts that OSS has, unless that was done a moment ago.
    pub(super) fn note_parts(&self, parts: &Parts) -> io::Result<()> {
        match self.noted.get() {
            Some(noted) if noted.elapsed() < INTERVAL => Ok(()),
            _ => self.save_parts(parts),
        }
    }

    /// Notes the parts that OSS has.
    pub(super) fn save_parts(&self, parts: &Parts) -> io::Result<()> {
        self.set_parts(parts)?;
        self.save()
    }

    /// Notes that Complete is about to be sent, now.
    pub(super) fn note_completion(&self, parts: &Parts, completing: Completing) -> io::Result<()> {
        if let Some(record) = &mut *self.record.borrow_mut() {
            record.completing = Some(completing.after(record.completing));
        }
        self.save_parts(parts)
    }

    /// Notes what is there of an upload that is certain not to have been completed.
    pub(super) fn note_failure(&self, parts: &Parts) -> io::Result<()> {
        if let Some(record) = &mut *self.record.borrow_mut() {
            record.completing = None;
        }
        self.save_parts(parts)
    }

    /// Removes the record: there is nothing more to go on with.
    pub(super) fn remove(&self) {
        self.record.take();
        // What cannot be removed is found out to be stale.
        let _ = self.place.clear();
        let _ = own_file::clear(&self.place.new_path());
    }

    /// Makes room for a record, where there is something that is none.
    pub(super) fn make_room(&self) -> Result<(), Box<Outcome>> {
        self.place.clear().map_err(|error| unusable(&self.folder, &error))
    }

    fn set_parts(&self, parts: &Parts) -> io::Result<()> {
        let parts = parts.all().map_err(|_| io::ErrorKind::OutOfMemory)?;
        match &mut *self.record.borrow_mut() {
            Some(record) => record.set_parts(&parts),
            None => Ok(()),
        }
    }

    fn save(&self) -> io::Result<()> {
        self.noted.set(Some(Instant::now()));
        let record = self.record.borrow();
        let Some(record) = record.as_ref() else { return Ok(()) };
        let text = record.to_json()?;
        let new = self.place.new_path();
        own_file::clear(&new)?;
        let mut file = own_file::create(&new)?;
        let written = own_file::write(&mut file, &text).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&new, self.place.path())).inspect_err(|_| {
            // It is not needed, and the disk may be full.
            let _ = fs::remove_file(&new);
        })?;
        sync_folder(&self.folder)
    }
}

fn unusable(folder: &Path, error: &io::Error) -> Box<Outcome> {
    let message = format!("cannot use the checkpoint folder {}: {error}", escaped_path(folder));
    Box::new(Outcome::new(Status::LocalIo, Stored::No, message))
}

/// That there may be a record which cannot be read. An earlier process may have got to the end of the upload.
fn unread(error: &io::Error) -> Box<Outcome> {
    let message = format!("cannot read the checkpoint: {error}");
    Box::new(Outcome::new(Status::of_disk(error), Stored::Unknown, message))
}
