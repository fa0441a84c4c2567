//! What is recorded of an upload in parts: one JSON document with a checksum.

use super::recorded_path;
use crate::engine::disk::{NO_MEMORY, hex, sealed, unsealed};
use crate::engine::multipart::{Multipart, Part, Terms};
use crate::engine::source::Sighting;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::{fmt, io};

/// The form of the record; another one is not understood.
const FORMAT: u32 = 5;

/// What an upload is bound to. Where any of this differs, it is another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Binding {
    pub(super) endpoint: String,
    pub(super) bucket: String,
    pub(super) key: String,
    #[serde(with = "recorded_path")]
    pub(super) path: PathBuf,
    pub(super) file: Sighting,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) part_size: u64,
    /// A hash of the headers that the object is stored with.
    pub(super) headers: String,
}

impl Binding {
    /// How `other` differs, if it does.
    pub(super) fn difference(&self, other: &Binding) -> Option<Difference> {
        let place = |binding: &Binding| {
            (binding.endpoint.clone(), binding.bucket.clone(), binding.key.clone(), binding.path.clone())
        };
        if place(self) != place(other) {
            Some(Difference::Foreign)
        } else if (self.offset, self.size) != (other.offset, other.size) {
            let is_same = self.file.identity == other.file.identity;
            Some(Difference::Changed(match is_same {
                true => "another range of the file is wanted",
                false => "the file has changed",
            }))
        } else if self.part_size != other.part_size {
            Some(Difference::Changed("another part size is wanted"))
        } else if self.headers != other.headers {
            Some(Difference::Changed("the object is wanted with other headers"))
        } else if !self.file.still_holds(&other.file) {
            Some(Difference::Moved)
        } else {
            None
        }
    }

    /// A name that no other upload has.
    pub(super) fn name(&self) -> String {
        let mut hash = Sha256::new();
        let path = self.path.as_os_str().as_bytes();
        for bytes in [self.endpoint.as_bytes(), self.bucket.as_bytes(), self.key.as_bytes(), path] {
            hash.update(bytes);
            hash.update([0]);
        }
        hex(&hash.finalize()).chars().take(32).collect()
    }
}

/// In what way a record does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// It is of another upload altogether.
    Foreign,
    /// It is of the same upload, but of something that is no longer wanted.
    Changed(&'static str),
    /// The file may have changed: its bytes decide.
    Moved,
}

/// A part in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartRecord {
    pub(super) number: u32,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) crc64: u64,
}

/// That Complete was about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Completing {
    /// Whether it, or one before it, was to run a callback.
    pub(super) callback: bool,
    /// Whether there is an outbox that knows of the callback.
    pub(super) recorded: bool,
    /// When, in seconds since 1970 by the clock of whoever sent it.
    pub(super) at: i64,
}

impl Completing {
    /// The same after an earlier one: once a callback has been asked for, it may have run.
    pub(super) fn after(self, before: Option<Completing>) -> Completing {
        let Some(before) = before else { return self };
        let (callback, recorded) = (self.callback || before.callback, self.recorded || before.recorded);
        Completing { callback, recorded, ..self }
    }
}

/// What is known of an upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    pub(super) binding: Binding,
    pub(super) upload_id: String,
    /// The token that the object will have.
    pub(super) token: Option<String>,
    /// The id that its callback is delivered with.
    pub(super) delivery_id: String,
    #[serde(deserialize_with = "as_memory_allows")]
    pub(super) parts: Vec<PartRecord>,
    pub(super) completing: Option<Completing>,
}

impl Record {
    /// The record of an upload that has begun.
    pub(super) fn new(binding: Binding, multipart: &Multipart) -> Record {
        Record {
            format: FORMAT,
            binding,
            upload_id: multipart.upload_id().to_owned(),
            token: multipart.terms.token.clone(),
            delivery_id: multipart.terms.delivery_id.clone(),
            parts: vec![],
            completing: None,
        }
    }

    /// The terms of an upload that takes the place of this one. To OSS it is another, but by the token either object is known,
    /// and by the id either callback.
    pub(super) fn terms_anew(&self, terms: Terms) -> Terms {
        let token = self.token.clone().or(terms.token);
        Terms { token, delivery_id: self.delivery_id.clone(), ..terms }
    }

    /// Notes the parts that OSS has, as far as all is known of them.
    pub(super) fn set_parts(&mut self, parts: &[Part]) -> io::Result<()> {
        let noted = |part: &Part| {
            let (size, crc64) = (part.size?, part.crc64?);
            Some(PartRecord { number: part.number, size, etag: part.etag.clone(), crc64 })
        };
        let mut all = Vec::new();
        all.try_reserve_exact(parts.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        all.extend(parts.iter().filter_map(noted));
        self.parts = all;
        Ok(())
    }

    /// As it stands on disk.
    pub(super) fn to_json(&self) -> io::Result<Vec<u8>> {
        sealed(self)
    }

    /// Reads what stood on a disk. What cannot be used is invalid data.
    pub(super) fn from_json(text: &[u8]) -> io::Result<Record> {
        unsealed(text, FORMAT)
    }
}

/// Reads a list for which there may be no memory.
fn as_memory_allows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PartRecord>, D::Error> {
    struct Parts;

    impl<'de> Visitor<'de> for Parts {
        type Value = Vec<PartRecord>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of parts")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<PartRecord>, A::Error> {
            let mut parts = Vec::new();
            while let Some(part) = list.next_element()? {
                parts.try_reserve(1).map_err(|_| A::Error::custom(NO_MEMORY))?;
                parts.push(part);
            }
            Ok(parts)
        }
    }

    deserializer.deserialize_seq(Parts)
}
