package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Presigned is a request that others can make without knowing a secret. Whoever knows it can use it until it expires, so
// treat it as a secret of its own.
type Presigned struct {
	// Method is the method to use, such as "PUT".
	Method string `json:"method"`
	// URL is the URL with its signature, and with the callback if there is one.
	URL string `json:"url"`
	// Headers have to be sent with the URL, exactly as they are.
	Headers map[string]string `json:"headers,omitempty"`
	// Body has to be sent with the URL, exactly as it is; empty where it is left to whoever uses the URL.
	Body string `json:"body,omitempty"`
	// Expires is until when it is good; the zero time if somebody else signed it.
	Expires time.Time `json:"expires,omitzero"`
}

// PresignPut signs the upload of an object, for somebody else to make. The callback, which may be nil, travels in the URL.
// Each option becomes a header that has to be sent with it. The lifetime is up to seven days with V4. It begins now, by OSS's
// clock where an earlier call found out that it differs from the system's; over plain http, where that could be forged, by no
// more than 15 minutes.
func (b *Bucket) PresignPut(key string, callback *Callback, lifetime time.Duration, options ...PutOption) (*Presigned, error) {
	return b.presign("presign put", key, func(c *call, bucket *C.oss_bucket, made **C.oss_presigned) (result *C.oss_result) {
		name, notify, settings := c.text("the key", key), c.callback(callback), c.putOptions(options)
		if c.mistake == "" {
			C.oss_presign_put(bucket, name, notify, settings, seconds(lifetime), made, &result)
		}
		return result
	})
}

// PresignUploadPart signs the upload of a part, for somebody else to make.
func (b *Bucket) PresignUploadPart(key, uploadID string, number int, lifetime time.Duration) (*Presigned, error) {
	return b.presign("presign part", key, func(c *call, bucket *C.oss_bucket, made **C.oss_presigned) (result *C.oss_result) {
		name, id, part := c.text("the key", key), c.text("the upload id", uploadID), c.uint32("a part number", number)
		if c.mistake == "" {
			C.oss_presign_upload_part(bucket, name, id, part, seconds(lifetime), made, &result)
		}
		return result
	})
}

// PresignCompleteMultipart signs the completion of an upload in parts, for somebody else to make. The callback, which may be
// nil, travels in the URL. The list of parts is the body of the request and not signed.
func (b *Bucket) PresignCompleteMultipart(key, uploadID string, callback *Callback, lifetime time.Duration) (*Presigned, error) {
	return b.presign("presign complete", key, func(c *call, bucket *C.oss_bucket, made **C.oss_presigned) (result *C.oss_result) {
		name, id, notify := c.text("the key", key), c.text("the upload id", uploadID), c.callback(callback)
		if c.mistake == "" {
			C.oss_presign_complete_multipart(bucket, name, id, notify, seconds(lifetime), made, &result)
		}
		return result
	})
}

// PresignTriggerCallback signs that OSS shall call the application server for an object that is there already, as
// [Bucket.TriggerCallback] has it done, for somebody else to ask for. The body's MD5 is among the headers and signed, so that
// with this URL OSS makes this callback and no other, as often as it is asked to.
func (b *Bucket) PresignTriggerCallback(key string, callback *Callback, lifetime time.Duration) (*Presigned, error) {
	return b.presign("presign trigger", key, func(c *call, bucket *C.oss_bucket, made **C.oss_presigned) (result *C.oss_result) {
		name, notify := c.text("the key", key), c.callback(callback)
		if c.mistake == "" {
			C.oss_presign_trigger_callback(bucket, name, notify, seconds(lifetime), made, &result)
		}
		return result
	})
}

// PresignGet signs the download of an object, for somebody else to make.
func (b *Bucket) PresignGet(key string, lifetime time.Duration) (*Presigned, error) {
	return b.presign("presign get", key, func(c *call, bucket *C.oss_bucket, made **C.oss_presigned) (result *C.oss_result) {
		if name := c.text("the key", key); c.mistake == "" {
			C.oss_presign_get(bucket, name, seconds(lifetime), made, &result)
		}
		return result
	})
}

func (b *Bucket) presign(op, key string, sign func(*call, *C.oss_bucket, **C.oss_presigned) *C.oss_result) (presigned *Presigned, err error) {
	_, err = b.construct(operation{op: op, key: key}, func(c *call, bucket *C.oss_bucket) *C.oss_result {
		var made *C.oss_presigned
		result := sign(c, bucket, &made)
		if made != nil {
			defer C.oss_presigned_free(made)
			presigned = readPresigned(made)
		}
		return result
	})
	return presigned, err
}

// construct makes something that needs the bucket, but sends nothing to it.
func (b *Bucket) construct(o operation, work func(*call, *C.oss_bucket) *C.oss_result) (*Result, error) {
	pointer := b.native.acquire()
	if pointer == nil {
		return o.refuse(StatusInvalidArgument, ErrClosed.Error(), ErrClosed)
	}
	defer b.native.release()
	result, err := o.construct(func(c *call) *C.oss_result { return work(c, (*C.oss_bucket)(pointer)) })
	return result, b.native.keys.explain(err)
}

func readPresigned(native *C.oss_presigned) *Presigned {
	presigned := &Presigned{
		Method:  C.GoString(C.oss_presigned_method(native)),
		URL:     C.GoString(C.oss_presigned_url(native)),
		Headers: map[string]string{},
		Body:    C.GoString(C.oss_presigned_body(native, nil)),
		Expires: time.Unix(int64(C.oss_presigned_expires(native)), 0),
	}
	for i := range C.oss_presigned_header_count(native) {
		name := C.GoString(C.oss_presigned_header_name(native, i))
		presigned.Headers[name] = C.GoString(C.oss_presigned_header_value(native, i))
	}
	return presigned
}

// PutToURL uploads to a URL that somebody signed, without any access key. The callback in it and its answer are treated as
// everywhere. Nothing can be looked up with such a URL: when a reply is lost, and sending again brings none where that is done,
// [Result.Stored] is StoredUnknown.
func PutToURL(ctx context.Context, presigned *Presigned, body Body, options ...BucketOption) (*Result, error) {
	return operation{op: "put to URL"}.anywhere(ctx, options, func(c *call, settings *C.oss_bucket_options) (result *C.oss_result) {
		native, result := c.presigned(presigned)
		if native == nil {
			return result
		}
		if data := c.body(body); c.mistake == "" {
			C.oss_put_to_url(native, data, settings, &result)
		}
		return result
	})
}

// presigned lends a URL; without one, the result says why.
func (c *call) presigned(presigned *Presigned) (*C.oss_presigned, *C.oss_result) {
	if presigned.Method != "" && presigned.Method != "PUT" {
		c.refuse("the URL is for %s, not for PUT", presigned.Method)
		return nil, nil
	}
	var native *C.oss_presigned
	var result *C.oss_result
	C.oss_presigned_new(c.text("the URL", presigned.URL), &native, &result)
	if native == nil {
		return nil, result
	}
	c.atEnd(func() { C.oss_presigned_free(native) })
	for _, name := range slices.Sorted(maps.Keys(presigned.Headers)) {
		C.oss_result_free(result)
		result = nil
		header, value := c.text("a header's name", name), c.text("a header's value", presigned.Headers[name])
		if C.oss_presigned_add_header(native, header, value, &result) != C.OSS_STATUS_OK {
			return nil, result
		}
	}
	C.oss_result_free(result)
	return native, nil
}

// anywhere makes a call that needs no bucket, within the limits of a context.
func (o operation) anywhere(ctx context.Context, options []BucketOption, work func(*call, *C.oss_bucket_options) *C.oss_result) (*Result, error) {
	return o.run(ctx, func(c *call, limits *limits) *C.oss_result {
		settings := c.bucketOptions(options)
		C.oss_bucket_options_set_deadline_ms(settings, limits.deadlineMS)
		C.oss_bucket_options_set_cancel(settings, limits.cancel)
		return work(c, settings)
	})
}

// seconds rounds up. A negative time becomes a very long one, which is refused.
func seconds(duration time.Duration) C.uint64_t {
	if duration < 0 {
		return ^C.uint64_t(0)
	}
	return C.uint64_t((duration + time.Second - 1) / time.Second)
}
