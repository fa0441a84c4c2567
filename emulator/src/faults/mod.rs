//! Faults on order: what goes wrong, for which requests, and how often.

mod json;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What goes wrong with a request.
///
/// "The work" is what the operation does: storing the object, running the callback. Faults come before it, after it
/// (the object is stored, the client does not learn it), or spoil the reply only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Reads so many bytes of the body, then resets the connection (RST). Not before the body's end if it is shorter.
    /// JSON: `{"action":"reset_after_body_bytes","bytes":1000}`
    ResetAfterBodyBytes(u64),
    /// Reads so many bytes of the body, then reads no more and says nothing until the emulator ends.
    /// JSON: `{"action":"stall_after_body_bytes","bytes":0}`
    StallAfterBodyBytes(u64),
    /// Answers with this error right after the head, without reading the body; then closes.
    /// JSON: `{"action":"early_error","status":403,"code":"AccessDenied","abrupt":false}`
    EarlyError {
        /// The HTTP status.
        status: u16,
        /// The error's `Code`.
        code: String,
        /// False: shut the sending side down, drain what still comes, close (the client can read the reply). True:
        /// reset the connection at once (the reply may be lost).
        abrupt: bool,
    },
    /// Reads the body, then closes the connection (FIN). The work is not done.
    /// JSON: `{"action":"close_before_work"}`
    CloseBeforeWork,
    /// Reads the body, then resets the connection (RST). The work is not done.
    /// JSON: `{"action":"reset_before_work"}`
    ResetBeforeWork,
    /// Reads the body, then answers with this error. The work is not done.
    /// JSON: `{"action":"status","status":503,"code":"ServiceUnavailable"}`
    Status {
        /// The HTTP status.
        status: u16,
        /// The error's `Code`.
        code: String,
    },
    /// Reads the body, then answers 307 with this `Location`. The work is not done.
    /// JSON: `{"action":"redirect","location":"http://127.0.0.1:1/"}`
    Redirect(String),
    /// Does the work, then closes the connection (FIN) without a reply.
    /// JSON: `{"action":"close_without_reply"}`
    CloseWithoutReply,
    /// Does the work, then resets the connection (RST) without a reply.
    /// JSON: `{"action":"reset_before_reply"}`
    ResetBeforeReply,
    /// Does the work, then answers with this error all the same, as a gateway does.
    /// JSON: `{"action":"status_after_work","status":502,"code":"BadGateway"}`
    StatusAfterWork {
        /// The HTTP status.
        status: u16,
        /// The error's `Code`.
        code: String,
    },
    /// Does the work, then waits before the reply.
    /// JSON: `{"action":"slow_reply","delay_ms":1000}`
    SlowReply(Duration),
    /// Does the work, then sends the reply byte by byte with this pause between bytes.
    /// JSON: `{"action":"drip_reply","interval_ms":1}`
    DripReply(Duration),
    /// Answers as it should, promises to keep the connection, and closes it right after the reply.
    /// JSON: `{"action":"close_idle","reset":false}`
    CloseIdle {
        /// False: FIN. True: RST.
        reset: bool,
    },
    /// The reply's `x-oss-hash-crc64ecma` is off by one. JSON: `{"action":"wrong_crc"}`
    WrongCrc,
    /// The reply lacks `x-oss-hash-crc64ecma`. JSON: `{"action":"omit_crc"}`
    OmitCrc,
    /// The reply lacks `ETag`. JSON: `{"action":"omit_etag"}`
    OmitEtag,
    /// The reply's `ETag` is not one. JSON: `{"action":"garble_etag"}`
    GarbleEtag,
    /// The reply's `Content-Length` is larger than what is sent before the connection closes.
    /// JSON: `{"action":"truncate_reply_body"}`
    TruncateReplyBody,
    /// Does the work, then answers something that is not HTTP, and closes. JSON: `{"action":"garbage_reply"}`
    GarbageReply,
    /// Does the work, then answers with a body of so many bytes. JSON: `{"action":"huge_reply_body","bytes":100000000}`
    HugeReplyBody(u64),
    /// Does the work, then answers with so many bytes of additional headers.
    /// JSON: `{"action":"huge_reply_headers","bytes":1000000}`
    HugeReplyHeaders(u64),
    /// The reply's body is chunked instead of having a `Content-Length`. JSON: `{"action":"chunked_reply"}`
    ChunkedReply,
}

/// An [`Action`], and the requests that it befalls.
///
/// Faults are asked in the order in which they were injected; the first that applies is used, and the others do not
/// count that request. So two faults with `times(1)` befall two requests, one after the other.
///
/// ```
/// use oss_emulator::{Action, Fault};
/// let fault = Fault::new(Action::ResetAfterBodyBytes(1000)).operation("PutObject").skip(1).times(2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    action: Action,
    method: Option<String>,
    operation: Option<String>,
    bucket: Option<String>,
    key: Option<String>,
    part_number: Option<u64>,
    skip: u64,
    /// `None`: without end.
    times: Option<u64>,
    probability: Option<f64>,
}

impl Fault {
    /// A fault that befalls the next request, whatever it is, once.
    pub fn new(action: Action) -> Fault {
        Fault {
            action,
            method: None,
            operation: None,
            bucket: None,
            key: None,
            part_number: None,
            skip: 0,
            times: Some(1),
            probability: None,
        }
    }

    /// Only requests with this HTTP method.
    pub fn method(mut self, method: impl Into<String>) -> Fault {
        self.method = Some(method.into());
        self
    }

    /// Only this operation, named as in OSS's documentation (`PutObject`, `UploadPart`); `any` means all.
    pub fn operation(mut self, operation: impl Into<String>) -> Fault {
        let operation = operation.into();
        self.operation = (!operation.eq_ignore_ascii_case("any")).then_some(operation);
        self
    }

    /// Only requests for this bucket.
    pub fn bucket(mut self, bucket: impl Into<String>) -> Fault {
        self.bucket = Some(bucket.into());
        self
    }

    /// Only requests for this key.
    pub fn key(mut self, key: impl Into<String>) -> Fault {
        self.key = Some(key.into());
        self
    }

    /// Only requests with this `partNumber`.
    pub fn part_number(mut self, part_number: u64) -> Fault {
        self.part_number = Some(part_number);
        self
    }

    /// Let so many matching requests pass first.
    pub fn skip(mut self, skip: u64) -> Fault {
        self.skip = skip;
        self
    }

    /// Befall so many requests, then be gone. Default: 1.
    pub fn times(mut self, times: u64) -> Fault {
        self.times = Some(times);
        self
    }

    /// Befall every matching request.
    pub fn always(mut self) -> Fault {
        self.times = None;
        self
    }

    /// Befall each matching request with this probability, without end unless [`times`](Fault::times) follows.
    pub fn probability(mut self, probability: f64) -> Fault {
        self.probability = Some(probability);
        self.times = None;
        self
    }

    fn matches(&self, request: &Target<'_>) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
        };
        same(&self.method, Some(request.method))
            && same(&self.operation, Some(request.operation))
            && same(&self.bucket, request.bucket)
            && same(&self.key, request.key)
            && self.part_number.is_none_or(|wanted| Some(wanted) == request.part_number)
    }
}

/// What a fault looks at.
pub(crate) struct Target<'a> {
    pub method: &'a str,
    pub operation: &'a str,
    pub bucket: Option<&'a str>,
    pub key: Option<&'a str>,
    pub part_number: Option<u64>,
}

/// The faults that wait for their requests.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn inject(&self, fault: Fault) {
        self.lock().push(fault);
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The action for a request that just arrived.
    pub fn take(&self, request: &Target<'_>) -> Option<Action> {
        let mut faults = self.lock();
        faults.retain(|fault| fault.times != Some(0));
        for index in 0..faults.len() {
            let fault = &mut faults[index];
            if !fault.matches(request) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.probability.is_some_and(|p| fastrand::f64() >= p) {
                continue;
            }
            let action = fault.action.clone();
            if let Some(times) = &mut fault.times {
                *times -= 1;
                if *times == 0 {
                    faults.remove(index);
                }
            }
            return Some(action);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str) -> Target<'_> {
        Target { method: "PUT", operation: "PutObject", bucket: Some("b"), key: Some(key), part_number: None }
    }

    #[test]
    fn skip_and_times_count_matching_requests_only() {
        let faults = Faults::default();
        faults.inject(Fault::new(Action::WrongCrc).key("k").skip(1).times(2));
        assert_eq!(faults.take(&put("other")), None);
        assert_eq!(faults.take(&put("k")), None);
        assert_eq!(faults.take(&put("k")), Some(Action::WrongCrc));
        assert_eq!(faults.take(&put("other")), None);
        assert_eq!(faults.take(&put("k")), Some(Action::WrongCrc));
        assert_eq!(faults.take(&put("k")), None);
    }

    #[test]
    fn faults_befall_requests_in_the_order_of_injection() {
        let faults = Faults::default();
        faults.inject(Fault::new(Action::OmitCrc).operation("any"));
        faults.inject(Fault::new(Action::OmitEtag).operation("PutObject"));
        faults.inject(Fault::new(Action::GarbageReply).operation("GetObject"));
        faults.inject(Fault::new(Action::WrongCrc).part_number(3));
        assert_eq!(faults.take(&put("k")), Some(Action::OmitCrc));
        assert_eq!(faults.take(&put("k")), Some(Action::OmitEtag));
        assert_eq!(faults.take(&put("k")), None);
        let part = Target { part_number: Some(3), ..put("k") };
        assert_eq!(faults.take(&part), Some(Action::WrongCrc));
    }

    #[test]
    fn probabilities_are_kept() {
        let faults = Faults::default();
        faults.inject(Fault::new(Action::WrongCrc).probability(0.5));
        let hits = (0..1000).filter(|_| faults.take(&put("k")).is_some()).count();
        assert!((300..700).contains(&hits), "{hits}");
        faults.clear();
        faults.inject(Fault::new(Action::WrongCrc).probability(0.0));
        assert_eq!(faults.take(&put("k")), None);
    }
}
