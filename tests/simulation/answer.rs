//! What the client gets to hear of a request.

use super::fate::{Answer, Cache, End};
use super::http::Reply;
use super::protocol::{self, Operation};
use super::store::{Done, NO_SUCH_KEY, Refusal};
use super::world::{Arrived, Made, World};

/// What is said, and how the connection ends.
pub struct Answered {
    pub bytes: Vec<u8>,
    pub end: Option<End>,
}

/// How old a cached reply is, in milliseconds.
const AGE: i64 = 120_000;
/// A date in the year 2096.
const FAR_AWAY: i64 = 4_000_000_000;

impl Answered {
    /// What is heard of a request of which OSS has made this.
    pub fn new(world: &World<'_>, arrived: &Arrived, made: Made) -> Answered {
        let Arrived { operation, fate, .. } = *arrived;
        let (reply, end) = match fate.answer {
            Answer::Oss => (said_by_oss(world, operation, made), fate.then),
            Answer::Cut => {
                let reply = said_by_oss(world, operation, made);
                let length = Some(reply.body.len() + 10);
                (Reply { length, ..reply }, Some(End::Closed))
            }
            Answer::CutUnseen => {
                let mut reply = said_by_oss(world, operation, made);
                reply.body.truncate(reply.body.len() / 2);
                (Reply { to_the_end: true, ..reply }, Some(End::Closed))
            }
            Answer::OssError(status) => (error(world, status), fate.then),
            Answer::ErrorIn200 => (Reply { status: 200, ..error(world, 500) }, fate.then),
            Answer::Stranger(status) => (said_by_stranger(world, status), fate.then),
            Answer::Liar => (lie(), fate.then),
            Answer::Cached(cache) => (said_by_cache(world, cache, made), fate.then),
            Answer::Nothing(End::Garbage) => {
                return Answered { bytes: b"what?\r\n\r\n".to_vec(), end: Some(End::Garbage) };
            }
            Answer::Nothing(end) => return Answered { bytes: Vec::new(), end: Some(end) },
        };
        Answered { bytes: reply.bytes(operation == Operation::Look), end }
    }
}

/// What all replies of OSS have. No id comes twice.
fn with_id(world: &World<'_>, reply: Reply) -> Reply {
    let id = format!("{:024X}", world.next_id());
    reply.with("Date", world.clocks.date(world.now())).with("x-oss-request-id", id)
}

fn said_by_oss(world: &World<'_>, operation: Operation, made: Made) -> Reply {
    let made = made.unwrap_or(Err(Refusal(500, "InternalError")));
    let reply = protocol::reply(&world.clocks, operation, &made, world.now());
    let reply = with_id(world, reply);
    if operation == Operation::Look && made != Err(protocol::SKEWED) {
        world.state().first_look.get_or_insert_with(|| reply.clone());
    }
    reply
}

/// A login page, an empty success, an error page: nothing that OSS would say.
fn said_by_stranger(world: &World<'_>, status: u16) -> Reply {
    let page =
        Reply::new(status).with("Date", world.clocks.date(world.now())).with("Content-Type", "text/html");
    page.saying("<html>Please log in.</html>")
}

/// That the clock is wrong, according to one that is.
fn lie() -> Reply {
    let document =
        "<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2096-10-02T07:06:40.000Z</ServerTime></Error>";
    Reply::new(403).with("Date", protocol::http_date(FAR_AWAY)).saying(document)
}

/// What a cache kept of a look-up: that of somebody else before the call, or the call's own first one.
fn said_by_cache(world: &World<'_>, cache: Cache, made: Made) -> Reply {
    if cache == Cache::Repeating {
        let first = world.state().first_look.clone();
        return first.unwrap_or_else(|| said_by_oss(world, Operation::Look, made));
    }
    let before = world.state().store.versions.first().filter(|version| version.at < 0).cloned();
    let found = before.map(Done::Found).ok_or(NO_SUCH_KEY);
    let (then, now) = (world.now() - AGE, world.clocks.date(world.now()));
    let kept = protocol::reply(&world.clocks, Operation::Look, &found, then);
    let kept = kept.with("x-oss-request-id", "0");
    match cache {
        Cache::Aged => kept.with("Date", world.clocks.date(then)).with("Age", AGE / 1000),
        Cache::Hit => kept.with("Date", now).with("X-Cache", "HIT TCP_MEM_HIT"),
        Cache::Dated => kept.with("Date", now),
        Cache::DatedHit => kept.with("Date", now).with("X-Cache-Status", "HIT"),
        Cache::Frozen | Cache::Repeating => kept.with("Date", world.clocks.date(-AGE)),
    }
}

/// An error of OSS's own.
fn error(world: &World<'_>, status: u16) -> Reply {
    let code = match status {
        403 => "AccessDenied",
        409 => "Conflict",
        429 => "QpsLimitExceeded",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    with_id(world, world.clocks.error(status, code, world.now()))
}
