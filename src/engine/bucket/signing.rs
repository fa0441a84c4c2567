//! How a bucket's requests are signed.

use super::endpoint::Endpoint;
use super::scope::Scope;
use crate::credentials::AccessKey;
use crate::engine::outcome::{Outcome, Status};
use crate::sign::v4::SigningKey;
use crate::sign::{Identity, Presigned, Request, Signature, v1, v4};
use crate::wire::mistake::Mistake;
use arc_swap::ArcSwapOption;
use std::sync::Arc;

/// How requests are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureVersion {
    /// HMAC-SHA1, closed to new accounts.
    V1,
    /// HMAC-SHA256 over a scope with the region.
    V4,
}

/// The signature that a bucket uses.
pub(crate) enum Signing {
    V1 {
        /// Whether nobody asked for it, and there is no region for V4.
        by_default: bool,
    },
    V4 {
        scope: Scope,
        /// The day's key: to derive it for every request would be most of the work of signing.
        key: ArcSwapOption<DaysKey>,
    },
}

/// The key that signs for one day, and what it was derived from.
pub(crate) struct DaysKey {
    from: Arc<AccessKey>,
    key: SigningKey,
}

impl Signing {
    /// V4 wherever there is a region for it, given or told by the endpoint, unless V1 is asked for.
    pub(super) fn new(
        version: Option<SignatureVersion>,
        region: Option<&str>,
        endpoint: &Endpoint,
    ) -> Result<Signing, Mistake> {
        let product = endpoint.scope().map_or("oss", |scope| scope.product);
        let given = region.map(|region| Scope { region: region.to_owned(), product });
        match (version, given.or_else(|| endpoint.scope().cloned())) {
            (Some(SignatureVersion::V1), _) => Ok(Signing::V1 { by_default: false }),
            (_, Some(scope)) => Ok(Signing::V4 { scope, key: ArcSwapOption::empty() }),
            (Some(SignatureVersion::V4), None) => Err(Mistake::new(
                "signature V4 needs a region, and the endpoint does not tell it; set the region",
            )),
            // New accounts cannot use V1 there.
            (None, None) if endpoint.is_of_oss() => Err(Mistake::new(format!(
                "the host {} does not tell the bucket's region, which requests are signed for; set the region, such as \
                 \"cn-hangzhou\", or signature V1",
                endpoint.base().host_str().unwrap_or_default()
            ))),
            (None, None) => Ok(Signing::V1 { by_default: true }),
        }
    }

    /// What it is bound to.
    pub(super) fn scope(&self) -> Option<&Scope> {
        match self {
            Signing::V1 { .. } => None,
            Signing::V4 { scope, .. } => Some(scope),
        }
    }

    /// The outcome of requests that were signed like this. If OSS refused what was signed with V1 though nobody asked for that,
    /// this may be why.
    pub(super) fn account_for(&self, mut outcome: Outcome) -> Outcome {
        let is_refused = outcome.status == Status::Service && (400..500).contains(&outcome.http_status);
        if is_refused && matches!(self, Signing::V1 { by_default: true }) {
            outcome.add("signed with V1, since no region is known for V4: set the region if OSS refuses V1");
        }
        outcome
    }

    pub(crate) fn is_v4(&self) -> bool {
        matches!(self, Signing::V4 { .. })
    }

    /// Signs a URL that is good for `life_s` seconds from `now` on.
    pub(crate) fn presign(
        &self,
        request: &Request<'_>,
        identity: &Identity<'_>,
        now: i64,
        life_s: u64,
    ) -> Presigned {
        match self {
            Signing::V1 { .. } => {
                let life_s = i64::try_from(life_s).unwrap_or(i64::MAX);
                v1::presign(request, identity, now.saturating_add(life_s))
            }
            Signing::V4 { scope, .. } => v4::presign(request, identity, &scope.as_signed(), now, life_s),
        }
    }

    /// The fields of a form's signature that its policy has to have conditions for.
    pub(crate) fn policy_fields(&self, identity: &Identity<'_>, now: i64) -> Vec<(String, String)> {
        match self {
            Signing::V1 { .. } => v1::policy_fields(identity),
            Signing::V4 { scope, .. } => v4::policy_fields(identity, &scope.as_signed(), now),
        }
    }

    /// Signs the policy of a form, and gives all fields of the signature.
    pub(crate) fn sign_policy(
        &self,
        policy: &str,
        identity: &Identity<'_>,
        now: i64,
    ) -> Vec<(String, String)> {
        match self {
            Signing::V1 { .. } => v1::sign_policy(policy, identity),
            Signing::V4 { scope, .. } => v4::sign_policy(policy, identity, &scope.as_signed(), now),
        }
    }

    /// Signs at the time `now`.
    pub(crate) fn sign(&self, request: &Request<'_>, key: &Arc<AccessKey>, now: i64) -> Signature {
        match self {
            Signing::V1 { .. } => v1::sign(request, &key.identity(), now),
            Signing::V4 { scope, key: kept } => {
                let days_key = days_key(kept, scope, key, now);
                v4::sign(request, &key.identity(), &days_key.key, now)
            }
        }
    }
}

impl Scope {
    fn as_signed(&self) -> v4::Scope<'_> {
        v4::Scope { region: &self.region, product: self.product }
    }
}

fn days_key(kept: &ArcSwapOption<DaysKey>, scope: &Scope, from: &Arc<AccessKey>, now: i64) -> Arc<DaysKey> {
    match kept.load_full() {
        Some(kept) if kept.key.covers(now) && kept.from.is_same(from) => kept,
        _ => {
            let key = SigningKey::new(&from.identity(), &scope.as_signed(), now);
            let days_key = Arc::new(DaysKey { from: Arc::clone(from), key });
            kept.store(Some(Arc::clone(&days_key)));
            days_key
        }
    }
}
