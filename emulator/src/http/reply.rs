//! Replies, as far as they are the same for all operations.

use crate::text::bytes_of_text;

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

    /// The head as bytes. Line ends in values, which would split the reply, become blanks, and so does NUL.
    pub fn head_bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(format!("{name}: ").as_bytes());
            head.extend(bytes_of_text(value).into_iter().map(in_line));
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

fn in_line(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' | 0 => b' ',
        other => other,
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

    #[test]
    fn a_header_value_cannot_split_a_reply() {
        for end in ["\r\n", "\0\n", "\u{10FF0D}\u{10FF0A}"] {
            let reply = Reply::new(200).with("x-oss-meta-a", &format!("b{end}Evil: yes"));
            let head = String::from_utf8(reply.head_bytes()).unwrap();
            assert_eq!(head, "HTTP/1.1 200 OK\r\nx-oss-meta-a: b  Evil: yes\r\n\r\n");
        }
    }
}
