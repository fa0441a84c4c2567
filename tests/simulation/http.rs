//! HTTP as far as this server needs it: requests with a known length, read in two steps, and replies.

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::percent_decode_str;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// The head of a request.
#[derive(Debug, Default)]
pub struct Head {
    pub method: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The next one; none at the end of the connection, or if what comes is none.
    pub fn read(from: &mut BufReader<TcpStream>) -> Option<Head> {
        let first = line(from)?;
        let (method, rest) = first.split_once(' ')?;
        let target = rest.split(' ').next()?;
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let mut head = Head { method: method.to_owned(), query: pairs(query), headers: Vec::new() };
        loop {
            let line = line(from)?;
            if line.is_empty() {
                return Some(head);
            }
            let (name, value) = line.split_once(':')?;
            head.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    pub fn length(&self) -> usize {
        self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }

    /// All of the body.
    pub fn body(&self, from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
        let mut body = vec![0; self.length()];
        from.read_exact(&mut body)?;
        Ok(body)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn line(from: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    from.read_line(&mut line).ok().filter(|length| *length > 0)?;
    line.truncate(line.trim_end().len());
    Some(line)
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        (decoded(name), decoded(value))
    };
    query.split('&').filter(|text| !text.is_empty()).map(pair).collect()
}

/// A reply.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// What a HEAD says of a body that does not come.
    pub length: Option<usize>,
    /// Whether it goes on to the end of the connection, without saying how long it is.
    pub to_the_end: bool,
}

impl Reply {
    pub fn new(status: u16) -> Reply {
        Reply { status, ..Reply::default() }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Reply {
        self.headers.push((name, value.to_string()));
        self
    }

    pub fn saying(self, body: impl Into<Vec<u8>>) -> Reply {
        Reply { body: body.into(), ..self }
    }

    /// As it is sent; to a HEAD without the body, for which OSS has a header.
    pub fn bytes(&self, to_head: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let length = self.length.unwrap_or(self.body.len());
        let _ = write!(bytes, "HTTP/1.1 {} -\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(bytes, "{name}: {value}\r\n");
        }
        if to_head && !self.body.is_empty() {
            let _ = write!(bytes, "x-oss-err: {}\r\n", BASE64_STANDARD.encode(&self.body));
        }
        if self.status != 204 && !self.to_the_end {
            let _ = write!(bytes, "Content-Length: {length}\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        if !to_head && self.status != 204 {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// The fields of a form and, as `file`, what is uploaded.
pub fn form_fields(content_type: &str, body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let boundary = content_type.split("boundary=").nth(1).unwrap_or_default();
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut fields = Vec::new();
    for piece in split(body, &mark) {
        let Some(gap) = position(piece, b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&piece[..gap]);
        let Some(name) = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        let value = &piece[gap + 4..];
        fields.push((name.to_owned(), value.strip_suffix(b"\r\n").unwrap_or(value).to_vec()));
    }
    fields
}

fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while let Some(at) = position(rest, mark) {
        pieces.push(&rest[..at]);
        rest = &rest[at + mark.len()..];
    }
    pieces
}

fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
