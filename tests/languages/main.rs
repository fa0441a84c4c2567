//! What programs of other languages do with the library, and unit tests of others with the emulator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod emulator_library;
mod go_package;
mod other_languages;
mod python_package;

#[path = "../support/mod.rs"]
mod support;
