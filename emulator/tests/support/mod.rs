//! A client of the tests' own, which sees every byte.
#![allow(dead_code)]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use oss_emulator::{Config, Emulator};

/// Long enough for a loaded machine; a test that gets here has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An emulator that asks for no signatures.
pub fn start() -> Emulator {
    start_with(Config::default())
}

pub fn start_with(config: Config) -> Emulator {
    Emulator::start(Config { allow_anonymous: true, ..config }).unwrap()
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of an element of an XML body.
    pub fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let start = text.find(&format!("<{name}>"))? + name.len() + 2;
        let end = text[start..].find(&format!("</{name}>"))? + start;
        Some(text[start..end].to_owned())
    }
}

pub struct Client(pub TcpStream);

impl Client {
    pub fn connect(emulator: &Emulator) -> Client {
        Client::connect_to(emulator.port())
    }

    pub fn connect_to(port: u16) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client(stream)
    }

    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        self.0.write_all(&[head.as_bytes(), body].concat())
    }

    fn read_byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.0.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        loop {
            match self.read_byte()? {
                b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
                byte => line.push(byte),
            }
        }
    }

    pub fn receive(&mut self, to_head: bool) -> io::Result<Reply> {
        let status_line = self.read_line()?;
        let status = status_line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, status_line.clone()))?;
        let mut headers = Vec::new();
        loop {
            let line = self.read_line()?;
            match line.split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None if line.is_empty() => break,
                None => headers.push((line.trim_end_matches(':').to_owned(), String::new())),
            }
        }
        let mut reply = Reply { status, headers, body: Vec::new() };
        if to_head {
            return Ok(reply);
        }
        if reply.header("transfer-encoding") == Some("chunked") {
            loop {
                let length = usize::from_str_radix(&self.read_line()?, 16).map_err(io::Error::other)?;
                let mut chunk = vec![0; length];
                self.0.read_exact(&mut chunk)?;
                reply.body.extend_from_slice(&chunk);
                self.read_line()?;
                if length == 0 {
                    return Ok(reply);
                }
            }
        }
        let length = reply.header("content-length").map_or(0, |value| value.parse().unwrap());
        reply.body = vec![0; length];
        self.0.read_exact(&mut reply.body)?;
        Ok(reply)
    }

    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Reply> {
        self.send(method, target, headers, body)?;
        self.receive(method == "HEAD")
    }

    pub fn put(&mut self, target: &str, body: &[u8]) -> io::Result<Reply> {
        self.request("PUT", target, &[], body)
    }

    /// All that the server says until it closes the connection.
    pub fn receive_raw(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// True once the server has closed the connection properly; false if it was reset.
    pub fn ends_cleanly(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}"),
        }
    }
}

/// One request on a connection of its own.
pub fn once(emulator: &Emulator, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    Client::connect(emulator).request(method, target, headers, body).unwrap()
}

/// The same with a document, and its MD5.
pub fn send(emulator: &Emulator, method: &str, target: &str, document: &str) -> Reply {
    let digest = STANDARD.encode(Md5::digest(document.as_bytes()));
    once(emulator, method, target, &[("Content-MD5", &digest)], document.as_bytes())
}
