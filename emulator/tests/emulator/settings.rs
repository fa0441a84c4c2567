//! What is set for a bucket, in a data folder.

use crate::support::{once, start_with};
use oss_emulator::{Config, Emulator};

#[test]
fn what_is_set_for_a_bucket_survives_a_restart_in_a_data_folder() {
    let folder = std::env::temp_dir().join(format!(
        "oss-emulator-settings-{}-{:016x}",
        std::process::id(),
        fastrand::u64(..)
    ));
    let config = || Config { data: Some(folder.clone()), ..Config::default() };
    let info = |emulator: &Emulator| {
        let reply = once(emulator, "GET", "/made-bucket/?bucketInfo", &[], b"");
        ["StorageClass", "DataRedundancyType", "Grant"].map(|name| reply.element(name).unwrap())
    };
    let emulator = start_with(config());
    let body = b"<CreateBucketConfiguration><StorageClass>IA</StorageClass>\
        <DataRedundancyType>ZRS</DataRedundancyType></CreateBucketConfiguration>";
    let made = once(&emulator, "PUT", "/made-bucket/", &[("x-oss-acl", "public-read")], body);
    assert_eq!(made.status, 200);
    assert_eq!(info(&emulator), ["IA", "ZRS", "public-read"]);
    let acl = [("x-oss-acl", "public-read-write")];
    assert_eq!(once(&emulator, "PUT", "/made-bucket/?acl", &acl, b"").status, 200);
    drop(emulator);

    let emulator = start_with(config());
    assert_eq!(info(&emulator), ["IA", "ZRS", "public-read-write"]);
    drop(emulator);
    std::fs::remove_dir_all(folder).unwrap();
}
