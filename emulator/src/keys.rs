//! The access keys that are accepted now. They come and go, as those of a token service do.

use std::sync::{Mutex, PoisonError};

use crate::config::Credential;
use crate::errors::OssError;

/// For so long it is told of a key that it has ended, rather than that there is none.
const REMEMBERED_MS: i64 = 24 * 3600 * 1000;

#[derive(Debug)]
pub(crate) struct Keys(Mutex<Vec<Credential>>);

impl Keys {
    pub fn new(credentials: Vec<Credential>) -> Keys {
        Keys(Mutex::new(credentials))
    }

    /// Accepts a key, in the place of one of the same id. Those that ended more than a day ago are forgotten.
    pub fn add(&self, credential: Credential, now_ms: i64) {
        let is_old = |key: &Credential| {
            key.expires_at_ms.is_some_and(|end| now_ms.saturating_sub(end) > REMEMBERED_MS)
        };
        self.change(|all| {
            all.retain(|other| other.id != credential.id && !is_old(other));
            all.push(credential);
        });
    }

    /// Knows the key no longer.
    pub fn remove(&self, id: &str) {
        self.change(|all| all.retain(|other| other.id != id));
    }

    /// The access key of that id.
    pub fn find(&self, id: &str, now_ms: i64) -> Result<Credential, OssError> {
        let found = self.change(|all| all.iter().find(|credential| credential.id == id).cloned());
        let credential = found.ok_or_else(|| unknown_id(id))?;
        if credential.expires_at_ms.is_some_and(|end| now_ms >= end) {
            return Err(OssError::new(
                403,
                "SecurityTokenExpired",
                "The security token you provided has expired.",
            ));
        }
        Ok(credential)
    }

    fn change<T>(&self, work: impl FnOnce(&mut Vec<Credential>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) fn unknown_id(id: &str) -> OssError {
    OssError::new(
        403,
        "InvalidAccessKeyId",
        "The OSS Access Key Id you provided does not exist in our records.",
    )
    .ec("0002-00000902")
    .detail("OSSAccessKeyId", id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_and_go() {
        let keys = Keys::new(vec![Credential::new("a", "s")]);
        let code = |id, now_ms| keys.find(id, now_ms).map(|key| key.secret).map_err(|error| error.code);
        assert_eq!(code("a", 0), Ok("s".into()));
        keys.add(Credential::temporary("b", "s", "t").expiring_at_ms(1000), 0);
        keys.add(Credential::new("a", "other"), 0);
        assert_eq!((code("a", 0), code("b", 999)), (Ok("other".into()), Ok("s".into())));
        assert_eq!(code("b", 1000), Err("SecurityTokenExpired".into()));
        keys.remove("b");
        assert_eq!(code("b", 0), Err("InvalidAccessKeyId".into()));
    }

    #[test]
    fn keys_that_ended_long_ago_are_forgotten() {
        let keys = Keys::new(vec![Credential::new("forever", "s")]);
        let expiring = |id: &str| Credential::temporary(id, "s", "t").expiring_at_ms(1000);
        let code = |id| keys.find(id, i64::MAX).map(|_| ()).map_err(|error| error.code);
        keys.add(expiring("first"), 0);
        keys.add(expiring("second"), 1000 + REMEMBERED_MS);
        assert_eq!(code("first"), Err("SecurityTokenExpired".into()));
        keys.add(expiring("third"), 1001 + REMEMBERED_MS);
        assert_eq!(code("first"), Err("InvalidAccessKeyId".into()));
        assert_eq!((code("third"), code("forever")), (Err("SecurityTokenExpired".into()), Ok(())));
    }
}
