//! `oss-upload` uploads to Alibaba Cloud OSS and gets upload callbacks right. Its interface is C: see
//! `include/oss_upload.h`, which is made from [`abi`].
//!
//! The layers, each of which uses only those below it:
//!
//! | layer | what it is |
//! |---|---|
//! | [`abi`] | the C surface: guard, check, convert, call the engine, write the outputs |
//! | [`engine`] | what an upload is: put, multipart, what is sent again, the truth about the object |
//! | [`callback`] | the callback: build, check, encode |
//! | [`sign`] | signatures V1 and V4 |
//! | [`credentials`] | who signs |
//! | [`transport`] | the network, on the calling thread |
//! | [`wire`] | key encoding, CRC-64, XML, error replies, header values |
//!
//! Only the C surface is a contract. The modules are public for this crate's own tests.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

#[doc(hidden)]
pub mod abi;
#[doc(hidden)]
pub mod callback;
#[doc(hidden)]
pub mod credentials;
#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod sign;
#[doc(hidden)]
pub mod transport;
#[doc(hidden)]
pub mod wire;
