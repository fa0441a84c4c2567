//! OSS during one call: what it has, what befalls each request, and what is still to happen.

use super::Millis;
use super::fate::{Answer, Cache, Fate, LONGEST_WORK, Work};
use super::history::{Found, Visit};
use super::http::{Head, Reply};
use super::plan::{Others, Plan, What};
use super::protocol::{self, Clocks, Operation};
use super::store::{Deed, Done, NO_SUCH_KEY, Refusal, Store, Version, Who};
use oss_upload::engine::{Cancel, Clock};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What OSS made of a request, if it made anything at once.
pub type Made = Option<Result<Done, Refusal>>;

/// OSS, and the clock that it shares with the client.
pub struct World<'a> {
    pub plan: &'a Plan,
    pub clock: Clock,
    began: Instant,
    pub clocks: Clocks,
    state: Mutex<State>,
    /// Held for a request until it is carried out, so that the client's time does not run on while the server's stands still.
    pub turn: Mutex<()>,
}

/// What changes.
#[derive(Default)]
pub struct State {
    pub store: Store,
    pub visits: Vec<Visit>,
    /// All that happened, in words.
    pub lines: Vec<(Millis, String)>,
    /// What the key holds when it holds what the call stores.
    pub expected: Vec<u8>,
    /// The reply to the first look-up, for caches.
    pub first_look: Option<Reply>,
    pub process: Option<Process>,
    /// The ids of uploads that the call certainly was told.
    pub known_uploads: BTreeSet<String>,
    /// How many requests belong to an upload of something else: of what the file held before it was rewritten.
    pub before: usize,
    /// How many requests an earlier process sent.
    pub earlier: usize,
    ids: u32,
    /// What is done later, by whom.
    late: Vec<(Millis, Who, Deed)>,
    counts: HashMap<(Operation, u32), u32>,
    /// How many requests stored something or looked.
    of_the_key: usize,
}

/// A process that is to be killed.
pub struct Process {
    pub cancel: Cancel,
    /// Where its record is, and where what that was at the end is copied to.
    pub folder: PathBuf,
    pub copy: PathBuf,
    pub killed: bool,
}

/// A request whose head is there.
pub struct Arrived {
    number: usize,
    pub operation: Operation,
    pub fate: Fate,
}

impl<'a> World<'a> {
    pub fn new(plan: &'a Plan) -> World<'a> {
        let clock = Clock::skipping();
        let now = clock.unix_time();
        let clocks = Clocks { front: now + plan.front_ahead, store: now + plan.store_ahead };
        let mut state = State { expected: plan.data(), ..State::default() };
        state.store.application_answers = plan.callback.unwrap_or(false);
        if let Some(age) = plan.before {
            let data = plan.data_before();
            if plan.what == What::Append {
                state.expected = [data.as_slice(), &state.expected].concat();
            }
            state.store.begin_with(data, plan.what == What::Append, -age);
        }
        World { plan, began: clock.now(), clock, clocks, state: Mutex::new(state), turn: Mutex::default() }
    }

    pub fn now(&self) -> Millis {
        Millis::try_from(self.clock.since(self.began).as_millis()).unwrap()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn note(&self, line: impl Into<String>) {
        let line = (self.now(), line.into());
        self.state().lines.push(line);
    }

    /// A number for a reply of OSS.
    pub fn next_id(&self) -> u32 {
        let state = &mut *self.state();
        state.ids += 1;
        state.ids
    }

    /// Lets all happen that is still to happen.
    pub fn end(&self) {
        self.state().settle(Millis::MAX);
    }

    /// The head of a request is there: what befalls it? Nothing if there is no process any more that could have sent it.
    pub fn meet(&self, head: &Head) -> Option<Arrived> {
        let operation = Operation::of(head)?;
        let part = protocol::part_number(head);
        let in_form = operation == Operation::Form && self.plan.callback.is_some();
        let callback = protocol::asks_for_callback(head) || in_form;
        let state = &mut *self.state();
        if state.process.as_ref().is_some_and(|process| process.killed) {
            return None;
        }
        let nth = state.counts.entry((operation, part)).or_default();
        *nth += 1;
        let fate = self.plan.fate(operation, part, *nth, callback);
        let number = state.visits.len() + 1;
        let fate = state.kill(self.plan, number).unwrap_or(fate);
        let at = self.now();
        state.visits.push(Visit { operation, part, callback, fate, at, end: at, done: None, found: None });
        Some(Arrived { number, operation, fate })
    }

    /// Whether this machine was so slow to read a request that it would be carried out later than OSS does anything. Its client
    /// has cut it off and gone on.
    pub fn is_too_late(&self, arrived: &Arrived) -> bool {
        let at = self.state().visits[arrived.number - 1].at;
        self.now() - at > LONGEST_WORK
    }

    /// The rest of a request never came, or too late.
    pub fn break_off(&self, arrived: &Arrived) {
        let state = &mut *self.state();
        let now = self.now();
        let visit = &mut state.visits[arrived.number - 1];
        visit.fate.read = false;
        visit.end = now;
        let line = format!("#{} {}, which breaks off", arrived.number, visit.line());
        state.lines.push((now, line));
    }

    /// All of the request is there that will be read: it meets its fate.
    pub fn carry_out(&self, arrived: &Arrived, head: &Head, body: Vec<u8>) -> Made {
        let Arrived { number, operation, fate } = *arrived;
        let state = &mut *self.state();
        self.clock.skip(Duration::from_millis(fate.slow.unsigned_abs()));
        let now = self.now();
        state.settle(now);
        let deed = || protocol::deed(operation, head, body);
        let made = if self.clocks.refuse(head, now) {
            Some(Err(protocol::SKEWED))
        } else if fate.work == Work::Broken && protocol::has_digest(head) {
            Some(Err(protocol::INVALID_DIGEST))
        } else {
            state.make(number, now, deed)
        };
        let told = match &made {
            // Where the client waits for a moment only, it may have missed that.
            Some(Ok(Done::Begun(id))) if fate.answer == Answer::Oss && !self.plan.chances.silence => Some(id),
            _ => None,
        };
        state
            .known_uploads
            .extend(told.map(String::as_str).or(head.parameter("uploadId")).map(str::to_owned));
        let found = state.found(&made).filter(|_| state.says_it(fate.answer));
        let visit = &mut state.visits[number - 1];
        visit.end = now;
        visit.found = found;
        visit.done = made.as_ref().map(|made| made.as_ref().map(drop).map_err(|refusal| *refusal));
        let line = format!("#{number} {}", visit.line());
        state.lines.push((now, line));
        state.let_the_other_write(self.plan, operation, now);
        made
    }
}

impl State {
    /// Does what has been put off until now.
    fn settle(&mut self, now: Millis) {
        while let Some(next) = (0..self.late.len()).min_by_key(|index| self.late[*index].0)
            && self.late[next].0 <= now
        {
            let (at, who, deed) = self.late.remove(next);
            let kind = deed.kind();
            let how = match self.store.perform(deed, who, at) {
                Ok(_) => "is done".to_owned(),
                Err(refusal) => format!("is too late: {refusal:?}"),
            };
            self.lines.push((at, format!("{kind} of {who:?} {how}")));
        }
    }

    /// Does what a request asks for, if that is its fate, or puts it off.
    fn make(&mut self, number: usize, now: Millis, deed: impl FnOnce() -> Deed) -> Made {
        let Visit { fate, at, .. } = self.visits[number - 1];
        let who = Who::Call(number);
        match fate.work {
            Work::Never => None,
            Work::Now => Some(self.store.perform(deed(), who, now)),
            Work::Broken => Some(self.store.perform(deed().broken(), who, now)),
            Work::Later(_) => {
                self.late.push((at + fate.latest_work(), who, deed()));
                None
            }
        }
    }

    /// Whether OSS itself answers. A cache that has nothing yet asks it.
    fn says_it(&self, answer: Answer) -> bool {
        answer == Answer::Oss || answer == Answer::Cached(Cache::Repeating) && self.first_look.is_none()
    }

    /// What a look-up finds.
    fn found(&self, made: &Made) -> Option<Found> {
        match made {
            Some(Ok(Done::Found(version))) if self.is_ours(version) => Some(Found::Ours),
            Some(Ok(Done::Found(version))) => Some(Found::Other(version.at)),
            Some(Ok(Done::Removed)) => Some(Found::Removed),
            Some(Err(NO_SUCH_KEY)) => Some(Found::Absent),
            _ => None,
        }
    }

    /// Whether the call stored it, be it broken.
    pub fn is_by_us(&self, version: &Version) -> bool {
        matches!(version.by, Who::Call(number) if number > self.before)
    }

    /// Whether it is what the call was to store.
    pub fn is_ours(&self, version: &Version) -> bool {
        version.by != Who::Other && *version.data == *self.expected
    }

    /// Another process goes on, or begins anew with another content.
    pub fn begin_process(&mut self, plan: &Plan, rewritten: bool) {
        self.earlier = self.visits.len();
        if rewritten {
            self.expected = plan.rewritten_data();
            self.before = self.earlier;
        }
    }

    /// The fate of the request with which the process is killed, which happens now.
    fn kill(&mut self, plan: &Plan, number: usize) -> Option<Fate> {
        let kill = plan.kill.filter(|kill| kill.at == number)?;
        let process = self.process.as_mut()?;
        process.killed = true;
        process.cancel.fire();
        for file in fs::read_dir(&process.folder).into_iter().flatten().flatten() {
            // One that has just been renamed is in the copy under its other name.
            let _ = fs::copy(file.path(), process.copy.join(file.file_name()));
        }
        Some(kill.fate())
    }

    /// Lets the other writer write, if it is time.
    fn let_the_other_write(&mut self, plan: &Plan, operation: Operation, now: Millis) {
        if !operation.creates() && operation != Operation::Look {
            return;
        }
        self.of_the_key += 1;
        if let Some(other) = plan.other.filter(|other| other.after == self.of_the_key) {
            let deed = match other.does {
                Others::Remove => Deed::Remove,
                _ => Deed::Put { data: plan.others_data(), token: None, callback: false },
            };
            self.late.push((now + other.delay, Who::Other, deed));
            self.settle(now);
        }
    }
}
