//! Who signs: access keys, and where they come from.

mod key;
mod provided;
mod provider;

pub use key::AccessKey;
pub use provider::{NoKey, Provider};

pub use crate::transport::Patience;

use crate::wire::mistake::Mistake;
use provided::Provided;
use std::sync::Arc;
use std::{env, fmt};
use zeroize::Zeroizing;

/// Pairs of variables that hold an access key, with the one for the security token: OSS's own come first.
const ENVIRONMENT: [[&str; 3]; 2] = [
    ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"],
    ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"],
];

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
        AccessKey::new(id, secret, security_token).map(|key| Credentials(Source::Fixed(Arc::new(key))))
    }

    /// Reads `OSS_ACCESS_KEY_ID` and its companions, or else `ALIBABA_CLOUD_ACCESS_KEY_ID` and its.
    pub fn from_environment() -> Result<Credentials, Mistake> {
        for [id, secret, token] in ENVIRONMENT {
            let (Some(id_value), Some(secret_value)) = (variable(id), variable(secret)) else { continue };
            return Credentials::new(
                &id_value,
                &secret_value,
                variable(token).as_ref().map(|token| token.as_str()),
            );
        }
        Err(Mistake::new(
            "the environment holds neither OSS_ACCESS_KEY_ID with OSS_ACCESS_KEY_SECRET nor \
             ALIBABA_CLOUD_ACCESS_KEY_ID with ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        ))
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

fn variable(name: &str) -> Option<Zeroizing<String>> {
    env::var(name).ok().filter(|value| !value.trim().is_empty()).map(Zeroizing::new)
}
