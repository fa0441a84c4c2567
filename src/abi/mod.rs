//! The C surface: the only `extern "C"` functions and the only handles, one file for each C type or group of
//! operations. Every function does five things: guard against panics, check its pointers, convert, call the engine,
//! write the outputs. What a caller must keep to is said once, for C, in the comments that become the header.

#![allow(non_camel_case_types, reason = "the names are those of the C types")]
#![allow(clippy::missing_safety_doc, reason = "the comments are the header's, written for C")]
#![allow(rustdoc::bare_urls, reason = "as above")]

mod append;
mod attempt;
mod body;
mod bucket;
mod bucket_options;
mod bucket_options_log;
mod callback;
mod callback_check;
mod callback_render;
mod callback_verifier;
mod cancel;
mod convert;
mod credentials;
mod credentials_answer;
mod credentials_found;
mod delivery;
mod delivery_options;
mod guard;
mod history;
mod listener;
mod multipart;
mod object;
mod operation;
mod outbox;
mod owed;
mod part_list;
mod post_form;
mod post_policy;
mod presigned;
mod progress;
mod put;
mod put_options;
mod put_options_lost_reply;
mod put_options_progress;
mod rate;
mod result;
mod settable;
mod status;
mod string;
mod trigger;
mod upload;
mod upload_options;
mod version;
mod writer;

pub use append::*;
pub use attempt::*;
pub use body::*;
pub use bucket::*;
pub use bucket_options::*;
pub use bucket_options_log::*;
pub use callback::*;
pub use callback_check::*;
pub use callback_render::*;
pub use callback_verifier::*;
pub use cancel::*;
pub use credentials::*;
pub use credentials_answer::*;
pub use credentials_found::*;
pub use delivery::*;
pub use delivery_options::*;
pub use listener::*;
pub use multipart::*;
pub use object::*;
pub use outbox::*;
pub use owed::*;
pub use part_list::*;
pub use post_form::*;
pub use post_policy::*;
pub use presigned::*;
pub use progress::*;
pub use put::*;
pub use put_options::*;
pub use put_options_lost_reply::*;
pub use put_options_progress::*;
pub use rate::*;
pub use result::*;
pub use status::*;
pub use string::*;
pub use trigger::*;
pub use upload::*;
pub use upload_options::*;
pub use version::*;
pub use writer::*;
