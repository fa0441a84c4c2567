// Command put_callback is put_callback.c in Go: it uploads 1 MiB of 'a', and OSS then calls the application server. Its
// environment is that of the C examples, see example.h.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"example.com/ossupload"
)

// The exit codes of example.h.
const (
	exitOK                    = 0
	exitFailed                = 1
	exitUsage                 = 2
	exitStoredWithoutCallback = 3
)

func openBucket() (*ossupload.Bucket, error) {
	credentials, err := ossupload.CredentialsFromEnvironment()
	if err != nil {
		return nil, err
	}
	var options []ossupload.BucketOption
	if region := os.Getenv("OSS_REGION"); region != "" {
		options = append(options, ossupload.WithRegion(region))
	}
	return ossupload.NewBucket(os.Getenv("OSS_ENDPOINT"), os.Getenv("OSS_BUCKET"), credentials, options...)
}

func upload(ctx context.Context, bucket *ossupload.Bucket) int {
	callback := &ossupload.Callback{
		URL:       os.Getenv("OSS_CALLBACK_URL"),
		Body:      "bucket=${bucket}&object=${object}&one=${x:my_var1}&two=${x:my_var2}",
		Variables: map[string]string{"x:my_var1": "my_val1", "x:my_var2": "my_val2"},
	}
	data := ossupload.FromBytes(bytes.Repeat([]byte("a"), 1<<20))
	result, err := bucket.Put(ctx, "examplefiles/exampleobject.txt", data, callback)

	fmt.Println("status:     ", result.Status)
	fmt.Println("stored:     ", result.Stored)
	fmt.Println("ETag:       ", result.ETag)
	fmt.Println("request id: ", result.RequestID)
	fmt.Println("answer:     ", result.ContentType)
	fmt.Println(string(result.Body))

	var callbackError *ossupload.CallbackError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &callbackError): // the object is there all the same
		return exitStoredWithoutCallback
	default:
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
}

func run() int {
	for _, variable := range []string{"OSS_ENDPOINT", "OSS_BUCKET", "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_CALLBACK_URL"} {
		if os.Getenv(variable) == "" {
			fmt.Fprintln(os.Stderr, variable, "is not set")
			return exitUsage
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	bucket, err := openBucket()
	if err != nil {
		fmt.Fprintln(os.Stderr, "the bucket:", err)
		return exitFailed
	}
	defer bucket.Close()
	return upload(ctx, bucket)
}

func main() {
	os.Exit(run())
}
