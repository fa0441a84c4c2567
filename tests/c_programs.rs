//! What C programs do with the library, seen from both ends: each of `tests/c` checks what it is told, and here is
//! checked what the server got. Each runs with the shared library, with the static one, and under valgrind; and once on a
//! real bucket, if the environment names one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Answer, AppServer, Config, Credential, DEFAULT_BUCKET, Emulator, Object};
use std::collections::BTreeMap;
use std::fs;
use support::bucket::{TestBucket, app_server, emulator};
use support::c_program::{CProgram, Linkage};
use support::noise;

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
            ("described", "x-oss-persistent-headers", Some("a:YQ==")),
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
        ("tagged", with("x-oss-tagging", "project=a%20%26%20b%3Dc&%E5%90%8D=")),
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
        let expected: [(&str, &[u8]); 12] = [
            ("bytes", &source),
            ("bytes-empty", &[]),
            ("file", &source),
            ("file-empty", &[]),
            ("put-file", &source),
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
        ];
        assert_eq!(called, expected, "{}", program.label());
        // The failed callback was not repeated, neither by the server nor by another upload.
        assert_eq!(failing.requests().len(), 1, "{}", program.label());
        let uploads: Vec<String> = emulator
            .requests()
            .into_iter()
            .filter(|request| request.method == "PUT")
            .filter_map(|request| request.key)
            .collect();
        assert_eq!(
            uploads,
            ["answered/photo.jpg", "answered/file.txt", "failed/photo.jpg"],
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
