//! The folder with the records.

use super::debt::Debt;
use super::name;
use super::owed::{self, Opened, Owed};
use super::room::Room;
use crate::engine::disk::make_folder;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::wire::error_reply::escaped_path;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

/// A folder with records. Any number of processes may share it.
#[derive(Debug, Clone)]
pub struct Outbox {
    pub(super) folder: PathBuf,
}

impl Outbox {
    /// The outbox in `folder`, which is made if it is missing.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Outbox, Box<Outcome>> {
        let outbox = Outbox { folder: folder.into() };
        if outbox.folder.as_os_str().is_empty() {
            let message = "the path of the outbox is empty";
            return Err(Box::new(Outcome::new(Status::InvalidArgument, Stored::No, message)));
        }
        let usable = make_folder(&outbox.folder).and_then(|()| outbox.clear_what_was_not_written());
        usable.map_err(|error| outbox.unusable(&error))?;
        Ok(outbox)
    }

    /// Puts on disk what is about to be owed. An upload in parts that is completed once more is owed once: its record is
    /// taken over.
    pub(crate) fn owe(&self, debt: Debt) -> Result<Owed, Box<Outcome>> {
        let unusable = |error| self.unusable(&error);
        let id = debt.id().map_err(unusable)?;
        if !debt.upload.upload_id.is_empty()
            && let Some(mut owed) = self.take_up(&id)?
        {
            owed.take_over(debt).map_err(unusable)?;
            return Ok(*owed);
        }
        let name = name::of_record(debt.began_at, &id);
        Owed::create(&self.folder, &name, debt).map_err(unusable)
    }

    /// The record of that id, if there is one.
    fn take_up(&self, id: &str) -> Result<Option<Box<Owed>>, Box<Outcome>> {
        let unusable = |error| self.unusable(&error);
        while let Some(name) = self.find(id).map_err(unusable)? {
            match Owed::open(&self.folder, &name).map_err(unusable)? {
                Opened::Owed(owed) => return Ok(Some(owed)),
                Opened::Busy => {
                    let message = "another process is at this upload's callback just now";
                    return Err(Box::new(Outcome::new(Status::CheckpointBusy, Stored::No, message)));
                }
                // There may be another in its place.
                Opened::Gone => {}
                Opened::Unusable(_) => break,
            }
        }
        Ok(None)
    }

    /// Takes as much room as a record will need.
    pub(crate) fn take_room(&self) -> Result<Room, Box<Outcome>> {
        Room::take(&self.folder).map_err(|error| self.unusable(&error))
    }

    /// The names of records, sorted: those behind `after`, at most `most` of them.
    pub(super) fn names(&self, after: &str, most: usize) -> io::Result<Vec<String>> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.folder)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            if name::id_of(&name).is_none() || name.as_str() <= after {
                continue;
            }
            names.insert(name);
            if names.len() > most {
                names.pop_last();
            }
        }
        Ok(names.into_iter().collect())
    }

    fn find(&self, id: &str) -> io::Result<Option<String>> {
        for entry in fs::read_dir(&self.folder)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            if name::id_of(&name) == Some(id) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Removes what processes left behind that were killed while they wrote.
    fn clear_what_was_not_written(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(name::is_being_written) {
                owed::clear_unless_busy(&entry.path())?;
            }
        }
        Ok(())
    }

    pub(super) fn unusable(&self, error: &io::Error) -> Box<Outcome> {
        let message = format!("cannot use the outbox {}: {error}", escaped_path(&self.folder));
        Box::new(Outcome::new(Status::of_disk(error), Stored::No, message))
    }
}
