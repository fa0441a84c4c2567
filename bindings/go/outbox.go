package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"iter"
	"log/slog"
	"runtime/cgo"
	"sync"
	"unsafe"
)

// Outbox is a folder in which it is kept that application servers are yet to hear of uploads. Any number of processes may use
// a folder at once.
//
// OSS calls an application server once. If that fails, if its reply is lost or the process ends before it comes, the server
// never hears of an object that is there. An upload with a callback and [WithOutbox] therefore leaves a record in the folder,
// and has it on disk, before the request goes out that may run the callback; the record goes when the application server's
// answer has come, or when it is certain that nothing was stored. What stays is made up for by [Outbox.Deliver]. If the record
// cannot be written, the upload ends with [ErrLocalIO] before anything is sent.
//
// An object that is stored so gets a token, as with [WithWriteToken], so that it is known again. A record holds the callback
// with its variables and what is known of the object, but no keys. Only records are believed that nobody but this user can
// have written.
type Outbox struct {
	native *handle
	folder string
	log    *outboxLog
}

// OutboxOption says how an [Outbox] is used.
type OutboxOption func(*outboxLog)

// WithLogger sets who is told what is worth a line in a log: that something in the folder is no record, and was set aside
// under another name. It is told after the call that came upon it, as a warning. By default nobody is.
func WithLogger(logger *slog.Logger) OutboxOption {
	return func(log *outboxLog) { log.logger = logger }
}

// outboxLog keeps the lines of calls that are going on: no function of the caller's need run in the midst of C.
type outboxLog struct {
	logger *slog.Logger
	mutex  sync.Mutex
	lines  []string
}

func (l *outboxLog) keep(line string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = append(l.lines, line)
}

func (l *outboxLog) taken() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// tell passes on what was kept.
func (l *outboxLog) tell(ctx context.Context, folder string) {
	for _, line := range l.taken() {
		l.logger.WarnContext(ctx, line, "outbox", folder)
	}
}

// OpenOutbox opens a folder, which is made if it is missing, with access for this user alone.
func OpenOutbox(folder string, options ...OutboxOption) (*Outbox, error) {
	log := &outboxLog{}
	for _, option := range options {
		option(log)
	}
	return openOutbox(folder, log)
}

func openOutbox(folder string, log *outboxLog) (*Outbox, error) {
	var made *C.oss_outbox
	_, err := operation{op: "open outbox", key: folder}.construct(func(c *call) (result *C.oss_result) {
		if path := c.text("the path of the folder", folder); c.mistake == "" {
			C.oss_outbox_open(path, &made, &result)
		}
		return result
	})
	if err != nil {
		return nil, err
	}
	told := cgo.NewHandle(log)
	if log.logger != nil {
		C.ossupload_set_outbox_log(made, C.uintptr_t(told))
	}
	outbox := &Outbox{folder: folder, log: log}
	outbox.native = newHandle(unsafe.Pointer(made), func(p unsafe.Pointer) {
		C.oss_outbox_free((*C.oss_outbox)(p))
		told.Delete()
	})
	return outbox, nil
}

// Folder gives the folder.
func (o *Outbox) Folder() string {
	return o.folder
}

// Close ends the use of the folder, which stays as it is. Options that name the outbox do not take it any more; calls that are
// going on end as if it were open. It never fails.
func (o *Outbox) Close() error {
	o.native.close()
	return nil
}

// outbox lends an outbox, or NULL for none.
func (c *call) outbox(outbox *Outbox) *C.oss_outbox {
	if outbox == nil {
		return nil
	}
	return (*C.oss_outbox)(c.open("the outbox", outbox.native))
}

// WithOutbox sets where it is kept on disk that the callback is owed; nil for nowhere. It counts for uploads in parts that are
// begun with it too, and has no effect on what has no callback, nor on URLs and forms, which take [WithOutboxOfBucket].
func WithOutbox(outbox *Outbox) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		return C.oss_put_options_set_outbox(o, c.outbox(outbox))
	})
}

// WithOutboxOfBucket sets where it is kept on disk that a callback is owed, for what takes no [WithOutbox]: [PutToURL],
// [PostObject], and what [Bucket.ReopenMultipart] opens. Such an object has no token, so that it is known by its bytes: what is
// uploaded to a URL or by a form is read once more beforehand.
func WithOutboxOfBucket(outbox *Outbox) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		return C.oss_bucket_options_set_outbox(o, c.outbox(outbox))
	}
}

// DeliveryOption says how [Outbox.Deliver] goes about it.
type DeliveryOption func(*call, *C.oss_delivery_options) C.oss_status

// WithCallbacksAtOnce sets how many callbacks are made up for at once, from 1 to 100. The default is 4.
func WithCallbacksAtOnce(callbacks int) DeliveryOption {
	return func(c *call, o *C.oss_delivery_options) C.oss_status {
		return C.oss_delivery_options_set_parallel(o, c.uint32("a number of callbacks", callbacks))
	}
}

// WithDeliveryProgress sets who is told how it gets on, after each callback that was tried: how many are no longer owed, and
// how many were tried. An error ends the call, and is found in its error.
func WithDeliveryProgress(progress func(delivered, tried int64) error) DeliveryOption {
	return func(c *call, o *C.oss_delivery_options) C.oss_status {
		if progress == nil {
			return C.oss_delivery_options_set_progress(o, nil, nil)
		}
		return C.ossupload_set_delivery_progress(o, c.handle(&observer{call: c, progress: func(told Progress) error {
			return progress(told.Accepted, told.Total)
		}}))
	}
}

// Deliver makes up for all callbacks that are due, so that a goroutine of the program's or a job of cron's needs nothing else:
// each is tried once, as by [Owed.Settle]. What fails is put off, for a second at first, then longer each time, up to an hour.
//
// Only what is owed for objects of this bucket is looked at, reached by the same endpoint as when it was uploaded. Several
// goroutines and processes may do this at once; none of them takes up what another has in hand.
//
// [Result.Delivered] counts the callbacks that are no longer owed, [Result.Owed] those for this bucket that still are, be it
// that they are not due yet. The error is nil if nothing failed; otherwise it is how the first one failed, as Owed.Settle says
// it.
func (o *Outbox) Deliver(ctx context.Context, bucket *Bucket, options ...DeliveryOption) (*Result, error) {
	defer o.log.tell(ctx, o.folder)
	return operation{op: "deliver", key: o.folder, delivers: true}.onBucket(ctx, bucket, func(c *call, native *C.oss_bucket) (result *C.oss_result) {
		outbox, settings := c.outbox(o), c.deliveryOptions(options)
		if c.mistake == "" {
			C.oss_outbox_deliver(outbox, native, settings, &result)
		}
		return result
	})
}

// deliveryOptions lends options; what is wrong with one is a mistake.
func (c *call) deliveryOptions(options []DeliveryOption) *C.oss_delivery_options {
	made := C.oss_delivery_options_new()
	c.atEnd(func() { C.oss_delivery_options_free(made) })
	for _, option := range options {
		if option(c, made) != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_delivery_options_error(made)))
		}
	}
	return made
}

// All gives what is owed, the oldest first. What a call that is under way may come to owe, and what somebody else has in hand,
// is passed over. Nobody else can take up what was given, in this process or another, until the loop goes on; then the [Owed]
// is closed. An error ends the loop.
//
//	for owed, err := range outbox.All() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(owed.Key, owed.Tries, owed.Message)
//	}
func (o *Outbox) All() iter.Seq2[*Owed, error] {
	return func(yield func(*Owed, error) bool) {
		walk, err := o.again()
		if err != nil {
			yield(nil, err)
			return
		}
		defer walk.Close()
		for owed, err := walk.next(); ; owed, err = walk.next() {
			if err != nil {
				yield(nil, err)
			}
			if owed == nil || !owed.yieldTo(yield) {
				return
			}
		}
	}
}

// again opens the folder once more: each walk has its own place in it.
func (o *Outbox) again() (*Outbox, error) {
	if o.native.acquire() == nil {
		_, err := operation{op: "list owed", key: o.folder}.refuse(StatusInvalidArgument, ErrClosed.Error(), ErrClosed)
		return nil, err
	}
	defer o.native.release()
	return openOutbox(o.folder, &outboxLog{logger: o.log.logger})
}

// next gives what is owed next; nil after the last one.
func (o *Outbox) next() (*Owed, error) {
	defer o.log.tell(context.Background(), o.folder)
	var made *C.oss_owed
	_, err := operation{op: "list owed", key: o.folder}.construct(func(c *call) (result *C.oss_result) {
		C.oss_outbox_next(c.outbox(o), &made, &result)
		return result
	})
	return newOwed(made), err
}
