//! Checks that are made at the same time, since most of what they need time for is waiting.

use std::fmt::Debug;
use std::thread;

/// Makes the check in each of these cases, on a thread that is named after it. A message of a failure begins with that name.
pub fn together<C: Debug + Sync>(cases: &[C], check: impl Fn(&C) + Sync) {
    let check = &check;
    let failed: Vec<&C> = thread::scope(|scope| {
        let start = |case| {
            let thread = thread::Builder::new().name(format!("{case:?}"));
            thread.spawn_scoped(scope, move || check(case)).expect("a thread")
        };
        let running: Vec<_> = cases.iter().map(|case| (case, start(case))).collect();
        let results = running.into_iter().map(|(case, thread)| (case, thread.join()));
        results.filter(|(_, result)| result.is_err()).map(|(case, _)| case).collect()
    });
    assert!(failed.is_empty(), "it does not hold for {failed:?}");
}
