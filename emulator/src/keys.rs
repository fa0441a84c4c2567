//! The access keys that are accepted now. They come and go, as those of a token service do.

use std::sync::{Mutex, PoisonError};

use crate::config::Credential;
use crate::errors::OssError;

#[derive(Debug)]
pub(crate) struct Keys(Mutex<Vec<Credential>>);

impl Keys {
    pub fn new(credentials: Vec<Credential>) -> Keys {
        Keys(Mutex::new(credentials))
    }

    /// Accepts a key, in the place of one of the same id.
    pub fn add(&self, credential: Credential) {
        self.change(|all| {
            all.retain(|other| other.id != credential.id);
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
        keys.add(Credential::temporary("b", "s", "t").expiring_at_ms(1000));
        keys.add(Credential::new("a", "other"));
        assert_eq!((code("a", 0), code("b", 999)), (Ok("other".into()), Ok("s".into())));
        assert_eq!(code("b", 1000), Err("SecurityTokenExpired".into()));
        keys.remove("b");
        assert_eq!(code("b", 0), Err("InvalidAccessKeyId".into()));
    }
}
