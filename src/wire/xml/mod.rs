//! The XML of multipart uploads: the body of Complete, and the replies that are read.

mod multipart;
mod tree;

pub use multipart::{
    Completed, Initiated, ListedPart, PART_NUMBER_MAX, PartPage, complete_request, parse_complete,
    parse_initiate, parse_list_parts, unquoted,
};
pub use tree::{BODY_MAX, BadXml, Element, parse, root_name};
