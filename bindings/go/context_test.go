package ossupload_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ossupload"
)

// waiting are all the ways to wait for OSS. Each is called with a key that the emulator is slow to answer, and prepares what
// it needs with a context of its own.
var waiting = map[string]struct {
	operation string
	prepare   func(t *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error
}{
	"put": {"PutObject", func(_ *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := bucket.Put(ctx, key, ossupload.FromString("a"), nil)
			return err
		}
	}},
	"upload": {"PutObject", func(_ *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := bucket.Upload(ctx, key, ossupload.FromString("a"), nil)
			return err
		}
	}},
	"append": {"AppendObject", func(_ *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := bucket.Append(ctx, key, 0, ossupload.FromString("a"))
			return err
		}
	}},
	"stat": {"HeadObject", func(_ *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := bucket.Stat(ctx, key)
			return err
		}
	}},
	"remove": {"DeleteObject", func(_ *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := bucket.Remove(ctx, key)
			return err
		}
	}},
	"begin": {"InitiateMultipartUpload", func(_ *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := bucket.BeginMultipart(ctx, key)
			return err
		}
	}},
	"part": {"UploadPart", func(t *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		multipart := beginMultipart(t, bucket, key)
		return func(ctx context.Context) error {
			_, err := multipart.UploadPart(ctx, 1, ossupload.FromString("a"))
			return err
		}
	}},
	"complete": {"CompleteMultipartUpload", func(t *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		multipart := beginMultipart(t, bucket, key)
		if _, err := multipart.UploadPart(context.Background(), 1, ossupload.FromString("a")); err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) error {
			_, err := multipart.Complete(ctx, nil)
			return err
		}
	}},
	"writer": {"PutObject", func(t *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		return func(ctx context.Context) error {
			writer, err := bucket.NewWriter(ctx, key, nil)
			if err != nil {
				return err
			}
			defer writer.Close()
			writer.Write([]byte("a"))
			_, err = writer.Finish()
			return err
		}
	}},
	"put to URL": {"PutObject", func(t *testing.T, bucket *ossupload.Bucket, key string) func(context.Context) error {
		presigned, err := bucket.PresignPut(key, nil, time.Hour)
		must(err)
		return func(ctx context.Context) error {
			_, err := ossupload.PutToURL(ctx, presigned, ossupload.FromString("a"))
			return err
		}
	}},
	"post": {"PostObject", func(t *testing.T, _ *ossupload.Bucket, key string) func(context.Context) error {
		bucket, err := ossupload.NewBucket(server.Endpoint, slowBucket(), credentials())
		must(err)
		t.Cleanup(func() { bucket.Close() })
		form, err := bucket.SignPostPolicy(ossupload.PostPolicy{Key: key}, nil, time.Hour)
		must(err)
		return func(ctx context.Context) error {
			_, err := ossupload.PostObject(ctx, form, ossupload.FromString("a"))
			return err
		}
	}},
}

func beginMultipart(t testing.TB, bucket *ossupload.Bucket, key string) *ossupload.Multipart {
	t.Helper()
	multipart, err := bucket.BeginMultipart(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { multipart.Close() })
	return multipart
}

// waited says which operations the emulator saw of a test. The key of a form is in its body, so all that is sent to the slow
// bucket counts.
func waited(t *testing.T) []string {
	t.Helper()
	return requests(t, func(bucket, key string) bool { return key == keyOf(t) || bucket == slowBucket() })
}

func eachWaiting(t *testing.T, test func(t *testing.T, call func(context.Context) error)) {
	for name, it := range waiting {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := keyOf(t)
			slow := fault{"action": "slow_reply", "delay_ms": 2 * patience.Milliseconds(), "operation": it.operation, "times": "always"}
			if it.operation == "PostObject" {
				slow["bucket"] = slowBucket()
			} else {
				slow["key"] = key
			}
			inject(t, slow)
			test(t, it.prepare(t, openBucket(t), key))
		})
	}
}

func TestCancelEndsWhateverACallIsWaitingFor(t *testing.T) {
	eachWaiting(t, func(t *testing.T, call func(context.Context) error) {
		name := t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]
		operation := waiting[strings.ReplaceAll(name, "_", " ")].operation
		why := errors.New("the user went away")
		ctx, cancel := context.WithCancelCause(context.Background())
		before := len(waited(t))
		ended := make(chan error, 1)
		go func() { ended <- call(ctx) }()
		eventually(t, operation+" has begun", func() bool { return slices.Contains(waited(t)[before:], operation) })
		began := time.Now()
		cancel(why)
		err := <-ended
		if !errors.Is(err, context.Canceled) || !errors.Is(err, ossupload.ErrCancelled) || !errors.Is(err, why) {
			t.Fatal(err)
		}
		if text := err.Error(); !strings.Contains(text, why.Error()) || strings.Contains(text, "\n") {
			t.Errorf("%q does not say in one line why", text)
		}
		if took := time.Since(began); took > patience {
			t.Fatalf("it took %v", took)
		}
	})
}

func TestDeadlineEndsWhateverACallIsWaitingFor(t *testing.T) {
	eachWaiting(t, func(t *testing.T, call func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		err := call(ctx)
		var timeout interface{ Timeout() bool }
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ossupload.ErrTimeout) || errors.Is(err, ossupload.ErrCancelled) {
			t.Fatal(err)
		}
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatal(err)
		}
	})
}

func TestContextThatIsDoneSendsNothing(t *testing.T) {
	eachWaiting(t, func(t *testing.T, call func(context.Context) error) {
		before := len(waited(t))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := call(ctx); !errors.Is(err, context.Canceled) || !errors.Is(err, ossupload.ErrCancelled) {
			t.Fatal(err)
		}
		late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
		defer cancel()
		if err := call(late); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ossupload.ErrTimeout) {
			t.Fatal(err)
		}
		if after := len(waited(t)); after != before {
			t.Fatalf("%d requests were sent", after-before)
		}
	})
}

func TestCallThatWasNotMadeDoesNotSayThatTheObjectIsNotThere(t *testing.T) {
	bucket := openBucket(t)
	if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil); err != nil {
		t.Fatal(err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	looked := func() {
		t.Helper()
		if result, err := bucket.Stat(done, keyOf(t)); err == nil || result.Stored != ossupload.StoredUnknown {
			t.Errorf("%v, %v", result.Stored, err)
		}
		if result, err := bucket.Remove(done, keyOf(t)); err == nil || result.Stored != ossupload.StoredUnknown {
			t.Errorf("%v, %v", result.Stored, err)
		}
		if result, err := bucket.Put(done, keyOf(t), ossupload.FromString("b"), nil); err == nil || result.Stored != ossupload.StoredNo {
			t.Errorf("%v, %v", result.Stored, err)
		}
	}
	looked()
	must(bucket.Close())
	looked()
}

func TestTimeOutOfAConnectionIsNotTheContexts(t *testing.T) {
	inject(t, fault{"action": "slow_reply", "delay_ms": 2 * patience.Milliseconds(), "key": keyOf(t), "times": "always"})
	bucket := openBucket(t, ossupload.WithStallTimeout(100*time.Millisecond), ossupload.WithMaxAttempts(1))
	for _, left := range []time.Duration{time.Hour, 50 * 365 * 24 * time.Hour} {
		ctx, cancel := context.WithTimeout(context.Background(), left)
		_, err := bucket.Stat(ctx, keyOf(t))
		cancel()
		if !errors.Is(err, ossupload.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("with %v left: %v", left, err)
		}
	}
}

func TestContextOfOneCallDoesNotEndAnother(t *testing.T) {
	bucket := openBucket(t)
	multipart := beginMultipart(t, bucket, keyOf(t))
	inject(t, fault{"action": "slow_reply", "delay_ms": 2 * patience.Milliseconds(), "operation": "UploadPart", "part_number": 1, "key": keyOf(t)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := multipart.UploadPart(ctx, 1, ossupload.FromString("a"))
		ended <- err
	}()
	eventually(t, "the part is on its way", func() bool { return slices.Contains(requestsFor(t, keyOf(t)), "UploadPart") })
	if _, err := multipart.UploadPart(context.Background(), 2, ossupload.FromString("b")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := multipart.UploadPart(context.Background(), 3, ossupload.FromString("c")); err != nil {
		t.Fatal(err)
	}
}

// longEnough is a context that is never done, and has a deadline.
func longEnough(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	t.Cleanup(cancel)
	return ctx
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	bucket := openBucket(t)
	ctx := longEnough(t)
	putOnce := func() {
		if _, err := bucket.Upload(ctx, keyOf(t), ossupload.FromReader(onlyReader{strings.NewReader("a")}), nil); err != nil {
			t.Fatal(err)
		}
		done, cancel := context.WithCancel(ctx)
		if _, err := bucket.Put(done, keyOf(t), ossupload.FromReaderN(readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, io.ErrUnexpectedEOF
		}), 10), nil); err == nil {
			t.Fatal("nothing was wrong")
		}
		writer, err := bucket.NewWriter(ctx, keyOf(t), nil)
		must(err)
		must(writer.Close())
	}
	putOnce()
	before := runtime.NumGoroutine()
	for range 50 {
		putOnce()
	}
	eventually(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(into []byte) (int, error) { return f(into) }
