//! Waiting for somebody who is at the same, and may be about to end: as a process that was killed.

use crate::engine::journal;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::transport::{Deadline, Lane};
use std::time::Duration;

/// So long somebody is waited for, and after such pauses it is looked again.
const FOR_ENDING: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// What `take` comes to, which is tried again while somebody else has it.
pub(crate) async fn unless_busy<T>(
    lane: &Lane,
    deadline: Deadline,
    mut take: impl FnMut() -> Result<T, Box<Outcome>>,
) -> Result<T, Box<Outcome>> {
    let began = lane.clock().now();
    loop {
        let taken = take();
        let is_busy = taken.as_ref().is_err_and(|outcome| outcome.status == Status::CheckpointBusy);
        if !is_busy || lane.clock().since(began) >= FOR_ENDING || !deadline.allows(PAUSE) {
            return taken;
        }
        journal::pause(lane, PAUSE).await;
        lane.check(deadline).map_err(|failure| Box::new(Outcome::failed(failure, Stored::No)))?;
    }
}
