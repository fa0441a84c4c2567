//! Keys that a command prints.

use super::answer;
use super::key::AccessKey;
use super::provider::{NoKey, Provider};
use crate::transport::{Patience, output_of};
use crate::wire::mistake::Mistake;
use std::time::Duration;

const WHO: &str = "the credentials command";
/// A command that has not ended after this is killed.
const TIME: Duration = Duration::from_secs(15);

/// Runs a command for the key that it prints.
pub struct Process {
    command: String,
}

impl Process {
    /// It is run by a shell, once for each key.
    pub fn new(command: &str) -> Result<Process, Mistake> {
        if command.trim().is_empty() {
            return Err(Mistake::new("the credentials command is empty"));
        }
        if command.contains('\0') {
            return Err(Mistake::new("the credentials command holds a NUL"));
        }
        Ok(Process { command: command.to_owned() })
    }
}

impl Provider for Process {
    fn fetch(&self, patience: &Patience) -> Result<AccessKey, NoKey> {
        let printed = output_of(&self.command, answer::LARGEST, &patience.within(TIME));
        let printed = printed
            .map_err(|failure| NoKey::because(failure.cause, format!("{WHO}: {}", failure.message)))?;
        if let Some(status) = printed.status.filter(|status| !status.success()) {
            return Err(NoKey::new(format!("{WHO} failed: {status}")));
        }
        answer::key(WHO, &answer::document(WHO, &printed.output)?)
    }
}
