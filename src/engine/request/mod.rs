//! One request: what it asks, where it goes, what its reply means, and whether it is sent again.

mod account;
mod ask;
mod attempts;
mod busy;
mod call;
mod creation;
mod hidden;
mod keys;
mod look_up;
mod owing;
mod pause;
mod target;
mod verdict;

pub(crate) use ask::Answer;
pub(crate) use attempts::{Attempts, LONGEST_WORK, Open, over_at_the_latest};
pub(crate) use busy::unless_busy;
pub use call::CallbackDelivery;
pub(crate) use call::{Call, FormAnswer, Operation, about};
pub(crate) use creation::{Created, Creation, Note};
pub(crate) use look_up::{Expected, Found, LookUps, is_certainly_older, size_of};
pub(crate) use owing::owe_found;
pub(crate) use target::{Sent, SignedUrl, Target, header_map};
pub(crate) use verdict::{Verdict, may_pass};
