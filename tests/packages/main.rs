//! What others install, and what it was made of.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod debian;
mod emulator_installed;
mod go_module;
mod installed;
mod package;
mod packages_verified;
mod sbom;

#[path = "../support/mod.rs"]
mod support;
