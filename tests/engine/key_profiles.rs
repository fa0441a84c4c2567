//! Keys in the files of Alibaba's command line tools, and the order in which all places are tried.

use crate::support::key_service::{KeyService, SECRET, TOKEN, environment, key_json, patience, reply};
use oss_upload::credentials::{AccessKey, Credentials, NoKey, Profile, Provider, Surroundings};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(60);
const END: &str = "2099-01-01T00:00:00Z";

const CLI: &str = ".aliyun/config.json";
const SHARED: &str = ".alibabacloud/credentials";
const OSSUTIL: &str = ".ossutilconfig";

/// Somebody's home, with these files in it.
struct Home(TempDir);

impl Home {
    fn with(files: &[(&str, &str)]) -> Home {
        let home = Home(TempDir::new().unwrap());
        for (file, content) in files {
            home.write(file, content);
        }
        home
    }

    fn write(&self, file: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn surroundings(&self, variables: &[(&str, &str)]) -> Surroundings {
        let home = [("HOME", self.0.path().to_str().unwrap())];
        environment(&[&home, variables].concat())
    }

    fn fetch(&self, variables: &[(&str, &str)]) -> Result<AccessKey, NoKey> {
        Profile::new(None, None, self.surroundings(variables)).fetch(&patience(LONG))
    }
}

/// A file of the command line tool with these profiles, of which `current` is the current one.
fn cli(current: &str, profiles: &[(&str, &str, &str)]) -> String {
    let profiles = profiles.iter().map(|(name, mode, rest)| {
        format!(
            r#"{{"name": "{name}", "mode": "{mode}", "region_id": "cn-hangzhou", "retry_count": 0, {rest}}}"#
        )
    });
    let profiles: Vec<_> = profiles.collect();
    format!(r#"{{"current": "{current}", "profiles": [{}], "meta_path": ""}}"#, profiles.join(", "))
}

fn key_of(id: &str) -> String {
    format!(r#""access_key_id": "{id}", "access_key_secret": "{SECRET}", "sts_token": """#)
}

fn id(key: Result<AccessKey, NoKey>) -> String {
    let key = key.unwrap();
    assert_eq!(key.identity().access_key_secret, SECRET);
    key.identity().access_key_id.to_owned()
}

fn assert_says(key: Result<AccessKey, NoKey>, what: &str) {
    let why = key.expect_err("no key");
    let message = why.message();
    assert!(message.contains(what), "{message:?} does not say {what:?}");
    assert!(!message.contains(['\n', '\r']), "{message}");
    assert!(!message.contains(SECRET) && !message.contains(TOKEN), "{message}");
}

#[test]
fn profile_is_the_one_that_is_asked_for_or_named_or_current() {
    let profiles = cli("b", &[("a", "AK", &key_of("of-a")), ("b", "ak", &key_of("of-b"))]);
    let home = Home::with(&[(CLI, &profiles)]);
    assert_eq!(id(home.fetch(&[])), "of-b");
    for variable in ["ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"] {
        assert_eq!(id(home.fetch(&[(variable, "a")])), "of-a");
    }
    let named = Profile::new(None, Some("b"), home.surroundings(&[("ALIBABA_CLOUD_PROFILE", "a")]));
    assert_eq!(id(named.fetch(&patience(LONG))), "of-b");
    assert_says(home.fetch(&[("ALIBABA_CLOUD_PROFILE", "c")]), "no profile \"c\"");
    let elsewhere = home.write("other.json", &cli("x", &[("x", "AK", &key_of("of-x"))]));
    let elsewhere = elsewhere.to_str().unwrap();
    assert_eq!(id(home.fetch(&[("ALIBABA_CLOUD_CONFIG_FILE", elsewhere)])), "of-x");
    let given = Profile::new(Some(Path::new(elsewhere)), None, environment(&[]));
    assert_eq!(id(given.fetch(&patience(LONG))), "of-x");
}

#[test]
fn profile_is_read_anew_for_each_key() {
    let home = Home::with(&[(CLI, &cli("a", &[("a", "AK", &key_of("first"))]))]);
    let profile = Profile::new(None, None, home.surroundings(&[]));
    assert_eq!(id(profile.fetch(&patience(LONG))), "first");
    home.write(CLI, &cli("a", &[("a", "AK", &key_of("second"))]));
    assert_eq!(id(profile.fetch(&patience(LONG))), "second");
    fs::remove_file(home.0.path().join(CLI)).unwrap();
    assert_says(profile.fetch(&patience(LONG)), CLI);
}

#[test]
fn modes_lead_to_where_they_say() {
    let service = KeyService::start(|asked| {
        let key = key_json("STS.id", END);
        Some(match asked.line().split('?').next().unwrap() {
            "PUT /latest/api/token" => reply(404, ""),
            "GET /latest/meta-data/ram/security-credentials/r" | "GET /key" => reply(200, &key),
            "POST /" => reply(200, &format!(r#"{{"Credentials": {key}}}"#)),
            _ => reply(400, ""),
        })
    });
    let (url, folder) = (service.url(), TempDir::new().unwrap());
    let token = folder.path().join("token");
    fs::write(&token, "web-token").unwrap();
    let token = token.display();
    let sts =
        format!(r#""access_key_id": "STS.id", "access_key_secret": "{SECRET}", "sts_token": "{TOKEN}""#);
    let command = format!(r#""process_command": "echo '{}'""#, format!("{{{sts}}}").replace('"', "\\\""));
    let oidc = format!(
        r#""oidc_provider_arn": "p", "oidc_token_file": "{token}", "ram_role_arn": "r",
           "ram_session_name": "s", "sts_endpoint": "{url}", "expired_seconds": 900"#
    );
    for (mode, rest) in [
        ("StsToken", sts.as_str()),
        ("", &sts),
        ("EcsRamRole", r#""ram_role_name": "r""#),
        ("OIDC", &oidc),
        ("CredentialsURI", &format!(r#""credentials_uri": "{url}key""#)),
        ("External", &command),
    ] {
        let home = Home::with(&[(CLI, &cli("a", &[("a", mode, rest)]))]);
        let profile = Profile::new(None, None, home.surroundings(&[]).with_metadata_at(&url));
        let key = profile.fetch(&patience(LONG));
        let key = key.unwrap_or_else(|why| panic!("{mode}: {}", why.message()));
        assert_eq!((key.identity().access_key_id, key.identity().security_token), ("STS.id", Some(TOKEN)));
        let is_of_others = matches!(mode, "CredentialsURI" | "External");
        let forbidding = home.surroundings(&[("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "1")]);
        let forbidden = Profile::new(None, None, forbidding.with_metadata_at(&url)).fetch(&patience(LONG));
        assert_eq!(forbidden.is_err(), is_of_others, "{mode}");
    }
    let posts = service.asked().into_iter().filter(|asked| asked.line().starts_with("POST"));
    assert!(
        posts.map(|post| post.body).all(|body| body.ends_with("&DurationSeconds=900&OIDCToken=web-token"))
    );
}

#[test]
fn key_for_ever_is_not_sent_with_the_token_that_is_left_of_another() {
    let left = format!(r#""access_key_id": "id", "access_key_secret": "{SECRET}", "sts_token": "{TOKEN}""#);
    let home = Home::with(&[(CLI, &cli("a", &[("a", "AK", &left)]))]);
    let key = home.fetch(&[]).unwrap_or_else(|why| panic!("{}", why.message()));
    assert_eq!((key.identity().access_key_id, key.identity().security_token), ("id", None));
}

#[test]
fn modes_that_are_not_known_here_are_named() {
    for mode in
        ["RamRoleArn", "RsaKeyPair", "RamRoleArnWithRoleName", "ChainableRamRoleArn", "CloudSSO", "OAuth"]
    {
        let home = Home::with(&[(CLI, &cli("a", &[("a", mode, &key_of("id"))]))]);
        assert_says(home.fetch(&[]), &format!("its profile \"a\": its mode \"{mode}\" is not known here"));
    }
    let home = Home::with(&[(OSSUTIL, "[Credentials]\nmode=RamRoleArn\naccessKeyID=x\naccessKeySecret=y")]);
    assert_says(home.fetch(&[]), "its section \"Credentials\": its mode \"RamRoleArn\"");
}

#[test]
fn files_that_are_broken_are_named_without_what_they_hold() {
    let big = format!("{{\"current\": \"{SECRET}\"{}", " ".repeat(1 << 20));
    let half = |mode: &str, half: &str| cli("a", &[("a", mode, &format!(r#""{half}": "{SECRET}""#))]);
    for (content, what) in [
        (format!("{{\"current\": \"{SECRET}\""), "it is no JSON"),
        (big, "is larger than 1 MiB"),
        (half("AK", "access_key_secret"), "it holds access_key_secret, but not access_key_id"),
        (half("", "access_key_id"), "it holds access_key_id, but not access_key_secret"),
        (half("External", "x"), "the credentials command is empty"),
        (half("CredentialsURI", "x"), "ALIBABA_CLOUD_CREDENTIALS_URI is not set"),
        (half("OIDC", "x"), "ALIBABA_CLOUD_ROLE_ARN is not set"),
        (cli("a", &[("a", "StsToken", &key_of("x"))]), "it holds an access key, but not sts_token"),
    ] {
        let home = Home::with(&[(CLI, &content)]);
        assert_says(home.fetch(&[]), what);
        assert_says(home.fetch(&[]), CLI);
    }
    let home = Home::with(&[]);
    fs::create_dir_all(home.0.path().join(CLI)).unwrap();
    assert_says(home.fetch(&[]), "is not a regular file");
    let binary = home.0.path().join("binary");
    fs::write(&binary, b"[Credentials]\n\xff").unwrap();
    assert_says(
        Profile::new(Some(&binary), None, environment(&[])).fetch(&patience(LONG)),
        "no text in UTF-8",
    );
    assert_says(Profile::new(None, None, environment(&[])).fetch(&patience(LONG)), "HOME is not set");
}

#[test]
fn files_of_older_tools_are_read_after_the_newer_ones() {
    let ossutil =
        format!("; mine\n[Credentials]\nlanguage=EN\naccess-key-id = of-ossutil\nAccessKeySecret={SECRET}\n");
    let home = Home::with(&[(OSSUTIL, &ossutil)]);
    assert_eq!(id(home.fetch(&[])), "of-ossutil");
    // It has no profiles, so it is not meant by whoever names one.
    let shared = format!(
        "[default]\ntype = access_key\naccess_key_id = of-default\naccess_key_secret = {SECRET}\n\
         [other]\ntype = sts\naccess_key_id = STS.other\naccess_key_secret = {SECRET}\nsecurity_token = {TOKEN}\n"
    );
    home.write(SHARED, &shared);
    assert_eq!(id(home.fetch(&[])), "of-default");
    assert_eq!(id(home.fetch(&[("ALIBABA_CLOUD_PROFILE", "other")])), "STS.other");
    // Who names a profile that is nowhere does not become whoever is in a file without profiles.
    assert_says(home.fetch(&[("ALIBABA_CLOUD_PROFILE", "nowhere")]), "no profile \"nowhere\"");
    // One that was never filled in is as none.
    home.write(CLI, &cli("default", &[("default", "", r#""access_key_id": """#)]));
    assert_eq!(id(home.fetch(&[])), "of-default");
    home.write(CLI, &cli("default", &[("default", "AK", &key_of("of-cli"))]));
    assert_eq!(id(home.fetch(&[])), "of-cli");
    assert_eq!(id(home.fetch(&[("ALIBABA_CLOUD_PROFILE", "other")])), "STS.other");
    assert_eq!(id(home.fetch(&[("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true")])), "of-default");
}

#[test]
fn ossutil_may_name_a_service_that_gives_keys() {
    let service = KeyService::start(|_| Some(reply(200, &key_json("STS.id", END))));
    let ecs_ak = format!("[AkService]\necsAk={}role\n", service.url());
    for mode in ["", "mode=EcsRamRole\n"] {
        let home = Home::with(&[(OSSUTIL, &format!("[Credentials]\nendpoint=x\n{mode}{ecs_ak}"))]);
        assert_eq!(id(home.fetch(&[])), "STS.id");
    }
    assert_eq!(service.lines(), ["GET /role", "GET /role"]);
}

/// The id that the default chain comes to with these variables, in a home, on an instance.
fn chain(home: &Home, variables: &[(&str, &str)], metadata: &str) -> Result<String, String> {
    let around = home.surroundings(variables).with_metadata_at(metadata);
    let credentials = Credentials::from_default_chain(&around).map_err(|mistake| mistake.to_string())?;
    let key = credentials.key(&patience(LONG)).map_err(|why| why.message().to_owned())?;
    Ok(key.identity().access_key_id.to_owned())
}

#[test]
fn default_chain_takes_the_first_that_has_a_key() {
    let service = KeyService::start(|asked| {
        let key = |id: &str| reply(200, &key_json(id, END));
        Some(match asked.line().split('?').next().unwrap() {
            "PUT /latest/api/token" => reply(200, "t"),
            "GET /latest/meta-data/ram/security-credentials/" => reply(200, "r"),
            "GET /latest/meta-data/ram/security-credentials/r" => key("STS.role"),
            "GET /key" => key("STS.uri"),
            "POST /" => reply(200, &format!(r#"{{"Credentials": {}}}"#, key_json("STS.oidc", END))),
            _ => reply(404, ""),
        })
    });
    let (home, url) = (Home::with(&[]), service.url());
    let token = home.write("token", "web-token");
    let nobody = KeyService::start(|_| Some(reply(404, "")));

    let uri = ("ALIBABA_CLOUD_CREDENTIALS_URI", &*format!("{url}key"));
    let mut set = vec![uri];
    assert_eq!(chain(&home, &set, &nobody.url()).as_deref(), Ok("STS.uri"));
    set.push(("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"));
    assert_eq!(chain(&home, &set, &url).as_deref(), Ok("STS.uri"));
    set.pop();
    assert_eq!(chain(&home, &set, &url).as_deref(), Ok("STS.role"));
    home.write(OSSUTIL, &format!("[Credentials]\naccessKeyID=of-ossutil\naccessKeySecret={SECRET}"));
    assert_eq!(chain(&home, &set, &url).as_deref(), Ok("of-ossutil"));
    home.write(CLI, &cli("a", &[("a", "AK", &key_of("of-cli"))]));
    assert_eq!(chain(&home, &set, &url).as_deref(), Ok("of-cli"));
    set.extend([("ALIBABA_CLOUD_ROLE_ARN", "r"), ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p")]);
    set.extend([
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.to_str().unwrap()),
        ("ALIBABA_CLOUD_STS_ENDPOINT", &url),
    ]);
    assert_eq!(chain(&home, &set, &url).as_deref(), Ok("STS.oidc"));
    set.extend([("ALIBABA_CLOUD_ACCESS_KEY_ID", "general"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")]);
    assert_eq!(chain(&home, &set, &url).as_deref(), Ok("general"));
    set.extend([("OSS_ACCESS_KEY_ID", "own"), ("OSS_ACCESS_KEY_SECRET", "s")]);
    assert_eq!(chain(&home, &set, &url).as_deref(), Ok("own"));
}

#[test]
fn half_a_provider_is_no_reason_to_go_to_the_next() {
    let service = KeyService::start(|_| Some(reply(200, &key_json("STS.id", END))));
    let (home, url) = (Home::with(&[]), service.url());
    let says = |variables: &[(&str, &str)], what: &str| {
        let uri = [("ALIBABA_CLOUD_CREDENTIALS_URI", url.as_str())];
        let why = chain(&home, &[&uri, variables].concat(), &url).expect_err("no key");
        assert!(why.contains(what), "{why:?} does not say {what:?}");
    };
    says(&[("OSS_ACCESS_KEY_ID", "x")], "OSS_ACCESS_KEY_SECRET is not");
    says(&[("ALIBABA_CLOUD_ROLE_ARN", "x")], "ALIBABA_CLOUD_OIDC_PROVIDER_ARN is not set");
    says(&[("ALIBABA_CLOUD_ECS_METADATA", "../x")], "name of the instance's role");
    let why = chain(&home, &[("ALIBABA_CLOUD_CREDENTIALS_URI", "x")], &url).expect_err("no key");
    assert!(why.starts_with("the URL of credentials is none"), "{why}");
    home.write(CLI, "{");
    says(&[], "it is no JSON");
    home.write(CLI, &cli("a", &[("a", "CloudSSO", &key_of("x"))]));
    says(&[], "\"CloudSSO\"");
    home.write(CLI, &cli("a", &[("a", "AK", r#""access_key_id": "x""#)]));
    says(&[], "not access_key_secret");
    says(&[("ALIBABA_CLOUD_PROFILE", "b")], "no profile \"b\"");
    assert!(service.asked().is_empty());
}

#[test]
fn chain_without_any_key_says_what_each_place_lacks() {
    let nobody = KeyService::start(|_| Some(reply(404, "")));
    let home = Home::with(&[]);
    let why = chain(&home, &[("ALIBABA_CLOUD_CREDENTIALS_URI", &nobody.url())], &nobody.url());
    let why = why.expect_err("no key");
    for what in
        ["OSS_ACCESS_KEY_ID", CLI, SHARED, OSSUTIL, "no RAM role", "the credentials URI", "HTTP status 404"]
    {
        assert!(why.contains(what), "{why:?} does not say {what:?}");
    }
}

#[test]
fn chain_stays_with_whoever_had_the_first_key() {
    let key = |id: &str| reply(200, &key_json(id, "2020-01-01T00:00:00Z"));
    let service = KeyService::start(move |asked| {
        Some(if asked.line() == "GET /key" { key("STS.uri") } else { reply(404, "") })
    });
    let home = Home::with(&[]);
    let variables = [("ALIBABA_CLOUD_CREDENTIALS_URI", &*format!("{}key", service.url()))];
    let around = home.surroundings(&variables).with_metadata_at(&service.url());
    let credentials = Credentials::from_default_chain(&around).unwrap();
    for _ in 0..2 {
        let key = credentials.key(&patience(LONG)).unwrap();
        assert_eq!(key.identity().access_key_id, "STS.uri");
        home.write(CLI, &cli("a", &[("a", "AK", &key_of("of-cli"))]));
    }
    assert_eq!(service.lines().iter().filter(|line| *line == "GET /key").count(), 2);
    assert_eq!(service.asked().len(), 2 + 2);
}
