//! Buckets, objects with their versions, and unfinished multipart uploads; in memory, or on disk as well.

mod buckets;
mod data;
mod disk;
mod folder_lock;
mod multipart;
mod objects;
mod pages;
mod settings;
mod upload;
mod versions;

pub(crate) use buckets::Store;
pub(crate) use pages::{Page, Wanted};
pub(crate) use settings::{Access, Acl, Settings, Versioning};
pub(crate) use upload::{Completion, NamedPart, Part, Parts, Upload};
pub(crate) use versions::Version;
