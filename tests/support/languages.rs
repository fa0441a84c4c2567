//! Languages that use the library through a foreign function interface, and what runs their programs.

use super::tools;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Language {
    Python,
    Php,
    LuaJit,
    Java,
    Node,
    Cobol,
}

/// A command of the shell that runs programs of a language. What they need is there; otherwise it is said what cannot be
/// checked.
pub fn shell(language: Language, code: &str) -> Option<Command> {
    let (needed, question) = match language {
        Language::Python => ("Python with cffi", "python3 -c 'import cffi'"),
        Language::Php => ("PHP with FFI", "php -r 'exit(extension_loaded(\"FFI\") ? 0 : 1);'"),
        Language::LuaJit => ("LuaJIT", "luajit -v"),
        Language::Java => ("Java with JNA", "javac -version && java -version && test -e \"$OSS_TEST_JNA\""),
        Language::Node => ("Node.js with koffi", "node -e 'require(\"koffi\")'"),
        Language::Cobol => ("GnuCOBOL with gcc", "cobc --version && gcc --version"),
    };
    shell_with(&format!("programs in {language:?}"), needed, question, code)
}

/// The same for programs that need something of their own, for which a question asks.
pub fn shell_with(what: &str, needed: &str, question: &str, code: &str) -> Option<Command> {
    tools::finds(&mut sh(question), what, &format!("{needed} is missing")).then(|| sh(code))
}

/// The library of Java's that calls C, which `OSS_TEST_JNA` may name.
pub fn jna() -> PathBuf {
    env::var_os("OSS_TEST_JNA").map_or_else(|| "/usr/share/java/jna.jar".into(), PathBuf::from)
}

/// The shell, which finds the Python of `OSS_TEST_PYTHON` first, and the packages of Node's in `OSS_TEST_NODE_MODULES`.
fn sh(code: &str) -> Command {
    let mut command = tools::command("sh");
    command.args(["-e", "-u", "-c", code]).env("OSS_TEST_JNA", jna());
    if let Some(python) = env::var_os("OSS_TEST_PYTHON") {
        let folder = Path::new(&python).parent().map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = folder.into_iter().chain(env::split_paths(&path));
        command.env("PATH", env::join_paths(folders).expect("folders without a colon"));
    }
    if let Some(modules) = env::var_os("OSS_TEST_NODE_MODULES") {
        command.env("NODE_PATH", modules);
    }
    command
}
