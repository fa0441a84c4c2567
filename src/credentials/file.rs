//! Files that hold keys and tokens. What is wrong with one is said with its path and without its content.

use super::provider::NoKey;
use crate::transport::Cause;
use crate::wire::error_reply::escaped_path;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

/// No file of settings is larger.
const LARGEST: u64 = 1 << 20;

/// What is in a file; `None` if there is no such file.
pub(super) fn read(what: &str, path: &Path) -> Result<Option<Zeroizing<String>>, NoKey> {
    let name = escaped_path(path);
    let wrong = |why: &str| NoKey::new(format!("the {what} {name} {why}"));
    let unreadable = |error: io::Error| wrong(&format!("cannot be read: {}", error.kind()));
    // A named pipe would wait for somebody to write to it; to a regular file the flag makes no difference.
    let mut file = match File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(wrong("is not a regular file"));
    }
    // It has room for all of it from the start: what has to grow leaves copies behind.
    let mut content = Zeroizing::new(Vec::new());
    content
        .try_reserve_exact(metadata.len().min(LARGEST) as usize + 1)
        .map_err(|_| NoKey::because(Cause::NoMemory, format!("there is no memory for the {what} {name}")))?;
    file.by_ref().take(LARGEST + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > LARGEST {
        return Err(wrong("is larger than 1 MiB"));
    }
    match String::from_utf8(std::mem::take(&mut *content)) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(wrong("is no text in UTF-8"))
        }
    }
}
