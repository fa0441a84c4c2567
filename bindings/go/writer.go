package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"io"
	"sync"
	"unsafe"
)

// Writer takes the data of one object, piece by piece. [Writer.Finish] makes the object; [Writer.Close] without it gives the
// upload up, so it can be deferred. For one goroutine at a time.
//
// What is written is held in memory until there are as many parts as are sent at once; they are then sent during Write or
// Finish. Data that fits into one part is put with a single request.
type Writer struct {
	native *handle
	parts  *writerParts
	op     operation
}

var _ io.WriteCloser = (*Writer)(nil)

// writerParts are what C keeps a hold of while the writer exists.
type writerParts struct {
	writer *C.oss_writer
	// lent is what the options and the context's cancel are made of; its mistake and cause stay with the writer.
	lent   *call
	limits *limits
	once   sync.Once
}

// NewWriter begins an upload of data that is produced piece by piece. Nothing is sent yet. The context is for the whole
// upload: when it is done, Write and Finish end, and the parts are removed. The callback may be nil.
func (b *Bucket) NewWriter(ctx context.Context, key string, callback *Callback, options ...UploadOption) (*Writer, error) {
	op := operation{op: "write", key: key, callback: callback}
	if err := ctx.Err(); err != nil {
		_, err = op.refuse(statusOf(err), "the context was done before anything was sent", causeOf(ctx, err))
		return nil, err
	}
	pointer := b.native.acquire()
	if pointer == nil {
		_, err := op.refuse(StatusInvalidArgument, ErrClosed.Error(), ErrClosed)
		return nil, err
	}
	defer b.native.release()

	parts := &writerParts{lent: new(call), limits: newLimits(ctx)}
	// That is left to the context's cancel: C would count it anew for each call.
	parts.limits.deadlineMS = 0
	result := parts.open((*C.oss_bucket)(pointer), key, callback, options)
	if parts.writer == nil {
		defer parts.free()
		_, err := op.conclude(parts.lent, result, parts.limits)
		return nil, err
	}
	C.oss_result_free(result)
	writer := &Writer{parts: parts, op: op}
	writer.native = newHandle(unsafe.Pointer(parts.writer), func(unsafe.Pointer) { parts.free() }).calling(b.native.callees)
	return writer, nil
}

// open makes C's writer.
func (p *writerParts) open(bucket *C.oss_bucket, key string, callback *Callback, options []UploadOption) (result *C.oss_result) {
	c := p.lent
	name, notify, settings := c.text("the key", key), c.callback(callback), c.uploadOptions(options)
	if c.mistake != "" {
		return nil
	}
	var limited *C.oss_bucket
	C.oss_bucket_with_limits(bucket, p.limits.deadlineMS, p.limits.cancel, &limited, &result)
	if limited == nil {
		return result
	}
	C.oss_result_free(result)
	c.atEnd(func() { C.oss_bucket_free(limited) })
	C.oss_writer_new(limited, name, notify, settings, &p.writer, &result)
	return result
}

func (p *writerParts) free() {
	C.oss_writer_free(p.writer)
	p.limits.end()
	p.lent.panicked = nil
	p.lent.end()
}

// Write takes data for the object. It blocks while parts are being sent. After an error the upload has failed, and its parts
// are removed unless they are to be kept.
func (w *Writer) Write(data []byte) (int, error) {
	_, err := w.run(func(native *C.oss_writer) (result *C.oss_result) {
		var lent call
		defer lent.end()
		pointer, size := lent.bytes(data)
		C.oss_writer_write(native, pointer, size, &result)
		return result
	})
	if err != nil {
		return 0, err
	}
	return len(data), nil
}

// Finish sends what is left and makes the object of all that was written.
func (w *Writer) Finish() (*Result, error) {
	return w.run(func(native *C.oss_writer) (result *C.oss_result) {
		C.oss_writer_finish(native, &result)
		return result
	})
}

// Abort ends the upload without an object, and removes what OSS has of it, whether the context is done or not. When it is
// done, that takes two seconds at the most.
func (w *Writer) Abort() (*Result, error) {
	return w.run(func(native *C.oss_writer) (result *C.oss_result) {
		C.oss_writer_abort(native, &result)
		return result
	})
}

// Close gives an upload up that was not finished, as [Writer.Abort] does, and ends the writer. After [Writer.Finish] it has
// nothing to do and succeeds. Closing again does nothing.
func (w *Writer) Close() error {
	var err error
	w.parts.once.Do(func() {
		_, err = w.Abort()
		w.native.close()
	})
	return err
}

func (w *Writer) run(work func(*C.oss_writer) *C.oss_result) (*Result, error) {
	pointer := w.native.acquire()
	if pointer == nil {
		return w.op.refuse(StatusInvalidArgument, ErrClosed.Error(), ErrClosed)
	}
	defer w.native.release()
	w.parts.limits.catchUp()
	native := work((*C.oss_writer)(pointer))
	if panicked := w.parts.lent.panicked; panicked != nil {
		w.parts.lent.panicked = nil
		C.oss_result_free(native)
		panic(panicked)
	}
	result, err := w.op.conclude(w.parts.lent, native, w.parts.limits)
	return result, w.native.keys.explain(err)
}
