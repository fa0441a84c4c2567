//! What no message may look like.

/// Ends of sentences where something was put behind them, and joints without anything in between.
const BAD_JOINTS: [&str; 6] = [".;", ".,", ".:", ";;", "; ;", ": :"];

/// What a message says twice in a row, or where it was badly put together.
pub fn blunder(message: &str) -> Option<String> {
    if let Some(joint) = BAD_JOINTS.into_iter().find(|joint| message.contains(joint)) {
        return Some(joint.to_owned());
    }
    let words: Vec<&str> = message.split_whitespace().collect();
    let pairs = (1..=words.len() / 2).flat_map(|length| words.windows(2 * length));
    let mut halves = pairs.map(|pair| pair.split_at(pair.len() / 2));
    halves.find(|(one, other)| one == other).map(|(one, _)| one.join(" "))
}
