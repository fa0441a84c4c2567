//! A record of what is owed, in the hands of one.

use super::debt::Debt;
use super::name;
use crate::engine::disk::own_file::{self, Found};
use crate::engine::disk::sync_folder;
use crate::wire::random_id::random_id;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A callback has at most some ten KiB of settings.
const LARGEST: u64 = 1 << 20;

/// A record that nobody else is at. It stays on disk when this is dropped.
#[derive(Debug)]
pub struct Owed {
    folder: PathBuf,
    name: String,
    debt: Debt,
    /// What was owed when this call took the record over.
    before: Option<Debt>,
    /// What is locked; `None` once the record is gone.
    file: Option<File>,
}

/// What there is of a record.
pub(super) enum Opened {
    Owed(Box<Owed>),
    /// Somebody is at it.
    Busy,
    /// Somebody has done with it.
    Gone,
    /// It cannot be used, and why.
    Unusable(String),
}

impl Owed {
    /// Puts a new record on disk.
    pub(super) fn create(folder: &Path, name: &str, debt: Debt) -> io::Result<Owed> {
        let file = put(folder, name, &debt)?;
        sync_folder(folder).inspect_err(|_| {
            // It is not needed.
            let _ = fs::remove_file(folder.join(name));
        })?;
        Ok(Owed::locked(folder, name, debt, file))
    }

    /// Takes what is on disk into one's hands.
    pub(super) fn open(folder: &Path, name: &str) -> io::Result<Opened> {
        let path = folder.join(name);
        let mut file = match own_file::open(&path, File::options().read(true).write(true))? {
            Found::Own(file) => file,
            Found::Nothing => return Ok(Opened::Gone),
            Found::Foreign(why) => return Ok(Opened::Unusable(why.to_owned())),
        };
        if !lock(&file)? {
            return Ok(Opened::Busy);
        }
        // Whoever had it in hand may have put another in its place, or removed it.
        if !is_at(&file, &path)? {
            return Ok(Opened::Gone);
        }
        let mut text = Vec::new();
        (&mut file).take(LARGEST).read_to_end(&mut text)?;
        match Debt::from_json(&text) {
            Ok(debt) => Ok(Opened::Owed(Box::new(Owed::locked(folder, name, debt, file)))),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Opened::Unusable(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    fn locked(folder: &Path, name: &str, debt: Debt, file: File) -> Owed {
        Owed { folder: folder.to_owned(), name: name.to_owned(), debt, before: None, file: Some(file) }
    }

    /// What is owed.
    pub fn debt(&self) -> &Debt {
        &self.debt
    }

    /// Whether it is still owed.
    pub fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// Notes what has become of it. If that cannot be written, what was noted before stays.
    pub(crate) fn update(&mut self, change: impl FnOnce(&mut Debt)) -> io::Result<()> {
        let mut debt = self.debt.clone();
        change(&mut debt);
        self.replace(debt)
    }

    /// Puts another debt in its place, under the same name.
    fn replace(&mut self, debt: Debt) -> io::Result<()> {
        if !self.is_there() {
            return Ok(());
        }
        // From here on this is what is there, and to be kept locked, whether or not the folder can be synced.
        self.file = Some(put(&self.folder, &self.name, &debt)?);
        self.debt = debt;
        sync_folder(&self.folder)
    }

    /// Takes it over for another call that completes the same upload.
    pub(super) fn take_over(&mut self, debt: Debt) -> io::Result<()> {
        let before = self.debt.clone();
        self.replace(debt.after(&before))?;
        self.before = Some(before);
        Ok(())
    }

    /// The call has stored nothing: what is owed is what was owed before it.
    pub(crate) fn withdraw(&mut self) -> io::Result<()> {
        match self.before.take() {
            Some(before) => self.replace(before),
            None => self.remove(),
        }
    }

    /// Puts off the next try to make up for it, from the time `now` on.
    pub fn postpone(&mut self, pause: Duration, now: i64) -> io::Result<()> {
        self.update(|debt| debt.put_off(pause, now))
    }

    /// Takes it away: it is no longer owed.
    pub fn remove(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        fs::remove_file(self.folder.join(&self.name))?;
        // A child of a fork may have the file too: so it is not enough to close it.
        let _ = file.unlock();
        self.file = None;
        Ok(())
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }
}

/// Gives what is no record another name, under which it is no longer looked at.
pub(super) fn set_aside(folder: &Path, name: &str) -> io::Result<()> {
    fs::rename(folder.join(name), folder.join(name::set_aside(name)))
}

/// Removes a file that was being written, unless somebody still writes it.
pub(super) fn clear_unless_busy(path: &Path) -> io::Result<()> {
    match own_file::open(path, File::options().read(true).write(true))? {
        Found::Own(file) if lock(&file)? && is_at(&file, path)? => own_file::clear(path),
        _ => Ok(()),
    }
}

/// Puts a record in its place, whole and synced, and locked before anybody can see it. It stays there for certain once the folder
/// is synced.
fn put(folder: &Path, name: &str, debt: &Debt) -> io::Result<File> {
    let text = debt.to_json()?;
    let (new, mut file) = begin(folder)?;
    let written = own_file::write(&mut file, &text).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| fs::rename(&new, folder.join(name)));
    if let Err(error) = placed {
        // It is not needed, and the disk may be full.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    Ok(file)
}

/// A file to be written, locked, and where it is. Others remove such files when nobody has them locked, so that one may go at
/// once; the next has another name, which they do not remove by mistake.
pub(super) fn begin(folder: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let id = random_id().map_err(|mistake| io::Error::other(mistake.to_string()))?;
        let path = folder.join(name::being_written(&id));
        let file = own_file::create(&path)?;
        if lock(&file)? && is_at(&file, &path)? {
            return Ok((path, file));
        }
    }
}

fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the file is the one that is at `path` now.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
