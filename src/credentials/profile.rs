//! A profile in a file of Alibaba's command line tools, read anew for each key.

use super::answer;
use super::ecs_role::EcsRole;
use super::file;
use super::ini::{Ini, is_same};
use super::json::Document;
use super::key::AccessKey;
use super::oidc::{Oidc, OidcSettings};
use super::process::Process;
use super::provider::{NoKey, Provider};
use super::surroundings::Surroundings;
use super::uri::Uri;
use crate::transport::Patience;
use crate::wire::error_reply::escaped_path;
use crate::wire::mistake::{Mistake, shown};
use std::path::{Path, PathBuf};

/// Who may name the profile, in this order.
const NAMED_BY: [&str; 3] = ["ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"];
/// Where there are files in a user's home, in the order in which they are looked for.
const SHARED_FILES: [&str; 2] = [".alibabacloud/credentials", ".ossutilconfig"];

/// Looks into the files of the command line tools.
pub struct Profile {
    files: Vec<PathBuf>,
    /// The one that the program wants.
    name: Option<String>,
    surroundings: Surroundings,
}

impl Profile {
    /// In this file, or else where the tools have theirs; of this name, or else the one that the environment names, or else
    /// the file's current one.
    pub fn new(path: Option<&Path>, name: Option<&str>, surroundings: Surroundings) -> Profile {
        let files = path.map_or_else(|| own_files(&surroundings), |path| vec![path.to_owned()]);
        Profile { files, name: name.map(str::to_owned), surroundings }
    }

    /// The key of the first file that has a profile; `None` if none of them has any.
    pub(super) fn look(&self, patience: &Patience) -> Option<Result<AccessKey, NoKey>> {
        let found = self.files.iter().find_map(|path| self.look_into(path, patience).transpose());
        // Who names a profile does not want to become somebody else where it is missing.
        let is_missed = || self.wanted().is_some() && self.files.iter().any(|path| path.exists());
        found.or_else(|| is_missed().then(|| Err(NoKey::new(self.none()))))
    }

    /// What there is to be said when there is none.
    pub(super) fn none(&self) -> String {
        let files: Vec<_> = self.files.iter().map(|path| escaped_path(path)).collect();
        let whose = self.wanted().map(|name| format!(" {}", shown(name))).unwrap_or_default();
        match files.as_slice() {
            [] => "there is no file to look for a profile in, since HOME is not set".to_owned(),
            files => format!("there is no profile{whose} with an access key in {}", files.join(" or ")),
        }
    }

    fn look_into(&self, path: &Path, patience: &Patience) -> Result<Option<AccessKey>, NoKey> {
        let Some(text) = file::read("file", path)? else { return Ok(None) };
        let found = match text.trim_start().starts_with('{') {
            true => self.in_json(&text, patience),
            false => self.in_ini(Ini(&text), patience),
        };
        found.map_err(|why| why.of(&format!("the file {}", escaped_path(path))))
    }

    fn in_json(&self, text: &str, patience: &Patience) -> Result<Option<AccessKey>, NoKey> {
        let mut file = Document::parse(text.as_bytes()).ok_or_else(|| NoKey::new("it is no JSON"))?;
        let current = || file.text(&["current"]).unwrap_or("default");
        let name = self.wanted().unwrap_or_else(current).to_owned();
        let Some(profile) = file.take_named("profiles", &name) else { return Ok(None) };
        let settings = Settings {
            mode: profile.text(&["mode"]).unwrap_or_default(),
            text: &|names| profile.text(names),
            seconds: profile.number("expired_seconds"),
            service: None,
        };
        self.key(&settings, patience).map_err(|why| why.of(&format!("its profile {}", shown(&name))))
    }

    fn in_ini(&self, file: Ini<'_>, patience: &Patience) -> Result<Option<AccessKey>, NoKey> {
        const OF_OSSUTIL: &str = "Credentials";
        let unnamed = if file.has(OF_OSSUTIL) { OF_OSSUTIL } else { "default" };
        let section = self.wanted().unwrap_or(unnamed);
        let settings = Settings {
            mode: file.text(section, &["mode", "type"]).unwrap_or_default(),
            text: &|names| file.text(section, names),
            seconds: None,
            service: file.text("AkService", &["ecsAk"]),
        };
        self.key(&settings, patience).map_err(|why| why.of(&format!("its section {}", shown(section))))
    }

    fn wanted(&self) -> Option<&str> {
        let named = || NAMED_BY.into_iter().find_map(|variable| self.surroundings.text(variable));
        self.name.as_deref().or_else(named)
    }

    /// The key that a profile's settings lead to; `None` for one that was never filled in.
    fn key(&self, settings: &Settings<'_>, patience: &Patience) -> Result<Option<AccessKey>, NoKey> {
        let is = |modes: &[&str]| modes.iter().any(|mode| is_same(mode, settings.mode));
        let surroundings = &self.surroundings;
        if is(&["AK", "access_key"]) {
            return settings.key(None);
        }
        if is(&["StsToken", "sts"]) {
            return settings.temporary_key();
        }
        if is(&["EcsRamRole"]) {
            let role = (settings.text)(&["ram_role_name", "ecs_role_name", "role_name"]);
            return match settings.service.filter(|_| role.is_none()) {
                Some(url) => fetched(Uri::new(Some(url), surroundings), patience),
                None => fetched(EcsRole::new(role, surroundings), patience),
            };
        }
        if is(&["OIDC", "oidc_role_arn"]) {
            return fetched(Oidc::new(&settings.oidc(), surroundings), patience);
        }
        if is(&["CredentialsURI"]) {
            self.may_ask_others()?;
            return fetched(Uri::new((settings.text)(&["credentials_uri"]), surroundings), patience);
        }
        if is(&["External"]) {
            self.may_ask_others()?;
            let command = (settings.text)(&["process_command"]).unwrap_or_default();
            return fetched(Process::new(command), patience);
        }
        if !settings.mode.is_empty() {
            return Err(NoKey::new(format!("its mode {} is not known here", shown(settings.mode))));
        }
        match (settings.key(settings.token())?, settings.service) {
            (None, Some(url)) => fetched(Uri::new(Some(url), surroundings), patience),
            (key, _) => Ok(key),
        }
    }

    /// Users can forbid what a file could make them run or ask.
    fn may_ask_others(&self) -> Result<(), NoKey> {
        const FORBIDDEN: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";
        match self.surroundings.says_yes(FORBIDDEN) {
            true => Err(NoKey::new(format!("its mode is forbidden by {FORBIDDEN}"))),
            false => Ok(()),
        }
    }
}

impl Provider for Profile {
    fn fetch(&self, patience: &Patience) -> Result<AccessKey, NoKey> {
        self.look(patience).unwrap_or_else(|| Err(NoKey::new(self.none())))
    }
}

/// A profile's settings, under the names that they have in JSON, with those of other files after them.
struct Settings<'a> {
    mode: &'a str,
    text: &'a dyn Fn(&[&str]) -> Option<&'a str>,
    /// How long a key of a role is to be good for.
    seconds: Option<u64>,
    /// A URL that answers as the metadata service does.
    service: Option<&'a str>,
}

impl Settings<'_> {
    fn id(&self) -> Option<&str> {
        (self.text)(&["access_key_id", "access_id"])
    }

    fn secret(&self) -> Option<&str> {
        (self.text)(&["access_key_secret", "access_key"])
    }

    fn token(&self) -> Option<&str> {
        (self.text)(&["sts_token", "security_token"])
    }

    /// The same with the token without which it is no key of this mode.
    fn temporary_key(&self) -> Result<Option<AccessKey>, NoKey> {
        match self.token() {
            None if self.id().is_some() && self.secret().is_some() => {
                Err(NoKey::new("it holds an access key, but not sts_token, which its mode needs"))
            }
            token => self.key(token),
        }
    }

    /// The key in the profile itself, with this token, if there is one. Half a key is a mistake.
    fn key(&self, token: Option<&str>) -> Result<Option<AccessKey>, NoKey> {
        match (self.id(), self.secret()) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(NoKey::new("it holds access_key_id, but not access_key_secret")),
            (None, Some(_)) => Err(NoKey::new("it holds access_key_secret, but not access_key_id")),
            (Some(id), Some(secret)) => {
                let key =
                    AccessKey::new(id, secret, token).map_err(|mistake| NoKey::new(mistake.to_string()))?;
                Ok(Some(key.expiring(Some(answer::UNTIL_REFUSED))))
            }
        }
    }

    fn oidc(&self) -> OidcSettings<'_> {
        OidcSettings {
            role_arn: (self.text)(&["ram_role_arn", "role_arn"]),
            provider_arn: (self.text)(&["oidc_provider_arn"]),
            token_file: (self.text)(&["oidc_token_file"]).map(Path::new),
            session_name: (self.text)(&["ram_session_name", "role_session_name"]),
            sts_endpoint: (self.text)(&["sts_endpoint"]),
            sts_region: (self.text)(&["sts_region"]),
            seconds: self.seconds,
        }
    }
}

fn fetched<P: Provider>(
    provider: Result<P, Mistake>,
    patience: &Patience,
) -> Result<Option<AccessKey>, NoKey> {
    let provider = provider.map_err(|mistake| NoKey::new(mistake.to_string()))?;
    provider.fetch(patience).map(Some)
}

/// The files of the tools, in the order in which they are looked for.
fn own_files(surroundings: &Surroundings) -> Vec<PathBuf> {
    let of_cli = match surroundings.says_yes("ALIBABA_CLOUD_CLI_PROFILE_DISABLED") {
        true => None,
        false => surroundings
            .path("ALIBABA_CLOUD_CONFIG_FILE")
            .map(Path::to_owned)
            .or_else(|| surroundings.at_home(".aliyun/config.json")),
    };
    let shared = SHARED_FILES.into_iter().filter_map(|file| surroundings.at_home(file));
    of_cli.into_iter().chain(shared).collect()
}
