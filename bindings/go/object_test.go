package ossupload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"example.com/ossupload"
)

// onlyReader hides what else a reader can do.
type onlyReader struct{ io.Reader }

func TestEveryKindOfBodyIsStored(t *testing.T) {
	data := noise(300_000)
	path := filepath.Join(t.TempDir(), "file")
	must(os.WriteFile(path, data, 0o600))
	file, err := os.Open(path)
	must(err)
	defer file.Close()
	shifted := bytes.NewReader(data)
	shifted.Seek(7, io.SeekStart)

	bucket := openBucket(t)
	for name, it := range map[string]struct {
		body     ossupload.Body
		expected []byte
		upload   bool
	}{
		"bytes":          {ossupload.FromBytes(data), data, false},
		"string":         {ossupload.FromString("名"), []byte("名"), false},
		"nothing":        {ossupload.FromBytes(nil), nil, false},
		"file":           {ossupload.FromFile(path), data, false},
		"range":          {ossupload.FromFileRange(path, 10, 1000), data[10:1010], false},
		"open file":      {ossupload.FromOpenFile(file, 5, 200_000), data[5:200_005], false},
		"seeker":         {ossupload.FromReader(shifted), data[7:], false},
		"length":         {ossupload.FromReaderN(onlyReader{bytes.NewReader(data)}, 1000), data[:1000], false},
		"reader at":      {ossupload.FromReaderAt(bytes.NewReader(data), 299_999), data[:299_999], false},
		"unknown length": {ossupload.FromReader(onlyReader{bytes.NewReader(data)}), data, true},
	} {
		t.Run(name, func(t *testing.T) {
			key := keyOf(t)
			upload := func() (*ossupload.Result, error) {
				if it.upload {
					return bucket.Upload(context.Background(), key, it.body, nil)
				}
				return bucket.Put(context.Background(), key, it.body, nil)
			}
			result, err := upload()
			if err != nil {
				t.Fatal(err)
			}
			if result.Stored != ossupload.StoredYes || result.Status != ossupload.StatusOK || result.HTTPStatus != 200 {
				t.Fatalf("%+v", result)
			}
			expectStored(t, key, it.expected)
			if name == "unknown length" || name == "length" {
				return
			}
			// A body can be used again.
			if _, err := upload(); err != nil {
				t.Fatal(err)
			}
			expectStored(t, key, it.expected)
		})
	}
}

func TestResultTellsWhatOSSSaid(t *testing.T) {
	bucket := openBucket(t)
	key := keyOf(t)
	result, err := bucket.Put(context.Background(), key, ossupload.FromString("a"), nil,
		ossupload.WithContentType("text/x-test"), ossupload.WithMetadata("owner", "me"), ossupload.WithCacheControl("no-cache"),
		ossupload.WithTag("a", "b"), ossupload.WithStorageClass(ossupload.StorageIA), ossupload.WithACL(ossupload.ACLPrivate),
		ossupload.WithContentMD5(), ossupload.WithWriteToken(), ossupload.WithHeader("x-oss-meta-other", "1"))
	if err != nil {
		t.Fatal(err)
	}
	crc64, known := result.CRC64()
	if !known || crc64 == 0 || result.ETag != "0CC175B9C0F1B6A831C399E269772661" || result.RequestID == "" || result.Attempts != 1 {
		t.Fatalf("%+v", result)
	}
	if result.Header("X-OSS-Request-ID") != result.RequestID || result.Header("absent") != "" {
		t.Fatal("the headers of the reply are not those that the result has")
	}
	there, err := bucket.Stat(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	for name, expected := range map[string]string{
		"Content-Type": "text/x-test", "x-oss-meta-owner": "me", "x-oss-meta-other": "1", "Content-Length": "1",
		"Cache-Control": "no-cache", "x-oss-storage-class": "IA",
	} {
		if actual := there.Header(name); actual != expected {
			t.Errorf("%s is %q, not %q", name, actual, expected)
		}
	}
	if token := there.Header("x-oss-meta-oss-upload-token"); len(token) != 32 {
		t.Errorf("%q is no token", token)
	}
	_, err = bucket.Put(context.Background(), key, ossupload.FromString("b"), nil, ossupload.WithForbidOverwrite())
	var failure *ossupload.OpError
	if !errors.As(err, &failure) || failure.Result.ErrorCode != "FileAlreadyExists" || !errors.Is(err, ossupload.ErrService) {
		t.Fatal(err)
	}
	if _, err := bucket.Remove(context.Background(), key); err != nil || isThere(t, key) {
		t.Fatal("it was not removed: ", err)
	}
}

// collectGarbage has everything freed that nobody has any more.
func collectGarbage(t testing.TB) {
	t.Helper()
	for range 2 {
		gone := make(chan struct{})
		runtime.AddCleanup(new(*int), func(gone chan struct{}) { close(gone) }, gone)
		eventually(t, "garbage is collected", func() bool {
			runtime.GC()
			select {
			case <-gone:
				return true
			default:
				return false
			}
		})
	}
}

func TestCopyOfAResultIsAsGoodAsTheResult(t *testing.T) {
	application := startApplication(t)
	var copied ossupload.Result
	func() {
		result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), application.callback())
		if err != nil {
			t.Fatal(err)
		}
		copied = *result
	}()
	collectGarbage(t)
	if copied.Header("x-oss-request-id") != copied.RequestID {
		t.Errorf("%q instead of %q", copied.Header("x-oss-request-id"), copied.RequestID)
	}
	if body, err := application.callback().Render(&copied, nil); err != nil || body != application.called()[0] {
		t.Errorf("%q, %v", body, err)
	}
}

func TestRefusalNamesCodeAndRequest(t *testing.T) {
	wrong := credentials()
	wrong.AccessKeySecret = "wrong"
	bucket, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], wrong, ossupload.WithRegion(server.Region))
	must(err)
	defer bucket.Close()
	result, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil)
	if !errors.Is(err, ossupload.ErrService) || errors.Is(err, ossupload.ErrNetwork) {
		t.Fatal(err)
	}
	if result.ErrorCode != "SignatureDoesNotMatch" || result.HTTPStatus != http.StatusForbidden || result.Stored != ossupload.StoredNo {
		t.Fatalf("%+v", result)
	}
	for _, part := range []string{"put", keyOf(t), "SignatureDoesNotMatch", result.RequestID} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %q", err, part)
		}
	}
	var callbackError *ossupload.CallbackError
	if errors.As(err, &callbackError) {
		t.Error("a refusal was taken for a failed callback")
	}
}

func TestMistakeIsFoundBeforeAnythingIsSent(t *testing.T) {
	bucket := openBucket(t)
	for name, put := range map[string]func(key string) error{
		"option": func(key string) error {
			_, err := bucket.Put(context.Background(), key, ossupload.FromString("a"), nil, ossupload.WithHeader("Host", "a"))
			return err
		},
		"key": func(key string) error {
			_, err := bucket.Put(context.Background(), "/"+key, ossupload.FromString("a"), nil)
			return err
		},
		"NUL": func(key string) error {
			_, err := bucket.Put(context.Background(), key+"\x00b", ossupload.FromString("a"), nil)
			return err
		},
		"body": func(key string) error {
			_, err := bucket.Put(context.Background(), key, ossupload.Body{}, nil)
			return err
		},
		"part size": func(key string) error {
			_, err := bucket.Upload(context.Background(), key, ossupload.FromString("a"), nil, ossupload.WithPartSize(1))
			return err
		},
		"negative": func(key string) error {
			_, err := bucket.Upload(context.Background(), key, ossupload.FromString("a"), nil, ossupload.WithParallel(-1))
			return err
		},
		"callback": func(key string) error {
			_, err := bucket.Put(context.Background(), key, ossupload.FromString("a"), &ossupload.Callback{URL: "ftp://a", Body: "b"})
			return err
		},
		"variable": func(key string) error {
			callback := &ossupload.Callback{URL: "http://a.example", Body: "b", Variables: map[string]string{"user": "1"}}
			_, err := bucket.Put(context.Background(), key, ossupload.FromString("a"), callback)
			return err
		},
		"length": func(key string) error {
			_, err := bucket.Put(context.Background(), key, ossupload.FromReaderN(strings.NewReader("a"), -1), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := keyOf(t)
			err := put(key)
			var failure *ossupload.OpError
			if !errors.As(err, &failure) || !errors.Is(err, ossupload.ErrInvalidArgument) {
				t.Fatal(err)
			}
			if failure.Result.Message == "" || failure.Result.Stored != ossupload.StoredNo || failure.Result.Header("a") != "" {
				t.Fatalf("%+v", failure.Result)
			}
			if sent := requestsFor(t, key); len(sent) != 0 {
				t.Fatal(sent)
			}
		})
	}
}

func TestTextIsNotCutShortAtANUL(t *testing.T) {
	variables := map[string]string{"x:a": "1\x00"}
	callback := &ossupload.Callback{URL: "http://a.example", Body: "a=${x:a}", Variables: variables}
	for name, refused := range map[string]func() error{
		"endpoint": func() error {
			_, err := ossupload.NewBucket(server.Endpoint+"\x00.example", server.Buckets[0], credentials())
			return err
		},
		"bucket": func() error {
			_, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0]+"\x00", credentials())
			return err
		},
		"checked callback": func() error {
			_, err := callback.Check()
			return err
		},
		"encoded callback": func() error {
			_, _, err := callback.Encode()
			return err
		},
		"verified target": func() error {
			return verifier(t).Verify(context.Background(), ossupload.CallbackRequest{Target: "/\x00"})
		},
	} {
		if err := refused(); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil)
	if err != nil || result.Header("ETag\x00") != "" {
		t.Errorf("%q, %v", result.Header("ETag\x00"), err)
	}
}

func TestWhatHoldsANULIsNamedAndNotShown(t *testing.T) {
	const secret = "tell-nobody\x00"
	key := ossupload.Credentials{AccessKeyID: "id", AccessKeySecret: secret}
	for message, refused := range map[string]func() error{
		"the access key secret holds a NUL": func() error {
			_, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], key)
			return err
		},
		"the URL of the proxy holds a NUL": func() error {
			proxy := ossupload.WithProxy("http://u:" + secret + "@h")
			_, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], credentials(), proxy)
			return err
		},
		"the metadata's value holds a NUL": func() error {
			put := ossupload.WithMetadata("name", secret)
			_, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil, put)
			return err
		},
		"the URL holds a NUL": func() error {
			signed := &ossupload.Presigned{Method: "PUT", URL: server.Endpoint + "/?Signature=" + secret}
			_, err := ossupload.PutToURL(context.Background(), signed, ossupload.FromString("a"))
			return err
		},
	} {
		err := refused()
		if !errors.Is(err, ossupload.ErrInvalidArgument) || !strings.Contains(err.Error(), message) || strings.Contains(err.Error(), "tell-nobody") {
			t.Errorf("%s: %v", message, err)
		}
	}
}

func TestReaderThatIsNilIsRefused(t *testing.T) {
	for name, body := range map[string]ossupload.Body{
		"reader":    ossupload.FromReader(nil),
		"so much":   ossupload.FromReaderN(nil, 5),
		"reader at": ossupload.FromReaderAt(nil, 5),
		"open file": ossupload.FromOpenFile(nil, 0, 5),
	} {
		if _, err := openBucket(t).Upload(context.Background(), keyOf(t), body, nil); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppendGoesOnWhereItEnded(t *testing.T) {
	bucket := openBucket(t)
	key, position, crc64 := keyOf(t), uint64(0), uint64(0)
	for range 3 {
		result, err := bucket.Append(context.Background(), key, position, ossupload.FromString("a line\n"), ossupload.WithPreviousCRC64(crc64))
		if err != nil {
			t.Fatal(err)
		}
		position = result.NextPosition
		crc64, _ = result.CRC64()
	}
	expectStored(t, key, []byte("a line\na line\na line\n"))
	result, err := bucket.Append(context.Background(), key, 3, ossupload.FromString("x"))
	if !errors.Is(err, ossupload.ErrService) || result.ErrorCode != "PositionNotEqualToLength" || result.NextPosition != 21 {
		t.Fatalf("%v %+v", err, result)
	}
}

func TestGoroutinesShareABucket(t *testing.T) {
	bucket := openBucket(t)
	var group sync.WaitGroup
	for i := range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := range 8 {
				data := noise(1000 + i*100 + j)
				body := ossupload.FromReader(bytes.NewReader(data))
				if _, err := bucket.Put(context.Background(), fmt.Sprintf("%s/%d/%d", t.Name(), i, j), body, nil); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	expectStored(t, t.Name()+"/15/7", noise(1000+1500+7))
}

func TestBothSignaturesAreAccepted(t *testing.T) {
	for _, version := range []ossupload.SignatureVersion{ossupload.SignatureV1, ossupload.SignatureV4} {
		bucket := openBucket(t, ossupload.WithSignatureVersion(version), ossupload.WithAddressing(ossupload.AddressingAuto),
			ossupload.WithMaxAttempts(1), ossupload.WithConnectTimeout(patience), ossupload.WithStallTimeout(patience),
			ossupload.WithUserAgent("test"))
		if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil); err != nil {
			t.Errorf("V%d: %v", version, err)
		}
	}
	if _, err := ossupload.NewBucket(server.Endpoint, "example", credentials(), ossupload.WithRegion("oss-x")); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	key := ossupload.Credentials{AccessKeyID: "id", AccessKeySecret: "secret\x00", SecurityToken: "token"}
	_, err := ossupload.NewBucket(server.Endpoint, "example", key)
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("opening", "key", key)
	printed := fmt.Sprintf("%v %+v %#v %s %v %s", key, key, key, key, err, logged.String())
	if strings.Contains(printed, "secret\x00") || strings.Contains(printed, `secret\`) || strings.Contains(printed, "token") {
		t.Fatal(printed)
	}
	if !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestCredentialsComeFromTheEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"OSS_ACCESS_KEY_ID": " ", "OSS_ACCESS_KEY_SECRET": "", "ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
		"ALIBABA_CLOUD_SECURITY_TOKEN": "token",
	} {
		t.Setenv(name, value)
	}
	got, err := ossupload.CredentialsFromEnvironment()
	if err != nil || got != (ossupload.Credentials{AccessKeyID: "id", AccessKeySecret: "secret", SecurityToken: "token"}) {
		t.Fatal(got, err)
	}
	for _, step := range [][3]string{
		{"ALIBABA_CLOUD_ACCESS_KEY_ID", "", "ALIBABA_CLOUD_ACCESS_KEY_ID is not"},
		{"OSS_ACCESS_KEY_ID", "id", "OSS_ACCESS_KEY_SECRET is not"},
	} {
		t.Setenv(step[0], step[1])
		_, err := ossupload.CredentialsFromEnvironment()
		if !errors.Is(err, ossupload.ErrCredentials) || !strings.Contains(err.Error(), step[2]) {
			t.Fatal(err)
		}
	}
}
