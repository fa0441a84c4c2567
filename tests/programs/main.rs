//! What C and C++ programs do with the library.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arguments;
mod c_programs;
mod cpp_programs;
mod file_size;
mod header_examples;
mod paths;

#[path = "../support/mod.rs"]
mod support;
