//! What stands in for services that give keys: on loopback, and with whatever answers a test wants.

use super::raw_server::{RawServer, length_of_body};
use oss_upload::credentials::Surroundings;
use oss_upload::engine::Cancel;
use oss_upload::transport::{Deadline, Patience};
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is nowhere to be seen but in requests.
pub const SECRET: &str = "the-secret";
pub const TOKEN: &str = "the-security-token";

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub head: String,
    pub body: String,
}

impl Asked {
    /// Method and target.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap().trim_end_matches(" HTTP/1.1")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A service that answers each request as it is told to, or hangs.
pub struct KeyService {
    server: RawServer,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl KeyService {
    pub fn start(answer: impl Fn(&Asked) -> Option<Vec<u8>> + Send + Sync + 'static) -> KeyService {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let server = RawServer::start(false, move |mut connection| {
            while let Some(head) = connection.read_head() {
                let mut body = vec![0; length_of_body(&head)];
                connection.read_exact(&mut body).unwrap();
                let request = Asked { head, body: String::from_utf8(body).unwrap() };
                log.lock().unwrap().push(request.clone());
                match answer(&request) {
                    Some(answer) => connection.say(&answer),
                    None => return connection.hold(),
                };
            }
        });
        KeyService { server, asked }
    }

    /// With a slash at its end.
    pub fn url(&self) -> String {
        format!("{}/", self.server.endpoint())
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.line().to_owned()).collect()
    }
}

/// An HTTP reply.
pub fn reply(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A key that ends then, in the words of the metadata service.
pub fn key_json(id: &str, end: &str) -> String {
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "{id}", "AccessKeySecret": "{SECRET}",
            "SecurityToken": "{TOKEN}", "Expiration": "{end}", "LastUpdated": "2026-01-01T00:00:00Z"}}"#
    )
}

/// An environment of which this is all.
pub fn environment(variables: &[(&str, &str)]) -> Surroundings {
    Surroundings::of(|name| {
        let variable = variables.iter().find(|(other, _)| *other == name);
        variable.map(|(_, value)| value.as_bytes().to_vec())
    })
}

/// That of a caller who waits no longer than this.
pub fn patience(time: Duration) -> Patience {
    Patience {
        timeout: Deadline::after(None),
        deadline: Deadline::after(Some(time)),
        cancels: vec![Cancel::default()],
    }
}
