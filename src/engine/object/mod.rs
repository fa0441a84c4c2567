//! One request for one object: put, append, look and remove, and what an object is stored with.

mod append;
mod options;
mod put;
mod stat;

pub(crate) use options::MultipartHeaders;
pub use options::{Acl, Encryption, ObjectOptions, StorageClass};
pub(crate) use put::check_put;
