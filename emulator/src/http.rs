//! HTTP/1.1 as far as the emulator speaks it: heads, bodies and replies.
//!
//! It is written out by hand, because faults need a hold on every byte.

use std::borrow::Cow;
use std::io::{self, Read, Write};

/// The largest request line with headers.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;
const HEADER_COUNT_LIMIT: usize = 1024;
const CHUNK_LINE_LIMIT: usize = 8 * 1024;

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
    /// Whether the client wants the connection to stay open.
    pub fn keep_alive(&self) -> bool {
        let connection = self.headers.get("connection").unwrap_or_default();
        let says = |word: &str| connection.split(',').any(|token| token.trim().eq_ignore_ascii_case(word));
        if self.http_1_0 { says("keep-alive") } else { !says("close") }
    }

    pub fn expects_continue(&self) -> bool {
        self.headers.get("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// How the body is delimited. Anything that two servers could read differently is refused.
    pub fn framing(&self) -> Result<Framing, String> {
        let chunked = match self.headers.get("transfer-encoding") {
            None => false,
            Some(value) if value.eq_ignore_ascii_case("chunked") => true,
            Some(value) => return Err(format!("Transfer-Encoding {value} is not supported.")),
        };
        let mut length: Option<u64> = None;
        for (name, value) in self.headers.iter() {
            if !name.eq_ignore_ascii_case("content-length") {
                continue;
            }
            let value = std::str::from_utf8(value.trim_ascii())
                .ok()
                .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .ok_or("Content-Length is not a number.")?;
            if length.is_some_and(|other| other != value) {
                return Err("There are two different values of Content-Length.".to_owned());
            }
            length = Some(value);
        }
        match (chunked, length) {
            (true, Some(_)) => Err("Content-Length and Transfer-Encoding exclude each other.".to_owned()),
            (true, None) => Ok(Framing::Chunked),
            (false, Some(length)) => Ok(Framing::Length(length)),
            (false, None) => Ok(Framing::None),
        }
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

    /// A line of a chunked body, without its line end.
    fn read_line(&mut self) -> Result<String, BodyError> {
        loop {
            if let Some(length) = self.buffered().iter().position(|&byte| byte == b'\n') {
                let line = String::from_utf8_lossy(&self.buffered()[..length]).into_owned();
                self.start += length + 1;
                return Ok(line.trim_end_matches('\r').to_owned());
            }
            if self.buffered().len() >= CHUNK_LINE_LIMIT {
                return Err(BodyError::Malformed("A chunk's first line is too long.".into()));
            }
            if !self.fill().map_err(|_| BodyError::Closed)? {
                return Err(BodyError::Closed);
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

/// Why a body could not be read to its end.
#[derive(Debug)]
pub(crate) enum BodyError {
    Closed,
    Malformed(String),
}

/// Reads one request's body off a connection.
pub(crate) struct BodyReader<'a, S> {
    wire: &'a mut Wire<S>,
    state: BodyState,
}

enum BodyState {
    Remaining(u64),
    ChunkStart,
    InChunk(u64),
    End,
}

impl<'a, S: Read + Write> BodyReader<'a, S> {
    pub fn new(wire: &'a mut Wire<S>, framing: Framing) -> BodyReader<'a, S> {
        let state = match framing {
            Framing::None | Framing::Length(0) => BodyState::End,
            Framing::Length(length) => BodyState::Remaining(length),
            Framing::Chunked => BodyState::ChunkStart,
        };
        BodyReader { wire, state }
    }

    /// Reads some bytes; `Ok(0)` is the end of the body. `out` must not be empty.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, BodyError> {
        loop {
            match self.state {
                BodyState::End => return Ok(0),
                BodyState::Remaining(left) => {
                    let read = self.read_some(out, left)?;
                    self.state = match left - read as u64 {
                        0 => BodyState::End,
                        left => BodyState::Remaining(left),
                    };
                    return Ok(read);
                }
                BodyState::ChunkStart => {
                    let line = self.wire.read_line()?;
                    let digits = line.split(';').next().unwrap_or_default().trim();
                    let length = u64::from_str_radix(digits, 16)
                        .ok()
                        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
                        .ok_or_else(|| BodyError::Malformed("A chunk's size is wrong.".into()))?;
                    if length > 0 {
                        self.state = BodyState::InChunk(length);
                    } else {
                        while !self.wire.read_line()?.is_empty() {}
                        self.state = BodyState::End;
                    }
                }
                BodyState::InChunk(0) => {
                    if !self.wire.read_line()?.is_empty() {
                        return Err(BodyError::Malformed("A chunk is longer than said.".into()));
                    }
                    self.state = BodyState::ChunkStart;
                }
                BodyState::InChunk(left) => {
                    let read = self.read_some(out, left)?;
                    self.state = BodyState::InChunk(left - read as u64);
                    return Ok(read);
                }
            }
        }
    }

    fn read_some(&mut self, out: &mut [u8], left: u64) -> Result<usize, BodyError> {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        match self.wire.read(&mut out[..room]) {
            Ok(0) | Err(_) => Err(BodyError::Closed),
            Ok(read) => Ok(read),
        }
    }
}

/// A reply, without the headers that every reply gets.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The `Content-Length` to write, where it is not the body's: replies to HEAD.
    pub content_length: Option<u64>,
}

impl Reply {
    pub fn new(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new(), content_length: None }
    }

    /// Sets a header; a former value of that name is replaced.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    pub fn with(mut self, name: &str, value: &str) -> Reply {
        self.set(name, value);
        self
    }

    pub fn body(mut self, content_type: &str, body: Vec<u8>) -> Reply {
        self.set("Content-Type", content_type);
        self.body = body;
        self
    }

    pub fn xml(status: u16, xml: String) -> Reply {
        Reply::new(status).body("application/xml", xml.into_bytes())
    }

    pub fn json(status: u16, json: &serde_json::Value) -> Reply {
        Reply::new(status).body("application/json", json.to_string().into_bytes())
    }

    /// The head as bytes. Line ends in values, which would split the reply, become blanks.
    pub fn head_bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let value = value.replace(['\r', '\n'], " ");
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        412 => "Precondition Failed",
        416 => "Requested Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn wire(bytes: &[u8]) -> Wire<Cursor<Vec<u8>>> {
        Wire::new(Cursor::new(bytes.to_vec()))
    }

    fn read_all(request: &[u8]) -> Result<Vec<u8>, String> {
        let mut wire = wire(request);
        let head = wire.read_head(|| {}).map_err(|error| format!("{error:?}"))?;
        let framing = head.framing()?;
        let mut reader = BodyReader::new(&mut wire, framing);
        let mut body = Vec::new();
        let mut buffer = [0; 3];
        loop {
            match reader.read(&mut buffer).map_err(|error| format!("{error:?}"))? {
                0 => return Ok(body),
                read => body.extend_from_slice(&buffer[..read]),
            }
        }
    }

    #[test]
    fn bodies_are_read_by_length_and_by_chunks() {
        let by_length = b"PUT /k HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloNEXT";
        assert_eq!(read_all(by_length).unwrap(), b"hello");
        let chunked = b"PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nhell\r\n1\r\no\r\n0\r\nA: b\r\n\r\n";
        assert_eq!(read_all(chunked).unwrap(), b"hello");
    }

    #[test]
    fn ambiguous_or_broken_bodies_are_refused() {
        for request in [
            "PUT / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "PUT / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
            "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
            "PUT / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell",
        ] {
            assert!(read_all(request.as_bytes()).is_err(), "{request:?}");
        }
    }

    #[test]
    fn a_head_without_end_is_refused_at_the_limit() {
        let mut request = b"GET / HTTP/1.1\r\nA: ".to_vec();
        request.resize(HEAD_LIMIT + 10_000, b'x');
        let result = wire(&request).read_head(|| {});
        assert!(matches!(result, Err(HeadError::Malformed(_))));
    }

    #[test]
    fn a_header_value_cannot_split_a_reply() {
        let reply = Reply::new(200).with("x-oss-meta-a", "b\r\nEvil: yes");
        let head = String::from_utf8(reply.head_bytes()).unwrap();
        assert_eq!(head, "HTTP/1.1 200 OK\r\nx-oss-meta-a: b  Evil: yes\r\n\r\n");
    }
}
