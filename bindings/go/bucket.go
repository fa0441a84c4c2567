package ossupload

// #include "bridge.h"
import "C"

import "unsafe"

// Bucket is a bucket and the connections to it.
type Bucket struct {
	native *handle
	name   string
}

// NewBucket makes a Bucket. Nothing is sent: whether the bucket exists is found out by the first upload.
//
// The endpoint is such as "https://oss-cn-hangzhou.aliyuncs.com", "http://127.0.0.1:9000" or a domain of the bucket's own;
// https if it names no scheme.
func NewBucket(endpoint, name string, credentials Credentials, options ...BucketOption) (*Bucket, error) {
	var made *C.oss_bucket
	var callees callees
	if credentials.provider != nil {
		callees.keys = newKeySource(credentials.provider)
	}
	_, err := operation{op: "open bucket", key: name}.construct(func(c *call) *C.oss_result {
		var result *C.oss_result
		key := c.credentials(credentials, callees.keys, &result)
		address, bucket, settings := c.text("the endpoint", endpoint), c.text("the name of the bucket", name), c.bucketOptions(options)
		callees.logger = c.logger
		if key != nil && c.mistake == "" {
			C.oss_bucket_new(address, bucket, key, settings, &made, &result)
		}
		return result
	})
	if err != nil {
		return nil, err
	}
	bucket := &Bucket{name: name}
	bucket.native = newHandle(unsafe.Pointer(made), func(p unsafe.Pointer) { C.oss_bucket_free((*C.oss_bucket)(p)) }).calling(callees)
	return bucket, nil
}

// Name gives the bucket's name.
func (b *Bucket) Name() string {
	return b.name
}

// Close closes the connections when the last call on the bucket has ended. Later calls fail with [ErrClosed]; uploads in
// parts and writers made from it go on. It never fails.
func (b *Bucket) Close() error {
	b.native.close()
	return nil
}

// credentials lends credentials; without any, the result says why.
func (c *call) credentials(credentials Credentials, keys *keySource, result **C.oss_result) *C.oss_credentials {
	var made *C.oss_credentials
	switch {
	case keys != nil:
		C.ossupload_credentials_from_function(C.uintptr_t(keys.handle), &made, result)
	case credentials.found != nil:
		credentials.found.make(c, &made, result)
	case credentials.anonymous:
		C.oss_credentials_new_anonymous(&made, result)
	default:
		made = c.accessKey(credentials, result)
	}
	if made != nil {
		C.oss_result_free(*result)
		*result = nil
		c.atEnd(func() { C.oss_credentials_free(made) })
	}
	return made
}

func (c *call) accessKey(credentials Credentials, result **C.oss_result) (made *C.oss_credentials) {
	id, secret := c.text("the access key id", credentials.AccessKeyID), c.text("the access key secret", credentials.AccessKeySecret)
	token := c.optionalText("the security token", credentials.SecurityToken)
	if c.mistake != "" {
		return nil
	}
	C.oss_credentials_new(id, secret, token, &made, result)
	return made
}
