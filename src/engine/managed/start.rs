//! Where an upload that can be resumed begins.

use super::checkpoint::Checkpoint;
use super::in_parts::InParts;
use super::record::Record;
use crate::engine::multipart::Multipart;
use crate::engine::outcome::Outcome;
use std::time::Instant;

/// Where an upload begins.
pub(super) enum Start {
    /// With an upload at OSS; an earlier process may have completed it already, with which OSS is over then.
    Upload { upload: Box<InParts>, completed_before: Option<Instant> },
    /// At its end: an earlier process got as far as that.
    Stored(Outcome),
    /// At its beginning, with this to write the record to.
    Anew { checkpoint: Checkpoint, before: Before },
}

/// What there was before an upload that begins anew.
pub(super) enum Before {
    Nothing,
    /// An upload that an earlier process may have completed.
    Completed(Box<Record>),
    /// An upload of something else, and why it could not be removed, if it could not.
    Outdated(Box<Multipart>, Option<String>),
}

impl Start {
    /// At its beginning, with nothing before it.
    pub(super) fn anew(checkpoint: Checkpoint) -> Start {
        Start::Anew { checkpoint, before: Before::Nothing }
    }
}
