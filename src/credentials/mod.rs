//! Who signs: access keys, and where they come from.

mod answer;
mod default_chain;
mod ecs_role;
mod environment;
mod file;
mod ini;
mod json;
mod key;
mod oidc;
mod process;
mod profile;
mod provided;
mod provider;
mod surroundings;
mod uri;

pub use ecs_role::EcsRole;
pub use key::AccessKey;
pub use oidc::{Oidc, OidcSettings};
pub use process::Process;
pub use profile::Profile;
pub use provider::{NoKey, Provider};
pub use surroundings::Surroundings;
pub use uri::Uri;

pub use crate::transport::Patience;

use crate::wire::mistake::Mistake;
use default_chain::DefaultChain;
use provided::Provided;
use std::fmt;
use std::sync::Arc;

/// Who signs. Shared by any number of threads and buckets.
pub struct Credentials(Source);

enum Source {
    /// Nobody.
    Anonymous,
    /// One key for ever.
    Fixed(Arc<AccessKey>),
    /// A key that is asked for, again when it is about to end.
    Provided(Provided),
}

impl Credentials {
    /// White space around the values is cut off.
    pub fn new(id: &str, secret: &str, security_token: Option<&str>) -> Result<Credentials, Mistake> {
        AccessKey::new(id, secret, security_token).map(Credentials::fixed)
    }

    fn fixed(key: AccessKey) -> Credentials {
        Credentials(Source::Fixed(Arc::new(key)))
    }

    /// Reads `OSS_ACCESS_KEY_ID` and its companions, or else `ALIBABA_CLOUD_ACCESS_KEY_ID` and its.
    pub fn from_environment() -> Result<Credentials, Mistake> {
        let key = environment::key(&Surroundings::of_process())?;
        key.map(Credentials::fixed).ok_or_else(|| Mistake::new(environment::NONE))
    }

    /// From the first place that has any: the environment, a role with an OIDC token, a profile, the instance's role, a URL.
    /// The first two are what they are when this is called.
    pub fn from_default_chain(surroundings: &Surroundings) -> Result<Credentials, Mistake> {
        if let Some(key) = environment::key(surroundings)? {
            return Ok(Credentials::fixed(key));
        }
        if let Some(oidc) = Oidc::named(surroundings)? {
            return Ok(Credentials::from_provider(oidc));
        }
        DefaultChain::new(surroundings).map(Credentials::from_provider)
    }

    /// Asks the provider, for the first time when the first request is about to be signed.
    pub fn from_provider(provider: impl Provider + 'static) -> Credentials {
        Credentials(Source::Provided(Provided::new(Box::new(provider))))
    }

    /// Requests go out without a signature.
    pub fn anonymous() -> Credentials {
        Credentials(Source::Anonymous)
    }

    /// Whether requests go out without a signature.
    pub fn is_anonymous(&self) -> bool {
        matches!(self.0, Source::Anonymous)
    }

    /// Whether there may be another key when this one is refused.
    pub fn may_change(&self) -> bool {
        matches!(self.0, Source::Provided(_))
    }

    /// A key that is good for long enough and need not be asked for.
    pub fn key_at_hand(&self) -> Option<Arc<AccessKey>> {
        match &self.0 {
            Source::Anonymous => None,
            Source::Fixed(key) => Some(Arc::clone(key)),
            Source::Provided(provided) => provided.key_at_hand(),
        }
    }

    /// The key to sign with now. It may be asked for, by this caller or another, within this one's patience.
    pub fn key(&self, patience: &Patience) -> Result<Arc<AccessKey>, NoKey> {
        match &self.0 {
            Source::Anonymous => Err(NoKey::new("the credentials are anonymous, which sign nothing")),
            Source::Fixed(key) => Ok(Arc::clone(key)),
            Source::Provided(provided) => provided.key(patience),
        }
    }

    /// The key that there is instead of one that OSS refused, if there is another.
    pub fn key_instead_of(&self, refused: &AccessKey, patience: &Patience) -> Option<Arc<AccessKey>> {
        match &self.0 {
            Source::Provided(provided) => provided.key_instead_of(refused, patience),
            Source::Anonymous | Source::Fixed(_) => None,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").finish_non_exhaustive()
    }
}
