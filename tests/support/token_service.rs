//! A token service, which gives out temporary keys which an emulator takes, for a while.

use oss_emulator::{Config, Credential, Emulator};
use oss_upload::credentials::{AccessKey, Credentials, NoKey, Patience, Provider};
use oss_upload::engine::{Bucket, BucketOptions};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const BUCKET: &str = "test-bucket";

/// What the service says of the end of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The truth.
    Truth,
    /// Nothing.
    Nothing,
    /// That they live for an hour.
    AnHour,
}

/// The service, and the emulator that takes its keys and no others.
pub struct TokenService {
    pub emulator: Emulator,
    said: Said,
    life_ms: i64,
    /// How long an answer takes.
    delay: Duration,
    state: Mutex<State>,
    asking: AtomicUsize,
    most_at_a_time: AtomicUsize,
    is_down: AtomicBool,
}

#[derive(Default)]
struct State {
    asked: usize,
    issued: Vec<Issued>,
}

/// A key, and when it was given out first and ends, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    pub given_at: i64,
    pub ends_at: i64,
}

/// What credentials ask.
pub struct Client(pub Arc<TokenService>);

impl TokenService {
    pub fn start(said: Said, life: Duration) -> Arc<TokenService> {
        TokenService::slow(said, life, Duration::ZERO)
    }

    /// One that takes its time.
    pub fn slow(said: Said, life: Duration, delay: Duration) -> Arc<TokenService> {
        // Here it is the number of parts that counts.
        let config = Config { credentials: Vec::new(), min_part_size: 1, ..Config::default() };
        Arc::new(TokenService {
            emulator: Emulator::start(config).unwrap(),
            said,
            life_ms: i64::try_from(life.as_millis()).unwrap(),
            delay,
            state: Mutex::default(),
            asking: AtomicUsize::new(0),
            most_at_a_time: AtomicUsize::new(0),
            is_down: AtomicBool::new(false),
        })
    }

    pub fn credentials(self: &Arc<Self>) -> Arc<Credentials> {
        Arc::new(Credentials::from_provider(Client(Arc::clone(self))))
    }

    pub fn bucket(self: &Arc<Self>, set: impl FnOnce(&mut BucketOptions)) -> Arc<Bucket> {
        self.bucket_of(self.credentials(), set)
    }

    pub fn bucket_of(
        &self,
        credentials: Arc<Credentials>,
        set: impl FnOnce(&mut BucketOptions),
    ) -> Arc<Bucket> {
        let mut options = BucketOptions::default();
        options.set_region("cn-hangzhou").unwrap();
        set(&mut options);
        Arc::new(Bucket::new(&self.emulator.endpoint(), BUCKET, credentials, &options).unwrap())
    }

    /// How often somebody asked.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    pub fn issued(&self) -> Vec<Issued> {
        self.state.lock().unwrap().issued.clone()
    }

    /// How many asked at the same time.
    pub fn most_at_a_time(&self) -> usize {
        self.most_at_a_time.load(Ordering::SeqCst)
    }

    /// Has all keys end now, whatever was said of them.
    pub fn revoke(&self) {
        let mut state = self.state.lock().unwrap();
        for number in 0..state.issued.len() {
            self.emulator.remove_credential(&id(number));
        }
        state.issued.iter_mut().for_each(|issued| issued.ends_at = issued.ends_at.min(now_ms()));
    }

    /// Whether it answers no more.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    fn give(&self) -> AccessKey {
        let mut state = self.state.lock().unwrap();
        state.asked += 1;
        let now = now_ms();
        // Only whole seconds can be told: it lives for a little longer.
        let ends_at = (now + self.life_ms + 999) / 1000 * 1000;
        // Whoever asks for a key that is about to end gets another.
        let is_over = state.issued.last().is_none_or(|last| last.ends_at <= now);
        if is_over || self.said == Said::Truth {
            let number = state.issued.len();
            let [secret, token] = secrets(number);
            let credential = Credential::temporary(id(number), secret, token);
            self.emulator.add_credential(credential.expiring_at_ms(ends_at));
            state.issued.push(Issued { given_at: now, ends_at });
        }
        let number = state.issued.len() - 1;
        let [secret, token] = secrets(number);
        let key = AccessKey::new(&id(number), &secret, Some(&token)).unwrap();
        key.expiring(match self.said {
            Said::Truth => Some(ends_at / 1000),
            Said::Nothing => None,
            Said::AnHour => Some(now / 1000 + 3600),
        })
    }
}

impl Provider for Client {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        let service = &self.0;
        let at_a_time = service.asking.fetch_add(1, Ordering::SeqCst) + 1;
        service.most_at_a_time.fetch_max(at_a_time, Ordering::SeqCst);
        thread::sleep(service.delay);
        let answer = match service.is_down.load(Ordering::SeqCst) {
            true => {
                service.state.lock().unwrap().asked += 1;
                Err(NoKey::new("the token service is down"))
            }
            false => Ok(service.give()),
        };
        service.asking.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

fn id(number: usize) -> String {
    format!("STS.{number}")
}

fn secrets(number: usize) -> [String; 2] {
    [format!("secret-{number}"), format!("token-{number}")]
}

pub fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}
