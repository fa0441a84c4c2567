//! What an object is to be stored with.

use crate::engine::bucket::Limits;
use crate::engine::outbox::Outbox;
use crate::engine::request::CallbackDelivery;
use crate::engine::rules::check_traffic_limit;
use crate::wire::mistake::Mistake;
use crate::wire::random_id::random_id;
use crate::wire::{content_type, header};
use std::sync::Arc;

/// Who may read and write an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acl {
    /// As the bucket says.
    Default,
    /// The owner alone.
    Private,
    /// Anybody may read.
    PublicRead,
    /// Anybody may read and write.
    PublicReadWrite,
}

/// How an object is stored, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageClass {
    /// For data in use.
    Standard,
    /// Infrequent access.
    InfrequentAccess,
    /// Archive.
    Archive,
    /// Cold archive.
    ColdArchive,
    /// Deep cold archive.
    DeepColdArchive,
}

/// How OSS encrypts an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// AES-256 with keys of OSS's.
    Aes256,
    /// Keys of the key management service.
    Kms,
    /// Keys of the key management service, data encrypted with SM4.
    KmsSm4,
    /// SM4 with keys of OSS's.
    Sm4,
}

/// Headers of the object, and what else an upload can ask for.
#[derive(Debug, Clone, Default)]
pub struct ObjectOptions {
    headers: Vec<(String, String)>,
    metadata: Vec<(String, String)>,
    tags: Vec<(String, String)>,
    content_md5: bool,
    previous_crc64: Option<u64>,
    callback_delivery: CallbackDelivery,
    write_token: bool,
    outbox: Option<Arc<Outbox>>,
    limits: Limits,
}

const TRAFFIC_LIMIT: &str = "x-oss-traffic-limit";
const CONTENT_MD5: &str = "content-md5";
const CALLBACK_HEADERS: [&str; 2] = ["x-oss-callback", "x-oss-callback-var"];
const FORBID_OVERWRITE: &str = "x-oss-forbid-overwrite";
const TAGGING: &str = "x-oss-tagging";

impl ObjectOptions {
    /// Any header; a later value for the same name replaces the earlier one.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        header::check_name(name, "header")?;
        header::check_value(value, format_args!("the header {name}"))?;
        let lower = name.to_ascii_lowercase();
        if CALLBACK_HEADERS.contains(&lower.as_str()) {
            return Err(Mistake::new(format!(
                "the header {name} cannot be set: a callback is an argument of the call, where OSS makes one; an append \
                 has none, because OSS supports no callback after it"
            )));
        }
        if header::is_owned_by_engine(&lower) {
            return Err(Mistake::new(format!(
                "the header {name} is written by the library; it cannot be set"
            )));
        }
        if let Some(metadata) = lower.strip_prefix("x-oss-meta-") {
            return self.add_metadata(metadata, value);
        }
        if lower == TAGGING {
            header::check_tagging(value)?;
        }
        self.put(&lower, value);
        Ok(())
    }

    /// User metadata, without the `x-oss-meta-` before its name.
    pub fn add_metadata(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        let name = header::check_metadata_name(name)?;
        header::check_value(value, format_args!("the metadata {name}"))?;
        let mut metadata = self.metadata.clone();
        metadata.retain(|(other, _)| *other != name);
        metadata.push((name, value.to_owned()));
        header::check_metadata_total(&metadata)?;
        self.metadata = metadata;
        Ok(())
    }

    /// A tag of the object, which has no other of this key.
    pub fn add_tag(&mut self, key: &str, value: &str) -> Result<(), Mistake> {
        let mut tags = self.tags.clone();
        tags.push((key.to_owned(), value.to_owned()));
        header::tagging(&tags)?;
        self.tags = tags;
        Ok(())
    }

    /// Who may read and write the object.
    pub fn set_acl(&mut self, acl: Acl) {
        let value = match acl {
            Acl::Default => "default",
            Acl::Private => "private",
            Acl::PublicRead => "public-read",
            Acl::PublicReadWrite => "public-read-write",
        };
        self.put("x-oss-object-acl", value);
    }

    /// How the object is stored.
    pub fn set_storage_class(&mut self, class: StorageClass) {
        let value = match class {
            StorageClass::Standard => "Standard",
            StorageClass::InfrequentAccess => "IA",
            StorageClass::Archive => "Archive",
            StorageClass::ColdArchive => "ColdArchive",
            StorageClass::DeepColdArchive => "DeepColdArchive",
        };
        self.put("x-oss-storage-class", value);
    }

    /// How OSS encrypts the object; a key id goes with the key management service only.
    pub fn set_encryption(&mut self, encryption: Encryption, key_id: Option<&str>) -> Result<(), Mistake> {
        let (algorithm, data_encryption) = match encryption {
            Encryption::Aes256 => ("AES256", None),
            Encryption::Kms => ("KMS", None),
            Encryption::KmsSm4 => ("KMS", Some("SM4")),
            Encryption::Sm4 => ("SM4", None),
        };
        if let Some(key_id) = key_id {
            if algorithm != "KMS" {
                return Err(Mistake::new(format!("a key id goes with KMS encryption, not with {algorithm}")));
            }
            header::check_value(key_id, "the encryption key's id")?;
        }
        const PREFIX: &str = "x-oss-server-side-";
        self.headers.retain(|(name, _)| !name.starts_with(PREFIX));
        self.put("x-oss-server-side-encryption", algorithm);
        if let Some(algorithm) = data_encryption {
            self.put("x-oss-server-side-data-encryption", algorithm);
        }
        if let Some(key_id) = key_id {
            self.put("x-oss-server-side-encryption-key-id", key_id);
        }
        Ok(())
    }

    /// Whether an object that is there already stays as it is.
    pub fn set_forbid_overwrite(&mut self, forbid: bool) {
        self.put(FORBID_OVERWRITE, if forbid { "true" } else { "false" });
    }

    /// How fast OSS lets the data in, in bits a second.
    pub fn set_traffic_limit(&mut self, bits_per_second: u64) -> Result<(), Mistake> {
        check_traffic_limit(bits_per_second)?;
        self.put(TRAFFIC_LIMIT, &bits_per_second.to_string());
        Ok(())
    }

    /// The traffic limit in bits a second, if there is one.
    pub(crate) fn traffic_limit(&self) -> Option<u64> {
        let (_, value) = self.headers.iter().find(|(name, _)| name == TRAFFIC_LIMIT)?;
        value.parse().ok()
    }

    /// Whether a Content-MD5 is sent, for which the data is read once more beforehand.
    pub fn set_content_md5(&mut self, wanted: bool) {
        self.content_md5 = wanted;
    }

    /// The CRC-64 of what an object has before something is appended to it.
    pub fn set_previous_crc64(&mut self, crc64: u64) {
        self.previous_crc64 = Some(crc64);
    }

    pub(super) fn previous_crc64(&self) -> Option<u64> {
        self.previous_crc64
    }

    /// How often OSS may be asked to make a callback when its reply is lost.
    pub fn set_callback_delivery(&mut self, delivery: CallbackDelivery) {
        self.callback_delivery = delivery;
    }

    /// Whether the object is stored with a token of the call's, by which it is told from another with equal bytes.
    pub fn set_write_token(&mut self, wanted: bool) {
        self.write_token = wanted;
    }

    /// Where it is kept on disk that a callback is owed. What is stored with one then has a token.
    pub fn set_outbox(&mut self, outbox: Option<Arc<Outbox>>) {
        self.outbox = outbox;
    }

    pub(crate) fn outbox(&self) -> Option<&Arc<Outbox>> {
        self.outbox.as_ref()
    }

    pub(crate) fn callback_delivery(&self) -> CallbackDelivery {
        self.callback_delivery
    }

    /// The token for one call, if it is to have one. So it is if it `may_owe` a callback that is recorded.
    pub(crate) fn new_token(&self, may_owe: bool) -> Result<Option<String>, Mistake> {
        (self.write_token || may_owe && self.outbox.is_some()).then(random_id).transpose()
    }

    /// What the calls are bound to.
    pub fn limits_mut(&mut self) -> &mut Limits {
        &mut self.limits
    }

    fn put(&mut self, name: &str, value: &str) {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn wants_content_md5(&self) -> bool {
        self.content_md5 && !self.headers.iter().any(|(name, _)| name == CONTENT_MD5)
    }

    /// The headers that were asked for, and no others.
    pub(crate) fn given_headers(&self) -> Result<Vec<(String, String)>, Mistake> {
        // OSS takes an empty value for none, and some signers leave such headers out: they are not sent.
        let mut headers: Vec<_> =
            self.headers.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
        for (name, value) in self.metadata.iter().filter(|(_, value)| !value.is_empty()) {
            headers.push((format!("x-oss-meta-{name}"), value.clone()));
        }
        if !self.tags.is_empty() {
            if headers.iter().any(|(name, _)| name == TAGGING) {
                return Err(Mistake::new("the tags are given twice: one by one, and as a header"));
            }
            headers.push((TAGGING.to_owned(), header::tagging(&self.tags)?));
        }
        Ok(headers)
    }

    /// The headers of a request that creates the object `key`. The content type is guessed from the key, or from the
    /// name of the file when the key tells nothing.
    pub(crate) fn headers(
        &self,
        key: &str,
        file_name: Option<&str>,
    ) -> Result<Vec<(String, String)>, Mistake> {
        let mut headers = self.given_headers()?;
        if !headers.iter().any(|(name, _)| name == "content-type") {
            let guess = content_type::guess_by(key, file_name);
            headers.push(("content-type".to_owned(), guess.to_owned()));
        }
        Ok(headers)
    }

    /// Splits the headers of a multipart upload: those that say what the object is go with its beginning, the traffic
    /// limit with each part, and the wish not to overwrite with the beginning and the end.
    pub(crate) fn split_for_multipart(
        &self,
        key: &str,
        file_name: Option<&str>,
    ) -> Result<MultipartHeaders, Mistake> {
        let mut headers = self.headers(key, file_name)?;
        // It would speak of the request that begins the upload, which has no body.
        headers.retain(|(name, _)| name != CONTENT_MD5);
        let (part, begin): (Vec<_>, Vec<_>) =
            headers.into_iter().partition(|(name, _)| name == TRAFFIC_LIMIT);
        let complete = begin.iter().filter(|(name, _)| name == FORBID_OVERWRITE).cloned().collect();
        Ok(MultipartHeaders { begin, part, complete })
    }
}

/// The headers for the requests of a multipart upload.
#[derive(Clone, Default)]
pub(crate) struct MultipartHeaders {
    pub(crate) begin: Vec<(String, String)>,
    pub(crate) part: Vec<(String, String)>,
    pub(crate) complete: Vec<(String, String)>,
}
