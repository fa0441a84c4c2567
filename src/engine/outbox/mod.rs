//! What is owed to application servers, on disk: a record for each upload whose callback was asked for and not answered.
//!
//! A record is there, whole and synced, before the request goes out that may run the callback, and goes when it was answered.
//! Whoever is at it, a call under way or somebody who makes up for it, holds it locked; the lock ends with the process.

mod debt;
mod folder;
mod name;
mod owed;
mod queue;
mod room;

pub use debt::Debt;
pub(crate) use debt::Upload;
pub use folder::Outbox;
pub use owed::Owed;
pub use queue::Queue;
pub(crate) use room::Room;
