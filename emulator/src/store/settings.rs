//! What is set for a bucket.

use crate::callback::Policy;

#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub created_ms: i64,
    pub versioning: Versioning,
    pub callback_policies: Vec<Policy>,
}

/// Whether what is replaced or deleted is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Versioning {
    /// Never asked for, so that there are no versions.
    #[default]
    Off,
    Enabled,
    /// What there is stays; what is new has no id.
    Suspended,
}

impl Versioning {
    /// The name in OSS's documents; a bucket that never had versions has none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Versioning::Off => None,
            Versioning::Enabled => Some("Enabled"),
            Versioning::Suspended => Some("Suspended"),
        }
    }

    pub fn of_name(name: &str) -> Option<Versioning> {
        [Versioning::Enabled, Versioning::Suspended]
            .into_iter()
            .find(|versioning| versioning.name() == Some(name))
    }

    /// The id of a version that is made now.
    pub fn new_version_id(self) -> Option<String> {
        let is_enabled = self == Versioning::Enabled;
        is_enabled.then(|| format!("CAEQ{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)))
    }
}
