package ossupload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"example.com/ossupload"
)

func TestEveryWayToReadIsUnderstood(t *testing.T) {
	data := noise(300_000)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"half":           iotest.HalfReader,
		"last with data": iotest.DataErrReader,
		"nothing at times": func(r io.Reader) io.Reader {
			odd := false
			return readerFunc(func(into []byte) (int, error) {
				if odd = !odd; odd {
					return 0, nil
				}
				return r.Read(into)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			body := ossupload.FromReader(wrap(onlyReader{bytes.NewReader(data)}))
			if _, err := openBucket(t).Upload(context.Background(), keyOf(t), body, nil, ossupload.WithPartSize(102_400)); err != nil {
				t.Fatal(err)
			}
			expectStored(t, keyOf(t), data)
		})
	}
}

func TestErrorOfAReaderIsFoundInTheError(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, reader := range map[string]io.Reader{
		"at once":   iotest.ErrReader(broken),
		"with data": io.MultiReader(bytes.NewReader(noise(150_000)), iotest.ErrReader(broken)),
	} {
		t.Run(name, func(t *testing.T) {
			result, err := openBucket(t).Upload(context.Background(), keyOf(t), ossupload.FromReader(reader), nil, ossupload.WithPartSize(102_400))
			if !errors.Is(err, broken) || !errors.Is(err, ossupload.ErrLocalIO) || result.Stored != ossupload.StoredNo {
				t.Fatalf("%v %+v", err, result)
			}
			if !strings.Contains(err.Error(), broken.Error()) {
				t.Errorf("%q does not say that %v", err, broken)
			}
			expectNoUploads(t, keyOf(t))
		})
	}
	for name, body := range map[string]ossupload.Body{
		"never anything": ossupload.FromReader(readerFunc(func([]byte) (int, error) { return 0, nil })),
		"too much":       ossupload.FromReader(readerFunc(func(into []byte) (int, error) { return len(into) + 1, nil })),
		"too short":      ossupload.FromReaderN(strings.NewReader("a"), 2),
	} {
		if _, err := openBucket(t).Upload(context.Background(), keyOf(t), body, nil); !errors.Is(err, ossupload.ErrLocalIO) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if isThere(t, keyOf(t)) {
		t.Error("something is stored")
	}
}

// panicOf gives what a function panics with.
func panicOf(run func()) (panicked any) {
	defer func() { panicked = recover() }()
	run()
	return nil
}

func TestPanicOfAFunctionGoesOnInTheCaller(t *testing.T) {
	bucket := openBucket(t)
	panicking := readerFunc(func([]byte) (int, error) { panic("in a reader") })
	for expected, call := range map[string]func(){
		"in a reader": func() {
			bucket.Upload(context.Background(), keyOf(t), ossupload.FromReader(panicking), nil)
		},
		"in a progress function": func() {
			bucket.Upload(context.Background(), keyOf(t), ossupload.FromString("a"), nil,
				ossupload.WithProgress(func(ossupload.Progress) error { panic("in a progress function") }))
		},
		"in a writer's progress function": func() {
			writer, err := bucket.NewWriter(context.Background(), keyOf(t), nil,
				ossupload.WithProgress(func(ossupload.Progress) error { panic("in a writer's progress function") }))
			must(err)
			defer writer.Close()
			writer.Finish()
		},
	} {
		if panicked := panicOf(call); panicked != expected {
			t.Errorf("%v instead of %q", panicked, expected)
		}
	}
	if isThere(t, keyOf(t)) {
		t.Error("something is stored")
	}
	// Nothing of it sticks to the bucket or the thread.
	for range 20 {
		if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGoexitOfAFunctionLeavesOtherCallsAlone(t *testing.T) {
	bucket := openBucket(t)
	together := func(work func()) {
		var group sync.WaitGroup
		for range 10 {
			group.Add(1)
			go func() {
				defer group.Done()
				work()
			}()
		}
		group.Wait()
	}
	exiting := readerFunc(func([]byte) (int, error) {
		runtime.Goexit()
		return 0, nil
	})
	together(func() {
		bucket.Upload(context.Background(), keyOf(t), ossupload.FromReader(exiting), nil)
		t.Error("the goroutine goes on")
	})
	for range 10 {
		together(func() {
			if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSeekerIsSentAgainFromWhereItStood(t *testing.T) {
	data := noise(200_000)
	reader := bytes.NewReader(data)
	reader.Seek(1000, io.SeekStart)
	inject(t, fault{"action": "reset_after_body_bytes", "bytes": 100_000, "key": keyOf(t)})
	result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromReader(reader), nil)
	if err != nil || result.Attempts != 2 {
		t.Fatalf("%v %+v", err, result)
	}
	expectStored(t, keyOf(t), data[1000:])
}

// oneWay is a reader that finds its end, but not back.
type oneWay struct{ *bytes.Reader }

var errOneWay = errors.New("there is no way back")

func (o oneWay) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		return 0, errOneWay
	}
	return o.Reader.Seek(offset, whence)
}

func TestReaderThatDoesNotComeBackFromItsEndIsNoEmptyBody(t *testing.T) {
	body := ossupload.FromReader(oneWay{bytes.NewReader([]byte("data"))})
	if _, err := openBucket(t).Upload(context.Background(), keyOf(t), body, nil); !errors.Is(err, errOneWay) || isThere(t, keyOf(t)) {
		t.Fatal(err)
	}
}
