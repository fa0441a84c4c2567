//! A lock that ends with its process, on a file that is removed at the end.

use super::own_file::{self, Found};
use crate::wire::error_reply::escaped_path;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Whoever holds it may remove the file between two steps of ours, and somebody else may put his own there: so often it is
/// begun anew.
const ROUNDS: u32 = 1000;

/// A lock that is held.
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// `None` if somebody else has it. A file that is not ours locks nothing: it is removed, which is worth a line.
    pub(crate) fn take(path: &Path, log: &dyn Fn(&str)) -> io::Result<Option<Lock>> {
        for _ in 0..ROUNDS {
            let Some(file) = open(path, log)? else { continue };
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
        Err(io::Error::other(format!("somebody keeps replacing {}", escaped_path(path))))
    }
}

/// The file, which is made if it is missing; `None` if it is to be looked for again.
fn open(path: &Path, log: &dyn Fn(&str)) -> io::Result<Option<File>> {
    let why = match own_file::open(path, File::options().read(true).write(true)) {
        Ok(Found::Own(file)) => return Ok(Some(file)),
        Ok(Found::Nothing) => {
            return match own_file::create(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
                made => made.map(Some),
            };
        }
        Ok(Found::Foreign(why)) => why,
        // Its mode, which is none that we give it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "it may not be opened",
        Err(error) => return Err(error),
    };
    own_file::clear(path)?;
    log(&format!("{} locked nothing and was removed: {why}", escaped_path(path)));
    Ok(None)
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held. A lock file that stays locks nobody out.
        let _ = fs::remove_file(&self.path);
        // A child of a fork may have the file too: so it is not enough to close it.
        let _ = self.file.unlock();
    }
}
