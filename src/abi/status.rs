//! `oss_status` and `oss_stored`: how a call ended.

use crate::engine::{Status, Stored};
use std::ffi::{CStr, c_char};

/// How a call ended. The numbers never change; later versions may add some. YES, NO and UNKNOWN are what oss_result_stored()
/// says with it after an upload. A part makes no object, so after one it is NO.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_status {
    /// All went well; with a callback, the application server answered. YES.
    Ok = 0,
    /// An argument is NULL or breaks a rule, which the message names. Nothing was sent, unless data of unknown length
    /// turned out to be too long. NO.
    InvalidArgument = 1,
    /// A file or another source could not be read, or a checkpoint not be read or written. NO; UNKNOWN if the reply to an
    /// earlier attempt was lost, or an earlier process may have completed the upload.
    LocalIo = 2,
    /// A file had other bytes when it was read again, or a whole file another length: oss_body_from_file() says when it is.
    /// What was being sent was cut off, so it was not stored; of an earlier attempt, whose reply was lost, that may not be
    /// known.
    SourceChanged = 3,
    /// The caller cancelled. NO if it is certain that OSS did nothing; otherwise UNKNOWN.
    Cancelled = 4,
    /// There are no credentials to sign with. NO.
    Credentials = 5,
    /// Another call, of this process or another, is using the checkpoint. NO: nothing was sent.
    CheckpointBusy = 6,
    /// There is no memory for more than 64 KiB of what has to be held: a part, a reply, a list or a record. NO if it is certain
    /// that OSS did nothing; otherwise UNKNOWN.
    OutOfMemory = 7,
    /// No connection could be made, it broke, or an earlier process asked OSS to complete the upload, which may be at it. NO
    /// if it is certain that OSS did nothing; otherwise UNKNOWN.
    Network = 100,
    /// A time-out or the deadline ended the call. NO if it is certain that OSS did nothing; otherwise UNKNOWN.
    Timeout = 101,
    /// There is no TLS with the server: a certificate is not trusted, a file with certificates or a key is of no use, the
    /// system has no root certificates, or only one of the two sides speaks TLS. The message says which. NO;
    /// UNKNOWN if the reply to an earlier attempt was lost.
    Tls = 102,
    /// OSS refused: see oss_result_error_code() and oss_result_http_status(). NO; UNKNOWN if OSS does not say that it did
    /// nothing, as with 500, or if it was a proxy, a gateway or a cache that answered, as the message says.
    Service = 200,
    /// The CRC-64 that OSS computed is not that of the data. YES: what is stored is wrong.
    Integrity = 201,
    /// The reply makes no sense, or is not OSS's. UNKNOWN, but for requests that store nothing.
    BadResponse = 202,
    /// The object is stored, but the application server did not answer as it should: OSS said so with HTTP 203 and its
    /// error document, which is the body and says why. YES.
    CallbackFailed = 300,
    /// The object is stored, but what became of the callback is not known: the reply was lost and the object looked up, or
    /// the answer was cut short, or it was not the application server's. YES. From what has OSS call for an object that is there
    /// already, also UNKNOWN: that the object is stored is then not known either, or it is gone.
    CallbackUnknown = 301,
    /// A callback request does not come from OSS.
    NotAuthentic = 302,
    /// A defect of the library. UNKNOWN.
    Internal = 900,
}

/// Whether the object is stored. What nothing proves, however likely it is, is UNKNOWN.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_stored {
    /// What the call had to upload was not stored by it, and will not be: it did not arrive, or OSS is done with it. Another
    /// object may be there under the key.
    No = 0,
    /// It is stored: OSS said so in its reply, or a look at the object did.
    Yes = 1,
    /// A request may have arrived whose reply was lost, and what became of it could not be found out; OSS may still be about
    /// to store the object. After a minute it is done: oss_stat_object() then tells what is there.
    Unknown = 2,
}

impl From<Status> for oss_status {
    fn from(status: Status) -> oss_status {
        match status {
            Status::Ok => oss_status::Ok,
            Status::InvalidArgument => oss_status::InvalidArgument,
            Status::LocalIo => oss_status::LocalIo,
            Status::SourceChanged => oss_status::SourceChanged,
            Status::Cancelled => oss_status::Cancelled,
            Status::Credentials => oss_status::Credentials,
            Status::CheckpointBusy => oss_status::CheckpointBusy,
            Status::OutOfMemory => oss_status::OutOfMemory,
            Status::Network => oss_status::Network,
            Status::Timeout => oss_status::Timeout,
            Status::Tls => oss_status::Tls,
            Status::Service => oss_status::Service,
            Status::Integrity => oss_status::Integrity,
            Status::BadResponse => oss_status::BadResponse,
            Status::CallbackFailed => oss_status::CallbackFailed,
            Status::CallbackUnknown => oss_status::CallbackUnknown,
            Status::NotAuthentic => oss_status::NotAuthentic,
            Status::Internal => oss_status::Internal,
        }
    }
}

impl From<Stored> for oss_stored {
    fn from(stored: Stored) -> oss_stored {
        match stored {
            Stored::No => oss_stored::No,
            Stored::Yes => oss_stored::Yes,
            Stored::Unknown => oss_stored::Unknown,
        }
    }
}

/// Names a status.
///
/// @param status  an oss_status, or any other number.
/// @return the name without its prefix, such as "CALLBACK_FAILED"; "UNKNOWN" for a number that is no status. The text
///         is constant and need not be freed.
#[unsafe(no_mangle)]
pub extern "C" fn oss_status_name(status: i32) -> *const c_char {
    name_of(status).as_ptr()
}

fn name_of(status: i32) -> &'static CStr {
    const NAMES: [(oss_status, &CStr); 18] = [
        (oss_status::Ok, c"OK"),
        (oss_status::InvalidArgument, c"INVALID_ARGUMENT"),
        (oss_status::LocalIo, c"LOCAL_IO"),
        (oss_status::SourceChanged, c"SOURCE_CHANGED"),
        (oss_status::Cancelled, c"CANCELLED"),
        (oss_status::Credentials, c"CREDENTIALS"),
        (oss_status::CheckpointBusy, c"CHECKPOINT_BUSY"),
        (oss_status::OutOfMemory, c"OUT_OF_MEMORY"),
        (oss_status::Network, c"NETWORK"),
        (oss_status::Timeout, c"TIMEOUT"),
        (oss_status::Tls, c"TLS"),
        (oss_status::Service, c"SERVICE"),
        (oss_status::Integrity, c"INTEGRITY"),
        (oss_status::BadResponse, c"BAD_RESPONSE"),
        (oss_status::CallbackFailed, c"CALLBACK_FAILED"),
        (oss_status::CallbackUnknown, c"CALLBACK_UNKNOWN"),
        (oss_status::NotAuthentic, c"NOT_AUTHENTIC"),
        (oss_status::Internal, c"INTERNAL"),
    ];
    NAMES.iter().find(|(known, _)| *known as i32 == status).map_or(c"UNKNOWN", |(_, name)| name)
}
