//! What befalls a request.

use super::Millis;
use super::protocol::Operation;
use fastrand::Rng;

/// OSS is done with all that it does within a minute of its being sent.
pub const LONGEST_WORK: Millis = 55_000;

/// What befalls one request, from its arrival on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fate {
    /// Whether the body is read, and not just the head.
    pub read: bool,
    /// Whether the answer begins, or the server's side ends, before the body is read.
    pub early: bool,
    /// How long it takes, before the work and the answer.
    pub slow: Millis,
    pub work: Work,
    pub answer: Answer,
    /// How the connection ends after a whole reply, if it does.
    pub then: Option<End>,
}

/// Whether OSS does what is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    Never,
    /// Before the answer.
    Now,
    /// The same, with a bit turned over on its way to the disk.
    Broken,
    /// So long after the client has lost the answer.
    Later(Millis),
}

/// What the client gets to hear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Answer {
    /// What OSS says of the work.
    Oss,
    /// The same, broken off in the middle of the body.
    Cut,
    /// The same, where nothing says how long the body is.
    CutUnseen,
    /// An error of OSS's own, with its request id.
    OssError(u16),
    /// The same in a reply that was begun as a success, when nobody knew.
    ErrorIn200,
    /// What a gateway, a portal or another stranger says, without the id.
    Stranger(u16),
    /// A stranger's word that the clock is wrong.
    Liar,
    /// What a cache kept.
    Cached(Cache),
    /// None.
    Nothing(End),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    Closed,
    Reset,
    /// It stays, and nothing comes.
    Silent,
    /// With what is no HTTP.
    Garbage,
}

/// What a cache in front of the bucket answers look-ups with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cache {
    /// What the key was before the call, and an `Age`.
    Aged,
    /// The same, and an `X-Cache` that says so.
    Hit,
    /// The same with nothing but its old `Date`.
    Frozen,
    /// The same with the cache's own `Date`, so that only the request id is old.
    Dated,
    /// The same, and a header of the cache's own that says so.
    DatedHit,
    /// The first look-up's reply once more, `Date` and all.
    Repeating,
}

/// What the drawing of fates depends on.
#[derive(Debug, Clone, Copy)]
pub struct Chances {
    /// How many in a hundred requests come to harm, and how many look-ups.
    pub harm: u32,
    pub harm_to_looks: u32,
    /// Whether silence is among the fates; it takes real time.
    pub silence: bool,
    /// Whether connections take little at a time, so that much of a request is still to be sent when its answer begins.
    pub narrow: bool,
    pub cache: Option<Cache>,
}

pub const FINE: Fate =
    Fate { read: true, early: false, slow: 0, work: Work::Now, answer: Answer::Oss, then: None };

impl Fate {
    pub fn draw(rng: &mut Rng, chances: &Chances, operation: Operation, callback: bool) -> Fate {
        let look = operation == Operation::Look;
        let slow = match slowness(rng) {
            // It may be cut off by the failure of another, and nothing takes OSS a minute from then on.
            slow if operation == Operation::Part => slow.min(LONGEST_WORK),
            slow => slow,
        };
        let harm = if look { chances.harm_to_looks } else { chances.harm };
        if look && let Some(cache) = chances.cache.filter(|_| rng.u32(..100) < 60) {
            return Fate { answer: Answer::Cached(cache), ..FINE };
        }
        if rng.u32(..100) >= harm {
            let then = (rng.u32(..100) < 3).then(|| either(rng, End::Closed, End::Reset));
            return Fate { slow, then, ..FINE };
        }
        // The library waits long for a callback, and for Complete.
        let silence = chances.silence && !callback && operation != Operation::Complete;
        let fate = match operation {
            Operation::Look | Operation::List => of_question(rng, silence),
            Operation::Begin | Operation::Abort => of_other(rng, silence),
            _ if chances.narrow && rng.u32(..100) < 40 => of_early(rng),
            _ => of_creation(rng, silence, operation, callback),
        };
        Fate { slow, ..fate }
    }

    /// Without work that is done later than a minute after the request was sent: nothing takes OSS so long.
    pub fn latest_work(&self) -> Millis {
        match self.work {
            Work::Later(delay) => (self.slow + delay).min(LONGEST_WORK),
            _ => self.slow,
        }
    }
}

/// Most requests are quick; some take so long that a minute passes.
fn slowness(rng: &mut Rng) -> Millis {
    match rng.u32(..20) {
        0..15 => 0,
        15..18 => rng.i64(1..5_000),
        18 => 30_000,
        _ => 61_000,
    }
}

fn either<T>(rng: &mut Rng, one: T, other: T) -> T {
    if rng.bool() { one } else { other }
}

fn work(rng: &mut Rng) -> Work {
    match rng.u32(..3) {
        0 => Work::Never,
        1 => Work::Now,
        _ => Work::Later(rng.i64(0..=5_000)),
    }
}

fn nothing(rng: &mut Rng, silence: bool) -> Answer {
    Answer::Nothing(match rng.u32(..if silence { 20 } else { 7 }) {
        0..3 => End::Closed,
        3..6 => End::Reset,
        6 => End::Garbage,
        _ => End::Silent,
    })
}

fn stranger(rng: &mut Rng) -> Answer {
    const WORDS: [u16; 9] = [200, 203, 204, 403, 404, 500, 502, 503, 504];
    match rng.usize(..WORDS.len() + 1) {
        word if word < WORDS.len() => Answer::Stranger(WORDS[word]),
        _ => Answer::Liar,
    }
}

/// Of what stores something.
fn of_creation(rng: &mut Rng, silence: bool, operation: Operation, callback: bool) -> Fate {
    let undone = |answer| Fate { work: Work::Never, answer, ..FINE };
    match rng.u32(..100) {
        0..8 => {
            let then = Some(either(rng, End::Closed, End::Reset));
            Fate { read: false, then, ..undone(Answer::OssError(either(rng, 403, 409))) }
        }
        8..14 => Fate { read: false, ..undone(Answer::Nothing(either(rng, End::Closed, End::Reset))) },
        14..24 => undone(Answer::OssError(either(rng, 503, 429))),
        24..38 => Fate { work: either(rng, Work::Never, Work::Now), answer: Answer::OssError(500), ..FINE },
        38..46 => Fate { work: work(rng), answer: Answer::OssError(either(rng, 502, 504)), ..FINE },
        46..54 if operation == Operation::Complete => {
            Fate { work: either(rng, Work::Never, Work::Now), answer: Answer::ErrorIn200, ..FINE }
        }
        46..66 => Fate { work: work(rng), answer: stranger(rng), ..FINE },
        66..96 => Fate { work: work(rng), answer: nothing(rng, silence), ..FINE },
        96..98 if callback => Fate { answer: either(rng, Answer::Cut, Answer::CutUnseen), ..FINE },
        _ => Fate { work: Work::Broken, ..FINE },
    }
}

/// Of what stores something, where the server has not waited for all of it.
fn of_early(rng: &mut Rng) -> Fate {
    let (work, answer) = match rng.u32(..10) {
        0..4 => (work(rng), Answer::Nothing(End::Closed)),
        4 => (Work::Never, Answer::OssError(403)),
        5 => (either(rng, Work::Never, Work::Now), Answer::OssError(500)),
        _ => (work(rng), Answer::Stranger([200, 403, 502][rng.usize(..3)])),
    };
    Fate { early: true, work, answer, ..FINE }
}

/// Of a look-up or a list.
fn of_question(rng: &mut Rng, silence: bool) -> Fate {
    let answer = match rng.u32(..10) {
        0..3 => Answer::OssError([403, 500, 503][rng.usize(..3)]),
        3..7 => stranger(rng),
        _ => nothing(rng, silence),
    };
    Fate { answer, ..FINE }
}

/// Of a beginning or an abort.
fn of_other(rng: &mut Rng, silence: bool) -> Fate {
    match rng.u32(..10) {
        0..3 => Fate { work: Work::Never, answer: Answer::OssError(either(rng, 403, 503)), ..FINE },
        3..5 => Fate { work: either(rng, Work::Never, Work::Now), answer: Answer::OssError(500), ..FINE },
        5..7 => Fate { work: work(rng), answer: stranger(rng), ..FINE },
        _ => Fate { work: work(rng), answer: nothing(rng, silence), ..FINE },
    }
}
