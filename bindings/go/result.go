package ossupload

// #include "bridge.h"
import "C"

import (
	"unsafe"
)

// Result is all there is to know about one call, whether it succeeded or not.
type Result struct {
	// Status says how the call ended.
	Status Status
	// Stored says whether the call stored the object; after [Bucket.Stat] and [Bucket.Remove], whether it is there. A
	// part makes no object before the upload is completed, so the result of a successful part says StoredNo.
	Stored Stored
	// Message says in one line, for a human, what went wrong. It holds no secrets.
	Message string
	// HTTPStatus is that of the last reply; 0 when there was none.
	HTTPStatus int
	// RequestID is what OSS knows the request by, for its support; with an HTTP status but without it, something else answered.
	// When a reply was lost and the object was looked up instead, it is that of the look-up.
	RequestID string
	// ErrorCode is OSS's name for the error, such as "SignatureDoesNotMatch".
	ErrorCode string
	// EC is OSS's number for the cause of the error. Show it, but do not branch on it: the numbers may change.
	EC string
	// ETag is that of the object or part, without quotes.
	ETag string
	// VersionID is that of the object in a bucket with versions.
	VersionID string
	// NextPosition is where the next append goes on: the length of an object that was made by appending.
	NextPosition uint64
	// Body is that of the reply, byte for byte: with a callback the application server's answer, after a failure OSS's
	// error document.
	Body []byte
	// ContentType is that of the body.
	ContentType string
	// Attempts tells how often the request was tried. One that met an idle connection which the server had closed, and was
	// sent again for that, does not count.
	Attempts int
	// History tells what each request came to, those that look something up among them; of very many, the first 8 and the
	// last 24.
	History []Attempt
	// Sum tells what all of them came to together.
	Sum AttemptSum
	// CallbackRepeats tells how many earlier requests of the call may have run the callback, besides the one that the result
	// tells of. There are none without [WithCallbackDelivery].
	CallbackRepeats int
	// Delivered counts the callbacks that [Outbox.Deliver] made up for, or found not to be owed because nothing was stored.
	Delivered int
	// Owed counts the callbacks that are still owed after [Outbox.Deliver], for objects of the bucket: those that failed, and
	// those that were not due.
	Owed int
	// UploadID names an upload in parts that has come to no end: its parts are still at OSS, where they cost money, or one that
	// was not answered may arrive within a minute after the others were removed. With StoredUnknown, OSS may have made the object
	// of them, or may be about to. [Bucket.ReopenMultipart] takes it.
	UploadID string

	crc64    uint64
	hasCRC64 bool
	native   *handle
}

// CRC64 gives the CRC-64 (ECMA-182) that OSS computed of the object or part, and whether it sent one.
func (r *Result) CRC64() (uint64, bool) {
	return r.crc64, r.hasCRC64
}

// Header gives a header of the reply by its name in any case; empty if the reply has none.
func (r *Result) Header(name string) string {
	if r.native == nil {
		return ""
	}
	c := new(call)
	defer c.end()
	text := c.text("the header's name", name)
	if c.mistake != "" {
		return ""
	}
	native := (*C.oss_result)(r.native.acquire())
	defer r.native.release()
	return C.GoString(C.oss_result_header(native, text))
}

// newResult takes a result of C's over.
func newResult(native *C.oss_result) *Result {
	var fields C.ossupload_fields
	C.ossupload_read_result(native, &fields)
	result := &Result{
		Status:          Status(fields.status),
		Stored:          Stored(fields.stored),
		Message:         C.GoString(fields.message),
		HTTPStatus:      int(fields.http_status),
		RequestID:       C.GoString(fields.request_id),
		ErrorCode:       C.GoString(fields.error_code),
		EC:              C.GoString(fields.ec),
		ETag:            C.GoString(fields.etag),
		VersionID:       C.GoString(fields.version_id),
		NextPosition:    uint64(fields.next_position),
		Body:            C.GoBytes(fields.body, C.int(fields.body_len)),
		ContentType:     C.GoString(fields.content_type),
		Attempts:        int(fields.attempts),
		History:         newAttempts(native),
		Sum:             newAttemptSum(native),
		CallbackRepeats: int(fields.callback_repeats),
		Delivered:       int(fields.delivered),
		Owed:            int(fields.owed),
		UploadID:        C.GoString(fields.upload_id),
		crc64:           uint64(fields.crc64),
		hasCRC64:        fields.has_crc64 != 0,
	}
	// It is kept for its headers, and because a callback's body is made from it.
	result.native = newHandle(unsafe.Pointer(native), func(p unsafe.Pointer) {
		C.oss_result_free((*C.oss_result)(p))
	})
	return result
}

// refused is the result of a call that was not made.
func refused(status Status, message string) *Result {
	return &Result{Status: status, Stored: StoredNo, Message: message}
}
