//! Keys that end: each is kept while it is good, and one caller asks for the next on behalf of all.
//!
//! What is kept is replaced as a whole, so that no lock is held while the provider runs, nor over a fork.

use super::key::AccessKey;
use super::provider::{NoKey, Provider};
use crate::transport::{Cause, Clock, Deadline, Patience, Turns};
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// A key is asked for anew so long before its end, or when a fifth of its life is left if that is less.
const MARGIN_MS: i64 = 5 * 60 * 1000;
/// Where that failed and the key is still good, nobody asks again for so long, or for a tenth of what is left.
const BACK_OFF_MS: i64 = 10 * 1000;
/// There is but one thing to take turns at.
const TURN: &str = "key";

/// The keys of one provider.
pub(super) struct Provided {
    provider: Box<dyn Provider>,
    kept: ArcSwapOption<Kept>,
    /// The last failure, for those who wanted the same.
    failed: ArcSwapOption<Failed>,
    turns: Turns,
    /// Who asks the provider right now.
    asking: ArcSwapOption<ThreadId>,
}

struct Kept {
    key: Arc<AccessKey>,
    came: Instant,
    /// When it is to be asked for anew, in milliseconds since 1970.
    renew_at: i64,
}

struct Failed {
    why: NoKey,
    came: Instant,
}

impl Provided {
    pub(super) fn new(provider: Box<dyn Provider>) -> Provided {
        Provided {
            provider,
            kept: ArcSwapOption::empty(),
            failed: ArcSwapOption::empty(),
            turns: Turns::default(),
            asking: ArcSwapOption::empty(),
        }
    }

    /// The key that is kept, if it has more than its margin left.
    pub(super) fn key_at_hand(&self) -> Option<Arc<AccessKey>> {
        let kept = self.kept.load();
        let kept = kept.as_ref().filter(|kept| now() < kept.renew_at)?;
        Some(Arc::clone(&kept.key))
    }

    /// The key to sign with now. While somebody else asks, one that has not ended yet will do.
    pub(super) fn key(&self, patience: &Patience) -> Result<Arc<AccessKey>, NoKey> {
        if let Some(key) = self.key_at_hand() {
            return Ok(key);
        }
        let asked = Instant::now();
        let good = self.key_not_ended();
        if self.is_asked_here() {
            return good.ok_or_else(|| {
                NoKey::new("who is asked for a key must not need one of the same credentials")
            });
        }
        let _turn = match (self.turns.take(TURN, &for_no_longer(patience, good.is_some())), good) {
            (Ok(turn), _) => turn,
            (Err(_), Some(good)) => return Ok(good),
            (Err(cause), None) => return Err(not_awaited(cause)),
        };
        // Whoever had the turn before is likely to have found out.
        if let Some(key) = self.key_at_hand() {
            return Ok(key);
        }
        self.known_since(asked).unwrap_or_else(|| self.fetch(patience))
    }

    /// Another key than this one, which OSS refused. All whose requests were refused with it find the same one.
    pub(super) fn key_instead_of(&self, refused: &AccessKey, patience: &Patience) -> Option<Arc<AccessKey>> {
        let asked = Instant::now();
        let other = |key: &Arc<AccessKey>| !key.is_same(refused);
        let kept = || self.kept.load().as_ref().map(|kept| Arc::clone(&kept.key));
        if let Some(key) = kept().filter(other) {
            return Some(key);
        }
        if self.is_asked_here() {
            return None;
        }
        let _turn = self.turns.take(TURN, patience).ok()?;
        if let Some(key) = kept().filter(other) {
            return Some(key);
        }
        self.known_since(asked).unwrap_or_else(|| self.fetch(patience)).ok().filter(other)
    }

    /// What others found out since then.
    fn known_since(&self, asked: Instant) -> Option<Result<Arc<AccessKey>, NoKey>> {
        if let Some(kept) = self.kept.load().as_ref().filter(|kept| kept.came >= asked) {
            return Some(Ok(Arc::clone(&kept.key)));
        }
        let failed = self.failed.load();
        let failed = failed.as_ref().filter(|failed| failed.came >= asked)?;
        Some(Err(failed.why.clone()))
    }

    /// The key that is kept, if its end is known and has not come.
    fn key_not_ended(&self) -> Option<Arc<AccessKey>> {
        let kept = self.kept.load();
        let kept = kept.as_ref().filter(|kept| left(&kept.key).is_some_and(|left| left > 0))?;
        Some(Arc::clone(&kept.key))
    }

    /// Asks the provider. If it fails, what is kept serves until its end.
    fn fetch(&self, patience: &Patience) -> Result<Arc<AccessKey>, NoKey> {
        match self.ask(patience) {
            Ok(key) => Ok(self.keep(key)),
            Err(why) => self.do_without(why),
        }
    }

    fn ask(&self, patience: &Patience) -> Result<AccessKey, NoKey> {
        if let Some(cause) = patience.end() {
            return Err(not_awaited(cause));
        }
        self.asking.store(Some(Arc::new(thread::current().id())));
        let _asked = Asked(&self.asking);
        self.provider.fetch(patience)
    }

    /// Whether it is the provider, asked on this thread, that asks: it would wait for itself.
    fn is_asked_here(&self) -> bool {
        self.asking.load().as_ref().is_some_and(|asking| **asking == thread::current().id())
    }

    fn keep(&self, key: AccessKey) -> Arc<AccessKey> {
        let key = Arc::new(key);
        // One of which nobody knows how long it is good is asked for every time.
        let renew_at =
            left(&key).map_or(i64::MIN, |left| now().saturating_add(left - MARGIN_MS.min(left / 5)));
        self.kept.store(Some(Arc::new(Kept { key: Arc::clone(&key), came: Instant::now(), renew_at })));
        key
    }

    fn do_without(&self, why: NoKey) -> Result<Arc<AccessKey>, NoKey> {
        // What ended one caller's patience says nothing to others.
        let is_of_the_caller = why.ended().is_some();
        let Some(key) = self.key_not_ended() else {
            if !is_of_the_caller {
                self.failed.store(Some(Arc::new(Failed { why: why.clone(), came: Instant::now() })));
            }
            return Err(why);
        };
        if !is_of_the_caller {
            let renew_at = now() + BACK_OFF_MS.min(left(&key).unwrap_or(0) / 10);
            let came = Instant::now();
            self.kept.store(Some(Arc::new(Kept { key: Arc::clone(&key), came, renew_at })));
        }
        Ok(key)
    }
}

/// The provider was asked, and is no longer.
struct Asked<'a>(&'a ArcSwapOption<ThreadId>);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.store(None);
    }
}

fn not_awaited(cause: Cause) -> NoKey {
    let message = match cause {
        Cause::Cancelled => "cancelled before there was a key to sign with",
        _ => "the deadline passed before there was a key to sign with",
    };
    NoKey::because(cause, message)
}

/// How much longer OSS takes a key, in milliseconds, if that is known.
fn left(key: &AccessKey) -> Option<i64> {
    key.expires_at().map(|end| end.saturating_mul(1000).saturating_sub(now()))
}

/// Keys end by the calendar, so what a suspended machine missed counts.
fn now() -> i64 {
    Clock::default().unix_millis()
}

/// The same patience, or none at all.
fn for_no_longer(patience: &Patience, at_once: bool) -> Patience {
    let timeout = if at_once { Deadline::after(Some(Duration::ZERO)) } else { patience.timeout };
    Patience { timeout, ..patience.clone() }
}
