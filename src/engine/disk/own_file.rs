//! Files of our own in a folder to which others may write too: what somebody else could have written is not believed.

use crate::transport::{effective_user, with_sigxfsz_blocked};
use crate::wire::error_reply::escaped_path;
use std::error::Error;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// No link leads elsewhere, and a named pipe in the place of a file does not wait for anybody.
const FLAGS: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// What is in a place.
pub(crate) enum Found {
    Nothing,
    Own(File),
    /// Something that is not believed, and why.
    Foreign(&'static str),
}

/// Opens what is at `path`.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<Found> {
    let file = match options.custom_flags(FLAGS).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        // A link, say, or what others do not let us read. What is ours is not taken for theirs because we are out of files.
        Err(error) => {
            return match fs::symlink_metadata(path) {
                Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
                there => distrusted(&there?).map(Found::Foreign).ok_or(error),
            };
        }
    };
    Ok(distrusted(&file.metadata()?).map_or(Found::Own(file), Found::Foreign))
}

/// Makes a file where there is nothing.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    // There are file systems that do not know whose a file is.
    if let Some(why) = distrusted(&file.metadata()?) {
        fs::remove_file(path)?;
        return Err(io::Error::other(format!("what is made there would not be believed: {why}")));
    }
    Ok(file)
}

/// Writes all of it. That a file may not become so large is an error like others, and no signal to the host.
pub(crate) fn write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    with_sigxfsz_blocked(|| file.write_all(bytes))
}

/// Removes what is at `path`, be it an empty folder.
pub(crate) fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).or_else(|error| fs::remove_dir(path).map_err(|_| error)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let message = format!(
                "{} is in the way and cannot be removed: {error}; what is believed is a regular file of one's own that nobody \
                 else may write",
                escaped_path(path)
            );
            Err(io::Error::new(error.kind(), InTheWay(message)))
        }
        _ => Ok(()),
    }
}

/// Whether this is the error of [`clear`], which means one path and nothing beside it.
pub(crate) fn is_in_the_way(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<InTheWay>())
}

/// That there is something which cannot be removed.
#[derive(Debug)]
struct InTheWay(String);

impl fmt::Display for InTheWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for InTheWay {}

fn distrusted(file: &Metadata) -> Option<&'static str> {
    distrust(file, effective_user())
}

/// Why somebody other than this `user` could have written a file, if so.
fn distrust(file: &Metadata, user: u32) -> Option<&'static str> {
    if !file.is_file() {
        Some("it is no regular file")
    } else if file.uid() != user {
        Some("it belongs to another user")
    } else if file.mode() & WRITABLE_BY_OTHERS != 0 {
        Some("others may write to it")
    } else if file.nlink() > 1 {
        Some("it has another name as well")
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::TempDir;

    #[test]
    fn file_is_believed_only_if_nobody_else_can_have_written_it() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        let user = effective_user();
        let seen_by = |user| distrust(&fs::symlink_metadata(&path).unwrap(), user);
        drop(create(&path).unwrap());
        assert_eq!(seen_by(user), None);
        assert_eq!(seen_by(user + 1), Some("it belongs to another user"));
        for (mode, why) in [
            (0o644, None),
            (0o400, None),
            (0o620, Some("others may write to it")),
            (0o602, Some("others may write to it")),
        ] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(seen_by(user), why, "{mode:o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::hard_link(&path, folder.path().join("other")).unwrap();
        assert_eq!(seen_by(user), Some("it has another name as well"));
        assert_eq!(distrust(&folder.path().metadata().unwrap(), user), Some("it is no regular file"));
    }
}
