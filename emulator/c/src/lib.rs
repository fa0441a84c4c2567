//! `liboss_emulator`: the local OSS server for unit tests in C and in whatever calls C. Its interface is
//! `include/oss_emulator.h`, which is made from this source.
//!
//! Every function guards against panics, checks its pointers, converts, asks the emulator and gives what it says. What a
//! caller must keep to is said once, for C, in the comments that become the header.

#![allow(non_camel_case_types, reason = "the names are those of the C types")]
#![allow(clippy::missing_safety_doc, reason = "the comments are the header's, written for C")]
#![allow(rustdoc::bare_urls, reason = "as above")]

mod answer;
mod callback;
mod convert;
mod guard;
mod handle;
mod kept;
mod keys;
mod object;
mod options;
mod received;
mod request;
mod server;
mod signals;
mod status;

pub use answer::*;
pub use callback::*;
pub use keys::*;
pub use object::*;
pub use options::*;
pub use received::*;
pub use request::*;
pub use server::*;
pub use status::*;
