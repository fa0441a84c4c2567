package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"unsafe"
)

// Multipart is an upload in parts. Any number of goroutines may upload parts of it at once.
type Multipart struct {
	native   *handle
	key      string
	uploadID string
}

// Part is a part of an upload that OSS has, or is said to have.
type Part struct {
	// Number is from 1 to 10000.
	Number int
	// ETag is what [Result.ETag] said of the part.
	ETag string
	// Size is in bytes. It need not be given to [Multipart.CompleteWith].
	Size int64

	crc64    uint64
	hasCRC64 bool
}

// CRC64 gives the part's CRC-64 and whether it is known.
func (p Part) CRC64() (uint64, bool) {
	return p.crc64, p.hasCRC64
}

// BeginMultipart begins an upload in parts. Nothing is stored before it is completed. The context is for the beginning
// alone.
func (b *Bucket) BeginMultipart(ctx context.Context, key string, options ...PutOption) (*Multipart, error) {
	var made *C.oss_multipart
	_, err := operation{op: "begin multipart", key: key}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		name, settings := c.text("the key", key), c.putOptions(options)
		if c.mistake == "" {
			C.oss_begin_multipart(bucket, name, settings, &made, &result)
		}
		return result
	})
	return newMultipart(key, made, b.native.callees), err
}

// ReopenMultipart goes on with an upload that was begun elsewhere or earlier. OSS is asked for the parts that are there, and
// [Multipart.Complete] includes them.
func (b *Bucket) ReopenMultipart(ctx context.Context, key, uploadID string) (*Multipart, error) {
	var made *C.oss_multipart
	_, err := operation{op: "reopen multipart", key: key}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		name, id := c.text("the key", key), c.text("the upload id", uploadID)
		if c.mistake == "" {
			C.oss_reopen_multipart(bucket, name, id, &made, &result)
		}
		return result
	})
	return newMultipart(key, made, b.native.callees), err
}

func newMultipart(key string, native *C.oss_multipart, callees callees) *Multipart {
	if native == nil {
		return nil
	}
	multipart := &Multipart{key: key, uploadID: C.GoString(C.oss_multipart_upload_id(native))}
	multipart.native = newHandle(unsafe.Pointer(native), func(p unsafe.Pointer) {
		C.oss_multipart_free((*C.oss_multipart)(p))
	}).calling(callees)
	return multipart
}

// Key gives the key of the object that it will make.
func (m *Multipart) Key() string {
	return m.key
}

// UploadID gives the id under which OSS knows the upload.
func (m *Multipart) UploadID() string {
	return m.uploadID
}

// UploadPart uploads a body as the part with a number from 1 to 10000; a part that is there under it is replaced. Every part
// but the last has at least 102 400 bytes.
func (m *Multipart) UploadPart(ctx context.Context, number int, body Body) (*Result, error) {
	return m.run(ctx, "upload part", nil, func(c *call, native *C.oss_multipart) (result *C.oss_result) {
		part, data := c.uint32("a part number", number), c.body(body)
		if c.mistake == "" {
			C.oss_upload_part_body(native, part, data, &result)
		}
		return result
	})
}

// ListParts lists the parts that OSS has of the upload.
func (m *Multipart) ListParts(ctx context.Context) ([]Part, error) {
	var parts []Part
	_, err := m.run(ctx, "list parts", nil, func(c *call, native *C.oss_multipart) (result *C.oss_result) {
		var list *C.oss_part_list
		C.oss_list_parts(native, &list, &result)
		c.atEnd(func() { C.oss_part_list_free(list) })
		for i := range C.oss_part_list_count(list) {
			var crc64 C.uint64_t
			known := C.oss_part_list_crc64(list, i, &crc64)
			parts = append(parts, Part{
				Number:   int(C.oss_part_list_number(list, i)),
				ETag:     C.GoString(C.oss_part_list_etag(list, i)),
				Size:     int64(C.oss_part_list_size(list, i)),
				crc64:    uint64(crc64),
				hasCRC64: known != 0,
			})
		}
		return result
	})
	return parts, err
}

// Complete makes the object of the parts that were uploaded through m and of those that were there when it was reopened, and
// has OSS call the application server if there is a callback; it may be nil. What is sent again is said at [Bucket.Put]. When
// it fails with StoredNo, the upload is still there, unless OSS says "NoSuchUpload"; with StoredUnknown, OSS may have made the
// object, or be about to.
func (m *Multipart) Complete(ctx context.Context, callback *Callback) (*Result, error) {
	return m.run(ctx, "complete multipart", callback, func(c *call, native *C.oss_multipart) (result *C.oss_result) {
		if notify := c.callback(callback); c.mistake == "" {
			C.oss_complete_multipart(native, notify, &result)
		}
		return result
	})
}

// CompleteWith makes the object of exactly these parts, by their numbers and ETags. Parts that other programs uploaded are
// looked up first.
func (m *Multipart) CompleteWith(ctx context.Context, parts []Part, callback *Callback) (*Result, error) {
	return m.run(ctx, "complete multipart", callback, func(c *call, native *C.oss_multipart) (result *C.oss_result) {
		list, notify := c.partList(parts), c.callback(callback)
		if c.mistake == "" {
			C.oss_complete_multipart_with_parts(native, list, notify, &result)
		}
		return result
	})
}

// CompleteWithAll makes the object of whatever parts OSS has. They are listed first, so that the object can be checked.
func (m *Multipart) CompleteWithAll(ctx context.Context, callback *Callback) (*Result, error) {
	return m.run(ctx, "complete multipart", callback, func(c *call, native *C.oss_multipart) (result *C.oss_result) {
		if notify := c.callback(callback); c.mistake == "" {
			C.oss_complete_multipart_with_all(native, notify, &result)
		}
		return result
	})
}

// Abort ends an upload without an object: OSS forgets it and its parts. Parts that are being uploaded meanwhile may survive;
// abort again when they are done, and after an error other than "NoSuchUpload". It needs a context that is not done: after a call
// that its context ended, [context.WithoutCancel] makes one.
func (m *Multipart) Abort(ctx context.Context) (*Result, error) {
	return m.run(ctx, "abort multipart", nil, func(_ *call, native *C.oss_multipart) (result *C.oss_result) {
		C.oss_abort_multipart(native, &result)
		return result
	})
}

// Close gives the connections back. At OSS the upload stays as it is. It never fails.
func (m *Multipart) Close() error {
	m.native.close()
	return nil
}

// run makes a call within the limits of a context.
func (m *Multipart) run(ctx context.Context, op string, callback *Callback, work func(*call, *C.oss_multipart) *C.oss_result) (*Result, error) {
	return operation{op: op, key: m.key, callback: callback}.runOn(ctx, m.native, func(c *call, pointer unsafe.Pointer, limits *limits) *C.oss_result {
		var limited *C.oss_multipart
		var result *C.oss_result
		C.oss_multipart_with_limits((*C.oss_multipart)(pointer), limits.deadlineMS, limits.cancel, &limited, &result)
		if limited == nil {
			return result
		}
		C.oss_result_free(result)
		c.atEnd(func() { C.oss_multipart_free(limited) })
		return work(c, limited)
	})
}

func (c *call) partList(parts []Part) *C.oss_part_list {
	list := C.oss_part_list_new()
	c.atEnd(func() { C.oss_part_list_free(list) })
	for _, part := range parts {
		if C.oss_part_list_add(list, c.uint32("a part number", part.Number), c.text("a part's ETag", part.ETag)) != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_part_list_error(list)))
		}
	}
	return list
}
