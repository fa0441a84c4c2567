//! A role that is taken on with an OIDC token, as pods of a cluster do: the token service gives keys for it.

use super::answer;
use super::file;
use super::key::AccessKey;
use super::provider::{NoKey, Provider};
use super::surroundings::{self, Surroundings};
use crate::transport::{Ask, Clock, Patience};
use crate::wire::date;
use crate::wire::error_reply::escaped_path;
use crate::wire::mistake::{Mistake, shown};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

const WHO: &str = "the token service";
const CONNECT_TIME: Duration = Duration::from_secs(5);
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// How long a key is good for unless something else is said, in seconds.
const LIFE: u64 = 3600;
/// What this session is called in the role's records unless something else is said.
const SESSION_NAME: &str = "oss-upload";

const ROLE: &str = "ALIBABA_CLOUD_ROLE_ARN";
const PROVIDER: &str = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
const TOKEN_FILE: &str = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";

/// What is known of the role and the token; the rest is taken from the environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct OidcSettings<'a> {
    /// The role.
    pub role_arn: Option<&'a str>,
    /// Who vouches for the token.
    pub provider_arn: Option<&'a str>,
    /// Where the token is.
    pub token_file: Option<&'a Path>,
    /// What the session is called.
    pub session_name: Option<&'a str>,
    /// The token service's host, or its URL.
    pub sts_endpoint: Option<&'a str>,
    /// The region whose token service is asked, if the host is not given.
    pub sts_region: Option<&'a str>,
    /// How long a key is to be good for, in seconds.
    pub seconds: Option<u64>,
}

/// Exchanges a token for keys.
pub struct Oidc {
    role_arn: String,
    provider_arn: String,
    token_file: PathBuf,
    session_name: String,
    endpoint: Url,
    seconds: u64,
}

impl Oidc {
    /// Nothing is read or asked before the first key is wanted.
    pub fn new(settings: &OidcSettings<'_>, surroundings: &Surroundings) -> Result<Oidc, Mistake> {
        let missing = |what: &str, variable: &str| {
            Mistake::new(format!("the {what} is not given, and {variable} is not set"))
        };
        let role = settings.role_arn.or_else(|| surroundings.text(ROLE));
        let provider = settings.provider_arn.or_else(|| surroundings.text(PROVIDER));
        let file = settings.token_file.or_else(|| surroundings.path(TOKEN_FILE));
        let session = settings.session_name.or_else(|| surroundings.text("ALIBABA_CLOUD_ROLE_SESSION_NAME"));
        Ok(Oidc {
            role_arn: role.ok_or_else(|| missing("role's ARN", ROLE))?.to_owned(),
            provider_arn: provider.ok_or_else(|| missing("OIDC provider's ARN", PROVIDER))?.to_owned(),
            token_file: file.ok_or_else(|| missing("OIDC token's file", TOKEN_FILE))?.to_owned(),
            session_name: session.unwrap_or(SESSION_NAME).to_owned(),
            endpoint: endpoint(settings, surroundings)?,
            seconds: settings.seconds.unwrap_or(LIFE),
        })
    }

    /// What the environment says, if it says anything of a role and a token.
    pub(super) fn named(surroundings: &Surroundings) -> Result<Option<Oidc>, Mistake> {
        if [ROLE, PROVIDER, TOKEN_FILE].iter().all(|name| surroundings.text(name).is_none()) {
            return Ok(None);
        }
        Oidc::new(&OidcSettings::default(), surroundings).map(Some)
    }

    fn form(&self, token: &str) -> Zeroizing<String> {
        // It has room for all of it from the start: what has to grow leaves copies behind.
        let room =
            256 + 3 * (token.len() + self.role_arn.len() + self.provider_arn.len() + self.session_name.len());
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(room));
        form.append_pair("RoleArn", &self.role_arn)
            .append_pair("OIDCProviderArn", &self.provider_arn)
            .append_pair("RoleSessionName", &self.session_name)
            .append_pair("DurationSeconds", &self.seconds.to_string())
            .append_pair("OIDCToken", token);
        Zeroizing::new(form.finish())
    }
}

impl Provider for Oidc {
    fn fetch(&self, patience: &Patience) -> Result<AccessKey, NoKey> {
        let token = file::read("OIDC token's file", &self.token_file)?;
        let token = token.ok_or_else(|| {
            let path = escaped_path(&self.token_file);
            NoKey::new(format!("the OIDC token's file {path} does not exist"))
        })?;
        let mut url = self.endpoint.clone();
        url.query_pairs_mut()
            .append_pair("Action", "AssumeRoleWithOIDC")
            .append_pair("Version", "2015-04-01")
            .append_pair("Format", "JSON")
            .append_pair("Timestamp", &date::iso8601_seconds(Clock::default().unix_time()));
        let post = Ask::post(self.form(token.trim())).connecting_within(CONNECT_TIME);
        let answer = answer::ask(WHO, url, post, patience, ANSWER_TIME)?;
        if answer.status != 200 {
            return Err(refusal(&answer));
        }
        let credentials = answer.document(WHO)?.take("Credentials");
        let credentials =
            credentials.ok_or_else(|| NoKey::new(format!("{WHO}: the answer holds no Credentials")))?;
        answer::temporary_key(WHO, &credentials)
    }
}

/// The token service says why in JSON. Its message may repeat what it was sent, so only its code is handed on.
fn refusal(answer: &answer::Answer) -> NoKey {
    let said = answer::document(WHO, &answer.body).ok();
    let of = |name: &str| said.as_ref().and_then(|said| said.text(&[name])).map(shown);
    let because = of("Code").map(|code| format!(": {code}")).unwrap_or_default();
    let request = of("RequestId").map(|id| format!(", request id {id}")).unwrap_or_default();
    NoKey::new(format!("{WHO}: the server answered with HTTP status {}{because}{request}", answer.status))
}

/// Where the token service is.
fn endpoint(settings: &OidcSettings<'_>, surroundings: &Surroundings) -> Result<Url, Mistake> {
    let given = settings.sts_endpoint.or_else(|| surroundings.text("ALIBABA_CLOUD_STS_ENDPOINT"));
    let region = settings.sts_region.or_else(|| surroundings.text("ALIBABA_CLOUD_STS_REGION"));
    let inner = if surroundings.says_yes("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED") { "-vpc" } else { "" };
    let host = match (given, region) {
        (Some(given), _) => given.to_owned(),
        (None, Some(region)) => format!("sts{inner}.{region}.aliyuncs.com"),
        (None, None) => "sts.aliyuncs.com".to_owned(),
    };
    let whole = if host.contains("://") { host } else { format!("https://{host}") };
    surroundings::url(&whole, WHO)
}
