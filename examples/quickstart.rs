//! The whole way of an upload with a callback, on this machine alone: `cargo run --example quickstart [-- FILE]`.
//!
//! It starts an OSS server on loopback, compiles `examples/put_callback.c` and the application server
//! `examples/callback_server.c` against the library that Cargo has just built, and lets the one upload a file and the other
//! receive the callback. Where libmicrohttpd is missing, of which that server is made, a built-in one takes its place.
//! Everything ends with it.

pub mod c_program;

use c_program::{Server, compile, libmicrohttpd, repository};
use oss_emulator::{
    Answer, AppServer, Config, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Emulator,
};
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use tempfile::TempDir;

const ANSWER: &str = r#"{"Status":"OK","message":"the application server knows"}"#;

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
    let size = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len();

    let folder = TempDir::new()?;
    let program = compile("put_callback.c", folder.path(), &[])?;
    let config = Config::default();
    let region = config.region.clone();
    let emulator = Emulator::start(config)?;
    let oss = emulator.endpoint();
    let application = match libmicrohttpd {
        Some(flags) => Application::compiled(folder.path(), &flags, &oss)?,
        None => Application::built_in()?,
    };

    let app = application.url();
    writeln!(out, "An OSS server listens on {oss}, an application server on {app}.")?;
    writeln!(out, "{}", application.introduction())?;
    writeln!(out, "examples/put_callback.c uploads {} ({size} bytes).", file.display())?;
    let output = Command::new(program)
        .arg(file)
        .env_clear()
        .env("OSS_ENDPOINT", oss)
        .env("OSS_BUCKET", DEFAULT_BUCKET)
        .env("OSS_REGION", region)
        .env("OSS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY_ID)
        .env("OSS_ACCESS_KEY_SECRET", DEFAULT_ACCESS_KEY_SECRET)
        .env("OSS_CALLBACK_URL", format!("{app}/uploaded"))
        .output()?;
    report(out, &output, &application.end()?)?;
    Ok(output.status.success())
}

/// Who receives the callback.
enum Application {
    /// `examples/callback_server.c`, which verifies it.
    Compiled(Server),
    /// The emulator's, which shows it.
    BuiltIn(AppServer),
}

impl Application {
    fn compiled(folder: &Path, flags: &[String], oss: &str) -> Result<Application, Box<dyn Error>> {
        let program = compile("callback_server.c", folder, flags)?;
        let server = Server::start(Command::new(program).arg("--key-prefix").arg(format!("{oss}/")))?;
        Ok(Application::Compiled(server))
    }

    fn built_in() -> io::Result<Application> {
        let server = AppServer::start()?;
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

fn report(out: &mut dyn Write, output: &Output, callback: &str) -> io::Result<()> {
    let printed = String::from_utf8_lossy(&output.stdout);
    let (outcome, answer) = printed.split_once("answer:").unwrap_or((&printed, ""));
    let errors = String::from_utf8_lossy(&output.stderr);
    section(out, "What became of the upload, as the C program has it", &format!("{outcome}{errors}"))?;
    section(out, "The callback, as the application server received it", callback)?;
    section(out, "The application server's answer, as the C program received it", answer.trim_start())
}

fn section(out: &mut dyn Write, heading: &str, text: &str) -> io::Result<()> {
    writeln!(out, "\n{heading}\n")?;
    text.lines().try_for_each(|line| writeln!(out, "    {line}"))
}
