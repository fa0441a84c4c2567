//! Who signs: access keys, and where they come from.

mod key;
mod provider;

pub use key::AccessKey;
pub use provider::{NoKey, Provider};

use crate::sign::Identity;
use crate::wire::mistake::Mistake;
use std::{env, fmt};
use zeroize::Zeroizing;

/// Pairs of variables that hold an access key, with the one for the security token: OSS's own come first.
const ENVIRONMENT: [[&str; 3]; 2] = [
    ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"],
    ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"],
];

/// Who signs.
pub struct Credentials {
    key: AccessKey,
}

impl Credentials {
    /// White space around the values is cut off.
    pub fn new(id: &str, secret: &str, security_token: Option<&str>) -> Result<Credentials, Mistake> {
        Ok(Credentials { key: AccessKey::new(id, secret, security_token)? })
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

    /// The key as signing wants it.
    pub fn identity(&self) -> Identity<'_> {
        self.key.identity()
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
