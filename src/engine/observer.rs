//! Who is told how a call gets on.

/// Whoever wants to know how a call gets on.
pub trait Observer {
    /// OSS has `accepted` bytes out of `total`, if that is known; of deliveries, so many of those that were tried are done. False
    /// ends the call.
    fn progress(&self, accepted: u64, total: Option<u64>) -> bool;

    /// Something worth a line in a log. False ends the call.
    fn log(&self, line: &str) -> bool;
}
