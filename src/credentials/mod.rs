//! Who signs: access keys, and where they come from.

use crate::sign::Identity;
use crate::wire::header;
use crate::wire::mistake::Mistake;
use std::{env, fmt};
use zeroize::Zeroizing;

/// Pairs of variables that hold an access key, with the one for the security token: OSS's own come first.
const ENVIRONMENT: [[&str; 3]; 2] = [
    ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"],
    ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"],
];

/// An access key, with a security token if it is a temporary one. Wiped from memory when dropped.
pub struct Credentials {
    access_key_id: String,
    access_key_secret: Zeroizing<String>,
    security_token: Option<Zeroizing<String>>,
}

impl Credentials {
    /// White space around the values is cut off: it comes from files and shells, never from a key.
    pub fn new(id: &str, secret: &str, security_token: Option<&str>) -> Result<Credentials, Mistake> {
        let security_token = security_token.map(str::trim).filter(|token| !token.is_empty());
        let credentials = Credentials {
            access_key_id: id.trim().to_owned(),
            access_key_secret: Zeroizing::new(secret.trim().to_owned()),
            security_token: security_token.map(|token| Zeroizing::new(token.to_owned())),
        };
        if credentials.access_key_id.is_empty() {
            return Err(Mistake::new("the access key id is empty"));
        }
        if credentials.access_key_secret.is_empty() {
            return Err(Mistake::new("the access key secret is empty"));
        }
        // Both travel in headers; the message must not repeat the token, which is a secret.
        if header::check_value(&credentials.access_key_id).is_err() {
            return Err(Mistake::new("the access key id holds a control character"));
        }
        if security_token.is_some_and(|token| header::check_value(token).is_err()) {
            return Err(Mistake::new("the security token holds a control character"));
        }
        Ok(credentials)
    }

    /// Reads `OSS_ACCESS_KEY_ID` and its companions, or else `ALIBABA_CLOUD_ACCESS_KEY_ID` and its.
    pub fn from_environment() -> Result<Credentials, Mistake> {
        for [id, secret, token] in ENVIRONMENT {
            let (Some(id_value), Some(secret_value)) = (variable(id), variable(secret)) else { continue };
            return Credentials::new(
                &id_value,
                &secret_value,
                variable(token).as_ref().map(|token| token.as_str()),
            );
        }
        Err(Mistake::new(
            "the environment holds neither OSS_ACCESS_KEY_ID with OSS_ACCESS_KEY_SECRET nor \
             ALIBABA_CLOUD_ACCESS_KEY_ID with ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        ))
    }

    /// The key as signing wants it.
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            access_key_id: &self.access_key_id,
            access_key_secret: &self.access_key_secret,
            security_token: self.security_token.as_ref().map(|token| token.as_str()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").finish_non_exhaustive()
    }
}

fn variable(name: &str) -> Option<Zeroizing<String>> {
    env::var(name).ok().filter(|value| !value.trim().is_empty()).map(Zeroizing::new)
}
