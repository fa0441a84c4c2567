//! The application server of the examples believes what OSS signed, and nothing else.

use crate::support::bed::{Bed, DATA, KEY, assert_ended};
use crate::support::server::{Server, ServerProgram};
use crate::support::{repository, tools};
use oss_emulator::AppRequest;
use oss_upload::callback::Callback;
use oss_upload::engine::{Body, ObjectOptions, Outcome, Status, Stored};
use std::fs;

const SOURCE: &str = "callback_server.c";
/// Larger bodies are refused.
const LARGEST_BODY: usize = 64 * 1024;

/// How long a server under valgrind may take to fetch a key.
const VALGRIND_MS: &str = "60000";

fn compiled() -> Option<ServerProgram> {
    ServerProgram::compile("cc", SOURCE)
}

/// A server that believes the emulator's key.
fn believing(program: &ServerProgram, bed: &Bed) -> Server {
    let prefix = format!("{}/", bed.emulator.endpoint());
    Server::start(program.command().args(["--key-prefix", &prefix]))
}

/// Uploads with a callback to this target of the server.
fn upload(bed: &Bed, server: &Server, target: &str) -> Outcome {
    let callback =
        Callback::new(&format!("{}{target}", server.url), "object=${object}&size=${size}").unwrap();
    bed.bucket.put(KEY, Body::Bytes(DATA), Some(&callback), &ObjectOptions::default())
}

/// A callback request that the emulator signed.
fn signed_request(bed: &Bed) -> AppRequest {
    bed.put_with_callback();
    bed.application.requests().pop().expect("a callback")
}

fn send(server: &Server, request: &AppRequest, body: &[u8]) -> (u16, String) {
    let header = |name: &'static str| (name, request.header(name).expect("a header"));
    let headers = [header("Authorization"), header("x-oss-pub-key-url")];
    server.ask("POST", &request.target, &headers, body)
}

#[test]
fn the_uploader_gets_the_answer_to_a_callback_that_was_verified() {
    let Some(program) = compiled() else { return };
    let bed = Bed::new();
    let mut server = believing(&program, &bed);
    // The server may neither decode nor tidy what was signed.
    for target in ["/uploaded", "/a%2Fb//c/../d+%20%C3%A4?x=%2F+%20&&y=%3D", "/?", "/%3Fno=query"] {
        let outcome = upload(&bed, &server, target);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(String::from_utf8_lossy(&outcome.body), r#"{"Status":"OK"}"#);
        let line = server.wait_for_line_with("authentic");
        assert_eq!(line, format!("authentic  POST {target}  object=dir%2Fobject.txt&size=16"));
    }
}

#[test]
fn what_oss_did_not_sign_is_refused_and_what_cannot_be_found_out_is_not_believed() {
    let Some(program) = compiled() else { return };
    let bed = Bed::new();
    let request = signed_request(&bed);
    let refusal = (403, r#"{"Status":"NOT_AUTHENTIC"}"#.to_owned());

    let server = believing(&program, &bed);
    assert_eq!(send(&server, &request, &request.body), (200, r#"{"Status":"OK"}"#.to_owned()));
    assert_eq!(send(&server, &request, b"another body"), refusal);
    assert_eq!(server.ask("POST", &request.target, &[], &request.body), refusal);
    assert_eq!(server.ask("GET", "/", &[], b""), refusal);

    // Another way of signing may be OSS's as well.
    let newer = server.ask("POST", &request.target, &[("x-oss-signature-version", "2.0")], &request.body);
    assert_eq!(newer, (503, r#"{"Status":"BAD_RESPONSE"}"#.to_owned()));

    // It believes the official place alone unless it is told otherwise.
    let strict = Server::start(&mut program.command());
    assert_eq!(send(&strict, &request, &request.body), refusal);

    let mut unknowing = believing(&program, &bed);
    drop(bed);
    let (status, answer) = send(&unknowing, &request, &request.body);
    assert_eq!((status, answer.as_str()), (503, r#"{"Status":"NETWORK"}"#));
    let line = unknowing.wait_for_line_with("undecided  POST /");
    assert!(line.contains("the service's public key could not be fetched: "), "{line}");
}

#[test]
fn what_is_too_large_is_refused_and_what_just_fits_is_read() {
    let Some(program) = compiled() else { return };
    let server = Server::start(&mut program.command());
    let too_large = (413, r#"{"Status":"TOO_LARGE"}"#.to_owned());
    assert_eq!(server.ask("POST", "/", &[], &[b'a'; LARGEST_BODY + 1]), too_large);
    assert_eq!(server.ask("POST", "/", &[], &vec![b'a'; 10 * LARGEST_BODY]), too_large);
    assert_eq!(server.ask("POST", "/", &[], &[b'a'; LARGEST_BODY]).0, 403);
}

#[test]
fn a_body_steers_no_terminal_and_forges_no_line() {
    let Some(program) = compiled() else { return };
    let bed = Bed::new();
    let mut server = believing(&program, &bed);
    let url = format!("{}/uploaded", server.url);
    let callback = Callback::new(&url, "a\nauthentic \u{1b}[2J\\${object}\u{7f}\u{e9}").unwrap();
    let outcome = bed.bucket.put(KEY, Body::Bytes(DATA), Some(&callback), &ObjectOptions::default());
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let line = server.wait_for_line_with("authentic");
    assert_eq!(line, r"authentic  POST /uploaded  a\x0aauthentic \x1b[2J\x5cdir%2Fobject.txt\x7f\xc3\xa9");
}

#[test]
fn it_ends_by_signals_and_with_its_input_and_leaves_nothing_behind() {
    let Some(program) = compiled() else { return };
    type End = fn(&mut Server);
    let by_stdin: End = Server::close_stdin;
    let ends: [(&[&str], End); 3] = [
        (&["--exit-with-stdin"], by_stdin),
        (&["--address", "::1"], |server| server.signal(libc::SIGINT)),
        (&["--port", "0"], |server| server.signal(libc::SIGTERM)),
    ];
    for (arguments, end) in ends {
        let Some(mut command) = program.watched("the application server's memory") else { return };
        let bed = Bed::new();
        let request = signed_request(&bed);
        let prefix = format!("{}/", bed.emulator.endpoint());
        command.args(["--key-prefix", &prefix, "--key-timeout", VALGRIND_MS]);
        let mut server = Server::start(command.args(arguments));
        assert_eq!(send(&server, &request, &request.body).0, 200);
        assert_eq!(send(&server, &request, b"another body").0, 403);
        assert_eq!(send(&server, &request, &[b'a'; LARGEST_BODY + 1]).0, 413);
        end(&mut server);
        let (code, printed) = server.end();
        assert_eq!(code, Some(0), "{arguments:?}: {printed}");
    }
}

#[test]
fn without_being_asked_to_it_does_not_end_with_its_input() {
    let Some(program) = compiled() else { return };
    let mut server = Server::start(&mut program.command());
    server.close_stdin();
    // Often enough for it to notice.
    for _ in 0..200 {
        assert_eq!(server.ask("GET", "/", &[], b"").0, 403);
    }
}

#[test]
fn every_option_is_said_when_it_is_asked_for_help() {
    let Some(program) = compiled() else { return };
    let (code, help) = Server::start_anyhow(program.command().arg("--help")).end();
    assert_eq!(code, Some(0), "{help}");
    let source = fs::read_to_string(repository("examples/server.h")).expect("the source");
    let takes = |rest: &str| rest.starts_with("required_argument") || rest.starts_with("no_argument");
    let entries = source.split("{\"").filter_map(|entry| entry.split_once("\", "));
    let options = entries.filter(|(_, rest)| takes(rest)).map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(options.len(), 6, "{options:?}");
    for option in options {
        let line = format!("  --{option} ");
        assert!(help.lines().any(|said| said.starts_with(&line)), "nothing about --{option} in\n{help}");
    }
}

#[test]
fn the_rule_that_is_broken_is_named() {
    let Some(program) = compiled() else { return };
    let taken = Server::start(&mut program.command());
    let port = taken.url.rsplit(':').next().expect("a port");
    let mistakes: [(&[&str], i32, &str); 10] = [
        (&["--nonsense"], 2, "unrecognized option '--nonsense'"),
        (&["file"], 2, "file: not an option"),
        (&["--port"], 2, "option '--port' requires an argument"),
        (&["--port", "http"], 2, "http: not a port"),
        (&["--port", "65536"], 2, "65536: not a port"),
        (&["--key-prefix", "keys.example"], 2, "key-prefix: \"keys.example\" is not a URL"),
        (&["--key-timeout", "5s"], 2, "5s: not a number of milliseconds"),
        (&["--key-timeout", "0"], 2, "key-timeout: 0 ms for fetching a key are not from 1 to 60000"),
        (&["--address", "localhost"], 1, "localhost: "),
        (&["--port", port], 1, "cannot listen: Address already in use"),
    ];
    for (arguments, expected, rule) in mistakes {
        let (code, printed) = Server::start_anyhow(program.command().args(arguments)).end();
        assert_eq!(code, Some(expected), "{arguments:?}: {printed}");
        assert!(printed.contains(rule), "{arguments:?}: {printed}");
        assert!(!printed.contains("listening"), "{arguments:?}: {printed}");
    }
}

#[test]
fn clang_has_nothing_to_say_either() {
    if tools::are_there("the callback server under clang", &["clang"]) {
        ServerProgram::compile("clang", SOURCE);
    }
}
