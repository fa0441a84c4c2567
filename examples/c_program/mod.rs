//! The C programs of this folder, compiled against the library that Cargo has just built, and servers among them.

// Each example compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::error::Error;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// A file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(REPOSITORY).join(path)
}

/// What the compiler needs to be told to use libmicrohttpd; `None` if it is not there.
pub fn libmicrohttpd() -> Option<Vec<String>> {
    let found = Command::new("pkg-config").args(["--cflags", "--libs", "libmicrohttpd"]).output().ok()?;
    let flags = String::from_utf8(found.stdout).ok()?;
    found.status.success().then(|| flags.split_whitespace().map(str::to_owned).collect())
}

/// Compiles a C program of the examples in `folder`, with further flags, and returns where it is.
pub fn compile(source: &str, folder: &Path, flags: &[String]) -> Result<PathBuf, Box<dyn Error>> {
    let library = library()?;
    // The program asks for the library by its soname, a name that it does not have in Cargo's folder.
    match symlink(&library, folder.join(env!("OSS_UPLOAD_SONAME"))) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    let source = repository("examples").join(source);
    let program = folder.join(source.file_stem().unwrap_or_default());
    let target = env!("OSS_UPLOAD_TARGET");
    let mut build = cc::Build::new();
    build.target(target).host(target).opt_level(0).cargo_metadata(false).cargo_warnings(false);
    let mut compiler = build.try_get_compiler().map_err(|error| no_compiler(&error))?.to_command();
    compiler.args(["-std=c99", "-I"]).arg(repository("include")).arg(&source).arg("-o").arg(&program);
    compiler.arg(&library).arg(format!("-Wl,-rpath,{}", folder.display())).args(flags);
    let output = compiler.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => no_compiler(&compiler.get_program().display()),
        _ => format!("{}: {error}", compiler.get_program().display()),
    })?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} does not compile:\n{complaint}", source.display()).into());
    }
    Ok(program)
}

fn no_compiler(what: &dyn Display) -> String {
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

/// A running server of the examples. It ends with this process, however that ends, since its standard input closes then.
pub struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    /// Starts a program that was compiled, and waits until it listens.
    pub fn start(program: &mut Command) -> Result<Server, Box<dyn Error>> {
        let command = program.arg("--exit-with-stdin").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut server = Server { child, output: BufReader::new(output), url: String::new() };
        let mut line = String::new();
        server.output.read_line(&mut line)?;
        let (_, url) = line.split_once("listening on ").ok_or("the server does not listen")?;
        server.url = url.trim_end().to_owned();
        Ok(server)
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Passes on what it prints until it ends.
    pub fn show_output(&mut self, out: &mut dyn Write) -> io::Result<()> {
        io::copy(&mut self.output, out).map(drop)
    }

    /// Ends it, and returns what it printed since it listened.
    pub fn end(mut self) -> io::Result<String> {
        drop(self.child.stdin.take());
        let mut printed = String::new();
        self.output.read_to_string(&mut printed)?;
        self.child.wait()?;
        Ok(printed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
