//! The library as a guest in a C program: what it must leave alone, and what must not harm it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Action, Config, Emulator, Fault, Tls};
use std::collections::HashSet;
use std::net::TcpListener;
use support::bucket::{TestBucket, emulator};
use support::c_program::{CProgram, Linkage};
use tempfile::NamedTempFile;

/// An emulator to work on, and what a program has to know of it.
struct Site {
    emulator: Emulator,
    bucket: TestBucket,
    ca_file: Option<NamedTempFile>,
}

impl Site {
    fn http() -> Site {
        Site::new(Config::default(), None)
    }

    /// The certificate is for the address only.
    fn https() -> Site {
        let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let ca_file = NamedTempFile::new().unwrap();
        std::fs::write(&ca_file, certified.cert.pem()).unwrap();
        let tls = Tls { cert_pem: certified.cert.pem(), key_pem: certified.signing_key.serialize_pem() };
        Site::new(Config { tls: Some(tls), ..Config::default() }, Some(ca_file))
    }

    /// http and https, which the library reaches in different ways.
    fn both() -> [Site; 2] {
        [Site::http(), Site::https()]
    }

    fn new(config: Config, ca_file: Option<NamedTempFile>) -> Site {
        let emulator = Emulator::start(config).unwrap();
        let bucket = TestBucket::emulated(&emulator);
        assert_eq!(bucket.endpoint.starts_with("https://"), ca_file.is_some());
        Site { emulator, bucket, ca_file }
    }

    fn run(&self, program: &str, linkage: Linkage) {
        let ca_file = self.ca_file.as_ref().map(|file| ("CA_FILE", file.path().to_str().unwrap()));
        CProgram::compile(program, linkage).run_on(&self.bucket, ca_file.as_slice());
    }

    /// The connections over which keys with this prefix were uploaded.
    fn connections_of(&self, prefix: &str) -> HashSet<u64> {
        let requests = self.emulator.requests();
        let theirs = requests
            .iter()
            .filter(|request| request.key.as_deref().is_some_and(|key| key.starts_with(prefix)));
        theirs.map(|request| request.connection).collect()
    }
}

#[test]
fn sigpipe_never_reaches_the_host() {
    for site in Site::both() {
        site.emulator
            .inject(Fault::new(Action::ResetAfterBodyBytes(100_000)).operation("PutObject").always());
        site.run("sigpipe", Linkage::Shared);
        site.run("sigpipe", Linkage::Static);
        let requests = site.emulator.requests();
        assert_eq!(requests.iter().filter(|request| request.operation == "PutObject").count(), 2 * 240);
    }
}

#[test]
fn everything_runs_on_the_calling_thread() {
    for site in Site::both() {
        site.run("one_thread", Linkage::Shared);
    }
}

#[test]
fn thread_that_resolves_a_name_ends_by_itself() {
    let emulator = emulator();
    let endpoint = format!("http://localhost:{}", emulator.port());
    let by_name = TestBucket { endpoint, ..TestBucket::emulated(&emulator) };
    CProgram::compile("one_thread", Linkage::Shared).run_on(&by_name, &[("BY_NAME", "1")]);
}

#[test]
fn name_whose_resolution_never_ends_holds_nobody_up() {
    let emulator = emulator();
    let program = CProgram::compile("cancel_resolving", Linkage::Shared);
    for https in ["", "1"] {
        program.run_on(&TestBucket::emulated(&emulator), &[("HTTPS", https)]);
    }
}

#[test]
fn forked_child_and_parent_go_on_with_the_same_handle() {
    for site in Site::both() {
        site.run("fork", Linkage::Shared);
        let [parent, child, grandchild] =
            ["parent/", "child/", "grandchild/"].map(|who| site.connections_of(who));
        assert!(!parent.is_empty() && !child.is_empty() && !grandchild.is_empty());
        assert!(parent.is_disjoint(&child), "a child used a connection of its parent's");
        assert!(grandchild.is_disjoint(&parent) && grandchild.is_disjoint(&child));
    }
}

#[test]
fn forked_child_adds_parts_to_its_parents_upload() {
    for site in Site::both() {
        site.run("fork_multipart", Linkage::Shared);
        let object = site.emulator.object("test-bucket", "together").expect("the object");
        assert_eq!((object.data.first(), object.data.last()), (Some(&b'p'), Some(&b'c')));
    }
}

/// Runs the program that puts one object; returns the line that says how it ended.
fn put(bucket: &TestBucket, environment: &[(&str, &str)]) -> String {
    let out = CProgram::compile("put", Linkage::Shared).run_on(bucket, environment);
    out.lines().next().unwrap_or_default().to_owned()
}

const NO_ROOTS: [(&str, &str); 2] = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];

#[test]
fn http_endpoint_works_on_a_machine_without_root_certificates() {
    let emulator = emulator();
    assert!(put(&TestBucket::emulated(&emulator), &NO_ROOTS).starts_with("OK stored=1 attempts=1"));
}

#[test]
fn https_endpoint_is_verified() {
    let Site { emulator, bucket, ca_file } = Site::https();
    let ca_file = ca_file.unwrap();
    let ca_file = ca_file.path().to_str().unwrap();

    let trusting = put(&bucket, &[("CA_FILE", ca_file)]);
    assert!(trusting.starts_with("OK stored=1 attempts=1"), "{trusting}");

    let distrusting = put(&bucket, &[]);
    assert!(distrusting.starts_with("TLS stored=0 attempts=1"), "{distrusting}");

    let other_name =
        TestBucket { endpoint: format!("https://localhost:{}", emulator.port()), ..bucket.clone() };
    let misnamed = put(&other_name, &[("CA_FILE", ca_file)]);
    assert!(misnamed.starts_with("TLS stored=0 attempts=1"), "{misnamed}");

    let without_roots = put(&bucket, &NO_ROOTS);
    assert!(without_roots.starts_with("TLS stored=0 attempts=0"), "{without_roots}");

    let missing = put(&bucket, &[("CA_FILE", "/nonexistent/ca.pem")]);
    assert!(
        missing.starts_with("TLS stored=0 attempts=0") && missing.contains("/nonexistent/ca.pem"),
        "{missing}"
    );
}

#[test]
fn server_that_nobody_runs_is_a_network_error_after_all_attempts() {
    let free_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{free_port}");
    let bucket = TestBucket { endpoint, ..TestBucket::emulated(&emulator()) };
    let line = put(&bucket, &[]);
    assert!(line.starts_with("NETWORK stored=0 attempts=3"), "{line}");
}

#[test]
fn handshake_that_never_ends_is_cut_by_the_connect_time_out() {
    // It accepts connections, as the kernel does for it, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", silent.local_addr().unwrap());
    let bucket = TestBucket { endpoint, ..TestBucket::emulated(&emulator()) };
    let line = put(&bucket, &[("CONNECT_TIMEOUT_MS", "100"), ("MAX_ATTEMPTS", "1")]);
    assert!(line.starts_with("TIMEOUT stored=0 attempts=1"), "{line}");
}

#[test]
fn bucket_before_the_host_is_reached_through_a_proxy() {
    let emulator = emulator();
    let proxy = emulator.endpoint();
    let endpoint = "http://oss-cn-hangzhou.aliyuncs.com".to_owned();
    // Neither region nor addressing is given: the endpoint tells both.
    let bucket = TestBucket { endpoint, region: None, ..TestBucket::emulated(&emulator) };
    let line = put(&bucket, &[("PROXY", &proxy)]);
    assert!(line.starts_with("OK stored=1 attempts=1"), "{line}");
    let request = &emulator.requests()[0];
    let host = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    assert_eq!(host.map(|(_, value)| value.as_str()), Some("test-bucket.oss-cn-hangzhou.aliyuncs.com"));
    assert!(emulator.object("test-bucket", "dir/object.txt").is_some());
}

#[test]
fn ipv6_address_is_an_endpoint() {
    let listen = "[::1]:0".parse().unwrap();
    let emulator = Emulator::start(Config { listen, ..Config::default() }).unwrap();
    let bucket = TestBucket::emulated(&emulator);
    assert!(bucket.endpoint.starts_with("http://[::1]:"), "{}", bucket.endpoint);
    let line = put(&bucket, &[]);
    assert!(line.starts_with("OK stored=1 attempts=1"), "{line}");
    assert!(emulator.object("test-bucket", "dir/object.txt").is_some());
}

#[test]
fn custom_domain_stands_for_the_bucket() {
    let cnames = [("files.example.com".to_owned(), "test-bucket".to_owned())].into();
    let emulator = Emulator::start(Config { cnames, ..Config::default() }).unwrap();
    let proxy = emulator.endpoint();
    let endpoint = "http://files.example.com".to_owned();
    let bucket = TestBucket { endpoint, ..TestBucket::emulated(&emulator) };
    let line = put(&bucket, &[("PROXY", &proxy), ("ADDRESSING", "3")]);
    assert!(line.starts_with("OK stored=1 attempts=1"), "{line}");
    assert!(emulator.object("test-bucket", "dir/object.txt").is_some());
}
