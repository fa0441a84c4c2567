//! Where keys come from.

use super::key::AccessKey;
use crate::transport::{Cause, Patience};

/// Where keys come from.
pub trait Provider: Send + Sync {
    /// Gets a key on the calling thread, for a caller who waits no longer than this. It is called by one at a time, outside of any
    /// runtime and without a lock; for a key that says when it ends, once a life, and otherwise before every request.
    fn fetch(&self, patience: &Patience) -> Result<AccessKey, NoKey>;
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoKey {
    message: String,
    ended: Option<Cause>,
}

impl NoKey {
    /// There is none to be had. The message is one line without a secret, and names the provider and what is missing.
    pub fn new(message: impl Into<String>) -> NoKey {
        NoKey { message: message.into(), ended: None }
    }

    /// There is none because of this. A caller who would not wait longer, or has no memory, says nothing of the provider.
    pub fn because(cause: Cause, message: impl Into<String>) -> NoKey {
        NoKey { message: message.into(), ended: Some(cause).filter(Cause::is_of_the_caller) }
    }

    /// The same of this.
    pub(super) fn of(self, whom: &str) -> NoKey {
        NoKey { message: format!("{whom}: {}", self.message), ..self }
    }

    /// What is missing, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What ended the caller's patience, or that there was no memory, if it was that.
    pub fn ended(&self) -> Option<&Cause> {
        self.ended.as_ref()
    }
}
