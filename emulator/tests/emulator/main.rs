//! What the emulator does, over HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod appends;
mod archived;
mod bodies;
mod buckets;
mod callbacks;
mod copies;
mod cors;
mod data_folder;
mod documents;
mod ending;
mod faults;
mod form_fields;
mod forms;
mod listings;
mod overwriting;
mod parts;
mod reading;
mod refused;
mod requests;
mod server;
mod settings;
mod starting;
mod versions;

#[path = "../support/mod.rs"]
mod support;
