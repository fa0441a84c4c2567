//! Where an upload that can be resumed begins.

use super::checkpoint::Checkpoint;
use super::in_parts::InParts;
use super::record::Record;
use crate::engine::outcome::Outcome;
use std::time::Instant;

/// Where an upload begins.
pub(super) enum Start {
    /// With an upload at OSS; an earlier process may have completed it already, with which OSS is over then.
    Upload { upload: Box<InParts>, completed_before: Option<Instant> },
    /// At its end: an earlier process got as far as that.
    Stored(Outcome),
    /// At its beginning, with this to write the record to; and after an upload that an earlier process may have completed.
    Anew { checkpoint: Checkpoint, before: Option<Box<Record>> },
}

impl Start {
    /// At its beginning, with nothing before it.
    pub(super) fn anew(checkpoint: Checkpoint) -> Start {
        Start::Anew { checkpoint, before: None }
    }
}
