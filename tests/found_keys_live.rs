//! Keys that end in the middle of an upload, from every place where they are found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_upload::credentials::{Credentials, EcsRole, Oidc, OidcSettings, Process, Profile, Provider, Uri};
use oss_upload::engine::{Body, Bucket, Completion, Multipart, ObjectOptions, Status};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::key_service::{KeyService, environment, patience, reply};
use support::together::together;
use support::token_service::{Client, Said, TokenService, now_ms};
use support::tools;
use tempfile::TempDir;

/// Of a key, which ends with the second.
const LIFE: Duration = Duration::from_secs(3);
/// Of an upload, which takes three keys at least, however much longer they are good.
const TIME: Duration = Duration::from_secs(8);
const PARTS: u32 = 300;
const THREADS: u32 = 3;

/// A new key in the words of services, and in those of profiles.
fn new_key(tokens: &Arc<TokenService>) -> String {
    let key = Client(Arc::clone(tokens)).fetch(&patience(TIME)).unwrap();
    let (identity, end) = (key.identity(), key.expires_at().unwrap());
    let (id, secret) = (identity.access_key_id, identity.access_key_secret);
    let (token, end) = (identity.security_token.unwrap(), oss_upload::wire::date::iso8601_seconds(end));
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "{id}", "AccessKeySecret": "{secret}", "SecurityToken": "{token}",
            "Expiration": "{end}", "name": "a", "mode": "StsToken", "access_key_id": "{id}",
            "access_key_secret": "{secret}", "sts_token": "{token}"}}"#
    )
}

/// Uploads parts from some threads, none of which takes a second attempt.
fn upload(bucket: &Arc<Bucket>) {
    let (multipart, begun) = Multipart::begin(bucket, "object", &ObjectOptions::default());
    let multipart = multipart.unwrap_or_else(|| panic!("{}", begun.message));
    let began = Instant::now();
    thread::scope(|scope| {
        for first in 1..=THREADS {
            let multipart = &multipart;
            scope.spawn(move || {
                for number in (first..=PARTS).step_by(THREADS as usize) {
                    // They come evenly over the time.
                    thread::sleep((TIME * number / PARTS).saturating_sub(began.elapsed()));
                    let part = multipart.upload_part(number, Body::Bytes(b"part"));
                    assert_eq!((part.status, part.attempts), (Status::Ok, 1), "{}", part.message);
                }
            });
        }
    });
    let outcome = multipart.complete(Completion::All, None);
    assert_eq!((outcome.status, outcome.attempts), (Status::Ok, 1), "{}", outcome.message);
}

/// Uploads with what comes out of a place that asks this service, once a life.
fn upload_with(provider: impl Provider + 'static, tokens: &Arc<TokenService>) {
    upload(&tokens.bucket_of(Arc::new(Credentials::from_provider(provider)), |_| ()));
    let issued = tokens.issued();
    assert!(issued.len() > 2, "{issued:?}");
    assert_eq!((tokens.asked(), tokens.most_at_a_time()), (issued.len(), 1));
    for pair in issued.windows(2) {
        let (life, used) = (pair[0].ends_at - pair[0].given_at, pair[1].given_at - pair[0].given_at);
        assert!(used * 5 >= life * 4, "used for {used} of {life} ms");
    }
}

/// A service that gives each who asks a new key.
fn service(tokens: &Arc<TokenService>) -> KeyService {
    let tokens = Arc::clone(tokens);
    KeyService::start(move |asked| {
        Some(match asked.line().split([' ', '?']).nth(1).unwrap() {
            "/latest/api/token" => reply(200, "t"),
            "/latest/meta-data/ram/security-credentials/" => reply(200, "role"),
            _ if asked.body.is_empty() => reply(200, &new_key(&tokens)),
            _ => reply(200, &format!(r#"{{"Credentials": {}}}"#, new_key(&tokens))),
        })
    })
}

fn tokens() -> Arc<TokenService> {
    TokenService::start(Said::Truth, LIFE)
}

/// Where a key is found that somebody has to be asked for.
#[derive(Debug, Clone, Copy)]
enum Place {
    Instance,
    WebToken,
    Url,
    ProfileThatLeadsElsewhere,
    Command,
}

#[test]
fn key_is_asked_for_once_a_life_wherever_it_is_found() {
    let places =
        [Place::Instance, Place::WebToken, Place::Url, Place::ProfileThatLeadsElsewhere, Place::Command];
    together(&places, |place| match place {
        Place::Instance => upload_with_the_key_of_an_instance(),
        Place::WebToken => upload_with_a_key_for_a_web_token(),
        Place::Url => upload_with_the_key_of_a_url(),
        Place::ProfileThatLeadsElsewhere => upload_with_the_key_of_a_profile_that_leads_elsewhere(),
        Place::Command => upload_with_the_key_of_a_command(),
    });
}

fn upload_with_the_key_of_an_instance() {
    let tokens = tokens();
    let around = environment(&[]).with_metadata_at(&service(&tokens).url());
    upload_with(EcsRole::new(None, &around).unwrap(), &tokens);
}

fn upload_with_a_key_for_a_web_token() {
    let (tokens, folder) = (tokens(), TempDir::new().unwrap());
    let file = folder.path().join("token");
    fs::write(&file, "web-token").unwrap();
    let url = service(&tokens).url();
    let settings = OidcSettings {
        role_arn: Some("r"),
        provider_arn: Some("p"),
        token_file: Some(&file),
        sts_endpoint: Some(&url),
        ..OidcSettings::default()
    };
    upload_with(Oidc::new(&settings, &environment(&[])).unwrap(), &tokens);
}

fn upload_with_the_key_of_a_url() {
    let tokens = tokens();
    upload_with(Uri::new(Some(&service(&tokens).url()), &environment(&[])).unwrap(), &tokens);
}

fn upload_with_the_key_of_a_profile_that_leads_elsewhere() {
    let (tokens, folder) = (tokens(), TempDir::new().unwrap());
    let file = folder.path().join("config.json");
    let url = service(&tokens).url();
    let profile = format!(r#"{{"name": "a", "mode": "CredentialsURI", "credentials_uri": "{url}"}}"#);
    fs::write(&file, format!(r#"{{"current": "a", "profiles": [{profile}]}}"#)).unwrap();
    upload_with(Profile::new(Some(&file), None, environment(&[])), &tokens);
}

/// A command that prints a new key, which it gets through two pipes with names.
fn command(folder: &Path, tokens: &Arc<TokenService>) -> String {
    let [ask, answer] = ["ask", "answer"].map(|name| folder.join(name));
    assert!(tools::command("mkfifo").args([&ask, &answer]).status().unwrap().success());
    let command = format!("echo > {} && cat {}", ask.display(), answer.display());
    let tokens = Arc::clone(tokens);
    // It waits for whoever asks, and ends with the process.
    thread::spawn(move || {
        while fs::read_to_string(&ask).is_ok() {
            fs::write(&answer, new_key(&tokens)).unwrap();
        }
    });
    command
}

fn upload_with_the_key_of_a_command() {
    let (tokens, folder) = (tokens(), TempDir::new().unwrap());
    upload_with(Process::new(&command(folder.path(), &tokens)).unwrap(), &tokens);
}

#[test]
fn profile_that_somebody_keeps_writing_is_read_anew_when_its_key_is_refused() {
    let (tokens, folder) = (tokens(), TempDir::new().unwrap());
    let file = folder.path().join("config.json");
    let is_over = AtomicBool::new(false);
    let write = || {
        let new = folder.path().join("new");
        fs::write(&new, format!(r#"{{"current": "a", "profiles": [{}]}}"#, new_key(&tokens))).unwrap();
        fs::rename(&new, &file).unwrap();
    };
    write();
    let bucket = tokens.bucket_of(
        Arc::new(Credentials::from_provider(Profile::new(Some(&file), None, environment(&[])))),
        |_| (),
    );
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
                if tokens.issued().last().unwrap().ends_at - now_ms() < 500 {
                    write();
                }
            }
        });
        upload(&bucket);
        is_over.store(true, Ordering::Relaxed);
    });
    let refused = tokens.emulator.requests().iter().filter(|request| request.status == Some(403)).count();
    let keys = tokens.issued().len();
    // Whatever was under way when a key ended was refused once.
    assert!(keys > 2 && (1..=keys * THREADS as usize).contains(&refused), "{refused} refused of {keys} keys");
}
