//! What a handle gives out and keeps until its own end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values that stay where they are, as there are pointers to them. Threads may share it.
pub(crate) struct Kept<T>(Mutex<Vec<Arc<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept(Mutex::default())
    }
}

impl<T> Kept<T> {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keep(&self, value: T) -> *const T {
        let value = Arc::new(value);
        let given = Arc::as_ptr(&value);
        self.lock().push(value);
        given
    }

    /// What was kept last.
    pub(crate) fn last(&self) -> Option<Arc<T>> {
        self.lock().last().cloned()
    }
}
