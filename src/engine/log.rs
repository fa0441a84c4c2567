//! A log of what a bucket's calls do.

use std::sync::Arc;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A call did not do what it was to do.
    Error,
    /// An attempt failed, or something else went otherwise than it should.
    Warning,
    /// A request did what it was for.
    Info,
    /// What else happens.
    Debug,
}

/// Whoever keeps the lines.
pub trait Sink: Send + Sync {
    /// Takes a line, on the thread that calls. False ends the call.
    fn line(&self, level: Level, line: &str) -> bool;
}

/// A log, and what goes into it.
#[derive(Clone)]
pub struct Log {
    most: Level,
    sink: Arc<dyn Sink>,
}

impl Log {
    /// Lines that matter as much as `most`, or more, are handed to `sink`.
    pub fn new(most: Level, sink: Arc<dyn Sink>) -> Log {
        Log { most, sink }
    }

    pub(super) fn wants(&self, level: Level) -> bool {
        level <= self.most
    }

    pub(super) fn line(&self, level: Level, line: &str) -> bool {
        self.sink.line(level, line)
    }
}
