//! A local Alibaba Cloud OSS server, for quick starts and tests.
//!
//! It stores objects in memory or in a folder, verifies signatures V1 and V4, really performs upload callbacks, and
//! makes faults on order. [`Emulator`] runs one inside a test; the program `oss-emulator` runs one for everybody else.
//! [`AppServer`] is a small application server that receives callbacks.
//!
//! ```
//! use oss_emulator::{Action, AppServer, Config, Emulator, Fault};
//!
//! let emulator = Emulator::start(Config::default())?;
//! let application = AppServer::start()?;
//! emulator.inject(Fault::new(Action::WrongCrc).operation("PutObject"));
//! println!("upload to {}, callbacks go to {}", emulator.endpoint(), application.url());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! It speaks HTTP/1.1 by hand on plain threads: faults need a hold on every byte, and nothing here may switch on
//! features of what the library under test depends on.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod app_server;
mod auth;
mod callback;
mod clock;
mod config;
mod connection;
mod connections;
mod control;
mod cors;
mod digest;
mod emulator;
mod errors;
mod faults;
mod host;
mod http;
mod key;
mod keys;
mod meaning;
mod object;
mod operation;
mod ops;
mod request_log;
mod shared;
mod sign_v1;
mod sign_v4;
mod store;
mod stream;
mod sts;
mod text;
mod threads;

pub use app_server::{Answer, AppRequest, AppServer};
pub use callback::{CallbackRefusal, judge_callback};
pub use config::{Config, Credential, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Tls};
pub use emulator::{Emulator, Object};
pub use faults::{Action, Fault};
pub use request_log::Request;
