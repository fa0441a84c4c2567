//! What any operation asks of a request: headers that are there once, and a body that is what it is said to be.

use std::collections::BTreeSet;

use super::context::Context;
use super::headers::KEPT;
use crate::digest::md5;
use crate::errors::OssError;
use crate::operation::{Body, is_condition};
use crate::text::base64_encode;

/// Headers of HTTP's of which one counts, besides those that are kept with an object, and conditions.
const SINGLE: &[&str] = &["authorization", "content-md5", "date", "host", "range"];

impl Context<'_> {
    /// Refuses what is there twice and would count once.
    pub(super) fn refuse_repeated_headers(&self) -> Result<(), OssError> {
        let mut seen = BTreeSet::new();
        for (name, value) in self.head.headers.iter() {
            let lower = name.to_ascii_lowercase();
            if counts_once(&lower) && !seen.insert(lower) {
                let message = format!("There is more than one header {name}.");
                return Err(OssError::argument(name, &String::from_utf8_lossy(value), message));
            }
        }
        Ok(())
    }

    /// Refuses a body that is not the one which `Content-MD5` tells of, and one that the operation would pass over.
    pub(super) fn check_body(&self, body: &[u8]) -> Result<(), OssError> {
        if self.head.takes_no_body() {
            return Ok(());
        }
        let given = self.header("content-md5");
        if let Some(given) = given.filter(|given| *given != base64_encode(&md5(body))) {
            return Err(OssError::new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
                .detail("Content-MD5", given));
        }
        let operation = self.meaning.operation;
        if operation.body() == Body::Nothing && !body.is_empty() {
            let message = format!("The emulator does not know a body of {}.", operation.name());
            return Err(OssError::not_implemented(message));
        }
        Ok(())
    }
}

fn counts_once(name: &str) -> bool {
    name.starts_with("x-oss-") || KEPT.contains(&name) || is_condition(name) || SINGLE.contains(&name)
}
