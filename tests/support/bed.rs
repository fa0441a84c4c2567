//! A bucket of the engine's on an emulator, with an application server for its callbacks.

use oss_emulator::{Action, AppServer, Config, Emulator, Fault, Tls};
use oss_upload::callback::Callback;
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Body, Bucket, BucketOptions, Multipart, ObjectOptions, Outcome, Status, Stored};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

pub const BUCKET: &str = "test-bucket";
pub const KEY: &str = "dir/object.txt";
pub const DATA: &[u8] = b"what is uploaded";

/// A bucket on an emulator, and an application server for its callbacks.
pub struct Bed {
    pub emulator: Emulator,
    pub application: AppServer,
    pub bucket: Arc<Bucket>,
    /// Read at the first call, so it stays as long as the bucket does.
    _ca_file: Option<NamedTempFile>,
}

impl Bed {
    pub fn new() -> Bed {
        Bed::with(|_| ())
    }

    pub fn with(set: impl FnOnce(&mut BucketOptions)) -> Bed {
        let mut options = BucketOptions::default();
        // Some tests exist a second time under a name that says so.
        let (emulator, ca_file) = match env!("CARGO_CRATE_NAME").ends_with("_over_https") {
            true => https_emulator(&mut options),
            false => (Emulator::start(Config::default()).unwrap(), None),
        };
        options.set_region("cn-hangzhou").unwrap();
        set(&mut options);
        let credentials = Credentials::new(
            oss_emulator::DEFAULT_ACCESS_KEY_ID,
            oss_emulator::DEFAULT_ACCESS_KEY_SECRET,
            None,
        );
        let bucket =
            Bucket::new(&emulator.endpoint(), BUCKET, Arc::new(credentials.unwrap()), &options).unwrap();
        Bed {
            emulator,
            application: AppServer::start().unwrap(),
            bucket: Arc::new(bucket),
            _ca_file: ca_file,
        }
    }

    pub fn fault(&self, operation: &str, action: Action) {
        self.emulator.inject(Fault::new(action).operation(operation));
    }

    pub fn always(&self, operation: &str, action: Action) {
        self.emulator.inject(Fault::new(action).operation(operation).always());
    }

    pub fn callback(&self) -> Callback {
        Callback::new(&self.application.url(), "object=${object}&crc64=${crc64}").unwrap()
    }

    pub fn put(&self) -> Outcome {
        self.bucket.put(KEY, Body::Bytes(DATA), None, &ObjectOptions::default())
    }

    pub fn put_with_callback(&self) -> Outcome {
        self.bucket.put(KEY, Body::Bytes(DATA), Some(&self.callback()), &ObjectOptions::default())
    }

    /// A multipart upload with one part in it.
    pub fn begun(&self) -> Multipart {
        let (multipart, outcome) = Multipart::begin(&self.bucket, KEY, &ObjectOptions::default());
        let multipart = multipart.unwrap_or_else(|| panic!("{outcome:?}"));
        let part = multipart.upload_part(1, Body::Bytes(DATA));
        assert_eq!(part.status, Status::Ok, "{}", part.message);
        multipart
    }

    /// How many requests for `operation` the emulator saw.
    pub fn requests(&self, operation: &str) -> usize {
        self.emulator.requests().iter().filter(|request| request.operation == operation).count()
    }

    pub fn callbacks(&self) -> usize {
        self.application.requests().len()
    }

    pub fn wait_until_no_connection_is_open(&self) {
        let give_up = Instant::now() + Duration::from_secs(10);
        while self.emulator.open_connections() > 0 {
            assert!(Instant::now() < give_up, "the emulator keeps a connection open");
            thread::yield_now();
        }
    }

    pub fn is_there(&self) -> bool {
        self.emulator.object(BUCKET, KEY).is_some()
    }

    pub fn is_stored(&self) -> bool {
        self.emulator.object(BUCKET, KEY).is_some_and(|object| object.data == DATA)
    }
}

/// An emulator with a certificate of its own, which the options are told to trust.
fn https_emulator(options: &mut BucketOptions) -> (Emulator, Option<NamedTempFile>) {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let tls = Tls { cert_pem: certified.cert.pem(), key_pem: certified.signing_key.serialize_pem() };
    let ca_file = NamedTempFile::new().unwrap();
    std::fs::write(&ca_file, certified.cert.pem()).unwrap();
    options.set_ca_file(ca_file.path().to_str().unwrap()).unwrap();
    (Emulator::start(Config { tls: Some(tls), ..Config::default() }).unwrap(), Some(ca_file))
}

#[track_caller]
pub fn assert_ended(outcome: &Outcome, status: Status, stored: Stored) {
    assert_eq!((outcome.status, outcome.stored), (status, stored), "{}", outcome.message);
}
