//! What is set for a bucket.

use crate::callback::Policy;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub created_ms: i64,
    pub acl: Acl,
    /// That of objects which are stored without one.
    pub storage_class: String,
    pub redundancy: String,
    pub versioning: Versioning,
    pub callback_policies: Vec<Policy>,
}

impl Settings {
    /// Those of a bucket that is made without any.
    pub fn new(created_ms: i64) -> Settings {
        Settings {
            created_ms,
            acl: Acl::Private,
            storage_class: "Standard".to_owned(),
            redundancy: "LRS".to_owned(),
            versioning: Versioning::Off,
            callback_policies: Vec::new(),
        }
    }
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// What anybody may do, of a bucket or an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acl {
    Private,
    PublicRead,
    PublicReadWrite,
}

impl Acl {
    pub fn name(self) -> &'static str {
        match self {
            Acl::Private => "private",
            Acl::PublicRead => "public-read",
            Acl::PublicReadWrite => "public-read-write",
        }
    }

    pub fn of_name(name: &str) -> Option<Acl> {
        [Acl::Private, Acl::PublicRead, Acl::PublicReadWrite].into_iter().find(|acl| acl.name() == name)
    }

    pub fn allows(self, access: Access) -> bool {
        match self {
            Acl::Private => false,
            Acl::PublicRead => access == Access::Read,
            Acl::PublicReadWrite => true,
        }
    }
}

/// Whether what is replaced or deleted is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versioning {
    /// Never asked for, so that there are no versions.
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
