//! `oss_credentials_answer`: the key that a function of the caller's gives.

use super::convert;
use super::settable::{self, HasSetters, Settable};
use super::status::oss_status;
use crate::credentials::{AccessKey, NoKey, Patience, Provider};
use crate::wire::mistake::Mistake;
use std::ffi::{c_char, c_void};
use zeroize::Zeroizing;

/// The largest time that is a date: the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// What an oss_credentials_fn answers with. It is there during the call of the function only.
pub struct oss_credentials_answer(Settable<Answer>);

/// What was given so far.
#[derive(Default)]
pub(super) struct Answer {
    id: Zeroizing<String>,
    secret: Zeroizing<String>,
    token: Zeroizing<String>,
    expires_at: Option<i64>,
}

impl HasSetters for oss_credentials_answer {
    type Value = Answer;

    fn settable(&self) -> &Settable<Answer> {
        &self.0
    }

    fn settable_mut(&mut self) -> &mut Settable<Answer> {
        &mut self.0
    }
}

/// Gives the access key to sign with: it sets the answer's id and secret and, for a temporary key, its token and its end.
///
/// It runs during a call that has to sign, on the thread that called (at the end of a thread, on one that stands in for it),
/// and never twice at a time for the same credentials; while it runs, this call waits, and only its deadline goes on. No lock is
/// held meanwhile, and the function may call this library, but with other credentials; it must not free what the call uses.
/// Returns 0, or a number of the caller's own if there is no key: a call that has no other then ends with
/// OSS_STATUS_CREDENTIALS and the number in its message. Nothing may be thrown out of it, and no longjmp() may leave it.
pub type oss_credentials_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, answer: *mut oss_credentials_answer) -> i32>;

/// The caller's function and what it works on.
pub(super) struct FromFunction {
    function: unsafe extern "C" fn(*mut c_void, *mut oss_credentials_answer) -> i32,
    user_data: *mut c_void,
}

// SAFETY: who made the credentials vouched that any thread may call the function with the pointer.
unsafe impl Send for FromFunction {}
// SAFETY: as above; it is called by one at a time.
unsafe impl Sync for FromFunction {}

impl FromFunction {
    pub(super) fn new(function: oss_credentials_fn, user_data: *mut c_void) -> Result<FromFunction, Mistake> {
        let function = function.ok_or_else(|| Mistake::new("function is NULL"))?;
        Ok(FromFunction { function, user_data })
    }
}

impl Provider for FromFunction {
    fn fetch(&self, _: &Patience) -> Result<AccessKey, NoKey> {
        let mut answer = oss_credentials_answer(Settable::default());
        // SAFETY: who made the credentials vouched for the function and its pointer; the answer lives until it returns.
        let failure = unsafe { (self.function)(self.user_data, &raw mut answer) };
        if failure != 0 {
            return Err(NoKey::new(format!("the credentials function failed with {failure}")));
        }
        if let Some(refusal) = answer.0.refusals().last() {
            let refusal = refusal.to_string_lossy();
            return Err(NoKey::new(format!("the credentials function gave what cannot be: {refusal}")));
        }
        let Answer { id, secret, token, expires_at } = &*answer.0;
        let key = AccessKey::new(id, secret, Some(token));
        let key =
            key.map_err(|mistake| NoKey::new(format!("the credentials function gave no key: {mistake}")));
        Ok(key?.expiring(*expires_at))
    }
}

/// # Safety
/// `answer` and `value` are NULL or what the header says of them.
unsafe fn set_text(
    answer: *mut oss_credentials_answer,
    value: *const c_char,
    name: &str,
    place: impl FnOnce(&mut Answer) -> &mut Zeroizing<String>,
) -> oss_status {
    // SAFETY: the caller vouches for both.
    unsafe {
        settable::set(answer, |answer| {
            *place(answer) = Zeroizing::new(convert::text(value, name)?.to_owned());
            Ok(())
        })
    }
}

/// Sets the id of the access key.
///
/// @param answer  the function's own; not NULL.
/// @param id      not NULL; copied. White space around it is cut off. One that begins with "STS." needs a token.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_answer_set_access_key_id(
    answer: *mut oss_credentials_answer,
    id: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_text(answer, id, "id", |answer| &mut answer.id) }
}

/// Sets the secret of the access key.
///
/// @param answer  the function's own; not NULL.
/// @param secret  not NULL; copied, and wiped from memory when no request needs it any more.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_answer_set_access_key_secret(
    answer: *mut oss_credentials_answer,
    secret: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_text(answer, secret, "secret", |answer| &mut answer.secret) }
}

/// Sets the token of a temporary key.
///
/// @param answer  the function's own; not NULL.
/// @param token   not NULL, and empty for a key that has none, which is the default; copied, and wiped as the secret is.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_answer_set_security_token(
    answer: *mut oss_credentials_answer,
    token: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { set_text(answer, token, "token", |answer| &mut answer.token) }
}

/// Sets until when OSS takes the key. A key whose end is known is kept until 5 minutes before it, or for four fifths of its life
/// if that is shorter; one whose end is not known is asked for before every request.
///
/// @param answer        the function's own; not NULL.
/// @param unix_seconds  seconds since 1970.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_credentials_answer_set_expiry(
    answer: *mut oss_credentials_answer,
    unix_seconds: i64,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        settable::set(answer, |answer| {
            if !(1..=LAST_SECOND).contains(&unix_seconds) {
                return Err(Mistake::new(format!("{unix_seconds} is no time in seconds since 1970")));
            }
            answer.expires_at = Some(unix_seconds);
            Ok(())
        })
    }
}
