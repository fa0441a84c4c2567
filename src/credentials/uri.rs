//! Keys from a URL, as of a service beside the program.

use super::answer;
use super::key::AccessKey;
use super::provider::{NoKey, Provider};
use super::surroundings::{self, Surroundings};
use crate::transport::{Ask, Patience};
use crate::wire::mistake::Mistake;
use std::time::Duration;
use url::Url;

const VARIABLE: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
const WHO: &str = "the credentials URI";
const CONNECT_TIME: Duration = Duration::from_secs(5);
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Asks a URL for keys.
pub struct Uri {
    url: Url,
}

impl Uri {
    /// At this URL, or else at the one that the environment names.
    pub fn new(url: Option<&str>, surroundings: &Surroundings) -> Result<Uri, Mistake> {
        let url = url.or_else(|| surroundings.text(VARIABLE));
        let url =
            url.ok_or_else(|| Mistake::new(format!("{WHO} is not given, and {VARIABLE} is not set")))?;
        Ok(Uri { url: surroundings::url(url, "credentials")? })
    }

    /// The one that the environment names, if it names one.
    pub(super) fn named(surroundings: &Surroundings) -> Result<Option<Uri>, Mistake> {
        surroundings.text(VARIABLE).map(|url| Uri::new(Some(url), surroundings)).transpose()
    }
}

impl Provider for Uri {
    fn fetch(&self, patience: &Patience) -> Result<AccessKey, NoKey> {
        let get = Ask::default().connecting_within(CONNECT_TIME);
        let answer = answer::ask(WHO, self.url.clone(), get, patience, ANSWER_TIME)?;
        answer::key(WHO, &answer.document(WHO)?)
    }
}
