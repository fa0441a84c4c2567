//! Name resolution on short-lived threads: `getaddrinfo` blocks and cannot be interrupted, so a call that runs out of time
//! leaves its thread behind, and it ends by itself.

use super::signals::with_all_signals_blocked;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A resolver that hangs must not fill the process with threads.
const MOST_THREADS: usize = 8;
/// How long an answer serves.
const MEMORY: Duration = Duration::from_secs(5);

/// The addresses of a name, or why there are none.
pub(super) type Found = Result<Arc<[IpAddr]>, Arc<str>>;

/// How many threads are looking up names.
#[derive(Clone, Default)]
pub(super) struct Threads(Arc<AtomicUsize>);

/// The look-ups of a bucket. Whoever wants the same name at the same time waits for the same one, also when whoever began it
/// has given up; and its answer serves for a moment, since the parts of an upload do not all begin at once.
#[derive(Default)]
pub(super) struct LookUps {
    threads: Threads,
    last: Mutex<Option<LookUp>>,
}

struct LookUp {
    host: String,
    began: Instant,
    answer: Shared<BoxFuture<'static, Answer>>,
}

#[derive(Clone)]
struct Answer {
    found: Found,
    at: Instant,
}

impl LookUps {
    /// The addresses of `host`. A look-up that takes longer than `patience` is not waited for by those who come later.
    pub(super) async fn addresses(&self, host: &str, patience: Duration) -> Found {
        self.join_or_begin(host, patience).await.found
    }

    /// Forgets what was found: none of the addresses is of use.
    pub(super) fn forget(&self) {
        self.last().take_if(|last| last.answer.peek().is_some());
    }

    fn join_or_begin(&self, host: &str, patience: Duration) -> Shared<BoxFuture<'static, Answer>> {
        let mut last = self.last();
        if let Some(last) = last.as_ref().filter(|last| last.host == host && last.serves(patience)) {
            return last.answer.clone();
        }
        let answer = look_up(self.threads.clone(), host.to_owned());
        let answer = answer.map(|found| Answer { found, at: Instant::now() }).boxed().shared();
        *last = Some(LookUp { host: host.to_owned(), began: Instant::now(), answer: answer.clone() });
        answer
    }

    fn last(&self) -> MutexGuard<'_, Option<LookUp>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LookUp {
    /// Whether its answer is worth waiting for, or still true. An error is told to those who waited for it, and to no others.
    fn serves(&self, patience: Duration) -> bool {
        match self.answer.peek() {
            Some(answer) => answer.found.is_ok() && answer.at.elapsed() < MEMORY,
            None => self.began.elapsed() < patience,
        }
    }
}

/// One of the threads, until it is dropped.
struct Place(Threads);

impl Threads {
    fn take_place(&self) -> Option<Place> {
        let more = |running: usize| (running < MOST_THREADS).then_some(running + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place(self.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Looks `host` up on a thread of its own.
pub(super) async fn look_up(threads: Threads, host: String) -> Found {
    let Some(place) = threads.take_place() else {
        return Err(format!(
            "{MOST_THREADS} look-ups of names hang already; no more are begun before one of them ends"
        )
        .into());
    };
    let (answer, answered) = oneshot::channel();
    let started = with_all_signals_blocked(|| {
        thread::Builder::new().name("oss-resolve".to_owned()).stack_size(1 << 20).spawn(move || {
            let found = ask_system(&host);
            drop(place);
            // A call that ended meanwhile no longer listens; there is nobody else to tell.
            drop(answer.send(found));
        })
    });
    if let Err(error) = started {
        return Err(format!("no thread can be started for it: {error}").into());
    }
    answered.await.unwrap_or_else(|_| Err("the look-up broke off".into()))
}

fn ask_system(host: &str) -> Found {
    match (host, 0).to_socket_addrs() {
        Ok(found) => Ok(found.map(|address| address.ip()).collect()),
        // The system's words stand behind the standard library's.
        Err(error) => {
            let text = error.to_string();
            Err(text.rsplit(": ").next().unwrap_or(&text).into())
        }
    }
}
