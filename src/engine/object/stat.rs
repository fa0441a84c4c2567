//! Looking at an object, and removing it.

use crate::engine::bucket::{Bucket, Limits};
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::request::{Attempts, Call, Operation, Verdict};
use crate::transport::{Deadline, Lane};
use crate::wire::key;

impl Bucket {
    /// HeadObject: whether `key` is there, and what it is.
    pub fn stat(&self, key: &str) -> Outcome {
        self.ask_about(key, Operation::HeadObject, |verdict| match verdict {
            Verdict::Done => Stored::Yes,
            Verdict::Absent => Stored::No,
            _ => Stored::Unknown,
        })
    }

    /// DeleteObject. To remove what is not there is no error.
    pub fn remove(&self, key: &str) -> Outcome {
        self.ask_about(key, Operation::DeleteObject, |verdict| match verdict {
            Verdict::Done => Stored::No,
            _ => Stored::Unknown,
        })
    }

    fn ask_about(&self, key: &str, operation: Operation, stored: impl FnOnce(Verdict) -> Stored) -> Outcome {
        if let Err(mistake) = key::check_key(key) {
            return mistake.into();
        }
        self.run(&Limits::default(), Stored::Unknown, async |lane: &Lane, deadline: Deadline| {
            let mut attempts = Attempts::new(self, deadline);
            let answer = self.ask(lane, &Call::new(operation, key), &mut attempts).await;
            let stored = stored(answer.verdict);
            answer.outcome(stored).after(attempts.made)
        })
    }
}
