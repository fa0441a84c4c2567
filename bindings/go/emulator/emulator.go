// Package emulator runs the local OSS server inside a Go test, with an application server that receives its callbacks. It is the
// Go face of the C library oss_emulator, which pkg-config has to find. What package ossupload says of a library that has moved is
// so for this one, too.
//
//	server, err := emulator.Start()
//	...
//	defer server.Stop()
//	key := ossupload.Credentials{AccessKeyID: server.AccessKeyID, AccessKeySecret: server.AccessKeySecret}
//	bucket, err := ossupload.NewBucket(server.Endpoint, server.Bucket, key)
package emulator

/*
#cgo pkg-config: oss_emulator
#include <oss_emulator.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// Emulator is a running OSS server with an application server at its side. Many goroutines may call its methods, of which Stop
// is the last.
type Emulator struct {
	Endpoint        string
	Bucket          string
	Region          string
	AccessKeyID     string
	AccessKeySecret string
	// CallbackURL is that of the application server.
	CallbackURL string

	native *C.oss_emulator
}

// Start starts a server that has one bucket and one access key. It is ready when Start returns, and is to be stopped.
func Start() (*Emulator, error) {
	options := C.oss_emulator_options_new()
	defer C.oss_emulator_options_free(options)
	var native *C.oss_emulator
	if C.oss_emulator_start(options, &native) != C.OSS_EMULATOR_STATUS_OK {
		return nil, errors.New(C.GoString(C.oss_emulator_options_error(options)))
	}
	return &Emulator{
		Endpoint:        C.GoString(C.oss_emulator_endpoint(native)),
		Bucket:          C.GoString(C.oss_emulator_bucket(native)),
		Region:          C.GoString(C.oss_emulator_region(native)),
		AccessKeyID:     C.GoString(C.oss_emulator_access_key_id(native)),
		AccessKeySecret: C.GoString(C.oss_emulator_access_key_secret(native)),
		CallbackURL:     C.GoString(C.oss_emulator_callback_url(native)),
		native:          native,
	}, nil
}

// Stop ends the servers and their connections. What is asked of them afterwards has nothing to say.
func (e *Emulator) Stop() {
	C.oss_emulator_stop(e.native)
	e.native = nil
}

// Callback is a callback that the application server received.
type Callback struct {
	Method string
	// Target is the path with the query, as it was sent.
	Target string
	Body   []byte
}

// NextCallback waits for the next callback: each is given once, in the order in which they came. It is nil if none came in time.
// An upload that has returned has had its callback.
func (e *Emulator) NextCallback(timeout time.Duration) *Callback {
	callback := C.oss_emulator_next_callback(e.native, milliseconds(max(timeout, 0)))
	if callback == nil {
		return nil
	}
	var length C.size_t
	body := C.oss_emulator_callback_body(callback, &length)
	return &Callback{
		Method: C.GoString(C.oss_emulator_callback_method(callback)),
		Target: C.GoString(C.oss_emulator_callback_target(callback)),
		Body:   bytesOf(body, length),
	}
}

// Answer is what the application server answers. The zero Answer is what it answers as long as none is set.
type Answer struct {
	// Status is 200 if it is zero.
	Status int
	// Body is {"Status":"OK"} if it is nil. One without bytes is empty, which OSS takes for a failure.
	Body []byte
	// Delay is how long to wait before answering, rounded up to milliseconds.
	Delay time.Duration
}

// SetAnswer sets what is answered to callbacks from now on.
func (e *Emulator) SetAnswer(answer Answer) error {
	native, err := answer.native()
	if err != nil {
		return err
	}
	defer C.oss_emulator_answer_free(native)
	return e.check(C.oss_emulator_set_answer(e.native, native))
}

func (a Answer) native() (*C.oss_emulator_answer, error) {
	native := C.oss_emulator_answer_new()
	status := C.oss_emulator_answer_set_delay_ms(native, milliseconds(a.Delay))
	if a.Status != 0 && status == C.OSS_EMULATOR_STATUS_OK {
		status = C.oss_emulator_answer_set_status(native, C.int32_t(a.Status))
	}
	if a.Body != nil && status == C.OSS_EMULATOR_STATUS_OK {
		body := C.CBytes(a.Body)
		defer C.free(body)
		status = C.oss_emulator_answer_set_body(native, body, C.size_t(len(a.Body)))
	}
	if status != C.OSS_EMULATOR_STATUS_OK {
		defer C.oss_emulator_answer_free(native)
		return nil, fmt.Errorf("the answer: %s", C.GoString(C.oss_emulator_answer_error(native)))
	}
	return native, nil
}

// milliseconds rounds up, so that a short time is not none. A negative one becomes a very long one, which no answer can have.
func milliseconds(duration time.Duration) C.uint64_t {
	rounded := C.uint64_t(duration / time.Millisecond)
	if duration%time.Millisecond > 0 {
		rounded++
	}
	return rounded
}

// bytesOf copies data of any length.
func bytesOf(data unsafe.Pointer, length C.size_t) []byte {
	return append([]byte{}, unsafe.Slice((*byte)(data), length)...)
}

// InjectFault adds something that is to go wrong, as JSON: what oss-emulator --help lists.
func (e *Emulator) InjectFault(fault string) error {
	text := C.CString(fault)
	defer C.free(unsafe.Pointer(text))
	return e.check(C.oss_emulator_inject_fault(e.native, text))
}

// Object gives the content of an object in the bucket, and whether it is there.
func (e *Emulator) Object(key string) ([]byte, bool) {
	text := C.CString(key)
	defer C.free(unsafe.Pointer(text))
	var object *C.oss_emulator_object
	C.oss_emulator_get_object(e.native, nil, text, &object)
	defer C.oss_emulator_object_free(object)
	var length C.size_t
	data := C.oss_emulator_object_data(object, &length)
	return bytesOf(data, length), object != nil
}

func (e *Emulator) check(status C.oss_emulator_status) error {
	if status == C.OSS_EMULATOR_STATUS_OK {
		return nil
	}
	if e.native == nil {
		return errors.New("the emulator is stopped")
	}
	return errors.New(C.GoString(C.oss_emulator_error(e.native)))
}
