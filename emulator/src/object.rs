//! What an object is: its properties, and where its data are.

use std::sync::Arc;

/// The id of a version that has none.
pub(crate) const NULL_VERSION: &str = "null";

/// How an object came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectType {
    Normal,
    Appendable,
    Multipart,
}

impl ObjectType {
    pub fn name(self) -> &'static str {
        match self {
            ObjectType::Normal => "Normal",
            ObjectType::Appendable => "Appendable",
            ObjectType::Multipart => "Multipart",
        }
    }

    pub fn of_name(name: &str) -> Option<ObjectType> {
        [ObjectType::Normal, ObjectType::Appendable, ObjectType::Multipart]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// Where an object's data are.
#[derive(Debug, Clone)]
pub(crate) enum Blob {
    Memory(Arc<Vec<u8>>),
    /// The name of a file in the data folder.
    File(String),
}

/// An object's properties.
#[derive(Debug, Clone)]
pub(crate) struct Properties {
    /// Without quotes.
    pub etag: String,
    pub crc64: u64,
    pub content_md5: Option<String>,
    pub size: u64,
    pub kind: ObjectType,
    pub modified_ms: i64,
    /// The headers given at upload, names lower-cased.
    pub headers: Vec<(String, String)>,
    /// Given by the store, if the bucket had versioning enabled then.
    pub version_id: Option<String>,
}

impl Properties {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn version(&self) -> &str {
        self.version_id.as_deref().unwrap_or(NULL_VERSION)
    }

    pub fn storage_class(&self) -> &str {
        self.header("x-oss-storage-class").unwrap_or("Standard")
    }

    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or("application/octet-stream")
    }
}

#[derive(Debug, Clone)]
pub(crate) struct StoredObject {
    pub properties: Properties,
    pub blob: Blob,
}
