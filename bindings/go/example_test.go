package ossupload_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"example.com/ossupload"
)

// open opens the bucket that the environment names.
func open() *ossupload.Bucket {
	credentials, err := ossupload.CredentialsFromEnvironment()
	if err != nil {
		log.Fatal(err)
	}
	bucket, err := ossupload.NewBucket(os.Getenv("OSS_ENDPOINT"), os.Getenv("OSS_BUCKET"), credentials,
		ossupload.WithRegion(os.Getenv("OSS_REGION")))
	if err != nil {
		log.Fatal(err)
	}
	return bucket
}

func Example() {
	bucket := open()
	defer bucket.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	callback := &ossupload.Callback{
		URL:       os.Getenv("OSS_CALLBACK_URL"),
		Body:      "object=${object}&size=${size}&user=${x:user}",
		Variables: map[string]string{"x:user": "42"},
	}

	result, err := bucket.Put(ctx, "notes/today.txt", ossupload.FromString("a note"), callback)

	var callbackError *ossupload.CallbackError
	switch {
	case err == nil:
		fmt.Printf("stored; the application server says: %s\n", result.Body)
	case errors.As(err, &callbackError):
		fmt.Println("the application server was not told:", err)
	default:
		fmt.Printf("stored: %v; %v\n", result.Stored, err)
	}
	// Output: stored; the application server says: {"Status":"OK"}
}

func ExampleBucket_Upload() {
	bucket := open()
	defer bucket.Close()
	film := strings.NewReader(strings.Repeat("film ", 100_000))

	result, err := bucket.Upload(context.Background(), "films/film.mp4", ossupload.FromReader(film), nil,
		ossupload.WithPartSize(200_000), ossupload.WithThreshold(0), ossupload.WithMetadata("title", "a film"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored:", result.Stored)

	there, err := bucket.Stat(context.Background(), "films/film.mp4")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(there.Header("Content-Length"), there.Header("Content-Type"), there.Header("x-oss-meta-title"))
	// Output:
	// stored: yes
	// 500000 video/mp4 a film
}

func ExampleCallbackError() {
	bucket := open()
	defer bucket.Close()
	callback := &ossupload.Callback{URL: "http://127.0.0.1:1/nobody-listens", Body: "object=${object}&size=${size}"}

	_, err := bucket.Put(context.Background(), "photo.jpg", ossupload.FromString("a photo"), callback)

	var callbackError *ossupload.CallbackError
	if errors.As(err, &callbackError) {
		body, err := callbackError.Render(nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("stored:", callbackError.Result.Stored)
		fmt.Println("the application server should hear:", body)
	}
	// Output:
	// stored: yes
	// the application server should hear: object=photo.jpg&size=7
}

func ExampleOutbox() {
	folder, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	outbox, err := ossupload.OpenOutbox(folder)
	if err != nil {
		log.Fatal(err)
	}
	defer outbox.Close()
	var isBack atomic.Bool
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isBack.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		io.WriteString(w, "{}")
	}))
	defer application.Close()
	bucket := open()
	defer bucket.Close()
	ctx := context.Background()
	callback := &ossupload.Callback{URL: application.URL, Body: "object=${object}&delivery=${x:delivery}", DeliveryVariable: "x:delivery"}

	_, err = bucket.Put(ctx, "orders/1.json", ossupload.FromString("{}"), callback, ossupload.WithOutbox(outbox))
	fmt.Println("the callback failed:", errors.Is(err, ossupload.ErrCallbackFailed))
	for owed, err := range outbox.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("owed:", owed.Key)
	}

	isBack.Store(true)
	result, err := outbox.Deliver(ctx, bucket)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("delivered:", result.Delivered)
	// Output:
	// the callback failed: true
	// owed: orders/1.json
	// delivered: 1
}

func ExampleCallback_Check() {
	callback := ossupload.Callback{URL: "https://app.example.com/uploaded", Body: "user=${x:user}"}
	findings, err := callback.Check()
	for _, finding := range findings {
		fmt.Println(finding.Rule)
	}
	fmt.Println("usable:", err == nil)
	// Output:
	// variable-not-set
	// https-without-sni
	// usable: false
}

func ExampleWriter() {
	bucket := open()
	defer bucket.Close()
	writer, err := bucket.NewWriter(context.Background(), "logs/today.csv", nil)
	if err != nil {
		log.Fatal(err)
	}
	// What is not finished is given up.
	defer writer.Close()
	for i := range 3 {
		if _, err := fmt.Fprintf(writer, "%d,line\n", i); err != nil {
			log.Fatal(err)
		}
	}
	result, err := writer.Finish()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored:", result.Stored)
	// Output: stored: yes
}

func ExampleMultipart() {
	bucket := open()
	defer bucket.Close()
	ctx := context.Background()
	multipart, err := bucket.BeginMultipart(ctx, "films/long.mp4")
	if err != nil {
		log.Fatal(err)
	}
	defer multipart.Close()
	for number := 1; number <= 3; number++ {
		part := ossupload.FromString(strings.Repeat("part", 30_000))
		if _, err := multipart.UploadPart(ctx, number, part); err != nil {
			multipart.Abort(context.WithoutCancel(ctx))
			log.Fatal(err)
		}
	}
	callback := &ossupload.Callback{URL: os.Getenv("OSS_CALLBACK_URL"), Body: "size=${size}"}
	result, err := multipart.Complete(ctx, callback)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", result.Body)
	// Output: {"Status":"OK"}
}

func ExampleBucket_PresignPut() {
	bucket := open()
	defer bucket.Close()
	presigned, err := bucket.PresignPut("photo.jpg", nil, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	// Somebody else, who knows no secret:
	result, err := ossupload.PutToURL(context.Background(), presigned, ossupload.FromString("a photo"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(presigned.Method, result.Stored)
	// Output: PUT yes
}

func ExampleBucket_SignPostPolicy() {
	bucket := open()
	defer bucket.Close()
	policy := ossupload.PostPolicy{KeyPrefix: "users/42/", MinLength: 1, MaxLength: 10 << 20}
	form, err := bucket.SignPostPolicy(policy, nil, 10*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	// Somebody else, who knows no secret:
	form.Fields["key"] = "users/42/photo.jpg"
	result, err := ossupload.PostObject(context.Background(), form, ossupload.FromString("a photo"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored:", result.Stored)
	// Output: stored: yes
}

func ExampleVerifier_Handler() {
	// Without options it believes what OSS signs; here another server does.
	verifier, err := ossupload.NewVerifier(ossupload.WithKeyPrefix(os.Getenv("OSS_ENDPOINT") + "/"))
	if err != nil {
		log.Fatal(err)
	}
	defer verifier.Close()
	uploaded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("OSS says: %s\n", body)
		io.WriteString(w, `{"Status":"OK"}`)
	})
	mux := http.NewServeMux()
	mux.Handle("/uploaded", verifier.Handler(uploaded))
	application := httptest.NewServer(mux)
	defer application.Close()

	bucket := open()
	defer bucket.Close()
	callback := &ossupload.Callback{URL: application.URL + "/uploaded", Body: "object=${object}"}
	result, err := bucket.Put(context.Background(), "photo.jpg", ossupload.FromString("a photo"), callback)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("the uploader hears: %s\n", result.Body)

	// Somebody who is not OSS:
	reply, err := http.Post(application.URL+"/uploaded", "application/x-www-form-urlencoded", strings.NewReader("object=photo.jpg"))
	if err != nil {
		log.Fatal(err)
	}
	reply.Body.Close()
	fmt.Println(reply.Status)
	// Output:
	// OSS says: object=photo.jpg
	// the uploader hears: {"Status":"OK"}
	// 403 Forbidden
}
