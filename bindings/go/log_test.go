package ossupload_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"

	"example.com/ossupload"
)

// lines is a writer for loggers.
type lines struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *lines) Write(data []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(data)
}

func TestBucketLoggerIsToldWhatHappens(t *testing.T) {
	var all, some lines
	verbose := slog.New(slog.NewTextHandler(&all, &slog.HandlerOptions{Level: slog.LevelDebug}))
	terse := slog.New(slog.NewTextHandler(&some, &slog.HandlerOptions{Level: slog.LevelWarn}))
	for _, logger := range []*slog.Logger{verbose, terse, nil} {
		inject(t, fault{"action": "status", "status": 503, "code": "ServiceUnavailable", "key": keyOf(t)})
		bucket := openBucket(t, ossupload.WithBucketLogger(logger))
		if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("data"), nil); err != nil {
			t.Fatal(err)
		}
	}
	for part, inBoth := range map[string]bool{
		"level=DEBUG msg=\"connected to 127.0.0.1:": false,
		"level=INFO msg=\"PUT PutObject":            false,
		"level=WARN msg=\"PUT PutObject":            true,
		"again in ":                                 true,
	} {
		if !strings.Contains(all.text.String(), part) {
			t.Errorf("no %q in %s", part, &all.text)
		}
		if strings.Contains(some.text.String(), part) != inBoth {
			t.Errorf("%q in %s: expected %v", part, &some.text, inBoth)
		}
	}
}

func TestLoggerIsKeptForAsLongAsItIsUsed(t *testing.T) {
	var told lines
	gone := make(chan struct{})
	upload := func() *ossupload.Multipart {
		logger := slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelInfo}))
		runtime.AddCleanup(logger, func(gone chan struct{}) { close(gone) }, gone)
		bucket, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], credentials(),
			ossupload.WithRegion(server.Region), ossupload.WithBucketLogger(logger))
		if err != nil {
			t.Fatal(err)
		}
		upload, err := bucket.BeginMultipart(context.Background(), keyOf(t))
		if err != nil {
			t.Fatal(err)
		}
		return upload
	}()
	collectGarbage(t)
	if _, err := upload.Abort(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told.text.String(), "AbortMultipartUpload") {
		t.Errorf("no line of the upload in %s", &told.text)
	}
	upload = nil
	eventually(t, "the logger is forgotten", func() bool {
		runtime.GC()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	})
}

func TestPutSaysHowItGetsOn(t *testing.T) {
	data := noise(300_000)
	var told []ossupload.Progress
	watch := func(progress ossupload.Progress) error {
		told = append(told, progress)
		return nil
	}
	_, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromBytes(data), nil, ossupload.WithPutProgress(watch))
	if err != nil || len(told) < 2 {
		t.Fatal(err, told)
	}
	size := int64(len(data))
	if first := told[0]; first != (ossupload.Progress{Total: size, Parts: 1}) {
		t.Errorf("%+v", first)
	}
	last := told[len(told)-1]
	last.Rate = 0
	if last != (ossupload.Progress{Total: size, Sent: size, Acknowledged: size, Accepted: size, PartsDone: 1, Parts: 1, Attempts: 1}) {
		t.Errorf("%+v", last)
	}
}
