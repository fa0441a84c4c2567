//! An access key in the environment.

use super::key::AccessKey;
use super::surroundings::Surroundings;
use crate::wire::mistake::Mistake;

/// Variables that hold an access key, with the one for the security token: OSS's own come first.
const NAMES: [[&str; 3]; 2] = [
    ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"],
    ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"],
];

/// What there is to be said when it holds none.
pub(super) const NONE: &str = "the environment holds neither OSS_ACCESS_KEY_ID with OSS_ACCESS_KEY_SECRET nor \
                               ALIBABA_CLOUD_ACCESS_KEY_ID with ALIBABA_CLOUD_ACCESS_KEY_SECRET";

/// The key in the environment, if there is one. Half a key is a mistake, and no reason to look for another.
pub(super) fn key(surroundings: &Surroundings) -> Result<Option<AccessKey>, Mistake> {
    for [id, secret, token] in NAMES {
        let (set, missing) = match (surroundings.readable(id)?, surroundings.readable(secret)?) {
            (Some(id), Some(secret)) => {
                return AccessKey::new(id, secret, surroundings.readable(token)?).map(Some);
            }
            (None, None) => continue,
            (Some(_), None) => (id, secret),
            (None, Some(_)) => (secret, id),
        };
        return Err(Mistake::new(format!("{set} is set in the environment, but {missing} is not")));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_in(variables: &[(&str, &str)]) -> Result<Option<AccessKey>, Mistake> {
        let value = |name: &str| variables.iter().find(|(other, _)| *other == name);
        key(&Surroundings::of(|name| value(name).map(|(_, value)| value.as_bytes().to_vec())))
    }

    fn id_in(variables: &[(&str, &str)]) -> Option<String> {
        key_in(variables).unwrap().map(|key| key.identity().access_key_id.to_owned())
    }

    #[test]
    fn keys_of_oss_come_first() {
        let general =
            [("ALIBABA_CLOUD_ACCESS_KEY_ID", "general"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")];
        let own = [("OSS_ACCESS_KEY_ID", " own\n"), ("OSS_ACCESS_KEY_SECRET", "secret")];
        assert_eq!(id_in(&[]), None);
        assert_eq!(id_in(&general).as_deref(), Some("general"));
        assert_eq!(id_in(&[general, own].concat()).as_deref(), Some("own"));
        let empty = [("OSS_ACCESS_KEY_ID", ""), ("OSS_ACCESS_KEY_SECRET", " ")];
        assert_eq!(id_in(&[general, empty].concat()).as_deref(), Some("general"));
    }

    #[test]
    fn what_is_no_text_is_named_and_neither_missing_nor_left_out() {
        let names = ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"];
        for wrong in names {
            let value = |name: &str| match name {
                _ if name == wrong => Some(b"hidden\xff".to_vec()),
                _ => names.contains(&name).then(|| b"hidden".to_vec()),
            };
            let message = key(&Surroundings::of(value)).unwrap_err().to_string();
            assert_eq!(message, format!("{wrong} is set in the environment, but is not valid UTF-8"));
        }
    }

    #[test]
    fn half_a_key_is_a_mistake_that_names_the_other_half() {
        let general =
            [("ALIBABA_CLOUD_ACCESS_KEY_ID", "general"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")];
        for [set, missing] in [
            ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"],
            ["OSS_ACCESS_KEY_SECRET", "OSS_ACCESS_KEY_ID"],
            ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_ID"],
        ] {
            let half = [(set, "hidden")];
            let others: &[(&str, &str)] = if set.starts_with("OSS") { &general } else { &[] };
            let message = key_in(&[&half, others].concat()).unwrap_err().to_string();
            assert_eq!(message, format!("{set} is set in the environment, but {missing} is not"));
        }
    }
}
