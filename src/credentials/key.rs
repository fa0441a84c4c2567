//! An access key, and how long it is good for.

use crate::sign::Identity;
use crate::wire::header;
use crate::wire::mistake::Mistake;
use std::fmt;
use zeroize::Zeroizing;

/// What the ids of temporary keys begin with.
const TEMPORARY: &str = "STS.";

/// An access key, with a security token if it is a temporary one. Wiped from memory when dropped.
pub struct AccessKey {
    id: Zeroizing<String>,
    secret: Zeroizing<String>,
    token: Option<Zeroizing<String>>,
    expires_at: Option<i64>,
}

impl AccessKey {
    /// White space around the values is cut off: it comes from files and shells, never from a key.
    pub fn new(id: &str, secret: &str, token: Option<&str>) -> Result<AccessKey, Mistake> {
        let kept = |value: &str| Zeroizing::new(value.to_owned());
        let (id, secret) = (id.trim(), secret.trim());
        let token = token.map(str::trim).filter(|token| !token.is_empty());
        if id.is_empty() {
            return Err(Mistake::new("the access key id is empty"));
        }
        if secret.is_empty() {
            return Err(Mistake::new("the access key secret is empty"));
        }
        // Both travel in headers; the message must not repeat the token, which is a secret.
        if header::control_character(id).is_some() {
            return Err(Mistake::new("the access key id holds a control character"));
        }
        if token.is_some_and(|token| header::control_character(token).is_some()) {
            return Err(Mistake::new("the security token holds a control character"));
        }
        if id.starts_with(TEMPORARY) && token.is_none() {
            return Err(Mistake::new(
                "the access key id is that of a temporary key, which is of no use without its security token",
            ));
        }
        Ok(AccessKey { id: kept(id), secret: kept(secret), token: token.map(kept), expires_at: None })
    }

    /// The same key, which OSS takes until then, in seconds since 1970, if that is known.
    pub fn expiring(self, expires_at: Option<i64>) -> AccessKey {
        AccessKey { expires_at, ..self }
    }

    /// Until when OSS takes it, in seconds since 1970, if that is known.
    pub fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// The key as signing wants it.
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            access_key_id: &self.id,
            access_key_secret: &self.secret,
            security_token: self.token.as_ref().map(|token| token.as_str()),
        }
    }

    /// Whether the other is the same key, whatever is said of its life.
    pub fn is_same(&self, other: &AccessKey) -> bool {
        self.id == other.id && self.secret == other.secret && self.token == other.token
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AccessKey").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
