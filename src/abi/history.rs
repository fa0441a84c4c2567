//! The attempts of a call in the form that C has them in.

use super::convert::c_text;
use super::status::oss_status;
use crate::engine::{Attempt, History, Measured, Status, Sum};
use std::ffi::CString;
use std::time::Duration;

/// What a result tells of attempts.
pub(super) struct Attempts {
    pub(super) kept: Vec<Told>,
    pub(super) sum: Sum,
}

/// One attempt, with its texts as C has them.
pub(super) struct Told {
    pub(super) number: u64,
    pub(super) operation: CString,
    pub(super) part_number: u32,
    pub(super) status: oss_status,
    pub(super) http_status: i32,
    pub(super) request_id: CString,
    pub(super) error_code: CString,
    pub(super) address: CString,
    pub(super) reason: CString,
    pub(super) is_counted: bool,
    pub(super) pause: Duration,
    pub(super) measured: Measured,
}

impl From<Option<Box<History>>> for Attempts {
    fn from(history: Option<Box<History>>) -> Attempts {
        let history = history.unwrap_or_default();
        Attempts { kept: history.kept().map(Told::from).collect(), sum: history.sum }
    }
}

impl From<&Attempt> for Told {
    fn from(attempt: &Attempt) -> Told {
        let address = attempt.measured.address.map(|address| address.to_string()).unwrap_or_default();
        Told {
            number: attempt.number,
            operation: c_text(attempt.operation),
            part_number: attempt.part_number,
            status: Status::of(attempt).into(),
            http_status: i32::from(attempt.http_status),
            request_id: c_text(&attempt.request_id),
            error_code: c_text(&attempt.error_code),
            address: c_text(&address),
            reason: c_text(&attempt.origin.reason),
            is_counted: attempt.is_counted,
            pause: attempt.origin.pause,
            measured: attempt.measured.clone(),
        }
    }
}
