//! Who may do what: whoever has an access key everything, and anybody else what ACLs allow. These allow nobody to set others,
//! nor to remove what a bucket with versions keeps.

use super::context::Context;
use super::copy::Source;
use super::headers::OBJECT_ACL;
use crate::auth::Caller;
use crate::errors::OssError;
use crate::operation::Operation;
use crate::store::{Access, Acl};

impl Context<'_> {
    /// Refuses to whoever has no access key what ACLs do not allow.
    pub(super) fn authorize(&self, caller: Caller) -> Result<(), OssError> {
        if caller == Caller::Owner {
            return Ok(());
        }
        let access = access_of(self.meaning.operation).ok_or_else(needs_a_key)?;
        if let Some((name, _)) = self.meaning.query.iter().find(|(name, _)| name.starts_with("response-")) {
            let message = format!("{name} is not supported for anonymous requests.");
            return Err(OssError::new(400, "InvalidRequest", message).detail("ArgumentName", name));
        }
        let removes_for_good = self.meaning.operation == Operation::DeleteObject && self.version()?.is_some();
        if removes_for_good || self.header(OBJECT_ACL).is_some() {
            return Err(needs_a_key());
        }
        self.check_acl(access, self.bucket()?, self.key()?, self.version()?)?;
        if matches!(self.meaning.operation, Operation::CopyObject | Operation::UploadPartCopy) {
            let source = Source::of(self)?;
            self.check_acl(Access::Read, &source.bucket, &source.key, source.version.as_deref())?;
        }
        Ok(())
    }

    /// The same for a form, which names its key itself, and may give an ACL to the object.
    pub(super) fn authorize_form(
        &self,
        caller: Caller,
        key: &str,
        acl: Option<&str>,
    ) -> Result<(), OssError> {
        match caller {
            Caller::Owner => Ok(()),
            Caller::Anybody if acl.is_some() => Err(needs_a_key()),
            Caller::Anybody => self.check_acl(Access::Write, self.bucket()?, key, None),
        }
    }

    /// An object's own ACL counts before that of its bucket.
    fn check_acl(
        &self,
        access: Access,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<(), OssError> {
        let store = &self.shared.store;
        let of_bucket = store.settings(bucket)?.acl;
        let object = store.properties(bucket, key, version).ok();
        let of_object = object.as_ref().and_then(|object| object.header(OBJECT_ACL)).and_then(Acl::of_name);
        if of_object.unwrap_or(of_bucket).allows(access) {
            return Ok(());
        }
        Err(match of_object {
            Some(_) => OssError::access_denied("You have no right to access this object."),
            None => OssError::access_denied("You have no right to access this object because of bucket acl.")
                .ec("0003-00000001"),
        })
    }
}

fn needs_a_key() -> OssError {
    OssError::access_denied("Anonymous access is forbidden for this operation.").ec("0003-00000001")
}

/// What an operation does to its object, if anybody can be allowed to do it.
fn access_of(operation: Operation) -> Option<Access> {
    match operation {
        Operation::GetObject | Operation::HeadObject | Operation::GetObjectMeta => Some(Access::Read),
        Operation::PutObject
        | Operation::CopyObject
        | Operation::AppendObject
        | Operation::DeleteObject
        | Operation::InitiateMultipartUpload
        | Operation::UploadPart
        | Operation::UploadPartCopy
        | Operation::CompleteMultipartUpload
        | Operation::AbortMultipartUpload => Some(Access::Write),
        _ => None,
    }
}
