//! Uploading from a browser, on this machine alone: `cargo run --example browser_upload [-- OPTIONS OF THE SERVER]`.
//!
//! It starts an OSS server on loopback, compiles `server.c`, the application server, against the library that Cargo has just
//! built, and says which address to open. It ends with Ctrl-C.

#[path = "../c_program/mod.rs"]
mod c_program;

use c_program::{Server, compile, libmicrohttpd, repository};
use oss_emulator::{Config, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Emulator};
use std::error::Error;
use std::ffi::OsStr;
use std::io;
use std::process::{Command, ExitCode};
use tempfile::TempDir;

fn main() -> ExitCode {
    let ended = libmicrohttpd()
        .ok_or_else(|| "it needs libmicrohttpd: install libmicrohttpd-dev and pkg-config".into())
        .and_then(|flags| run(&flags));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("browser_upload: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: &[String]) -> Result<(), Box<dyn Error>> {
    let mut here = Here::start(flags, std::env::args_os().skip(1), &[])?;
    println!("Open {} in a browser. Uploads go to {}.", here.server.url(), here.emulator.endpoint());
    println!("Ctrl-C ends it. Callbacks:\n");
    here.server.show_output(&mut io::stdout())?;
    Ok(())
}

/// The OSS server and the application server.
pub struct Here {
    /// Pages of any origin may upload to it.
    pub emulator: Emulator,
    /// Believes the callbacks of the emulator.
    pub server: Server,
}

impl Here {
    /// Starts both, the application server with further arguments and variables.
    pub fn start<A: AsRef<OsStr>>(
        flags: &[String],
        arguments: impl IntoIterator<Item = A>,
        environment: &[(&str, &str)],
    ) -> Result<Here, Box<dyn Error>> {
        // A program that runs needs its file no more, so nothing is left behind, whatever ends it.
        let folder = TempDir::new()?;
        let program = compile("browser_upload/server.c", folder.path(), flags)?;
        let config = Config { cors_origins: vec!["*".to_owned()], ..Config::default() };
        let region = config.region.clone();
        let emulator = Emulator::start(config)?;
        let oss = emulator.endpoint();
        let mut command = Command::new(program);
        command.arg("--page").arg(repository("examples/browser_upload/index.html"));
        command.args(["--key-prefix", &format!("{oss}/")]).args(arguments);
        command
            .env_clear()
            .env("OSS_ENDPOINT", &oss)
            .env("OSS_BUCKET", DEFAULT_BUCKET)
            .env("OSS_REGION", region);
        command.env("OSS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY_ID);
        command.env("OSS_ACCESS_KEY_SECRET", DEFAULT_ACCESS_KEY_SECRET).envs(environment.iter().copied());
        let server = Server::start(&mut command)?;
        Ok(Here { emulator, server })
    }
}
