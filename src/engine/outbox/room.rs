//! Room on the disk for a record that is still to be written.

use super::owed::begin;
use crate::engine::disk::{own_file, sync_folder};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// More than a record takes.
const SIZE: usize = 32 << 10;

/// Something as large as a record, which is given up for it: so a full disk ends an upload when it begins, and not before its
/// last request.
pub(crate) struct Room {
    path: PathBuf,
    _file: File,
}

impl Room {
    pub(super) fn take(folder: &Path) -> io::Result<Room> {
        let (path, mut file) = begin(folder)?;
        let room = Room { path, _file: file.try_clone()? };
        own_file::write(&mut file, &[b' '; SIZE])?;
        file.sync_all()?;
        sync_folder(folder)?;
        Ok(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
