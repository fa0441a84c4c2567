//! The whole way of an upload with a callback, on this machine alone: `cargo run --example quickstart [-- FILE]`.
//!
//! It starts an OSS server on loopback, compiles `examples/put_callback.c` and the application server
//! `examples/callback_server.c` against the library that Cargo has just built, and lets the one upload a file and the other
//! receive the callback. Where libmicrohttpd is missing, of which that server is made, a built-in one takes its place. Then
//! the application server is down while `examples/outbox.c` uploads, and hears of it when it is back. Everything ends with
//! this program.

pub mod c_program;

use c_program::{Server, compile, libmicrohttpd, repository};
use oss_emulator::{
    Answer, AppServer, Config, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Emulator,
};
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use tempfile::TempDir;

const ANSWER: &str = r#"{"Status":"OK","message":"the application server knows"}"#;
/// The code that an example ends with when the object is stored and its callback failed.
const STORED_WITHOUT_CALLBACK: i32 = 3;

fn main() -> ExitCode {
    let file = std::env::args_os().nth(1).map_or_else(|| repository("README.md"), PathBuf::from);
    match run(&file, libmicrohttpd(), &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Uploads `file`, writes to `out` what happened, and says whether all went well. With the flags that libmicrohttpd
/// needs, the callback is verified.
pub fn run(
    file: &Path,
    libmicrohttpd: Option<Vec<String>>,
    out: &mut dyn Write,
) -> Result<bool, Box<dyn Error>> {
    let stage = Stage::new(libmicrohttpd)?;
    let application = stage.application(0)?;
    let place = application.url();
    writeln!(
        out,
        "An OSS server listens on {}, an application server on {place}.",
        stage.emulator.endpoint()
    )?;
    writeln!(out, "{}", application.introduction())?;
    let told = stage.upload_and_tell(file, application, out)?;
    let kept = stage.upload_and_keep(&place, out)?;
    let port = place.rsplit(':').next().unwrap_or_default().parse()?;
    let delivered = stage.deliver(stage.application(port)?, out)?;
    Ok(told && kept && delivered)
}

/// An OSS server, and a folder for programs and what they leave.
struct Stage {
    emulator: Emulator,
    region: String,
    folder: TempDir,
    /// `examples/callback_server.c`, where it can be compiled.
    receiver: Option<PathBuf>,
}

impl Stage {
    fn new(libmicrohttpd: Option<Vec<String>>) -> Result<Stage, Box<dyn Error>> {
        let folder = TempDir::new()?;
        let receiver = libmicrohttpd.map(|flags| compile("callback_server.c", folder.path(), &flags));
        let receiver = receiver.transpose()?;
        let config = Config::default();
        let region = config.region.clone();
        Ok(Stage { emulator: Emulator::start(config)?, region, folder, receiver })
    }

    /// Starts an application server on a port; 0 for any.
    fn application(&self, port: u16) -> Result<Application, Box<dyn Error>> {
        let Some(program) = &self.receiver else { return Ok(Application::built_in(port)?) };
        let keys = format!("{}/", self.emulator.endpoint());
        let port = port.to_string();
        let server = Server::start(Command::new(program).args(["--key-prefix", &keys, "--port", &port]))?;
        Ok(Application::Compiled(server))
    }

    /// Runs a C program of the examples, whose callbacks go to `place`.
    fn call(&self, source: &str, arguments: &[&OsStr], place: &str) -> Result<Output, Box<dyn Error>> {
        let program = compile(source, self.folder.path(), &[])?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("OSS_ENDPOINT", self.emulator.endpoint())
            .env("OSS_BUCKET", DEFAULT_BUCKET)
            .env("OSS_REGION", &self.region)
            .env("OSS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY_ID)
            .env("OSS_ACCESS_KEY_SECRET", DEFAULT_ACCESS_KEY_SECRET)
            .env("OSS_CALLBACK_URL", format!("{place}/uploaded"));
        Ok(command.output()?)
    }

    fn upload_and_tell(
        &self,
        file: &Path,
        application: Application,
        out: &mut dyn Write,
    ) -> Result<bool, Box<dyn Error>> {
        let size = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len();
        writeln!(out, "examples/put_callback.c uploads {} ({size} bytes).", file.display())?;
        let output = self.call("put_callback.c", &[file.as_os_str()], &application.url())?;
        let printed = printed(&output);
        let (outcome, answer) = printed.split_once("answer:").unwrap_or((&printed, ""));
        section(out, "What became of the upload, as the C program has it", outcome)?;
        section(out, "The callback, as the application server received it", &application.end()?)?;
        section(out, "The application server's answer, as the C program received it", answer.trim_start())?;
        Ok(output.status.success())
    }

    fn outbox(&self, arguments: &[&OsStr], place: &str) -> Result<Output, Box<dyn Error>> {
        let folder = self.folder.path().join("owed");
        self.call("outbox.c", &[&[folder.as_os_str()], arguments].concat(), place)
    }

    fn upload_and_keep(&self, place: &str, out: &mut dyn Write) -> Result<bool, Box<dyn Error>> {
        let output = self.outbox(&[], place)?;
        let heading =
            "The application server is down, while examples/outbox.c uploads 1 MiB: its callback is owed";
        section(out, heading, &printed(&output))?;
        Ok(output.status.code() == Some(STORED_WITHOUT_CALLBACK))
    }

    fn deliver(&self, application: Application, out: &mut dyn Write) -> Result<bool, Box<dyn Error>> {
        let output = self.outbox(&[OsStr::new("deliver")], &application.url())?;
        section(
            out,
            "The application server is back: \"outbox FOLDER deliver\" makes up for it",
            &printed(&output),
        )?;
        section(out, "The callback, as the application server received it", &application.end()?)?;
        Ok(output.status.success())
    }
}

/// Who receives the callback.
enum Application {
    /// `examples/callback_server.c`, which verifies it.
    Compiled(Server),
    /// The emulator's, which shows it.
    BuiltIn(AppServer),
}

impl Application {
    fn built_in(port: u16) -> io::Result<Application> {
        let server = AppServer::start_on(port)?;
        server.answer(Answer::json(ANSWER));
        Ok(Application::BuiltIn(server))
    }

    fn url(&self) -> String {
        match self {
            Application::Compiled(server) => server.url().to_owned(),
            Application::BuiltIn(server) => server.url(),
        }
    }

    fn introduction(&self) -> &'static str {
        match self {
            Application::Compiled(_) => "examples/callback_server.c receives the callback and verifies it.",
            Application::BuiltIn(_) => {
                "The application server is a built-in one: install libmicrohttpd-dev and pkg-config to see callbacks verified."
            }
        }
    }

    /// Ends it, and returns what it received.
    fn end(self) -> io::Result<String> {
        match self {
            Application::Compiled(server) => server.end(),
            Application::BuiltIn(server) => Ok(requests(&server)),
        }
    }
}

fn requests(server: &AppServer) -> String {
    let mut text = String::new();
    for request in server.requests() {
        text.push_str(&format!("{} {}\n", request.method, request.target));
        for (name, value) in &request.headers {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push_str(&format!("\n{}\n", String::from_utf8_lossy(&request.body)));
    }
    text
}

/// All that a program printed.
fn printed(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

fn section(out: &mut dyn Write, heading: &str, text: &str) -> io::Result<()> {
    writeln!(out, "\n{heading}\n")?;
    text.lines().try_for_each(|line| writeln!(out, "    {line}"))
}
