//! Whole calls against a model of OSS that keeps the true history.
//!
//! | file | what is in it |
//! |---|---|
//! | `plan.rs`, `fate.rs` | what is drawn: a call, its circumstances, and what befalls each request |
//! | `call.rs`, `reader.rs` | the call, made with the library, and a function that it may upload from |
//! | `world.rs` | OSS during one call: what it does of what is asked, and when |
//! | `server.rs`, `http.rs` | connections: a request is read, meets its fate, and is answered or not |
//! | `protocol.rs` | what a request asks of OSS, and what OSS says |
//! | `answer.rs` | what the client gets to hear: OSS, a stranger, a cache, or nothing |
//! | `store.rs` | what OSS has, and who did what to it when |
//! | `history.rs` | what happened to each request, for the judge and for whoever reads of a failure |
//! | `judge.rs`, `evidence.rs` | whether what the call said is true, and whether it said as much as it could know |

pub mod answer;
pub mod call;
pub mod evidence;
pub mod fate;
pub mod history;
pub mod http;
pub mod judge;
pub mod plan;
pub mod protocol;
pub mod reader;
pub mod server;
pub mod store;
pub mod world;

use call::Ended;
use plan::Plan;
use server::Server;
use std::thread;
use world::World;

/// Makes a call in a world of its own, and lets that come to its end.
pub fn simulate(plan: &Plan) -> (World<'_>, Ended) {
    let world = World::new(plan);
    let server = Server::start(plan.chances.narrow);
    let ended = thread::scope(|scope| {
        scope.spawn(|| server.run(scope, &world));
        let ended = call::make(&world, server.address());
        server.stop();
        ended
    });
    world.end();
    (world, ended)
}

/// Milliseconds since the call began, by the clock that both sides have.
pub type Millis = i64;
