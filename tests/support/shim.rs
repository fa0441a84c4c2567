//! What is put between a program and the C library, and programs that are to be run to whatever end.

use super::{repository, sanitizer, tools};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// No program takes so long.
pub const LIMIT: Duration = Duration::from_secs(300);

/// Compiles `tests/c/<name>.c` into a library for `LD_PRELOAD`.
pub fn compile(name: &str, folder: &Path) -> PathBuf {
    let shim = folder.join(format!("{name}.so"));
    let mut command = tools::command("cc");
    // Not pedantic: the C library declares `connect` with a type of its own.
    command.args(["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]);
    command.arg(repository(&format!("tests/c/{name}.c"))).arg("-o").arg(&shim).arg("-ldl");
    let output = output(&mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    shim
}

/// A program that starts with an empty environment.
pub fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    sanitizer::clear_environment(&mut command);
    command
}

/// Runs a program to its end, whatever that is.
pub fn output(command: &mut Command) -> Output {
    let shown = format!("{:?}", command.get_program());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = i32::try_from(child.id()).unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    receiver.recv_timeout(LIMIT).unwrap_or_else(|_| {
        // SAFETY: the call touches no memory; the child is still being waited for.
        unsafe { libc::kill(id, libc::SIGKILL) };
        panic!("{shown} did not end within {} s", LIMIT.as_secs());
    })
}
