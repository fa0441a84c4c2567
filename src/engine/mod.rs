//! What an upload is: put, multipart, what is sent again and what is not, and the truth about the object afterwards.
//!
//! The rooms, each of which uses only those below it:
//!
//! | room | what is in it |
//! |---|---|
//! | [`delivery`] | what makes up for callbacks that are owed |
//! | [`managed`], [`signed`] | put or parts, resumed, written to; what others upload with: URLs and forms |
//! | [`multipart`] | begin, parts, complete, list |
//! | [`object`] | put, append, look, remove and have OSS call, and what an object is stored with |
//! | [`request`], [`verifier`] | one request and what its reply means; whether a callback request is OSS's |
//! | [`bucket`] | where, who signs, the limits of calls |
//! | [`outbox`] | what is owed to application servers, on disk |
//! | [`source`], [`outcome`], [`reply`], [`rules`] | what is uploaded; how it ended; what a reply says; OSS's own limits |
//! | [`report`] | what the caller is told while an upload goes on |
//! | [`journal`], [`history`], [`log`] | what a call notes: its attempts; lines for a log |
//! | [`disk`], [`observer`] | what we keep on disk: whole, and ours; who is told how a call gets on |

mod bucket;
mod delivery;
mod disk;
mod history;
mod journal;
mod log;
mod managed;
mod multipart;
mod object;
mod observer;
mod outbox;
mod outcome;
mod reply;
mod report;
mod request;
mod rules;
mod signed;
mod source;
mod verifier;

pub use bucket::{Addressing, Bucket, BucketOptions, Limits, SignatureVersion};
pub use delivery::DeliveryOptions;
pub use history::{Attempt, History, Sum};
pub use log::{Level, Log, Sink};
pub use managed::{UploadOptions, Writer};
pub use multipart::{Completion, Multipart, Part, Uploads};
pub use object::{Acl, Encryption, ObjectOptions, StorageClass};
pub use observer::{Observer, Progress};
pub use outbox::{Debt, Outbox, Owed, Queue};
pub use outcome::{Outcome, Status, Stored};
pub use request::CallbackDelivery;
pub use signed::{PostForm, PostPolicy, Presigned};
pub use source::{Body, Input, Reader, Unusable};
pub use verifier::{CallbackRequest, Verifier, verify_with};

pub use crate::transport::{Cancel, Clock, Measured, Phase, Rate, SourceFailure, Times};
