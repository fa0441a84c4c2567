//! What travels: key encoding, checksums, dates, header values, XML and error replies.
//!
//! Everything here is a pure function of its arguments, but for [`random_id`]. Replies are read with limits on size, depth and count,
//! because a server (or whoever sits in its place) decides what they contain.

pub mod content_type;
pub mod crc64;
pub mod date;
pub mod error_reply;
pub mod header;
pub mod key;
pub mod mistake;
pub mod pin;
pub mod random_id;
pub mod tagging;
pub mod xml;
