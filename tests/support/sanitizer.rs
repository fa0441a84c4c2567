//! One of the compiler's sanitizers for a whole process: the library was compiled for it, so the programs that link it must be.
//! `.ci/sanitize` does that, and says so.

use super::tools;
use std::env;
use std::process::Command;

/// Names the sanitizer, as after `-fsanitize=`.
const NAME: &str = "OSS_TEST_SANITIZER";
/// What a program is linked with to have it, with blanks between.
const LIBRARIES: &str = "OSS_TEST_SANITIZER_LIBRARIES";
/// What a sanitizer is told when a program starts.
const OPTIONS: [&str; 4] = ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"];

/// The sanitizer that the library was compiled for.
pub struct Sanitizer {
    name: String,
    libraries: String,
}

impl Sanitizer {
    /// `None`, as a rule: the library is as others get it.
    pub fn of_the_library() -> Option<Sanitizer> {
        let name = env::var(NAME).ok()?;
        let libraries = env::var(LIBRARIES).unwrap_or_else(|_| panic!("{NAME} is set, {LIBRARIES} is not"));
        Some(Sanitizer { name, libraries })
    }

    /// For the compiler. Its driver is passed by, since it would link a runtime of its own.
    pub fn compiling(&self) -> Vec<String> {
        let sanitize = format!("-fsanitize={}", self.name);
        ["-Xclang", &sanitize, "-fno-omit-frame-pointer"].map(str::to_owned).to_vec()
    }

    /// For the linker, after everything else but the system's libraries.
    pub fn linking(&self) -> Vec<String> {
        self.libraries.split_whitespace().map(str::to_owned).collect()
    }
}

/// The compiler of that name, or the one whose programs can have the library's sanitizer.
pub fn compiler(name: &str) -> Command {
    let clang = if name.ends_with("++") { "clang++" } else { "clang" };
    tools::command(if Sanitizer::of_the_library().is_some() { clang } else { name })
}

/// Leaves nothing in a program's environment but what its sanitizer is told.
pub fn clear_environment(command: &mut Command) -> &mut Command {
    let told = OPTIONS.iter().filter_map(|name| Some((name, env::var_os(name)?)));
    command.env_clear().envs(told)
}
