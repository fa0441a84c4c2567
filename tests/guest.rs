//! The library as a guest in a C program: what it must leave alone, and what must not harm it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Action, Config, Emulator, Fault, Tls};
use std::collections::HashSet;
use std::net::TcpListener;
use support::bucket::{TestBucket, emulator};
use support::c_program::{CProgram, Linkage};

#[test]
fn sigpipe_never_reaches_the_host() {
    for linkage in [Linkage::Shared, Linkage::Static] {
        let emulator = emulator();
        emulator.inject(Fault::new(Action::ResetAfterBodyBytes(100_000)).operation("PutObject").always());
        CProgram::compile("sigpipe", linkage).run_on(&TestBucket::emulated(&emulator), &[]);
        let resets = emulator.requests().iter().filter(|request| request.operation == "PutObject").count();
        assert_eq!(resets, 240);
    }
}

#[test]
fn everything_runs_on_the_calling_thread() {
    let emulator = emulator();
    CProgram::compile("one_thread", Linkage::Shared).run_on(&TestBucket::emulated(&emulator), &[]);
}

#[test]
fn thread_that_resolves_a_name_ends_by_itself() {
    let emulator = emulator();
    let endpoint = format!("http://localhost:{}", emulator.port());
    let by_name = TestBucket { endpoint, ..TestBucket::emulated(&emulator) };
    CProgram::compile("one_thread", Linkage::Shared).run_on(&by_name, &[("BY_NAME", "1")]);
}

#[test]
fn forked_child_and_parent_go_on_with_the_same_handle() {
    let emulator = emulator();
    CProgram::compile("fork", Linkage::Shared).run_on(&TestBucket::emulated(&emulator), &[]);
    let connections = |who: &str| -> HashSet<u64> {
        let requests = emulator.requests();
        let of_who =
            requests.iter().filter(|request| request.key.as_deref().is_some_and(|key| key.starts_with(who)));
        of_who.map(|request| request.connection).collect()
    };
    let (parent, child, grandchild) =
        (connections("parent/"), connections("child/"), connections("grandchild/"));
    assert!(!parent.is_empty() && !child.is_empty() && !grandchild.is_empty());
    assert!(parent.is_disjoint(&child), "a child used a connection of its parent's");
    assert!(grandchild.is_disjoint(&parent) && grandchild.is_disjoint(&child));
}

#[test]
fn forked_child_adds_parts_to_its_parents_upload() {
    let emulator = emulator();
    CProgram::compile("fork_multipart", Linkage::Shared).run_on(&TestBucket::emulated(&emulator), &[]);
    let object = emulator.object("test-bucket", "together").expect("the object");
    assert_eq!((object.data.first(), object.data.last()), (Some(&b'p'), Some(&b'c')));
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

/// An emulator that speaks https, and a file with the certificate to trust.
fn https_emulator() -> (Emulator, tempfile::NamedTempFile) {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let tls = Tls { cert_pem: certified.cert.pem(), key_pem: certified.signing_key.serialize_pem() };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, certified.cert.pem()).unwrap();
    (Emulator::start(Config { tls: Some(tls), ..Config::default() }).unwrap(), file)
}

#[test]
fn https_endpoint_is_verified() {
    let (emulator, certificate) = https_emulator();
    let bucket = TestBucket::emulated(&emulator);
    assert!(bucket.endpoint.starts_with("https://"));

    let trusting = put(&bucket, &[("CA_FILE", certificate.path().to_str().unwrap())]);
    assert!(trusting.starts_with("OK stored=1 attempts=1"), "{trusting}");

    let distrusting = put(&bucket, &[]);
    assert!(distrusting.starts_with("TLS stored=0 attempts=1"), "{distrusting}");

    let other_name =
        TestBucket { endpoint: format!("https://localhost:{}", emulator.port()), ..bucket.clone() };
    let misnamed = put(&other_name, &[("CA_FILE", certificate.path().to_str().unwrap())]);
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
