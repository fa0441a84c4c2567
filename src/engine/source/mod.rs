//! What is uploaded: where it is read from, and what it turned out to be.

mod body;
mod buffers;
mod content;
mod file;
mod frame;
mod identity;
mod input;
mod pass;
mod reader;
mod reading;

pub use body::Body;
pub(crate) use buffers::{Buffers, grow};
pub(crate) use content::Content;
pub use file::Unusable;
pub(crate) use frame::Frame;
pub(crate) use identity::Sighting;
pub use input::Input;
pub(crate) use input::Unfit;
pub(crate) use reader::PartReader;
pub use reader::Reader;
pub(crate) use reading::Reading;
