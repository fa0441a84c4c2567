// Package official_sdk has the official Go SDK judge the emulator, and share a bucket with the Go package. It is a module of
// its own so that the package does without the SDK. OSS_EMULATOR names the program oss-emulator.
package official_sdk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/ossupload"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

// The emulator that all tests use; each keeps to keys of its own.
var server struct {
	Endpoint        string   `json:"endpoint"`
	Buckets         []string `json:"buckets"`
	Region          string   `json:"region"`
	AccessKeyID     string   `json:"access_key_id"`
	AccessKeySecret string   `json:"access_key_secret"`
}

func TestMain(m *testing.M) {
	if os.Getenv("OSS_SINK") != "" {
		os.Exit(m.Run())
	}
	os.Exit(withEmulator(m))
}

// withEmulator runs the tests. The emulator ends when this process does, however that happens: its standard input closes.
func withEmulator(m *testing.M) int {
	emulator := exec.Command(os.Getenv("OSS_EMULATOR"), "--print-json", "--exit-with-stdin")
	emulator.Stderr = os.Stderr
	stdin, err := emulator.StdinPipe()
	must(err)
	stdout, err := emulator.StdoutPipe()
	must(err)
	must(emulator.Start())
	defer emulator.Wait()
	defer stdin.Close()
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	must(err)
	must(json.Unmarshal(line, &server))
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func config(endpoint, id, secret string) *oss.Config {
	return oss.LoadDefaultConfig().WithEndpoint(endpoint).WithRegion(server.Region).WithUsePathStyle(true).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret)).WithRetryMaxAttempts(1)
}

// eachVersion runs a test with a client that signs by V1, and with one that signs by V4.
func eachVersion(t *testing.T, test func(t *testing.T, client *oss.Client)) {
	for name, version := range map[string]oss.SignatureVersionType{"V1": oss.SignatureVersionV1, "V4": oss.SignatureVersionV4} {
		t.Run(name, func(t *testing.T) {
			test(t, oss.NewClient(config(server.Endpoint, server.AccessKeyID, server.AccessKeySecret).WithSignatureVersion(version)))
		})
	}
}

func bucketName() *string { return oss.Ptr(server.Buckets[0]) }

func keyOf(t *testing.T) *string { return oss.Ptr(t.Name() + "/名 a+b") }

// noise gives bytes without a pattern that a mistaken offset could hide in.
func noise(size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(data)
	return data
}

func expectStored(t *testing.T, client *oss.Client, key *string, expected []byte) {
	t.Helper()
	// The SDK compares the CRC-64 as well.
	result, err := client.GetObject(context.Background(), &oss.GetObjectRequest{Bucket: bucketName(), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Body.Close()
	data, err := io.ReadAll(result.Body)
	if err != nil || !bytes.Equal(data, expected) {
		t.Fatalf("%d bytes are stored, which are not the %d that they should be: %v", len(data), len(expected), err)
	}
}

// application is an application server that keeps the callbacks it gets.
type application struct {
	*httptest.Server
	mutex  sync.Mutex
	bodies []string
}

func startApplication(t *testing.T, status int) *application {
	a := new(application)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.bodies = append(a.bodies, string(body))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, `{"Status":"OK"}`)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *application) called() []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.bodies
}

// callback is encoded by the package and sent by the SDK.
func (a *application) callback(t *testing.T) (callback, variables *string) {
	t.Helper()
	encoded, vars, err := (&ossupload.Callback{
		URL: a.URL, Body: "size=${size}&user=${x:user}", Variables: map[string]string{"x:user": "42"},
	}).Encode()
	must(err)
	return &encoded, &vars
}

func TestObjectsAreStoredAndRead(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		data := noise(300_000)
		put, err := client.PutObject(context.Background(), &oss.PutObjectRequest{
			Bucket: bucketName(), Key: keyOf(t), Body: bytes.NewReader(data),
			ContentType: oss.Ptr("text/x-test"), Metadata: map[string]string{"owner": "me"}, StorageClass: oss.StorageClassIA,
		})
		if err != nil || put.HashCRC64 == nil || put.ETag == nil {
			t.Fatalf("%v %+v", err, put)
		}
		expectStored(t, client, keyOf(t), data)
		head, err := client.HeadObject(context.Background(), &oss.HeadObjectRequest{Bucket: bucketName(), Key: keyOf(t)})
		if err != nil || *head.ContentType != "text/x-test" || head.Metadata["owner"] != "me" || head.ContentLength != int64(len(data)) {
			t.Fatalf("%v %+v", err, head)
		}
		if _, err := client.DeleteObject(context.Background(), &oss.DeleteObjectRequest{Bucket: bucketName(), Key: keyOf(t)}); err != nil {
			t.Fatal(err)
		}
		if exists, err := client.IsObjectExist(context.Background(), *bucketName(), *keyOf(t)); err != nil || exists {
			t.Fatal(exists, err)
		}
	})
}

func TestWrongSecretIsRefused(t *testing.T) {
	for name, version := range map[string]oss.SignatureVersionType{"V1": oss.SignatureVersionV1, "V4": oss.SignatureVersionV4} {
		client := oss.NewClient(config(server.Endpoint, server.AccessKeyID, "wrong").WithSignatureVersion(version))
		_, err := client.PutObject(context.Background(), &oss.PutObjectRequest{Bucket: bucketName(), Key: keyOf(t), Body: bytes.NewReader(nil)})
		var refused *oss.ServiceError
		if !errors.As(err, &refused) || refused.Code != "SignatureDoesNotMatch" || refused.EC == "" || refused.RequestID == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCallbackRunsAndItsAnswerComesBack(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		application := startApplication(t, http.StatusOK)
		callback, variables := application.callback(t)
		put, err := client.PutObject(context.Background(), &oss.PutObjectRequest{
			Bucket: bucketName(), Key: keyOf(t), Body: bytes.NewReader([]byte("a")), Callback: callback, CallbackVar: variables,
		})
		if err != nil || put.CallbackResult["Status"] != "OK" {
			t.Fatalf("%v %+v", err, put)
		}
		if called := application.called(); !slices.Equal(called, []string{"size=1&user=42"}) {
			t.Fatal(called)
		}
	})
}

func TestCallbackThatFailsIsStoredAllTheSame(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		application := startApplication(t, http.StatusInternalServerError)
		callback, variables := application.callback(t)
		_, err := client.PutObject(context.Background(), &oss.PutObjectRequest{
			Bucket: bucketName(), Key: keyOf(t), Body: bytes.NewReader([]byte("a")), Callback: callback, CallbackVar: variables,
		})
		var failed *oss.ServiceError
		if !errors.As(err, &failed) || failed.StatusCode != 203 || failed.Code != "CallbackFailed" {
			t.Fatal(err)
		}
		expectStored(t, client, keyOf(t), []byte("a"))
	})
}

func TestUploadInPartsIsCompletedWithACallback(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		application := startApplication(t, http.StatusOK)
		callback, variables := application.callback(t)
		data := noise(750_000)
		uploader := client.NewUploader(func(o *oss.UploaderOptions) { o.PartSize = 200_000 })
		uploaded, err := uploader.UploadFrom(context.Background(), &oss.PutObjectRequest{
			Bucket: bucketName(), Key: keyOf(t), Callback: callback, CallbackVar: variables,
		}, bytes.NewReader(data))
		if err != nil || uploaded.UploadId == nil {
			t.Fatalf("%v %+v", err, uploaded)
		}
		if called := application.called(); !slices.Equal(called, []string{"size=750000&user=42"}) {
			t.Fatal(called)
		}
		expectStored(t, client, keyOf(t), data)
	})
}

func TestDataIsAppended(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		position := int64(0)
		for range 2 {
			appended, err := client.AppendObject(context.Background(), &oss.AppendObjectRequest{
				Bucket: bucketName(), Key: keyOf(t), Position: oss.Ptr(position), Body: bytes.NewReader([]byte("a line\n")),
			})
			if err != nil {
				t.Fatal(err)
			}
			position = appended.NextPosition
		}
		expectStored(t, client, keyOf(t), []byte("a line\na line\n"))
	})
}

func TestSignedURLsOfBothAreGood(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		application := startApplication(t, http.StatusOK)
		callback, variables := application.callback(t)
		theirs, err := client.Presign(context.Background(), &oss.PutObjectRequest{
			Bucket: bucketName(), Key: keyOf(t), ContentType: oss.Ptr("text/x-test"), Callback: callback, CallbackVar: variables,
		}, oss.PresignExpires(time.Hour))
		must(err)
		result, err := ossupload.PutToURL(context.Background(),
			&ossupload.Presigned{URL: theirs.URL, Headers: theirs.SignedHeaders}, ossupload.FromString("by theirs"))
		if err != nil || string(result.Body) != `{"Status":"OK"}` {
			t.Fatalf("%v %+v", err, result)
		}
		expectStored(t, client, keyOf(t), []byte("by theirs"))
	})
}

// ours is the bucket as the package has it.
func ours(t testing.TB) *ossupload.Bucket {
	bucket, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0],
		ossupload.Credentials{AccessKeyID: server.AccessKeyID, AccessKeySecret: server.AccessKeySecret}, ossupload.WithRegion(server.Region))
	must(err)
	t.Cleanup(func() { bucket.Close() })
	return bucket
}

func TestUploadInPartsIsSharedWithThePackage(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		data := noise(250_000)
		begun, err := client.InitiateMultipartUpload(context.Background(), &oss.InitiateMultipartUploadRequest{Bucket: bucketName(), Key: keyOf(t)})
		must(err)
		if _, err := client.UploadPart(context.Background(), &oss.UploadPartRequest{
			Bucket: bucketName(), Key: keyOf(t), UploadId: begun.UploadId, PartNumber: 1, Body: bytes.NewReader(data[:150_000]),
		}); err != nil {
			t.Fatal(err)
		}
		multipart, err := ours(t).ReopenMultipart(context.Background(), *keyOf(t), *begun.UploadId)
		if err != nil {
			t.Fatal(err)
		}
		defer multipart.Close()
		if _, err := multipart.UploadPart(context.Background(), 2, ossupload.FromBytes(data[150_000:])); err != nil {
			t.Fatal(err)
		}
		if _, err := multipart.Complete(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		expectStored(t, client, keyOf(t), data)
		if _, err := ours(t).Put(context.Background(), *keyOf(t), ossupload.FromString("by ours"), nil); err != nil {
			t.Fatal(err)
		}
		expectStored(t, client, keyOf(t), []byte("by ours"))
	})
}

func TestUploadsOfBothAreListed(t *testing.T) {
	eachVersion(t, func(t *testing.T, client *oss.Client) {
		multipart, err := ours(t).BeginMultipart(context.Background(), *keyOf(t))
		must(err)
		defer multipart.Close()
		listed, err := client.ListMultipartUploads(context.Background(), &oss.ListMultipartUploadsRequest{Bucket: bucketName(), Prefix: oss.Ptr(t.Name())})
		if err != nil || len(listed.Uploads) != 1 || *listed.Uploads[0].UploadId != multipart.UploadID() {
			t.Fatal(fmt.Sprintf("%+v", listed), err)
		}
		if _, err := client.AbortMultipartUpload(context.Background(), &oss.AbortMultipartUploadRequest{
			Bucket: bucketName(), Key: keyOf(t), UploadId: oss.Ptr(multipart.UploadID()),
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := multipart.ListParts(context.Background()); !errors.Is(err, ossupload.ErrService) {
			t.Fatal(err)
		}
	})
}
