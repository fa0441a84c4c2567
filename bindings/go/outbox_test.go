package ossupload_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ossupload"
)

func openOutbox(t testing.TB, options ...ossupload.OutboxOption) *ossupload.Outbox {
	t.Helper()
	outbox, err := ossupload.OpenOutbox(filepath.Join(t.TempDir(), "outbox"), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { outbox.Close() })
	return outbox
}

// putOwing uploads an object whose callback fails.
func putOwing(t testing.TB, key string, outbox *ossupload.Outbox, application *application) *ossupload.Result {
	t.Helper()
	callback := application.callback()
	callback.Body += "&delivery=${x:delivery}"
	callback.DeliveryVariable = "x:delivery"
	result, err := openBucket(t).Put(context.Background(), key, ossupload.FromString("a"), callback, ossupload.WithOutbox(outbox))
	if !errors.Is(err, ossupload.ErrCallbackFailed) {
		t.Fatal(err)
	}
	return result
}

// owedKeys lists the keys of what is owed, sorted.
func owedKeys(t testing.TB, outbox *ossupload.Outbox) (keys []string) {
	t.Helper()
	for owed, err := range outbox.All() {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, owed.Key)
	}
	slices.Sort(keys)
	return keys
}

func TestCallbackThatFailedIsOwedAndDeliveredOnceTheServerIsBack(t *testing.T) {
	application, outbox, bucket := startApplication(t), openOutbox(t), openBucket(t)
	application.fail()
	keys := []string{keyOf(t) + "/1", keyOf(t) + "/2"}
	for _, key := range keys {
		putOwing(t, key, outbox, application)
	}
	if owed := owedKeys(t, outbox); !slices.Equal(owed, keys) {
		t.Fatal(owed)
	}
	application.respond(200, `{"late":true}`)
	var told []int64
	result, err := outbox.Deliver(context.Background(), bucket, ossupload.WithCallbacksAtOnce(1),
		ossupload.WithDeliveryProgress(func(delivered, tried int64) error {
			told = append(told, delivered, tried)
			return nil
		}))
	if err != nil || result.Delivered != 2 || result.Owed != 0 || !slices.Equal(told, []int64{1, 1, 2, 2}) {
		t.Fatal(err, result, told)
	}
	called := application.called()
	slices.Sort(called)
	if len(called) != 4 || called[0] != called[1] || called[1] == called[2] || called[2] != called[3] {
		t.Fatal(called)
	}
	if owed := owedKeys(t, outbox); owed != nil {
		t.Fatal(owed)
	}
}

func TestRecordTellsWhatIsOwed(t *testing.T) {
	application, outbox, bucket := startApplication(t), openOutbox(t), openBucket(t)
	application.fail()
	key := keyOf(t) + ".txt"
	upload := putOwing(t, key, outbox, application)
	var kept *ossupload.Owed
	for owed, err := range outbox.All() {
		if err != nil {
			t.Fatal(err)
		}
		kept = owed
		if !strings.HasPrefix(owed.URL, server.Endpoint) || owed.Bucket != bucket.Name() || owed.Key != key || owed.UploadID != "" {
			t.Fatalf("%+v", owed)
		}
		crc64, known := owed.CRC64()
		expected, _ := upload.CRC64()
		if owed.ETag != upload.ETag || owed.ContentType != "text/plain" || owed.Size != 1 || !known || crc64 != expected {
			t.Fatalf("%+v", owed)
		}
		if owed.Stored != ossupload.StoredYes || owed.Tries != 0 || time.Until(owed.Due) > 0 || owed.Message != upload.Message {
			t.Fatalf("%+v", owed)
		}
		if age := time.Since(owed.Since); age < -time.Second || age > time.Hour {
			t.Fatal(age)
		}
		body, err := owed.Render(nil)
		if err != nil || body != application.called()[0] {
			t.Fatalf("%q %v", body, err)
		}
		if body, err := owed.Render(map[string]string{"object": "other"}); err != nil || !strings.HasPrefix(body, "object=other&") {
			t.Fatalf("%q %v", body, err)
		}
		if _, err := owed.Render(map[string]string{"size": "x"}); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Error(err)
		}
		if others := owedKeys(t, outbox); others != nil {
			t.Fatalf("%q can be taken up twice", others)
		}

		result, err := owed.Settle(context.Background(), bucket)
		var callbackError *ossupload.CallbackError
		if !errors.Is(err, ossupload.ErrCallbackFailed) || errors.As(err, &callbackError) || result.Stored != ossupload.StoredYes {
			t.Fatalf("%T %v", err, err)
		}
		if owed.Tries != 1 || owed.Message != result.Message {
			t.Fatalf("%+v", owed)
		}
		if err := owed.Postpone(time.Hour); err != nil || time.Until(owed.Due) < 59*time.Minute {
			t.Fatal(err, owed.Due)
		}
		if err := owed.Postpone(1<<63 - 1); err != nil || time.Until(owed.Due) < 24*365*time.Hour {
			t.Fatal(err, owed.Due)
		}
	}
	if _, err := kept.Render(nil); !errors.Is(err, ossupload.ErrClosed) || !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := kept.Settle(context.Background(), bucket); !errors.Is(err, ossupload.ErrClosed) {
		t.Error(err)
	}
	if err := kept.Done(); !errors.Is(err, ossupload.ErrClosed) {
		t.Error(err)
	}
	if result, err := outbox.Deliver(context.Background(), bucket); err != nil || result.Owed != 1 {
		t.Fatal("what was put off was tried: ", result, err)
	}
	application.respond(200, `{"late":true}`)
	for owed, err := range outbox.All() {
		must(err)
		result, err := owed.Settle(context.Background(), bucket)
		if err != nil || string(result.Body) != `{"late":true}` || result.Stored != ossupload.StoredYes {
			t.Fatal(result, err)
		}
		if _, err := owed.Settle(context.Background(), bucket); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Error(err)
		}
	}
}

func TestDeliveryEndsWithItsContextAndWithItsProgress(t *testing.T) {
	application, outbox, bucket := startApplication(t), openOutbox(t), openBucket(t)
	application.fail()
	putOwing(t, keyOf(t)+"/1", outbox, application)
	putOwing(t, keyOf(t)+"/2", outbox, application)
	enough := errors.New("enough")
	result, err := outbox.Deliver(context.Background(), bucket, ossupload.WithCallbacksAtOnce(1),
		ossupload.WithDeliveryProgress(func(int64, int64) error { return enough }))
	if !errors.Is(err, enough) || !errors.Is(err, ossupload.ErrCancelled) || result.Owed != 1 {
		t.Fatal(result, err)
	}
	for _, key := range []string{"/1", "/2"} {
		inject(t, fault{"action": "slow_reply", "delay_ms": 2 * patience.Milliseconds(), "operation": "HeadObject", "key": keyOf(t) + key})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := outbox.Deliver(ctx, bucket); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if owed := owedKeys(t, outbox); len(owed) != 2 {
		t.Fatal(owed)
	}
	for owed, err := range outbox.All() {
		must(err)
		must(owed.Done())
		must(owed.Done())
		break
	}
	if owed := owedKeys(t, outbox); len(owed) != 1 {
		t.Fatal(owed)
	}
	if _, err := outbox.Deliver(context.Background(), bucket, ossupload.WithCallbacksAtOnce(101)); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := outbox.Deliver(context.Background(), bucket, ossupload.WithCallbacksAtOnce(-1)); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestUploadsOfEveryKindOwe(t *testing.T) {
	application, outbox, bucket := startApplication(t), openOutbox(t), openBucket(t)
	application.fail()
	_, err := bucket.Upload(context.Background(), keyOf(t)+"/parts", ossupload.FromString("a"), application.callback(),
		ossupload.WithThreshold(0), ossupload.WithOutbox(outbox))
	if !errors.Is(err, ossupload.ErrCallbackFailed) {
		t.Fatal(err)
	}
	for owed, err := range outbox.All() {
		must(err)
		if owed.Key != keyOf(t)+"/parts" || owed.UploadID == "" {
			t.Fatalf("%+v", owed)
		}
		must(owed.Done())
	}
	presigned, err := bucket.PresignPut(keyOf(t)+"/url", application.callback(), time.Minute)
	must(err)
	if _, err := ossupload.PutToURL(context.Background(), presigned, ossupload.FromString("a"), ossupload.WithOutboxOfBucket(outbox)); !errors.Is(err, ossupload.ErrCallbackFailed) {
		t.Fatal(err)
	}
	for owed, err := range outbox.All() {
		must(err)
		if owed.Key != "" || !strings.HasSuffix(owed.URL, "/url") {
			t.Fatalf("%+v", owed)
		}
		must(owed.Done())
	}
	if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), application.callback(), ossupload.WithOutbox(nil)); !errors.Is(err, ossupload.ErrCallbackFailed) {
		t.Fatal(err)
	}
	if owed := owedKeys(t, outbox); owed != nil {
		t.Fatal(owed)
	}
}

func TestWhatIsNoRecordIsLogged(t *testing.T) {
	var written bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&written, nil))
	outbox := openOutbox(t, ossupload.WithLogger(logger))
	for i, walk := range []func() error{
		func() error {
			_, err := outbox.Deliver(context.Background(), openBucket(t))
			return err
		},
		func() error {
			owedKeys(t, outbox)
			return nil
		},
	} {
		damaged := filepath.Join(outbox.Folder(), "0000000000000-00000000000000000000000000000000.json")
		must(os.WriteFile(damaged, []byte("no record"), 0o600))
		must(walk())
		if lines := strings.Count(written.String(), "is set aside"); lines != i+1 {
			t.Fatalf("%d lines: %s", lines, &written)
		}
	}
	if !strings.Contains(written.String(), "level=WARN") || !strings.Contains(written.String(), "outbox="+outbox.Folder()) {
		t.Error(written.String())
	}
}

func TestOutboxThatIsClosedOrCannotBeUsedIsRefused(t *testing.T) {
	outbox, bucket := openOutbox(t), openBucket(t)
	must(outbox.Close())
	must(outbox.Close())
	if _, err := outbox.Deliver(context.Background(), bucket); !errors.Is(err, ossupload.ErrClosed) {
		t.Error(err)
	}
	for _, err := range outbox.All() {
		if !errors.Is(err, ossupload.ErrClosed) {
			t.Error(err)
		}
	}
	callback := startApplication(t).callback()
	result, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), callback, ossupload.WithOutbox(outbox))
	if !errors.Is(err, ossupload.ErrClosed) || !errors.Is(err, ossupload.ErrInvalidArgument) || result.Stored != ossupload.StoredNo {
		t.Error(err)
	}
	if isThere(t, keyOf(t)) {
		t.Error("it was uploaded without the outbox")
	}
	if _, err := ossupload.OpenOutbox("/dev/null/outbox"); !errors.Is(err, ossupload.ErrLocalIO) {
		t.Error(err)
	}
	if _, err := ossupload.OpenOutbox(""); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}
