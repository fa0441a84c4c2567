//! What an upload is: put, multipart, what is sent again and what is not, and the truth about the object afterwards.

mod attempt;
mod bucket;
mod buffers;
mod checkpoint;
mod complete;
mod endpoint;
mod in_parts;
mod limits;
mod managed;
mod multipart;
mod object;
mod object_options;
mod outcome;
mod part_sizes;
mod parts;
mod presign;
mod put;
mod put_to_url;
mod reader;
mod report;
mod resume;
mod retry;
mod settle;
mod signing;
mod source;
mod upload;
mod upload_options;
mod uploads;
mod writer;

pub use bucket::{Bucket, BucketOptions, SignatureVersion};
pub use complete::Completion;
pub use endpoint::Addressing;
pub use limits::Limits;
pub use multipart::Multipart;
pub use object_options::{Acl, Encryption, ObjectOptions, StorageClass};
pub use outcome::{Outcome, Status, Stored};
pub use parts::Part;
pub use presign::Presigned;
pub use reader::{Input, Reader};
pub use report::Observer;
pub use source::{Body, Unusable};
pub use upload_options::UploadOptions;
pub use uploads::Uploads;
pub use writer::Writer;

pub use crate::transport::{Cancel, SourceFailure};
