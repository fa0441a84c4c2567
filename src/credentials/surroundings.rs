//! What providers find around them: the environment as it was when they were made, and the instance's metadata service.

use crate::wire::mistake::Mistake;
use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use url::Url;
use zeroize::Zeroizing;

/// Where every instance finds its metadata service.
const METADATA: &str = "http://100.100.100.200/";

/// All variables that any provider asks for.
const VARIABLES: [&str; 24] = [
    "OSS_ACCESS_KEY_ID",
    "OSS_ACCESS_KEY_SECRET",
    "OSS_SESSION_TOKEN",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALIBABA_CLOUD_ROLE_ARN",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "ALIBABA_CLOUD_ROLE_SESSION_NAME",
    "ALIBABA_CLOUD_STS_ENDPOINT",
    "ALIBABA_CLOUD_STS_REGION",
    "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",
    "ALIBABA_CLOUD_CONFIG_FILE",
    "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
    "ALIBABACLOUD_PROFILE",
    "ALIBABA_CLOUD_PROFILE",
    "ALICLOUD_PROFILE",
    "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS",
    "ALIBABA_CLOUD_ECS_METADATA",
    "ALIBABA_CLOUD_ECS_METADATA_DISABLED",
    "ALIBABA_CLOUD_IMDSV1_DISABLED",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    "HOME",
];

/// The environment at one moment, and where the metadata service is.
#[derive(Clone)]
pub struct Surroundings {
    variables: Vec<(&'static str, Zeroizing<Vec<u8>>)>,
    metadata: String,
}

impl Surroundings {
    /// Those of this process as they are now. Nobody else may change the environment meanwhile.
    pub fn of_process() -> Surroundings {
        Surroundings::of(|name| env::var_os(name).map(OsStringExt::into_vec))
    }

    /// Those in which the environment is this.
    pub fn of(variable: impl Fn(&str) -> Option<Vec<u8>>) -> Surroundings {
        let value = |name| Some((name, Zeroizing::new(variable(name)?)));
        let variables = VARIABLES.into_iter().filter_map(value).collect();
        Surroundings { variables, metadata: METADATA.to_owned() }
    }

    /// The same, with the metadata service at this URL.
    pub fn with_metadata_at(self, url: &str) -> Surroundings {
        Surroundings { metadata: url.to_owned(), ..self }
    }

    /// A path of the metadata service.
    pub(super) fn metadata(&self, path: &str) -> Result<Url, Mistake> {
        url(&format!("{}{path}", self.metadata), "the metadata service")
    }

    /// What a variable says, unless it says nothing.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.readable(name).ok().flatten()
    }

    /// The same, where one that cannot be read is not as if it said nothing.
    pub(super) fn readable(&self, name: &str) -> Result<Option<&str>, Mistake> {
        let Some(bytes) = self.bytes(name) else { return Ok(None) };
        let text = str::from_utf8(bytes)
            .map_err(|_| Mistake::new(format!("{name} is set in the environment, but is not valid UTF-8")))?
            .trim();
        Ok((!text.is_empty()).then_some(text))
    }

    /// The path that a variable holds, unless it is empty.
    pub(super) fn path(&self, name: &str) -> Option<&Path> {
        let path = self.bytes(name).filter(|path| !path.is_empty())?;
        Some(Path::new(OsStr::from_bytes(path)))
    }

    /// A file in the user's home.
    pub(super) fn at_home(&self, file: &str) -> Option<PathBuf> {
        Some(self.path("HOME")?.join(file))
    }

    /// Whether a variable switches something on.
    pub(super) fn says_yes(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    fn bytes(&self, name: &str) -> Option<&[u8]> {
        debug_assert!(VARIABLES.contains(&name), "{name} is not among the variables");
        self.variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_slice())
    }
}

/// The URL of a service. What is wrong with it is said without it, since it may hold a password.
pub(super) fn url(text: &str, what: &str) -> Result<Url, Mistake> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| Mistake::new(format!("the URL of {what} is none of the form http://… or https://…")))
}
