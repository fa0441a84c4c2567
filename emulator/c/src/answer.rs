//! `oss_emulator_answer`: what the application server answers.

use crate::convert::{self, give};
use crate::guard;
use crate::handle::{self, Errors, KeepsErrors, attempt, attempt_shared};
use crate::server::oss_emulator;
use crate::status::{Failure, oss_emulator_status};
use emulator::Answer;
use std::ffi::{c_char, c_void};
use std::time::Duration;

/// What the application server answers to a callback.
#[derive(Default)]
pub struct oss_emulator_answer {
    inner: Answer,
    errors: Errors,
}

impl KeepsErrors for oss_emulator_answer {
    fn errors(&self) -> &Errors {
        &self.errors
    }
}

/// Makes an answer: 200 with the JSON {"Status":"OK"}, which is also what is answered as long as none is set.
///
/// @return a handle, to be freed with oss_emulator_answer_free(); never NULL.
///
/// @code
/// oss_emulator *emulator = NULL;
/// oss_emulator_answer *answer = oss_emulator_answer_new();
/// if (oss_emulator_start(NULL, &emulator) != OSS_EMULATOR_STATUS_OK ||
///     oss_emulator_answer_set_status(answer, 502) != OSS_EMULATOR_STATUS_OK ||
///     oss_emulator_answer_once(emulator, answer) != OSS_EMULATOR_STATUS_OK) {
///     printf("%s%s\n", oss_emulator_answer_error(answer), oss_emulator_error(emulator));
/// }
/// oss_emulator_answer_free(answer);
/// oss_emulator_stop(emulator);
/// @endcode
#[unsafe(no_mangle)]
pub extern "C" fn oss_emulator_answer_new() -> *mut oss_emulator_answer {
    give(oss_emulator_answer::default())
}

/// Sets the HTTP status.
///
/// @param answer  not NULL.
/// @param status  from 200 to 599.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_set_status(
    answer: *mut oss_emulator_answer,
    status: i32,
) -> oss_emulator_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        attempt(answer, |answer| {
            let known = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
            answer.inner.status = known.ok_or_else(|| {
                Failure::invalid(format!("status must be from 200 to 599, and is {status}"))
            })?;
            Ok(())
        })
    }
}

/// Sets the body.
///
/// @param answer  not NULL.
/// @param body    may be NULL if `len` is 0; copied.
/// @param len     its length.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_set_body(
    answer: *mut oss_emulator_answer,
    body: *const c_void,
    len: usize,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(answer, |answer| {
            answer.inner.body = convert::bytes(body, len, "body")?.to_vec();
            Ok(())
        })
    }
}

/// Adds a header. A Content-Type takes the place of the one that is there, which is application/json.
///
/// @param answer  not NULL.
/// @param name    not NULL, not empty; copied.
/// @param value   not NULL; copied.
/// @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT for what cannot be in a header, and for those that
///         say how long the answer is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_add_header(
    answer: *mut oss_emulator_answer,
    name: *const c_char,
    value: *const c_char,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt(answer, |answer| {
            let (name, value) = (convert::filled_text(name, "name")?, convert::text(value, "value")?);
            check_header(name, value)?;
            if name.eq_ignore_ascii_case("content-type") {
                answer.inner.content_type = Some(value.to_owned());
            } else {
                answer.inner.headers.push((name.to_owned(), value.to_owned()));
            }
            Ok(())
        })
    }
}

/// The headers that the application server writes by itself.
const FRAMING: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

fn check_header(name: &str, value: &str) -> Result<(), Failure> {
    let in_names = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    if !name.bytes().all(in_names) || value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(Failure::invalid(format!("no header can be {name:?}: {value:?}")));
    }
    if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
        return Err(Failure::invalid(format!("{name} is for the application server to write")));
    }
    Ok(())
}

/// Sets how long the application server waits before it answers.
///
/// @param answer  not NULL.
/// @param ms      at most 600 000 milliseconds.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_set_delay_ms(
    answer: *mut oss_emulator_answer,
    ms: u64,
) -> oss_emulator_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        attempt(answer, |answer| {
            if ms > 600_000 {
                return Err(Failure::invalid(format!("ms must be at most 600000, and is {ms}")));
            }
            answer.inner.delay = Duration::from_millis(ms);
            Ok(())
        })
    }
}

/// Sets whether the application server closes the connection instead of answering.
///
/// @param answer   not NULL.
/// @param hang_up  a flag.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_set_hang_up(
    answer: *mut oss_emulator_answer,
    hang_up: i32,
) -> oss_emulator_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        attempt(answer, |answer| {
            answer.inner.hang_up = hang_up != 0;
            Ok(())
        })
    }
}

/// Says why the last setter failed that did.
///
/// @param answer  may be NULL.
/// @return one line, valid until another call on `answer`; empty if none has failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_error(answer: *const oss_emulator_answer) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { handle::error(answer) }
}

/// Frees an answer. Emulators that have it keep a copy.
///
/// @param answer  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_free(answer: *mut oss_emulator_answer) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(answer) });
}

/// Sets what is answered to callbacks from now on.
///
/// @param emulator  not NULL.
/// @param answer    not NULL; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_set_answer(
    emulator: *mut oss_emulator,
    answer: *const oss_emulator_answer,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            emulator.application.answer(convert::handle(answer, "answer")?.inner.clone());
            Ok(())
        })
    }
}

/// Adds what is answered to one callback, behind what waits already. Then that of oss_emulator_set_answer() follows again.
///
/// @param emulator  not NULL.
/// @param answer    not NULL; copied.
/// @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_emulator_answer_once(
    emulator: *mut oss_emulator,
    answer: *const oss_emulator_answer,
) -> oss_emulator_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        attempt_shared(emulator, |emulator| {
            emulator.application.answer_once(convert::handle(answer, "answer")?.inner.clone());
            Ok(())
        })
    }
}
