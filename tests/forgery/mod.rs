//! Callback requests that were signed, and all that can be made of them without the right to.

pub mod authentic;
pub mod forge;
mod keys;
pub mod meaning;
pub mod mutate;
mod number;
pub mod places;

use std::fmt;

/// What is given to the verifier.
#[derive(Clone, PartialEq, Eq)]
pub struct Input {
    pub key: Key,
    pub target: Vec<u8>,
    pub body: Vec<u8>,
    pub authorization: Vec<u8>,
}

/// Where the verifier gets the key from.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// From its user.
    Pem(Vec<u8>),
    /// From the place that the request names.
    Named(Vec<u8>),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::Pem(pem) => writeln!(f, "key: {}", pem.escape_ascii())?,
            Key::Named(url) => writeln!(f, "x-oss-pub-key-url: {}", url.escape_ascii())?,
        }
        writeln!(f, "target: {}", self.target.escape_ascii())?;
        writeln!(f, "authorization: {}", self.authorization.escape_ascii())?;
        write!(f, "body: {}", self.body.escape_ascii())
    }
}
