package ossupload

// #include "bridge.h"
import "C"

import "time"

// BucketOption says how a bucket, or a URL or form that was signed, is reached.
type BucketOption func(*call, *C.oss_bucket_options) C.oss_status

// SignatureVersion is a way to sign a request.
type SignatureVersion int32

const (
	// SignatureV1 is HMAC-SHA1. OSS no longer offers it to new accounts.
	SignatureV1 SignatureVersion = C.OSS_SIGNATURE_VERSION_V1
	// SignatureV4 is HMAC-SHA256, bound to a region.
	SignatureV4 SignatureVersion = C.OSS_SIGNATURE_VERSION_V4
)

// Addressing is a place where a bucket's name can stand in a URL. An IP address always has the bucket in the path.
type Addressing int32

const (
	// AddressingAuto is in the path for an IP address or "localhost", before the host otherwise.
	AddressingAuto Addressing = C.OSS_ADDRESSING_AUTO
	// AddressingVirtual is before the host: bucket.endpoint/key.
	AddressingVirtual Addressing = C.OSS_ADDRESSING_VIRTUAL
	// AddressingPath is in the path: endpoint/bucket/key. Public OSS refuses it.
	AddressingPath Addressing = C.OSS_ADDRESSING_PATH
	// AddressingCNAME is nowhere: the endpoint is a domain of the bucket's own.
	AddressingCNAME Addressing = C.OSS_ADDRESSING_CNAME
)

// WithRegion sets the region for V4 signatures, such as "cn-hangzhou". It need not be set for an endpoint whose name tells
// it, as most of aliyuncs.com do.
func WithRegion(region string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_region(o, c.text("the region", region))
	}
}

// WithSignatureVersion sets the signature. By default it is V4 if the region is given or the endpoint tells it, and V1
// otherwise; but [NewBucket] refuses an endpoint of aliyuncs.com that tells no region.
func WithSignatureVersion(version SignatureVersion) BucketOption {
	return func(_ *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_signature_version(o, C.int32_t(version))
	}
}

// WithAddressing sets where the bucket's name stands in a URL. The default is AddressingAuto.
func WithAddressing(addressing Addressing) BucketOption {
	return func(_ *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_addressing(o, C.int32_t(addressing))
	}
}

// WithConnectTimeout sets how long it may take to connect: name resolution, trying the addresses, a proxy's tunnel and the
// TLS handshake, all together. The default is 10 seconds.
func WithConnectTimeout(timeout time.Duration) BucketOption {
	return func(_ *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_connect_timeout_ms(o, milliseconds(timeout))
	}
}

// WithStallTimeout sets how long a request may stand still: how long the other side may take nothing of what is sent, whatever
// it says meanwhile, and afterwards how long no byte of the reply may come. The default is 30 seconds. Even if this is less, OSS
// may be silent for 6 seconds for each callback URL, and for 60 seconds while it puts parts together.
func WithStallTimeout(timeout time.Duration) BucketOption {
	return func(_ *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_stall_timeout_ms(o, milliseconds(timeout))
	}
}

// WithMaxAttempts sets how often a request is tried at the most, the first time included. The default is 3. What is sent again
// is said at [Bucket.Put]. When OSS refuses a request because its time is wrong, and tells its own time twice alike, the bucket
// keeps the difference, and the request is sent once more.
func WithMaxAttempts(attempts int) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_max_attempts(o, c.uint32("a number of attempts", attempts))
	}
}

// WithSettlingTime sets how long an object is looked for when the reply to its upload was lost, so that OSS may still be
// storing it. The default is 10 seconds; zero stands for a single look. A minute after a request was sent, OSS is taken to be
// done with it: with more than a minute, what is not there then was not stored, so that an upload with a callback is sent
// again, and one without ends with StoredNo.
func WithSettlingTime(settling time.Duration) BucketOption {
	return func(_ *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_settling_time_ms(o, milliseconds(settling))
	}
}

// WithCAFile sets the certificates to trust instead of the system's: a file in PEM form. One that signed itself is trusted too,
// if the server shows this very one.
func WithCAFile(path string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_ca_file(o, c.text("the path of the CA file", path))
	}
}

// WithAddedCAFile adds certificates to trust, to the system's or to those of WithCAFile: a file in PEM form. One can be
// added.
func WithAddedCAFile(path string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_add_ca_file(o, c.text("the path of the CA file", path))
	}
}

// WithClientCertificate sets the certificate that is shown to the endpoint when it asks for one over https: two files in PEM
// form, one with the certificate and those that lead to one that the endpoint trusts, and one with its private key.
func WithClientCertificate(certificateFile, keyFile string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		certificate, key := c.text("the path of the certificate", certificateFile), c.text("the path of its key", keyFile)
		return C.oss_bucket_options_set_client_certificate(o, certificate, key)
	}
}

// WithPublicKeyPin sets which public keys the endpoint may have, in the form that curl takes: "sha256//" and Base64 for
// each, several joined by ";". The certificate must be trusted all the same. By default any key will do.
func WithPublicKeyPin(pins string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_public_key_pin(o, c.text("the public key pin", pins))
	}
}

// WithProxy sets an HTTP proxy to go through, such as "http://user:password@proxy.example.com:8080". There is none by
// default; the environment is asked for one only with WithProxyFromEnvironment. It is the proxy that looks up the endpoint's
// name.
func WithProxy(url string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_proxy(o, c.text("the URL of the proxy", url))
	}
}

// WithProxyFromEnvironment goes through the proxy that HTTPS_PROXY and its like name, unless WithProxy sets one. They are
// read once, when the bucket is made or a URL or form is uploaded to; what cannot be read is an error then.
func WithProxyFromEnvironment() BucketOption {
	return func(_ *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_proxy_from_environment(o, 1)
	}
}

// WithBindAddress sets where connections start from: an IP address of this machine, or the name of a network interface.
func WithBindAddress(address string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_bind_address(o, c.text("the address", address))
	}
}

// WithResolve sets the IP address of a host, which is then not looked up. Each host can have one. The host is the whole name
// that connections are made to, with the bucket's before the endpoint's if that is where it stands.
func WithResolve(host, address string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_resolve(o, c.text("the host", host), c.text("the address", address))
	}
}

// WithUserAgent sets the User-Agent header.
func WithUserAgent(userAgent string) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_user_agent(o, c.text("the user agent", userAgent))
	}
}

// bucketOptions lends options; what is wrong with one is a mistake.
func (c *call) bucketOptions(options []BucketOption) *C.oss_bucket_options {
	made := C.oss_bucket_options_new()
	c.atEnd(func() { C.oss_bucket_options_free(made) })
	for _, option := range options {
		if option(c, made) != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_bucket_options_error(made)))
		}
	}
	return made
}

// milliseconds rounds up, so that no time becomes none. No setter takes a negative one, which becomes a very long one.
func milliseconds(duration time.Duration) C.uint64_t {
	if duration < 0 {
		return ^C.uint64_t(0)
	}
	return C.uint64_t((duration + time.Millisecond - 1) / time.Millisecond)
}

// uint32 converts a number. One that does not fit is a mistake.
func (c *call) uint32(what string, number int) C.uint32_t {
	if number < 0 || int64(number) > int64(^uint32(0)) {
		c.refuse("%s cannot be %d", what, number)
	}
	return C.uint32_t(number)
}

// uint64 converts a number. A negative one is a mistake.
func (c *call) uint64(what string, number int64) C.uint64_t {
	if number < 0 {
		c.refuse("%s cannot be %d", what, number)
	}
	return C.uint64_t(number)
}
