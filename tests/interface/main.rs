//! What programs are compiled and linked with, and that the source keeps to its layers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod abi;
mod cpp_header;
mod emulator_header;
mod exports;
mod ffi_header;
mod header;
mod layers;

#[path = "../support/mod.rs"]
mod support;
