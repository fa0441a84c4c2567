//! What the official SDKs say of the emulator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod go_sdk;
mod node_sdk;
mod python_sdks;

#[path = "../support/mod.rs"]
mod support;
