package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/cgo"
	"strings"
	"time"
	"unsafe"
)

// The longest deadline that the library takes; a later one is as good as none.
const longestDeadline = 7 * 24 * time.Hour

// A call holds what C is lent for one call, and what went wrong on this side of it.
type call struct {
	texts   []unsafe.Pointer
	frees   []func()
	handles []cgo.Handle
	pinner  runtime.Pinner
	// logger is the one that was lent last; what is made of it has to keep it.
	logger *kept

	// mistake is the first thing that cannot be handed over.
	mistake string
	// closed says that something which was to be lent is closed.
	closed bool
	// cause is what a reader or another function of the caller's ended the call with.
	cause error
	// panicked is what one of them panicked with.
	panicked any
}

// end gives everything back. A panic of a function of the caller's goes on from here.
func (c *call) end() {
	for i := len(c.frees) - 1; i >= 0; i-- {
		c.frees[i]()
	}
	for _, text := range c.texts {
		C.free(text)
	}
	for _, handle := range c.handles {
		handle.Delete()
	}
	c.pinner.Unpin()
	if c.panicked != nil {
		panic(c.panicked)
	}
}

// atEnd frees something when the call is over, in the reverse order.
func (c *call) atEnd(free func()) {
	c.frees = append(c.frees, free)
}

func (c *call) refuse(format string, arguments ...any) {
	if c.mistake == "" {
		c.mistake = fmt.Sprintf(format, arguments...)
	}
}

// text lends a copy of a text. One that C would take for a shorter one is a mistake, which is named without being shown: it may
// be a secret.
func (c *call) text(what, text string) *C.char {
	if strings.IndexByte(text, 0) >= 0 {
		c.refuse("%s holds a NUL", what)
	}
	copied := C.CString(text)
	c.texts = append(c.texts, unsafe.Pointer(copied))
	return copied
}

// optionalText lends NULL for an empty text.
func (c *call) optionalText(what, text string) *C.char {
	if text == "" {
		return nil
	}
	return c.text(what, text)
}

// open lends something of C's, which is a mistake if it is closed.
func (c *call) open(what string, target *handle) unsafe.Pointer {
	pointer := target.acquire()
	if pointer == nil {
		c.refuse("%s is %s", what, ErrClosed)
		c.closed = true
		return nil
	}
	c.atEnd(target.release)
	return pointer
}

// bytes lends the bytes themselves.
func (c *call) bytes(data []byte) (unsafe.Pointer, C.size_t) {
	if len(data) == 0 {
		return nil, 0
	}
	c.pinner.Pin(&data[0])
	return unsafe.Pointer(&data[0]), C.size_t(len(data))
}

// handle lends a value to functions that C calls.
func (c *call) handle(value any) C.uintptr_t {
	handle := cgo.NewHandle(value)
	c.handles = append(c.handles, handle)
	return C.uintptr_t(handle)
}

// guard runs a function of the caller's. What it fails or panics with is kept for the end of the call, since no panic may
// go through C. It gives the number that ends the call, or 0.
func (c *call) guard(run func() error) (code C.int32_t) {
	code = 1
	returned := false
	defer func() {
		if panicked := recover(); panicked != nil {
			c.panicked = panicked
		} else if !returned {
			// It called runtime.Goexit, which nothing stops: C never comes to its end on this thread. So the thread has to
			// end with the goroutine, which it does when it is locked to it.
			runtime.LockOSThread()
		}
	}()
	err := run()
	returned = true
	if err != nil {
		c.cause = err
		return 1
	}
	return 0
}

// Limits are those of a context, in C's terms. They end with end().
type limits struct {
	ctx        context.Context
	began      time.Time
	deadlineMS C.uint64_t
	cancel     *C.oss_cancel
	stop       func() bool
	fired      chan struct{}
}

func newLimits(ctx context.Context) *limits {
	l := &limits{ctx: ctx, began: time.Now(), cancel: C.oss_cancel_new(), fired: make(chan struct{})}
	if deadline, ok := ctx.Deadline(); ok {
		if left := deadline.Sub(l.began); left <= longestDeadline {
			// Zero would stand for no deadline.
			l.deadlineMS = C.uint64_t(max(1, (left+time.Millisecond-1)/time.Millisecond))
		}
	}
	l.stop = context.AfterFunc(ctx, func() {
		C.oss_cancel_fire(l.cancel)
		close(l.fired)
	})
	return l
}

func (l *limits) end() {
	if !l.stop() {
		<-l.fired
	}
	C.oss_cancel_free(l.cancel)
}

// catchUp makes sure that C knows it if the context is done.
func (l *limits) catchUp() {
	if l.ctx.Err() != nil {
		<-l.fired
	}
}

// explain gives the context's error if it was the context that ended the call. The status then says which of its ends it
// was: a deadline comes to C as a cancel too, and mostly that is seen first.
func (l *limits) explain(result *Result) error {
	err := l.ctx.Err()
	switch {
	case result.Status == StatusCancelled && err != nil:
		result.Status = statusOf(err)
		return causeOf(l.ctx, err)
	case result.Status == StatusTimeout && errors.Is(err, context.DeadlineExceeded):
		return causeOf(l.ctx, err)
	case result.Status == StatusTimeout && l.areNearlyOver():
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// areNearlyOver reports whether there is no time left but what an upload in parts keeps for removing them: then it ends
// before the context does.
func (l *limits) areNearlyOver() bool {
	if l.deadlineMS == 0 {
		return false
	}
	deadline, _ := l.ctx.Deadline()
	return time.Until(deadline) <= min(deadline.Sub(l.began)/10, 2*time.Second)
}

func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != err {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// operation is a call that reports through a result.
type operation struct {
	op, key  string
	callback *Callback
	// looks has the result say whether the object is there, of which a call that was not made says nothing.
	looks bool
	// delivers has it make up for a callback, which is no upload whose callback failed.
	delivers bool
}

// run makes a call within the limits of a context: work has to lend what C needs, to make the call unless there was a
// mistake, and to give its result.
func (o operation) run(ctx context.Context, work func(*call, *limits) *C.oss_result) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return o.refuse(statusOf(err), "the context was done before anything was sent", causeOf(ctx, err))
	}
	limits := newLimits(ctx)
	defer limits.end()
	c := new(call)
	defer c.end()
	return o.conclude(c, work(c, limits), limits)
}

// runOn makes a call on something that may be closed.
func (o operation) runOn(ctx context.Context, target *handle, work func(*call, unsafe.Pointer, *limits) *C.oss_result) (*Result, error) {
	pointer := target.acquire()
	if pointer == nil {
		return o.refuse(StatusInvalidArgument, ErrClosed.Error(), ErrClosed)
	}
	defer target.release()
	result, err := o.run(ctx, func(c *call, limits *limits) *C.oss_result { return work(c, pointer, limits) })
	return result, target.keys.explain(err)
}

// construct makes something that needs no network.
func (o operation) construct(work func(*call) *C.oss_result) (*Result, error) {
	c := new(call)
	defer c.end()
	return o.conclude(c, work(c), nil)
}

func (o operation) conclude(c *call, native *C.oss_result, limits *limits) (*Result, error) {
	if native == nil && c.closed {
		return o.refuse(StatusInvalidArgument, c.mistake, ErrClosed)
	}
	if native == nil && c.cause != nil {
		return o.refuse(StatusLocalIO, c.mistake, c.cause)
	}
	if native == nil {
		return o.refuse(StatusInvalidArgument, c.mistake, nil)
	}
	result := newResult(native)
	cause := c.cause
	if cause == nil && limits != nil {
		cause = limits.explain(result)
	}
	return result, o.errorOf(result, cause)
}

func (o operation) refuse(status Status, message string, cause error) (*Result, error) {
	result := refused(status, message)
	if o.looks {
		result.Stored = StoredUnknown
	}
	return result, o.errorOf(result, cause)
}

func statusOf(contextError error) Status {
	if errors.Is(contextError, context.DeadlineExceeded) {
		return StatusTimeout
	}
	return StatusCancelled
}

// onBucket makes a call on a bucket, within the limits of a context.
func (o operation) onBucket(ctx context.Context, bucket *Bucket, work func(*call, *C.oss_bucket) *C.oss_result) (*Result, error) {
	return o.runOn(ctx, bucket.native, func(c *call, pointer unsafe.Pointer, limits *limits) *C.oss_result {
		var limited *C.oss_bucket
		var result *C.oss_result
		C.oss_bucket_with_limits((*C.oss_bucket)(pointer), limits.deadlineMS, limits.cancel, &limited, &result)
		if limited == nil {
			return result
		}
		C.oss_result_free(result)
		c.atEnd(func() { C.oss_bucket_free(limited) })
		return work(c, limited)
	})
}
