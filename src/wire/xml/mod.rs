//! The XML of multipart uploads: the body of Complete, and the replies that are read.

mod multipart;
mod tree;
mod uploads;

pub(crate) use multipart::ID_MAX;
pub use multipart::{
    ListedPart, PartPage, complete_request, completes, is_complete_result, parse_initiate, parse_list_parts,
    unquoted,
};
pub use tree::{BadXml, Element, parse, root_name};
pub use uploads::{ListedUpload, UploadPage, parse_list_uploads};
