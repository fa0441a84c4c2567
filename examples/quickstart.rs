//! The whole way of an upload with a callback, on this machine alone: `cargo run --example quickstart [-- FILE]`.
//!
//! It starts an OSS server and an application server on loopback, compiles `examples/put_callback.c` against the library
//! that Cargo has just built, and lets that C program upload a file. Everything ends with it.

use oss_emulator::{
    Answer, AppRequest, AppServer, Config, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET,
    Emulator,
};
use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use tempfile::TempDir;

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
const ANSWER: &str = r#"{"Status":"OK","message":"the application server knows"}"#;

fn main() -> ExitCode {
    let readme = || Path::new(REPOSITORY).join("README.md");
    let file = std::env::args_os().nth(1).map_or_else(readme, PathBuf::from);
    match run(&file, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Uploads `file`, writes to `out` what happened, and says whether all went well.
pub fn run(file: &Path, out: &mut dyn Write) -> Result<bool, Box<dyn Error>> {
    let size = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len();

    let folder = TempDir::new()?;
    let program = compile(folder.path())?;
    let config = Config::default();
    let region = config.region.clone();
    let emulator = Emulator::start(config)?;
    let application = AppServer::start()?;
    application.answer(Answer::json(ANSWER));

    let (oss, app) = (emulator.endpoint(), application.url());
    writeln!(out, "An OSS server listens on {oss}, an application server on {app}.")?;
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
    report(out, &output, &application.requests())?;
    Ok(output.status.success())
}

/// Compiles the C program in `folder`, and returns where it is.
fn compile(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let library = library()?;
    // The program asks for the library by its soname, a name that it does not have in Cargo's folder.
    symlink(&library, folder.join(env!("OSS_UPLOAD_SONAME")))?;
    let program = folder.join("put_callback");
    let target = env!("OSS_UPLOAD_TARGET");
    let mut build = cc::Build::new();
    build.target(target).host(target).opt_level(0).cargo_metadata(false).cargo_warnings(false);
    let mut compiler = build.try_get_compiler().map_err(|error| no_compiler(&error))?.to_command();
    compiler.arg("-std=c99").arg("-I").arg(Path::new(REPOSITORY).join("include"));
    compiler.arg(Path::new(REPOSITORY).join("examples/put_callback.c")).arg("-o").arg(&program);
    compiler.arg(&library).arg(format!("-Wl,-rpath,{}", folder.display()));
    let output = compiler.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => no_compiler(&compiler.get_program().display()),
        _ => format!("{}: {error}", compiler.get_program().display()),
    })?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("put_callback.c does not compile:\n{complaint}").into());
    }
    Ok(program)
}

fn no_compiler(what: &dyn std::fmt::Display) -> String {
    format!("no C compiler was found ({what}). Install gcc or clang, or name one in the variable CC.")
}

/// The shared library that was built with this program. Cargo keeps it in a folder beside that of the examples.
fn library() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = |folder: &Path| folder.join("deps/liboss_upload.so");
    let path = own.parent().and_then(Path::parent).map(beside).unwrap_or_default();
    match path.exists() {
        true => Ok(path),
        false => Err(io::Error::new(ErrorKind::NotFound, format!("{} is missing", path.display()))),
    }
}

fn report(out: &mut dyn Write, output: &Output, requests: &[AppRequest]) -> io::Result<()> {
    let printed = String::from_utf8_lossy(&output.stdout);
    let (outcome, answer) = printed.split_once("answer:").unwrap_or((&printed, ""));
    let errors = String::from_utf8_lossy(&output.stderr);
    section(out, "What became of the upload, as the C program has it", &format!("{outcome}{errors}"))?;
    for request in requests {
        let mut text = format!("{} {}\n", request.method, request.target);
        for (name, value) in &request.headers {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&request.body));
        section(out, "The callback, as the application server received it", &text)?;
    }
    section(out, "The application server's answer, as the C program received it", answer.trim_start())
}

fn section(out: &mut dyn Write, heading: &str, text: &str) -> io::Result<()> {
    writeln!(out, "\n{heading}\n")?;
    text.lines().try_for_each(|line| writeln!(out, "    {line}"))
}
