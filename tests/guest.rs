//! The library as a guest in a C program: what it must leave alone, and what must not harm it.
//!
//! `OSS_UPLOAD_FORKS` says how often a program forks, and `OSS_UPLOAD_RESETS` how often it meets a reset.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Action, Config, Emulator, Fault, Tls};
use std::collections::HashSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use support::bucket::{TestBucket, emulator};
use support::c_program::{CProgram, Dialect, Linkage, Source};
use support::proxy::Proxy;
use support::sanitizer::Sanitizer;
use support::{effort, library, read, repository, tools};
use tempfile::{NamedTempFile, TempDir};

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

    /// Under valgrind a program speaks http only: what the assembler of the cryptography writes is uninitialised to valgrind.
    fn is_for(&self, program: &CProgram) -> bool {
        self.ca_file.is_none() || !program.is_under_valgrind()
    }

    fn run(&self, program: &CProgram, environment: &[(&str, &str)]) -> String {
        let ca_file = self.ca_file.as_ref().map(|file| ("CA_FILE", file.path().to_str().unwrap()));
        let environment: Vec<_> = environment.iter().copied().chain(ca_file).collect();
        program.run_on(&self.bucket, &environment)
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

/// A program in each way in which it is watched over here.
fn watched(name: &str, linkage: Linkage, libraries: &[&str]) -> Vec<CProgram> {
    let object = Source::named(name).compile();
    let program = || CProgram::link(&[&object], linkage, libraries);
    let mut programs = vec![program()];
    programs.extend(CProgram::sanitized_host(name, linkage, libraries));
    if effort::is_worth(&format!("{name}.c under valgrind")) {
        programs.extend(program().under_valgrind());
    }
    programs
}

fn shared(name: &str) -> Vec<CProgram> {
    vec![CProgram::compile(name, Linkage::Shared)]
}

/// With the shared library, and where everything is tried, with the static one, which takes long to link.
fn linked(source: Source) -> Vec<CProgram> {
    let mut linkages = vec![Linkage::Shared];
    if effort::is_worth(&format!("{}, linked statically", source.label())) {
        linkages.push(Linkage::Static);
    }
    let object = source.compile();
    linkages.into_iter().map(|linkage| CProgram::link(&[&object], linkage, &[])).collect()
}

/// Does this with each program over http, and then over https.
fn over_both(programs: &[CProgram], mut run: impl FnMut(&Site, &CProgram)) {
    for site in Site::both() {
        programs.iter().filter(|program| site.is_for(program)).for_each(|program| run(&site, program));
    }
}

fn run_over_both(programs: &[CProgram], environment: &[(&str, &str)]) {
    over_both(programs, |site, program| {
        site.run(program, environment);
    });
}

#[test]
fn sigpipe_never_reaches_the_host() {
    // And some where the host handles the signal, blocks it, or has one of its own.
    const MORE: u64 = 60;
    let resets = effort::count("OSS_UPLOAD_RESETS", 40, 200);
    let mut programs = watched("sigpipe", Linkage::Shared, &["-lpthread"]);
    if effort::is_worth("SIGPIPE in a static program") {
        programs.push(CProgram::compile("sigpipe", Linkage::Static));
    }
    for site in Site::both() {
        site.emulator
            .inject(Fault::new(Action::ResetAfterBodyBytes(100_000)).operation("PutObject").always());
        let times = resets.to_string();
        let here: Vec<&CProgram> = programs.iter().filter(|program| site.is_for(program)).collect();
        for program in &here {
            site.run(program, &[("RESETS", &times)]);
        }
        // Through a proxy, which hands the resets on.
        let proxy = Proxy::start();
        site.run(&programs[0], &[("RESETS", &times), ("PROXY", &proxy.url())]);
        let requests = site.emulator.requests();
        let puts = requests.iter().filter(|request| request.operation == "PutObject").count();
        // Each is sent once, or twice where the first time met a connection that had been used before.
        let uploads = (here.len() + 1) * usize::try_from(resets + MORE).unwrap();
        assert!((uploads..=2 * uploads).contains(&puts), "{puts} requests for {uploads} uploads");
    }
}

#[test]
fn host_that_closes_all_descriptors_keeps_its_own_and_may_go_on() {
    // What was closed under the library is let go with all that belongs to it: to take it down would close it once more.
    // Among the descriptors are those over which ThreadSanitizer asks for names, without which it suppresses nothing.
    let without_descriptors = [("ASAN_OPTIONS", "detect_leaks=0"), ("TSAN_OPTIONS", "report_bugs=0")];
    run_over_both(&shared("closed_descriptors"), &without_descriptors);
}

#[test]
fn everything_runs_on_the_calling_thread() {
    run_over_both(&shared("one_thread"), &[]);
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
    let rounds = effort::count("OSS_UPLOAD_FORKS", 50, 500).to_string();
    // Neither valgrind nor gcc's checks watch: what a child drops of its parent's without touching it is a leak to the one,
    // and the others' allocator cannot be forked while another thread is in it.
    over_both(&shared("fork"), |site, program| {
        site.run(program, &[("ROUNDS", &rounds)]);
        let [parent, child, grandchild] =
            ["parent/", "child/", "grandchild/"].map(|who| site.connections_of(who));
        assert!(!parent.is_empty() && !child.is_empty() && !grandchild.is_empty());
        assert!(parent.is_disjoint(&child), "a child used a connection of its parent's");
        assert!(grandchild.is_disjoint(&parent) && grandchild.is_disjoint(&child));
    });
}

#[test]
fn forked_child_adds_parts_to_its_parents_upload() {
    over_both(&shared("fork_multipart"), |site, program| {
        site.run(program, &[]);
        let object = site.emulator.object("test-bucket", "together").expect("the object");
        assert_eq!((object.data.first(), object.data.last()), (Some(&b'p'), Some(&b'c')));
    });
}

#[test]
fn forked_child_fetches_a_key_that_a_thread_of_its_parent_is_fetching() {
    Site::http().run(&CProgram::compile("fork_verifier", Linkage::Shared), &[]);
}

#[test]
fn forked_child_gets_the_key_that_its_parent_is_asking_for() {
    Site::http().run(&CProgram::compile("fork_credentials", Linkage::Shared), &[]);
}

#[test]
fn destructor_at_the_end_of_a_thread_may_upload() {
    // What a thread registers for its end while it ends already, the C library forgets: some bytes leak, so nobody looks for
    // leaks here.
    run_over_both(&linked(Source::named("key_destructor")), &[("ASAN_OPTIONS", "detect_leaks=0")]);
}

#[test]
fn destructor_after_main_may_upload() {
    let dialect = Dialect { compiler: "gcc", standard: "c++17" };
    if !dialect.is_there("a destructor after main") {
        return;
    }
    let source = Source { file: repository("tests/cpp/after_main.cpp"), dialect, flags: &["-pthread"] };
    over_both(&linked(source), |site, program| {
        site.run(program, &[]);
        assert!(site.emulator.object("test-bucket", "after main").is_some());
        site.emulator.delete_object("test-bucket", "after main");
    });
}

#[test]
fn system_without_room_for_what_is_sent_is_a_network_error_at_once() {
    run_over_both(&linked(Source::named("no_buffers")), &[]);
}

#[test]
fn loading_and_unloading_leaves_nothing_behind() {
    let library = library::shared_library();
    over_both(&watched("unload", Linkage::Loaded, &[]), |site, program| {
        // Who watches over memory keeps what was freed, and takes time.
        let (rounds, grows_by) = match program.is_unwatched() {
            true => (if effort::is_full() { "1000" } else { "300" }, "1024"),
            false => ("40", "65536"),
        };
        let environment =
            [("LIBRARY", library.to_str().unwrap()), ("ROUNDS", rounds), ("GROWS_BY_KIB", grows_by)];
        site.run(program, &environment);
    });
}

#[test]
fn two_copies_live_in_one_process() {
    let library = library::shared_library();
    over_both(&watched("two_copies", Linkage::Loaded, &[]), |site, program| {
        let copy = program.folder().join("copy.so");
        std::fs::copy(&library, &copy).unwrap();
        let environment = [("LIBRARY", library.to_str().unwrap()), ("COPY", copy.to_str().unwrap())];
        site.run(program, &environment);
    });
}

#[test]
fn many_threads_share_a_bucket_and_an_upload() {
    over_both(&watched("many_threads", Linkage::Shared, &["-lpthread"]), |site, program| {
        site.run(program, &[]);
        assert_eq!(site.emulator.object("test-bucket", "together").unwrap().data.len(), 64 * (100 << 10));
    });
}

#[test]
fn functions_of_the_caller_may_free_other_buckets_and_be_cancelled() {
    run_over_both(&watched("in_a_function", Linkage::Shared, &["-lpthread"]), &[]);
}

#[test]
fn small_stack_is_enough() {
    // What is not optimised needs several times as much, what is watched even more; what is released is checked when it has
    // been built.
    let kib = match (library::is_released(), Sanitizer::of_the_library()) {
        (true, _) => "128",
        (false, None) => "768",
        (false, Some(_)) => "4096",
    };
    run_over_both(&watched("small_stack", Linkage::Shared, &[]), &[("STACK_KIB", kib)]);
}

#[test]
fn signals_that_interrupt_every_system_call_do_no_harm() {
    run_over_both(&watched("signals", Linkage::Shared, &[]), &[]);
}

#[test]
fn address_needs_no_thread_and_a_name_that_cannot_have_one_is_an_error() {
    let programs = watched("no_clone", Linkage::Shared, &[]);
    run_over_both(&programs, &[]);
    for site in Site::both() {
        let scheme = if site.ca_file.is_some() { "https" } else { "http" };
        let endpoint = format!("{scheme}://localhost:{}", site.emulator.port());
        let by_name = Site { bucket: TestBucket { endpoint, ..site.bucket.clone() }, ..site };
        by_name.run(&programs[0], &[("BY_NAME", "1")]);
    }
}

#[test]
fn libcurl_and_openssl_are_good_neighbours() {
    if !tools::libraries_are_there("libcurl and OpenSSL in one process", &["libcurl", "libcrypto"]) {
        return;
    }
    run_over_both(&watched("beside_curl", Linkage::Shared, &["-lcurl", "-lcrypto"]), &[]);
}

/// A program that has every name of the official C SDK for something of its own. Whoever calls one of them is stopped.
fn with_the_names_of_the_c_sdk(folder: &Path) -> PathBuf {
    let names = read(repository("tests/c-sdk-symbols.txt"));
    let functions: String = names
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|name| format!("void {name}(void);\nvoid {name}(void) {{ abort(); }}\n"))
        .collect();
    assert!(functions.lines().count() > 1000, "the list is not read");
    let source = format!(
        "#include \"every_kind.h\"\n\n{functions}\nstatic char data[KIND_SIZE];\n\nint main(void) {{\n    \
         oss_bucket *bucket = open_bucket();\n    CHECK(upload_every_kind(bucket, data) == 0);\n    \
         oss_bucket_free(bucket);\n    return finish();\n}}\n"
    );
    let path = folder.join("beside_c_sdk.c");
    std::fs::write(&path, source).unwrap();
    path
}

#[test]
fn official_c_sdk_may_live_in_the_same_program() {
    let folder = TempDir::new().unwrap();
    let source = with_the_names_of_the_c_sdk(folder.path());
    // Both, since names meet in different ways.
    let programs = [Linkage::Shared, Linkage::Static].map(|linkage| CProgram::compile_file(&source, linkage));
    run_over_both(&programs, &[]);
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
    // A port that is free now may be anybody's a moment later; this one is nobody's.
    let endpoint = "http://127.0.0.1:1".to_owned();
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
fn proxy_of_the_environment_is_used_on_request_only() {
    let emulator = emulator();
    let proxy = emulator.endpoint();
    let bucket = TestBucket::emulated(&emulator);
    // Nobody listens there.
    let nowhere = ("http_proxy", "http://127.0.0.1:1");
    let once = ("MAX_ATTEMPTS", "1");
    let line = put(&bucket, &[nowhere]);
    assert!(line.starts_with("OK stored=1"), "{line}");
    let line = put(&bucket, &[nowhere, once, ("PROXY_FROM_ENVIRONMENT", "1")]);
    assert!(line.starts_with("NETWORK stored=0 attempts=1"), "{line}");
    let line = put(&bucket, &[nowhere, once, ("PROXY_FROM_ENVIRONMENT", "1"), ("no_proxy", "127.0.0.0/8")]);
    assert!(line.starts_with("OK stored=1"), "{line}");
    let line = put(&bucket, &[nowhere, once, ("PROXY_FROM_ENVIRONMENT", "1"), ("PROXY", &proxy)]);
    assert!(line.starts_with("OK stored=1"), "{line}");

    let endpoint = "http://oss-cn-hangzhou.aliyuncs.com".to_owned();
    let elsewhere = TestBucket { endpoint, region: None, ..bucket };
    let line = put(&elsewhere, &[("all_proxy", &proxy), ("PROXY_FROM_ENVIRONMENT", "1")]);
    assert!(line.starts_with("OK stored=1 attempts=1"), "{line}");
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
