//! Go: its tests, and the library as Go finds it.

use super::emulator_library::{LIBRARY, SONAME};
use super::{library, read, repository, tools};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Go compiles its runtime for cgo first, and again for the race detector.
const SUITE_TIME: Duration = Duration::from_secs(900);

/// Whether there is a Go, with the compiler that it calls; it is said what cannot be checked otherwise.
pub fn is_there(what: &str) -> bool {
    tools::are_there(what, &["go", "gcc", "pkg-config"])
}

/// The path of the Go package.
pub fn module() -> String {
    let module = read(repository("bindings/go/go.mod"));
    module.lines().find_map(|line| line.strip_prefix("module ")).expect("the module").to_owned()
}

/// A folder with the library and what pkg-config says of it. Its path stays the same from run to run: Go compiles anew
/// what is compiled with another one.
pub struct Installation(PathBuf);

impl Installation {
    pub fn of(test: &str) -> Installation {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go").join(test);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("an old folder");
        }
        fs::create_dir_all(&folder).expect("a folder");
        for name in ["liboss_upload.so", env!("OSS_UPLOAD_SONAME")] {
            symlink(library::shared_library(), folder.join(name)).expect("a link to the library");
        }
        symlink(library::static_library(), folder.join("liboss_upload.a")).expect("a link to the library");
        let description = format!(
            "Name: oss_upload\nDescription: as it was built\nVersion: {}\nCflags: -I{}\n\
             Libs: -L{folder} -loss_upload -Wl,-rpath,{folder}\n\
             Libs.private: -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc\n",
            env!("CARGO_PKG_VERSION"),
            repository("include").display(),
            folder = folder.display()
        );
        fs::write(folder.join("oss_upload.pc"), description).expect("a description for pkg-config");
        Installation(folder)
    }

    /// The same with the emulator as a library beside it.
    pub fn with_the_emulator(self) -> Installation {
        for name in ["liboss_emulator.so", SONAME] {
            symlink(&LIBRARY.shared, self.0.join(name)).expect("a link to the library");
        }
        let description = format!(
            "Name: oss_emulator\nDescription: as it was built\nVersion: {}\nCflags: -I{}\n\
             Libs: -L{folder} -loss_emulator -Wl,-rpath,{folder}\n",
            env!("CARGO_PKG_VERSION"),
            repository("emulator/c/include").display(),
            folder = self.0.display()
        );
        fs::write(self.0.join("oss_emulator.pc"), description).expect("a description for pkg-config");
        self
    }

    pub fn remove_the_shared_library(&self) {
        for name in ["liboss_upload.so", env!("OSS_UPLOAD_SONAME")] {
            fs::remove_file(self.0.join(name)).expect("the link to the library");
        }
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
