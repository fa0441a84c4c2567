//! What we keep on disk, in folders to which others may write too: only what is certainly ours is believed, and a document is
//! there whole or not at all, whenever the power goes.

mod lock;
pub(crate) mod own_file;
mod sealed;

pub(crate) use lock::Lock;
pub(crate) use sealed::{NO_MEMORY, hex, sealed, unsealed};

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes a folder of our own, unless it is there, and has it survive when the power goes.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = folder.ancestors().take_while(missing).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    missing.into_iter().filter_map(Path::parent).try_for_each(|around| match around.as_os_str().is_empty() {
        true => sync_folder(Path::new(".")),
        false => sync_folder(around),
    })
}

/// Has what was written into a folder survive when the power goes.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
