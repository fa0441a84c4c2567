//! What was asked of the emulator.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A request as the emulator received it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The request target, exactly as it was sent.
    pub target: String,
    /// The operation's name in OSS's documentation, or `Unknown`.
    pub operation: String,
    /// The bucket, however it was addressed.
    pub bucket: Option<String>,
    /// The decoded key.
    pub key: Option<String>,
    /// The headers as they were sent.
    pub headers: Vec<(String, String)>,
    /// How much of the body has arrived so far, without the framing of chunks.
    pub body_bytes_received: u64,
    /// The status of the reply, once one is being sent.
    pub status: Option<u16>,
    /// The number of the connection, counted from 1.
    pub connection: u64,
}

impl Request {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Entries {
    /// How many requests were forgotten.
    first: u64,
    requests: VecDeque<Request>,
}

#[derive(Debug)]
pub(crate) struct RequestLog {
    limit: usize,
    entries: Mutex<Entries>,
}

impl RequestLog {
    pub fn new(limit: usize) -> RequestLog {
        RequestLog { limit: limit.max(1), entries: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a request down and returns its number.
    pub fn begin(&self, request: Request) -> u64 {
        let mut entries = self.lock();
        entries.requests.push_back(request);
        if entries.requests.len() > self.limit {
            entries.requests.pop_front();
            entries.first += 1;
        }
        entries.first + entries.requests.len() as u64 - 1
    }

    pub fn update(&self, number: u64, change: impl FnOnce(&mut Request)) {
        let mut entries = self.lock();
        let index = number.checked_sub(entries.first).and_then(|index| usize::try_from(index).ok());
        if let Some(request) = index.and_then(|index| entries.requests.get_mut(index)) {
            change(request);
        }
    }

    pub fn all(&self) -> Vec<Request> {
        self.lock().requests.iter().cloned().collect()
    }

    /// The request of this number, or the first one after it that is not forgotten, with its number.
    pub fn from(&self, number: u64) -> Option<(u64, Request)> {
        let entries = self.lock();
        let number = number.max(entries.first);
        let index = usize::try_from(number - entries.first).ok()?;
        entries.requests.get(index).map(|request| (number, request.clone()))
    }

    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.first += entries.requests.len() as u64;
        entries.requests.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> Request {
        Request {
            method: "GET".into(),
            target: target.into(),
            operation: "GetObject".into(),
            bucket: None,
            key: None,
            headers: Vec::new(),
            body_bytes_received: 0,
            status: None,
            connection: 1,
        }
    }

    #[test]
    fn old_requests_are_forgotten_and_late_news_of_them_dropped() {
        let log = RequestLog::new(2);
        let numbers: Vec<u64> = ["a", "b", "c"].map(|target| log.begin(request(target))).into();
        log.update(numbers[0], |request| request.status = Some(1));
        log.update(numbers[2], |request| request.status = Some(3));
        let all = log.all();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].target.as_str(), all[0].status), ("b", None));
        assert_eq!((all[1].target.as_str(), all[1].status), ("c", Some(3)));
        let from = |number| log.from(number).map(|(number, request)| (number, request.target));
        assert_eq!((from(0), from(2), from(3)), (Some((1, "b".into())), Some((2, "c".into())), None));
    }
}
