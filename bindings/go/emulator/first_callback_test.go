package emulator_test

import (
	"context"
	"testing"
	"time"

	"example.com/ossupload"
	"example.com/ossupload/emulator"
)

func TestFirstCallback(t *testing.T) {
	server, err := emulator.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	key := ossupload.Credentials{AccessKeyID: server.AccessKeyID, AccessKeySecret: server.AccessKeySecret}
	bucket, err := ossupload.NewBucket(server.Endpoint, server.Bucket, key)
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	callback := &ossupload.Callback{URL: server.CallbackURL, Body: "object=${object}"}
	if _, err := bucket.Put(context.Background(), "hello.txt", ossupload.FromString("Hello!"), callback); err != nil {
		t.Fatal(err)
	}
	if heard := server.NextCallback(time.Second); heard == nil || string(heard.Body) != "object=hello.txt" {
		t.Fatalf("the application server heard %v", heard)
	}
}
