//! What is owed: that an application server hears of an upload.

use crate::callback::{Callback, Values};
use crate::engine::disk::{hex, sealed, unsealed};
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::wire::mistake::Mistake;
use crate::wire::random_id::random_id;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;
use std::time::Duration;

/// The form of the record; another one is not understood.
const FORMAT: u32 = 2;
/// The pause after the first try, which doubles with every one.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// An upload, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The URL of the object, without a query.
    pub url: String,
    /// The bucket; empty for an upload to a URL or by a form.
    pub bucket: String,
    /// The object; empty for an upload to a URL.
    pub key: String,
    /// The upload in parts that it was; empty if it was none.
    pub upload_id: String,
    /// What OSS calls what was asked of it.
    pub operation: String,
    pub mime_type: String,
    pub size: Option<u64>,
    pub crc64: Option<u64>,
    /// Without quotes; empty as long as it is not known.
    pub etag: String,
    /// The token that the object has.
    pub token: Option<String>,
}

/// What is owed for an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    format: u32,
    pub upload: Upload,
    pub callback: Callback,
    /// Whether the object is known to be stored.
    pub stored: bool,
    /// When this was written, in milliseconds since 1970 by the clock of whoever wrote it. So are all times here.
    noted_at: i64,
    /// When the call began.
    pub began_at: i64,
    /// Whether the call has not come back. It has ended if nobody is at the record, but nobody knows when.
    pub under_way: bool,
    /// When OSS is over with the last request that may have run the callback.
    pub over_at: i64,
    /// How often it was tried to make up for it.
    pub tries: u32,
    /// When it is to be tried next.
    pub due_at: i64,
    /// How the last try ended.
    pub message: String,
}

impl Debt {
    /// What is about to be owed at the time `now`.
    pub(crate) fn new(upload: Upload, callback: Callback, now: i64) -> Debt {
        Debt {
            format: FORMAT,
            upload,
            callback,
            stored: false,
            noted_at: now,
            began_at: now,
            under_way: true,
            over_at: 0,
            tries: 0,
            due_at: now,
            message: "the call has not come back".to_owned(),
        }
    }

    /// The same for an upload for which something is owed already.
    pub(super) fn after(self, before: &Debt) -> Debt {
        let (wanted, known) = (self.upload, before.upload.clone());
        let upload = Upload {
            mime_type: if wanted.mime_type.is_empty() { known.mime_type } else { wanted.mime_type },
            size: known.size.or(wanted.size),
            crc64: known.crc64.or(wanted.crc64),
            token: known.token.or(wanted.token),
            etag: known.etag,
            ..wanted
        };
        Debt { upload, stored: before.stored, began_at: before.began_at, ..self }
    }

    /// Notes how the call, or a try to make up for it, ended without an answer of the application server. OSS may be at it
    /// until `over_at`.
    pub(crate) fn note(&mut self, outcome: &Outcome, over_at: i64, now: i64) {
        self.noted_at = now;
        self.under_way = false;
        self.over_at = over_at;
        self.message.clone_from(&outcome.message);
        if outcome.stored == Stored::Yes {
            self.stored = true;
        }
        self.upload.crc64 = self.upload.crc64.or(outcome.crc64);
        if !outcome.etag().is_empty() {
            self.upload.etag = outcome.etag().to_owned();
        }
        self.due_at = match outcome.status {
            // It has run, and is over.
            Status::CallbackFailed => now,
            _ => over_at.max(now),
        };
    }

    /// Notes a try to make up for it that failed, and puts off the next one.
    pub(crate) fn note_try(&mut self, outcome: &Outcome, over_at: i64, now: i64) {
        self.note(outcome, over_at, now);
        let longest = SHORTEST_PAUSE.saturating_mul(1 << self.tries.min(20)).min(LONGEST_PAUSE);
        self.tries = self.tries.saturating_add(1);
        let pause = longest.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.put_off(pause, now);
        if outcome.stored == Stored::Unknown {
            self.due_at = self.due_at.max(over_at);
        }
    }

    /// Puts off the next try.
    pub(crate) fn put_off(&mut self, pause: Duration, now: i64) {
        self.noted_at = now;
        self.due_at = now.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
    }

    /// How long ago the call began; `None` if the clock has been put back since.
    pub(crate) fn age(&self, now: i64) -> Option<Duration> {
        let age = u64::try_from(now.saturating_sub(self.began_at)).ok()?;
        (self.noted_at <= now).then_some(Duration::from_millis(age))
    }

    /// How long it is until the next try. What was noted in times to come was noted by a clock that was wrong.
    pub fn due_in(&self, now: i64) -> Duration {
        match self.noted_at > now {
            true => Duration::ZERO,
            false => Duration::from_millis(u64::try_from(self.due_at.saturating_sub(now)).unwrap_or(0)),
        }
    }

    /// The body that OSS sends for it, as far as all is known of it; `given` comes before what is known.
    pub fn render(&self, given: &Values) -> Result<String, Mistake> {
        let Upload { bucket, key, operation, mime_type, size, crc64, etag, .. } = &self.upload;
        let number = |number: &Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let mut known = Values::default();
        for (name, value) in [
            ("bucket", bucket.as_str()),
            ("object", key),
            ("operation", operation),
            ("mimeType", mime_type),
            ("size", &number(size)),
            ("crc64", &number(crc64)),
            ("etag", etag),
        ] {
            if !value.is_empty() {
                known.put(name, value);
            }
        }
        self.callback.render(&given.or(&known))
    }

    /// What tells it from all others: two calls that complete the same upload in parts owe the same.
    pub(super) fn id(&self) -> io::Result<String> {
        if self.upload.upload_id.is_empty() {
            return random_id().map_err(|mistake| io::Error::other(mistake.to_string()));
        }
        let whole = Sha256::digest(format!("{}\n{}", self.upload.url, self.upload.upload_id));
        Ok(hex(&whole).chars().take(32).collect())
    }

    pub(super) fn to_json(&self) -> io::Result<Vec<u8>> {
        sealed(self)
    }

    /// Reads what stood on a disk. What cannot be used is invalid data.
    pub(super) fn from_json(text: &[u8]) -> io::Result<Debt> {
        unsealed(text, FORMAT)
    }
}
