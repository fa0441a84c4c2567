//! Versions in a data folder.

use crate::support::{once, start_with};
use oss_emulator::{Config, Emulator};

fn set_versioning(emulator: &Emulator, status: &str) {
    let body = format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
    assert_eq!(once(emulator, "PUT", "/test-bucket/?versioning", &[], body.as_bytes()).status, 200);
}

/// Stores an object, or deletes it, and returns the id of the version that this made.
fn make(emulator: &Emulator, method: &str, data: &[u8]) -> String {
    let reply = once(emulator, method, "/test-bucket/k", &[], data);
    reply.header("x-oss-version-id").unwrap().to_owned()
}

#[test]
fn versions_survive_a_restart_in_a_data_folder() {
    let folder = std::env::temp_dir().join(format!(
        "oss-emulator-versions-{}-{:016x}",
        std::process::id(),
        fastrand::u64(..)
    ));
    let config = || Config { data: Some(folder.clone()), ..Config::default() };
    let emulator = start_with(config());
    set_versioning(&emulator, "Enabled");
    let first = make(&emulator, "PUT", b"first");
    let second = make(&emulator, "PUT", b"second");
    let marker = make(&emulator, "DELETE", b"");
    set_versioning(&emulator, "Suspended");
    let listed = |emulator: &Emulator| once(emulator, "GET", "/test-bucket/?versions", &[], b"").text();
    let before = listed(&emulator);
    drop(emulator);

    let files = || std::fs::read_dir(folder.join("test-bucket")).unwrap().count();
    // The bucket's description, that of the key, and the data of two versions.
    assert_eq!(files(), 4);
    let emulator = start_with(config());
    assert_eq!(listed(&emulator), before);
    let read = |target: String| once(&emulator, "GET", &target, &[], b"");
    assert_eq!(read("/test-bucket/?versioning".to_owned()).element("Status").unwrap(), "Suspended");
    assert_eq!(read("/test-bucket/k".to_owned()).header("x-oss-version-id"), Some(marker.as_str()));
    assert_eq!(read(format!("/test-bucket/k?versionId={first}")).body, b"first");
    assert_eq!(read(format!("/test-bucket/k?versionId={second}")).body, b"second");

    for version in [&first, &marker, &second] {
        let target = format!("/test-bucket/k?versionId={version}");
        assert_eq!(once(&emulator, "DELETE", &target, &[], b"").status, 204);
    }
    assert_eq!(files(), 1);
    drop(emulator);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_list_goes_on_behind_a_version_that_is_deleted_meanwhile() {
    let emulator = start_with(Config::default());
    set_versioning(&emulator, "Enabled");
    let mut left: Vec<String> = [b"1", b"2", b"3"].map(|data| make(&emulator, "PUT", data)).into();
    let (mut key, mut version) = (String::new(), String::new());
    while !left.is_empty() {
        let target =
            format!("/test-bucket/?versions&max-keys=1&key-marker={key}&version-id-marker={version}");
        let page = once(&emulator, "GET", &target, &[], b"");
        let listed = page.element("VersionId").unwrap();
        assert_eq!(Some(listed.clone()), left.pop(), "the newest first");
        once(&emulator, "DELETE", &format!("/test-bucket/k?versionId={listed}"), &[], b"");
        key = page.element("NextKeyMarker").unwrap_or_default();
        version = page.element("NextVersionIdMarker").unwrap_or_default();
    }
    assert_eq!(emulator.keys("test-bucket"), [""; 0]);
}
