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
    /// The numbers of those that are over and were not taken, in the order of their ends.
    over: VecDeque<u64>,
}

impl Entries {
    fn get_mut(&mut self, number: u64) -> Option<&mut Request> {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok())?;
        self.requests.get_mut(index)
    }
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

    /// Writes a request down.
    pub fn begin(&self, request: Request) -> UnderWay<'_> {
        let mut entries = self.lock();
        entries.requests.push_back(request);
        if entries.requests.len() > self.limit {
            entries.requests.pop_front();
            entries.first += 1;
        }
        UnderWay { log: self, number: entries.first + entries.requests.len() as u64 - 1 }
    }

    /// Has a request taken some day, unless its reply has done so.
    fn end(&self, number: u64, status: Option<u16>) {
        let mut entries = self.lock();
        let Some(request) = entries.get_mut(number).filter(|request| request.status.is_none()) else {
            return;
        };
        request.status = status;
        entries.over.push_back(number);
        if entries.over.len() > self.limit {
            entries.over.pop_front();
        }
    }

    pub fn all(&self) -> Vec<Request> {
        self.lock().requests.iter().cloned().collect()
    }

    /// The next one of those that are over. Each is given once.
    pub fn take(&self) -> Option<Request> {
        let mut entries = self.lock();
        while let Some(number) = entries.over.pop_front() {
            if let Some(request) = entries.get_mut(number) {
                return Some(request.clone());
            }
        }
        None
    }

    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.first += entries.requests.len() as u64;
        entries.requests.clear();
        entries.over.clear();
    }
}

/// A request that was written down. It is over when this is dropped, if no reply was begun before.
pub(crate) struct UnderWay<'a> {
    log: &'a RequestLog,
    number: u64,
}

impl UnderWay<'_> {
    pub fn received(&self, body_bytes: u64) {
        if let Some(request) = self.log.lock().get_mut(self.number) {
            request.body_bytes_received = body_bytes;
        }
    }

    pub fn answered(&self, status: u16) {
        self.log.end(self.number, Some(status));
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.log.end(self.number, None);
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
        let under_way = ["a", "b", "c"].map(|target| log.begin(request(target)));
        under_way[0].answered(1);
        under_way[2].answered(3);
        let all = log.all();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].target.as_str(), all[0].status), ("b", None));
        assert_eq!((all[1].target.as_str(), all[1].status), ("c", Some(3)));
    }

    #[test]
    fn requests_are_taken_once_in_the_order_of_their_ends() {
        let log = RequestLog::new(10);
        let take = || log.take().map(|request| (request.target, request.status));
        let [first, second, third] = ["a", "b", "c"].map(|target| log.begin(request(target)));
        assert_eq!(take(), None);
        second.answered(2);
        assert_eq!(take(), Some(("b".into(), Some(2))));
        drop((second, first));
        assert_eq!((take(), take()), (Some(("a".into(), None)), None));
        log.clear();
        third.answered(3);
        assert_eq!(take(), None);
    }
}
