//! The emulator as a C library, built like this test.

use super::{emulator_program, put_in_place, repository};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub const HEADER: &str = "emulator/c/include/oss_emulator.h";
/// The name under which a program looks for the library.
pub const SONAME: &str = "liboss_emulator.so.0";

pub struct EmulatorLibrary {
    pub shared: PathBuf,
    pub r#static: PathBuf,
    /// The header that was generated from its source.
    pub header: PathBuf,
    /// Has the shared library under its soname, and under the name that the linker takes.
    pub folder: PathBuf,
}

/// The library, built once for all tests of a file.
pub static LIBRARY: LazyLock<EmulatorLibrary> = LazyLock::new(build);

fn build() -> EmulatorLibrary {
    let messages = emulator_program::cargo_build("oss-emulator-c");
    let files = messages.iter().flat_map(|message| message["filenames"].as_array().into_iter().flatten());
    let files: Vec<PathBuf> = files.filter_map(|file| file.as_str()).map(PathBuf::from).collect();
    let file = |name: &str| {
        let found = files.iter().find(|file| file.file_name().is_some_and(|found| found == name));
        found.unwrap_or_else(|| panic!("{name} was not built: {files:?}")).clone()
    };
    let package = repository("emulator/c").display().to_string();
    let scripts = messages.iter().filter(|message| message["reason"] == "build-script-executed");
    let mut scripts = scripts.filter(|script| script["package_id"].to_string().contains(&package));
    let out =
        scripts.next().and_then(|script| script["out_dir"].as_str()).expect("the build script's folder");
    let header = Path::new(out).join("oss_emulator.h");
    let shared = file("liboss_emulator.so");
    EmulatorLibrary { folder: folder_with(&shared), r#static: file("liboss_emulator.a"), shared, header }
}

/// A folder whose path stays the same from run to run.
fn folder_with(shared: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emulator-library");
    fs::create_dir_all(&folder).expect("a folder");
    for name in ["liboss_emulator.so", SONAME] {
        put_in_place(&folder, name, |link| symlink(shared, link));
    }
    folder
}

impl EmulatorLibrary {
    /// What a program is linked with to have the shared library.
    pub fn linking(&self) -> [String; 2] {
        [self.shared.display().to_string(), format!("-Wl,-rpath,{}", self.folder.display())]
    }
}
