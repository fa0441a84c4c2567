//! What an operation asks of OSS: one request, before it is signed.

use crate::callback::{Callback, Values};
use crate::engine::bucket::Bucket;
use crate::engine::outbox::Outbox;
use crate::engine::source::Body;
use crate::sign;
use crate::transport::{Deadline, Failure, Lane};
use crate::wire::mistake::Mistake;
use http::Method;
use std::sync::Arc;
use std::time::Duration;

/// OSS gives each application server 5 seconds.
const CALLBACK_TIME: Duration = Duration::from_secs(6);
/// A callback has at most five URLs, and how many there are in one of somebody else's is not looked into.
const TIME_OF_ANY_CALLBACK: Duration = CALLBACK_TIME.saturating_mul(5);
/// The metadata in which an object keeps the token of the call that stored it.
pub(super) const TOKEN: &str = "x-oss-meta-oss-upload-token";
/// The header that asks OSS to call.
const CALLBACK: &str = "x-oss-callback";
const CALLBACK_VARIABLES: &str = "x-oss-callback-var";

/// The operations, by the names that OSS has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    PutObject,
    PostObject(FormAnswer),
    AppendObject,
    InitiateMultipartUpload,
    UploadPart,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    ListMultipartUploads,
    GetObject,
    HeadObject,
    DeleteObject,
    /// Has OSS do something with an object that is there: to call is all that is asked here.
    ProcessObject,
}

/// What a form asks for as the answer to a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormAnswer {
    /// Nothing in particular.
    Usual,
    /// The status 201, with a document.
    Created,
    /// A redirect. Which status it has is not documented.
    Redirect,
}

impl Operation {
    pub(crate) fn method(self) -> Method {
        match self {
            Operation::PutObject | Operation::UploadPart => Method::PUT,
            Operation::PostObject(_)
            | Operation::AppendObject
            | Operation::InitiateMultipartUpload
            | Operation::CompleteMultipartUpload
            | Operation::ProcessObject => Method::POST,
            Operation::ListParts | Operation::ListMultipartUploads | Operation::GetObject => Method::GET,
            Operation::HeadObject => Method::HEAD,
            Operation::AbortMultipartUpload | Operation::DeleteObject => Method::DELETE,
        }
    }

    /// Whether its body is the caller's data.
    pub(super) fn sends_data(self) -> bool {
        use Operation::*;
        matches!(self, PutObject | PostObject(_) | AppendObject | UploadPart)
    }

    /// OSS's name for it.
    pub(super) fn oss_name(self) -> &'static str {
        match self {
            Operation::PutObject => "PutObject",
            Operation::PostObject(_) => "PostObject",
            Operation::AppendObject => "AppendObject",
            Operation::InitiateMultipartUpload => "InitiateMultipartUpload",
            Operation::UploadPart => "UploadPart",
            Operation::CompleteMultipartUpload => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload => "AbortMultipartUpload",
            Operation::ListParts => "ListParts",
            Operation::ListMultipartUploads => "ListMultipartUploads",
            Operation::GetObject => "GetObject",
            Operation::HeadObject => "HeadObject",
            Operation::DeleteObject => "DeleteObject",
            Operation::ProcessObject => "ProcessObject",
        }
    }

    /// The name that a callback hears, if it is known.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Operation::PostObject(_) => Some("PostObject"),
            Operation::CompleteMultipartUpload => Some("CompleteMultipartUpload"),
            Operation::ProcessObject => None,
            _ => Some("PutObject"),
        }
    }
}

/// How often OSS may be asked to make a callback when its reply is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallbackDelivery {
    /// Never where an earlier one may have been made.
    #[default]
    AtMostOnce,
    /// Until one is answered.
    AtLeastOnce,
}

/// Where it is put on disk that a callback is owed.
pub(super) struct Recording {
    pub(super) outbox: Arc<Outbox>,
    pub(super) callback: Callback,
    /// The content type of the object, where the request does not say it.
    pub(super) mime_type: Option<String>,
}

/// What is asked of OSS. It stays the same however often it is sent.
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    pub(crate) key: Option<&'a str>,
    pub(super) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    /// Whether OSS is to call an application server.
    pub(super) callback: bool,
    /// What the callback tells that is known beforehand.
    pub(super) told: Values,
    delivery: CallbackDelivery,
    /// What the object that it creates is told from others by.
    pub(super) token: Option<String>,
    pub(super) recording: Option<Recording>,
    /// How long OSS may be silent before it answers, at least.
    pub(super) patience: Duration,
    /// How much of what it answers is kept.
    pub(super) kept_of_reply: usize,
}

impl<'a> Call<'a> {
    pub(crate) fn new(operation: Operation, key: &'a str) -> Call<'a> {
        Call { key: Some(key), ..Call::of_bucket(operation) }
    }

    /// A request that is about the bucket rather than about an object.
    pub(crate) fn of_bucket(operation: Operation) -> Call<'a> {
        let patience = Duration::ZERO;
        Call {
            operation,
            key: None,
            query: Vec::new(),
            headers: Vec::new(),
            callback: false,
            told: Values::default(),
            delivery: CallbackDelivery::default(),
            token: None,
            recording: None,
            patience,
            kept_of_reply: usize::MAX,
        }
    }

    /// The value of a header that was given.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The number of the part that it sends; 0 if it sends none.
    pub(super) fn part_number(&self) -> u32 {
        let number = self.query.iter().find(|(name, _)| name == "partNumber");
        number.and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn with_query(mut self, name: &str, value: impl Into<String>) -> Call<'a> {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Call<'a> {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_headers(mut self, headers: &[(String, String)]) -> Call<'a> {
        self.headers.extend_from_slice(headers);
        self
    }

    /// Lets OSS be silent for so long before it answers.
    pub(crate) fn with_patience(self, patience: Duration) -> Call<'a> {
        Call { patience: self.patience.max(patience), ..self }
    }

    /// Keeps no more than so many bytes of the answer.
    pub(crate) fn keeping(self, bytes: usize) -> Call<'a> {
        Call { kept_of_reply: bytes, ..self }
    }

    /// Sends the data's MD5 along if it is `wanted`, for which all of it is read.
    pub(crate) async fn with_content_md5(
        self,
        wanted: bool,
        body: &Body<'_>,
        lane: &Lane,
        deadline: Deadline,
    ) -> Result<Call<'a>, Failure> {
        match wanted {
            true => Ok(self.with_header("content-md5", body.content_md5(lane, deadline).await?)),
            false => Ok(self),
        }
    }

    /// Asks OSS to call the application server.
    pub(crate) fn with_callback(self, callback: Option<&Callback>) -> Result<Call<'a>, Mistake> {
        let Some(callback) = callback else { return Ok(self) };
        let callback = callback.delivered()?;
        let encoded = callback.encode_with_variables()?;
        let mut call = self.with_header(CALLBACK, encoded.callback);
        if let Some(variables) = encoded.variables {
            call = call.with_header(CALLBACK_VARIABLES, variables);
        }
        Ok(call.awaiting(&callback))
    }

    /// Says that OSS calls the application server meanwhile, and gives it the time for that.
    pub(crate) fn awaiting(self, callback: &Callback) -> Call<'a> {
        let time = CALLBACK_TIME * u32::try_from(callback.url_count()).unwrap_or(1);
        Call { callback: true, told: callback.delivery_values(), ..self }.with_patience(time)
    }

    /// Says how often OSS may be asked to make the callback.
    pub(crate) fn with_delivery(self, delivery: CallbackDelivery) -> Call<'a> {
        Call { delivery, ..self }
    }

    /// Has it put on disk that this callback is owed, if there is one and an outbox; with the object's content type where the
    /// request does not say it.
    pub(crate) fn recorded(
        self,
        outbox: Option<&Arc<Outbox>>,
        callback: Option<&Callback>,
        mime_type: Option<&str>,
    ) -> Call<'a> {
        let recording = outbox.zip(callback).map(|(outbox, callback)| Recording {
            outbox: Arc::clone(outbox),
            callback: callback.clone(),
            mime_type: mime_type.map(str::to_owned),
        });
        Call { recording, ..self }
    }

    /// Says by which token the object that it creates is known.
    pub(crate) fn expecting(self, token: Option<&str>) -> Call<'a> {
        Call { token: token.map(str::to_owned), ..self }
    }

    /// Has the object that it creates, or begins, stored with this token.
    pub(crate) fn marked(self, token: Option<&str>) -> Call<'a> {
        match token {
            Some(token) => self.with_header(TOKEN, token),
            None => self,
        }
        .expecting(token)
    }

    /// Whether it must not be sent again where OSS may have done it.
    pub(crate) fn is_to_be_done_once(&self) -> bool {
        self.callback && self.delivery == CallbackDelivery::AtMostOnce
    }

    /// Says whether somebody else, who signed the request, asks for a callback with it, and with which variables: elsewhere,
    /// or in headers.
    pub(crate) fn with_foreign_callback(self, elsewhere: bool, variables: Option<&str>) -> Call<'a> {
        if !elsewhere && self.header(CALLBACK).is_none() {
            return self;
        }
        let told =
            variables.or(self.header(CALLBACK_VARIABLES)).map(Values::of_variables).unwrap_or_default();
        Call { callback: true, told, ..self }.with_patience(TIME_OF_ANY_CALLBACK)
    }

    /// What of it is signed, for a bucket of this name.
    pub(crate) fn to_sign<'s>(&'s self, bucket: &'s str, method: &'s Method) -> sign::Request<'s> {
        sign::Request {
            method: method.as_str(),
            bucket: Some(bucket),
            key: self.key,
            query: &self.query,
            headers: &self.headers,
        }
    }
}

/// What a callback tells of every object, of one of a bucket that we sign for.
pub(crate) fn about(bucket: Option<&Bucket>, key: &str, operation: Operation) -> Values {
    let mut values = Values::default();
    if let Some(name) = operation.name() {
        values.put("operation", name);
    }
    if let Some(bucket) = bucket {
        values.put("bucket", bucket.endpoint.bucket());
        values.put("object", key);
    }
    values
}
