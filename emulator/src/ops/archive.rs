//! Objects of classes that have to be restored before they are read. Here nothing is ever restored.

use std::sync::Arc;

use super::context::Context;
use crate::errors::OssError;
use crate::object::Properties;

impl Context<'_> {
    /// A version, or the current one, if it can be read at once.
    pub(super) fn read(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<(Properties, Arc<Vec<u8>>), OssError> {
        let (properties, data) = self.shared.store.read(bucket, key, version)?;
        if matches!(properties.storage_class(), "Archive" | "ColdArchive" | "DeepColdArchive") {
            let message = "The operation is not valid for the object's state";
            return Err(OssError::new(403, "InvalidObjectState", message).detail("ObjectName", key));
        }
        Ok((properties, data))
    }
}
