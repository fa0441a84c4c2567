//! What the examples do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod callback_server;
mod examples;
mod local_server;

#[path = "../support/mod.rs"]
mod support;
