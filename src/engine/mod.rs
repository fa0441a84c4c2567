//! What an upload is: put, multipart, what is sent again and what is not, and the truth about the object afterwards.

mod attempt;
mod bucket;
mod complete;
mod endpoint;
mod multipart;
mod object;
mod object_options;
mod outcome;
mod parts;
mod put;
mod retry;
mod settle;
mod signing;
mod source;
mod upload;

pub use bucket::{Bucket, BucketOptions, SignatureVersion};
pub use complete::Completion;
pub use endpoint::Addressing;
pub use multipart::Multipart;
pub use object_options::{Acl, Encryption, ObjectOptions, StorageClass};
pub use outcome::{Outcome, Status, Stored};
pub use parts::Part;
pub use source::{Body, Unusable};
