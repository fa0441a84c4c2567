//! What C programs do with the library, seen from both ends: each of `tests/c` checks what it is told, and here is
//! checked what the server got. Each runs with the shared library, with the static one, and under valgrind; and once on a
//! real bucket, if the environment names one.

use crate::support::bucket::{TestBucket, app_server, emulator};
use crate::support::c_program::{CProgram, Linkage};
use crate::support::key_service::{self, KeyService};
use crate::support::noise;
use oss_emulator::{
    Action, Answer, AppRequest, AppServer, Config, Credential, DEFAULT_BUCKET, Emulator, Fault, Object,
};
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Bucket, BucketOptions, Multipart, ObjectOptions};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const ANSWER: &str = r#"{"id":7,"name":"名"}"#;
const ANSWER_TYPE: &str = "application/vnd.test+json";

/// An application server that answers callbacks with `ANSWER`.
fn answering() -> AppServer {
    let application = app_server();
    application.answer(Answer { content_type: Some(ANSWER_TYPE.to_owned()), ..Answer::json(ANSWER) });
    application
}

/// An application server that answers callbacks with an error.
fn failing() -> AppServer {
    let application = app_server();
    application.answer(Answer::status(500));
    application
}

/// Writes a file into the program's folder and returns its path.
fn file(program: &CProgram, name: &str, data: &[u8]) -> String {
    let path = program.folder().join(name);
    fs::write(&path, data).expect("a file for the program");
    path.display().to_string()
}

/// Runs a program on the real bucket that the environment names, if it names one.
fn on_a_real_bucket(name: &str, run: impl FnOnce(&CProgram, &TestBucket)) {
    if let Some(bucket) = TestBucket::real(name) {
        run(&CProgram::compile(name, Linkage::Shared), &bucket);
    }
}

fn stored(emulator: &Emulator, key: &str) -> Object {
    emulator.object(DEFAULT_BUCKET, key).unwrap_or_else(|| panic!("{key:?} is not stored"))
}

/// Keys in which encoders, URL parsers and signers like to go wrong.
fn keys(prefix: &str) -> Vec<String> {
    let odd = [
        "plain",
        "dir/file",
        "dir/",
        "dir//file",
        "dir///",
        "./a",
        "../a",
        "a/.",
        "a/..",
        "a/./b",
        "a/../b",
        "a/.../b",
        "a/.%2e/b",
        "%2e%2e/a",
        "%",
        "%2F",
        "a%2Fb",
        "%zz",
        "100%25",
        "a+b",
        "a b",
        " leading and trailing ",
        "?",
        "a?b=c",
        "a?acl",
        "#",
        "a#b",
        "a&b=c",
        "a=b",
        "a;b",
        "a:b@c",
        "a,b",
        "!$'()*",
        "~-_.",
        "back\\slash",
        "\"quotes\"",
        "<xml>&amp;",
        "{}[]|^`",
        "line\nend",
        "line\r\nend",
        "tab\there",
        "\u{1}\u{1f}\u{7f}",
        "名字/文件",
        "é and e\u{301}",
        "🦀/🚀",
        "\u{200b}\u{feff}",
        "oss-upload?uploads&uploadId=1",
    ];
    let mut keys: Vec<String> = odd.iter().map(|key| format!("{prefix}{key}")).collect();
    if prefix.is_empty() {
        // As whole keys, these only fit where the bucket is part of the path.
        keys.extend([".".to_owned(), "..".to_owned()]);
    }
    let room = 1023 - prefix.len();
    keys.push(format!("{prefix}{}", "k".repeat(room)));
    keys.push(format!("{prefix}{}x", "名".repeat((room - 1) / 3)));
    keys
}

fn list_of(keys: &[String]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.bytes().chain([0])).collect()
}

#[test]
fn every_key_is_stored_under_its_own_name() {
    let keys = keys("");
    for program in CProgram::variants("keys") {
        let list = file(&program, "list", &list_of(&keys));
        for version in ["1", "4"] {
            let emulator = emulator();
            let environment = [("KEYS", list.as_str()), ("SIGNATURE_VERSION", version)];
            program.run_on(&TestBucket::emulated(&emulator), &environment);
            let mut expected = keys.clone();
            expected.sort();
            assert_eq!(emulator.keys(DEFAULT_BUCKET), expected, "{}, V{version}", program.label());
            for key in &keys {
                assert_eq!(stored(&emulator, key).data, key.as_bytes(), "{}, V{version}", program.label());
            }
        }
    }
    on_a_real_bucket("keys", |program, bucket| {
        let list = file(program, "list", &list_of(&self::keys(&bucket.prefix)));
        program.run_on(bucket, &[("KEYS", list.as_str())]);
    });
}

#[test]
fn objects_are_stored_with_what_was_set_and_nothing_is_smuggled_in() {
    for program in CProgram::variants("headers") {
        let emulator = emulator();
        program.run_on(&TestBucket::emulated(&emulator), &[]);
        for (key, expected) in expected_headers() {
            let object = stored(&emulator, key);
            let mut found: BTreeMap<&str, &str> = BTreeMap::new();
            for (name, value) in &object.headers {
                let twice = found.insert(name, value);
                assert!(twice.is_none(), "{}: {key} has {name} twice", program.label());
            }
            assert_eq!(found, expected.into_iter().collect(), "{}: {key}", program.label());
            assert_eq!(object.data, b"data", "{}: {key}", program.label());
        }
        let requests = emulator.requests();
        let header = |key: &str, name: &str| {
            let put = requests
                .iter()
                .rfind(|request| request.method == "PUT" && request.key.as_deref() == Some(key));
            put.unwrap_or_else(|| panic!("{key} was not put")).header(name).map(str::to_owned)
        };
        for (key, name, expected) in [
            ("limited", "x-oss-traffic-limit", Some("245760")),
            ("limited", "content-md5", Some("jXd/OF09/siBXSD3SWAm3A==")),
            ("limited-most", "x-oss-traffic-limit", Some("838860800")),
            ("limited-most", "content-md5", None),
            ("agent", "user-agent", Some("test-agent/1")),
            ("clean", "user-agent", Some(concat!("oss-upload/", env!("CARGO_PKG_VERSION")))),
            ("clean", "x-test", None),
        ] {
            assert_eq!(header(key, name).as_deref(), expected, "{}: {key}: {name}", program.label());
        }
        let evil = requests.iter().find(|request| {
            request.header("x-evil").is_some()
                || request.headers.iter().any(|(_, value)| value.contains("Evil"))
        });
        assert_eq!(evil, None, "{}", program.label());
    }
    on_a_real_bucket("headers", |program, bucket| {
        program.run_on(bucket, &[]);
    });
}

/// Some keys, and all the headers that their objects have.
fn expected_headers() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    const PLAIN: (&str, &str) = ("content-type", "application/octet-stream");
    let with = |name, value| vec![PLAIN, (name, value)];
    let encryption = "x-oss-server-side-encryption";
    vec![
        (
            "described",
            vec![
                ("content-type", "text/x-test; charset=utf-8"),
                ("cache-control", "max-age=60, private"),
                ("content-disposition", "attachment; filename=\"a b.txt\""),
                ("content-encoding", "x-none"),
                ("content-language", "zh-CN"),
                ("expires", "Wed, 08 Jul 2026 16:57:01 GMT"),
                ("x-oss-meta-author", "名字 and a\ttab"),
                ("x-oss-meta-page-2", "two"),
                ("x-oss-meta-by-header", "three"),
                ("x-oss-persistent-headers", "a:YQ=="),
            ],
        ),
        (
            "described-less",
            vec![
                ("content-type", "text/x-test; charset=utf-8"),
                ("content-disposition", "attachment; filename=\"a b.txt\""),
                ("content-encoding", "x-none"),
                ("content-language", "zh-CN"),
                ("expires", "Wed, 08 Jul 2026 16:57:01 GMT"),
                ("x-oss-meta-author", "名字 and a\ttab"),
                ("x-oss-meta-by-header", "three"),
                ("x-oss-persistent-headers", "a:YQ=="),
            ],
        ),
        ("guess.jpg", vec![("content-type", "image/jpeg")]),
        ("guess", vec![PLAIN]),
        ("clean", vec![PLAIN]),
        ("acl-0", with("x-oss-object-acl", "default")),
        ("acl-1", with("x-oss-object-acl", "private")),
        ("acl-2", with("x-oss-object-acl", "public-read")),
        ("acl-3", with("x-oss-object-acl", "public-read-write")),
        ("storage-0", with("x-oss-storage-class", "Standard")),
        ("storage-1", with("x-oss-storage-class", "IA")),
        ("storage-2", with("x-oss-storage-class", "Archive")),
        ("storage-3", with("x-oss-storage-class", "ColdArchive")),
        ("storage-4", with("x-oss-storage-class", "DeepColdArchive")),
        (
            "encryption-kms-sm4",
            vec![
                PLAIN,
                (encryption, "KMS"),
                ("x-oss-server-side-data-encryption", "SM4"),
                ("x-oss-server-side-encryption-key-id", "key-1"),
            ],
        ),
        ("encryption-kms", with(encryption, "KMS")),
        ("encryption-sm4", with(encryption, "SM4")),
        ("encryption-aes256", with(encryption, "AES256")),
        ("encryption-still-aes256", with(encryption, "AES256")),
        ("tagged", with("x-oss-tagging", "project=a%20%2B%20b%3Dc&%E5%90%8D=")),
        ("once", vec![PLAIN]),
    ]
}

#[test]
fn bytes_files_ranges_and_descriptors_arrive_whole() {
    let source = noise((3 << 20) + 17);
    for program in CProgram::variants("put_sources") {
        let emulator = emulator();
        let path = file(&program, "source", &source);
        program.run_on(&TestBucket::emulated(&emulator), &[("SOURCE", &path)]);
        let expected: [(&str, &[u8]); 11] = [
            ("bytes", &source),
            ("bytes-empty", &[]),
            ("file", &source),
            ("file-empty", &[]),
            ("range", &source[1000..71001]),
            ("range-empty", &[]),
            ("range-whole", &source),
            ("fd", &source),
            ("fd-range", &source[4096..104_096]),
            ("fd-empty", &[]),
            ("fd-closed-later", &source),
        ];
        for (key, data) in expected {
            assert!(stored(&emulator, key).data == data, "{}: {key} is not what was sent", program.label());
        }
        assert_eq!(emulator.keys(DEFAULT_BUCKET).len(), expected.len(), "{}", program.label());
    }
    on_a_real_bucket("put_sources", |program, bucket| {
        let path = file(program, "source", &source);
        program.run_on(bucket, &[("SOURCE", &path)]);
    });
}

#[test]
fn program_can_tell_its_server_itself_and_learns_of_mistakes_beforehand() {
    for program in CProgram::variants("callback_toolkit") {
        let (emulator, failing) = (emulator(), failing());
        let bucket = TestBucket::emulated(&emulator).with_callback_url(&failing.url());
        let printed = program.run_on(&bucket, &[]);
        let received = failing.requests().pop().expect("a callback").body;
        let received = String::from_utf8(received).expect("text");
        assert_eq!(printed.lines().next(), Some(received.as_str()), "{}", program.label());
        assert!(received.starts_with("bucket=test-bucket&object=toolkit%2Fphoto.jpg&etag="), "{received}");
    }
}

#[test]
fn what_is_owed_is_told_and_made_up_for() {
    for program in CProgram::variants("outbox") {
        let (emulator, recovering, failing) = (emulator(), answering(), failing());
        let failed = || Answer::status(500);
        for answer in [failed(), failed(), Answer::json(ANSWER), failed(), failed(), failed()] {
            recovering.answer_once(answer);
        }
        let silent = Action::SlowReply(Duration::from_secs(60));
        emulator.inject(Fault::new(silent).operation("HeadObject").key("slow").always());
        let bucket = TestBucket::emulated(&emulator).with_callback_url(&recovering.url());
        let environment = [("ANSWER", ANSWER), ("FAILING_CALLBACK_URL", &failing.url())];
        let printed = program.run_on(&bucket, &environment);

        let called =
            recovering.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap());
        let called: Vec<String> = called.collect();
        let label = program.label();
        assert!(called[0].starts_with("o=first%2Fphoto.jpg&s=5&t=image%2Fjpeg&d="), "{label}: {called:?}");
        assert_eq!(printed.lines().next(), Some(called[0].as_str()), "{label}");
        let mut deliveries: BTreeMap<&str, usize> = BTreeMap::new();
        for body in &called {
            *deliveries.entry(body).or_default() += 1;
        }
        assert_eq!(deliveries.into_values().collect::<Vec<_>>(), [2, 2, 2, 3], "{label}: {called:?}");
        let left = fs::read_dir(program.folder().join("outbox")).unwrap();
        let left: Vec<_> = left.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert!(left.len() == 2 && left.iter().all(|name| name.ends_with(".aside")), "{label}: {left:?}");
    }
}

#[test]
fn form_that_was_handed_out_uploads_what_its_policy_allows() {
    for program in CProgram::variants("post_form") {
        let (emulator, answering) = (emulator(), answering());
        let path = file(&program, "source", b"from a file");
        let environment = [("ANSWER", ANSWER), ("SOURCE", &path)];
        let bucket =
            TestBucket::emulated(&emulator).with_callback_url(&format!("{}/uploaded", answering.url()));
        program.run_on(&bucket, &environment);
        assert_eq!(stored(&emulator, "forms/photo.jpg").header("content-type"), Some("image/jpeg"));
        let called: Vec<Vec<u8>> = answering.requests().into_iter().map(|request| request.body).collect();
        // By the form with a callback, and by the one to which any could be added.
        assert_eq!(called, [b"object=forms%2Fphoto.jpg&user=42"; 2], "{}", program.label());
        assert_eq!(emulator.keys(DEFAULT_BUCKET), ["forms/photo.jpg"], "{}", program.label());
    }
}

#[test]
fn what_is_appended_stands_at_the_end_of_the_object() {
    let source = noise(300_007);
    for program in CProgram::variants("append") {
        let emulator = emulator();
        let path = file(&program, "source", &source);
        program.run_on(&TestBucket::emulated(&emulator), &[("SOURCE", &path)]);
        assert!(stored(&emulator, "append").data == source, "{}", program.label());
        assert!(
            stored(&emulator, "append-file").data == [b"head ", &source[..]].concat(),
            "{}",
            program.label()
        );
        assert_eq!(stored(&emulator, "append-wrong").data, b"head", "{}", program.label());
    }
    on_a_real_bucket("append", |program, bucket| {
        let path = file(program, "source", &source);
        program.run_on(bucket, &[("SOURCE", &path)]);
    });
}

#[test]
fn handle_with_limits_of_its_own_ends_nothing_but_its_calls() {
    for program in CProgram::variants("limits") {
        let emulator = emulator();
        for key in ["silent/stat", "silent/remove"] {
            emulator.inject(Fault::new(Action::SlowReply(Duration::from_secs(60))).key(key).always());
        }
        program.run_on(&TestBucket::emulated(&emulator), &[]);
        assert_eq!(stored(&emulator, "in time").data, b"x", "{}", program.label());
    }
}

#[test]
fn the_answer_of_the_application_server_comes_back_and_its_failure_is_told() {
    for program in CProgram::variants("callback_put") {
        let (emulator, answering, failing) = (emulator(), answering(), failing());
        let path = file(&program, "source", b"from a file");
        let environment = [
            ("ANSWER", ANSWER),
            ("ANSWER_TYPE", ANSWER_TYPE),
            ("FAILING_CALLBACK_URL", &failing.url()),
            ("SOURCE", &path),
        ];
        let bucket =
            TestBucket::emulated(&emulator).with_callback_url(&format!("{}/uploaded", answering.url()));
        program.run_on(&bucket, &environment);

        let called: Vec<String> = answering
            .requests()
            .iter()
            .map(|request| {
                format!("{} {} {}", request.method, request.target, String::from_utf8_lossy(&request.body))
            })
            .collect();
        let expected = [
            "POST /uploaded bucket=test-bucket&object=answered%2Fphoto.jpg&size=5&user=42%20%26%20more",
            "POST /uploaded bucket=test-bucket&object=answered%2Ffile.txt&size=11&user=42%20%26%20more",
            "POST /uploaded bucket=test-bucket&object=triggered%2Fphoto.jpg&size=5&user=42%20%26%20more",
        ];
        assert_eq!(called, expected, "{}", program.label());
        // The failed callbacks were not repeated, neither by the server nor by another upload.
        assert_eq!(failing.requests().len(), 2, "{}", program.label());
        let uploads: Vec<String> = emulator
            .requests()
            .into_iter()
            .filter(|request| request.method == "PUT")
            .filter_map(|request| request.key)
            .collect();
        assert_eq!(
            uploads,
            ["answered/photo.jpg", "answered/file.txt", "failed/photo.jpg", "triggered/photo.jpg"],
            "{}: what was refused must not be sent",
            program.label()
        );
        assert_eq!(stored(&emulator, "failed/photo.jpg").data, b"photo", "{}", program.label());
    }
    on_a_real_bucket("callback_put", |program, bucket| {
        let path = file(program, "source", b"from a file");
        program.run_on(bucket, &[("SOURCE", &path)]);
    });
}

#[test]
fn what_is_done_about_lost_replies_is_as_the_options_have_it() {
    for program in CProgram::variants("lost_reply") {
        let (emulator, answering) = (emulator(), answering());
        for key in ["stored/by default", "stored/at least", "stored/at most", "stored/told"] {
            emulator.inject(Fault::new(Action::CloseWithoutReply).operation("PutObject").key(key));
        }
        for key in ["lost/once", "lost/often"] {
            emulator.inject(Fault::new(Action::CloseBeforeWork).operation("PutObject").key(key).always());
        }
        program.run_on(&TestBucket::emulated(&emulator).with_callback_url(&answering.url()), &[]);

        let label = program.label();
        let called = answering.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap());
        let expected = ["by%20default", "at%20least", "at%20least", "at%20most", "told"]
            .map(|key| format!("stored%2F{key}"));
        let called: Vec<String> = called.filter(|body| body != "answered").collect();
        assert_eq!(called, expected, "{label}");
        assert_eq!(count(&emulator, "PutObject", "lost/often"), 1, "{label}");
        assert_eq!(count(&emulator, "HeadObject", "lost/once"), 1, "{label}");
        assert!(count(&emulator, "HeadObject", "lost/often") > 1, "{label}");
    }
}

#[test]
fn a_callback_that_is_stored_on_the_bucket_runs_like_any_other() {
    for program in CProgram::variants("callback_policy") {
        let (emulator, answering, failing) = (emulator(), answering(), failing());
        let to = |application: &AppServer| {
            let body = "o=${object}&from=${x:from}&user=${x:user}";
            serde_json::json!({"callbackUrl": application.url(), "callbackBody": body}).to_string()
        };
        let variables = r#"{"x:from":"the policy","x:user":"nobody"}"#;
        emulator.put_callback_policy(DEFAULT_BUCKET, "policy", &to(&answering), variables);
        emulator.put_callback_policy(DEFAULT_BUCKET, "名 2", &to(&failing), "");
        let environment = [("ANSWER", ANSWER), ("POLICY", "policy"), ("FAILING_POLICY", "名 2")];
        program.run_on(&TestBucket::emulated(&emulator), &environment);

        let bodies = |application: &AppServer| {
            let requests = application.requests();
            let text = |request: &AppRequest| String::from_utf8_lossy(&request.body).into_owned();
            requests.iter().map(text).collect::<Vec<_>>()
        };
        let expected = ["put", "parts", "url"].map(|key| format!("o={key}&from=the%20policy&user=42"));
        assert_eq!(bodies(&answering), expected, "{}", program.label());
        assert_eq!(bodies(&failing), ["o=failed&from=&user=42"], "{}", program.label());
        assert_eq!(emulator.keys(DEFAULT_BUCKET), ["failed", "parts", "put", "url"], "{}", program.label());
    }
}

#[test]
fn a_multipart_upload_ends_in_every_way_there_is() {
    let source = noise(2 * 102_400 + 12_345);
    for program in CProgram::variants("multipart") {
        let (emulator, answering, failing) = (emulator(), answering(), failing());
        let path = file(&program, "source", &source);
        let environment = [
            ("ANSWER", ANSWER),
            ("ANSWER_TYPE", ANSWER_TYPE),
            ("FAILING_CALLBACK_URL", &failing.url()),
            ("SOURCE", &path),
        ];
        let bucket = TestBucket::emulated(&emulator).with_callback_url(&answering.url());
        program.run_on(&bucket, &environment);

        let whole = ["called/completed", "called/failed", "completed", "reopened", "with-all", "with-parts"];
        for key in whole {
            assert!(stored(&emulator, key).data == source, "{}: {key} is not what was sent", program.label());
        }
        assert_eq!(stored(&emulator, "rules").data, &source[..102_400], "{}", program.label());
        assert_eq!(stored(&emulator, "options").data, &source[..1000], "{}", program.label());
        assert_eq!(emulator.keys(DEFAULT_BUCKET).len(), whole.len() + 2, "{}", program.label());
        assert_eq!(emulator.uploads(DEFAULT_BUCKET), [], "{}", program.label());
        let body = |application: &AppServer| {
            let requests = application.requests();
            assert_eq!(requests.len(), 1, "{}", program.label());
            String::from_utf8_lossy(&requests[0].body).into_owned()
        };
        assert_eq!(body(&answering), "object=called%2Fcompleted&size=217145", "{}", program.label());
        assert_eq!(body(&failing), "object=called%2Ffailed&size=217145", "{}", program.label());
    }
    on_a_real_bucket("multipart", |program, bucket| {
        let path = file(program, "source", &source);
        program.run_on(bucket, &[("SOURCE", &path)]);
    });
}

/// How many requests of this operation there were for this key.
fn count(emulator: &Emulator, operation: &str, key: &str) -> usize {
    requests(emulator, operation, key).len()
}

fn requests(emulator: &Emulator, operation: &str, key: &str) -> Vec<oss_emulator::Request> {
    let all = emulator.requests().into_iter();
    all.filter(|request| request.operation == operation && request.key.as_deref() == Some(key)).collect()
}

/// The sizes of parts in `tests/c`.
const PART: usize = 102_400;

#[test]
fn managed_uploads_take_every_source_and_tell_its_failures() {
    let source = noise((4 << 20) + 1000);
    for program in CProgram::variants("managed") {
        let (emulator, answering) = (emulator(), answering());
        inject_into_managed(&emulator);
        let path = file(&program, "source", &source);
        let environment =
            [("ANSWER", ANSWER), ("ANSWER_TYPE", ANSWER_TYPE), ("SOURCE", &path), ("FAULTS", "1")];
        let bucket = TestBucket::emulated(&emulator).with_callback_url(&answering.url());
        program.run_on(&bucket, &environment);

        let label = program.label();
        let mut called = Vec::new();
        for key in emulator.keys(DEFAULT_BUCKET) {
            let words: Vec<&str> = key.split('/').collect();
            let data = stored(&emulator, &key).data;
            match words[..] {
                [how @ ("plain" | "called"), kind, size] => {
                    let size = size.parse().unwrap();
                    let from = if matches!(kind, "range" | "descriptor") { 1000 } else { 0 };
                    assert!(data == source[from..from + size], "{label}: {key} is not what was sent");
                    let sent = (count(&emulator, "PutObject", &key), count(&emulator, "UploadPart", &key));
                    assert_eq!(sent, expected_requests(kind, size), "{label}: {key}: puts and parts");
                    if how == "called" {
                        called.push(format!("object=called%2F{kind}%2F{size}&size={size}"));
                    }
                }
                ["twice", "once", turn] => {
                    let from = 5000 * turn.parse::<usize>().unwrap();
                    assert!(data == source[from..from + 5000], "{label}: {key} is not what was sent");
                }
                _ => assert!(data == source[..data.len()], "{label}: {key} is not what was sent"),
            }
        }
        assert_eq!(called.len(), 24, "{label}");
        let mut calls: Vec<String> = answering
            .requests()
            .iter()
            .map(|request| String::from_utf8_lossy(&request.body).into_owned())
            .collect();
        calls.sort();
        called.sort();
        assert_eq!(calls, called, "{label}: each callback runs once");

        assert_eq!(count(&emulator, "UploadPart", "refused/sizes"), 2, "{label}");
        let parts = requests(&emulator, "UploadPart", "refused/sizes");
        let connections: HashSet<u64> = parts.iter().map(|part| part.connection).collect();
        assert_eq!(connections.len(), 1, "{label}: one part at a time");
        assert_eq!(emulator.uploads(DEFAULT_BUCKET), [], "{label}: nothing is left behind");
    }
    on_a_real_bucket("managed", |program, bucket| {
        let path = file(program, "source", &source);
        program.run_on(bucket, &[("SOURCE", &path)]);
    });
}

fn inject_into_managed(emulator: &Emulator) {
    let reset = || Fault::new(Action::ResetAfterBodyBytes(60_000));
    for name in ["put-rewinding", "put-once", "rewinding", "stuck"] {
        emulator.inject(reset().operation("PutObject").key(format!("resent/{name}")));
    }
    for name in ["part-rewinding", "part-once", "rewinding-parts", "once-parts", "unknown-parts"] {
        emulator.inject(reset().operation("UploadPart").key(format!("resent/{name}")));
    }
    let stall = Fault::new(Action::StallAfterBodyBytes(0));
    emulator.inject(stall.operation("UploadPart").key("late/parts").always());
}

#[test]
fn progress_never_goes_back_and_can_cancel() {
    let source = noise(400_000);
    for program in CProgram::variants("progress") {
        let (emulator, answering) = (emulator(), answering());
        inject_into_progress(&emulator);
        let path = file(&program, "source", &source);
        let bucket = TestBucket::emulated(&emulator).with_callback_url(&answering.url());
        program.run_on(&bucket, &[("SOURCE", &path), ("FAULTS", "1")]);

        let label = program.label();
        let changing = emulator.requests().into_iter().filter(|request| request.method != "HEAD");
        let mut keys = changing.filter_map(|request| request.key);
        let sent = keys.find(|key| key.starts_with("never/"));
        assert_eq!(sent, None, "{label}: it was cancelled before anything was sent");
        for (key, parts) in [("faulty/parts", 4 + 5), ("faulty/unknown", 4 + 5)] {
            assert_eq!(count(&emulator, "UploadPart", key), parts, "{label}: {key}");
        }
        for key in ["faulty/put", "faulty/rewinding"] {
            assert_eq!(count(&emulator, "PutObject", key), 1 + 2, "{label}: {key}");
        }
        for key in emulator.keys(DEFAULT_BUCKET) {
            let data = stored(&emulator, &key).data;
            let from = if key == "range" { 7 } else { 0 };
            assert!(data == source[from..from + data.len()], "{label}: {key} is not what was sent");
        }
        assert_eq!(emulator.uploads(DEFAULT_BUCKET), [], "{label}: nothing is left behind");
    }
    on_a_real_bucket("progress", |program, bucket| {
        let path = file(program, "source", &source);
        program.run_on(bucket, &[("SOURCE", &path)]);
    });
}

/// What is sent again, in every way in which that can come about.
fn inject_into_progress(emulator: &Emulator) {
    let inject = |action, operation: &str, key: &str, part: Option<u64>| {
        let fault = Fault::new(action).operation(operation).key(key);
        emulator.inject(part.map_or(fault.clone(), |part| fault.part_number(part)));
    };
    let unavailable = || Action::Status { status: 503, code: "ServiceUnavailable".to_owned() };
    for key in ["faulty/parts", "faulty/unknown"] {
        inject(Action::ResetAfterBodyBytes(50_000), "UploadPart", key, Some(1));
        inject(Action::ResetBeforeReply, "UploadPart", key, Some(1));
        inject(unavailable(), "UploadPart", key, Some(2));
        inject(Action::CloseWithoutReply, "UploadPart", key, Some(3));
        inject(Action::WrongCrc, "UploadPart", key, Some(4));
        inject(Action::CloseWithoutReply, "CompleteMultipartUpload", key, None);
    }
    for key in ["faulty/put", "faulty/rewinding"] {
        inject(unavailable(), "PutObject", key, None);
        inject(Action::ResetBeforeReply, "PutObject", key, None);
    }
    for (key, operation) in [("silent/put", "PutObject"), ("silent/parts", "UploadPart")] {
        let stall = Fault::new(Action::StallAfterBodyBytes(0)).operation(operation);
        emulator.inject(stall.key(key).always());
    }
}

#[test]
fn writers_take_data_piece_by_piece_and_end_in_every_way_there_is() {
    let source = noise(6 * PART);
    for program in CProgram::variants("writer") {
        let (emulator, answering) = (emulator(), answering());
        inject_into_writer(&emulator);
        let path = file(&program, "source", &source);
        let environment =
            [("ANSWER", ANSWER), ("ANSWER_TYPE", ANSWER_TYPE), ("SOURCE", &path), ("FAULTS", "1")];
        let bucket = TestBucket::emulated(&emulator).with_callback_url(&answering.url());
        program.run_on(&bucket, &environment);

        let label = program.label();
        for key in emulator.keys(DEFAULT_BUCKET) {
            let data = stored(&emulator, &key).data;
            assert!(data == source[..data.len()], "{label}: {key} is not what was written");
            if let Some(sizes) = key.strip_prefix("plain/") {
                let size: usize = sizes.split('/').next().unwrap().parse().unwrap();
                assert_eq!(data.len(), size, "{label}: {key}");
                let sent = (count(&emulator, "PutObject", &key), count(&emulator, "UploadPart", &key));
                let expected = if size <= PART { (1, 0) } else { (0, size.div_ceil(PART)) };
                assert_eq!(sent, expected, "{label}: {key}: puts and parts");
            }
        }
        let calls: Vec<String> = answering
            .requests()
            .iter()
            .map(|request| String::from_utf8_lossy(&request.body).into_owned())
            .collect();
        assert_eq!(calls, ["size=100000&by=writer", "size=350007&by=writer", "size=0&by=writer"], "{label}");
        assert_eq!(
            stored(&emulator, "called/parts").header("content-type"),
            Some("text/x-written"),
            "{label}"
        );
        let left: Vec<String> = emulator.uploads(DEFAULT_BUCKET).into_iter().map(|(key, _)| key).collect();
        assert_eq!(left, ["silent/abort", "slow/write"], "{label}: what could not or should not be removed");
    }
    on_a_real_bucket("writer", |program, bucket| {
        let path = file(program, "source", &source);
        program.run_on(bucket, &[("SOURCE", &path)]);
    });
}

fn inject_into_writer(emulator: &Emulator) {
    let denied = || Fault::new(Action::Status { status: 403, code: "AccessDenied".to_owned() });
    for (key, part) in [("refused/first", 1), ("refused/later", 4), ("refused/end", 2)] {
        emulator.inject(denied().operation("UploadPart").key(key).part_number(part));
    }
    emulator.inject(denied().operation("AbortMultipartUpload").key("unwilling/abort"));
    let stall = Fault::new(Action::StallAfterBodyBytes(0)).operation("AbortMultipartUpload");
    emulator.inject(stall.key("silent/abort").always());
    let slow = Fault::new(Action::SlowReply(Duration::from_millis(300))).operation("UploadPart");
    emulator.inject(slow.key("slow/write").always());
}

#[test]
fn cancel_ends_whatever_a_call_is_waiting_for() {
    for program in CProgram::variants("cancel") {
        let (emulator, answering) = (emulator(), answering());
        cancel(&program, &emulator, &answering, &[]);
    }
}

#[test]
fn cancel_ends_whatever_a_call_is_waiting_for_behind_a_proxy() {
    let (emulator, answering) = (emulator(), answering());
    let proxy = emulator.endpoint();
    let program = CProgram::compile("cancel", Linkage::Shared);
    cancel(&program, &emulator, &answering, &[("PROXY", &proxy)]);
}

fn cancel(program: &CProgram, emulator: &Emulator, answering: &AppServer, more: &[(&str, &str)]) {
    inject_into_cancel(emulator);
    let label = program.label();
    let slowed: &[_] = &[("PATIENCE_MS", "15000"), ("SLOWED", "1")];
    let own = if label.contains("valgrind") { slowed } else { &[("PATIENCE_MS", "2000")] };
    let environment: Vec<(&str, &str)> = own.iter().chain(more).copied().collect();
    let bucket = TestBucket::emulated(emulator).with_callback_url(&answering.url());
    // How long each took, for whoever wants to see it.
    println!("{label} {more:?}\n{}", program.run_on(&bucket, &environment));

    let requests = emulator.requests();
    let fired = requests.iter().find(|request| request.target.contains("fired"));
    assert_eq!(fired, None, "{label}: it was cancelled before");
    // A reply that is held back is that of an object which is stored.
    let known = ["after", "resumed", "signals/parts", "signals/put"];
    let unknown = emulator
        .keys(DEFAULT_BUCKET)
        .into_iter()
        .find(|key| !known.contains(&key.as_str()) && !key.starts_with("reply/"));
    assert_eq!(unknown, None, "{label}: it is said not to be stored");
    let left: Vec<String> = emulator.uploads(DEFAULT_BUCKET).into_iter().map(|(key, _)| key).collect();
    assert_eq!(left, ["stuck"], "{label}: what could not be removed is all that is left");
}

fn inject_into_cancel(emulator: &Emulator) {
    let status = |status, code: &str| Action::Status { status, code: code.to_owned() };
    let inject = |action: Action, operation: &str, keys: &[&str]| {
        for key in keys {
            emulator.inject(Fault::new(action.clone()).operation(operation).key(*key).always());
        }
    };
    let silent = Action::SlowReply(Duration::from_secs(3600));
    inject(silent.clone(), "PutObject", &["reply/put", "reply/callback", "reply/upload"]);
    inject(silent.clone(), "HeadObject", &["reply/stat"]);
    inject(silent.clone(), "DeleteObject", &["reply/remove"]);
    inject(silent.clone(), "InitiateMultipartUpload", &["reply/begin", "reply/multipart"]);
    inject(silent.clone(), "UploadPart", &["reply/parts", "reply/unknown", "reply/write", "reply/part"]);
    inject(silent, "CompleteMultipartUpload", &["reply/complete", "reply/finish", "reply/last"]);
    inject(Action::StallAfterBodyBytes(100_000), "PutObject", &["sending/put"]);
    inject(Action::StallAfterBodyBytes(100_000), "UploadPart", &["sending/parts"]);
    let unavailable = status(503, "ServiceUnavailable");
    inject(unavailable.clone(), "PutObject", &["pause/put"]);
    inject(unavailable.clone(), "HeadObject", &["pause/stat"]);
    inject(unavailable.clone(), "InitiateMultipartUpload", &["pause/begin"]);
    inject(unavailable.clone(), "UploadPart", &["pause/parts", "pause/write", "pause/part"]);
    inject(unavailable, "CompleteMultipartUpload", &["pause/complete"]);
    inject(status(500, "InternalError"), "PutObject", &["lost/put"]);
    inject(status(500, "InternalError"), "UploadPart", &["lost/parts"]);
    inject(Action::StallAfterBodyBytes(0), "UploadPart", &["stuck"]);
    inject(Action::StallAfterBodyBytes(0), "AbortMultipartUpload", &["stuck"]);
    let once = Fault::new(Action::StallAfterBodyBytes(0)).operation("UploadPart").key("resumed");
    emulator.inject(once.part_number(3));
}

#[test]
fn pending_uploads_are_listed_page_by_page_and_can_be_removed() {
    const MANY: usize = 1005;
    for program in CProgram::variants("list_uploads") {
        let emulator = emulator();
        begin_many(&emulator, MANY);
        let bucket = TestBucket::emulated(&emulator);
        program.run_on(&bucket, &[("MANY", &MANY.to_string())]);
        let left = emulator.uploads(DEFAULT_BUCKET);
        assert_eq!(left.len(), MANY, "{}", program.label());
        assert!(left.iter().all(|(key, _)| key.starts_with("many/")), "{}", program.label());
        let pages = emulator.requests();
        let pages = pages.iter().filter(|request| request.operation == "ListMultipartUploads");
        let encoded = pages.filter(|page| page.target.contains("encoding-type=url")).count();
        assert!(encoded > 10, "{}", program.label());
    }
    on_a_real_bucket("list_uploads", |program, bucket| {
        program.run_on(bucket, &[]);
    });
}

/// Begins uploads, three for each key, so that a page ends between two of the same key.
fn begin_many(emulator: &Emulator, count: usize) {
    let bucket = TestBucket::emulated(emulator);
    let credentials = Credentials::new(&bucket.access_key_id, &bucket.access_key_secret, None).unwrap();
    let options = BucketOptions::default();
    let bucket = Bucket::new(&bucket.endpoint, &bucket.name, Arc::new(credentials), &options).unwrap();
    let bucket = Arc::new(bucket);
    for index in 0..count {
        let key = format!("many/{:04}", index / 3);
        let (begun, outcome) = Multipart::begin(&bucket, &key, &ObjectOptions::default());
        assert!(begun.is_some(), "{}", outcome.message);
    }
}

/// In how many puts and parts so many bytes come, if the threshold is 150 000.
fn expected_requests(kind: &str, size: usize) -> (usize, usize) {
    let is_put = match kind {
        "once" => size <= PART,
        // Whether there is more is found out when it is too late.
        "unknown" | "unknown-rewinding" => size < PART,
        _ => size <= 150_000,
    };
    if is_put { (1, 0) } else { (0, size.div_ceil(PART)) }
}

#[test]
fn credentials_ask_a_function_for_their_keys() {
    for program in CProgram::variants("credentials_function") {
        let emulator = Emulator::start(Config::default()).expect("the emulator");
        program.run_on(&TestBucket::emulated(&emulator), &[]);
        let keys: Vec<String> = emulator.keys(DEFAULT_BUCKET);
        assert_eq!(keys, ["function", "nested"], "{}", program.label());
    }
    on_a_real_bucket("credentials_function", |program, bucket| {
        program.run_on(bucket, &[]);
    });
}

#[test]
fn credentials_come_from_everywhere_and_secrets_go_nowhere() {
    const STS: [&str; 3] = ["sts-id", "sts-secret", "sts+token/with=odd&chars"];
    for program in CProgram::variants("credentials") {
        let mut config = Config::default();
        config.credentials.push(Credential::temporary(STS[0], STS[1], STS[2]));
        let emulator = Emulator::start(config).expect("the emulator");
        let environment = [("STS_ID", STS[0]), ("STS_SECRET", STS[1]), ("STS_TOKEN", STS[2])];
        for version in ["1", "4"] {
            let environment: Vec<_> =
                environment.into_iter().chain([("SIGNATURE_VERSION", version)]).collect();
            program.run_on(&TestBucket::emulated(&emulator), &environment);
        }
        let bucket = TestBucket::emulated(&emulator);
        for request in emulator.requests() {
            for secret in [STS[1], &bucket.access_key_secret, "tell-nobody"] {
                let told = request.headers.iter().find(|(name, value)| {
                    // A token is sent, whatever it is: that is what it is for.
                    value.contains(secret) && !name.eq_ignore_ascii_case("x-oss-security-token")
                });
                assert_eq!(told, None, "{}: a secret was sent", program.label());
                assert!(!request.target.contains(secret), "{}: a secret was sent", program.label());
            }
        }
        assert_eq!(emulator.keys(DEFAULT_BUCKET), ["by-environment"], "{}", program.label());
    }
    on_a_real_bucket("credentials", |program, bucket| {
        program.run_on(bucket, &[]);
    });
}

#[test]
fn credentials_are_found_where_the_tools_of_alibaba_find_them() {
    const STS: [&str; 3] = ["STS.id", "sts-secret", "sts-token"];
    let answer = format!(
        r#"{{"Code": "Success", "AccessKeyId": "{}", "AccessKeySecret": "{}", "SecurityToken": "{}",
            "Expiration": "2099-01-01T00:00:00Z"}}"#,
        STS[0], STS[1], STS[2]
    );
    for program in CProgram::variants("credentials_found") {
        let mut config = Config::default();
        config.credentials.push(Credential::temporary(STS[0], STS[1], STS[2]));
        let emulator = Emulator::start(config).expect("the emulator");
        let answer = answer.clone();
        let service = KeyService::start(move |asked| {
            let of_role = format!(r#"{{"Credentials": {answer}}}"#);
            Some(key_service::reply(200, if asked.body.is_empty() { &answer } else { &of_role }))
        });
        let home = TempDir::new().expect("a temporary folder");
        let (url, home_path) = (service.url(), home.path().to_str().expect("text"));
        let environment = [("HOME", home_path), ("SERVICE", url.as_str())];
        program.run_on(&TestBucket::emulated(&emulator), &environment);
        // A key is asked for once, however many requests it signs.
        assert_eq!(service.asked().len(), 3, "{}", program.label());
    }
}
