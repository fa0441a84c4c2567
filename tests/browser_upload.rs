//! Uploads from a browser: the page shows what became of a file, and its server allows no more than it should.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../examples/browser_upload/main.rs"]
#[allow(dead_code)]
mod browser_upload;
mod support;

use browser_upload::Here;
use oss_emulator::{
    Action, Answer, Config, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Emulator, Fault, Object,
};
use oss_upload::engine::{Body, BucketOptions, Outcome, PostForm, Status, Stored};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::Duration;
use support::bed::assert_ended;
use support::bucket::{TestBucket, app_server, emulator};
use support::sanitizer::Sanitizer;
use support::server::{Server, ServerProgram, libmicrohttpd};
use support::{noise, repository, tools};
use tempfile::TempDir;

const SOURCE: &str = "browser_upload/server.c";
const PAGE: &str = "examples/browser_upload/index.html";
/// A browser may take long to start on a busy machine, and long to answer.
const BROWSING_TIME: Duration = Duration::from_secs(400);
const SIZE: usize = 300_001;
/// A name that is no good as part of a key, and would be worse as markup.
const NAME: &str = "my <img src=x> 名.txt";

/* ---- The page, in a browser ---- */

/// What a person needs to upload a file.
struct Person {
    python: std::ffi::OsString,
    here: Here,
    folder: TempDir,
}

impl Person {
    /// `None`, and it is said why, where there is no browser, no libmicrohttpd, or no server that goes with the library.
    fn with(arguments: &[&str], environment: &[(&str, &str)]) -> Option<Person> {
        if Sanitizer::of_the_library().is_some() {
            tools::skip(
                "uploads from a browser",
                "the example compiles its server by itself, without a sanitizer",
            );
            return None;
        }
        let flags = libmicrohttpd("uploads from a browser")?;
        let python =
            tools::browser().map_err(|why| tools::skip("the page for uploads from a browser", &why)).ok()?;
        let here = Here::start(&flags, arguments, environment).expect("the servers");
        Some(Person { python, here, folder: TempDir::new().expect("a folder") })
    }

    /// Uploads noise from the page, and returns what it shows in the end.
    fn upload(&self, more: &[&str]) -> Value {
        let file = self.folder.path().join(NAME);
        fs::write(&file, noise(SIZE)).expect("a file");
        let mut command = Command::new(&self.python);
        command.arg(repository("tests/support/browser.py")).args(more).arg(self.here.server.url()).arg(file);
        command.env("HOME", self.folder.path());
        // Whoever wants to look at the page names a folder for its pictures.
        command.args(std::env::var_os("OSS_TEST_SCREENSHOTS"));
        let shown = tools::run(&mut command, BROWSING_TIME);
        let shown: Value = serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
        assert_eq!(shown["complaints"], json!([]), "{shown}");
        assert_eq!(shown["markup"], 0, "{shown}");
        assert_eq!(shown["excess_width"], 0, "{shown}");
        assert_eq!(shown["focused"], "upload", "{shown}");
        shown
    }

    fn objects(&self) -> Vec<Object> {
        let emulator = &self.here.emulator;
        let keys = emulator.keys(DEFAULT_BUCKET);
        keys.iter().map(|key| emulator.object(DEFAULT_BUCKET, key).expect("an object")).collect()
    }

    #[track_caller]
    fn assert_stored(&self) {
        let objects = self.objects();
        let [object] = objects.as_slice() else { panic!("{} objects", objects.len()) };
        assert!(object.data == noise(SIZE), "another object is stored");
    }
}

#[track_caller]
fn assert_shown(shown: &Value, tone: &str, heading: &str, text: &str) {
    let found = ["tone", "heading", "text"].map(|name| shown[name].as_str().expect("text"));
    assert_eq!(found, [tone, heading, text], "{shown}");
}

#[test]
fn a_file_goes_to_oss_and_the_page_shows_the_application_server_s_answer() {
    let Some(person) = Person::with(&[], &[]) else { return };
    let shown = person.upload(&[]);
    assert_shown(&shown, "good", "Stored, and the application server knows", "");
    person.assert_stored();
    let key = &person.here.emulator.keys(DEFAULT_BUCKET)[0];
    assert_eq!(shown["facts"]["Object"], *key);
    assert!(key.ends_with("/my__img_src_x__名.txt"), "{key}");
    let answer: Value = serde_json::from_str(shown["answer"].as_str().unwrap()).unwrap();
    let uploaded = json!({"bucket": DEFAULT_BUCKET, "object": key, "size": SIZE, "mimeType": "text/plain"});
    assert_eq!(answer, json!({"Status": "OK", "uploaded": uploaded}));

    let said: Vec<&str> =
        shown["said"].as_array().unwrap().iter().map(|said| said.as_str().unwrap()).collect();
    assert_eq!(said[0], format!("Asking for leave to upload {NAME} …"));
    let last = ["Sending: 100 % of 293 KiB", "Sent. OSS stores the file and asks the application server …"];
    assert_eq!(said[said.len() - 2..], last);

    let headers = ["content-disposition", "content-type"]
        .map(|name| person.objects()[0].header(name).map(str::to_owned));
    assert_eq!(headers, [Some("attachment".to_owned()), Some("text/plain".to_owned())]);
    let printed = person.here.server.end().expect("what was printed");
    assert!(printed.starts_with("authentic  POST /uploaded  {"), "{printed}");
}

#[test]
fn a_file_that_is_too_large_is_refused_and_the_page_says_why() {
    let Some(person) = Person::with(&["--max-size", "300000"], &[]) else { return };
    let shown = person.upload(&[]);
    assert_shown(&shown, "bad", "OSS refused the upload", "Nothing is stored.");
    assert_eq!(shown["facts"]["Status"], "400 EntityTooLarge");
    assert_eq!(shown["facts"]["Reason"], "Your proposed upload exceeds the maximum allowed size.");
    assert_eq!(person.objects(), []);
}

#[test]
fn an_application_server_that_fails_does_not_make_the_page_say_that_the_upload_failed() {
    let application = app_server();
    application.answer(Answer { body: b"<b>not JSON</b>".to_vec(), ..Answer::status(500) });
    let Some(person) = Person::with(&[], &[("OSS_CALLBACK_URL", &application.url())]) else { return };
    let shown = person.upload(&[]);
    let heading = "Stored, but the application server was not told, or failed";
    assert_shown(&shown, "warn", heading, "There is no need to upload the file again.");
    assert_eq!(shown["facts"]["Reason"], "Error status : 500.");
    person.assert_stored();
    assert_eq!(application.requests().len(), 1);
}

#[test]
fn markup_in_an_answer_is_shown_as_text() {
    let application = app_server();
    application.answer(Answer::json(r#"{"a":"<img src=x onerror=alert(1)><b>"}"#));
    let Some(person) = Person::with(&[], &[("OSS_CALLBACK_URL", &application.url())]) else { return };
    let shown = person.upload(&[]);
    assert_shown(&shown, "good", "Stored, and the application server knows", "");
    assert_eq!(shown["answer"], "{\n  \"a\": \"<img src=x onerror=alert(1)><b>\"\n}");
}

#[test]
fn who_cancels_when_all_is_sent_is_not_told_that_nothing_is_stored() {
    let Some(person) = Person::with(&[], &[]) else { return };
    person.here.emulator.inject(Fault::new(Action::StallAfterBodyBytes(u64::MAX)).operation("PostObject"));
    let shown = person.upload(&["--cancel"]);
    let text = "The whole file was sent; whether it is stored is not known.";
    assert_shown(&shown, "warn", "Cancelled", text);
}

#[test]
fn a_lost_reply_is_not_shown_as_a_failure_and_the_callback_runs_once() {
    let application = app_server();
    let Some(person) = Person::with(&[], &[("OSS_CALLBACK_URL", &application.url())]) else { return };
    person.here.emulator.inject(Fault::new(Action::CloseWithoutReply).operation("PostObject"));
    let shown = person.upload(&[]);
    // The browser sends by itself what got no reply on a connection that had been of use before.
    let text = "The browser sent the file twice, and OSS kept the first. Ask the application server whether it knows.";
    assert_shown(&shown, "warn", "Stored, but the answer was lost", text);
    person.assert_stored();
    assert_eq!(application.requests().len(), 1);
}

/* ---- The server, without a browser ---- */

/// The server on an emulator's bucket.
struct Site {
    emulator: Emulator,
    server: Server,
    _program: ServerProgram,
}

impl Site {
    fn new(arguments: &[&str]) -> Option<Site> {
        let program = ServerProgram::compile("cc", SOURCE)?;
        let emulator = emulator();
        let server = Server::start(prepared(&mut program.command(), &emulator).args(arguments));
        Some(Site { emulator, server, _program: program })
    }

    /// What the server hands out for a file of this name.
    fn form(&self, name: &str) -> PostForm {
        let (status, json) = self.server.ask("GET", &format!("/form?name={name}"), &[], b"");
        assert_eq!(status, 200, "{json}");
        form(&json)
    }
}

/// The server's program with what it needs to know of the emulator.
fn prepared<'a>(command: &'a mut Command, emulator: &Emulator) -> &'a mut Command {
    command.envs(TestBucket::emulated(emulator).environment());
    command.arg("--page").arg(repository(PAGE)).args(["--key-prefix", &format!("{}/", emulator.endpoint())])
}

/// The form that is written in JSON.
fn form(json: &str) -> PostForm {
    let json: Value = serde_json::from_str(json).unwrap();
    let mut form = PostForm::from_url(json["url"].as_str().unwrap()).unwrap();
    for (name, value) in json["fields"].as_object().unwrap() {
        form.set_field(name, value.as_str().unwrap()).unwrap();
    }
    form
}

fn field<'a>(form: &'a PostForm, wanted: &str) -> &'a str {
    let field = form.fields.iter().find(|(name, _)| name == wanted);
    &field.unwrap_or_else(|| panic!("no {wanted}")).1
}

fn post(form: &PostForm, data: &[u8]) -> Outcome {
    form.post(Body::Bytes(data), &BucketOptions::default())
}

#[test]
fn a_form_is_good_for_one_object_of_one_size_and_not_for_long() {
    let Some(site) = Site::new(&["--max-size", "10"]) else { return };
    let form = site.form("a.txt");
    let refused = |form: &PostForm, data: &[u8], code: &str| {
        let outcome = post(form, data);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert!(outcome.message.contains(code), "{}", outcome.message);
    };
    refused(&form, b"eleven byte", "EntityTooLarge");
    for (name, value) in [
        ("key", "uploads/elsewhere"),
        ("x-oss-forbid-overwrite", "false"),
        ("Content-Disposition", "inline"),
        ("callback", ""),
    ] {
        let mut changed = form.clone();
        changed.set_field(name, value).unwrap();
        refused(&changed, b"ten bytes.", "AccessDenied");
    }
    let outcome = post(&form, b"ten bytes.");
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    let answer: Value = serde_json::from_slice(&outcome.body).unwrap();
    assert_eq!(answer["uploaded"]["object"], field(&form, "key"));
    assert_eq!(answer["uploaded"]["size"], 10);
    refused(&form, b"ten bytes!", "FileAlreadyExists");

    let form = site.form("a.txt");
    site.emulator.set_clock_offset_s(15 * 60 + 5);
    refused(&form, b"ten bytes.", "Policy expired");
}

#[test]
fn keys_cannot_be_guessed_and_names_keep_to_the_folder() {
    let Some(site) = Site::new(&[]) else { return };
    let long = format!("{}.txt", "x".repeat(300));
    let wide = "%E5%90%8D".repeat(40);
    let names = [
        ("a.txt", "a.txt".to_owned()),
        ("%2E%2E%2F%2E%2E%2Fetc%2Fpasswd", "passwd".to_owned()),
        ("C:%5CTEMP%5Ca-B_9.txt", "a-B_9.txt".to_owned()),
        ("..", "_.".to_owned()),
        (".profile", "_profile".to_owned()),
        ("", "file".to_owned()),
        ("a%2F", "file".to_owned()),
        ("%E5%90%8D%20a%0Ab%22%27%3C%24%7Bb%7D%25.txt", "名_a_b_____b__.txt".to_owned()),
        (&long, format!("{}.txt", "x".repeat(96))),
        (&wide, "名".repeat(33)),
    ];
    let mut folders = Vec::new();
    for (name, expected) in names {
        let form = site.form(name);
        let parts: Vec<&str> = field(&form, "key").split('/').collect();
        let [uploads, folder, name] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!((*uploads, *name), ("uploads", expected.as_str()));
        assert!(folder.len() == 32 && folder.bytes().all(|byte| byte.is_ascii_hexdigit()), "{folder}");
        assert!(!folders.contains(&(*folder).to_owned()), "{folder} was there before");
        folders.push((*folder).to_owned());
    }
    assert_eq!(site.server.ask("GET", "/form?name=%FF", &[], b"").0, 400);
    assert_eq!(site.server.ask("GET", "/form", &[], b"").0, 200);
}

#[test]
fn the_secret_is_handed_out_nowhere() {
    let Some(site) = Site::new(&[]) else { return };
    let (_, form) = site.server.ask("GET", "/form?name=a", &[], b"");
    let (status, page) = site.server.ask("GET", "/", &[], b"");
    assert_eq!((status, page), (200, fs::read_to_string(repository(PAGE)).unwrap()));
    assert!(form.contains("x-oss-signature") && !form.contains(DEFAULT_ACCESS_KEY_SECRET), "{form}");
    for (method, target) in
        [("GET", "/index.html"), ("GET", "/../server.c"), ("POST", "/"), ("GET", "/uploaded")]
    {
        assert_eq!(site.server.ask(method, target, &[], b"").0, 404, "{method} {target}");
    }
}

#[test]
fn a_forged_callback_is_refused() {
    let Some(site) = Site::new(&[]) else { return };
    let refusal = (403, r#"{"Status":"NOT_AUTHENTIC"}"#.to_owned());
    assert_eq!(site.server.ask("POST", "/uploaded", &[], br#"{"object":"a"}"#), refusal);
}

#[test]
fn clang_has_nothing_to_say_either() {
    if tools::are_there("the upload page's server under clang", &["clang"]) {
        ServerProgram::compile("clang", SOURCE);
    }
}

#[test]
fn it_leaves_nothing_behind() {
    let Some(program) = ServerProgram::compile("cc", SOURCE) else { return };
    let Some(mut command) = program.watched("the memory of the upload page's server") else { return };
    // Under valgrind it may take longer to answer than OSS would wait.
    let patient = Config { callback_timeout: BROWSING_TIME, ..Config::default() };
    let emulator = Emulator::start(patient).expect("the emulator");
    let server = Server::start(prepared(&mut command, &emulator).args(["--key-timeout", "60000"]));
    let (_, json) = server.ask("GET", "/form?name=a", &[], b"");
    assert_ended(&post(&form(&json), b"data"), Status::Ok, Stored::Yes);
    assert_eq!(server.ask("GET", "/", &[], b"").0, 200);
    assert_eq!(server.ask("GET", "/form?name=%FF", &[], b"").0, 400);
    assert_eq!(server.ask("POST", "/uploaded", &[], b"{}").0, 403);
    server.signal(libc::SIGTERM);
    let (code, printed) = server.end();
    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn options_and_mistakes_are_explained() {
    let Some(program) = ServerProgram::compile("cc", SOURCE) else { return };
    let (code, help) = Server::start_anyhow(program.command().arg("--help")).end();
    assert_eq!(code, Some(0), "{help}");
    for option in
        ["page", "max-size", "port", "address", "key-prefix", "key-timeout", "exit-with-stdin", "help"]
    {
        let line = format!("  --{option} ");
        assert!(help.lines().any(|said| said.starts_with(&line)), "nothing about --{option} in\n{help}");
    }
    let emulator = emulator();
    let bucket = TestBucket::emulated(&emulator);
    let mistakes: [(&[&str], i32, &str); 5] = [
        (&["file"], 2, "file: not an option"),
        (&["--max-size", "10M"], 2, "10M: not a number of bytes"),
        (&["--max-size", "5368709121"], 2, "5368709121: not a number of bytes, up to 5 GiB"),
        (&["--page", "/nonexistent/page"], 1, "/nonexistent/page: No such file"),
        (&["--page", "/"], 1, "/: "),
    ];
    for (arguments, expected, rule) in mistakes {
        let mut command = program.command();
        let (code, printed) = Server::start_anyhow(command.envs(bucket.environment()).args(arguments)).end();
        assert_eq!(code, Some(expected), "{arguments:?}: {printed}");
        assert!(printed.contains(rule), "{arguments:?}: {printed}");
    }
    let (code, printed) = Server::start_anyhow(&mut program.command()).end();
    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains("OSS_ENDPOINT is not set"), "{printed}");
}
