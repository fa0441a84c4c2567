//! What we keep on disk, in folders to which others may write too: only what is certainly ours is believed, and a document is
//! there whole or not at all, whenever the power goes.

mod lock;
pub(crate) mod own_file;
mod sealed;

pub(crate) use lock::Lock;
pub(crate) use sealed::{hex, sealed, unsealed};

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes a folder of our own, unless it is there.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Has what was written into a folder survive when the power goes.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
