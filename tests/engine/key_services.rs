//! Keys that services give: the metadata service, the token service, and whatever a URL leads to.

use crate::support::key_service::{KeyService, SECRET, TOKEN, environment, key_json, patience, reply};
use crate::support::raw_server::Deaf;
use oss_upload::credentials::{AccessKey, EcsRole, NoKey, Oidc, OidcSettings, Provider, Surroundings, Uri};
use oss_upload::transport::Cause;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(60);
const END: &str = "2099-01-01T00:00:00Z";
const END_UNIX: i64 = 4_070_908_800;
const WEB_TOKEN: &str = "web+identity/token=";

const KEYS: &str = "/latest/meta-data/ram/security-credentials/";

/// A metadata service whose one role is `role`, which answers with `answer` for its key.
fn metadata(hardened: bool, answer: &str) -> KeyService {
    let answer = answer.to_owned();
    KeyService::start(move |asked| {
        let is_known = !hardened || asked.header("x-aliyun-ecs-metadata-token") == Some("instance-token");
        Some(match asked.line() {
            "PUT /latest/api/token" if hardened => reply(200, "instance-token\n"),
            "PUT /latest/api/token" => reply(404, "no such page"),
            _ if !is_known => reply(403, "who are you?"),
            line if line == format!("GET {KEYS}") => reply(200, "role\n"),
            line if line == format!("GET {KEYS}role") => reply(200, &answer),
            _ => reply(404, "no such page"),
        })
    })
}

fn ecs(service: &KeyService, variables: &[(&str, &str)]) -> EcsRole {
    EcsRole::new(None, &environment(variables).with_metadata_at(&service.url())).unwrap()
}

fn assert_key(key: Result<AccessKey, NoKey>) {
    let key = key.unwrap();
    let identity = key.identity();
    assert_eq!(identity.access_key_id, "STS.id");
    assert_eq!((identity.access_key_secret, identity.security_token), (SECRET, Some(TOKEN)));
    assert_eq!(key.expires_at(), Some(END_UNIX));
}

/// One line that says this, and no secret.
fn assert_says(key: Result<AccessKey, NoKey>, what: &str) -> NoKey {
    let why = key.expect_err("no key");
    let message = why.message();
    assert!(message.contains(what), "{message:?} does not say {what:?}");
    assert!(!message.contains(['\n', '\r']), "{message}");
    for secret in [SECRET, TOKEN, WEB_TOKEN, "instance-token"] {
        assert!(!message.contains(secret), "{message}");
    }
    why
}

#[test]
fn metadata_is_asked_with_a_token_where_the_service_gives_one() {
    let service = metadata(true, &key_json("STS.id", END));
    assert_key(ecs(&service, &[]).fetch(&patience(LONG)));
    let (put, role, key) = ("PUT /latest/api/token", format!("GET {KEYS}"), format!("GET {KEYS}role"));
    assert_eq!(service.lines(), [put, &role, &key]);
    let asked = service.asked();
    assert_eq!(asked[0].header("x-aliyun-ecs-metadata-token-ttl-seconds"), Some("60"));
    assert_eq!(asked[0].header("content-length"), Some("0"));
    // Who knows the role does not ask for it.
    let known = ecs(&service, &[("ALIBABA_CLOUD_ECS_METADATA", "role")]);
    assert_key(known.fetch(&patience(LONG)));
    assert_eq!(service.lines()[3..], [put, &key]);
}

#[test]
fn metadata_is_asked_without_a_token_unless_that_is_forbidden() {
    let service = metadata(false, &key_json("STS.id", END));
    assert_key(ecs(&service, &[]).fetch(&patience(LONG)));
    assert_eq!(service.asked().len(), 3);
    let strict = ecs(&service, &[("ALIBABA_CLOUD_IMDSV1_DISABLED", "true")]);
    assert_says(strict.fetch(&patience(LONG)), "HTTP status 404");
    assert_eq!(service.lines()[3..], ["PUT /latest/api/token"]);
}

#[test]
fn metadata_that_is_forbidden_or_of_no_role_is_not_asked() {
    let refused = |role: Option<&str>, variables: &[(&str, &str)]| {
        EcsRole::new(role, &environment(variables)).err().expect("a mistake").to_string()
    };
    let disabled = refused(None, &[("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")]);
    assert!(disabled.contains("ALIBABA_CLOUD_ECS_METADATA_DISABLED"), "{disabled}");
    for role in ["", "..", "a/b", "a?b", "a b", "é", &"a".repeat(65)] {
        assert!(refused(Some(role), &[]).contains("name of the instance's role"), "{role}");
    }
    let service = KeyService::start(|_| Some(reply(404, "")));
    assert_says(ecs(&service, &[]).fetch(&patience(LONG)), "the instance has no RAM role");
    let service = KeyService::start(|_| Some(reply(200, "<html>Welcome!</html>")));
    assert_says(ecs(&service, &[]).fetch(&patience(LONG)), "no name of a role");
}

#[test]
fn machine_that_is_no_instance_finds_out_soon() {
    let deaf = Deaf::new();
    let around = environment(&[]).with_metadata_at(&format!("http://{}/", deaf.address));
    let began = Instant::now();
    assert_says(EcsRole::new(None, &around).unwrap().fetch(&patience(LONG)), "does not answer");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// A token service that answers with this, the file with the token, and whoever asks.
struct Tokens {
    service: KeyService,
    file: NamedTempFile,
}

impl Tokens {
    fn new(status: u16, answer: String) -> Tokens {
        let service = KeyService::start(move |_| Some(reply(status, &answer)));
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, format!("{WEB_TOKEN}\n")).unwrap();
        Tokens { service, file }
    }

    fn surroundings(&self) -> Surroundings {
        environment(&[
            ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/r"),
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p"),
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", self.file.path().to_str().unwrap()),
            ("ALIBABA_CLOUD_STS_ENDPOINT", &self.service.url()),
        ])
    }

    fn fetch(&self) -> Result<AccessKey, NoKey> {
        Oidc::new(&OidcSettings::default(), &self.surroundings()).unwrap().fetch(&patience(LONG))
    }
}

fn assumed(answer: &str) -> String {
    format!(r#"{{"RequestId": "r", "Credentials": {answer}}}"#)
}

#[test]
fn web_token_is_exchanged_and_read_anew_each_time() {
    let tokens = Tokens::new(200, assumed(&key_json("STS.id", END)));
    assert_key(tokens.fetch());
    std::fs::write(&tokens.file, "another").unwrap();
    let named = OidcSettings { session_name: Some("s"), seconds: Some(900), ..OidcSettings::default() };
    assert_key(Oidc::new(&named, &tokens.surroundings()).unwrap().fetch(&patience(LONG)));
    let asked = tokens.service.asked();
    let (target, time) = asked[0].line().split_once("&Timestamp=").unwrap();
    assert_eq!(target, "POST /?Action=AssumeRoleWithOIDC&Version=2015-04-01&Format=JSON");
    assert!(time.starts_with("20") && time.ends_with('Z') && time.contains("%3A"), "{time}");
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(
        asked[0].body,
        "RoleArn=acs%3Aram%3A%3A1%3Arole%2Fr&OIDCProviderArn=acs%3Aram%3A%3A1%3Aoidc-provider%2Fp&\
         RoleSessionName=oss-upload&DurationSeconds=3600&OIDCToken=web%2Bidentity%2Ftoken%3D"
    );
    assert!(asked[1].body.ends_with("&RoleSessionName=s&DurationSeconds=900&OIDCToken=another"));
}

#[test]
fn token_service_that_refuses_is_quoted_by_its_code_alone() {
    let refusal =
        format!(r#"{{"Code": "AuthenticationFail", "Message": "{WEB_TOKEN}", "RequestId": "4711"}}"#);
    let why = assert_says(Tokens::new(400, refusal).fetch(), "HTTP status 400: \"AuthenticationFail\"");
    assert!(why.message().ends_with("request id \"4711\""), "{}", why.message());
    assert_says(Tokens::new(503, "<html>".to_owned()).fetch(), "HTTP status 503");
    assert_says(Tokens::new(200, "{}".to_owned()).fetch(), "no Credentials");
}

#[test]
fn half_of_what_a_role_needs_is_a_mistake_that_names_the_rest() {
    let all = ["ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"];
    for missing in all {
        let set: Vec<_> = all.into_iter().filter(|name| *name != missing).map(|name| (name, "x")).collect();
        let mistake = Oidc::new(&OidcSettings::default(), &environment(&set)).err().expect("a mistake");
        assert!(mistake.message().ends_with(&format!("{missing} is not set")), "{mistake}");
    }
    let tokens = Tokens::new(200, assumed(&key_json("STS.id", END)));
    let nowhere = OidcSettings { token_file: Some(Path::new("/nowhere/token")), ..OidcSettings::default() };
    let nowhere = Oidc::new(&nowhere, &tokens.surroundings()).unwrap();
    assert_says(nowhere.fetch(&patience(LONG)), "file /nowhere/token does not exist");
    assert!(tokens.service.asked().is_empty());
}

#[test]
fn keys_come_from_a_url() {
    let service = KeyService::start(|_| Some(reply(200, &key_json("STS.id", END))));
    let around = environment(&[("ALIBABA_CLOUD_CREDENTIALS_URI", &format!("{}key?of=me", service.url()))]);
    assert_key(Uri::new(None, &around).unwrap().fetch(&patience(LONG)));
    assert_eq!(service.lines(), ["GET /key?of=me"]);
    let none = Uri::new(None, &environment(&[])).err().expect("a mistake").to_string();
    assert!(none.contains("ALIBABA_CLOUD_CREDENTIALS_URI is not set"), "{none}");
    for wrong in ["", "key", "file:///etc/passwd", "http://"] {
        assert!(Uri::new(Some(wrong), &environment(&[])).is_err(), "{wrong}");
    }
}

#[test]
fn key_of_a_url_may_be_one_without_an_end() {
    let lasting = format!(r#"{{"AccessKeyId": "id", "AccessKeySecret": "{SECRET}"}}"#);
    let service = KeyService::start(move |_| Some(reply(200, &lasting)));
    let key = Uri::new(Some(&service.url()), &environment(&[])).unwrap().fetch(&patience(LONG)).unwrap();
    assert_eq!((key.identity().access_key_id, key.identity().security_token), ("id", None));
}

/// What each service says is wrong with an answer, where the token service answers with it inside of another.
fn assert_all_say(answer: &str, what: &str) {
    let metadata = metadata(true, answer);
    assert_says(ecs(&metadata, &[]).fetch(&patience(LONG)), what);
    let tokens = Tokens::new(200, assumed(answer));
    assert_says(tokens.fetch(), what);
    let answer = answer.to_owned();
    let service = KeyService::start(move |_| Some(reply(200, &answer)));
    assert_says(Uri::new(Some(&service.url()), &environment(&[])).unwrap().fetch(&patience(LONG)), what);
}

#[test]
fn answers_that_are_not_whole_are_named_without_what_they_hold() {
    let whole = key_json("STS.id", END);
    let without = |name: &str| whole.replace(&format!("\"{name}\""), "\"Other\"");
    assert_all_say(&whole[..whole.len() - 2], "no JSON");
    assert_all_say(&without("AccessKeyId"), "no AccessKeyId");
    assert_all_say(&without("AccessKeySecret"), "no AccessKeySecret");
    assert_all_say(&whole.replace("Success", "Denied\\nthe"), "Code is \"Denied\\nthe\"");
    assert_all_say(&whole.replace(END, "tomorrow"), "Expiration is no date");
    let huge = format!("{{\"Padding\": \"{}\", {}", "x".repeat(100_000), &whole[1..]);
    assert_all_say(&huge, "no JSON");
    let metadata = metadata(true, &without("Expiration"));
    assert_says(ecs(&metadata, &[]).fetch(&patience(LONG)), "no Expiration");
    assert_says(Tokens::new(200, assumed(&without("Expiration"))).fetch(), "no Expiration");
    assert_says(Tokens::new(200, assumed(&without("SecurityToken"))).fetch(), "");
}

#[test]
fn redirect_is_not_followed() {
    let elsewhere = KeyService::start(|_| Some(reply(200, &key_json("STS.id", END))));
    let to = elsewhere.url();
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let service = KeyService::start(move |_| Some(redirect.clone().into_bytes()));
    let uri = Uri::new(Some(&service.url()), &environment(&[])).unwrap();
    assert_says(uri.fetch(&patience(LONG)), "HTTP status 302");
    assert_says(ecs(&service, &[]).fetch(&patience(LONG)), "HTTP status 302");
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn caller_whose_patience_ends_is_not_held_up() {
    let hanging = KeyService::start(|_| None);
    let slow = KeyService::start(|_| Some(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()));
    let cancelled = patience(LONG);
    cancelled.cancels[0].fire();
    for service in [&hanging, &slow] {
        let uri = Uri::new(Some(&service.url()), &environment(&[])).unwrap();
        let role = ecs(service, &[]);
        let providers: [&dyn Provider; 2] = [&uri, &role];
        for provider in providers {
            let began = Instant::now();
            let why = assert_says(provider.fetch(&patience(Duration::from_millis(200))), "deadline");
            assert_eq!(why.ended(), Some(&Cause::Deadline));
            let why = assert_says(provider.fetch(&cancelled), "cancelled");
            assert_eq!(why.ended(), Some(&Cause::Cancelled));
            assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        }
        // One who cancels in the middle.
        let waiting = patience(LONG);
        thread::scope(|scope| {
            let fetching = scope.spawn(|| uri.fetch(&waiting));
            let before = service.asked().len();
            while service.asked().len() == before && !fetching.is_finished() {
                thread::yield_now();
            }
            waiting.cancels[0].fire();
            let why = assert_says(fetching.join().unwrap(), "cancelled");
            assert_eq!(why.ended(), Some(&Cause::Cancelled));
        });
    }
}
