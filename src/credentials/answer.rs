//! The key that a service or a program answers with, in JSON.

use super::json::Document;
use super::key::AccessKey;
use super::provider::NoKey;
use crate::transport::{Ask, Errand, Patience, Trust};
use crate::wire::date;
use crate::wire::mistake::shown;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// No answer with a key in it is longer. With one byte more, which shows that one is, it is no more memory than there always is.
pub(super) const LARGEST: usize = (64 << 10) - 1;

/// The end of a key of which nothing else is said, as late as a date can be: it serves until OSS refuses it.
pub(super) const UNTIL_REFUSED: i64 = 253_402_300_799;

/// What a service answers.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Asks a service, for a caller of this patience, which is to answer within `time`. Whoever asks is named in messages.
pub(super) fn ask(
    who: &str,
    url: Url,
    ask: Ask,
    patience: &Patience,
    time: Duration,
) -> Result<Answer, NoKey> {
    let patience = patience.within(time);
    let errand = Errand { url, ask, patience, largest: LARGEST, trust: Trust::default() };
    match errand.run() {
        Ok(reply) => Ok(Answer { status: reply.status, body: Zeroizing::new(reply.body) }),
        Err(failure) => Err(NoKey::because(failure.cause, format!("{who}: {}", failure.message))),
    }
}

impl Answer {
    /// What it says, if it is a success.
    pub(super) fn document(&self, who: &str) -> Result<Document, NoKey> {
        if self.status != 200 {
            return Err(NoKey::new(format!("{who}: the server answered with HTTP status {}", self.status)));
        }
        document(who, &self.body)
    }
}

/// What the JSON of an answer says.
pub(super) fn document(who: &str, json: &[u8]) -> Result<Document, NoKey> {
    Document::parse(json).ok_or_else(|| NoKey::new(format!("{who}: the answer is no JSON")))
}

/// The key in a document, in the words of services or of profiles.
pub(super) fn key(who: &str, document: &Document) -> Result<AccessKey, NoKey> {
    if let Some(code) = document.text(&["Code"]).filter(|code| *code != "Success") {
        return Err(NoKey::new(format!("{who}: the answer's Code is {}", shown(code))));
    }
    let missing = |name: &str| NoKey::new(format!("{who}: the answer holds no {name}"));
    let id = document.text(&["AccessKeyId", "access_key_id"]).ok_or_else(|| missing("AccessKeyId"))?;
    let secret = document.text(&["AccessKeySecret", "access_key_secret"]);
    let secret = secret.ok_or_else(|| missing("AccessKeySecret"))?;
    let token = document.text(&["SecurityToken", "sts_token"]);
    let end = document.text(&["Expiration", "expiration"]);
    let expires_at = match end {
        None => UNTIL_REFUSED,
        Some(end) => date::parse_iso8601(end).ok_or_else(|| undated(who))?,
    };
    let key = AccessKey::new(id, secret, token).map_err(|mistake| NoKey::new(format!("{who}: {mistake}")))?;
    Ok(key.expiring(Some(expires_at)))
}

/// The same for a key that has a token and an end, as all keys of roles have.
pub(super) fn temporary_key(who: &str, document: &Document) -> Result<AccessKey, NoKey> {
    let key = key(who, document)?;
    match ["SecurityToken", "Expiration"].iter().find(|name| document.text(&[name]).is_none()) {
        Some(name) => Err(NoKey::new(format!("{who}: the answer holds no {name}"))),
        None => Ok(key),
    }
}

fn undated(who: &str) -> NoKey {
    NoKey::new(format!("{who}: the answer's Expiration is no date of the form 2026-01-01T00:00:00Z"))
}
