//! What is written for readers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod readme;
mod reference;

#[path = "../support/mod.rs"]
mod support;
