//! Ending a call from outside, from any thread or a signal handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that ends every call that it was given to, once it is fired. It stays fired.
///
/// It is looked at whenever a lane's timer ticks. A pipe would wake the call at once, but a handle with a descriptor of
/// its own is more than a legacy host wants to see, and nobody notices a few hundredths of a second.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the calls. It is one store, so a signal handler may do it.
    pub fn fire(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was fired.
    pub fn has_fired(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
