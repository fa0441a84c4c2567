//! Go: its tests, and the library as Go finds it.

use super::emulator_library::{LIBRARY, SONAME};
use super::{library, put_in_place, read, repository, tools};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Go compiles its runtime for cgo first, and again for the race detector.
const SUITE_TIME: Duration = Duration::from_secs(900);

const SHARED_LIBRARY: [&str; 2] = ["liboss_upload.so", env!("OSS_UPLOAD_SONAME")];

/// Whether there is a Go, with the compiler that it calls; it is said what cannot be checked otherwise.
pub fn is_there(what: &str) -> bool {
    tools::are_there(what, &["go", "gcc", "pkg-config"])
}

/// The path of the Go package.
pub fn module() -> String {
    let module = read(repository("bindings/go/go.mod"));
    module.lines().find_map(|line| line.strip_prefix("module ")).expect("the module").to_owned()
}

/// A folder with the library and what pkg-config says of it. Go does not notice when pkg-config says something else, and goes on
/// with what it has compiled: so there is one folder for all, and whoever runs first makes it.
pub struct Installation(PathBuf);

impl Installation {
    pub fn for_all() -> Installation {
        Installation::in_folder("all")
    }

    /// One for programs that have the tag `oss_upload_static`, for which Go compiles other files.
    pub fn for_static_programs() -> Installation {
        Installation::in_folder("static")
    }

    fn in_folder(name: &str) -> Installation {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let installation = Installation(folder);
        for name in SHARED_LIBRARY {
            installation.link(&library::shared_library(), name);
        }
        installation.link(&library::static_library(), "liboss_upload.a");
        installation.describe(
            "oss_upload",
            "include",
            "Libs.private: -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc",
        );
        installation
    }

    pub fn remove_the_shared_library(&self) {
        for name in SHARED_LIBRARY {
            fs::remove_file(self.0.join(name)).expect("the link to the library");
        }
    }

    /// The same with the emulator as a library beside it.
    pub fn with_the_emulator(self) -> Installation {
        for name in ["liboss_emulator.so", SONAME] {
            self.link(&LIBRARY.shared, name);
        }
        self.describe("oss_emulator", "emulator/c/include", "");
        self
    }

    fn link(&self, library: &Path, name: &str) {
        put_in_place(&self.0, name, |link| symlink(library, link));
    }

    /// Tells pkg-config of a library.
    fn describe(&self, library: &str, include: &str, more: &str) {
        let description = format!(
            "Name: {library}\nDescription: as it was built\nVersion: {}\nCflags: -I{}\n\
             Libs: -L{folder} -l{library} -Wl,-rpath,{folder}\n{more}\n",
            env!("CARGO_PKG_VERSION"),
            repository(include).display(),
            folder = self.0.display()
        );
        put_in_place(&self.0, &format!("{library}.pc"), |file| fs::write(file, description));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Runs a program in a folder of the repository, where Go finds the library. Returns what it printed.
    pub fn run(
        &self,
        folder: &str,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> String {
        self.run_command(Command::new(program), folder, arguments, environment)
    }

    /// The same with Go itself.
    pub fn go(&self, folder: &str, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        self.run_command(tools::command("go"), folder, arguments, environment)
    }

    fn run_command(
        &self,
        mut command: Command,
        folder: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> String {
        command.args(arguments).current_dir(repository(folder));
        command.env("PKG_CONFIG_PATH", &self.0).envs(environment.iter().copied());
        tools::run(&mut command, SUITE_TIME)
    }
}
