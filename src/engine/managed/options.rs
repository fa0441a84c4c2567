//! How a managed upload goes about it.

use super::memory::Memory;
use super::part_sizes::PartSizes;
use crate::engine::bucket::Limits;
use crate::engine::object::ObjectOptions;
use crate::engine::outbox::Outbox;
use crate::engine::rules::{LARGEST_PUT, TRAFFIC_LIMITS, check_part_size};
use crate::wire::mistake::Mistake;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DEFAULT_THRESHOLD: u64 = 16 << 20;
const DEFAULT_PARALLEL: u32 = 4;
const MOST_PARALLEL: u32 = 100;

/// The options of a managed upload.
#[derive(Debug, Clone)]
pub struct UploadOptions {
    pub(super) object: ObjectOptions,
    pub(super) part_size: Option<u64>,
    pub(super) threshold: u64,
    pub(super) checkpoint: Option<PathBuf>,
    /// Whether parts stay at OSS when the upload fails, if that is said.
    pub(super) keep_parts: Option<bool>,
    memory: Memory,
    parallel: u32,
    limits: Limits,
    outbox: Option<Arc<Outbox>>,
}

impl Default for UploadOptions {
    fn default() -> UploadOptions {
        UploadOptions {
            object: ObjectOptions::default(),
            part_size: None,
            threshold: DEFAULT_THRESHOLD,
            checkpoint: None,
            keep_parts: None,
            memory: Memory::default(),
            parallel: DEFAULT_PARALLEL,
            limits: Limits::default(),
            outbox: None,
        }
    }
}

impl UploadOptions {
    /// What the object is stored with.
    pub fn set_object_options(&mut self, options: ObjectOptions) {
        self.object = options;
        if self.outbox.is_some() {
            self.object.set_outbox(self.outbox.clone());
        }
    }

    /// Where it is kept on disk that a callback is owed, whatever the object's options say.
    pub fn set_outbox(&mut self, outbox: Option<Arc<Outbox>>) {
        self.outbox.clone_from(&outbox);
        self.object.set_outbox(outbox);
    }

    /// How large a part is; zero leaves it to the library.
    pub fn set_part_size(&mut self, bytes: u64) -> Result<(), Mistake> {
        if bytes > 0 {
            check_part_size(bytes)?;
        }
        self.part_size = Some(bytes).filter(|bytes| *bytes > 0);
        Ok(())
    }

    /// Up to how many bytes a single put is used.
    pub fn set_threshold(&mut self, bytes: u64) -> Result<(), Mistake> {
        if bytes > LARGEST_PUT {
            return Err(Mistake::new(format!(
                "a threshold of {bytes} bytes is more than one put can carry ({LARGEST_PUT})"
            )));
        }
        self.threshold = bytes;
        Ok(())
    }

    /// How many parts are sent at once.
    pub fn set_parallel(&mut self, parts: u32) -> Result<(), Mistake> {
        if !(1..=MOST_PARALLEL).contains(&parts) {
            return Err(Mistake::new(format!("{parts} parallel parts are not from 1 to {MOST_PARALLEL}")));
        }
        self.parallel = parts;
        Ok(())
    }

    /// How much memory the data in hand may take; zero leaves it to the library.
    pub fn set_memory_limit(&mut self, bytes: u64) -> Result<(), Mistake> {
        self.memory = Memory::new(bytes)?;
        Ok(())
    }

    /// The folder for the record from which an upload can be resumed; none without it.
    pub fn set_checkpoint(&mut self, folder: Option<&Path>) -> Result<(), Mistake> {
        if folder.is_some_and(|folder| folder.as_os_str().is_empty()) {
            return Err(Mistake::new("the path of the checkpoint folder is empty"));
        }
        self.checkpoint = folder.map(Path::to_owned);
        Ok(())
    }

    /// Whether parts stay at OSS when the upload fails.
    pub fn set_keep_parts(&mut self, keep: bool) {
        self.keep_parts = Some(keep);
    }

    /// What the call is bound to.
    pub fn limits_mut(&mut self) -> &mut Limits {
        &mut self.limits
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.or(self.object.limits())
    }

    /// How many parts are sent at once, and the traffic limit of each in bits a second. OSS applies the limit to every
    /// request; that all of them together keep to it is for us to see to.
    pub(super) fn shares(&self) -> (usize, Option<u64>) {
        let (parallel, limit) = match self.object.traffic_limit() {
            None => (self.parallel, None),
            Some(whole) => {
                let most = u32::try_from(whole / TRAFFIC_LIMITS.start()).unwrap_or(u32::MAX);
                let parallel = self.parallel.min(most.max(1));
                (parallel, Some(whole / u64::from(parallel)))
            }
        };
        (usize::try_from(parallel).unwrap_or(1), limit)
    }
}

impl UploadOptions {
    /// How data is cut whose parts are held until they are sent.
    pub(super) fn sizes_held(&self, data: Option<u64>) -> Result<PartSizes, Mistake> {
        PartSizes::held(data, self.part_size, self.memory, self.shares().0)
    }

    /// How many parts of this size are held and sent at once.
    pub(super) fn held_at_once(&self, size: u64) -> usize {
        self.shares().0.min(self.memory.parts_held(size))
    }

    /// How many parts are sent at once that are read piece by piece.
    pub(super) fn read_at_once(&self) -> usize {
        self.shares().0.min(self.memory.parts_read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(parallel: u32, limit: Option<u64>) -> (usize, Option<u64>) {
        let mut options = UploadOptions::default();
        options.set_parallel(parallel).unwrap();
        if let Some(limit) = limit {
            options.object.set_traffic_limit(limit).unwrap();
        }
        options.shares()
    }

    #[test]
    fn traffic_limit_holds_for_all_parts_together() {
        assert_eq!(shares(7, None), (7, None));
        assert_eq!(shares(4, Some(4_000_000)), (4, Some(1_000_000)));
        // Each must have the least that OSS accepts, so there are fewer at once.
        assert_eq!(shares(4, Some(600_000)), (2, Some(300_000)));
        assert_eq!(shares(4, Some(245_760)), (1, Some(245_760)));
    }
}
