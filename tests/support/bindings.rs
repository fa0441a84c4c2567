//! What packages for other languages have of the library.

use super::header::{self, Item, Kind};
use std::collections::BTreeSet;

/// What no package has a use for, since it does the same with something else.
const NOT_NEEDED: [(&str, &str); 14] = [
    ("oss_put_object", "oss_put_body"),
    ("oss_put_object_with_callback", "oss_put_body"),
    ("oss_put_file_with_callback", "oss_put_body"),
    ("oss_upload_part", "oss_upload_part_body"),
    ("oss_put_options_set_cancel", "oss_bucket_with_limits"),
    ("oss_put_options_set_deadline_ms", "oss_bucket_with_limits"),
    ("oss_upload_options_set_cancel", "oss_bucket_with_limits"),
    ("oss_upload_options_set_deadline_ms", "oss_bucket_with_limits"),
    ("oss_delivery_options_set_cancel", "oss_bucket_with_limits"),
    ("oss_delivery_options_set_deadline_ms", "oss_bucket_with_limits"),
    ("oss_upload_options_set_outbox", "oss_put_options_set_outbox"),
    ("oss_upload_options_set_rate", "oss_put_options_set_rate"),
    ("oss_callback_verify", "oss_callback_verify_request"),
    // There is no finding without a severity.
    ("OSS_SEVERITY_NONE", "OSS_SEVERITY_ERROR"),
];

/// The functions and enumerators that a package's source leaves out although it needs them, or has although it does not: `own`
/// names what only this package does otherwise.
pub fn differences(source: &str, own: &[(&str, &str)]) -> Vec<String> {
    let used: BTreeSet<&str> = header::words(source).collect();
    let not_needed: BTreeSet<&str> = NOT_NEEDED.iter().chain(own).map(|(name, _)| *name).collect();
    let names = header::items().into_iter().flat_map(names_of);
    names.filter(|name| used.contains(name.as_str()) == not_needed.contains(name.as_str())).collect()
}

/// What a program names of something that the header declares.
fn names_of(item: Item) -> Vec<String> {
    match item.kind {
        Kind::Enum(values) => values.into_iter().map(|value| value.name).collect(),
        Kind::Function { .. } => vec![item.name],
        Kind::Handle | Kind::Alias => Vec::new(),
    }
}
