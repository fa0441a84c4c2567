//! The operations of OSS.

mod known;
mod table;

pub(crate) use known::is_condition;
pub(crate) use table::{Level, find, is_name, is_stored_header};

/// The operations of OSS that the emulator tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    ListBuckets,
    PutBucket,
    DeleteBucket,
    GetBucketInfo,
    GetBucketLocation,
    GetBucketAcl,
    PutBucketAcl,
    PutBucketCallbackPolicy,
    GetBucketCallbackPolicy,
    DeleteBucketCallbackPolicy,
    PutBucketVersioning,
    GetBucketVersioning,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    ListLiveChannel,
    ListMultipartUploads,
    DeleteMultipleObjects,
    PostObject,
    OptionObject,
    PutObject,
    CopyObject,
    AppendObject,
    GetObject,
    HeadObject,
    GetObjectMeta,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    DeleteObject,
    ProcessObject,
    InitiateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    Unknown,
}

impl Operation {
    /// The name in OSS's documentation.
    pub fn name(self) -> &'static str {
        match self {
            Operation::ListBuckets => "ListBuckets",
            Operation::PutBucket => "PutBucket",
            Operation::DeleteBucket => "DeleteBucket",
            Operation::GetBucketInfo => "GetBucketInfo",
            Operation::GetBucketLocation => "GetBucketLocation",
            Operation::GetBucketAcl => "GetBucketAcl",
            Operation::PutBucketAcl => "PutBucketAcl",
            Operation::PutBucketCallbackPolicy => "PutBucketCallbackPolicy",
            Operation::GetBucketCallbackPolicy => "GetBucketCallbackPolicy",
            Operation::DeleteBucketCallbackPolicy => "DeleteBucketCallbackPolicy",
            Operation::PutBucketVersioning => "PutBucketVersioning",
            Operation::GetBucketVersioning => "GetBucketVersioning",
            Operation::ListObjects => "ListObjects",
            Operation::ListObjectsV2 => "ListObjectsV2",
            Operation::ListObjectVersions => "ListObjectVersions",
            Operation::ListLiveChannel => "ListLiveChannel",
            Operation::ListMultipartUploads => "ListMultipartUploads",
            Operation::DeleteMultipleObjects => "DeleteMultipleObjects",
            Operation::PostObject => "PostObject",
            Operation::OptionObject => "OptionObject",
            Operation::PutObject => "PutObject",
            Operation::CopyObject => "CopyObject",
            Operation::AppendObject => "AppendObject",
            Operation::GetObject => "GetObject",
            Operation::HeadObject => "HeadObject",
            Operation::GetObjectMeta => "GetObjectMeta",
            Operation::GetObjectAcl => "GetObjectAcl",
            Operation::PutObjectAcl => "PutObjectAcl",
            Operation::GetObjectTagging => "GetObjectTagging",
            Operation::PutObjectTagging => "PutObjectTagging",
            Operation::DeleteObjectTagging => "DeleteObjectTagging",
            Operation::DeleteObject => "DeleteObject",
            Operation::ProcessObject => "ProcessObject",
            Operation::InitiateMultipartUpload => "InitiateMultipartUpload",
            Operation::UploadPart => "UploadPart",
            Operation::UploadPartCopy => "UploadPartCopy",
            Operation::CompleteMultipartUpload => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload => "AbortMultipartUpload",
            Operation::ListParts => "ListParts",
            Operation::Unknown => "Unknown",
        }
    }

    /// Whether the request's body is object data rather than a small document.
    pub fn carries_data(self) -> bool {
        matches!(
            self,
            Operation::PutObject | Operation::AppendObject | Operation::UploadPart | Operation::PostObject
        )
    }
}
