package ossupload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.com/ossupload"
)

const partSize = 102_400

func TestProgressOnlyGrowsAndCanCancel(t *testing.T) {
	data := noise(5 * partSize)
	var told []int64
	progress := func(progress ossupload.Progress) error {
		if progress.Total != int64(len(data)) || progress.Sent < progress.Acknowledged || progress.Acknowledged < progress.Accepted {
			t.Errorf("%+v", progress)
		}
		told = append(told, progress.Accepted)
		return nil
	}
	bucket := openBucket(t)
	_, err := bucket.Upload(context.Background(), keyOf(t), ossupload.FromBytes(data), nil, ossupload.WithPartSize(partSize),
		ossupload.WithThreshold(0), ossupload.WithParallel(2), ossupload.WithProgress(progress), ossupload.WithContentType("text/plain"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(told) || told[0] != 0 || told[len(told)-1] != int64(len(data)) {
		t.Fatal(told)
	}
	expectStored(t, keyOf(t), data)
	there, _ := bucket.Stat(context.Background(), keyOf(t))
	if there.Header("Content-Type") != "text/plain" {
		t.Error("the object's options were lost")
	}

	enough := errors.New("enough")
	_, err = bucket.Upload(context.Background(), keyOf(t)+"/cancelled", ossupload.FromReader(onlyReader{bytes.NewReader(data)}), nil,
		ossupload.WithPartSize(partSize), ossupload.WithProgress(func(progress ossupload.Progress) error {
			if progress.Total != -1 {
				t.Errorf("%+v", progress)
			}
			if progress.Accepted > 0 {
				return enough
			}
			return nil
		}))
	if !errors.Is(err, enough) || !errors.Is(err, ossupload.ErrCancelled) {
		t.Fatal(err)
	}
	expectNoUploads(t, keyOf(t))
}

func TestUploadGoesOnWhereItWasStopped(t *testing.T) {
	for kind, name := range map[string]string{"UTF-8": "file", "GBK": "\xb1\xa8\xb8\xe6"} {
		t.Run(kind, func(t *testing.T) { expectToGoOn(t, name) })
	}
}

// expectToGoOn stops an upload of a file with this name, and takes it up again.
func expectToGoOn(t *testing.T, name string) {
	folder, data := filepath.Join(t.TempDir(), name), noise(5*partSize)
	must(os.Mkdir(folder, 0o700))
	path := filepath.Join(folder, name)
	must(os.WriteFile(path, data, 0o600))
	bucket, application := openBucket(t), startApplication(t)
	upload := func(ctx context.Context, more ...ossupload.UploadOption) (*ossupload.Result, error) {
		options := append(more, ossupload.WithPartSize(partSize), ossupload.WithParallel(1), ossupload.WithCheckpoint(filepath.Join(folder, "checkpoints")))
		return bucket.Upload(ctx, keyOf(t), ossupload.FromFile(path), application.callback(), options...)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result, err := upload(ctx, ossupload.WithProgress(func(progress ossupload.Progress) error {
		if progress.Accepted >= 3*partSize {
			cancel()
		}
		return nil
	}))
	if !errors.Is(err, context.Canceled) || result.UploadID == "" {
		t.Fatalf("%v %+v", err, result)
	}
	if _, err := upload(context.Background()); err != nil {
		t.Fatal(err)
	}
	expectStored(t, keyOf(t), data)
	expectNoUploads(t, keyOf(t))
	parts := slices.DeleteFunc(requestsFor(t, keyOf(t)), func(operation string) bool { return operation != "UploadPart" })
	if len(parts) > 6 || len(application.called()) != 1 {
		t.Fatalf("%d parts were sent, and %d callbacks", len(parts), len(application.called()))
	}
}

func TestLogSaysThatAnUploadStartsOver(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	bucket := openBucket(t)
	var lines []string
	for _, size := range []int{3 * partSize, 2 * partSize} {
		must(os.WriteFile(path, noise(size), 0o600))
		ctx, cancel := context.WithCancel(context.Background())
		_, err := bucket.Upload(ctx, keyOf(t), ossupload.FromFile(path), nil, ossupload.WithPartSize(partSize), ossupload.WithParallel(1),
			ossupload.WithCheckpoint(folder), ossupload.WithLog(func(line string) { lines = append(lines, line) }),
			ossupload.WithProgress(func(progress ossupload.Progress) error {
				if progress.Accepted > 0 && size == 3*partSize {
					cancel()
				}
				return nil
			}))
		cancel()
		if (err == nil) != (size == 2*partSize) {
			t.Fatal(err)
		}
	}
	if len(lines) == 0 {
		t.Fatal("nothing was logged")
	}
}

func TestPartsComeFromManyGoroutines(t *testing.T) {
	bucket, application := openBucket(t), startApplication(t)
	data := noise(8*partSize + 5)
	multipart := beginMultipart(t, bucket, keyOf(t))
	var group sync.WaitGroup
	for i := range 9 {
		group.Add(1)
		go func() {
			defer group.Done()
			part := data[i*partSize : min((i+1)*partSize, len(data))]
			result, err := multipart.UploadPart(longEnough(t), i+1, ossupload.FromBytes(part))
			if err != nil || result.Stored != ossupload.StoredNo || result.ETag == "" {
				t.Error(err, result)
			}
		}()
	}
	group.Wait()
	parts, err := multipart.ListParts(context.Background())
	if err != nil || len(parts) != 9 || parts[8].Number != 9 || parts[8].Size != 5 {
		t.Fatal(parts, err)
	}
	if _, known := parts[0].CRC64(); !known {
		t.Error("the CRC-64 of a part is not known")
	}
	if result, err := multipart.Complete(context.Background(), application.callback()); err != nil || string(result.Body) != application.answer {
		t.Fatal(err)
	}
	expectStored(t, keyOf(t), data)
	if len(application.called()) != 1 {
		t.Error(application.called())
	}
}

func TestUploadInPartsIsReopenedCompletedAndAborted(t *testing.T) {
	bucket := openBucket(t)
	data := noise(2 * partSize)
	begun := func(key string) *ossupload.Multipart {
		multipart := beginMultipart(t, bucket, key)
		for i := range 2 {
			if _, err := multipart.UploadPart(context.Background(), i+1, ossupload.FromBytes(data[i*partSize:(i+1)*partSize])); err != nil {
				t.Fatal(err)
			}
		}
		reopened, err := bucket.ReopenMultipart(context.Background(), key, multipart.UploadID())
		if err != nil || reopened.Key() != key || reopened.UploadID() != multipart.UploadID() {
			t.Fatal(err)
		}
		t.Cleanup(func() { reopened.Close() })
		return reopened
	}
	for name, complete := range map[string]func(*ossupload.Multipart) (*ossupload.Result, error){
		"known": func(m *ossupload.Multipart) (*ossupload.Result, error) { return m.Complete(context.Background(), nil) },
		"all": func(m *ossupload.Multipart) (*ossupload.Result, error) {
			return m.CompleteWithAll(context.Background(), nil)
		},
		"listed": func(m *ossupload.Multipart) (*ossupload.Result, error) {
			parts, err := m.ListParts(context.Background())
			must(err)
			return m.CompleteWith(context.Background(), parts, nil)
		},
	} {
		key := keyOf(t) + "/" + name
		if _, err := complete(begun(key)); err != nil {
			t.Fatal(name, err)
		}
		expectStored(t, key, data)
	}
	multipart := begun(keyOf(t) + "/aborted")
	if _, err := multipart.CompleteWith(context.Background(), []ossupload.Part{{Number: 0, ETag: "a"}}, nil); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	uploads, more, err := bucket.ListUploads(context.Background(), keyOf(t), 10)
	if err != nil || more || len(uploads) != 1 || uploads[0].UploadID != multipart.UploadID() || uploads[0].Initiated == "" {
		t.Fatal(uploads, err)
	}
	if _, err := multipart.Abort(context.Background()); err != nil {
		t.Fatal(err)
	}
	expectNoUploads(t, keyOf(t))
	if multipart, err := bucket.ReopenMultipart(context.Background(), keyOf(t), "absent"); multipart != nil || !errors.Is(err, ossupload.ErrService) {
		t.Fatal(err)
	}
}

func TestWriterStoresWhatIsWritten(t *testing.T) {
	bucket, application := openBucket(t), startApplication(t)
	data := noise(5*partSize + 3)
	writer, err := bucket.NewWriter(longEnough(t), keyOf(t), application.callback(), ossupload.WithPartSize(partSize), ossupload.WithParallel(2))
	must(err)
	defer writer.Close()
	if _, err := io.Copy(writer, onlyReader{bytes.NewReader(data)}); err != nil {
		t.Fatal(err)
	}
	result, err := writer.Finish()
	if err != nil || string(result.Body) != application.answer {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	expectStored(t, keyOf(t), data)
	if _, err := writer.Write(data); !errors.Is(err, ossupload.ErrClosed) {
		t.Error(err)
	}
}

func TestWriterThatIsClosedUnfinishedStoresNothing(t *testing.T) {
	writer, err := openBucket(t).NewWriter(context.Background(), keyOf(t), nil, ossupload.WithPartSize(partSize), ossupload.WithParallel(1))
	must(err)
	if _, err := writer.Write(noise(3 * partSize)); err != nil {
		t.Fatal(err)
	}
	if uploads, _, err := openBucket(t).ListUploads(context.Background(), keyOf(t), 10); err != nil || len(uploads) != 1 {
		t.Fatal("nothing was begun: ", uploads, err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if isThere(t, keyOf(t)) {
		t.Error("the object is stored")
	}
	expectNoUploads(t, keyOf(t))
}

func TestWriterEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	writer, err := openBucket(t).NewWriter(ctx, keyOf(t), nil, ossupload.WithPartSize(partSize), ossupload.WithParallel(1))
	must(err)
	if _, err := writer.Write(noise(3 * partSize)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := writer.Finish(); !errors.Is(err, context.Canceled) || !errors.Is(err, ossupload.ErrCancelled) {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if isThere(t, keyOf(t)) {
		t.Error("the object is stored")
	}
	expectNoUploads(t, keyOf(t))
	if _, err := openBucket(t).NewWriter(context.Background(), keyOf(t), nil, ossupload.WithCheckpoint(t.TempDir())); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestCallsAfterCloseFail(t *testing.T) {
	bucket := openBucket(t)
	multipart := beginMultipart(t, bucket, keyOf(t))
	must(bucket.Close())
	must(bucket.Close())
	result, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil)
	if !errors.Is(err, ossupload.ErrClosed) || result.Stored != ossupload.StoredNo {
		t.Error(err)
	}
	if _, err := bucket.PresignGet(keyOf(t), 1); !errors.Is(err, ossupload.ErrClosed) {
		t.Error(err)
	}
	// What was made from it goes on.
	if _, err := multipart.UploadPart(context.Background(), 1, ossupload.FromString("a")); err != nil {
		t.Error(err)
	}
	must(multipart.Close())
	if _, err := multipart.Abort(context.Background()); !errors.Is(err, ossupload.ErrClosed) {
		t.Error(err)
	}
}

func TestClosingDuringACallLetsItEnd(t *testing.T) {
	bucket := openBucket(t)
	reader := readerFunc(func() func(into []byte) (int, error) {
		rest := strings.NewReader(strings.Repeat("a", 1000))
		return func(into []byte) (int, error) {
			must(bucket.Close())
			return rest.Read(into)
		}
	}())
	if _, err := bucket.Upload(context.Background(), keyOf(t), ossupload.FromReader(reader), nil); err != nil {
		t.Fatal(err)
	}
	expectStored(t, keyOf(t), bytes.Repeat([]byte("a"), 1000))
}

func TestWhatCannotBeHeldIsRefusedWithTheLimitThatWouldDo(t *testing.T) {
	_, err := openBucket(t).Upload(context.Background(), keyOf(t), ossupload.FromReader(onlyReader{bytes.NewReader(nil)}), nil,
		ossupload.WithPartSize(1<<20), ossupload.WithMemoryLimit(1<<20))
	if !errors.Is(err, ossupload.ErrInvalidArgument) || !strings.Contains(err.Error(), "memory limit of 1572864 bytes") {
		t.Error(err)
	}
}
