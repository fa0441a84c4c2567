package ossupload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/ossupload"
)

// send makes a request that was signed, as a program does that knows nothing of this package.
func send(t *testing.T, presigned *ossupload.Presigned, body string) int {
	t.Helper()
	request, err := http.NewRequest(presigned.Method, presigned.URL, strings.NewReader(body))
	must(err)
	for name, value := range presigned.Headers {
		request.Header.Set(name, value)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	return reply.StatusCode
}

func TestOthersUploadWithASignedURL(t *testing.T) {
	bucket, application := openBucket(t), startApplication(t)
	presigned, err := bucket.PresignPut(keyOf(t), application.callback(), time.Hour, ossupload.WithMetadata("owner", "me"))
	must(err)
	if until := time.Until(presigned.Expires); presigned.Headers["x-oss-meta-owner"] != "me" || until < 58*time.Minute || until > time.Hour {
		t.Fatalf("%+v", presigned)
	}
	if status := send(t, presigned, "by others"); status != http.StatusOK {
		t.Fatal(status)
	}
	expectStored(t, keyOf(t), []byte("by others"))

	text, err := json.Marshal(presigned)
	must(err)
	received := new(ossupload.Presigned)
	must(json.Unmarshal(text, received))
	result, err := ossupload.PutToURL(context.Background(), received, ossupload.FromString("by us"))
	if err != nil || string(result.Body) != application.answer {
		t.Fatalf("%v %+v", err, result)
	}
	expectStored(t, keyOf(t), []byte("by us"))

	application.fail()
	result, err = ossupload.PutToURL(context.Background(), received, ossupload.FromString("again"))
	var callbackError *ossupload.CallbackError
	if !errors.As(err, &callbackError) || result.Stored != ossupload.StoredYes {
		t.Fatal(err)
	}
	if _, err := callbackError.Render(nil); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	if calls := len(application.called()); calls != 3 {
		t.Errorf("%d callbacks for 3 uploads", calls)
	}
}

func TestOthersUploadPartsWithSignedURLs(t *testing.T) {
	bucket, application := openBucket(t), startApplication(t)
	multipart := beginMultipart(t, bucket, keyOf(t))
	part, err := bucket.PresignUploadPart(keyOf(t), multipart.UploadID(), 1, time.Hour)
	must(err)
	result, err := ossupload.PutToURL(context.Background(), part, ossupload.FromString("a part"))
	if err != nil || result.Stored != ossupload.StoredNo {
		t.Fatalf("%v %+v", err, result)
	}
	complete, err := bucket.PresignCompleteMultipart(keyOf(t), multipart.UploadID(), application.callback(), time.Hour)
	must(err)
	list := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + result.ETag + "</ETag></Part></CompleteMultipartUpload>"
	if status := send(t, complete, list); status != http.StatusOK {
		t.Fatal(status)
	}
	expectStored(t, keyOf(t), []byte("a part"))
	if len(application.called()) != 1 {
		t.Error(application.called())
	}
}

func TestOSSCallsAgain(t *testing.T) {
	bucket, application := openBucket(t), startApplication(t)
	var failure *ossupload.OpError
	_, err := bucket.TriggerCallback(context.Background(), keyOf(t), application.callback())
	if !errors.As(err, &failure) || failure.Result.ErrorCode != "NoSuchKey" || failure.Result.Stored != ossupload.StoredNo {
		t.Fatal(err)
	}
	if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), nil); err != nil {
		t.Fatal(err)
	}
	result, err := bucket.TriggerCallback(context.Background(), keyOf(t), application.callback(), ossupload.WithCallbackDelivery(ossupload.CallbackAtLeastOnce))
	if err != nil || string(result.Body) != application.answer || result.Stored != ossupload.StoredYes {
		t.Fatalf("%v %+v", err, result)
	}

	presigned, err := bucket.PresignTriggerCallback(keyOf(t), application.callback(), time.Hour)
	must(err)
	if status := send(t, presigned, presigned.Body); presigned.Method != "POST" || status != http.StatusOK {
		t.Fatalf("%d %+v", status, presigned)
	}
	if status := send(t, presigned, presigned.Body+","); status != http.StatusBadRequest {
		t.Error(status)
	}

	application.fail()
	if result, err = bucket.TriggerCallback(context.Background(), keyOf(t), application.callback()); !errors.Is(err, ossupload.ErrCallbackFailed) {
		t.Fatalf("%v %+v", err, result)
	}
	if calls := len(application.called()); calls != 3 {
		t.Errorf("%d callbacks for 3 requests", calls)
	}
	if _, err := bucket.TriggerCallback(context.Background(), keyOf(t), nil); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := bucket.PresignTriggerCallback(keyOf(t), nil, time.Hour); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestURLThatCannotBeRightIsRefused(t *testing.T) {
	for name, presigned := range map[string]*ossupload.Presigned{
		"scheme": {URL: "ftp://a.example/b"}, "method": {URL: server.Endpoint, Method: "GET"},
		"header": {URL: server.Endpoint, Headers: map[string]string{"Host": "a"}}, "NUL": {URL: server.Endpoint + "/\x00"},
	} {
		if _, err := ossupload.PutToURL(context.Background(), presigned, ossupload.FromString("a")); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openBucket(t).PresignGet(keyOf(t), -time.Second); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := openBucket(t).PresignPut("", nil, time.Second); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

// submit sends a form as a browser does.
func submit(t *testing.T, form *ossupload.PostForm, fields map[string]string, file string) int {
	t.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for _, fields := range []map[string]string{form.Fields, fields} {
		for name, value := range fields {
			must(writer.WriteField(name, value))
		}
	}
	part, err := writer.CreateFormFile("file", "name.txt")
	must(err)
	part.Write([]byte(file))
	must(writer.Close())
	reply, err := http.Post(form.URL, writer.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	return reply.StatusCode
}

func TestFormUploadsWhatItsPolicyAllows(t *testing.T) {
	bucket, application := openBucket(t), startApplication(t)
	policy := ossupload.PostPolicy{
		KeyPrefix: keyOf(t) + "/", MinLength: 1, MaxLength: 10, ContentType: "text/x-test",
		Fields: map[string]string{"x-oss-meta-owner": "me"}, FieldPrefixes: map[string]string{"Cache-Control": "max-age="},
	}
	form, err := bucket.SignPostPolicy(policy, application.callback(), time.Hour)
	must(err)
	if until := time.Until(form.Expires); until < 58*time.Minute || until > time.Hour {
		t.Fatalf("%+v", form)
	}
	if status := submit(t, form, map[string]string{"key": keyOf(t) + "/a", "Cache-Control": "max-age=1"}, "a file"); status != http.StatusOK {
		t.Fatal(status)
	}
	expectStored(t, keyOf(t)+"/a", []byte("a file"))
	for name, refused := range map[string]struct{ key, file string }{
		"key": {"elsewhere", "a file"}, "length": {keyOf(t) + "/b", "longer than ten"},
	} {
		if status := submit(t, form, map[string]string{"key": refused.key, "Cache-Control": "max-age=1"}, refused.file); status < 400 {
			t.Errorf("%s: %d", name, status)
		}
	}

	text, err := json.Marshal(form)
	must(err)
	received := new(ossupload.PostForm)
	must(json.Unmarshal(text, received))
	received.Fields["key"], received.Fields["Cache-Control"] = keyOf(t)+"/c", "max-age=2"
	result, err := ossupload.PostObject(context.Background(), received, ossupload.FromString("by us"), ossupload.WithMaxAttempts(1))
	if err != nil || string(result.Body) != application.answer {
		t.Fatalf("%v %+v", err, result)
	}
	expectStored(t, keyOf(t)+"/c", []byte("by us"))
	application.fail()
	result, err = ossupload.PostObject(context.Background(), received, ossupload.FromString("again"))
	if !errors.Is(err, ossupload.ErrCallbackFailed) || result.Stored != ossupload.StoredYes {
		t.Fatal(err)
	}
}

func TestCallbackCanBeAddedOnlyIfThePolicySaysSo(t *testing.T) {
	bucket, application := openBucket(t), startApplication(t)
	callback, _, err := application.callback().Encode()
	must(err)
	for _, allowed := range []bool{false, true} {
		form, err := bucket.SignPostPolicy(ossupload.PostPolicy{Key: keyOf(t), AnyCallback: allowed}, nil, time.Hour)
		must(err)
		form.Fields["callback"] = callback
		if status := submit(t, form, nil, "a file"); (status == http.StatusOK) != allowed {
			t.Errorf("allowed: %v, %d", allowed, status)
		}
	}
}

func TestPolicySaysSomethingOfTheKey(t *testing.T) {
	bucket := openBucket(t)
	if _, err := bucket.SignPostPolicy(ossupload.PostPolicy{}, nil, time.Hour); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := bucket.SignPostPolicy(ossupload.PostPolicy{AnyKey: true}, nil, time.Hour); err != nil {
		t.Error(err)
	}
	if _, err := bucket.SignPostPolicy(ossupload.PostPolicy{Key: "a", MinLength: 2, MaxLength: 1}, nil, time.Hour); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	for name, form := range map[string]*ossupload.PostForm{
		"URL": {URL: "ftp://a.example", Fields: map[string]string{"key": "a"}}, "no key": {URL: server.Endpoint},
		"file": {URL: server.Endpoint, Fields: map[string]string{"key": "a", "file": "b"}},
	} {
		if _, err := ossupload.PostObject(context.Background(), form, ossupload.FromString("a")); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
