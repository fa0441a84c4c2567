//! Keys from wherever Alibaba's own tools would find them, when the environment neither holds one nor names a role.

use super::ecs_role::EcsRole;
use super::key::AccessKey;
use super::profile::Profile;
use super::provider::{NoKey, Provider};
use super::surroundings::Surroundings;
use super::uri::Uri;
use crate::transport::Patience;
use crate::wire::mistake::Mistake;
use std::sync::OnceLock;

/// A profile, else the instance's role, else a URL. What once had a key is not left for another.
pub(super) struct DefaultChain {
    profile: Profile,
    /// Those that can only be tried, in this order.
    others: Vec<Box<dyn Provider>>,
    /// Which of the others it was; none of them for the profile.
    answered: OnceLock<Option<usize>>,
}

impl DefaultChain {
    pub(super) fn new(surroundings: &Surroundings) -> Result<DefaultChain, Mistake> {
        let role = EcsRole::named(surroundings)?.map(|role| Box::new(role) as Box<dyn Provider>);
        let uri = Uri::named(surroundings)?.map(|uri| Box::new(uri) as Box<dyn Provider>);
        Ok(DefaultChain {
            profile: Profile::new(None, None, surroundings.clone()),
            others: role.into_iter().chain(uri).collect(),
            answered: OnceLock::new(),
        })
    }

    fn first(&self, patience: &Patience) -> Result<(Option<usize>, AccessKey), NoKey> {
        // A profile that is there and not whole is no reason to become somebody else.
        if let Some(found) = self.profile.look(patience) {
            return found.map(|key| (None, key));
        }
        let mut reasons = vec![super::environment::NONE.to_owned(), self.profile.none()];
        for (index, provider) in self.others.iter().enumerate() {
            match provider.fetch(patience) {
                Ok(key) => return Ok((Some(index), key)),
                Err(why) if why.ended().is_some() => return Err(why),
                Err(why) => reasons.push(why.message().to_owned()),
            }
        }
        Err(NoKey::new(format!("there is no access key anywhere: {}", reasons.join("; "))))
    }
}

impl Provider for DefaultChain {
    fn fetch(&self, patience: &Patience) -> Result<AccessKey, NoKey> {
        match self.answered.get().map(|other| other.and_then(|index| self.others.get(index))) {
            Some(Some(other)) => other.fetch(patience),
            Some(None) => self.profile.fetch(patience),
            None => {
                let (which, key) = self.first(patience)?;
                // Only the caller whose turn it is asks.
                self.answered.get_or_init(|| which);
                Ok(key)
            }
        }
    }
}
