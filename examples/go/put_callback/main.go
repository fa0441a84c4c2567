// Command put_callback is put_callback.c in Go: it uploads 1 MiB of 'a', and OSS then calls the application server.
//
// CGO_CFLAGS says where oss_upload.h is, CGO_LDFLAGS where the library is. The program's own environment is that of the
// C examples, see example.h.
package main

/*
#include <oss_upload.h>
#include <stdlib.h>
*/
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"unsafe"
)

// The exit codes of example.h.
const (
	exitOK                    = 0
	exitFailed                = 1
	exitUsage                 = 2
	exitStoredWithoutCallback = 3
)

var storedNames = map[C.oss_stored]string{
	C.OSS_STORED_NO: "no", C.OSS_STORED_YES: "yes", C.OSS_STORED_UNKNOWN: "unknown",
}

// cStrings are copies of Go strings that C can read until they are freed.
type cStrings []unsafe.Pointer

func (s *cStrings) of(text string) *C.char {
	copied := C.CString(text)
	*s = append(*s, unsafe.Pointer(copied))
	return copied
}

func (s *cStrings) free() {
	for _, copied := range *s {
		C.free(copied)
	}
}

func openBucket(strings *cStrings) (*C.oss_bucket, error) {
	options := C.oss_bucket_options_new()
	defer C.oss_bucket_options_free(options)
	if region, set := os.LookupEnv("OSS_REGION"); set {
		if C.oss_bucket_options_set_region(options, strings.of(region)) != C.OSS_STATUS_OK {
			return nil, errors.New(C.GoString(C.oss_bucket_options_error(options)))
		}
	}
	var credentials *C.oss_credentials
	if C.oss_credentials_new_from_environment(&credentials, nil) != C.OSS_STATUS_OK {
		return nil, errors.New("there is no access key in the environment")
	}
	defer C.oss_credentials_free(credentials)
	var bucket *C.oss_bucket
	var result *C.oss_result
	endpoint, name := strings.of(os.Getenv("OSS_ENDPOINT")), strings.of(os.Getenv("OSS_BUCKET"))
	C.oss_bucket_new(endpoint, name, credentials, options, &bucket, &result)
	defer C.oss_result_free(result)
	if bucket == nil {
		return nil, errors.New(C.GoString(C.oss_result_message(result)))
	}
	return bucket, nil
}

func newCallback(strings *cStrings) (*C.oss_callback, error) {
	var callback *C.oss_callback
	var result *C.oss_result
	url, body := strings.of(os.Getenv("OSS_CALLBACK_URL")), strings.of("bucket=${bucket}&object=${object}")
	C.oss_callback_new(url, body, &callback, &result)
	defer C.oss_result_free(result)
	if callback == nil {
		return nil, errors.New(C.GoString(C.oss_result_message(result)))
	}
	if C.oss_callback_set_body_type(callback, C.OSS_CALLBACK_BODY_FORM) != C.OSS_STATUS_OK ||
		C.oss_callback_add_variable(callback, strings.of("x:my_var1"), strings.of("my_val1")) != C.OSS_STATUS_OK ||
		C.oss_callback_add_variable(callback, strings.of("x:my_var2"), strings.of("my_val2")) != C.OSS_STATUS_OK {
		defer C.oss_callback_free(callback)
		return nil, errors.New(C.GoString(C.oss_callback_error(callback)))
	}
	return callback, nil
}

func upload(bucket *C.oss_bucket, callback *C.oss_callback, strings *cStrings) int {
	data := bytes.Repeat([]byte("a"), 1<<20)
	key := strings.of("examplefiles/exampleobject.txt")
	var result *C.oss_result
	status := C.oss_put_object_with_callback(
		bucket, key, unsafe.Pointer(&data[0]), C.size_t(len(data)), callback, nil, &result)
	defer C.oss_result_free(result)

	var size C.size_t
	body := C.oss_result_body(result, &size)
	fmt.Println("status:     ", C.GoString(C.oss_status_name(C.int32_t(status))))
	fmt.Println("stored:     ", storedNames[C.oss_result_stored(result)])
	fmt.Println("ETag:       ", C.GoString(C.oss_result_etag(result)))
	fmt.Println("request id: ", C.GoString(C.oss_result_request_id(result)))
	fmt.Println("answer:     ", C.GoString(C.oss_result_content_type(result)))
	fmt.Println(string(C.GoBytes(body, C.int(size))))

	switch status {
	case C.OSS_STATUS_OK:
		return exitOK
	case C.OSS_STATUS_CALLBACK_FAILED, C.OSS_STATUS_CALLBACK_UNKNOWN: // the object is there all the same
		return exitStoredWithoutCallback
	default:
		fmt.Fprintln(os.Stderr, C.GoString(C.oss_result_message(result)))
		return exitFailed
	}
}

func run() int {
	for _, variable := range []string{"OSS_ENDPOINT", "OSS_BUCKET", "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_CALLBACK_URL"} {
		if os.Getenv(variable) == "" {
			fmt.Fprintln(os.Stderr, variable, "is not set")
			return exitUsage
		}
	}
	var strings cStrings
	defer strings.free()
	bucket, err := openBucket(&strings)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the bucket:", err)
		return exitFailed
	}
	defer C.oss_bucket_free(bucket)
	callback, err := newCallback(&strings)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the callback:", err)
		return exitFailed
	}
	defer C.oss_callback_free(callback)
	return upload(bucket, callback, &strings)
}

func main() {
	os.Exit(run())
}
