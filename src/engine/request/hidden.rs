//! Why OSS refused an upload, where a reset hid its answer.
//!
//! OSS may answer before it has read the body, and close: the reset then takes the answer away. A HEAD of the same key meets
//! the same wrong key or clock.

use super::attempts::Attempts;
use super::call::Call;
use super::target::Sent;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::engine::reply::error_of;
use crate::transport::{Cause, Lane, Reply};

/// What a refused HEAD may say of the upload: a key that may write need not be one that may read.
const TELLING: [&str; 8] = [
    "AccessKeyIdAndSecurityTokenNotMatch",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "NoSuchBucket",
    "RequestTimeTooSkewed",
    "SecurityTokenExpired",
    "SignatureDoesNotMatch",
    "UserDisable",
];

impl Bucket {
    /// The end of an upload that was not carried out; `None` if our clock or the key was the reason, so that it is worth
    /// while to send it once more.
    pub(crate) async fn refused_or_failed(
        &self,
        lane: &Lane,
        call: &Call<'_>,
        sent: Sent,
        attempts: &mut Attempts,
    ) -> Option<Outcome> {
        let is_hidden = matches!(&sent, Err(failure) if failure.cause == Cause::Interrupted);
        if is_hidden && let Some(reason) = self.reason_for_refusal(lane, call, attempts).await.ok()? {
            let outcome = Outcome::refused(reason, Stored::No);
            let message = format!(
                "the connection was reset while sending; a HEAD was refused with {}",
                outcome.message
            );
            return Some(outcome.with(Status::Service, message));
        }
        Some(Outcome::without_success(sent, Stored::No))
    }

    async fn reason_for_refusal(
        &self,
        lane: &Lane,
        call: &Call<'_>,
        attempts: &mut Attempts,
    ) -> Result<Option<Reply>, WasPutRight> {
        let mut asking = Attempts::new(self, attempts.deadline());
        let answer = self.head(lane, call.key.unwrap_or_default(), &mut asking).await;
        if attempts.may_follow(lane, call, asking.has_put_right()) {
            return Err(WasPutRight);
        }
        Ok(answer.sent.ok().filter(|reply| TELLING.contains(&error_of(reply).code.as_str())))
    }
}

/// Our clock or the key was the reason. It is right by now.
struct WasPutRight;
