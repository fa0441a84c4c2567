//! A bucket of the engine's on an emulator, with an application server for its callbacks.

use super::network::Network;
use super::route::Route;
use super::words;
use oss_emulator::{Action, AppServer, Config, Emulator, Fault};
use oss_upload::callback::Callback;
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Body, Bucket, BucketOptions, Multipart, ObjectOptions, Outcome, Status, Stored};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub const BUCKET: &str = "test-bucket";
pub const KEY: &str = "dir/object.txt";
pub const DATA: &[u8] = b"what is uploaded";

/// How long a bucket looks for what was lost.
pub const SETTLING_TIME: Duration = Duration::from_millis(50);

/// A bucket on an emulator, and an application server for its callbacks.
pub struct Bed {
    pub emulator: Emulator,
    pub application: AppServer,
    pub bucket: Arc<Bucket>,
    pub network: Network,
}

impl Bed {
    pub fn new() -> Bed {
        Bed::over(Route::Http)
    }

    pub fn with(set: impl FnOnce(&mut BucketOptions)) -> Bed {
        Bed::over_with(Route::Http, set)
    }

    pub fn over(route: Route) -> Bed {
        Bed::over_with(route, |_| ())
    }

    pub fn over_with(route: Route, set: impl FnOnce(&mut BucketOptions)) -> Bed {
        Bed::on(Config::default(), route, set)
    }

    /// On an emulator that is as described.
    pub fn on(emulator: Config, route: Route, set: impl FnOnce(&mut BucketOptions)) -> Bed {
        let network = Network::of(route);
        let emulator = Emulator::start(Config { tls: network.tls(), ..emulator }).unwrap();
        let bucket = bucket_on(&emulator, &network, set);
        Bed { emulator, application: AppServer::start().unwrap(), bucket: Arc::new(bucket), network }
    }

    /// The same bucket as another process has it.
    pub fn bucket_elsewhere(&self, set: impl FnOnce(&mut BucketOptions)) -> Bucket {
        bucket_on(&self.emulator, &self.network, set)
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
        while self.emulator.open_connections() + self.network.open_connections() > 0 {
            assert!(Instant::now() < give_up, "a connection is kept open");
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

fn bucket_on(emulator: &Emulator, network: &Network, set: impl FnOnce(&mut BucketOptions)) -> Bucket {
    let mut options = BucketOptions::default();
    network.describe_to(&mut options);
    options.set_region("cn-hangzhou").unwrap();
    // What the emulator does, it does at once.
    options.set_settling_time(SETTLING_TIME).unwrap();
    set(&mut options);
    let credentials =
        Credentials::new(oss_emulator::DEFAULT_ACCESS_KEY_ID, oss_emulator::DEFAULT_ACCESS_KEY_SECRET, None);
    Bucket::new(&emulator.endpoint(), BUCKET, Arc::new(credentials.unwrap()), &options).unwrap()
}

#[track_caller]
pub fn assert_ended(outcome: &Outcome, status: Status, stored: Stored) {
    assert_eq!((outcome.status, outcome.stored), (status, stored), "{}", outcome.message);
    assert_eq!(words::blunder(&outcome.message), None, "{}", outcome.message);
}
