//! What OSS has: one key's versions, the uploads in parts, and the callbacks that were made. All that ever happened stays.

use super::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The call, with its request of this number.
    Call(usize),
    /// Another writer at the same key.
    Other,
}

/// What the key held from some time on.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub at: Millis,
    pub by: Who,
    pub data: Arc<[u8]>,
    pub crc64: u64,
    pub token: Option<String>,
    appendable: bool,
}

/// An upload in parts.
#[derive(Debug, Default)]
pub struct Upload {
    token: Option<String>,
    parts: BTreeMap<u32, Vec<u8>>,
}

/// What can be asked of OSS.
#[derive(Debug, Clone)]
pub enum Deed {
    Put {
        data: Vec<u8>,
        token: Option<String>,
        callback: bool,
    },
    Append {
        position: usize,
        data: Vec<u8>,
        token: Option<String>,
    },
    Begin {
        token: Option<String>,
    },
    Part {
        upload: String,
        number: u32,
        data: Vec<u8>,
    },
    /// Without a list, of all the parts that are there.
    Complete {
        upload: String,
        parts: Option<Vec<(u32, String)>>,
        callback: bool,
    },
    Abort {
        upload: String,
    },
    List {
        upload: String,
    },
    Look,
    Remove,
}

/// How it went.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// The key holds this now; whether the application server answered well, if it was called.
    Stored(Version, Option<bool>),
    Begun(String),
    PartStored {
        crc64: u64,
    },
    Parts {
        upload: String,
        parts: Vec<(u32, usize, u64)>,
    },
    Aborted,
    Found(Version),
    /// What was there is gone, and only the mark of that is left.
    Removed,
}

/// What OSS refuses, by status and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(pub u16, pub &'static str);

pub const NO_SUCH_KEY: Refusal = Refusal(404, "NoSuchKey");
const NO_SUCH_UPLOAD: Refusal = Refusal(404, "NoSuchUpload");

/// All there is.
#[derive(Debug, Default)]
pub struct Store {
    /// The last one is what a look finds, unless it is removed.
    pub versions: Vec<Version>,
    is_removed: bool,
    /// The callbacks to the application server, by the number of the request that asked.
    pub callbacks: Vec<usize>,
    pub uploads: BTreeMap<String, Upload>,
    aborted: Vec<String>,
    /// Whether the application server answers as it should.
    pub application_answers: bool,
    begun: u32,
}

impl Store {
    pub fn perform(&mut self, deed: Deed, by: Who, at: Millis) -> Result<Done, Refusal> {
        match deed {
            Deed::Put { data, token, callback } => {
                Ok(self.put(version(data, token, false, by, at), callback))
            }
            Deed::Append { position, data, token } => self.append(position, data, token, by, at),
            Deed::Begin { token } => {
                self.begun += 1;
                let id = format!("UPLOAD-{}", self.begun);
                self.uploads.insert(id.clone(), Upload { token, parts: BTreeMap::new() });
                Ok(Done::Begun(id))
            }
            Deed::Part { upload, number, data } => {
                let crc64 = crc64(&data);
                if self.aborted.contains(&upload) {
                    // It was on its way during the abort, and outlives that.
                    self.uploads.entry(upload.clone()).or_default();
                }
                self.upload(&upload)?.parts.insert(number, data);
                Ok(Done::PartStored { crc64 })
            }
            Deed::Complete { upload, parts, callback } => {
                let data = self.upload(&upload)?.whole(parts.as_deref())?;
                let token = self.uploads.remove(&upload).and_then(|upload| upload.token);
                Ok(self.put(version(data, token, false, by, at), callback))
            }
            Deed::Abort { upload } => {
                self.uploads.remove(&upload).ok_or(NO_SUCH_UPLOAD)?;
                self.aborted.push(upload);
                Ok(Done::Aborted)
            }
            Deed::List { upload } => {
                let listed = self.upload(&upload)?.parts.iter();
                let parts = listed.map(|(number, data)| (*number, data.len(), crc64(data))).collect();
                Ok(Done::Parts { upload, parts })
            }
            Deed::Look if self.is_removed => Ok(Done::Removed),
            Deed::Look => self.versions.last().cloned().map(Done::Found).ok_or(NO_SUCH_KEY),
            Deed::Remove => {
                self.is_removed = true;
                Ok(Done::Removed)
            }
        }
    }

    fn put(&mut self, version: Version, callback: bool) -> Done {
        if let (true, Who::Call(by)) = (callback, version.by) {
            self.callbacks.push(by);
        }
        self.versions.push(version.clone());
        self.is_removed = false;
        Done::Stored(version, callback.then_some(self.application_answers))
    }

    fn append(
        &mut self,
        position: usize,
        data: Vec<u8>,
        token: Option<String>,
        by: Who,
        at: Millis,
    ) -> Result<Done, Refusal> {
        let mut whole = Vec::new();
        let before = self.versions.last().filter(|_| !self.is_removed);
        if let Some(before) = before {
            if !before.appendable {
                return Err(Refusal(409, "ObjectNotAppendable"));
            }
            whole.extend_from_slice(&before.data);
        }
        if whole.len() != position {
            return Err(Refusal(409, "PositionNotEqualToLength"));
        }
        let token = before.map_or(token, |before| before.token.clone());
        whole.extend_from_slice(&data);
        Ok(self.put(version(whole, token, true, by, at), false))
    }

    /// Lets the key have held something before the call.
    pub fn begin_with(&mut self, data: Vec<u8>, appendable: bool, at: Millis) {
        self.versions.push(version(data, None, appendable, Who::Other, at));
    }

    fn upload(&mut self, id: &str) -> Result<&mut Upload, Refusal> {
        self.uploads.get_mut(id).ok_or(NO_SUCH_UPLOAD)
    }
}

impl Deed {
    pub fn kind(&self) -> &'static str {
        match self {
            Deed::Put { .. } => "Put",
            Deed::Append { .. } => "Append",
            Deed::Begin { .. } => "Begin",
            Deed::Part { .. } => "Part",
            Deed::Complete { .. } => "Complete",
            Deed::Abort { .. } => "Abort",
            Deed::List { .. } | Deed::Look => "Look",
            Deed::Remove => "Remove",
        }
    }

    /// The same with a bit of the data turned over, if it has any.
    pub fn broken(mut self) -> Deed {
        if let Deed::Put { data, .. } | Deed::Append { data, .. } | Deed::Part { data, .. } = &mut self
            && let Some(byte) = data.first_mut()
        {
            *byte ^= 1;
        }
        self
    }
}

impl Upload {
    fn whole(&self, listed: Option<&[(u32, String)]>) -> Result<Vec<u8>, Refusal> {
        let Some(listed) = listed else {
            return Ok(self.parts.values().map(Vec::as_slice).collect::<Vec<_>>().concat());
        };
        let mut whole = Vec::new();
        for (number, tag) in listed {
            let part = self.parts.get(number).filter(|part| etag(crc64(part)) == *tag);
            whole.extend_from_slice(part.ok_or(Refusal(400, "InvalidPart"))?);
        }
        Ok(whole)
    }
}

fn version(data: Vec<u8>, token: Option<String>, appendable: bool, by: Who, at: Millis) -> Version {
    Version { at, by, crc64: crc64(&data), data: data.into(), token, appendable }
}

pub fn crc64(data: &[u8]) -> u64 {
    let mut digest = crc64fast::Digest::new();
    digest.write(data);
    digest.sum64()
}

/// OSS makes ETags of something else; no client can tell.
pub fn etag(crc64: u64) -> String {
    format!("{crc64:016X}")
}
