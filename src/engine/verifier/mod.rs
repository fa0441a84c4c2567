//! Verifying callback requests for the server that receives them, with the key that the service publishes.

mod keys;

use crate::callback::verify::{self, Claim, Forgery, PEM_MAX, PublicKey};
use crate::engine::bucket::Limits;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::transport::{Ask, Deadline, Errand, Patience, Trust};
use crate::wire::mistake::{Mistake, shown};
use keys::Keys;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Where the service publishes its key. The slash belongs to it: without it any host that begins like this would do.
const OFFICIAL: [&str; 2] = ["https://gosspublic.alicdn.com/", "http://gosspublic.alicdn.com/"];
/// OSS gives the application server five seconds in all.
const FETCH_TIME: Duration = Duration::from_secs(3);
const LONGEST_FETCH: Duration = Duration::from_secs(60);
/// No key has a longer name. Whoever sends a request may name one, and it is remembered.
const LONGEST_NAME: usize = 1024;
/// The content of a key's URL does not change.
const CACHE_TIME: Duration = Duration::from_secs(24 * 3600);
const LONGEST_CACHE: Duration = Duration::from_secs(365 * 24 * 3600);
/// The one way of signing that is documented, and that is known here.
const SIGNATURE_VERSION: &str = "1.0";

/// Verifies callback requests. Shared by any number of threads once it is set up.
#[derive(Clone)]
pub struct Verifier {
    fixed: Option<PublicKey>,
    /// Instead of the official places.
    prefixes: Vec<String>,
    fetch_time: Duration,
    cache_time: Duration,
    trust: Trust,
    limits: Limits,
    keys: Arc<Keys>,
}

/// A callback request, as it came over the wire.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallbackRequest<'a> {
    /// Path and query of the request line.
    pub target: &'a [u8],
    /// The raw body.
    pub body: &'a [u8],
    /// The header `Authorization`; empty if there is none.
    pub authorization: &'a str,
    /// The header `x-oss-pub-key-url`; empty if there is none.
    pub pub_key_url: &'a str,
    /// The header `x-oss-signature-version`; empty if there is none.
    pub signature_version: &'a str,
}

impl Default for Verifier {
    fn default() -> Verifier {
        Verifier {
            fixed: None,
            prefixes: Vec::new(),
            fetch_time: FETCH_TIME,
            cache_time: CACHE_TIME,
            trust: Trust::default(),
            limits: Limits::default(),
            keys: Arc::default(),
        }
    }
}

impl Verifier {
    /// The one key to believe, whatever a request names. Nothing is fetched then.
    pub fn set_public_key(&mut self, pem: &str) -> Result<(), Mistake> {
        self.fixed = Some(PublicKey::from_pem(pem)?);
        Ok(())
    }

    /// A place where keys may be, instead of the official one.
    pub fn add_key_prefix(&mut self, prefix: &str) -> Result<(), Mistake> {
        let url = Url::parse(prefix).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        // Only what is read as it is written can be compared letter by letter.
        if !prefix.ends_with('/') || url.is_none_or(|url| url.as_str() != prefix) {
            return Err(Mistake::new(format!(
                "{prefix:?} is not a URL of the form https://host/ or https://host/folder/, slash included"
            )));
        }
        self.prefixes.push(prefix.to_owned());
        Ok(())
    }

    /// How long it may take to fetch a key.
    pub fn set_fetch_time(&mut self, time: Duration) -> Result<(), Mistake> {
        if time.is_zero() || time > LONGEST_FETCH {
            let longest = LONGEST_FETCH.as_millis();
            return Err(Mistake::new(format!(
                "{} ms for fetching a key are not from 1 to {longest}",
                time.as_millis()
            )));
        }
        self.fetch_time = time;
        Ok(())
    }

    /// How long a key is kept; zero to fetch it each time.
    pub fn set_cache_time(&mut self, time: Duration) -> Result<(), Mistake> {
        if time > LONGEST_CACHE {
            return Err(Mistake::new(format!("{} s are too long for keeping a key", time.as_secs())));
        }
        self.cache_time = time;
        Ok(())
    }

    /// The PEM file with the certificates to trust instead of the system's.
    pub fn set_ca_file(&mut self, path: impl Into<PathBuf>) -> Result<(), Mistake> {
        let path = path.into();
        if path.as_os_str().is_empty() {
            return Err(Mistake::new("the path of the CA file is empty"));
        }
        self.trust.ca_file = Some(path);
        // What another trust brought is not for this one, nor the other way round.
        self.keys = Arc::default();
        Ok(())
    }

    /// The same verifier, whose calls are bound to other limits. The two share the keys that they fetch.
    pub fn with_limits(&self, limits: Limits) -> Verifier {
        Verifier { limits, ..self.clone() }
    }

    /// Whether a request comes from OSS, if that can be found out.
    pub fn verify(&self, request: &CallbackRequest<'_>) -> Outcome {
        if !matches!(request.signature_version, "" | SIGNATURE_VERSION) {
            let version = shown(request.signature_version);
            let message = format!(
                "the request is signed in the way {version}, and only {SIGNATURE_VERSION:?} is known here"
            );
            return Outcome::new(Status::BadResponse, Stored::No, message);
        }
        // Nobody makes us fetch a key for what no key can have signed.
        let claim = match Claim::new(request.target, request.body, request.authorization) {
            Ok(claim) => claim,
            Err(forgery) => return forgery.into(),
        };
        let key = match &self.fixed {
            Some(key) => Ok(key.clone()),
            None => self.key(request.pub_key_url),
        };
        match key {
            Ok(key) => outcome_of(claim.verify(&key)),
            Err(outcome) => *outcome,
        }
    }

    fn key(&self, pub_key_url: &str) -> Result<PublicKey, Box<Outcome>> {
        let url = verify::key_url(pub_key_url).ok_or_else(|| forged("the URL of the key is not Base64"))?;
        if !self.accepts(&url) {
            return Err(forged("the key is not where the service publishes its keys"));
        }
        let Ok(url) = Url::parse(&url) else { return Err(forged("the URL of the key is none")) };
        let patience = Patience {
            timeout: Deadline::after(Some(self.fetch_time)),
            deadline: Deadline::after(self.limits.deadline.flatten()),
            cancels: self.limits.cancel.iter().cloned().collect(),
        };
        let trust = self.trust.clone();
        let errand = Errand { url, ask: Ask::default(), patience, largest: PEM_MAX, trust };
        self.keys.get(&errand, self.cache_time)
    }

    fn accepts(&self, url: &str) -> bool {
        let names_key = |rest: &str| rest.len() <= LONGEST_NAME && is_plain(rest);
        let begins = |prefix: &str| url.strip_prefix(prefix).is_some_and(names_key);
        match self.prefixes.as_slice() {
            [] => OFFICIAL.iter().any(|prefix| begins(prefix)),
            own => own.iter().any(|prefix| begins(prefix)),
        }
    }
}

/// Whether a request was signed with the private half of `key`.
pub fn verify_with(key: &PublicKey, target: &[u8], body: &[u8], authorization: &str) -> Outcome {
    outcome_of(verify::verify(key, target, body, authorization))
}

fn outcome_of(verified: Result<(), Forgery>) -> Outcome {
    verified.map_or_else(Outcome::from, |()| Outcome::new(Status::Ok, Stored::No, ""))
}

impl From<Forgery> for Outcome {
    fn from(forgery: Forgery) -> Outcome {
        *match forgery {
            Forgery::NotBase64 => forged("the signature is not Base64"),
            Forgery::WrongLength(length) => {
                forged(&format!("the signature has {length} bytes, as none under the key has"))
            }
            Forgery::LineEnd => forged("the target has a line end in it, as none that OSS sends"),
            Forgery::WrongSignature => forged("the signature is not that of this request"),
        }
    }
}

fn forged(message: &str) -> Box<Outcome> {
    Box::new(Outcome::new(Status::NotAuthentic, Stored::No, message))
}

/// Whether the rest of a URL leads no way back out of its folder, in no spelling of it.
fn is_plain(rest: &str) -> bool {
    rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
        && !rest.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(prefixes: &[&str], url: &str) -> bool {
        let mut verifier = Verifier::default();
        prefixes.iter().for_each(|prefix| verifier.add_key_prefix(prefix).unwrap());
        verifier.accepts(url)
    }

    #[test]
    fn only_the_official_place_is_believed_unless_others_are_named() {
        assert!(accepts(&[], "http://gosspublic.alicdn.com/callback_pub_key_v1.pem"));
        assert!(accepts(&[], "https://gosspublic.alicdn.com/callback_pub_key_v1.pem"));
        for foreign in [
            "http://gosspublic.alicdn.com.evil.example/key.pem",
            "http://gosspublic.alicdn.com@evil.example/key.pem",
            "http://gosspublic.alicdn.com:80/key.pem",
            "http://gosspublic.alicdn.com",
            "HTTP://gosspublic.alicdn.com/key.pem",
            "ftp://gosspublic.alicdn.com/key.pem",
            "http://gosspublic.alicdn.com/../key.pem",
            "http://gosspublic.alicdn.com/%2e%2e/key.pem",
            "http://gosspublic.alicdn.com/\\evil.example/key.pem",
            "http://gosspublic.alicdn.com/key.pem?redirect=evil",
            "http://gosspublic.alicdn.com/key.pem#",
            "http://evil.example/http://gosspublic.alicdn.com/key.pem",
            "",
        ] {
            assert!(!accepts(&[], foreign), "{foreign}");
        }
        let named = |length: usize| format!("https://gosspublic.alicdn.com/{}", "k".repeat(length));
        assert!(accepts(&[], &named(LONGEST_NAME)) && !accepts(&[], &named(LONGEST_NAME + 1)));
        assert!(accepts(&["https://keys.example/oss/"], "https://keys.example/oss/v1.pem"));
        assert!(!accepts(&["https://keys.example/oss/"], "https://keys.example/v1.pem"));
        assert!(!accepts(&["https://keys.example/"], "http://gosspublic.alicdn.com/callback_pub_key_v1.pem"));
    }

    #[test]
    fn prefix_that_cannot_be_compared_is_refused() {
        for prefix in [
            "https://keys.example",
            "keys.example/",
            "ftp://keys.example/",
            "https://keys.example/a/../",
            "https:///",
            "",
        ] {
            assert!(Verifier::default().add_key_prefix(prefix).is_err(), "{prefix}");
        }
    }
}
