//! The servers among the examples: compiled, started, asked, ended.

use super::sanitizer::{self, Sanitizer};
use super::{effort, library, repository, tools};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const COMPILING_TIME: Duration = Duration::from_secs(120);
/// Long enough for valgrind on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a compiler needs to be told to use libmicrohttpd; `None`, and it is said why, when there is none.
pub fn libmicrohttpd(what: &str) -> Option<Vec<String>> {
    if !tools::libraries_are_there(what, &["libmicrohttpd"]) {
        return None;
    }
    let flags = tools::run(
        tools::command("pkg-config").args(["--cflags", "--libs", "libmicrohttpd"]),
        COMPILING_TIME,
    );
    Some(flags.split_whitespace().map(str::to_owned).collect())
}

/// A server that was compiled without a warning, in a folder of its own.
pub struct ServerProgram {
    program: PathBuf,
    folder: TempDir,
}

impl ServerProgram {
    /// `None`, and it is said why, where libmicrohttpd is missing.
    pub fn compile(compiler: &str, source: &str) -> Option<ServerProgram> {
        let flags = libmicrohttpd(source)?;
        let folder = TempDir::new().expect("a temporary folder");
        let shared = library::shared_library();
        symlink(&shared, folder.path().join(env!("OSS_UPLOAD_SONAME"))).expect("a link to the library");
        let program = folder.path().join("server");
        let mut command = sanitizer::compiler(compiler);
        command.args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-g", "-I"]);
        command.arg(repository("include")).arg(repository("examples").join(source)).arg("-o").arg(&program);
        command.arg(shared).arg(format!("-Wl,-rpath,{}", folder.path().display())).args(flags);
        if let Some(sanitizer) = Sanitizer::of_the_library() {
            command.args(sanitizer.compiling()).args(sanitizer.linking());
        }
        tools::run(&mut command, COMPILING_TIME);
        Some(ServerProgram { program, folder })
    }

    /// The program, with nothing in its environment that means anything to it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        sanitizer::clear_environment(&mut command);
        command
    }

    /// The program as somebody watches it, who is valgrind as a rule; `None`, and it is said why, where that is missing.
    pub fn watched(&self, what: &str) -> Option<Command> {
        if Sanitizer::of_the_library().is_some() {
            return Some(self.command());
        }
        if !effort::is_worth(what) || !tools::are_there(what, &["valgrind"]) {
            return None;
        }
        let mut command = tools::command("valgrind");
        command.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite"]);
        command.arg("--errors-for-leak-kinds=definite").arg(&self.program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Some(command)
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// A server under way, whose output is followed line by line. It ends with the test.
pub struct Server {
    child: Child,
    lines: Receiver<String>,
    printed: String,
    /// Where it listens, without a slash at the end.
    pub url: String,
}

impl Server {
    /// Returns when it listens.
    pub fn start(command: &mut Command) -> Server {
        let mut server = Server::start_anyhow(command);
        let line = server.wait_for_line_with("listening on http://");
        server.url = line.rsplit(' ').next().expect("a word").to_owned();
        server
    }

    /// Returns at once.
    pub fn start_anyhow(command: &mut Command) -> Server {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server");
        let (sender, lines) = mpsc::channel();
        follow(child.stdout.take().expect("stdout"), sender.clone());
        follow(child.stderr.take().expect("stderr"), sender);
        Server { child, lines, printed: String::new(), url: String::new() }
    }

    /// The next line, or `None` at the end of them.
    fn next_line(&mut self) -> Option<String> {
        let line = match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing more comes after\n{}", self.printed),
        };
        self.printed.push_str(&line);
        self.printed.push('\n');
        Some(line)
    }

    #[track_caller]
    pub fn wait_for_line_with(&mut self, words: &str) -> String {
        while let Some(line) = self.next_line() {
            if line.contains(words) {
                return line;
            }
        }
        panic!("no line with {words:?} in\n{}", self.printed);
    }

    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    pub fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: the call touches no memory, and nobody has waited for the process, so that the id is still its own.
        assert_eq!(unsafe { libc::kill(id, signal) }, 0);
    }

    /// Waits for its end, and returns the exit code and everything that it printed.
    pub fn end(mut self) -> (Option<i32>, String) {
        while self.next_line().is_some() {}
        let status = self.child.wait().expect("the server");
        (status.code(), std::mem::take(&mut self.printed))
    }

    /// Sends a request on a connection of its own, and returns the status and the body of the answer.
    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: server\r\nConnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("the server");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.write_all(&[head.as_bytes(), body].concat()).expect("the request is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(output: impl Read + Send + 'static, lines: mpsc::Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = lines.send(line);
        }
    });
}
