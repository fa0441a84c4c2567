//! How much is tried: everything in CI, and less where somebody waits for it.

use super::sanitizer::Sanitizer;
use super::tools;

/// Whether everything is tried, as also where a sanitizer looks on. Nobody else asks.
pub fn is_full() -> bool {
    tools::is_ci() || Sanitizer::of_the_library().is_some()
}

/// Whether something is tried that takes long; if not, it is said.
pub fn is_worth(what: &str) -> bool {
    if !is_full() {
        tools::skip(what, "it takes long, and is done with CI=true");
    }
    is_full()
}

/// How many are tried: as many as the variable says, or else a few, of all.
pub fn count(variable: &str, few: u64, all: u64) -> u64 {
    number(variable).unwrap_or(if is_full() { all } else { few })
}

/// All of them, or the first and the last.
pub fn ends<T: Copy>(all: &[T]) -> Vec<T> {
    let few: Vec<T> = all.first().into_iter().chain(all.last()).copied().collect();
    if is_full() { all.to_vec() } else { few }
}

/// The number in a variable of the environment, if it is set.
pub fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, which is no number")))
}
