//! What is drawn from a seed: a call and its circumstances.

use super::Millis;
use super::fate::{Answer, Cache, Chances, End, FINE, Fate, Work};
use super::protocol::{Operation, SKEW};
use fastrand::Rng;

/// The smallest part that OSS takes, unless it is the last.
pub const PART: usize = 100 << 10;
/// More than the kernels keep between them while nobody reads.
const LARGE: usize = 1 << 20;

/// What is more than connections take at a time that take little.
const MUCH: usize = 16 << 10;

/// How much others store.
pub const OTHERS_SIZE: usize = 40;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Put,
    File,
    Reader,
    Append,
    Parts,
    Managed,
    Resumed,
    Writer,
    Url,
    Form,
}

impl What {
    /// Whether it goes to a URL that somebody signed, where nothing can be looked up.
    pub fn is_signed_by_others(self) -> bool {
        matches!(self, What::Url | What::Form)
    }
}

/// Whether another writer is at the same key, and when.
#[derive(Debug, Clone, Copy)]
pub struct Other {
    /// After how many requests that store or look, and how long after.
    pub after: usize,
    pub delay: Millis,
    pub does: Others,
}

/// What another writer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    StoreTheSame,
    StoreSomethingElse,
    /// It removes what is there. The bucket keeps a mark of that.
    Remove,
}

/// When the process is killed: what its record was then is what the next one finds.
#[derive(Debug, Clone, Copy)]
pub struct Kill {
    /// With which request.
    pub at: usize,
    /// Whether that request is carried out.
    pub work: Work,
    /// How long until the next process.
    pub pause: Millis,
    /// Whether the file is another one then, with the same size and time of modification.
    pub rewritten: bool,
}

impl Kill {
    /// What befalls the request.
    pub fn fate(&self) -> Fate {
        Fate { work: self.work, answer: Answer::Nothing(End::Reset), ..FINE }
    }
}

/// A call and its circumstances.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub what: What,
    pub size: usize,
    /// Whether there is a callback, and whether the application server answers it well.
    pub callback: Option<bool>,
    pub at_least_once: bool,
    pub token: bool,
    /// Whether it is recorded that the callback is owed.
    pub outbox: bool,
    pub attempts: u32,
    pub settling: Millis,
    pub parallel: u32,
    /// How long ago somebody else stored something at the key, if so.
    pub before: Option<Millis>,
    pub other: Option<Other>,
    pub kill: Option<Kill>,
    /// Whether what is uploaded is something else when it is read again, if a function gives it.
    pub fickle: bool,
    /// How many seconds the clock of OSS's front is ahead, and that of its store.
    pub front_ahead: i64,
    pub store_ahead: i64,
    pub chances: Chances,
}

impl Plan {
    pub fn draw(seed: u64) -> Plan {
        let rng = &mut Rng::with_seed(seed);
        let what = what(rng);
        let token = !what.is_signed_by_others() && what != What::Append && rng.u32(..3) == 0;
        let callback = (what != What::Append && rng.u32(..5) < 3).then(|| rng.u32(..8) > 0);
        let front_ahead = ahead(rng);
        let chances = chances(rng);
        Plan {
            seed,
            what,
            size: size(rng, what, front_ahead.abs() > SKEW, chances.narrow),
            callback,
            at_least_once: !what.is_signed_by_others() && rng.u32(..3) == 0,
            token,
            // What is left by a process that is killed is seen where processes are.
            outbox: callback.is_some() && what != What::Resumed && Rng::with_seed(!seed).bool(),
            attempts: rng.u32(1..=3),
            settling: [0, 1_000, 10_000, 10_000, 10_000, 70_000][rng.usize(..6)],
            // Which of two parts comes first is not the seed's to say, so this is rare.
            parallel: if what != What::Resumed && rng.u32(..8) == 0 { 2 } else { 1 },
            before: [None, Some(30_000), Some(3_600_000)][rng.usize(..3)],
            other: (rng.u32(..4) == 0).then(|| other(rng, token)),
            kill: (what == What::Resumed).then(|| kill(rng)),
            fickle: what == What::Reader && rng.bool(),
            front_ahead,
            store_ahead: front_ahead + rng.i64(-8..=8),
            chances,
        }
    }

    /// What befalls the request that is the `nth` of its kind.
    pub fn fate(&self, operation: Operation, part: u32, nth: u32, callback: bool) -> Fate {
        let kind = operation as u64 + (u64::from(part) << 8) + (u64::from(nth) << 32);
        let mut rng = Rng::with_seed(self.seed ^ kind.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Fate::draw(&mut rng, &self.chances, operation, callback)
    }

    /// The bytes of the call.
    pub fn data(&self) -> Vec<u8> {
        noise(self.seed, self.size)
    }

    /// The bytes of the file once it is rewritten, and of a function once it has started over.
    pub fn rewritten_data(&self) -> Vec<u8> {
        noise(self.seed ^ 1, self.size)
    }

    /// What was at the key before the call.
    pub fn data_before(&self) -> Vec<u8> {
        noise(self.seed ^ 2, OTHERS_SIZE)
    }

    /// What the other writer puts there.
    pub fn others_data(&self) -> Vec<u8> {
        let equal = self.other.is_some_and(|other| other.does == Others::StoreTheSame);
        if equal { self.data() } else { noise(self.seed ^ 3, OTHERS_SIZE) }
    }

    /// Whether a callback may be asked for again although one may have run.
    pub fn may_repeat_callback(&self) -> bool {
        self.callback.is_none() || self.at_least_once
    }
}

fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut data = vec![0; size];
    Rng::with_seed(seed).fill(&mut data);
    data
}

fn what(rng: &mut Rng) -> What {
    match rng.u32(..100) {
        0..32 => What::Put,
        32..38 => What::File,
        38..42 => What::Reader,
        42..54 => What::Append,
        54..62 => What::Parts,
        62..70 => What::Managed,
        70..78 => What::Resumed,
        78..84 => What::Writer,
        84..92 => What::Url,
        _ => What::Form,
    }
}

/// Large is rare, but where the clock is wrong: there an early refusal that is hidden by a reset matters.
fn size(rng: &mut Rng, what: What, skewed: bool, narrow: bool) -> usize {
    match what {
        What::Put | What::File | What::Reader | What::Append | What::Url | What::Form if narrow => {
            MUCH * [1, 2, 3, 4, 16][rng.usize(..5)] + rng.usize(..MUCH)
        }
        What::Put | What::Url if rng.u32(..100) < if skewed { 30 } else { 1 } => LARGE,
        What::Parts | What::Resumed => PART + rng.usize(1..100),
        What::Managed | What::Writer if rng.u32(..3) > 0 => PART + rng.usize(1..100),
        _ => rng.usize(1..100),
    }
}

fn ahead(rng: &mut Rng) -> i64 {
    match rng.u32(..30) {
        0 => 7_200,
        1 => -7_200,
        _ => rng.i64(-5..=5),
    }
}

fn other(rng: &mut Rng, may_be_equal: bool) -> Other {
    let (after, delay) = (rng.usize(1..4), rng.i64(0..3) * 1_500);
    let does = match rng.u32(..6) {
        0 => Others::Remove,
        1..4 if may_be_equal => Others::StoreTheSame,
        _ => Others::StoreSomethingElse,
    };
    Other { after, delay, does }
}

fn kill(rng: &mut Rng) -> Kill {
    Kill {
        at: [2, 3, 4, 4, 4, 5][rng.usize(..6)],
        work: [Work::Never, Work::Now, Work::Later(2_000)][rng.usize(..3)],
        pause: [0, 5_000, 30_000, 61_000, 600_000][rng.usize(..5)],
        rewritten: rng.u32(..4) == 0,
    }
}

fn chances(rng: &mut Rng) -> Chances {
    use Cache::{Aged, Dated, DatedHit, Frozen, Hit, Repeating};
    let caches = [Aged, Hit, Frozen, Dated, DatedHit, Repeating];
    let silence = rng.u32(..12) == 0;
    Chances {
        harm: rng.u32(20..90),
        harm_to_looks: [0, 0, 30, 60][rng.usize(..4)],
        silence,
        narrow: !silence && rng.u32(..8) == 0,
        cache: (rng.u32(..7) == 0).then(|| caches[rng.usize(..caches.len())]),
    }
}
