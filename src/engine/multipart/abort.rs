//! The end of a multipart upload without an object. A part that is on its way meanwhile may arrive afterwards: OSS then has it,
//! and with it the upload, until that is removed once more.

use super::Multipart;
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::request::{Attempts, Operation, Verdict};
use crate::transport::{Deadline, Lane};

impl Multipart {
    /// AbortMultipartUpload: OSS forgets the upload and its parts.
    pub fn abort(&self) -> Outcome {
        self.bucket.run(&self.terms.limits, Stored::No, async |lane: &Lane, deadline: Deadline| {
            let outcome = self.abort_on(lane, deadline).await;
            self.naming_what_may_arrive(lane, outcome)
        })
    }

    pub(crate) async fn abort_on(&self, lane: &Lane, deadline: Deadline) -> Outcome {
        let call = self.call(Operation::AbortMultipartUpload).with_query("uploadId", &self.upload_id);
        let mut attempts = Attempts::new(&self.bucket, deadline);
        let mut answer = self.bucket.ask(lane, &call, &mut attempts).await;
        if answer.verdict == Verdict::Absent && attempts.open().is_some() {
            // The abort whose reply was lost did it.
            answer.verdict = Verdict::Done;
        }
        answer.outcome(Stored::No).after(attempts.made)
    }

    /// The end of an upload that was removed: a part that may arrive yet brings it back.
    pub(crate) fn naming_what_may_arrive(&self, lane: &Lane, outcome: Outcome) -> Outcome {
        match self.parts_may_arrive(lane) {
            true => outcome.leaving(&self.upload_id),
            false => outcome,
        }
    }

    /// Whether a part that was sent may be there later, though it is not now.
    pub(crate) fn parts_may_arrive(&self, lane: &Lane) -> bool {
        self.parts.may_arrive(lane.clock().now())
    }
}
