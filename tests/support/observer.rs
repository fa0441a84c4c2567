//! Whoever is told how an upload gets on.

use oss_upload::engine::{Observer, Progress};

/// Takes no notice, but for lines in the log, of which there should be none.
pub struct Unmoved;

impl Observer for Unmoved {
    fn progress(&self, _: &Progress) -> bool {
        true
    }

    fn log(&self, line: &str) -> bool {
        panic!("{line}");
    }
}

/// Takes no notice of anything.
pub struct Silent;

impl Observer for Silent {
    fn progress(&self, _: &Progress) -> bool {
        true
    }

    fn log(&self, _: &str) -> bool {
        true
    }
}
