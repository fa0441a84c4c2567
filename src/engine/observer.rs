//! Who is told how a call gets on.

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// How many bytes there are, if that is known.
    pub total: Option<u64>,
    /// How many the system has taken to send, less what is sent again.
    pub sent: u64,
    /// How many of these have been acknowledged on the network.
    pub acknowledged: u64,
    /// How many OSS has said that it has. It only grows.
    pub accepted: u64,
    /// How many parts OSS has.
    pub parts_done: u64,
    /// How many there are; 0 as long as that is not known.
    pub parts: u64,
    /// How many requests have come to their end.
    pub attempts: u64,
    /// How many bytes a second went over the network lately.
    pub rate: u64,
}

/// Whoever wants to know how a call gets on.
pub trait Observer {
    /// Whether it is to be told how far the call is, which takes looks at the network.
    fn wants_progress(&self) -> bool {
        true
    }

    /// How far it is; of deliveries, how many of those that were tried are done, as bytes that were accepted. False ends the call.
    fn progress(&self, progress: &Progress) -> bool;

    /// Something worth a line in a log. False ends the call.
    fn log(&self, line: &str) -> bool;
}
