//! What a call says is what happened: whole calls against a model of OSS, in which anything can befall any request.
//!
//! Each call is a small world of its own. What is called, under which circumstances, and what befalls each request is drawn from
//! a seed. The model keeps the true history, and what the call said is held against that. A call for which the two do not
//! agree is printed with its seed, what was drawn and its history.
//!
//! `OSS_UPLOAD_CALLS` says how many calls are made, `OSS_UPLOAD_BASE_SEED` with which seed they begin, and `OSS_UPLOAD_SEED` lets
//! the one call of that seed be made alone. Time is skipped: both sides have a clock that moves when somebody would wait.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod simulation;
mod support;

use oss_upload::engine::{Status, Stored};
use simulation::history::Visit;
use simulation::plan::Plan;
use simulation::{judge, simulate};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use support::effort;

const FEW: u64 = 2_000;
const CALLS: u64 = 10_000;
const BASE_SEED: u64 = 1;
/// So many calls are told in full.
const TOLD: usize = 3;
/// So many seeds are named for each complaint.
const NAMED: usize = 10;
/// More than the machine has cores: now and then a call waits for a time-out.
const THREADS: usize = 8;

/// What became of the calls.
#[derive(Default)]
struct Tally {
    /// Calls that lost the reply to what may have stored the object, and those of them that could not find out whether it did.
    lost: u64,
    unknown: u64,
    /// The story of each call that said what is not so.
    stories: BTreeMap<u64, String>,
    /// The seeds for each complaint.
    complaints: BTreeMap<String, Vec<u64>>,
}

impl Tally {
    fn of(seeds: Range<u64>) -> Tally {
        let next = AtomicU64::new(seeds.start);
        let tally = Mutex::new(Tally::default());
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let seed = next.fetch_add(1, Ordering::Relaxed)
                        && seed < seeds.end
                    {
                        judge_call(seed, &tally);
                    }
                });
            }
        });
        tally.into_inner().unwrap()
    }

    fn complain(&mut self, seed: u64, complaint: &str) {
        let without_numbers = complaint.replace(|letter: char| letter.is_ascii_digit(), "");
        self.complaints.entry(without_numbers).or_default().push(seed);
    }

    fn print(&self) {
        println!("{} calls lost a reply; of those, {} ended UNKNOWN", self.lost, self.unknown);
        for (seed, story) in self.stories.iter().take(TOLD) {
            println!("\nOSS_UPLOAD_SEED={seed}: {story}");
        }
        for (complaint, seeds) in &self.complaints {
            println!("{} calls: {complaint}: {:?}", seeds.len(), &seeds[..seeds.len().min(NAMED)]);
        }
    }
}

fn judge_call(seed: u64, tally: &Mutex<Tally>) {
    let plan = Plan::draw(seed);
    let (world, ended) = simulate(&plan);
    let state = world.state();
    let complaints = judge::complaints(&plan, &state, &ended);
    let lost = judge::met_a_loss(&state.visits);
    let mut tally = tally.lock().unwrap();
    tally.lost += u64::from(lost);
    tally.unknown += u64::from(lost && ended.outcome.stored == Stored::Unknown);
    complaints.iter().for_each(|complaint| tally.complain(seed, complaint));
    if !complaints.is_empty() {
        let story = judge::story(&plan, &state, &ended.outcome);
        tally.stories.insert(seed, format!("{}\n{story}", complaints.join("; ")));
    }
}

#[test]
fn what_a_call_says_is_what_happened() {
    let base = effort::number("OSS_UPLOAD_BASE_SEED").unwrap_or(BASE_SEED);
    let calls = effort::count("OSS_UPLOAD_CALLS", FEW, CALLS);
    let tally =
        Tally::of(effort::number("OSS_UPLOAD_SEED").map_or(base..base + calls, |seed| seed..seed + 1));
    tally.print();
    assert!(tally.stories.is_empty(), "{} calls said what is not so", tally.stories.len());
    // Whoever knows nothing tells no lies. Where so many replies are lost, most calls still have to find out.
    assert!(tally.lost < 1000 || tally.unknown * 2 < tally.lost, "{} of {}", tally.unknown, tally.lost);
}

#[test]
fn lies_are_found() {
    for seed in 0..300 {
        let plan = Plan::draw(seed);
        let (world, mut ended) = simulate(&plan);
        let state = world.state();
        let stored = state.store.versions.iter().any(|version| state.is_by_us(version));
        let answered = |visit: &Visit| visit.is_answered() && visit.fate.then.is_none();
        let harmless = !plan.chances.silence && state.visits.iter().all(answered);
        let lie = match (stored, harmless) {
            (_, true) => (Status::Network, Stored::Unknown),
            (true, false) => (Status::Network, Stored::No),
            (false, false) => (Status::Ok, Stored::Yes),
        };
        (ended.outcome.status, ended.outcome.stored) = lie;
        let complaints = judge::complaints(&plan, &state, &ended);
        assert!(!complaints.is_empty(), "{lie:?}: {}", judge::story(&plan, &state, &ended.outcome));
    }
}
