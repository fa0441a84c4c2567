//! Why a request got no reply, and how much of it can have arrived.

use super::body::SourceFailure;
use std::error::Error;
use std::io;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// No connection could be made, or it broke before the reply.
    Network,
    /// The connection broke while the request was being sent; an early reply may be lost with it.
    Interrupted,
    /// Nothing moved for as long as the time-outs allow.
    Timeout,
    /// The call's deadline passed.
    Deadline,
    /// The caller cancelled.
    Cancelled,
    /// The TLS handshake or its settings failed.
    Tls,
    /// What came back is not HTTP.
    BadResponse,
    /// The request cannot be expressed in HTTP.
    Unsendable,
    /// The bytes to send could not be had.
    Source(SourceFailure),
}

/// A request without a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub cause: Cause,
    /// Whether the connection had taken the last byte, so that the server may have done what it was asked for.
    pub wholly_sent: bool,
    /// One line for a human, without secrets.
    pub message: String,
}

impl Failure {
    /// An error of the client for https.
    pub(super) fn from_client(error: reqwest::Error, wholly_sent: bool) -> Failure {
        // The URL of a request can carry a signature, so it never gets into a message.
        let error = error.without_url();
        let message = describe(&error);
        if error.is_connect() || error.is_builder() {
            let cause = if error.is_timeout() { Cause::Timeout } else { cause_of(&error) };
            return Failure { cause, wholly_sent: false, message: format!("cannot connect: {message}") };
        }
        Failure::while_exchanging(cause_of(&error), message, wholly_sent)
    }

    /// An error on a connection of our own.
    pub(super) fn from_connection(error: &hyper::Error, wholly_sent: bool) -> Failure {
        Failure::while_exchanging(cause_of(error), describe(error), wholly_sent)
    }

    fn while_exchanging(cause: Cause, message: String, wholly_sent: bool) -> Failure {
        match cause {
            Cause::Network if !wholly_sent => Failure {
                cause: Cause::Interrupted,
                wholly_sent,
                message: format!("the connection broke while sending: {message}"),
            },
            cause => Failure { cause, wholly_sent, message },
        }
    }

    /// A request that could not be made up, because of its source.
    pub fn from_source(failure: SourceFailure) -> Failure {
        let message = failure.to_string();
        Failure { cause: Cause::Source(failure), wholly_sent: false, message }
    }

    /// A request that HTTP has no words for.
    pub fn unsendable(message: String) -> Failure {
        Failure { cause: Cause::Unsendable, wholly_sent: false, message }
    }

    pub(super) fn setup(error: impl Error) -> Failure {
        let message = format!("cannot set up the network: {error}");
        Failure { cause: Cause::Network, wholly_sent: false, message }
    }
}

fn cause_of(error: &(dyn Error + 'static)) -> Cause {
    if links(error).any(is_tls) {
        Cause::Tls
    } else if links(error).filter_map(|link| link.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse)
    {
        Cause::BadResponse
    } else {
        Cause::Network
    }
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    // An I/O error does not show the error that it wraps as its source.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.is_some_and(|inner| is_tls(inner))
}

/// The error and everything that caused it, outermost first.
fn links<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |link| (*link).source())
}

/// The innermost error is the one that says what happened.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    links(error).last().map(ToString::to_string).unwrap_or_default()
}

impl From<SourceFailure> for Failure {
    fn from(failure: SourceFailure) -> Failure {
        Failure::from_source(failure)
    }
}
