//! The RAM role of the ECS instance that this runs on, from its metadata service.

use super::answer::{self, Answer};
use super::key::AccessKey;
use super::provider::{NoKey, Provider};
use super::surroundings::Surroundings;
use crate::transport::{Ask, Patience};
use crate::wire::mistake::Mistake;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

const WHO: &str = "the instance's metadata service";
const DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
/// A machine that is no instance finds out soon: nobody is there, or nobody answers.
const CONNECT_TIME: Duration = Duration::from_secs(1);
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// How long the service's token is good for, in seconds: each key is asked for with its own.
const TOKEN_LIFE: &str = "60";

/// Asks for the keys of the instance's role.
pub struct EcsRole {
    /// Asked for as well, if it is not known.
    role: Option<String>,
    /// Without a token, which the service may not know, or may not be willing to give through a container's network.
    plain: bool,
    token_url: Url,
    keys_url: Url,
}

impl EcsRole {
    /// Of the role of this name, or else of the one that the environment names, or else of whichever the instance has.
    pub fn new(role: Option<&str>, surroundings: &Surroundings) -> Result<EcsRole, Mistake> {
        if surroundings.says_yes(DISABLED) {
            return Err(Mistake::new(format!("{DISABLED} forbids to ask for the instance's role")));
        }
        let role = role.or_else(|| surroundings.text("ALIBABA_CLOUD_ECS_METADATA"));
        if role.is_some_and(|role| !is_role(role)) {
            return Err(Mistake::new(
                "the name of the instance's role is not one of letters, digits and \"-._\"",
            ));
        }
        Ok(EcsRole {
            role: role.map(str::to_owned),
            plain: !surroundings.says_yes("ALIBABA_CLOUD_IMDSV1_DISABLED"),
            token_url: surroundings.metadata("latest/api/token")?,
            keys_url: surroundings.metadata("latest/meta-data/ram/security-credentials/")?,
        })
    }

    /// The one that the environment does not forbid.
    pub(super) fn named(surroundings: &Surroundings) -> Result<Option<EcsRole>, Mistake> {
        match surroundings.says_yes(DISABLED) {
            true => Ok(None),
            false => EcsRole::new(None, surroundings).map(Some),
        }
    }

    /// The token that the service gives to whoever is on the instance; `None` where it can do without.
    fn token(&self, patience: &Patience) -> Result<Option<Zeroizing<String>>, NoKey> {
        let life = Zeroizing::new(TOKEN_LIFE.to_owned());
        let put = Ask::put().with_header("x-aliyun-ecs-metadata-token-ttl-seconds", life);
        let given = ask(self.token_url.clone(), put, patience).and_then(|answer| text(&answer));
        match given {
            Ok(token) => Ok(Some(token)),
            Err(failure) if failure.ended().is_some() || !self.plain => Err(failure),
            Err(_) => Ok(None),
        }
    }

    fn get(
        &self,
        name: &str,
        token: Option<&Zeroizing<String>>,
        patience: &Patience,
    ) -> Result<Answer, NoKey> {
        let mut url = self.keys_url.clone();
        url.set_path(&format!("{}{name}", self.keys_url.path()));
        let get = Ask::default();
        let get = match token {
            Some(token) => get.with_header("x-aliyun-ecs-metadata-token", token.clone()),
            None => get,
        };
        ask(url, get, patience)
    }

    /// The name of the role that the instance has.
    fn role(&self, token: Option<&Zeroizing<String>>, patience: &Patience) -> Result<String, NoKey> {
        let answer = self.get("", token, patience)?;
        if answer.status == 404 {
            return Err(NoKey::new("the instance has no RAM role"));
        }
        let role = text(&answer)?;
        match is_role(&role) {
            true => Ok(role.to_string()),
            false => Err(NoKey::new(format!("{WHO}: the answer is no name of a role"))),
        }
    }
}

impl Provider for EcsRole {
    fn fetch(&self, patience: &Patience) -> Result<AccessKey, NoKey> {
        let token = self.token(patience)?;
        let role = match &self.role {
            Some(role) => role.clone(),
            None => self.role(token.as_ref(), patience)?,
        };
        let answer = self.get(&role, token.as_ref(), patience)?;
        answer::temporary_key(WHO, &answer.document(WHO)?)
    }
}

fn ask(url: Url, how: Ask, patience: &Patience) -> Result<Answer, NoKey> {
    answer::ask(WHO, url, how.connecting_within(CONNECT_TIME), patience, ANSWER_TIME)
}

/// What a success says in words.
fn text(answer: &Answer) -> Result<Zeroizing<String>, NoKey> {
    if answer.status != 200 {
        return Err(NoKey::new(format!("{WHO}: the server answered with HTTP status {}", answer.status)));
    }
    let text = str::from_utf8(&answer.body).unwrap_or_default().trim();
    Ok(Zeroizing::new(text.to_owned()))
}

/// Whether a role can have this name, which goes into a URL.
fn is_role(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !name.is_empty() && name.len() <= 64 && name.bytes().all(fits) && name.bytes().any(|byte| byte != b'.')
}
