//! The keys that requests are signed with, which may have to be asked for in the middle of a call.

use crate::credentials::{AccessKey, Credentials, NoKey};
use crate::engine::journal;
use crate::engine::log::Level;
use crate::transport::{Deadline, Failure, Lane};
use std::sync::Arc;
use std::time::Instant;

/// The key of this moment; `None` if requests go out unsigned.
pub(super) async fn key_to_sign(
    credentials: &Arc<Credentials>,
    lane: &Lane,
    deadline: Deadline,
) -> Result<Option<Arc<AccessKey>>, Failure> {
    if credentials.is_anonymous() {
        return Ok(None);
    }
    if let Some(key) = credentials.key_at_hand() {
        return Ok(Some(key));
    }
    let (credentials, patience) = (Arc::clone(credentials), lane.patience(deadline));
    journal::log(lane, Level::Info, || "asking the credentials for a key".to_owned());
    let began = lane.clock().now();
    let key = lane.outside(move || credentials.key(&patience)).await;
    log_end(lane, began, key.as_ref().err().map(NoKey::message));
    key.map(Some).map_err(|no_key| Failure::unsigned(no_key.ended().cloned(), no_key.message()))
}

/// The key that there is instead of one that OSS refused, if there is another.
pub(super) async fn key_instead_of(
    credentials: &Arc<Credentials>,
    refused: &Arc<AccessKey>,
    lane: &Lane,
    deadline: Deadline,
) -> Option<Arc<AccessKey>> {
    let (credentials, refused) = (Arc::clone(credentials), Arc::clone(refused));
    let patience = lane.patience(deadline);
    journal::log(lane, Level::Info, || {
        "asking the credentials for a key instead of one that was refused".to_owned()
    });
    let began = lane.clock().now();
    let key = lane.outside(move || credentials.key_instead_of(&refused, &patience)).await;
    log_end(lane, began, key.is_none().then_some("there is no other"));
    key
}

/// Says how the asking for a key that `began` then has ended, and why without one.
fn log_end(lane: &Lane, began: Instant, why: Option<&str>) {
    let level = if why.is_none() { Level::Info } else { Level::Warning };
    journal::log(lane, level, || {
        let took = journal::in_ms(lane.clock().since(began));
        match why {
            None => format!("got a key after {took}"),
            Some(why) => format!("got no key after {took}: {why}"),
        }
    });
}
