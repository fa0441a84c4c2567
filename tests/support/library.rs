//! Finds the library that was built together with the running test.

use std::path::PathBuf;

/// These name libraries to test in place of those that were built with the test.
const OTHER: &str = "OSS_UPLOAD_LIBRARY";
const OTHER_STATIC: &str = "OSS_UPLOAD_STATIC_LIBRARY";

/// The shared library, under the name that the linker takes; or the one that `OSS_UPLOAD_LIBRARY` names, that of a release.
pub fn shared_library() -> PathBuf {
    std::env::var_os(OTHER).map_or_else(|| beside_the_test("liboss_upload.so"), PathBuf::from)
}

/// Whether it is the library as it is released.
pub fn is_released() -> bool {
    std::env::var_os(OTHER).is_some()
}

/// The static library; or the one that `OSS_UPLOAD_STATIC_LIBRARY` names.
pub fn static_library() -> PathBuf {
    std::env::var_os(OTHER_STATIC).map_or_else(|| beside_the_test("liboss_upload.a"), PathBuf::from)
}

/// The folder of both. Cargo puts what it builds for tests beside them. One folder further up lies whatever `cargo build` made
/// last.
pub fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.parent().expect("the folder of this test").to_owned()
}

fn beside_the_test(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.exists(), "{} is missing", path.display());
    path
}
