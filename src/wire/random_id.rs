//! Ids that nobody else has.

use crate::wire::mistake::Mistake;

/// 128 random bits as 32 hexadecimal digits.
pub fn random_id() -> Result<String, Mistake> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)
        .map_err(|error| Mistake::new(format!("the system gives no random bits for an id: {error}")))?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hexadecimal_and_differ() {
        let [first, second] = [(); 2].map(|()| random_id().unwrap());
        assert!(
            first.len() == 32 && first.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "{first}"
        );
        assert_ne!(first, second);
    }
}
