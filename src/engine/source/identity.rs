//! What hints at a file being another, and when there is no hint although it is.

use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// The coarsest times are FAT's, which are even seconds. The clocks of a kernel and of a server lag behind ours a little.
const COARSEST: Duration = Duration::from_secs(3);

/// What hints at a file, or a version of it, being another: where any of this has moved, its bytes decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    pub(super) size: u64,
    /// Seconds since 1970, and nanoseconds.
    modified: (i64, i64),
    /// The same of the last change of any kind, of mode, names and times too. Nobody can put it back.
    changed: (i64, i64),
}

/// A file as it was seen at some moment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sighting {
    #[serde(flatten)]
    pub(crate) identity: Identity,
    /// Whether its times were so old that whatever is written later moves them. A file that was written to a moment ago can
    /// be written to again within the same tick of its file system's clock.
    settled: bool,
}

impl Identity {
    fn of(metadata: &Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether its times are clearly older than `now`, in the past and not in times to come.
    fn is_older_than(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let clearly = now.checked_sub(COARSEST).unwrap_or_default();
        let clearly =
            (i64::try_from(clearly.as_secs()).unwrap_or(i64::MAX), i64::from(clearly.subsec_nanos()));
        self.modified.max(self.changed) < clearly
    }
}

impl Sighting {
    /// What was examined after the moment `before`.
    pub(super) fn of(metadata: &Metadata, before: SystemTime) -> Sighting {
        let identity = Identity::of(metadata);
        Sighting { identity, settled: identity.is_older_than(before) }
    }

    /// Whether anything that is written from now on shows.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Whether the file is certain to be what it was then, as it is seen `now`. If not, its bytes decide.
    pub(crate) fn still_holds(&self, now: &Sighting) -> bool {
        self.settled && self.identity == now.identity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: Identity =
        Identity { device: 1, inode: 2, size: 3, modified: (1_000, 0), changed: (1_000, 0) };

    fn seen_at(identity: Identity, seconds: f64) -> Sighting {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds);
        Sighting { identity, settled: identity.is_older_than(now) }
    }

    #[test]
    fn times_prove_nothing_until_they_are_older_than_the_coarsest_clock_can_make_them() {
        for (seconds, proves) in [(1_000.0, false), (1_002.0, false), (1_003.0, false), (1_003.1, true)] {
            let seen = seen_at(WRITTEN, seconds);
            assert_eq!(seen.still_holds(&seen_at(WRITTEN, 2_000.0)), proves, "{seconds}");
        }
    }

    #[test]
    fn younger_of_both_times_counts() {
        let touched = Identity { modified: (1, 0), ..WRITTEN };
        let without_time_of_change = Identity { changed: (1, 0), ..WRITTEN };
        for identity in [touched, without_time_of_change] {
            assert!(!seen_at(identity, 1_002.0).settled);
            assert!(seen_at(identity, 1_004.0).settled);
        }
    }

    #[test]
    fn times_to_come_prove_nothing() {
        assert!(!seen_at(Identity { modified: (9_999, 0), ..WRITTEN }, 2_000.0).settled);
        assert!(!seen_at(WRITTEN, 500.0).settled);
        assert!(!seen_at(WRITTEN, 0.0).settled);
    }

    #[test]
    fn file_whose_identity_has_moved_is_not_certain_to_be_the_same() {
        let seen = seen_at(WRITTEN, 2_000.0);
        for moved in [
            Identity { device: 9, ..WRITTEN },
            Identity { inode: 9, ..WRITTEN },
            Identity { size: 9, ..WRITTEN },
            Identity { modified: (1_000, 1), ..WRITTEN },
            Identity { changed: (1_000, 1), ..WRITTEN },
        ] {
            assert!(!seen.still_holds(&seen_at(moved, 2_001.0)), "{moved:?}");
        }
        assert!(seen.still_holds(&seen_at(WRITTEN, 2_001.0)));
    }
}
