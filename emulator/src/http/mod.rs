//! HTTP/1.1 as far as the emulator speaks it: heads, bodies and replies.
//!
//! It is written out by hand, because faults need a hold on every byte.

mod body;
mod reply;

use std::borrow::Cow;
use std::io::{self, Read, Write};

pub(crate) use body::{BodyError, BodyReader};
pub(crate) use reply::Reply;

use crate::text::number;

/// The largest request line with headers.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;
const HEADER_COUNT_LIMIT: usize = 1024;

/// Header fields in the order of arrival. Values are bytes, because signatures are over bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), value.into()));
    }

    /// The first value of that name, without surrounding blanks.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.bytes(name).map(String::from_utf8_lossy)
    }

    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_ascii())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// All fields as text.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        self.iter()
            .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect()
    }
}

/// The request line and the headers.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub method: String,
    /// The request target as it was sent.
    pub target: String,
    pub http_1_0: bool,
    pub headers: Headers,
}

impl Head {
    /// Whether the connection stays open: the client wants it to, and it is plain where the next request begins.
    pub fn keep_alive(&self) -> bool {
        if self.says_twice_where_the_body_ends() || self.has_a_body_without_meaning() {
            return false;
        }
        let connection = self.headers.get("connection").unwrap_or_default();
        let says = |word: &str| connection.split(',').any(|token| token.trim().eq_ignore_ascii_case(word));
        if self.http_1_0 { says("keep-alive") } else { !says("close") }
    }

    pub fn expects_continue(&self) -> bool {
        self.headers.get("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    fn says_twice_where_the_body_ends(&self) -> bool {
        ["content-length", "transfer-encoding"].iter().all(|name| self.headers.bytes(name).is_some())
    }

    /// OSS answers such a request without waiting for the body that it announces: some signed URLs make clients announce one.
    fn has_a_body_without_meaning(&self) -> bool {
        let announces = self.headers.bytes("transfer-encoding").is_some()
            || self.headers.bytes("content-length").is_some_and(|length| length != b"0");
        self.takes_no_body() && announces
    }

    /// A body of such a request is not read.
    pub fn takes_no_body(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "DELETE")
    }

    /// How the body is delimited. Chunks win over a length, which the official C SDK sends with them.
    pub fn framing(&self) -> Result<Framing, String> {
        let chunked = self.is_chunked()?;
        let mut length: Option<u64> = None;
        for (name, value) in self.headers.iter() {
            if !name.eq_ignore_ascii_case("content-length") {
                continue;
            }
            let value = std::str::from_utf8(value.trim_ascii())
                .ok()
                .and_then(number)
                .ok_or("Content-Length is not a number.")?;
            if length.is_some_and(|other| other != value) {
                return Err("There are two different values of Content-Length.".to_owned());
            }
            length = Some(value);
        }
        match length {
            _ if self.has_a_body_without_meaning() => Ok(Framing::None),
            _ if chunked => Ok(Framing::Chunked),
            Some(length) => Ok(Framing::Length(length)),
            None => Ok(Framing::None),
        }
    }

    fn is_chunked(&self) -> Result<bool, String> {
        let mut encodings =
            self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
        let Some((_, encoding)) = encodings.next() else { return Ok(false) };
        if self.http_1_0 {
            return Err("There is no Transfer-Encoding in HTTP/1.0.".to_owned());
        }
        let encoding = String::from_utf8_lossy(encoding.trim_ascii());
        if !encoding.eq_ignore_ascii_case("chunked") || encodings.next().is_some() {
            return Err("The only Transfer-Encoding that is supported is chunked, once.".to_owned());
        }
        Ok(true)
    }
}

/// How a request's body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum HeadError {
    /// The connection ended between two requests, or broke.
    Closed,
    /// What arrived is not a request; the reason is for the reply.
    Malformed(String),
}

/// A connection with a buffer before it.
pub(crate) struct Wire<S> {
    pub stream: S,
    buffer: Vec<u8>,
    start: usize,
}

impl<S: Read + Write> Wire<S> {
    pub fn new(stream: S) -> Wire<S> {
        Wire { stream, buffer: Vec::new(), start: 0 }
    }

    fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Reads more into the buffer; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let old = self.buffer.len();
        self.buffer.resize(old + 8 * 1024, 0);
        let read = retry_interrupted(|| self.stream.read(&mut self.buffer[old..]));
        self.buffer.truncate(old + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }

    /// Reads bytes, the buffered ones first. `Ok(0)` is the end of the stream.
    pub fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let buffered = self.buffered();
        if buffered.is_empty() {
            return retry_interrupted(|| self.stream.read(out));
        }
        let count = buffered.len().min(out.len());
        out[..count].copy_from_slice(&buffered[..count]);
        self.start += count;
        Ok(count)
    }

    /// Reads the next request's head. `on_start` runs when its first byte is there.
    pub fn read_head(&mut self, on_start: impl FnOnce()) -> Result<Head, HeadError> {
        let mut on_start = Some(on_start);
        loop {
            // Blank lines before a request line are to be ignored.
            while self.buffered().starts_with(b"\r\n") {
                self.start += 2;
            }
            if !self.buffered().is_empty() {
                if let Some(on_start) = on_start.take() {
                    on_start();
                }
                if let Some((head, length)) = parse_head(self.buffered())? {
                    self.start += length;
                    return Ok(head);
                }
                if self.buffered().len() >= HEAD_LIMIT {
                    return Err(HeadError::Malformed("The request head is too large.".into()));
                }
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) | Err(_) => return Err(HeadError::Closed),
            }
        }
    }
}

pub(crate) fn retry_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// The head at the start of `bytes` and its length; `None` if it is not complete yet.
fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, HeadError> {
    let mut fields = vec![httparse::EMPTY_HEADER; HEADER_COUNT_LIMIT];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => {
            let mut headers = Headers::default();
            for field in request.headers.iter() {
                headers.push(field.name, field.value);
            }
            let head = Head {
                method: request.method.unwrap_or_default().to_owned(),
                target: request.path.unwrap_or_default().to_owned(),
                http_1_0: request.version == Some(0),
                headers,
            };
            Ok(Some((head, length)))
        }
        Err(error) => Err(HeadError::Malformed(format!("The request is not HTTP/1.1: {error}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_head_without_end_is_refused_at_the_limit() {
        let mut request = b"GET / HTTP/1.1\r\nA: ".to_vec();
        request.resize(HEAD_LIMIT + 10_000, b'x');
        let result = Wire::new(Cursor::new(request)).read_head(|| {});
        assert!(matches!(result, Err(HeadError::Malformed(_))));
    }
}
