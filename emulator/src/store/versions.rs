//! What stands under one key.

use crate::object::{NULL_VERSION, Properties, StoredObject};

/// An object, or the mark that there is none from then on.
#[derive(Debug, Clone)]
pub(crate) enum Version {
    Object(StoredObject),
    DeleteMarker { version_id: Option<String>, modified_ms: i64 },
}

impl Version {
    pub fn id(&self) -> &str {
        match self {
            Version::Object(object) => object.properties.version(),
            Version::DeleteMarker { version_id, .. } => version_id.as_deref().unwrap_or(NULL_VERSION),
        }
    }
}

/// The versions under a key, from the oldest to the newest. Without versioning there is never more than one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions(Vec<Version>);

impl Versions {
    pub fn of(versions: Vec<Version>) -> Versions {
        Versions(versions)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn current(&self) -> Option<&Version> {
        self.0.last()
    }

    /// The object that whoever names no version means.
    pub fn current_object(&self) -> Option<&StoredObject> {
        match self.current() {
            Some(Version::Object(object)) => Some(object),
            Some(Version::DeleteMarker { .. }) | None => None,
        }
    }

    pub fn named(&self, id: &str) -> Option<&Version> {
        self.0.iter().find(|version| version.id() == id)
    }

    /// Makes a version the current one. The one without an id is replaced by the next without one.
    pub fn add(&mut self, version: Version) {
        self.remove(version.id());
        self.0.push(version);
    }

    pub fn remove(&mut self, id: &str) -> Option<Version> {
        let at = self.0.iter().position(|version| version.id() == id)?;
        Some(self.0.remove(at))
    }

    /// The properties of a version that is an object, to be changed.
    pub fn properties_mut(&mut self, id: &str) -> Option<&mut Properties> {
        self.0.iter_mut().find(|version| version.id() == id).and_then(|version| match version {
            Version::Object(object) => Some(&mut object.properties),
            Version::DeleteMarker { .. } => None,
        })
    }

    pub fn oldest_first(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(id: Option<&str>) -> Version {
        Version::DeleteMarker { version_id: id.map(str::to_owned), modified_ms: 0 }
    }

    #[test]
    fn only_the_version_without_an_id_is_replaced() {
        let mut versions = Versions::default();
        for id in [None, Some("a"), None, Some("b")] {
            versions.add(marker(id));
        }
        let ids: Vec<&str> = versions.oldest_first().map(Version::id).collect();
        assert_eq!(ids, ["a", NULL_VERSION, "b"]);
        assert_eq!(versions.remove("b").map(|version| version.id().to_owned()).as_deref(), Some("b"));
        assert_eq!(versions.current().map(Version::id), Some(NULL_VERSION));
        assert!(versions.remove("b").is_none() && versions.current_object().is_none());
    }
}
