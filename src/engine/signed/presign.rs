//! URLs that others can use without knowing a secret.

use crate::callback::Callback;
use crate::credentials::AccessKey;
use crate::engine::bucket::Bucket;
use crate::engine::object::{ObjectOptions, Trigger};
use crate::engine::outcome::{Outcome, Stored};
use crate::engine::request::{Call, Operation};
use crate::engine::rules::{check_part_number, check_upload_id};
use crate::transport::{Failure, with_thread_data};
use crate::wire::key;
use crate::wire::mistake::Mistake;
use std::sync::Arc;

/// V4 knows no longer life than seven days.
const LONGEST_LIFE_V4: u64 = 7 * 24 * 3600;
/// V1 does; but what outlives a year is a mistake.
const LONGEST_LIFE_V1: u64 = 366 * 24 * 3600;

/// A request that somebody else can make: what to send to which URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// The HTTP method.
    pub method: String,
    /// The URL. Who knows it can use it.
    pub url: String,
    /// Headers that were signed and so have to be sent exactly like this.
    pub headers: Vec<(String, String)>,
    /// The body, if the signature allows one only.
    pub body: Option<String>,
    /// Until when it can be used, in seconds since 1970, if that is known.
    pub expires: Option<i64>,
}

impl Bucket {
    /// For a PutObject. The callback travels in the URL, so there is nothing to add for whoever uses it.
    pub fn presign_put(
        &self,
        key: &str,
        callback: Option<&Callback>,
        options: &ObjectOptions,
        life_s: u64,
    ) -> Result<Presigned, Box<Outcome>> {
        let call = Call::new(Operation::PutObject, key).with_headers(&options.given_headers()?);
        self.presign(call.with_callback_in_query(callback)?, life_s)
    }

    /// For an UploadPart.
    pub fn presign_upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        life_s: u64,
    ) -> Result<Presigned, Box<Outcome>> {
        check_upload_id(upload_id)?;
        check_part_number(number)?;
        let call = Call::new(Operation::UploadPart, key)
            .with_query("partNumber", number.to_string())
            .with_query("uploadId", upload_id);
        self.presign(call, life_s)
    }

    /// For a CompleteMultipartUpload.
    pub fn presign_complete(
        &self,
        key: &str,
        upload_id: &str,
        callback: Option<&Callback>,
        life_s: u64,
    ) -> Result<Presigned, Box<Outcome>> {
        check_upload_id(upload_id)?;
        let call = Call::new(Operation::CompleteMultipartUpload, key).with_query("uploadId", upload_id);
        self.presign(call.with_callback_in_query(callback)?, life_s)
    }

    /// For having OSS call. The MD5 of the body is signed, so that whoever uses the URL can ask for this callback only.
    pub fn presign_trigger_callback(
        &self,
        key: &str,
        callback: &Callback,
        life_s: u64,
    ) -> Result<Presigned, Box<Outcome>> {
        let Trigger { call, body } = Trigger::new(key, callback, &ObjectOptions::default())?;
        Ok(Presigned { body: Some(body), ..self.presign(call, life_s)? })
    }

    /// For a GetObject.
    pub fn presign_get(&self, key: &str, life_s: u64) -> Result<Presigned, Box<Outcome>> {
        self.presign(Call::new(Operation::GetObject, key), life_s)
    }

    fn presign(&self, call: Call<'_>, life_s: u64) -> Result<Presigned, Box<Outcome>> {
        key::check_key(call.key.unwrap_or_default())?;
        self.check_life(life_s)?;
        let access_key = self.key_to_hand_out()?;
        let now = self.time_to_hand_out();
        let method = call.operation.method();
        let request = call.to_sign(self.endpoint.bucket(), &method);
        let signed = self.signing.presign(&request, &access_key.identity(), now, life_s);
        Ok(Presigned {
            method: method.to_string(),
            url: self.endpoint.url(call.key, &signed.query)?.into(),
            headers: call.headers,
            body: None,
            expires: i64::try_from(life_s).ok().and_then(|life| now.checked_add(life)),
        })
    }

    /// The key to sign with what is handed out, asked for within the bucket's limits.
    pub(super) fn key_to_hand_out(&self) -> Result<Arc<AccessKey>, Box<Outcome>> {
        if self.credentials.is_anonymous() {
            return Err(Mistake::new("anonymous credentials sign nothing that could be handed out").into());
        }
        if let Some(key) = self.credentials.key_at_hand() {
            return Ok(key);
        }
        let asked = with_thread_data(|| self.credentials.key(&self.patience())).and_then(|key| {
            key.map_err(|no_key| Failure::unsigned(no_key.ended().cloned(), no_key.message()))
        });
        asked.map_err(|failure| Box::new(Outcome::failed(failure, Stored::No)))
    }

    /// Checks for how long something signed is to be good.
    pub(super) fn check_life(&self, life_s: u64) -> Result<(), Mistake> {
        let longest = if self.signing.is_v4() { LONGEST_LIFE_V4 } else { LONGEST_LIFE_V1 };
        if !(1..=longest).contains(&life_s) {
            return Err(Mistake::new(format!(
                "what is signed cannot be good for {life_s} s, only for 1 to {longest} s"
            )));
        }
        Ok(())
    }
}

impl<'a> Call<'a> {
    fn with_callback_in_query(self, callback: Option<&Callback>) -> Result<Call<'a>, Mistake> {
        let Some(callback) = callback else { return Ok(self) };
        let encoded = callback.encode_with_variables()?;
        let call = self.with_query("callback", encoded.callback);
        Ok(match encoded.variables {
            Some(variables) => call.with_query("callback-var", variables),
            None => call,
        })
    }
}
