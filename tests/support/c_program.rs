//! C and C++ programs: compiled as strictly as compilers can, linked with the library, and run.

use super::bucket::TestBucket;
use super::sanitizer::{self, Sanitizer};
use super::{effort, library, repository, tools};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];
/// What is asked besides of what uses the C++ header.
const CPP_WARNINGS: [&str; 7] = [
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wold-style-cast",
    "-Wextra-semi",
    "-Wnon-virtual-dtor",
    "-Weffc++",
];
/// What a program needs that links a static library of ours.
pub const SYSTEM_LIBRARIES: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// For programs whose library was not compiled for a sanitizer.
const SANITIZERS: [&str; 3] =
    ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

const COMPILING_TIME: Duration = Duration::from_secs(120);
const RUNNING_TIME: Duration = Duration::from_secs(120);
const WATCHED_TIME: Duration = Duration::from_secs(300);

/// A version of C or C++, and whose compiler is to understand it.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// `gcc`, which stands for the system's own where C is compiled, or `clang`.
    pub compiler: &'static str,
    /// As after `-std=`.
    pub standard: &'static str,
}

impl Dialect {
    fn is_cpp(self) -> bool {
        self.standard.starts_with("c++")
    }

    /// Whether its compiler is there; if not, it is said what cannot be checked.
    pub fn is_there(self, what: &str) -> bool {
        let what = format!("{what} as {} by {}", self.standard, self.compiler);
        tools::are_there(&what, self.program().as_slice())
    }

    /// The program that compiles it, unless that is the system's own.
    fn program(self) -> Option<&'static str> {
        // Only clang's programs can have the same sanitizer as the library.
        let family = if Sanitizer::of_the_library().is_some() { "clang" } else { self.compiler };
        match (family, self.is_cpp()) {
            ("gcc", false) => None,
            ("gcc", true) => Some("g++"),
            (family, false) => Some(family),
            (_, true) => Some("clang++"),
        }
    }

    fn command(self) -> Command {
        let mut command = compiler(self.is_cpp(), self.program().map(tools::asked_for));
        command.args(WARNINGS).arg(format!("-std={}", self.standard));
        command
    }
}

fn compiler(cpp: bool, program: Option<&str>) -> Command {
    let mut build = cc::Build::new();
    let target = env!("OSS_UPLOAD_TARGET");
    build.target(target).host(target).opt_level(0).cpp(cpp).cargo_metadata(false);
    if let Some(program) = program {
        build.compiler(program);
    }
    build.get_compiler().to_command()
}

/// Where the headers are, the library's and the emulator's.
fn includes() -> impl Iterator<Item = String> {
    ["include", "emulator/c/include"].into_iter().map(|folder| format!("-I{}", repository(folder).display()))
}

/// Compiles a text that includes the header. The error is what the compiler says, warnings included.
pub fn compiles(dialect: Dialect, source: &str) -> Result<(), String> {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join(if dialect.is_cpp() { "source.cpp" } else { "source.c" });
    fs::write(&file, source).expect("the source");
    let object = folder.path().join("object.o");
    said(dialect, dialect.command().arg("-c").arg(&file).arg("-o").arg(object))
}

/// Has a C++ file looked at by the compiler, which makes nothing of it. The error is what the compiler says.
pub fn is_clean(dialect: Dialect, flags: &[&str], file: &Path) -> Result<(), String> {
    said(dialect, dialect.command().args(CPP_WARNINGS).args(flags).arg("-fsyntax-only").arg(file))
}

fn said(dialect: Dialect, command: &mut Command) -> Result<(), String> {
    command.args(includes());
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    if out.status.success() {
        return Ok(());
    }
    Err(format!("{dialect:?}: {command:?}:\n{}", String::from_utf8_lossy(&out.stderr)))
}

/// How a program gets at the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linkage {
    Shared,
    Static,
    /// Not linked: it loads the library itself.
    Loaded,
}

/// What watches over a program while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watch {
    Nobody,
    Valgrind,
    /// What the compiler puts into the program: checks of addresses, leaks and undefined behaviour, or those for which the
    /// library was compiled.
    Sanitizers,
}

/// A file of a program, and how it is compiled.
#[derive(Clone)]
pub struct Source {
    pub file: PathBuf,
    pub dialect: Dialect,
    pub flags: &'static [&'static str],
}

impl Source {
    pub fn label(&self) -> String {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        format!("{name} as {} by {}", self.dialect.standard, self.dialect.compiler)
    }

    /// Whether its compiler is there; if not, it is said what cannot be checked.
    pub fn compiles_here(&self) -> bool {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        self.dialect.is_there(&name)
    }

    /// `tests/c/<name>.c`.
    pub fn named(name: &str) -> Source {
        Source::c(repository(&format!("tests/c/{name}.c")))
    }

    /// A C file from elsewhere.
    pub fn c(file: PathBuf) -> Source {
        let dialect = Dialect { compiler: "gcc", standard: "c99" };
        Source { file, dialect, flags: &["-D_POSIX_C_SOURCE=200809L"] }
    }

    /// Compiles it, once for all programs that it is to be in.
    pub fn compile(&self) -> Object {
        self.compile_for(Watch::Nobody)
    }

    fn compile_for(&self, watch: Watch) -> Object {
        let (watch, compiling, linking) = match Sanitizer::of_the_library() {
            Some(sanitizer) => (Watch::Sanitizers, sanitizer.compiling(), sanitizer.linking()),
            None if watch == Watch::Sanitizers => {
                let flags = SANITIZERS.map(str::to_owned).to_vec();
                (watch, flags.clone(), flags)
            }
            None => (watch, Vec::new(), Vec::new()),
        };
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("object.o");
        let mut command = self.dialect.command();
        if self.dialect.is_cpp() {
            command.args(CPP_WARNINGS);
        }
        command.args(self.flags).args(compiling).arg("-g").args(includes());
        command.arg("-I").arg(repository("tests/c"));
        tools::run(command.arg("-c").arg(&self.file).arg("-o").arg(&file), COMPILING_TIME);
        Object { source: self.clone(), watch, linking, file, _folder: folder }
    }
}

/// A file of a program, compiled.
pub struct Object {
    source: Source,
    watch: Watch,
    /// What a program that has it is linked with.
    linking: Vec<String>,
    file: PathBuf,
    _folder: TempDir,
}

/// A compiled program, in a folder of its own.
pub struct CProgram {
    name: String,
    linkage: Linkage,
    watch: Watch,
    program: PathBuf,
    folder: TempDir,
}

impl CProgram {
    /// Compiles `tests/c/<name>.c`.
    pub fn compile(name: &str, linkage: Linkage) -> CProgram {
        CProgram::of(&[Source::named(name)], linkage)
    }

    /// Compiles a C file from elsewhere.
    pub fn compile_file(file: &Path, linkage: Linkage) -> CProgram {
        CProgram::of(&[Source::c(file.to_owned())], linkage)
    }

    /// Compiles each of the sources in its own way, and makes one program of them.
    pub fn of(sources: &[Source], linkage: Linkage) -> CProgram {
        CProgram::of_with(sources, linkage, &[])
    }

    /// The same with other libraries around this one.
    pub fn of_with(sources: &[Source], linkage: Linkage, libraries: &[&str]) -> CProgram {
        let objects: Vec<Object> = sources.iter().map(Source::compile).collect();
        CProgram::link(&objects.iter().collect::<Vec<_>>(), linkage, libraries)
    }

    /// A program that has other libraries around this one.
    pub fn host(name: &str, linkage: Linkage, libraries: &[&str]) -> CProgram {
        CProgram::of_with(&[Source::named(name)], linkage, libraries)
    }

    /// The same with the compiler's own checks, unless it has them in any case.
    pub fn sanitized_host(name: &str, linkage: Linkage, libraries: &[&str]) -> Option<CProgram> {
        let program = || {
            let object = Source::named(name).compile_for(Watch::Sanitizers);
            CProgram::link(&[&object], linkage, libraries)
        };
        let worth =
            Sanitizer::of_the_library().is_none() && effort::is_worth(&format!("{name}.c, sanitized"));
        worth.then(program)
    }

    /// Makes one program of what has been compiled.
    pub fn link(objects: &[&Object], linkage: Linkage, libraries: &[&str]) -> CProgram {
        let folder = TempDir::new().expect("a temporary folder");
        let program = folder.path().join("program");
        let first = objects.first().expect("an object");
        let mut command = first.source.dialect.command();
        command.args(first.source.flags).args(objects.iter().map(|object| &object.file));
        command.arg("-o").arg(&program);
        let system: &[&str] = match linkage {
            Linkage::Shared => {
                link_shared(&mut command, folder.path());
                &[]
            }
            Linkage::Static => {
                command.arg(library::static_library());
                &SYSTEM_LIBRARIES
            }
            Linkage::Loaded => &["-ldl"],
        };
        tools::run(command.args(&first.linking).args(system).args(libraries), COMPILING_TIME);
        CProgram { name: first.source.label(), linkage, watch: first.watch, program, folder }
    }

    /// The program in each way that it is to work: with the shared library, and where everything is tried, with the static one,
    /// and under valgrind.
    pub fn variants(name: &str) -> Vec<CProgram> {
        let object = Source::named(name).compile();
        let linked = |linkage| CProgram::link(&[&object], linkage, &[]);
        let mut variants = vec![linked(Linkage::Shared)];
        if effort::is_worth(&format!("{name}.c, linked statically and under valgrind")) {
            variants.push(linked(Linkage::Static));
            variants.extend(linked(Linkage::Shared).under_valgrind());
        }
        variants
    }

    /// Whether it runs as fast as programs do.
    pub fn is_unwatched(&self) -> bool {
        self.watch == Watch::Nobody
    }

    pub fn is_under_valgrind(&self) -> bool {
        self.watch == Watch::Valgrind
    }

    /// The program as valgrind watches it, unless somebody else does; `None`, and it is said why, where there is none.
    pub fn under_valgrind(self) -> Option<CProgram> {
        if self.is_unwatched() { self.watched() } else { None }
    }

    /// The program as somebody watches it; `None`, and it is said why, where nobody can.
    pub fn watched(self) -> Option<CProgram> {
        if !self.is_unwatched() {
            return Some(self);
        }
        let what = format!("the memory of {}", self.name);
        let watched = effort::is_worth(&what) && tools::are_there(&what, &["valgrind"]);
        watched.then(|| CProgram { watch: Watch::Valgrind, ..self })
    }

    /// What to call this variant in a message.
    pub fn label(&self) -> String {
        format!("{}, linked {:?}, watched by {:?}", self.name, self.linkage, self.watch)
    }

    /// For those who run it themselves.
    pub fn path(&self) -> &Path {
        &self.program
    }

    /// A folder that lives as long as the program.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it on a bucket, with these further environment variables; there are no others. Returns its standard output,
    /// which must end by saying how many checks there were, and more than none.
    pub fn run_on(&self, bucket: &TestBucket, environment: &[(&str, &str)]) -> String {
        let mut command = self.command(bucket);
        command.envs(environment.iter().copied());
        let out = tools::run(&mut command, self.time_limit());
        let last = out.lines().last().unwrap_or_default();
        let checks = last.strip_suffix(" checks").and_then(|count| count.parse::<u32>().ok());
        assert!(checks.is_some_and(|count| count > 0), "{} made no checks:\n{out}", self.label());
        out
    }

    /// Runs a program that is a tool, with these arguments. Returns its standard output.
    pub fn call<A: AsRef<OsStr>>(&self, bucket: &TestBucket, arguments: &[A]) -> String {
        tools::run(self.command(bucket).args(arguments), self.time_limit())
    }

    fn command(&self, bucket: &TestBucket) -> Command {
        let mut command = if self.watch == Watch::Valgrind {
            let mut command = tools::command("valgrind");
            command.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]);
            command.args(["--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"]);
            command.arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        sanitizer::clear_environment(&mut command).envs(bucket.environment());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("SCRATCH", self.folder.path());
        command
    }

    fn time_limit(&self) -> Duration {
        if self.watch == Watch::Nobody { RUNNING_TIME } else { WATCHED_TIME }
    }
}

/// Links with the shared library, which the program will look for under its soname.
fn link_shared(command: &mut Command, folder: &Path) {
    let library = library::shared_library();
    symlink(&library, folder.join(env!("OSS_UPLOAD_SONAME"))).expect("a link to the library");
    command.arg(&library).arg(format!("-Wl,-rpath,{}", folder.display()));
}
