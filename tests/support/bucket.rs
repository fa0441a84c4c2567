//! Buckets to test on: that of an emulator, or a real one that the environment names.

use oss_emulator::{
    AppServer, Config, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Emulator,
};
use std::env;
use std::process;

pub fn emulator() -> Emulator {
    Emulator::start(Config::default()).expect("the emulator")
}

pub fn app_server() -> AppServer {
    AppServer::start().expect("the application server")
}

/// What a program needs to know of a bucket.
#[derive(Clone)]
pub struct TestBucket {
    pub endpoint: String,
    pub name: String,
    pub access_key_id: String,
    pub access_key_secret: String,
    /// Without one, requests are signed with V1.
    pub region: Option<String>,
    /// Where an application server answers callbacks.
    pub callback_url: Option<String>,
    /// What all keys begin with. On a bucket that is not the test's alone, what is stored is removed at the end.
    pub prefix: String,
}

impl TestBucket {
    pub fn emulated(emulator: &Emulator) -> TestBucket {
        TestBucket::at(emulator.endpoint())
    }

    /// What an emulator knows, at an endpoint that need not be one.
    pub fn at(endpoint: String) -> TestBucket {
        TestBucket {
            endpoint,
            name: DEFAULT_BUCKET.to_owned(),
            access_key_id: DEFAULT_ACCESS_KEY_ID.to_owned(),
            access_key_secret: DEFAULT_ACCESS_KEY_SECRET.to_owned(),
            region: Some(Config::default().region),
            callback_url: None,
            prefix: String::new(),
        }
    }

    /// The bucket of `OSS_TEST_ENDPOINT`, `OSS_TEST_BUCKET`, `OSS_TEST_ACCESS_KEY_ID` and `OSS_TEST_ACCESS_KEY_SECRET`,
    /// if they are set; `OSS_TEST_REGION` and `OSS_TEST_CALLBACK_URL` may be.
    pub fn real(test: &str) -> Option<TestBucket> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let endpoint = variable("OSS_TEST_ENDPOINT")?;
        let needed = |name: &str| {
            variable(name).unwrap_or_else(|| panic!("OSS_TEST_ENDPOINT is set, but {name} is not"))
        };
        Some(TestBucket {
            endpoint,
            name: needed("OSS_TEST_BUCKET"),
            access_key_id: needed("OSS_TEST_ACCESS_KEY_ID"),
            access_key_secret: needed("OSS_TEST_ACCESS_KEY_SECRET"),
            region: variable("OSS_TEST_REGION"),
            callback_url: variable("OSS_TEST_CALLBACK_URL"),
            prefix: format!("oss-upload-test/{}/{test}/", process::id()),
        })
    }

    pub fn with_callback_url(mut self, url: &str) -> TestBucket {
        self.callback_url = Some(url.to_owned());
        self
    }

    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        let mut environment = vec![
            ("OSS_ENDPOINT", self.endpoint.as_str()),
            ("OSS_BUCKET", &self.name),
            ("OSS_ACCESS_KEY_ID", &self.access_key_id),
            ("OSS_ACCESS_KEY_SECRET", &self.access_key_secret),
            ("KEY_PREFIX", &self.prefix),
        ];
        environment.extend(self.region.as_deref().map(|region| ("OSS_REGION", region)));
        environment.extend(self.callback_url.as_deref().map(|url| ("CALLBACK_URL", url)));
        if !self.prefix.is_empty() {
            environment.push(("CLEAN_UP", "1"));
        }
        environment
    }
}
