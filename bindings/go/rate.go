package ossupload

// #include "bridge.h"
import "C"

import "unsafe"

// Rate is how fast all calls together may send that it was given to, whichever buckets and goroutines they are of. It can be
// set while they run.
type Rate struct {
	native *handle
}

// NewRate makes a rate to be shared: see [WithRate] and [WithBucketRate]. Who wants to send first goes first; time in which
// nobody sends is not saved up.
func NewRate(bytesPerSecond uint64) *Rate {
	made := C.oss_rate_new(C.uint64_t(bytesPerSecond))
	return &Rate{newHandle(unsafe.Pointer(made), func(p unsafe.Pointer) { C.oss_rate_free((*C.oss_rate)(p)) })}
}

// Set sets how fast those that share the rate send from now on. Zero is a pause until it is set again, which no time-out for
// standstill ends; what is less than 1024 counts as 1024.
func (r *Rate) Set(bytesPerSecond uint64) {
	if pointer := r.native.acquire(); pointer != nil {
		defer r.native.release()
		C.oss_rate_set((*C.oss_rate)(pointer), C.uint64_t(bytesPerSecond))
	}
}

// WithRate sets how fast an operation sends, together with whatever else has the same rate; nil for none. For a multipart
// upload it counts for all its operations.
func WithRate(rate *Rate) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_rate(o, c.rate(rate))
	})
}

// WithBucketRate sets how fast all operations on a bucket send, together with whatever else has the same rate; nil for none.
// An operation with [WithRate] keeps to both.
func WithBucketRate(rate *Rate) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_rate(o, c.rate(rate))
	}
}

// rate lends a rate, or NULL for none.
func (c *call) rate(rate *Rate) *C.oss_rate {
	if rate == nil {
		return nil
	}
	return (*C.oss_rate)(c.open("the rate", rate.native))
}
