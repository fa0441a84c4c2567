//! Processes that are forked while a thread fetches a key over the network: each goes on with a key of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Credential, Emulator};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::bucket::{TestBucket, emulator};
use support::c_program::{CProgram, Linkage};
use support::key_service::{Asked, KeyService, SECRET, TOKEN, key_json, reply};
use support::tools;

/// How often there are forks while the parent fetches, and how many processes want a key then.
const ROUNDS: usize = 12;
const PROCESSES: usize = 4;
/// The metadata service is asked for a token, for the role and for its key. Of each round another of these is held back.
const STEPS: usize = 3;
const END: &str = "2099-01-01T00:00:00Z";

/// A service that gives each who asks a key of its own. Of each round it holds back one request of the first to ask, which is
/// the parent, while the others come.
struct Service {
    emulator: Arc<Emulator>,
    held: String,
    go: String,
    fetches: AtomicUsize,
}

impl Service {
    fn answer(&self, asked: &Asked) -> Vec<u8> {
        let target = asked.line().split([' ', '?']).nth(1).unwrap();
        // Whoever asks the metadata service says with each request which number it was given first.
        let fetch = match asked.header("x-aliyun-ecs-metadata-token") {
            Some(token) => token.parse().unwrap(),
            None => self.fetches.fetch_add(1, Ordering::SeqCst),
        };
        let held = fetch / PROCESSES % STEPS;
        let (step, answer) = match target {
            "/latest/api/token" => (0, fetch.to_string()),
            "/latest/meta-data/ram/security-credentials/" => (1, "role".to_owned()),
            "/latest/meta-data/ram/security-credentials/role" => (2, self.key(fetch)),
            _ if asked.body.is_empty() => (held, self.key(fetch)),
            _ => (held, format!(r#"{{"Credentials": {}}}"#, self.key(fetch))),
        };
        if fetch % PROCESSES == 0 && step == held {
            fs::write(&self.held, "x").unwrap();
            fs::read(&self.go).unwrap();
        }
        reply(200, &answer)
    }

    fn key(&self, fetch: usize) -> String {
        let id = format!("STS.{fetch}");
        self.emulator.add_credential(Credential::temporary(&id, SECRET, TOKEN));
        key_json(&id, END)
    }
}

/// The numbers of the keys with which each object was put.
fn signed_with(emulator: &Emulator) -> BTreeMap<String, BTreeSet<usize>> {
    let mut keys: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for request in emulator.requests() {
        assert_eq!(request.status, Some(200));
        let authorization = request.header("authorization").unwrap();
        let (_, rest) = authorization.split_once("Credential=STS.").unwrap();
        let number = rest.split_once('/').unwrap().0.parse().unwrap();
        keys.entry(request.key.clone().unwrap()).or_default().insert(number);
    }
    keys
}

fn pipe(folder: &Path, name: &str) -> String {
    let path = folder.join(name).to_str().unwrap().to_owned();
    assert!(tools::command("mkfifo").arg(&path).status().unwrap().success());
    path
}

fn each_process_has_its_own_key_from(provider: &str) {
    let emulator = Arc::new(emulator());
    let program = CProgram::compile("fork_providers", Linkage::Shared);
    let (held, go) = (pipe(program.folder(), "held"), pipe(program.folder(), "go"));
    let service = Service { emulator: Arc::clone(&emulator), held, go, fetches: AtomicUsize::new(0) };
    let service = Arc::new(service);
    let answering = Arc::clone(&service);
    let server = KeyService::start(move |asked| Some(answering.answer(asked)));
    let url = server.url();
    let port = url.trim_end_matches('/').rsplit_once(':').unwrap().1;
    let token_file = program.folder().join("token");
    fs::write(&token_file, "web-token").unwrap();
    program.run_on(
        &TestBucket::emulated(&emulator),
        &[
            ("PROVIDER", provider),
            ("SERVICE", &url),
            ("SERVICE_PORT", port),
            ("TOKEN_FILE", token_file.to_str().unwrap()),
            ("HELD", &service.held),
            ("GO", &service.go),
            ("ROUNDS", &ROUNDS.to_string()),
        ],
    );
    assert_eq!(service.fetches.load(Ordering::SeqCst), ROUNDS * PROCESSES);
    let keys = signed_with(&emulator);
    for round in 0..ROUNDS {
        let of = |who: &str| keys[&format!("{who}/{round}")].iter().copied().collect::<Vec<_>>();
        let first = round * PROCESSES;
        assert_eq!(of("parent"), [first]);
        let mut children = [of("child0"), of("child1"), of("child2")].concat();
        children.sort_unstable();
        assert_eq!(children, (first + 1..first + PROCESSES).collect::<Vec<_>>());
    }
}

#[test]
fn each_process_has_its_own_key_from_the_metadata_service() {
    each_process_has_its_own_key_from("role");
}

#[test]
fn each_process_has_its_own_key_from_the_token_service() {
    each_process_has_its_own_key_from("oidc");
}

#[test]
fn each_process_has_its_own_key_from_a_url() {
    each_process_has_its_own_key_from("uri");
}
