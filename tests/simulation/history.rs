//! What happened to each request, and to the key.

use super::Millis;
use super::fate::{Answer, Fate};
use super::protocol::{Operation, SKEWED};
use super::store::Refusal;

/// A request, as OSS's side saw it.
#[derive(Debug, Clone)]
pub struct Visit {
    pub operation: Operation,
    pub part: u32,
    pub callback: bool,
    pub fate: Fate,
    /// When it came, and when its answer was given or lost.
    pub at: Millis,
    pub end: Millis,
    /// What OSS made of it, if it made anything at once.
    pub done: Option<Result<(), Refusal>>,
    /// What it found, if it is a look-up.
    pub found: Option<Found>,
}

/// What a look-up that can be believed shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Ours,
    Absent,
    /// The same, and that something was removed, be it what the call stored.
    Removed,
    /// Something else, which is there since then.
    Other(Millis),
}

impl Visit {
    pub fn is_refused(&self) -> bool {
        matches!(self.done, Some(Err(_)))
    }

    /// Whether the client got to know that OSS did it.
    pub fn is_answered(&self) -> bool {
        self.fate.read && self.fate.answer == Answer::Oss && !self.is_refused()
    }

    /// Whether OSS says that the clock is wrong.
    pub fn tells_the_time(&self) -> bool {
        self.fate.answer == Answer::Oss && self.done == Some(Err(SKEWED))
    }

    /// For whoever reads of a failure.
    pub fn line(&self) -> String {
        let part = if self.part > 0 { format!(" {}", self.part) } else { String::new() };
        let callback = if self.callback { " with a callback" } else { "" };
        let read = if self.fate.read { "" } else { ", of which the head is read" };
        let early = if self.fate.early { " before that" } else { "" };
        let done = match self.done {
            Some(Err(Refusal(status, code))) => format!("OSS refuses: {status} {code}"),
            _ => format!("work {:?}", self.fate.work),
        };
        let found = self.found.map_or(String::new(), |found| format!(", found {found:?}"));
        let then = self.fate.then.map_or(String::new(), |end| format!(", then {end:?}"));
        format!(
            "{:?}{part}{callback}{read}: {done}, answer {:?}{early}{then}{found}",
            self.operation, self.fate.answer
        )
    }
}
