//! `oss_finding_list`: what is wrong, or likely to be wrong, with a callback.

use super::bucket::oss_bucket;
use super::callback::oss_callback;
use super::convert::{self, Output, c_text};
use super::guard;
use super::operation::{Refusal, construction};
use super::result::oss_result;
use super::status::oss_status;
use crate::callback::{Finding, Severity};
use crate::engine::Status;
use std::ffi::{CString, c_char};

/// How bad a finding is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_severity {
    /// There is no such finding.
    None = 0,
    /// It works, but likely not as it is meant.
    Warning = 1,
    /// A rule is broken: an upload with this callback is refused.
    Error = 2,
}

/// What was found about a callback, errors first. It never changes, so threads may share it.
pub struct oss_finding_list(Vec<Entry>);

struct Entry {
    severity: oss_severity,
    rule: CString,
    message: CString,
}

impl From<Finding> for Entry {
    fn from(finding: Finding) -> Entry {
        let severity = match finding.severity {
            Severity::Warning => oss_severity::Warning,
            Severity::Error => oss_severity::Error,
        };
        Entry { severity, rule: c_text(finding.rule), message: c_text(&finding.message) }
    }
}

/// Looks for broken rules and likely mistakes in a callback, without sending anything.
///
/// What a setter refused is not part of the callback; it is listed all the same, as "refused". The other findings are:
/// "settings-too-long", "variables-too-long" and "variable-not-set", which are errors; "variable-not-used" and
/// "many-variables"; "private-host", which OSS does not call; "https-without-sni" and "sni-without-https";
/// "encoded-placeholder", "parentheses" and "foreign-placeholder", which OSS does not replace; "unencoded-text" in a form; and
/// "json-as-form", "escaped-twice", "quoted-placeholder" and "not-json" for a body that is no JSON once it is filled in. There
/// may be more in later versions.
///
/// @param callback  not NULL.
/// @param findings  receives the list, to be freed with oss_finding_list_free(), whether there are errors or not; NULL only if
///                  the call itself is wrong; not NULL.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK if there is no error among the findings; OSS_STATUS_INVALID_ARGUMENT if there is, with its message.
///         Does not block: no name is resolved.
///
/// @code
/// oss_finding_list *findings = NULL;
/// oss_result *result = NULL;
/// if (oss_callback_check(callback, &findings, &result) != OSS_STATUS_OK) {
///     fprintf(stderr, "%s\n", oss_result_message(result));
/// }
/// for (size_t i = 0; i < oss_finding_list_count(findings); i++) {
///     oss_severity severity = oss_finding_list_severity(findings, i);
///     fprintf(stderr, "%s: %s\n", severity == OSS_SEVERITY_ERROR ? "error" : "warning",
///             oss_finding_list_message(findings, i));
/// }
/// oss_finding_list_free(findings);
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_callback_check(
    callback: *const oss_callback,
    findings: *mut *mut oss_finding_list,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(findings, "findings")?;
            let callback = convert::handle(callback, "callback")?;
            list(output, callback, callback.inner.findings())
        })
    }
}

/// Looks for the same as oss_callback_check(), and for what is wrong with a callback after uploads to this bucket:
/// "region-without-callbacks" where the bucket's region is known and is not among those for which OSS's documentation promises
/// callbacks.
///
/// @param bucket    not NULL.
/// @param callback  not NULL.
/// @param findings  receives the list, to be freed with oss_finding_list_free(), whether there are errors or not; NULL only if
///                  the call itself is wrong; not NULL.
/// @param result    receives what there is to know about the call; may be NULL.
/// @return as for oss_callback_check().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_bucket_check_callback(
    bucket: *const oss_bucket,
    callback: *const oss_callback,
    findings: *mut *mut oss_finding_list,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        construction(result, || {
            let output = Output::new(findings, "findings")?;
            let bucket = convert::handle(bucket, "bucket")?;
            let callback = convert::handle(callback, "callback")?;
            list(output, callback, bucket.inner.callback_findings(&callback.inner))
        })
    }
}

/// Gives the list of what was found about a callback and of what its setters refused; the first error is that of the call.
fn list(
    output: Output<oss_finding_list>,
    callback: &oss_callback,
    found: Vec<Finding>,
) -> Result<(), Refusal> {
    let error = found.iter().find(|finding| finding.severity == Severity::Error);
    let error = error.map(|finding| Refusal::new(Status::InvalidArgument, finding.message.as_str()));
    let refused = callback.inner.refusals().iter().map(|message| Entry {
        severity: oss_severity::Warning,
        rule: c"refused".to_owned(),
        message: message.clone(),
    });
    output.give(oss_finding_list(found.into_iter().map(Entry::from).chain(refused).collect()));
    error.map_or(Ok(()), Err)
}

/// Counts the findings.
///
/// @param list  may be NULL.
/// @return how many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_finding_list_count(list: *const oss_finding_list) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { list.as_ref() }.map_or(0, |list| list.0.len())
}

/// Says how bad a finding is.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return OSS_SEVERITY_NONE if there is no such finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_finding_list_severity(
    list: *const oss_finding_list,
    index: usize,
) -> oss_severity {
    // SAFETY: the caller passes NULL or a live handle.
    let entry = unsafe { list.as_ref() }.and_then(|list| list.0.get(index));
    entry.map_or(oss_severity::None, |entry| entry.severity)
}

/// Gives the name of what was found, for programs: it stays the same from version to version.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return such as "https-without-sni", valid until the list is freed; empty if there is no such finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_finding_list_rule(list: *const oss_finding_list, index: usize) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let entry = unsafe { list.as_ref() }.and_then(|list| list.0.get(index));
    entry.map_or(c"".as_ptr(), |entry| entry.rule.as_ptr())
}

/// Says in one line, for a human, what was found.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the line, valid until the list is freed; empty if there is no such finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_finding_list_message(
    list: *const oss_finding_list,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    let entry = unsafe { list.as_ref() }.and_then(|list| list.0.get(index));
    entry.map_or(c"".as_ptr(), |entry| entry.message.as_ptr())
}

/// Frees a list.
///
/// @param list  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_finding_list_free(list: *mut oss_finding_list) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(list) });
}
