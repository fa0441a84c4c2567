package ossupload_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/ossupload"
)

func TestRateIsSharedAndCanBeSetWhileCallsRun(t *testing.T) {
	data := noise(2 * partSize)
	whole, own := ossupload.NewRate(0), ossupload.NewRate(1)
	own.Set(1 << 40)
	bucket := openBucket(t, ossupload.WithBucketRate(whole))
	late, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := bucket.Put(late, keyOf(t)+"/late", ossupload.FromBytes(data), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("the pause is over: ", err)
	}
	time.AfterFunc(200*time.Millisecond, func() { whole.Set(1 << 40) })
	began := time.Now()
	if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromBytes(data), nil, ossupload.WithRate(own), ossupload.WithRate(nil)); err != nil {
		t.Fatal(err)
	}
	if time.Since(began) < 200*time.Millisecond {
		t.Error("the pause did not hold")
	}
	_, err := bucket.Upload(context.Background(), keyOf(t), ossupload.FromBytes(data), nil, ossupload.WithRate(own),
		ossupload.WithThreshold(0), ossupload.WithPartSize(partSize), ossupload.WithMemoryLimit(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	expectStored(t, keyOf(t), data)
}
