//! Finds the library that was built together with the running test.

use std::path::PathBuf;

/// The shared library, under the name that the linker takes.
pub fn shared_library() -> PathBuf {
    beside_the_test("liboss_upload.so")
}

/// The static library.
pub fn static_library() -> PathBuf {
    beside_the_test("liboss_upload.a")
}

/// Cargo puts what it builds for tests beside them. One folder further up lies whatever `cargo build` made last.
fn beside_the_test(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let path = test.with_file_name(name);
    assert!(path.exists(), "{} is missing", path.display());
    path
}
