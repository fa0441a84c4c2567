//! The names of what is in an outbox. That of a record begins with its age, so that the oldest comes first.

const RECORD: &str = ".json";
const BEING_WRITTEN: &str = ".new";
const SET_ASIDE: &str = ".aside";
/// Milliseconds since 1970 have so many digits until the year 2286.
const AGE_DIGITS: usize = 13;

/// The name of a record.
pub(super) fn of_record(began_at: i64, id: &str) -> String {
    format!("{:0AGE_DIGITS$}-{id}{RECORD}", began_at.max(0))
}

/// The id in the name of a record; `None` if it is no record's.
pub(super) fn id_of(name: &str) -> Option<&str> {
    let (age, id) = name.strip_suffix(RECORD)?.split_once('-')?;
    let is_age = age.len() == AGE_DIGITS && age.bytes().all(|byte| byte.is_ascii_digit());
    (is_age && id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

/// The name of what is being written.
pub(super) fn being_written(id: &str) -> String {
    format!("{id}{BEING_WRITTEN}")
}

pub(super) fn is_being_written(name: &str) -> bool {
    name.ends_with(BEING_WRITTEN)
}

/// The name that something gets which is no record.
pub(super) fn set_aside(name: &str) -> String {
    format!("{}{SET_ASIDE}", name.trim_end_matches(RECORD))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_age_and_tell_the_id() {
        let id = "0123456789abcdef0123456789abcdef";
        let (older, newer) = (of_record(999, id), of_record(1_000, id));
        assert!(older < newer);
        assert_eq!(id_of(&newer), Some(id));
        assert_eq!(id_of(&of_record(-1, id)), Some(id));
        for other in [being_written(id), set_aside(&newer), newer.replace('0', "g"), "a.json".to_owned()] {
            assert_eq!(id_of(&other), None, "{other}");
        }
        assert!(is_being_written(&being_written(id)));
    }
}
