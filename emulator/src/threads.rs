//! The threads that serve connections. They are waited for, so that nothing outlives the server.

use std::io;
use std::thread::{self, JoinHandle};

/// Threads whose end is waited for when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Threads(Vec<JoinHandle<()>>);

impl Threads {
    pub fn start(&mut self, name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        for ended in self.0.extract_if(.., |thread| thread.is_finished()) {
            let _ = ended.join();
        }
        self.0.push(thread::Builder::new().name(name).spawn(work)?);
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            // One that panicked has ended as well.
            let _ = thread.join();
        }
    }
}
