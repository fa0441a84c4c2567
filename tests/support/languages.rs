//! Languages that use the library through a foreign function interface, and what runs their programs.

use super::tools;
use std::env;
use std::ffi::OsString;
use std::process::Command;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Language {
    Python,
    Php,
    LuaJit,
}

/// What runs programs of a language and has what they need; otherwise it is said what cannot be checked.
pub fn interpreter(language: Language) -> Option<OsString> {
    let (program, question) = match language {
        Language::Python => (python(), ["-c", "import cffi"]),
        Language::Php => ("php".into(), ["-r", "exit(extension_loaded('FFI') ? 0 : 1);"]),
        Language::LuaJit => ("luajit".into(), ["-e", "require('ffi')"]),
    };
    let works = Command::new(&program).args(question).output().is_ok_and(|out| out.status.success());
    if !works {
        tools::skip(
            &format!("{language:?}"),
            &format!("{program:?} is missing, or its foreign function interface"),
        );
    }
    works.then_some(program)
}

/// That of `OSS_TEST_PYTHON`, or else `python3`.
fn python() -> OsString {
    env::var_os("OSS_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}
