//! One request for one object: put, append, look, remove and have OSS call, and what an object is stored with.

mod append;
mod options;
mod put;
mod stat;
mod trigger;

pub(crate) use options::MultipartHeaders;
pub use options::{Acl, Encryption, ObjectOptions, StorageClass};
pub(crate) use put::check_put;
pub(crate) use trigger::Trigger;
