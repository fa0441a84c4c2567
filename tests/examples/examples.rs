//! Every example does what it says, and says what became of the upload when the application server fails.

#[path = "../../examples/quickstart.rs"]
#[allow(dead_code)]
mod quickstart;

use crate::support::bucket::{TestBucket, app_server, emulator};
use crate::support::c_program::{CProgram, Linkage};
use crate::support::go::{self, Installation};
use crate::support::sanitizer::{self, Sanitizer};
use crate::support::{library, noise, read, repository, server, tools};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_emulator::{Action, Answer, AppServer, Emulator, Fault, Request};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const COMPILING_TIME: Duration = Duration::from_secs(120);
const RUNNING_TIME: Duration = Duration::from_secs(120);
const KEY: &str = "examplefiles/exampleobject.txt";
const ANSWER: &str = r#"{"Status":"OK","number":7}"#;
/// What most examples have the application server told.
const TEMPLATE: &str = "bucket=${bucket}&object=${object}&one=${x:my_var1}&two=${x:my_var2}";

/// A compiled example, and a folder of its own.
struct Example {
    program: PathBuf,
    folder: TempDir,
}

impl Example {
    fn c(name: &str) -> Example {
        Example::compile(name, "c", sanitizer::compiler("cc").arg("-std=c99"))
    }

    /// `None` when there is no compiler for C++.
    fn cpp(name: &str) -> Option<Example> {
        let found = tools::are_there(&format!("the C++ example {name}"), &["c++"]);
        found.then(|| Example::compile(name, "cpp", sanitizer::compiler("c++").arg("-std=c++11")))
    }

    fn compile(name: &str, extension: &str, compiler: &mut Command) -> Example {
        let example = Example::new(name);
        compiler.arg(repository(&format!("examples/{name}.{extension}")));
        compiler.args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-I"]).arg(repository("include"));
        compiler.arg("-o").arg(&example.program).args(example.linking());
        if let Some(sanitizer) = Sanitizer::of_the_library() {
            compiler.args(sanitizer.compiling()).args(sanitizer.linking());
        }
        tools::run(compiler, COMPILING_TIME);
        example
    }

    /// `None` when there is no Go, or its programs cannot have the library's sanitizer.
    fn go(name: &str) -> Option<Example> {
        if Sanitizer::of_the_library().is_some() {
            tools::skip(&format!("the Go example {name}"), "Go makes it without the library's sanitizer");
            return None;
        }
        if !go::is_there(&format!("the Go example {name}")) {
            return None;
        }
        let example = Example::new(name);
        let program = example.program.to_str().expect("a path in UTF-8");
        Installation::for_all().go(&format!("examples/go/{name}"), &["build", "-o", program], &[]);
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
    let mut shell = tools::command("sh");
    shell.args(["-c", r#""$0" "$@" 2>&1; echo "ended with $?""#]).arg(program).args(arguments);
    let path = std::env::var_os("PATH").unwrap_or_default();
    sanitizer::clear_environment(&mut shell).env("PATH", path).envs(environment.iter().copied());
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
    assert_eq!(body, "bucket=test-bucket&object=examplefiles%2Fexampleobject.txt&one=my_val1&two=my_val2");
    let request = scene.request_with_callback();
    let callback = decoded(&request, "x-oss-callback");
    assert_eq!(callback["callbackUrl"], format!("{}/uploaded", scene.application.url()));
    assert_eq!(callback["callbackBody"], TEMPLATE);
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
fn a_put_with_a_callback_and_its_answer_take_25_lines() {
    let source = read(repository("examples/hello.c"));
    assert!(source.lines().filter(|line| !line.is_empty()).count() <= 25, "{source}");
    let (example, scene) = (Example::c("hello"), Scene::new());
    scene.run(&example, &NO_ARGUMENTS).assert(0, &[&format!("OK: {ANSWER}")]);
    assert_eq!(
        scene.emulator.object("test-bucket", "hello.txt").map(|object| object.data),
        Some(b"Hello!".to_vec())
    );
    let told: Vec<_> = scene.application.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(told, [b"object=hello.txt&size=6"]);

    scene.application.answer(Answer::status(500));
    let ended = scene.run(&example, &NO_ARGUMENTS);
    assert!(ended.code == 1 && ended.printed.contains("CALLBACK_FAILED: "), "{}", ended.printed);
    let nowhere = [
        ("OSS_CALLBACK_URL", "http://no where"),
        ("OSS_ENDPOINT", "http://127.0.0.1:1"),
        ("OSS_BUCKET", "no-bucket"),
    ];
    let keys = [("OSS_ACCESS_KEY_ID", "id"), ("OSS_ACCESS_KEY_SECRET", "secret")];
    let ended = run(&example.program, &NO_ARGUMENTS, &[&nowhere[..], &keys].concat());
    assert!(ended.code == 1 && ended.printed.contains("the callback URL"), "{}", ended.printed);
    let ended = run(&example.program, &NO_ARGUMENTS, &nowhere);
    assert!(ended.code == 1 && ended.printed.contains("OSS_ACCESS_KEY_ID"), "{}", ended.printed);
}

#[test]
fn valgrind_finds_nothing_lost_after_a_put_with_the_file_for_it() {
    if Sanitizer::of_the_library().is_some() || !tools::are_there("what a put leaves behind", &["valgrind"]) {
        return;
    }
    let scene = Scene::new();
    let suppressions = format!("--suppressions={}", repository("packaging/oss_upload.supp").display());
    let leaks =
        ["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,possible", "--error-exitcode=99"];
    let url = format!("{}/uploaded", scene.application.url());
    let bucket = TestBucket::emulated(&scene.emulator);
    let environment = [bucket.environment(), vec![("OSS_CALLBACK_URL", url.as_str())]].concat();
    for linkage in [Linkage::Shared, Linkage::Static] {
        let program = CProgram::compile_file(&repository("examples/hello.c"), linkage);
        let program = program.path().to_str().expect("a path in UTF-8");
        let watched = |more: &[&str]| {
            run(Path::new("valgrind"), &[&leaks[..], more, &[program]].concat(), &environment)
        };
        watched(&[&suppressions]).assert(0, &[&format!("OK: {ANSWER}")]);
        assert_eq!(watched(&[]).code, 99, "there is nothing to suppress in what is linked {linkage:?}");
    }
}

#[test]
fn put_callback_in_cpp_uploads_bytes() {
    if let Some(example) = Example::cpp("put_callback") {
        check(&example, &NO_ARGUMENTS, &letters());
    }
}

/// Runs `upload_stream` with a file as its standard input.
fn upload_stream(scene: &Scene, example: &Example, content: &[u8]) -> Ended {
    let file = file(example, content);
    let url = format!("{}/uploaded", scene.application.url());
    let bucket = TestBucket::emulated(&scene.emulator);
    let mut environment = bucket.environment();
    environment.push(("OSS_CALLBACK_URL", &url));
    let redirect = OsStr::new(r#""$0" < "$1""#);
    let arguments = [OsStr::new("-c"), redirect, example.program.as_os_str(), file.as_os_str()];
    run(Path::new("sh"), &arguments, &environment)
}

#[test]
fn upload_stream_uploads_what_it_reads() {
    // More than a part.
    let Some(example) = Example::cpp("upload_stream") else { return };
    let (scene, content) = (Scene::new(), noise((8 << 20) + 1));
    let last = format!("{} bytes are there", content.len());
    let ended = upload_stream(&scene, &example, &content);
    ended.assert(0, &["0 bytes are there", &last, "status:      OK", "stored:      yes", ANSWER]);
    assert!(scene.stored().as_deref() == Some(content.as_slice()), "another object is stored");
    assert_eq!(scene.request_with_callback().operation, "CompleteMultipartUpload");
    let callbacks = scene.application.requests();
    assert_eq!(callbacks.len(), 1);
    let told = format!("object=examplefiles%2Fexampleobject.txt&size={}", content.len());
    assert_eq!(String::from_utf8_lossy(&callbacks[0].body), told);

    let scene = Scene::new();
    scene.application.answer(Answer::status(500));
    upload_stream(&scene, &example, b"").assert(3, &["status:      CALLBACK_FAILED", "stored:      yes"]);
}

#[test]
fn upload_stream_says_what_it_cannot_read() {
    let Some(example) = Example::cpp("upload_stream") else { return };
    let scene = Scene::new();
    let bucket = TestBucket::emulated(&scene.emulator);
    let mut environment = bucket.environment();
    environment.push(("OSS_CALLBACK_URL", "http://127.0.0.1/"));
    // A folder can be opened, but not be read.
    let arguments = [OsStr::new("-c"), OsStr::new(r#""$0" < /"#), example.program.as_os_str()];
    run(Path::new("sh"), &arguments, &environment).assert(1, &["the stream cannot be read"]);
    assert_eq!(scene.stored(), None);
}

#[test]
fn upload_stream_is_cancelled_by_ctrl_c() {
    let Some(example) = Example::cpp("upload_stream") else { return };
    let scene = Scene::new();
    let stall = Action::StallAfterBodyBytes(0);
    scene.emulator.inject(Fault::new(stall).operation("UploadPart").always());
    let input = File::open(file(&example, &noise((8 << 20) + 1))).expect("the file");
    let mut command = Command::new(&example.program);
    sanitizer::clear_environment(&mut command).envs(TestBucket::emulated(&scene.emulator).environment());
    command.env("OSS_CALLBACK_URL", scene.application.url()).stdin(input).stdout(Stdio::piped());
    let running = Running::start(&mut command);
    let sent = || scene.emulator.requests().iter().any(|request| request.operation == "UploadPart");
    let give_up = Instant::now() + RUNNING_TIME;
    while !sent() {
        assert!(Instant::now() < give_up, "no part comes");
        thread::yield_now();
    }
    running.signal(libc::SIGINT);
    running.end().assert(1, &["status:      CANCELLED", "stored:      no"]);
    assert_eq!(scene.stored(), None);
    assert_eq!(scene.application.requests(), []);
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
fn outbox_keeps_a_callback_that_failed_and_has_it_made_later() {
    let (example, scene) = (Example::c("outbox"), Scene::new());
    let folder = example.folder.path().join("owed").display().to_string();
    let upload = || scene.run(&example, &[&folder]);
    let deliver = || scene.run(&example, &[folder.as_str(), "deliver"]);
    let assert_owed = |ended: &Ended, how_often: &str| {
        let owed = ended.printed.lines().filter(|line| line.starts_with("owed: ")).collect::<Vec<_>>();
        let [line] = owed[..] else { panic!("{}", ended.printed) };
        assert!(line.contains(KEY) && line.contains(how_often), "{line}");
    };

    let ended = upload();
    ended.assert(0, &["status:      OK", "stored:      yes", ANSWER]);
    assert!(!ended.printed.contains("owed: "), "{}", ended.printed);

    scene.application.answer(Answer::status(500));
    let ended = upload();
    ended.assert(3, &["status:      CALLBACK_FAILED", "stored:      yes"]);
    assert_owed(&ended, "due in 0 s, tried 0 times");
    let ended = deliver();
    ended.assert(1, &["delivered:   0", "still owed:  1"]);
    assert_owed(&ended, "tried 1 times");

    scene.application.answer(Answer::json(ANSWER));
    let give_up = Instant::now() + RUNNING_TIME;
    let mut ended = deliver();
    while ended.printed.contains("delivered:   0") && Instant::now() < give_up {
        ended = deliver();
    }
    ended.assert(0, &["delivered:   1", "still owed:  0"]);
    let bodies = scene.application.requests().into_iter().map(|request| request.body);
    let bodies: Vec<Vec<u8>> = bodies.collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies[0] != bodies[1] && bodies[1] == bodies[2] && bodies[2] == bodies[3], "{bodies:?}");
}

#[test]
fn outbox_says_how_it_is_used() {
    let example = Example::c("outbox");
    for arguments in [&[][..], &["folder", "what"], &["folder", "deliver", "more"]] {
        run(&example.program, arguments, &[]).assert(2, &["usage: outbox FOLDER [deliver]"]);
    }
    let ended = Scene::new().run(&example, &["/dev/null/outbox"]);
    ended.assert(1, &[]);
    assert!(ended.printed.contains("/dev/null/outbox"), "{}", ended.printed);
}

#[test]
fn missing_variable_is_named() {
    let mut examples = ["put_callback", "put_file_callback", "multipart_callback", "outbox"]
        .map(Example::c)
        .into_iter()
        .collect::<Vec<_>>();
    examples.extend(["put_callback", "upload_stream"].into_iter().filter_map(Example::cpp));
    examples.extend(Example::go("put_callback"));
    let names =
        ["OSS_ENDPOINT", "OSS_BUCKET", "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_CALLBACK_URL"];
    for example in &examples {
        for missing in names {
            let given = names.into_iter().filter(|name| *name != missing).map(|name| (name, "value"));
            let with_argument = ["put_file_callback", "outbox"];
            let takes_one = with_argument.iter().any(|name| example.program.ends_with(name));
            let arguments: &[&str] = if takes_one { &["file"] } else { &[] };
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
    for example in [Some(Example::c("put_callback")), Example::cpp("put_callback")].into_iter().flatten() {
        let ended = scene.run_with(&stranger, &example, &NO_ARGUMENTS);
        ended.assert(1, &["status:      SERVICE", "stored:      no"]);
        assert!(ended.printed.contains("SignatureDoesNotMatch"), "{}", ended.printed);
    }
}

#[test]
fn file_that_is_missing_is_named() {
    for name in ["put_callback", "put_file_callback", "upload_file"] {
        let ended = Scene::new().run(&Example::c(name), &["/nonexistent/file"]);
        ended.assert(1, &[]);
        assert!(ended.printed.contains("/nonexistent/file: "), "{}", ended.printed);
    }
}

/// The least that a part may have.
const PART: usize = 102_400;
/// Nine parts of the least size and a smaller one.
const SIZE: usize = 10 * PART - 1000;
const PARTS: usize = 10;
/// How many parts the library sends at once.
const PARALLEL: usize = 4;
/// A cancelled upload is to end within this time, on a busy machine too.
const SOON: Duration = Duration::from_secs(10);

/// `upload_file`, a file for it, and where it goes.
struct Uploader {
    scene: Scene,
    bucket: TestBucket,
    example: Example,
    content: Vec<u8>,
    path: String,
}

impl Uploader {
    fn new() -> Uploader {
        let (scene, example, content) = (Scene::new(), Example::c("upload_file"), noise(SIZE));
        let bucket = TestBucket::emulated(&scene.emulator);
        let path = file(&example, &content).to_str().expect("text").to_owned();
        Uploader { scene, bucket, example, content, path }
    }

    /// Arguments with which the file goes in ten parts.
    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let arguments = ["--part-size", "100K", &self.path, KEY];
        more.iter().chain(&arguments).map(|&argument| argument.to_owned()).collect()
    }

    /// Uploads the file in parts.
    fn run(&self, more: &[&str]) -> Ended {
        self.call(&self.arguments(more))
    }

    fn call<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ended {
        run(&self.example.program, arguments, &self.bucket.environment())
    }

    /// The program with these arguments, and nothing else in its environment than what it needs.
    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(&self.example.program);
        sanitizer::clear_environment(command.args(self.arguments(more))).envs(self.bucket.environment());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Uploads the file until OSS has taken so many parts, of which it takes no more, and a line says this; then sends the
    /// signal. Returns the outcome and the line.
    fn interrupt(&self, more: &[&str], parts: u64, said: &str, signal: i32) -> (Ended, String) {
        let emulator = &self.scene.emulator;
        emulator.clear_requests();
        // Slowly enough for the program to report that nothing new has come.
        let slow = Action::SlowReply(Duration::from_millis(600));
        emulator.inject(Fault::new(slow).operation("UploadPart").times(parts));
        emulator.inject(Fault::new(Action::StallAfterBodyBytes(0)).operation("UploadPart").always());
        let mut running = Running::start(&mut self.command(more));
        let line = running.wait_for_line(said);
        // What is on its way must arrive before the faults are gone.
        let under_way = usize::try_from(parts).expect("a number") + PARALLEL;
        let give_up = Instant::now() + RUNNING_TIME;
        while self.requests("UploadPart") < under_way {
            assert!(Instant::now() < give_up, "no more parts come");
            thread::yield_now();
        }
        running.signal(signal);
        let signalled = Instant::now();
        let ended = running.end();
        assert!(signalled.elapsed() < SOON, "it took {:?} to end", signalled.elapsed());
        emulator.clear_faults();
        (ended, line)
    }

    #[track_caller]
    fn assert_stored(&self) {
        assert!(self.scene.stored() == Some(self.content.clone()), "another object is stored");
    }

    fn checkpoint(&self) -> String {
        self.example.folder.path().join("checkpoint").to_str().expect("text").to_owned()
    }

    fn requests(&self, operation: &str) -> usize {
        self.scene.emulator.requests().iter().filter(|request| request.operation == operation).count()
    }
}

/// A program under way, whose error output is followed line by line. It ends with the test.
struct Running {
    child: Child,
    lines: Receiver<String>,
    printed: String,
}

impl Running {
    fn start(command: &mut Command) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program");
        let errors = BufReader::new(child.stderr.take().expect("stderr"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Running { child, lines, printed: String::new() }
    }

    /// The next line, or `None` at the end of them.
    fn next_line(&mut self) -> Option<String> {
        let line = match self.lines.recv_timeout(RUNNING_TIME) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing more comes after\n{}", self.printed),
        };
        self.printed.push_str(&line);
        self.printed.push('\n');
        Some(line)
    }

    fn wait_for_line(&mut self, said: &str) -> String {
        while let Some(line) = self.next_line() {
            if line.contains(said) {
                return line;
            }
        }
        panic!("no line says {said:?} in\n{}", self.printed);
    }

    fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: the call touches no memory, and nobody has waited for the process, so that the id is still its own.
        assert_eq!(unsafe { libc::kill(id, signal) }, 0);
    }

    /// What it ended with, and what it printed, errors first.
    fn end(mut self) -> Ended {
        while self.next_line().is_some() {}
        let mut output = self.child.stdout.take().expect("stdout");
        output.read_to_string(&mut self.printed).expect("text");
        let status = self.child.wait().expect("the program");
        let code = status.code().unwrap_or_else(|| panic!("{status}\n{}", self.printed));
        Ended { code, printed: std::mem::take(&mut self.printed) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program writes to a terminal of so many columns on its error output.
fn seen_on_a_terminal(columns: u16, command: &mut Command) -> String {
    let (mut master, mut slave) = (-1, -1);
    let size = libc::winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: all pointers are to live values or NULL; the descriptors are owned by nobody else.
    let (terminal, stderr) = unsafe {
        let opened =
            libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), std::ptr::null(), &raw const size);
        assert_eq!(opened, 0, "no terminal");
        (File::from_raw_fd(master), OwnedFd::from_raw_fd(slave))
    };
    let mut child = command.stdout(Stdio::null()).stderr(stderr).spawn().expect("the program");
    // The command keeps the descriptor open, and the terminal ends when nobody has it.
    command.stderr(Stdio::null());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut seen = Vec::new();
        // Reading ends with an error when the other end is closed.
        let _ = BufReader::new(terminal).read_to_end(&mut seen);
        let _ = sender.send(String::from_utf8_lossy(&seen).into_owned());
    });
    let seen = receiver.recv_timeout(RUNNING_TIME);
    let _ = child.kill();
    assert!(child.wait().expect("the program").success());
    seen.expect("the program to end")
}

#[test]
fn upload_file_uploads_parts_and_prints_the_answer() {
    let uploader = Uploader::new();
    let url = uploader.scene.application.url();
    let ended = uploader.run(&["--callback-url", &url, "--var", "x:user=4=2", "--parallel", "3"]);
    let object = uploader.scene.emulator.object("test-bucket", KEY).expect("an object");
    let (etag, crc64) = (&object.etag, object.crc64);
    let lines = [
        "status:      OK".to_owned(),
        "stored:      yes".to_owned(),
        format!("ETag:        {etag}"),
        format!("CRC-64:      {crc64}"),
        ANSWER.to_owned(),
    ];
    ended.assert(0, &lines.each_ref().map(String::as_str));
    assert!(ended.printed.contains("request id:  "), "{}", ended.printed);
    uploader.assert_stored();
    assert_eq!(uploader.requests("UploadPart"), PARTS);
    assert_eq!(uploader.scene.request_with_callback().operation, "CompleteMultipartUpload");
    let callbacks = uploader.scene.application.requests();
    let [callback] = callbacks.as_slice() else { panic!("{} callbacks", callbacks.len()) };
    let told = format!(
        "bucket=test-bucket&object=examplefiles%2Fexampleobject.txt&etag={etag}&size={SIZE}&crc64={crc64}&user=4%3D2"
    );
    assert_eq!(String::from_utf8_lossy(&callback.body), told);
}

#[test]
fn upload_file_tells_the_application_server_what_the_template_says() {
    let uploader = Uploader::new();
    let url = uploader.scene.application.url();
    let template = "what=${object}&a=${x:a}&b=${x:b}";
    let variables = ["--var", "x:a=1", "--callback-body", template, "--var", "x:b="];
    uploader.run(&[&variables[..], &["--callback-url", &url]].concat()).assert(0, &[ANSWER]);
    let body = uploader.scene.application.requests()[0].body.clone();
    assert_eq!(String::from_utf8_lossy(&body), "what=examplefiles%2Fexampleobject.txt&a=1&b=");
}

#[test]
fn upload_file_names_the_object_after_the_file_and_needs_no_callback() {
    let uploader = Uploader::new();
    let ended = uploader.call(&[&uploader.path]);
    ended.assert(0, &["object:      file", "stored:      yes"]);
    assert!(!ended.printed.contains("answer"), "{}", ended.printed);
    let object = uploader.scene.emulator.object("test-bucket", "file").expect("an object");
    assert!(object.data == uploader.content, "another object is stored");
}

#[test]
fn upload_file_wants_a_key_for_a_file_whose_name_is_not_utf8() {
    let uploader = Uploader::new();
    let in_gbk = Path::new(&uploader.path).with_file_name(OsStr::from_bytes(b"\xb1\xa8\xb8\xe6.txt"));
    fs::rename(&uploader.path, &in_gbk).expect("another name");
    let refused = uploader.call(&[&in_gbk]);
    assert_eq!(refused.code, 2, "{}", refused.printed);
    assert!(refused.printed.contains("KEY: missing: keys are UTF-8"), "{}", refused.printed);
    assert_eq!(uploader.scene.emulator.requests(), []);
    uploader.call(&[in_gbk.as_os_str(), OsStr::new(KEY)]).assert(0, &["stored:      yes"]);
    uploader.assert_stored();
}

#[test]
fn upload_file_tells_a_failed_callback_from_an_unknown_one_and_from_a_failed_upload() {
    let uploader = Uploader::new();
    let url = uploader.scene.application.url();
    uploader.scene.application.answer_once(Answer::status(500));
    let failed = uploader.run(&["--callback-url", &url]);
    failed.assert(3, &["status:      CALLBACK_FAILED", "stored:      yes"]);
    assert!(failed.printed.contains("Tell it by other means."), "{}", failed.printed);
    uploader.assert_stored();

    let lost = Fault::new(Action::CloseWithoutReply).operation("CompleteMultipartUpload");
    uploader.scene.emulator.inject(lost);
    let unknown = uploader.run(&["--callback-url", &url]);
    unknown.assert(3, &["status:      CALLBACK_UNKNOWN", "stored:      yes"]);
    assert!(unknown.printed.contains("is not known: ask it."), "{}", unknown.printed);
    assert!(!unknown.printed.contains("Tell it by other means."), "{}", unknown.printed);

    let refusal = Action::Status { status: 403, code: "AccessDenied".to_owned() };
    uploader.scene.emulator.inject(Fault::new(refusal).operation("UploadPart"));
    let ended = uploader.run(&["--callback-url", &url]);
    ended.assert(1, &["status:      SERVICE", "stored:      no"]);
    assert!(ended.printed.contains("AccessDenied"), "{}", ended.printed);
    assert_eq!(uploader.scene.emulator.uploads("test-bucket"), []);
}

#[test]
fn upload_file_says_every_option_when_it_is_asked_for_help() {
    let example = Example::c("upload_file");
    // The environment is not asked, and the standard output gets it all.
    let mut command = Command::new(&example.program);
    let help = tools::run(sanitizer::clear_environment(command.arg("--help")), RUNNING_TIME);
    let source = fs::read_to_string(repository("examples/upload_file.c")).expect("the source");
    let takes = |rest: &str| rest.starts_with("required_argument") || rest.starts_with("no_argument");
    let entries = source.split("{\"").filter_map(|entry| entry.split_once("\", "));
    let options = entries.filter(|(_, rest)| takes(rest)).map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(options.len(), 8, "{options:?}");
    for option in options {
        let line = format!("  --{option} ");
        assert!(help.lines().any(|said| said.starts_with(&line)), "nothing about --{option} in\n{help}");
    }
}

#[test]
fn upload_file_names_the_rule_that_is_broken() {
    let uploader = Uploader::new();
    let path = uploader.path.as_str();
    let url = "--callback-url=http://127.0.0.1:1/";
    let mistakes: [(&[&str], &str); 20] = [
        (&[], "FILE: missing"),
        (&[path, KEY, "third"], "third: one too many"),
        (&["--nonsense", path], "unrecognized option '--nonsense'"),
        (&[path, "--rate"], "option '--rate' requires an argument"),
        (&["--rate", "fast", path], "rate: not a whole number"),
        (&["--rate", "-5", path], "rate: not a whole number"),
        (&["--rate", "5Q", path], "rate: not a whole number"),
        (&["--rate", "5MB", path], "rate: not a whole number"),
        (&["--rate", "18014398509481984K", path], "rate: not a whole number"),
        (&["--rate", "1023", path], "rate: a rate of 1023 bytes a second is less than 1024"),
        (&["--part-size", "99K", path], "part-size: a part size of 101376 bytes is not from 102400"),
        (&["--part-size", "6G", path], "part-size: a part size of 6442450944 bytes is not from 102400"),
        (&["--parallel", "0", path], "parallel: 0 parallel parts are not from 1 to 100"),
        (&["--parallel", "101", path], "parallel: 101 parallel parts are not from 1 to 100"),
        (&["--checkpoint", "", path], "checkpoint: the path of the checkpoint folder is empty"),
        (&[url, "--var", "user=42", path], "user=42: a variable is written x:NAME=VALUE"),
        (&[url, "--var", "x:user", path], "x:user: a variable is written x:NAME=VALUE"),
        (&[url, "--callback-body", "${size", path], "the callback: "),
        (&["--var", "x:user=42", path], "there is no callback without --callback-url"),
        (&[path, "/key"], "/key: an object key must not begin with a slash"),
    ];
    for (arguments, rule) in mistakes {
        let ended = uploader.call(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.printed);
        assert!(ended.printed.contains(rule), "{arguments:?}: {}", ended.printed);
        assert!(!ended.printed.contains("stored"), "{arguments:?}: {}", ended.printed);
    }
    let ended = run(&uploader.example.program, &[path], &[]);
    assert_eq!(ended.code, 2, "{}", ended.printed);
    assert!(ended.printed.starts_with("OSS_ENDPOINT is not set"), "{}", ended.printed);
    assert_eq!(uploader.scene.emulator.requests(), []);
}

#[test]
fn upload_file_prints_a_plain_line_for_each_tenth_where_there_is_no_terminal() {
    let uploader = Uploader::new();
    // More parts than tenths.
    fs::write(&uploader.path, noise(25 * PART)).expect("the file");
    let ended = uploader.run(&["--parallel", "1"]);
    assert_eq!(ended.code, 0, "{}", ended.printed);
    assert!(!ended.printed.contains(['\r', '\u{1b}']), "{:?}", ended.printed);
    let percent =
        |line: &str| line.split_once("%  ").and_then(|(percent, _)| percent.trim().parse::<u32>().ok());
    let mut told = ended.printed.lines().filter_map(percent).map(|percent| percent / 10).collect::<Vec<_>>();
    told.dedup();
    assert_eq!(told, (0..=10).collect::<Vec<_>>(), "{}", ended.printed);
}

#[test]
fn upload_file_goes_on_where_ctrl_c_stopped_it() {
    let uploader = Uploader::new();
    let checkpoint = uploader.checkpoint();
    let options = ["--checkpoint", &checkpoint, "--callback-url", &uploader.scene.application.url()];
    let (ended, _) = uploader.interrupt(&options, 3, "300.0 KiB accepted", libc::SIGINT);
    let hint = "upload_file: to go on where it stopped, run the same command again";
    ended.assert(130, &["status:      CANCELLED", "stored:      no", hint]);

    // What was there counts as done.
    let (ended, line) = uploader.interrupt(&options, 1, "400.0 KiB accepted", libc::SIGINT);
    ended.assert(130, &[hint, " 30%  300.0 KiB of 999.0 KiB sent, 300.0 KiB accepted"]);
    assert!(line.contains(" of 999.0 KiB sent, 400.0 KiB accepted"), "{line}");

    uploader.scene.emulator.clear_requests();
    uploader.run(&options).assert(0, &["stored:      yes", ANSWER]);
    assert_eq!(uploader.requests("UploadPart"), PARTS - 4);
    assert_eq!(uploader.scene.application.requests().len(), 1);
    uploader.assert_stored();
}

#[test]
fn upload_file_that_is_cancelled_removes_its_parts_or_names_what_is_left() {
    let uploader = Uploader::new();
    let (ended, _) = uploader.interrupt(&[], 3, "300.0 KiB accepted", libc::SIGTERM);
    ended.assert(143, &["status:      CANCELLED", "stored:      no"]);
    // All of some had been sent, and was not answered.
    assert!(ended.printed.contains("its parts were removed, but one"), "{}", ended.printed);
    assert!(ended.printed.contains(" may be at OSS, where they cost money"), "{}", ended.printed);
    assert_eq!(uploader.scene.emulator.uploads("test-bucket"), []);

    let refusal = Action::Status { status: 403, code: "AccessDenied".to_owned() };
    uploader.scene.emulator.inject(Fault::new(refusal).operation("AbortMultipartUpload").always());
    let (ended, _) = uploader.interrupt(&[], 3, "300.0 KiB accepted", libc::SIGINT);
    let left = uploader.scene.emulator.uploads("test-bucket");
    let [(_, upload_id)] = left.as_slice() else { panic!("{left:?}") };
    let line = format!("upload_file: parts of upload {upload_id} may be at OSS, where they cost money");
    ended.assert(130, &["status:      CANCELLED", &line]);
}

#[test]
fn upload_file_redraws_a_bar_in_place_on_a_terminal_and_takes_it_away_for_a_line_of_the_log() {
    /// Too few for the whole line.
    const COLUMNS: u16 = 40;
    let uploader = Uploader::new();
    let checkpoint = uploader.checkpoint();
    let options = ["--checkpoint", &checkpoint];
    uploader.interrupt(&options, 3, "300.0 KiB accepted", libc::SIGINT).0.assert(130, &[]);
    let record = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "json");
    let mut entries = fs::read_dir(&checkpoint).expect("the folder").map(|entry| entry.expect("an entry"));
    fs::write(entries.find(record).expect("a record").path(), "damaged").expect("the record");

    let seen = seen_on_a_terminal(COLUMNS, &mut uploader.command(&options));
    uploader.assert_stored();
    let (before, after) = seen.split_once("upload_file: starting over, since").expect("a line of the log");
    assert!(before.ends_with("\r\u{1b}[K"), "{seen:?}");
    let (_, bar) = after.split_once("\r\n").expect("the end of the line");
    let bar = bar.strip_suffix("\r\n").expect("the end of the bar");
    assert!(!before.contains('\n') && !bar.contains('\n'), "{seen:?}");
    for line in bar.split('\r').filter(|line| !line.is_empty()) {
        let line = line.strip_suffix("\u{1b}[K").expect("the rest of the line is cleared");
        assert!(line.len() < usize::from(COLUMNS) && line.contains("% ["), "{line:?}");
    }
    assert!(bar.contains("100% [================] 999.0 KiB of "), "{seen:?}");
}

#[test]
fn upload_file_reads_its_standard_input_and_names_what_is_sent_again() {
    let uploader = Uploader::new();
    let unavailable = Action::Status { status: 503, code: "ServiceUnavailable".to_owned() };
    uploader.scene.emulator.inject(Fault::new(unavailable).operation("UploadPart").part_number(2));
    let mut piped = Command::new(&uploader.example.program);
    piped.args(["--part-size", "100K", "-", KEY]);
    sanitizer::clear_environment(&mut piped).envs(uploader.bucket.environment());
    piped.stdin(File::open(&uploader.path).expect("the file")).stdout(Stdio::piped());
    let ended = Running::start(&mut piped).end();
    ended.assert(0, &["status:      OK", "stored:      yes"]);
    uploader.assert_stored();
    let again =
        |line: &str| line.starts_with("upload_file: PUT UploadPart 2 ") && line.contains(": again in ");
    assert!(ended.printed.lines().any(again), "{}", ended.printed);
    // A line at the beginning, and one each time that the number of parts has doubled. The last and smallest part may be
    // among the first eight.
    let accepted =
        |line: &str| line.split_once(" sent, ")?.1.split_once(" KiB accepted")?.0.parse::<f64>().ok();
    let told: Vec<f64> = ended.printed.lines().filter_map(accepted).collect();
    assert!((1..=4).contains(&told.len()) && told.is_sorted(), "{}", ended.printed);
    assert!(told.last().is_some_and(|most| *most >= 799.0), "{}", ended.printed);
    // The beginning, ten parts, one of them twice, and the end.
    assert!(ended.printed.contains(" MiB in 13 requests\n"), "{}", ended.printed);
    assert!(
        ended.printed.lines().all(|line| !line.ends_with(": ") && !line.ends_with(':')),
        "{}",
        ended.printed
    );

    let nameless = uploader.call(&["-"]);
    assert_eq!(nameless.code, 2, "{}", nameless.printed);
    assert!(nameless.printed.contains("KEY: missing"), "{}", nameless.printed);
}

fn quickstart(libmicrohttpd: Option<Vec<String>>, expected: &[&str]) {
    let mut out = Vec::new();
    let went_well = quickstart::run(&repository("Cargo.toml"), libmicrohttpd, &mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(went_well.expect("the quick start"), "{out}");
    let mut lines = out.lines().map(without_id);
    for line in expected {
        assert!(lines.any(|printed| printed == *line), "no line {line:?}, or not in its place, in\n{out}");
    }
}

/// A line with `ID` in the place of the id of a delivery.
fn without_id(line: &str) -> String {
    let Some((before, id)) = line.split_once("delivery=") else { return line.to_owned() };
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    format!("{before}delivery=ID")
}

#[test]
fn quickstart_shows_the_upload_the_verified_callback_and_the_answer() {
    let Some(flags) = server::libmicrohttpd("the quick start with examples/callback_server.c") else {
        return;
    };
    let expected = [
        "examples/callback_server.c receives the callback and verifies it.",
        "    status:      OK",
        "    stored:      yes",
        "    authentic  POST /uploaded  bucket=test-bucket&object=examplefiles%2Fexampleobject.txt&one=my_val1&two=my_val2",
        r#"    {"Status":"OK"}"#,
        "The application server is down, while examples/outbox.c uploads 1 MiB: its callback is owed",
        "    status:      CALLBACK_FAILED",
        "    stored:      yes",
        "The application server is back: \"outbox FOLDER deliver\" makes up for it",
        "    delivered:   1",
        "    still owed:  0",
        "    authentic  POST /uploaded  bucket=test-bucket&object=examplefiles%2Fexampleobject.txt&delivery=ID",
    ];
    quickstart(Some(flags), &expected);
}

#[test]
fn quickstart_needs_no_libmicrohttpd() {
    let expected = [
        "The application server is a built-in one: install libmicrohttpd-dev and pkg-config to see callbacks verified.",
        "    status:      OK",
        "    stored:      yes",
        "    POST /uploaded",
        "    User-Agent: aliyun-oss-callback",
        "    bucket=test-bucket&object=examplefiles%2Fexampleobject.txt&one=my_val1&two=my_val2",
        r#"    {"Status":"OK","message":"the application server knows"}"#,
        "    status:      CALLBACK_FAILED",
        "    delivered:   1",
        "    still owed:  0",
        "    bucket=test-bucket&object=examplefiles%2Fexampleobject.txt&delivery=ID",
    ];
    quickstart(None, &expected);
}

#[test]
fn quickstart_finds_libmicrohttpd_where_it_is() {
    let Some(flags) = server::libmicrohttpd("whether the quick start finds libmicrohttpd") else { return };
    assert_eq!(quickstart::c_program::libmicrohttpd(), Some(flags));
}
