//! The record of an upload in parts, from which another process can go on.
//!
//! It is replaced as a whole: a new one is written beside it, synced, and renamed over it. Whoever uses it holds a lock. The names are made of what is uploaded, so that there is one record for each upload,
//! and what a process leaves behind that is killed half-way is found and used up by the next one.

use super::record::{Binding, Completing, Record};
use crate::engine::multipart::{Part, Parts};
use crate::engine::outcome::{Outcome, Status, Stored};
use std::cell::{Cell, RefCell};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Ten thousand parts take less than a quarter of this.
const LARGEST: u64 = 8 << 20;
/// No link leads elsewhere, and a named pipe in the place of a file does not wait for anybody.
const OWN_FILES: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK;
/// Finished parts are noted so often. What is missing is learnt from OSS.
const INTERVAL: Duration = Duration::from_secs(1);

/// What there is of a record.
pub(super) enum Found {
    Nothing,
    /// Something that cannot be used, and why.
    Unusable(String),
    Record(Box<Record>),
}

/// The place of a record, which nobody else uses meanwhile.
pub(super) struct Checkpoint {
    folder: PathBuf,
    name: String,
    record: RefCell<Option<Record>>,
    noted: Cell<Option<Instant>>,
    _lock: Lock,
}

impl Checkpoint {
    /// Takes the place of the upload in `folder`, which is made if it is missing.
    pub(super) fn take(folder: &Path, binding: &Binding) -> Result<Checkpoint, Box<Outcome>> {
        let unusable = |error: io::Error| {
            let message = format!("cannot use the checkpoint folder {}: {error}", folder.display());
            Box::new(Outcome::new(Status::LocalIo, Stored::No, message))
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        let name = binding.name();
        let lock = Lock::take(&folder.join(format!("{name}.lock"))).map_err(unusable)?;
        let Some(lock) = lock else {
            let message = format!("another upload of {} is at work", binding.path.display());
            return Err(Box::new(Outcome::new(Status::CheckpointBusy, Stored::No, message)));
        };
        Ok(Checkpoint {
            folder: folder.to_owned(),
            name,
            record: RefCell::default(),
            noted: Cell::default(),
            _lock: lock,
        })
    }

    /// Reads what an earlier process left.
    pub(super) fn find(&self) -> Found {
        let file = match File::options().read(true).custom_flags(OWN_FILES).open(self.path()) {
            Ok(file) if file.metadata().is_ok_and(|metadata| metadata.is_file()) => file,
            Ok(_) => return Found::Unusable("it is no regular file".to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
            Err(error) => return Found::Unusable(format!("it cannot be opened: {error}")),
        };
        let mut text = Vec::new();
        if let Err(error) = file.take(LARGEST).read_to_end(&mut text) {
            return Found::Unusable(format!("it cannot be read: {error}"));
        }
        match Record::from_json(&text) {
            Ok(record) => Found::Record(Box::new(record)),
            Err(why) => Found::Unusable(why),
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
        self.set_parts(&parts.all());
        self.save()
    }

    /// Notes that Complete is about to be sent, now.
    pub(super) fn note_completion(
        &self,
        parts: &Parts,
        callback: bool,
        now: i64,
    ) -> Result<(), Box<Outcome>> {
        self.set_parts(&parts.all());
        if let Some(record) = &mut *self.record.borrow_mut() {
            // Once a callback has been asked for, it may have run.
            let callback = callback || record.completing.is_some_and(|before| before.callback);
            record.completing = Some(Completing { callback, at: now });
        }
        self.save().map_err(|error| {
            let message = format!("cannot write the checkpoint: {error}");
            Box::new(Outcome::new(Status::LocalIo, Stored::No, message))
        })
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
        let _ = clear(&self.path());
        let _ = clear(&self.new_path());
    }

    fn set_parts(&self, parts: &[Part]) {
        if let Some(record) = &mut *self.record.borrow_mut() {
            record.set_parts(parts);
        }
    }

    fn save(&self) -> io::Result<()> {
        self.noted.set(Some(Instant::now()));
        let record = self.record.borrow();
        let Some(record) = record.as_ref() else { return Ok(()) };
        let text = record.to_json()?;
        let new = self.new_path();
        clear(&new)?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, self.path())?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    fn new_path(&self) -> PathBuf {
        self.folder.join(format!("{}.new", self.name))
    }
}

/// Removes what is there, be it an empty folder.
fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).or_else(|error| fs::remove_dir(path).map_err(|_| error)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A lock that ends with its process, on a file that is removed at the end.
struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// `None` if somebody else has it.
    fn take(path: &Path) -> io::Result<Option<Lock>> {
        loop {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(OWN_FILES);
            let file = options.open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Its last owner may have removed it between the two: then it locks nothing.
            let held = file.metadata()?;
            match fs::symlink_metadata(path) {
                Ok(there) if (there.dev(), there.ino()) == (held.dev(), held.ino()) => {
                    return Ok(Some(Lock { file, path: path.to_owned() }));
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held. A lock file that stays locks nobody out.
        let _ = fs::remove_file(&self.path);
        // A child of a fork may have the file too: so it is not enough to close it.
        let _ = self.file.unlock();
    }
}
