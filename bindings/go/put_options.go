package ossupload

// #include "bridge.h"
import "C"

// PutOption says what an object is stored with. Setting a value again replaces it; an empty value takes a header away.
// Each is an [UploadOption] as well.
type PutOption interface {
	UploadOption
	setPut(*call, *C.oss_put_options) C.oss_status
}

type putOption func(*call, *C.oss_put_options) C.oss_status

func (o putOption) setPut(c *call, options *C.oss_put_options) C.oss_status {
	return o(c, options)
}

func (o putOption) addTo(settings *uploadSettings) {
	settings.put = append(settings.put, o)
}

// ACL says who may read and write an object.
type ACL int32

const (
	// ACLDefault is as the bucket says.
	ACLDefault ACL = C.OSS_OBJECT_ACL_DEFAULT
	// ACLPrivate is for the owner alone.
	ACLPrivate ACL = C.OSS_OBJECT_ACL_PRIVATE
	// ACLPublicRead lets anybody read.
	ACLPublicRead ACL = C.OSS_OBJECT_ACL_PUBLIC_READ
	// ACLPublicReadWrite lets anybody read and write.
	ACLPublicReadWrite ACL = C.OSS_OBJECT_ACL_PUBLIC_READ_WRITE
)

// StorageClass says how an object is stored.
type StorageClass int32

const (
	// StorageStandard is for data in use.
	StorageStandard StorageClass = C.OSS_STORAGE_STANDARD
	// StorageIA is for infrequent access.
	StorageIA StorageClass = C.OSS_STORAGE_IA
	// StorageArchive is Archive.
	StorageArchive StorageClass = C.OSS_STORAGE_ARCHIVE
	// StorageColdArchive is ColdArchive.
	StorageColdArchive StorageClass = C.OSS_STORAGE_COLD_ARCHIVE
	// StorageDeepColdArchive is DeepColdArchive.
	StorageDeepColdArchive StorageClass = C.OSS_STORAGE_DEEP_COLD_ARCHIVE
)

// Encryption says how OSS encrypts an object.
type Encryption int32

const (
	// EncryptionAES256 is AES-256 with keys of OSS's.
	EncryptionAES256 Encryption = C.OSS_ENCRYPTION_AES256
	// EncryptionKMS is with keys of the key management service.
	EncryptionKMS Encryption = C.OSS_ENCRYPTION_KMS
	// EncryptionSM4 is SM4 with keys of OSS's.
	EncryptionSM4 Encryption = C.OSS_ENCRYPTION_SM4
	// EncryptionKMSSM4 is SM4 with keys of the key management service.
	EncryptionKMSSM4 Encryption = C.OSS_ENCRYPTION_KMS_SM4
)

// CallbackDelivery says how often OSS may be asked for a callback when its replies are lost.
type CallbackDelivery int32

const (
	// CallbackAtMostOnce is once, unless it is certain that the callback has not run. It is the default.
	CallbackAtMostOnce CallbackDelivery = C.OSS_CALLBACK_AT_MOST_ONCE
	// CallbackAtLeastOnce is until a reply comes, so that the callback may run several times.
	CallbackAtLeastOnce CallbackDelivery = C.OSS_CALLBACK_AT_LEAST_ONCE
)

// WithContentType sets the content type, such as "image/jpeg". By default it is guessed from the key's ending, or else from
// the file's.
func WithContentType(value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_content_type(o, c.text("the content type", value))
	})
}

// WithCacheControl sets the Cache-Control that a download will carry.
func WithCacheControl(value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_cache_control(o, c.text("the cache control", value))
	})
}

// WithContentDisposition sets the Content-Disposition that a download will carry.
func WithContentDisposition(value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_content_disposition(o, c.text("the content disposition", value))
	})
}

// WithContentEncoding sets the Content-Encoding that a download will carry. The data is sent as it is.
func WithContentEncoding(value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_content_encoding(o, c.text("the content encoding", value))
	})
}

// WithContentLanguage sets the Content-Language that a download will carry.
func WithContentLanguage(value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_content_language(o, c.text("the content language", value))
	})
}

// WithExpires sets the Expires that a download will carry, such as "Wed, 08 Jul 2026 16:57:01 GMT".
func WithExpires(value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_expires(o, c.text("the header Expires", value))
	})
}

// WithHeader sets any other header of the request. Those that the library writes itself are refused.
func WithHeader(name, value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_header(o, c.text("the header's name", name), c.text("the header's value", value))
	})
}

// WithMetadata adds user metadata. The name is of a-z, 0-9 and "-", without the "x-oss-meta-" before it.
func WithMetadata(name, value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_add_metadata(o, c.text("the metadata's name", name), c.text("the metadata's value", value))
	})
}

// WithTag adds a tag to the object. There can be ten, each of another key. Key and value consist of letters, digits, blanks and
// + - = . _ : /
func WithTag(key, value string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_add_tag(o, c.text("the tag's key", key), c.text("the tag's value", value))
	})
}

// WithACL sets who may read and write the object.
func WithACL(acl ACL) PutOption {
	return putOption(func(_ *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_acl(o, C.int32_t(acl))
	})
}

// WithStorageClass sets how the object is stored.
func WithStorageClass(class StorageClass) PutOption {
	return putOption(func(_ *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_storage_class(o, C.int32_t(class))
	})
}

// WithEncryption sets how OSS encrypts the object. The key id is one of the key management service's, for EncryptionKMS and
// EncryptionKMSSM4 only; empty for the default key.
func WithEncryption(encryption Encryption, keyID string) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_encryption(o, C.int32_t(encryption), c.optionalText("the id of the encryption key", keyID))
	})
}

// WithForbidOverwrite keeps an object that is there already; the upload then ends with [ErrService] and the error code
// "FileAlreadyExists".
func WithForbidOverwrite() PutOption {
	return putOption(func(_ *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_forbid_overwrite(o, 1)
	})
}

// WithTrafficLimit sets how fast OSS lets the data in, from 245 760 to 838 860 800 bits a second.
func WithTrafficLimit(bitsPerSecond int64) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_traffic_limit(o, c.uint64("a traffic limit", bitsPerSecond))
	})
}

// WithContentMD5 sends the Content-MD5 of the data, for which the data is read once more beforehand. It is not needed for
// integrity: the CRC-64 is always compared.
func WithContentMD5() PutOption {
	return putOption(func(_ *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_content_md5(o, 1)
	})
}

// WithCallbackDelivery sets what is done when the reply to an upload with a callback is lost. With CallbackAtLeastOnce the
// upload is sent again, as one without a callback is, and may replace what another writer stored meanwhile;
// [Result.CallbackRepeats] tells how often the callback may have run before. It has no effect on URLs and forms.
func WithCallbackDelivery(delivery CallbackDelivery) PutOption {
	return putOption(func(_ *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_callback_delivery(o, C.int32_t(delivery))
	})
}

// WithWriteToken stores an object with 128 random bits of the call's own, as metadata under the name
// x-oss-meta-oss-upload-token. By it a look-up after a lost reply tells the object from one with equal bytes that another
// writer stored. It has no effect on appends, nor on URLs and forms.
func WithWriteToken() PutOption {
	return putOption(func(_ *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_write_token(o, 1)
	})
}

// WithPreviousCRC64 says what CRC-64 an object has before [Bucket.Append] appends to it. That saves a request. Other
// operations take no notice of it.
func WithPreviousCRC64(crc64 uint64) PutOption {
	return putOption(func(_ *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_previous_crc64(o, C.uint64_t(crc64))
	})
}

// putOptions lends options; what is wrong with one is a mistake.
func (c *call) putOptions(options []PutOption) *C.oss_put_options {
	if len(options) == 0 {
		return nil
	}
	made := C.oss_put_options_new()
	c.atEnd(func() { C.oss_put_options_free(made) })
	for _, option := range options {
		if option.setPut(c, made) != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_put_options_error(made)))
		}
	}
	return made
}
