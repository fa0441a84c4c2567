//! Why a request got no reply, and how much of it can have arrived.

use super::body::SourceFailure;
use super::delivery::Delivery;
use std::error::Error;
use std::io;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// No connection could be made, or it broke before the reply.
    Network,
    /// The server ended the connection while the request was being sent; an early reply may be lost with it.
    Interrupted,
    /// Nothing moved for as long as the time-outs allow.
    Timeout,
    /// The call's deadline passed.
    Deadline,
    /// The caller cancelled.
    Cancelled,
    /// The TLS handshake or its settings failed, or one side speaks TLS and the other does not.
    Tls,
    /// What came back is not HTTP.
    BadResponse,
    /// The request cannot be expressed in HTTP.
    Unsendable,
    /// There is no key to sign it with.
    NoKey,
    /// There is no memory for what a connection needs.
    NoMemory,
    /// The bytes to send could not be had.
    Source(SourceFailure),
}

impl Cause {
    /// Whether it is the caller's own: somebody else who asked for the same might get it.
    pub fn is_of_the_caller(&self) -> bool {
        matches!(self, Cause::Cancelled | Cause::Deadline | Cause::NoMemory)
    }
}

/// A request without a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub cause: Cause,
    /// What is known of the request's way to the server.
    pub delivery: Delivery,
    /// Whether it ended with a connection that had been idle before, without a byte of a reply: the server is likely to have
    /// closed it meanwhile.
    pub stale: bool,
    /// One line for a human, without secrets.
    pub message: String,
}

impl Failure {
    /// A failure before anything was sent.
    pub(super) fn before(cause: Cause, message: impl Into<String>) -> Failure {
        Failure { cause, delivery: Delivery::NONE, stale: false, message: message.into() }
    }

    /// A request that could not be made up, because of its source.
    pub fn from_source(failure: SourceFailure) -> Failure {
        let message = failure.to_string();
        Failure::before(Cause::Source(failure), message)
    }

    /// A request that HTTP has no words for.
    pub fn unsendable(message: String) -> Failure {
        Failure::before(Cause::Unsendable, message)
    }

    /// A request that could not be signed.
    pub fn unsigned(ended: Option<Cause>, message: &str) -> Failure {
        Failure::before(ended.unwrap_or(Cause::NoKey), message)
    }

    pub(super) fn setup(error: impl Error) -> Failure {
        Failure::before(Cause::Network, format!("cannot set up the network: {error}"))
    }
}

/// The error and everything that caused it, outermost first.
fn links<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |link| (*link).source())
}

/// The innermost error is the one that says what happened.
pub(super) fn in_words(error: &(dyn Error + 'static)) -> String {
    match links(error).find_map(|link| link.downcast_ref::<io::Error>()) {
        Some(error) => io_in_words(error),
        None => links(error).last().map(ToString::to_string).unwrap_or_default(),
    }
}

fn io_in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused: nothing listens there".to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        io::ErrorKind::TimedOut => "it does not answer".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no way leads there".to_owned(),
        // The number that the standard library adds says nothing to a reader.
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

impl From<SourceFailure> for Failure {
    fn from(failure: SourceFailure) -> Failure {
        Failure::from_source(failure)
    }
}
