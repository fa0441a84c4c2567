//! Looking at an object, and removing it.

use super::attempt::Call;
use super::bucket::Bucket;
use super::limits::Limits;
use super::outcome::{Outcome, Stored};
use super::retry::Attempts;
use crate::transport::{Deadline, Lane, Reply};
use crate::wire::key;
use http::Method;

impl Bucket {
    /// HeadObject: whether `key` is there, and what it is.
    pub fn stat(&self, key: &str) -> Outcome {
        self.ask_about(key, Method::HEAD, |reply| match reply.status {
            200 => Outcome::success(reply, Stored::Yes),
            404 => Outcome::refused(reply, Stored::No),
            _ => Outcome::refused(reply, Stored::Unknown),
        })
    }

    /// DeleteObject. To remove what is not there is no error.
    pub fn remove(&self, key: &str) -> Outcome {
        self.ask_about(key, Method::DELETE, |reply| match reply.status {
            200 | 204 => Outcome::success(reply, Stored::No),
            _ => Outcome::refused(reply, Stored::Unknown),
        })
    }

    fn ask_about(&self, key: &str, method: Method, conclude: impl FnOnce(Reply) -> Outcome) -> Outcome {
        if let Err(mistake) = key::check_key(key) {
            return mistake.into();
        }
        self.run(&Limits::default(), Stored::Unknown, async |lane: &Lane, deadline: Deadline| {
            let mut attempts = Attempts::new(self, deadline);
            let outcome = match self.ask(lane, &Call::new(method, key), &mut attempts).await {
                Ok(reply) => conclude(reply),
                Err(failure) => Outcome::failed(failure, Stored::Unknown),
            };
            outcome.after(attempts.made)
        })
    }
}
