package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"time"
	"unsafe"
)

// Owed is a callback that is owed, as [Outbox.All] gives it: a record that nobody else can take up meanwhile. For one goroutine
// at a time.
type Owed struct {
	// URL is that of the object, without a query: it begins with the endpoint that it was uploaded to.
	URL string
	// Bucket is the bucket's name; empty for an upload to a URL or by a form.
	Bucket string
	// Key is that of the object; empty for an upload to a URL.
	Key string
	// UploadID is that of the upload in parts that made the object; empty if it was none.
	UploadID string
	// ETag is that of the object, without quotes; empty as long as OSS has not said it.
	ETag string
	// ContentType is that of the object; empty if it is not known.
	ContentType string
	// Size is that of the object in bytes; -1 if it is not known.
	Size int64
	// Stored says whether the object was stored when it was last known: StoredYes or StoredUnknown.
	Stored Stored
	// Since is when the upload began, by the clock of the machine that made it.
	Since time.Time
	// Tries is how often it was tried to make up for it.
	Tries int
	// Due is when it is to be tried next: the time of the last look if it is due.
	Due time.Time
	// Message says in one line, for a human, how the call, or the last try to make up for it, ended.
	Message string

	crc64    uint64
	hasCRC64 bool
	native   *handle
}

// The longest time until a try that is told of, of which Go's times can hold more: a century.
const longestPauseMS = 100 * 365 * 24 * 3600 * 1000

// CRC64 gives the CRC-64 (ECMA-182) of the object, and whether it is known.
func (o *Owed) CRC64() (uint64, bool) {
	return o.crc64, o.hasCRC64
}

func newOwed(native *C.oss_owed) *Owed {
	if native == nil {
		return nil
	}
	owed := new(Owed)
	owed.native = newHandle(unsafe.Pointer(native), func(p unsafe.Pointer) { C.oss_owed_free((*C.oss_owed)(p)) })
	owed.read(native)
	return owed
}

// read takes over what is so now.
func (o *Owed) read(native *C.oss_owed) {
	var size, crc64 C.uint64_t
	o.URL = C.GoString(C.oss_owed_url(native))
	o.Bucket = C.GoString(C.oss_owed_bucket(native))
	o.Key = C.GoString(C.oss_owed_key(native))
	o.UploadID = C.GoString(C.oss_owed_upload_id(native))
	o.ETag = C.GoString(C.oss_owed_etag(native))
	o.ContentType = C.GoString(C.oss_owed_content_type(native))
	o.Size = -1
	if C.oss_owed_size(native, &size) != 0 {
		o.Size = int64(size)
	}
	o.hasCRC64 = C.oss_owed_crc64(native, &crc64) != 0
	o.crc64 = uint64(crc64)
	o.Stored = Stored(C.oss_owed_stored(native))
	o.Since = time.UnixMilli(int64(C.oss_owed_since_ms(native)))
	o.Tries = int(C.oss_owed_tries(native))
	o.Due = time.Now().Add(time.Duration(min(C.oss_owed_due_in_ms(native), longestPauseMS)) * time.Millisecond)
	o.Message = C.GoString(C.oss_owed_message(native))
}

// Settle makes up for it: looks the object up, and if it is there, has OSS call the application server once more, as
// [Bucket.TriggerCallback] does. The record goes if the application server answers, and if the object is not stored. It stays if
// the object was stored and is gone, or has made room for another one: OSS can then no longer be asked to call for it. Tell the
// application server by other means, as with [Owed.Render], or give it up; [Owed.Done] takes the record away.
//
// The object is there if it has the token and the CRC-64 that it was uploaded with. That it is not is certain only once OSS is
// over with the upload, a minute after it was sent; a process that did not come back is given that minute from the first look
// on. Until then the object is looked for as after a lost reply.
//
// Without an error it is no longer owed: with StoredYes the application server answered, and [Result.Body] is its answer; with
// StoredNo the upload has not stored the object. Otherwise it stays owed, with one try more and due later: [ErrCallbackFailed] if the
// callback failed again, [ErrCallbackUnknown] if its reply was lost, or if the object is gone or what became of it cannot be told, and
// whatever Bucket.TriggerCallback ends with. The application server may hear the same again, if it heard it without our
// knowing; [Callback.DeliveryVariable] lets it tell.
func (o *Owed) Settle(ctx context.Context, bucket *Bucket) (*Result, error) {
	return operation{op: "settle", key: o.Key, delivers: true}.onBucket(ctx, bucket, func(c *call, native *C.oss_bucket) (result *C.oss_result) {
		owed := c.owed(o)
		if c.mistake == "" {
			C.oss_owed_settle(native, owed, &result)
			o.read(owed)
		}
		return result
	})
}

// Render makes the body that OSS would send, as [Callback.Render] does, for a program that tells its server by itself. The
// values come before what is known.
func (o *Owed) Render(values map[string]string) (body string, err error) {
	_, err = operation{op: "render callback", key: o.Key}.construct(func(c *call) (result *C.oss_result) {
		owed, given := c.owed(o), c.callbackValues(values)
		if c.mistake != "" {
			return nil
		}
		var made *C.oss_string
		C.oss_owed_render(owed, given, &made, &result)
		body = take(made)
		return result
	})
	return body, err
}

// Done takes the record away: the program told its server by itself, or has given it up. That it was gone is no error.
func (o *Owed) Done() error {
	_, err := operation{op: "done", key: o.Key}.construct(func(c *call) (result *C.oss_result) {
		if owed := c.owed(o); c.mistake == "" {
			C.oss_owed_done(owed, &result)
		}
		return result
	})
	return err
}

// Postpone puts off the next try of [Outbox.Deliver], for so long from now on.
func (o *Owed) Postpone(pause time.Duration) error {
	_, err := operation{op: "postpone", key: o.Key}.construct(func(c *call) (result *C.oss_result) {
		if owed := c.owed(o); c.mistake == "" {
			C.oss_owed_postpone(owed, milliseconds(pause), &result)
			o.read(owed)
		}
		return result
	})
	return err
}

// yieldTo gives it to a loop and closes it when that goes on, and says whether it does.
func (o *Owed) yieldTo(yield func(*Owed, error) bool) bool {
	defer o.native.close()
	return yield(o, nil)
}

// owed lends a record.
func (c *call) owed(owed *Owed) *C.oss_owed {
	return (*C.oss_owed)(c.open("the record", owed.native))
}
