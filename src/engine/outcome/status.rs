//! How calls and their attempts end, in one word.

use crate::engine::history::{Attempt, End};
use crate::transport::{Cause, SourceFailure};
use std::io;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As asked, the callback included.
    Ok,
    /// An argument breaks a rule; nothing was sent.
    InvalidArgument,
    /// The source could not be read.
    LocalIo,
    /// The source changed while it was being read.
    SourceChanged,
    /// The caller cancelled.
    Cancelled,
    /// There are no credentials to sign with.
    Credentials,
    /// Another process is at the same upload.
    CheckpointBusy,
    /// There is no memory for what has to be held.
    OutOfMemory,
    /// No connection, or a broken one.
    Network,
    /// Nothing moved for too long, or the deadline passed.
    Timeout,
    /// TLS failed.
    Tls,
    /// OSS refused.
    Service,
    /// The CRC-64 that OSS computed is not that of the data.
    Integrity,
    /// The reply makes no sense.
    BadResponse,
    /// Stored, but the application server did not answer as it should.
    CallbackFailed,
    /// Stored, but what became of the callback is not known.
    CallbackUnknown,
    /// A callback request does not come from OSS.
    NotAuthentic,
    /// A defect of this library.
    Internal,
}

impl Status {
    /// How an attempt ended.
    pub fn of(attempt: &Attempt) -> Status {
        match &attempt.end {
            End::Done => Status::Ok,
            End::CallbackFailed => Status::CallbackFailed,
            End::Absent | End::Refused if attempt.http_status >= 300 => Status::Service,
            End::Absent | End::Refused => Status::BadResponse,
            End::Failed(cause) => Status::of_failure(cause),
        }
    }

    /// How a call ends that cannot use what it keeps on disk.
    pub(crate) fn of_disk(error: &io::Error) -> Status {
        match error.kind() {
            io::ErrorKind::OutOfMemory => Status::OutOfMemory,
            _ => Status::LocalIo,
        }
    }

    pub(super) fn of_failure(cause: &Cause) -> Status {
        match cause {
            Cause::Network | Cause::Interrupted => Status::Network,
            Cause::Timeout | Cause::Deadline => Status::Timeout,
            Cause::Cancelled => Status::Cancelled,
            Cause::Tls => Status::Tls,
            Cause::BadResponse => Status::BadResponse,
            Cause::Unsendable => Status::InvalidArgument,
            Cause::NoKey => Status::Credentials,
            Cause::Source(SourceFailure::Unreadable(_)) => Status::LocalIo,
            Cause::Source(SourceFailure::Changed(_)) => Status::SourceChanged,
            Cause::NoMemory | Cause::Source(SourceFailure::NoMemory(_)) => Status::OutOfMemory,
        }
    }
}

/// Whether the object is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is not, as far as this call is concerned.
    No,
    /// It is.
    Yes,
    /// That could not be found out.
    Unknown,
}
