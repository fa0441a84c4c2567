//! Which region requests are signed for, and with which signature where there is none.

use crate::support::bed::{BUCKET, DATA, KEY};
use crate::support::observer::Unmoved;
use oss_emulator::{Config, Emulator};
use oss_upload::credentials::Credentials;
use oss_upload::engine::{
    Addressing, Body, Bucket, BucketOptions, ObjectOptions, Outcome, SignatureVersion, Status, UploadOptions,
};
use std::sync::Arc;

type Set = fn(&mut BucketOptions);

fn bucket(endpoint: &str, set: Set) -> Result<Bucket, String> {
    let mut options = BucketOptions::default();
    set(&mut options);
    let credentials = Arc::new(Credentials::new("id", "not the secret", None).unwrap());
    Bucket::new(endpoint, BUCKET, credentials, &options).map_err(|mistake| mistake.to_string())
}

fn with_region(options: &mut BucketOptions) {
    options.set_region("cn-hangzhou").unwrap();
}

fn with_v1(options: &mut BucketOptions) {
    options.set_signature(SignatureVersion::V1);
}

#[test]
fn host_of_oss_that_tells_no_region_needs_one() {
    for host in [
        "oss-accelerate.aliyuncs.com",
        "https://oss-accelerate-overseas.aliyuncs.com",
        "http://oss-cache-cn-beijing-h.aliyuncs.com",
        "cn-beijing-h-internal.oss-data-acc.aliyuncs.com",
        "s3.oss-cn-hangzhou-internal.aliyuncs.com",
        "OSS-ACCELERATE.ALIYUNCS.COM.",
    ] {
        let message = bucket(host, |_| ()).err().unwrap();
        for word in ["set the region", "\"cn-hangzhou\""] {
            assert!(message.contains(word), "{host}: {message}");
        }
        assert!(bucket(host, with_region).is_ok() && bucket(host, with_v1).is_ok(), "{host}");
        let message = bucket(host, |options| options.set_signature(SignatureVersion::V4)).err().unwrap();
        assert!(message.contains("needs a region"), "{host}: {message}");
    }
    for host in
        ["oss-cn-hangzhou.aliyuncs.com", "oss-internal.aliyuncs.com", "files.example.com", "127.0.0.1"]
    {
        assert!(bucket(host, |_| ()).is_ok(), "{host}");
    }
    let own_domain: Set = |options| options.set_addressing(Addressing::Cname);
    assert!(bucket(&format!("{BUCKET}.oss-cn-hangzhou.aliyuncs.com"), own_domain).is_ok());
    assert!(bucket(&format!("{BUCKET}.oss-accelerate.aliyuncs.com"), own_domain).is_err());
}

#[test]
fn region_in_the_words_of_a_host_is_refused_with_the_right_one() {
    for region in ["oss-cn-hangzhou", "cn-hangzhou-internal", "oss-cn-hangzhou-internal"] {
        let message = BucketOptions::default().set_region(region).unwrap_err().to_string();
        assert!(message.contains("write \"cn-hangzhou\""), "{message}");
    }
}

fn assert_refused(outcome: &Outcome, says_so: bool) {
    assert_eq!((outcome.status, outcome.http_status), (Status::Service, 403), "{}", outcome.message);
    assert_eq!(outcome.message.contains("signed with V1"), says_so, "{}", outcome.message);
}

#[test]
fn refusal_of_a_signature_that_nobody_chose_says_so() {
    let emulator = Emulator::start(Config::default()).unwrap();
    for (set, says_so) in [((|_| ()) as Set, true), (with_region, false), (with_v1, false)] {
        let bucket = Arc::new(bucket(&emulator.endpoint(), set).unwrap());
        let put = bucket.put(KEY, Body::Bytes(DATA), None, &ObjectOptions::default());
        assert_refused(&put, says_so);
        let uploaded = bucket.upload(KEY, Body::Bytes(DATA), None, &UploadOptions::default(), &Unmoved);
        assert_refused(&uploaded, says_so);
        assert_refused(&bucket.list_uploads("", 1).1, says_so);
    }
}
