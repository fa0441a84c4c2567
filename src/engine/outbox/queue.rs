//! What is owed, one after the other.

use super::folder::Outbox;
use super::owed::{Opened, Owed, set_aside};
use crate::engine::outcome::Outcome;
use std::collections::VecDeque;
use std::io;

/// So many names are held at once, however many records there are.
const HELD: usize = 256;

/// A walk through an outbox, from the oldest record to the newest.
#[derive(Debug, Default)]
pub struct Queue {
    /// The name of the last record.
    after: String,
    ahead: VecDeque<String>,
}

impl Queue {
    /// The next record that nobody is at; `None` after the last one, and then it begins anew. What is no record is set aside,
    /// which is worth a line.
    pub fn next(&mut self, outbox: &Outbox, log: &dyn Fn(&str)) -> Result<Option<Owed>, Box<Outcome>> {
        let unusable = |error| outbox.unusable(&error);
        loop {
            let Some(name) = self.ahead.pop_front() else {
                self.ahead = outbox.names(&self.after, HELD).map_err(unusable)?.into();
                if self.ahead.is_empty() {
                    self.after.clear();
                    return Ok(None);
                }
                continue;
            };
            self.after.clone_from(&name);
            match Owed::open(&outbox.folder, &name) {
                Ok(Opened::Owed(owed)) => return Ok(Some(*owed)),
                Ok(Opened::Busy | Opened::Gone) => {}
                Ok(Opened::Unusable(why)) => {
                    let set_aside = match set_aside(&outbox.folder, &name) {
                        Ok(()) => "is set aside".to_owned(),
                        Err(error) => format!("cannot be set aside ({error}) and is passed over"),
                    };
                    log(&format!("{name} in the outbox {set_aside}: {why}"));
                }
                // Nothing is wrong with the record.
                Err(error) if error.kind() == io::ErrorKind::OutOfMemory => return Err(unusable(error)),
                Err(error) => log(&format!("{name} in the outbox is passed over: {error}")),
            }
        }
    }
}
