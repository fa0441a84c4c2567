//! One caller's worth of network: a runtime that runs on the calling thread, and a route to the endpoint with its
//! connections.

use super::cancel::Cancel;
use super::clock::Clock;
use super::deadline::Deadline;
use super::failure::Failure;
use super::on_the_heap::on_the_heap;
use super::outside::Outside;
use super::pace::{self, Pace};
use super::patience::Patience;
use super::rate::{Rate, Turn};
use super::route::Route;
use super::self_wake::SelfWake;
use super::settings::Settings;
use super::shared::Shared;
use super::ticks::{Follower, Ticks};
use super::traffic::{OnItsWay, Traffic};
use super::witness::Witness;
use std::cell::{Cell, Ref, RefCell};
use std::future::{Future, poll_fn};
use std::mem::ManuallyDrop;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// What a call is bound to besides its deadline, and who goes along.
#[derive(Default)]
pub struct Bounds {
    /// Whoever may end it.
    pub cancels: Vec<Cancel>,
    /// How fast it may send, all its requests together.
    pub bytes_per_second: Option<u64>,
    /// The rates that it shares with others.
    pub rates: Vec<Rate>,
    /// Whoever goes along with it.
    pub witness: Option<Box<dyn Witness>>,
}

/// The network as one call has it.
pub struct Lane {
    // Declared before the runtime and so dropped before it: connections live on it.
    pub(super) route: Route,
    runtime: OwnRuntime,
    pub(super) stall_timeout: Duration,
    clock: Clock,
    pub(super) ticks: Ticks,
    pub(super) traffic: Traffic,
    self_wake: Arc<SelfWake>,
    cancels: RefCell<Vec<Cancel>>,
    pace: Cell<Option<Pace>>,
    rates: RefCell<Vec<Rate>>,
    /// Set while there is something to clean up, cancelled or not.
    carries_on: Cell<bool>,
    /// Set while what goes on is to end, though the call is not cancelled.
    cuts_off: Cell<bool>,
    cut_short: Cell<bool>,
    pub(super) outside: Outside,
    witness: RefCell<Option<Box<dyn Witness>>>,
}

/// A runtime that may be dropped while another one runs on the thread, as when a function of the caller's frees a bucket.
/// By itself it would refuse, since it would have to wait for its threads; but it has none.
struct OwnRuntime(ManuallyDrop<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        // SAFETY: it is taken this once, and nobody has it any more.
        unsafe { ManuallyDrop::take(&mut self.0) }.shutdown_background();
    }
}

impl Lane {
    pub(super) fn new(settings: &Arc<Settings>, shared: Arc<Shared>) -> Result<Lane, Failure> {
        let runtime =
            Builder::new_current_thread().enable_io().enable_time().build().map_err(Failure::setup)?;
        let ticks = runtime.block_on(async { Ticks::new() });
        Ok(Lane {
            route: Route::new(Arc::clone(settings), shared)?,
            runtime: OwnRuntime(ManuallyDrop::new(runtime)),
            stall_timeout: settings.stall_timeout,
            clock: settings.clock.clone(),
            ticks,
            traffic: Traffic::default(),
            self_wake: Arc::default(),
            cancels: RefCell::default(),
            pace: Cell::default(),
            rates: RefCell::default(),
            carries_on: Cell::new(false),
            cuts_off: Cell::new(false),
            cut_short: Cell::new(false),
            outside: Outside::default(),
            witness: RefCell::default(),
        })
    }

    pub(super) fn block_on<T>(&self, bounds: Bounds, work: impl AsyncFnOnce(&Lane) -> T) -> T {
        self.begin(bounds);
        // One kind of future for all calls: each of its own would bring all that drives it along, many times over.
        self.drive(on_the_heap(|| work(self)))
    }

    #[inline(never)]
    fn begin(&self, bounds: Bounds) {
        self.carries_on.set(false);
        self.cuts_off.set(false);
        self.cut_short.set(false);
        self.outside.begin();
        self.cancels.replace(bounds.cancels);
        self.pace.set(bounds.bytes_per_second.map(Pace::new));
        self.rates.replace(bounds.rates);
        self.witness.replace(bounds.witness);
        self.traffic.begin();
    }

    fn drive<T>(&self, mut work: Pin<Box<dyn Future<Output = T> + '_>>) -> T {
        loop {
            let result = self.runtime.0.block_on(async {
                let with_ticks = poll_fn(|context| {
                    self.ticks.drive(context);
                    match work.as_mut().poll(context) {
                        Poll::Pending if self.outside.is_wanted() => Poll::Ready(None),
                        poll => poll.map(Some),
                    }
                });
                self.self_wake.run(with_ticks).await
            });
            match result {
                Some(result) => return result,
                None => self.outside.do_all(),
            }
        }
    }

    /// What `work` comes to, which may block, have a runtime of its own, and call this library. The time that it takes counts to
    /// the deadline, and to no other limit.
    pub async fn outside<T>(&self, work: impl FnOnce() -> T + Send + 'static) -> T
    where
        T: Clone + Send + Sync + 'static,
    {
        self.outside.done(work).await
    }

    /// How long what is done outside may take.
    pub fn patience(&self, deadline: Deadline) -> Patience {
        let cancels = if self.carries_on.get() { Vec::new() } else { self.cancels.borrow().clone() };
        Patience { timeout: Deadline::after(None), deadline, cancels }
    }

    /// Does nothing for `time`, or until the call is cancelled.
    pub async fn sleep(&self, time: Duration) {
        if !self.clock.skip(time) {
            // Nothing comes of it either way.
            let _ = self.unless_cancelled(tokio::time::sleep(time)).await;
        }
    }

    /// What time it is.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for the next tick of the heartbeat.
    pub async fn tick(&self) {
        let mut follower = Follower::default();
        poll_fn(|context| self.ticks.poll(&mut follower, context)).await;
    }

    /// What `work` comes to; `None` if the call is cancelled before.
    pub(super) async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut follower = Follower::default();
        poll_fn(|context| {
            if let Poll::Ready(result) = work.as_mut().poll(context) {
                return Poll::Ready(Some(result));
            }
            while self.ticks.poll(&mut follower, context).is_ready() {
                if self.is_cancelled() {
                    return Poll::Ready(None);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Whether the call is to end without doing more.
    pub fn is_cancelled(&self) -> bool {
        self.cuts_off.get() || !self.carries_on.get() && self.cancels.borrow().iter().any(Cancel::has_fired)
    }

    /// Notes that something which was still to be done is not, because the call is cancelled.
    pub fn note_cut_short(&self) {
        self.cut_short.set(true);
    }

    /// Whether something was left undone because the call is cancelled.
    pub fn was_cut_short(&self) -> bool {
        self.cut_short.get()
    }

    /// How much of the call's data the network has.
    pub fn on_its_way(&self) -> OnItsWay {
        self.traffic.now()
    }

    /// Whoever goes along with the call.
    pub fn witness(&self) -> Option<Ref<'_, dyn Witness>> {
        Ref::filter_map(self.witness.borrow(), |witness| witness.as_deref()).ok()
    }

    /// Ends the call as if somebody had fired a cancel that it was given.
    pub fn cancel(&self) {
        let cancel = Cancel::default();
        cancel.fire();
        self.cancels.borrow_mut().push(cancel);
    }

    /// Does `work` whether the call is cancelled or not: what it leaves behind is to be cleaned up.
    pub async fn nevertheless<T>(&self, work: impl Future<Output = T>) -> T {
        let before = self.carries_on.replace(true);
        let result = work.await;
        self.carries_on.set(before);
        result
    }

    /// Has `work` come to its end as if the call were cancelled, which tells what became of its requests.
    pub async fn cut_off<T>(&self, work: impl Future<Output = T>) -> T {
        let before = self.cuts_off.replace(true);
        let result = work.await;
        self.cuts_off.set(before);
        result
    }

    /// When the call may send `bytes`. What has no data, or only cleans up, need not wait for the data that was admitted
    /// before.
    pub(super) fn admit(&self, bytes: u64) -> Admission {
        if bytes == 0 || self.carries_on.get() {
            return Admission::default();
        }
        let pace = self.pace.take().map(|mut pace| {
            let start = pace.admit(bytes);
            self.pace.set(Some(pace));
            start
        });
        Admission { start: pace, turns: self.rates.borrow().iter().map(|rate| rate.queue(bytes)).collect() }
    }

    /// How much to send at once, at the pace and the rates as they are now.
    pub(super) fn gulp(&self) -> usize {
        let rates = self.rates.borrow();
        let rates = rates.iter().map(|rate| pace::gulp(rate.bytes_per_second()));
        rates.chain(self.pace.get().map(Pace::gulp)).min().unwrap_or(usize::MAX)
    }
}

/// What has to come before bytes may be sent.
#[derive(Default)]
pub(super) struct Admission {
    start: Option<Instant>,
    turns: Vec<Turn>,
}

impl Admission {
    /// How long to wait before it is worth another look; not at all once they may be sent.
    pub(super) fn wait(&mut self) -> Duration {
        let turns = self.turns.iter_mut().map(Turn::wait).max().unwrap_or_default();
        let start = self.start.map(|start| start.saturating_duration_since(Instant::now()));
        turns.max(start.unwrap_or_default())
    }
}
