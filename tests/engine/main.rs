//! What the engine does, by its interface in Rust: in one program, since to make one takes as long as many of these tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod appended;
mod assumed_role;
mod checkpoint_disk;
mod connecting;
mod delivered;
mod evidence;
mod hidden_size;
mod key_profiles;
mod key_services;
mod managed;
mod many_faults;
mod messages;
mod on_its_way;
mod outbox;
mod owed_disk;
mod posted;
mod presigned;
mod proxied;
mod proxy_protocol;
mod rendered;
mod resumed;
mod reused;
mod sent_again;
mod signed_for;
mod source_changed;
mod triggered;
mod trust;
mod vectors;
mod verified;

#[path = "../support/mod.rs"]
mod support;
