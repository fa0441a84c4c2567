package emulator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/ossupload"
	"example.com/ossupload/emulator"
)

// start starts a server that ends with the test, and opens its bucket.
func start(t *testing.T) (*emulator.Emulator, *ossupload.Bucket) {
	t.Helper()
	server, err := emulator.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	key := ossupload.Credentials{AccessKeyID: server.AccessKeyID, AccessKeySecret: server.AccessKeySecret}
	bucket, err := ossupload.NewBucket(server.Endpoint, server.Bucket, key, ossupload.WithRegion(server.Region))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	return server, bucket
}

func TestAnswersAreThoseThatWereSet(t *testing.T) {
	server, bucket := start(t)
	callback := &ossupload.Callback{URL: server.CallbackURL, Body: "object=${object}"}
	put := func() (*ossupload.Result, error) {
		return bucket.Put(context.Background(), "key", ossupload.FromString("data"), callback)
	}
	if err := server.SetAnswer(emulator.Answer{Body: []byte(`{"id":7}`), Delay: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if result, err := put(); err != nil || string(result.Body) != `{"id":7}` {
		t.Fatal(string(result.Body), err)
	}
	if err := server.SetAnswer(emulator.Answer{Status: 502}); err != nil {
		t.Fatal(err)
	}
	var failed *ossupload.CallbackError
	if _, err := put(); !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if err := server.SetAnswer(emulator.Answer{Status: 99}); err == nil {
		t.Fatal("99 is no status")
	}
	for range 2 {
		if heard := server.NextCallback(time.Second); heard == nil || heard.Method != "POST" || heard.Target != "/" {
			t.Fatalf("the application server heard %v", heard)
		}
	}
	if heard := server.NextCallback(0); heard != nil {
		t.Fatalf("the application server heard %v", heard)
	}
}

func TestAnswersKeepWhatTheyDoNotSay(t *testing.T) {
	server, bucket := start(t)
	callback := &ossupload.Callback{URL: server.CallbackURL, Body: "object=${object}"}
	answered := func(answer emulator.Answer) (string, error) {
		t.Helper()
		if err := server.SetAnswer(answer); err != nil {
			t.Fatal(err)
		}
		result, err := bucket.Put(context.Background(), "key", ossupload.FromString("data"), callback)
		if err != nil {
			return "", err
		}
		return string(result.Body), nil
	}
	for _, answer := range []emulator.Answer{{}, {Delay: time.Microsecond}} {
		if body, err := answered(answer); err != nil || body != `{"Status":"OK"}` {
			t.Fatal(answer, body, err)
		}
	}
	var failed *ossupload.CallbackError
	if _, err := answered(emulator.Answer{Body: []byte{}}); !errors.As(err, &failed) {
		t.Fatal("an empty answer: ", err)
	}
	if err := server.SetAnswer(emulator.Answer{Delay: -time.Second}); err == nil {
		t.Fatal("no answer is given before its question")
	}
}

func TestFaultsBefallUploads(t *testing.T) {
	server, bucket := start(t)
	if err := server.InjectFault(`{"action":"status","status":403,"operation":"PutObject"}`); err != nil {
		t.Fatal(err)
	}
	_, err := bucket.Put(context.Background(), "key", ossupload.FromString("data"), nil)
	if !errors.Is(err, ossupload.ErrService) {
		t.Fatal(err)
	}
	if _, there := server.Object("key"); there {
		t.Fatal("a refused object is there")
	}
	if err := server.InjectFault("{}"); err == nil {
		t.Fatal("{} is no fault")
	}
}

func TestStoppedEmulatorHasNothing(t *testing.T) {
	server, bucket := start(t)
	if _, err := bucket.Put(context.Background(), "key", ossupload.FromString("data"), nil); err != nil {
		t.Fatal(err)
	}
	if data, there := server.Object("key"); !there || string(data) != "data" {
		t.Fatal(string(data), there)
	}
	server.Stop()
	if _, there := server.Object("key"); there || server.NextCallback(time.Second) != nil {
		t.Fatal("something is left")
	}
	if err := server.SetAnswer(emulator.Answer{}); err == nil {
		t.Fatal("an answer was set")
	}
}
