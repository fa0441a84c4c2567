//! All there is to know about one call.

mod status;

pub use status::{Status, Stored};

use crate::callback::Values;
use crate::engine::history::History;
use crate::engine::reply::{crc64_of, error_of, is_made_by_oss, next_position_of, text, was_kept};
use crate::engine::source::Unfit;
use crate::transport::{Cut, Failure, Reply};
use crate::wire::error_reply::{self, ErrorReply};
use crate::wire::mistake::Mistake;
use crate::wire::xml::{self, BadXml};
use http::HeaderMap;
use std::io;

/// What a call brought about.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// What became of the object.
    pub stored: Stored,
    /// One line for a human, without secrets; empty when all went well.
    pub message: String,
    /// The HTTP status of the reply; 0 when there was none.
    pub http_status: u16,
    /// Whether the reply is that of a look at the object, and not to what the call was for.
    pub looked_up: bool,
    /// The reply's headers.
    pub headers: HeaderMap,
    /// The reply's body: the application server's answer, or OSS's error document.
    pub body: Vec<u8>,
    /// What OSS said was wrong.
    pub error: ErrorReply,
    /// The CRC-64 that OSS computed.
    pub crc64: Option<u64>,
    /// Where the next append goes on; 0 if that was not said.
    pub next_position: u64,
    /// How many requests were made for the operation itself.
    pub attempts: u32,
    /// How many earlier requests may have run a callback that was asked for again.
    pub callback_repeats: u32,
    /// How many owed callbacks were made up for, and how many are owed still.
    pub delivered: u64,
    pub owed: u64,
    /// The upload whose parts are still at OSS; empty if nothing was left there.
    pub upload_id: String,
    /// What a callback was to tell, as far as it is not in the reply.
    pub uploaded: Values,
    /// What its requests came to; `None` if it did not get as far as that.
    pub history: Option<Box<History>>,
}

impl Outcome {
    /// A call that ended without a reply.
    pub fn new(status: Status, stored: Stored, message: impl Into<String>) -> Outcome {
        Outcome {
            status,
            stored,
            message: message.into(),
            http_status: 0,
            looked_up: false,
            headers: HeaderMap::new(),
            body: Vec::new(),
            error: ErrorReply::default(),
            crc64: None,
            next_position: 0,
            attempts: 0,
            callback_repeats: 0,
            delivered: 0,
            owed: 0,
            upload_id: String::new(),
            uploaded: Values::default(),
            history: None,
        }
    }

    /// A call whose reply says that all went well.
    pub(crate) fn success(reply: Reply, stored: Stored) -> Outcome {
        Outcome {
            http_status: reply.status,
            crc64: crc64_of(&reply),
            next_position: next_position_of(&reply).unwrap_or(0),
            headers: reply.headers,
            body: reply.body,
            ..Outcome::new(Status::Ok, stored, "")
        }
    }

    /// A call without a reply of its own, whose object was looked up and is stored.
    pub(crate) fn found(head: Reply) -> Outcome {
        Outcome { looked_up: true, ..Outcome::success(head, Stored::Yes) }
    }

    /// A call that OSS refused, or whose reply makes no sense.
    pub(crate) fn refused(reply: Reply, stored: Stored) -> Outcome {
        let error = error_of(&reply);
        let (status, message) = match &reply.cut {
            _ if reply.status >= 300 => (Status::Service, describe(&reply, &error)),
            Some(cut @ Cut::NoMemory) => (Status::OutOfMemory, cut.to_string()),
            _ => (Status::BadResponse, describe(&reply, &error)),
        };
        Outcome { error, ..Outcome::success(reply, stored) }.with(status, message)
    }

    /// A success that is none after all, since its reply makes no sense, or there is no memory for what is in it.
    pub(crate) fn unreadable(self, why: Option<&BadXml>, what: &str) -> Box<Outcome> {
        Box::new(match why {
            Some(why) if why.is_for_want_of_memory() => self.without_memory(),
            _ => self.with(Status::BadResponse, what),
        })
    }

    /// The same outcome, which cannot be held.
    pub(crate) fn without_memory(self) -> Outcome {
        self.with(Status::OutOfMemory, "there is no memory for what came of it")
    }

    /// A call without a reply.
    pub(crate) fn failed(failure: Failure, stored: Stored) -> Outcome {
        Outcome::new(Status::of_failure(&failure.cause), stored, failure.message)
    }

    /// A call that did not do what it was to do.
    pub(crate) fn without_success(sent: Result<Reply, Failure>, stored: Stored) -> Outcome {
        match sent {
            Ok(reply) => Outcome::refused(reply, stored),
            Err(failure) => Outcome::failed(failure, stored),
        }
    }

    /// The same, where nobody can tell what became of the object.
    pub(crate) fn unknown(sent: Result<Reply, Failure>) -> Outcome {
        let mut outcome = Outcome::without_success(sent, Stored::Unknown);
        outcome.add("whether the object is stored could not be found out");
        outcome
    }

    /// Whether the call did what it was asked for.
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// Whether OSS knows no upload in parts of the id that it was asked for.
    pub(crate) fn is_no_such_upload(&self) -> bool {
        self.error.code == "NoSuchUpload"
    }

    /// The same outcome under another status.
    pub(crate) fn with(mut self, status: Status, message: impl Into<String>) -> Outcome {
        self.status = status;
        self.message = message.into();
        self
    }

    /// The outcome of a call that was cancelled. What failed without a reply failed because of that; and so did what
    /// was not tried again.
    pub(crate) fn cut_short(self, tried_no_more: bool) -> Outcome {
        let cancelled = match self.status {
            Status::Network | Status::Timeout => true,
            Status::Service | Status::BadResponse | Status::Integrity => tried_no_more,
            _ => false,
        };
        if !cancelled || self.stored == Stored::Yes {
            return self;
        }
        let message = format!("cancelled; {}", self.message);
        self.with(Status::Cancelled, message)
    }

    /// The same outcome in other words.
    pub(crate) fn saying(mut self, message: String) -> Outcome {
        self.message = message;
        self
    }

    /// Says this besides.
    pub(crate) fn add(&mut self, more: &str) {
        // What OSS says ends with a full stop. Several are something else: an ellipsis, or the end of a path.
        if self.message.ends_with('.') && !self.message.ends_with("..") {
            self.message.pop();
        }
        if !self.message.is_empty() {
            self.message.push_str("; ");
        }
        self.message.push_str(more);
    }

    /// Says besides that what became of the callback could not be noted in the outbox.
    pub(crate) fn not_noted(&mut self, error: &io::Error) {
        self.add(&format!("the outbox could not be told of it: {error}"));
    }

    /// The same outcome, which leaves parts behind.
    pub(crate) fn leaving(mut self, upload_id: &str) -> Outcome {
        self.upload_id = upload_id.to_owned();
        self
    }

    /// The same outcome of an upload with a callback that was to tell of this.
    pub(crate) fn about(mut self, uploaded: Values) -> Outcome {
        self.uploaded = uploaded;
        self
    }

    /// What the callback of this upload was to tell, as far as it is known here.
    pub fn callback_values(&self) -> Values {
        let mut values = self.uploaded.clone();
        let crc64 = self.crc64.map(|crc64| crc64.to_string()).unwrap_or_default();
        let md5 = self.short_header("content-md5").unwrap_or_default();
        // That of a look is not that of the request which the callback is for.
        let request_id = if self.looked_up { "" } else { self.request_id() };
        for (name, value) in
            [("etag", self.etag()), ("crc64", &crc64), ("contentMd5", md5), ("reqId", request_id)]
        {
            if !value.is_empty() {
                values.put(name, value);
            }
        }
        values
    }

    pub(crate) fn after(mut self, attempts: u32) -> Outcome {
        self.attempts = attempts;
        self
    }

    /// A header of the reply, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// A header that may be kept for long, unless it is longer than anything of OSS's.
    fn short_header(&self, name: &str) -> Option<&str> {
        self.header(name).filter(|value| value.len() <= xml::ID_MAX)
    }

    /// The ETag without its quotes; empty when there is none that is as short as one.
    pub fn etag(&self) -> &str {
        self.short_header("etag").map_or("", xml::unquoted)
    }

    /// The id of the object's version; empty when there is none.
    pub fn version_id(&self) -> &str {
        self.short_header("x-oss-version-id").unwrap_or_default()
    }

    /// The request id, from the header or from the error document; empty when there is none.
    pub fn request_id(&self) -> &str {
        self.short_header("x-oss-request-id").unwrap_or(&self.error.request_id)
    }

    /// The number that names the cause of an error; empty when there is none.
    pub fn ec(&self) -> &str {
        self.short_header("x-oss-ec").unwrap_or(&self.error.ec)
    }
}

impl From<Unfit> for Outcome {
    fn from(unfit: Unfit) -> Outcome {
        match unfit {
            Unfit::Mistake(mistake) => mistake.into(),
            Unfit::Failure(failure) => Outcome::failed(failure, Stored::No),
        }
    }
}

impl From<Mistake> for Outcome {
    fn from(mistake: Mistake) -> Outcome {
        Outcome::new(Status::InvalidArgument, Stored::No, mistake.to_string())
    }
}

impl From<Mistake> for Box<Outcome> {
    fn from(mistake: Mistake) -> Box<Outcome> {
        Box::new(mistake.into())
    }
}

/// What is wrong with a reply, in words.
pub(crate) fn describe(reply: &Reply, error: &ErrorReply) -> String {
    let mut message = format!("HTTP {}", reply.status);
    if !error.code.is_empty() {
        message.push_str(&format!(" {}", error.line()));
    } else if let Some(location) = text(&reply.headers, "location").filter(|_| reply.status / 100 == 3) {
        // What is behind the question mark may be a signature.
        let location = location.split('?').next().unwrap_or_default();
        let location = error_reply::one_line(location, 256);
        message.push_str(&format!(": redirected to {location}; redirects are not followed"));
    } else if was_kept(reply) {
        message.push_str(" from a cache on the way, which kept it from earlier");
    } else if !is_made_by_oss(reply) {
        message.push_str(" without a request id: this reply is not from OSS, perhaps from a proxy");
    } else if let Some(cut) = &reply.cut {
        message.push_str(&format!(", whose body is not whole: {cut}"));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_besides_takes_the_place_of_a_full_stop_and_of_nothing_else() {
        for (before, after) in [
            ("", "it is kept"),
            ("it failed", "it failed; it is kept"),
            ("It failed.", "It failed; it is kept"),
            ("it waits...", "it waits...; it is kept"),
            ("it cannot open /data/..", "it cannot open /data/..; it is kept"),
        ] {
            let mut outcome = Outcome::new(Status::Internal, Stored::No, before);
            outcome.add("it is kept");
            assert_eq!(outcome.message, after);
        }
    }
}
