package ossupload

// #include "bridge.h"
import "C"

import "context"

// Put uploads a body with a single request, with or without a callback.
//
// The data's CRC-64 is compared with the one that OSS reports. A request that certainly was not carried out is sent again.
// When its reply is lost, an upload without a callback is sent again too, and looked for in the end. One with a callback is
// looked for at once, as long as [WithSettlingTime] says: if it is there, the error is [ErrCallbackUnknown], and otherwise
// [Result.Stored] is StoredUnknown. It is sent again only if OSS is done with it and the object is not there: a callback never
// runs twice without a word. [WithCallbackDelivery] has it otherwise.
//
// A reply that OSS did not make, but a proxy, a gateway or a cache, counts as lost, whatever its HTTP status.
//
// The key has 1 to 1023 bytes of UTF-8 that do not begin with "/" or "\". The callback may be nil.
func (b *Bucket) Put(ctx context.Context, key string, body Body, callback *Callback, options ...PutOption) (*Result, error) {
	return operation{op: "put", key: key, callback: callback}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		name, data, notify, settings := c.text("the key", key), c.body(body), c.callback(callback), c.putOptions(options)
		if c.mistake == "" {
			C.oss_put_body(bucket, name, data, notify, settings, &result)
		}
		return result
	})
}

// Upload uploads data of any kind and length, with or without a callback. This is what most programs should call for
// anything that is not small.
//
// Small data is put with one request; the rest goes in parts, several at a time. Each part is sent again if need be, its
// CRC-64 is compared with the one that OSS reports, and so is that of the whole. The callback goes with the request that
// makes the object, and only with that one. If the upload fails, its parts are removed, unless they are wanted for resuming, or
// OSS may yet make the object of them, so that [Result.Stored] is StoredUnknown.
//
// With a checkpoint, an earlier process may have been stopped after it asked OSS to make the object. If it is there, that is
// told as [Bucket.Put] tells it. If not, and the callback might run twice, the call ends with StoredUnknown, and its message
// says from when on, a minute later at the most, the same call goes on.
func (b *Bucket) Upload(ctx context.Context, key string, body Body, callback *Callback, options ...UploadOption) (*Result, error) {
	return operation{op: "upload", key: key, callback: callback}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		name, data, notify, settings := c.text("the key", key), c.body(body), c.callback(callback), c.uploadOptions(options)
		if c.mistake == "" {
			C.oss_upload_object(bucket, name, data, notify, settings, &result)
		}
		return result
	})
}

// Append adds data to the end of an object that has so many bytes, or makes one to which data can be added if position is
// 0. OSS makes no callback after an append.
//
// [Result.NextPosition] is where the next append goes on, and [Result.CRC64] is of the whole object; [WithPreviousCRC64]
// hands that to the next one and saves a request. The position guards the data against being appended twice, so a request
// whose reply was lost is sent again, and the object looked for if that brings no success. At another position than the
// object's length the error code is "PositionNotEqualToLength", nothing is appended if [Result.Stored] is StoredNo, and
// NextPosition is that length.
func (b *Bucket) Append(ctx context.Context, key string, position uint64, body Body, options ...PutOption) (*Result, error) {
	return operation{op: "append", key: key}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		name, data, settings := c.text("the key", key), c.body(body), c.putOptions(options)
		if c.mistake == "" {
			C.oss_append_object(bucket, name, C.uint64_t(position), data, settings, &result)
		}
		return result
	})
}

// TriggerCallback has OSS call the application server for an object that is there already: after an upload whose callback
// failed, for example. The server hears from OSS itself, with OSS's signature, of the object as it is now. OSS's documentation
// does not speak of it, so an OSS may refuse it, in its own words.
//
// When the reply is lost, the error is [ErrCallbackUnknown] and nothing is sent again, unless [WithCallbackDelivery] has it
// otherwise; so ends, too, a call whose context is done while OSS may be at it. Nothing is looked up: [Result.Stored] is then
// StoredUnknown, since only the caller knows that the object is there. If OSS says that it is not, the error code is "NoSuchKey". Of
// the other options only the content type counts.
func (b *Bucket) TriggerCallback(ctx context.Context, key string, callback *Callback, options ...PutOption) (*Result, error) {
	return operation{op: "trigger callback", key: key, callback: callback, looks: true}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		name, notify, settings := c.text("the key", key), c.callback(callback), c.putOptions(options)
		if c.mistake == "" {
			C.oss_trigger_callback(bucket, name, notify, settings, &result)
		}
		return result
	})
}

// Stat looks whether an object is there and what it is. Its size is the header "Content-Length" of the result, its metadata
// the headers "x-oss-meta-…". If there is none, the error is [ErrService] with the HTTP status 404, and [Result.Stored] is
// StoredNo. Only OSS is believed: what a proxy or a cache says leaves it at StoredUnknown. After an upload that ended with
// StoredUnknown, this tells what became of it, when a minute has passed.
func (b *Bucket) Stat(ctx context.Context, key string) (*Result, error) {
	return operation{op: "stat", key: key, looks: true}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		if name := c.text("the key", key); c.mistake == "" {
			C.oss_stat_object(bucket, name, &result)
		}
		return result
	})
}

// Remove removes an object. Removing one that is not there succeeds. Without an error it is gone; a success that OSS did not
// say is none.
func (b *Bucket) Remove(ctx context.Context, key string) (*Result, error) {
	return operation{op: "remove", key: key, looks: true}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		if name := c.text("the key", key); c.mistake == "" {
			C.oss_remove_object(bucket, name, &result)
		}
		return result
	})
}

// PendingUpload is an upload in parts that is neither completed nor aborted.
type PendingUpload struct {
	// Key is that of the object which it will make.
	Key string
	// UploadID is what [Bucket.ReopenMultipart] takes.
	UploadID string
	// Initiated is when it was begun, as OSS writes it: "2026-01-31T23:59:59.000Z".
	Initiated string
}

// ListUploads lists the uploads in parts that are neither completed nor aborted, whoever began them, of keys that begin
// with a prefix. Their parts cost money. It lists at most limit of them, from 1 to 100 000, and says whether that left some
// out.
func (b *Bucket) ListUploads(ctx context.Context, prefix string, limit int) (uploads []PendingUpload, more bool, err error) {
	_, err = operation{op: "list uploads", key: prefix}.onBucket(ctx, b, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		beginning, most := c.text("the prefix", prefix), c.uint32("a limit", limit)
		if c.mistake != "" {
			return nil
		}
		var list *C.oss_upload_list
		C.oss_list_uploads(bucket, beginning, most, &list, &result)
		c.atEnd(func() { C.oss_upload_list_free(list) })
		for i := range C.oss_upload_list_count(list) {
			uploads = append(uploads, PendingUpload{
				Key:       C.GoString(C.oss_upload_list_key(list, i)),
				UploadID:  C.GoString(C.oss_upload_list_upload_id(list, i)),
				Initiated: C.GoString(C.oss_upload_list_initiated(list, i)),
			})
		}
		more = C.oss_upload_list_is_truncated(list) != 0
		return result
	})
	return uploads, more, err
}
