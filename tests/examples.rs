//! Every example does what it says, and says what became of the upload when the application server fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/quickstart.rs"]
#[allow(dead_code)]
mod quickstart;
mod support;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_emulator::{Action, Answer, AppServer, Emulator, Fault, Request};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::bucket::{TestBucket, app_server, emulator};
use support::{library, noise, repository, tools};
use tempfile::TempDir;

/// Go compiles its runtime for cgo first.
const COMPILING_TIME: Duration = Duration::from_secs(400);
const RUNNING_TIME: Duration = Duration::from_secs(120);
const KEY: &str = "examplefiles/exampleobject.txt";
const ANSWER: &str = r#"{"Status":"OK","number":7}"#;

/// A compiled example, and a folder of its own.
struct Example {
    program: PathBuf,
    folder: TempDir,
}

impl Example {
    fn c(name: &str) -> Example {
        Example::compile(
            name,
            Command::new("cc").arg("-std=c99").arg(repository(&format!("examples/{name}.c"))),
        )
    }

    fn cpp(name: &str) -> Example {
        let source = repository(&format!("examples/{name}.cpp"));
        Example::compile(name, Command::new("c++").arg("-std=c++11").arg(source))
    }

    fn compile(name: &str, compiler: &mut Command) -> Example {
        let example = Example::new(name);
        compiler.args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-I"]).arg(repository("include"));
        compiler.arg("-o").arg(&example.program).args(example.linking());
        tools::run(compiler, COMPILING_TIME);
        example
    }

    /// `None` when there is no Go.
    fn go(name: &str) -> Option<Example> {
        if Command::new("go").arg("version").output().is_err() {
            tools::skip(&format!("the Go example {name}"), "go is missing");
            return None;
        }
        let example = Example::new(name);
        let mut go = Command::new("go");
        go.current_dir(repository(&format!("examples/go/{name}")));
        go.env("CGO_CFLAGS", format!("-I{}", repository("include").display()));
        go.env("CGO_LDFLAGS", example.linking().join(" "));
        tools::run(go.args(["build", "-o"]).arg(&example.program), COMPILING_TIME);
        Some(example)
    }

    fn new(name: &str) -> Example {
        let folder = TempDir::new().expect("a temporary folder");
        for file in ["liboss_upload.so", env!("OSS_UPLOAD_SONAME")] {
            symlink(library::shared_library(), folder.path().join(file)).expect("a link to the library");
        }
        Example { program: folder.path().join(name), folder }
    }

    fn linking(&self) -> [String; 3] {
        let folder = self.folder.path().display();
        [format!("-L{folder}"), "-loss_upload".to_owned(), format!("-Wl,-rpath,{folder}")]
    }
}

/// What a program printed, on both of its outputs, and the code that it ended with.
struct Ended {
    code: i32,
    printed: String,
}

impl Ended {
    #[track_caller]
    fn assert(&self, code: i32, lines: &[&str]) {
        assert_eq!(self.code, code, "{}", self.printed);
        for line in lines {
            assert!(
                self.printed.lines().any(|printed| printed == *line),
                "no line {line:?} in\n{}",
                self.printed
            );
        }
    }
}

fn run<A: AsRef<OsStr>>(program: &Path, arguments: &[A], environment: &[(&str, &str)]) -> Ended {
    // The shell makes of every exit code a success that says which one it was.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#""$0" "$@" 2>&1; echo "ended with $?""#]).arg(program).args(arguments);
    let path = std::env::var_os("PATH").unwrap_or_default();
    shell.env_clear().env("PATH", path).envs(environment.iter().copied());
    let out = tools::run(&mut shell, RUNNING_TIME);
    let (printed, code) = out.trim_end().rsplit_once("ended with ").expect("the exit code");
    Ended { code: code.parse().expect("a number"), printed: printed.to_owned() }
}

/// A bucket and an application server for one example.
struct Scene {
    emulator: Emulator,
    application: AppServer,
}

impl Scene {
    fn new() -> Scene {
        let scene = Scene { emulator: emulator(), application: app_server() };
        scene.application.answer(Answer::json(ANSWER));
        scene
    }

    fn run<A: AsRef<OsStr>>(&self, example: &Example, arguments: &[A]) -> Ended {
        self.run_with(&TestBucket::emulated(&self.emulator), example, arguments)
    }

    fn run_with<A: AsRef<OsStr>>(&self, bucket: &TestBucket, example: &Example, arguments: &[A]) -> Ended {
        let url = format!("{}/uploaded", self.application.url());
        let mut environment = bucket.environment();
        environment.push(("OSS_CALLBACK_URL", &url));
        run(&example.program, arguments, &environment)
    }

    fn stored(&self) -> Option<Vec<u8>> {
        self.emulator.object("test-bucket", KEY).map(|object| object.data)
    }

    /// The request that asked for the callback, of which there is one.
    fn request_with_callback(&self) -> Request {
        let requests = self.emulator.requests();
        let mut asking = requests.into_iter().filter(|request| request.header("x-oss-callback").is_some());
        let request = asking.next().expect("a callback was asked for");
        assert!(asking.next().is_none(), "a callback was asked for twice");
        request
    }
}

fn decoded(request: &Request, header: &str) -> serde_json::Value {
    let encoded = request.header(header).unwrap_or_else(|| panic!("{header} is missing"));
    serde_json::from_slice(&BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
}

/// Runs an example twice: the application server takes the callback, and it fails.
fn check<A: AsRef<OsStr>>(example: &Example, arguments: &[A], content: &[u8]) {
    let scene = Scene::new();
    scene.run(example, arguments).assert(0, &["status:      OK", "stored:      yes", ANSWER]);
    assert!(scene.stored().as_deref() == Some(content), "another object is stored");
    let callbacks = scene.application.requests();
    assert_eq!(callbacks.len(), 1);
    assert_eq!((callbacks[0].method.as_str(), callbacks[0].target.as_str()), ("POST", "/uploaded"));
    assert_eq!(callbacks[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    let body = String::from_utf8_lossy(&callbacks[0].body);
    assert_eq!(body, "bucket=test-bucket&object=examplefiles%2Fexampleobject.txt");
    let request = scene.request_with_callback();
    let callback = decoded(&request, "x-oss-callback");
    assert_eq!(callback["callbackUrl"], format!("{}/uploaded", scene.application.url()));
    assert_eq!(callback["callbackBody"], "bucket=${bucket}&object=${object}");
    let variables = serde_json::json!({ "x:my_var1": "my_val1", "x:my_var2": "my_val2" });
    assert_eq!(decoded(&request, "x-oss-callback-var"), variables);

    let scene = Scene::new();
    scene.application.answer(Answer::status(500));
    let ended = scene.run(example, arguments);
    ended.assert(3, &["status:      CALLBACK_FAILED", "stored:      yes"]);
    assert!(ended.printed.contains("Error status : 500."), "{}", ended.printed);
    assert!(scene.stored().as_deref() == Some(content), "another object is stored");
    assert_eq!(scene.application.requests().len(), 1);
}

const NO_ARGUMENTS: [&str; 0] = [];

fn letters() -> Vec<u8> {
    vec![b'a'; 1 << 20]
}

fn file(example: &Example, content: &[u8]) -> PathBuf {
    let path = example.folder.path().join("file");
    fs::write(&path, content).expect("the file");
    path
}

#[test]
fn put_callback_uploads_bytes() {
    let example = Example::c("put_callback");
    check(&example, &NO_ARGUMENTS, &letters());
    let content = noise(300_001);
    check(&example, &[file(&example, &content)], &content);
    check(&example, &[file(&example, b"")], b"");
}

#[test]
fn put_callback_in_cpp_uploads_bytes() {
    check(&Example::cpp("put_callback"), &NO_ARGUMENTS, &letters());
}

#[test]
fn put_callback_in_go_uploads_bytes() {
    if let Some(example) = Example::go("put_callback") {
        check(&example, &NO_ARGUMENTS, &letters());
    }
}

#[test]
fn put_file_callback_uploads_a_file() {
    let example = Example::c("put_file_callback");
    let content = noise(3_000_001);
    check(&example, &[file(&example, &content)], &content);
}

#[test]
fn multipart_callback_uploads_parts() {
    let example = Example::c("multipart_callback");
    check(&example, &NO_ARGUMENTS, &letters());
    let scene = Scene::new();
    let ended = scene.run(&example, &NO_ARGUMENTS);
    assert_eq!(
        ended.printed.lines().filter(|line| line.starts_with("part ")).count(),
        4,
        "{}",
        ended.printed
    );
    assert_eq!(scene.request_with_callback().operation, "CompleteMultipartUpload");
}

#[test]
fn multipart_callback_leaves_no_parts_behind_when_one_is_refused() {
    let example = Example::c("multipart_callback");
    let scene = Scene::new();
    let refusal = Action::Status { status: 403, code: "AccessDenied".to_owned() };
    scene.emulator.inject(Fault::new(refusal).operation("UploadPart").part_number(2));
    let ended = scene.run(&example, &NO_ARGUMENTS);
    ended.assert(1, &[]);
    assert!(ended.printed.contains("AccessDenied"), "{}", ended.printed);
    assert_eq!(scene.emulator.uploads("test-bucket"), []);
    assert_eq!(scene.stored(), None);
}

#[test]
fn missing_variable_is_named() {
    let mut examples = ["put_callback", "put_file_callback", "multipart_callback"]
        .map(Example::c)
        .into_iter()
        .collect::<Vec<_>>();
    examples.push(Example::cpp("put_callback"));
    examples.extend(Example::go("put_callback"));
    let names =
        ["OSS_ENDPOINT", "OSS_BUCKET", "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_CALLBACK_URL"];
    for example in &examples {
        for missing in names {
            let given = names.into_iter().filter(|name| *name != missing).map(|name| (name, "value"));
            let arguments: &[&str] =
                if example.program.ends_with("put_file_callback") { &["file"] } else { &[] };
            let ended = run(&example.program, arguments, &given.collect::<Vec<_>>());
            assert_eq!(ended.code, 2, "{}", ended.printed);
            assert!(ended.printed.starts_with(&format!("{missing} is not set")), "{}", ended.printed);
        }
    }
}

#[test]
fn refused_upload_is_a_failure() {
    let scene = Scene::new();
    let stranger =
        TestBucket { access_key_secret: "wrong".to_owned(), ..TestBucket::emulated(&scene.emulator) };
    let example = Example::c("put_callback");
    let ended = scene.run_with(&stranger, &example, &NO_ARGUMENTS);
    ended.assert(1, &["status:      SERVICE", "stored:      no"]);
    assert!(ended.printed.contains("SignatureDoesNotMatch"), "{}", ended.printed);
}

#[test]
fn file_that_is_missing_is_named() {
    for name in ["put_callback", "put_file_callback"] {
        let ended = Scene::new().run(&Example::c(name), &["/nonexistent/file"]);
        ended.assert(1, &[]);
        assert!(ended.printed.contains("/nonexistent/file: "), "{}", ended.printed);
    }
}

#[test]
fn quickstart_shows_the_upload_the_callback_and_the_answer() {
    let mut out = Vec::new();
    let went_well = quickstart::run(&repository("Cargo.toml"), &mut out).expect("the quick start");
    let out = String::from_utf8(out).unwrap();
    assert!(went_well, "{out}");
    let expected = [
        "    status:      OK",
        "    stored:      yes",
        "    POST /uploaded",
        "    User-Agent: aliyun-oss-callback",
        "    bucket=test-bucket&object=examplefiles%2Fexampleobject.txt",
        r#"    {"Status":"OK","message":"the application server knows"}"#,
    ];
    let mut lines = out.lines();
    for line in expected {
        assert!(lines.any(|printed| printed == line), "no line {line:?}, or not in its place, in\n{out}");
    }
}
