//! A data folder is for one emulator at a time.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

/// No bucket has this name.
const NAME: &str = ".lock";

/// Keeps others out of a folder while it lives. It is gone with the process, however that ends.
#[derive(Debug)]
pub(super) struct FolderLock(File);

impl FolderLock {
    pub fn take(folder: &Path) -> io::Result<FolderLock> {
        let file = File::options().create(true).truncate(false).write(true).open(folder.join(NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock(file)),
            Err(TryLockError::Error(error)) => Err(error),
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::new(ErrorKind::ResourceBusy, "another emulator keeps its objects in it"))
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing it is not enough: a process that was forked meanwhile has it open, too.
        let _ = self.0.unlock();
    }
}
