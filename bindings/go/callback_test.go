package ossupload_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"example.com/ossupload"
)

func TestAnswerOfTheApplicationServerComesBack(t *testing.T) {
	application := startApplication(t)
	application.respond(http.StatusOK, `{"id":7,"name":"名"}`)
	result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), application.callback())
	if err != nil {
		t.Fatal(err)
	}
	if string(result.Body) != application.answer || result.ContentType != "application/vnd.test+json" {
		t.Fatalf("%+v", result)
	}
	if called := application.called(); !slices.Equal(called, []string{"object=" + keyOf(t) + "&size=1" + userInBody}) {
		t.Fatal(called)
	}
}

func TestFailedCallbackIsNeitherSuccessNorFailure(t *testing.T) {
	application := startApplication(t)
	application.fail()
	for name, upload := range map[string]func(key string, callback *ossupload.Callback) (*ossupload.Result, error){
		"put": func(key string, callback *ossupload.Callback) (*ossupload.Result, error) {
			return openBucket(t).Put(context.Background(), key, ossupload.FromString("a"), callback)
		},
		"upload": func(key string, callback *ossupload.Callback) (*ossupload.Result, error) {
			return openBucket(t).Upload(context.Background(), key, ossupload.FromString("a"), callback)
		},
		"writer": func(key string, callback *ossupload.Callback) (*ossupload.Result, error) {
			writer, err := openBucket(t).NewWriter(context.Background(), key, callback)
			must(err)
			defer writer.Close()
			writer.Write([]byte("a"))
			return writer.Finish()
		},
		"multipart": func(key string, callback *ossupload.Callback) (*ossupload.Result, error) {
			multipart, err := openBucket(t).BeginMultipart(context.Background(), key)
			must(err)
			defer multipart.Close()
			_, err = multipart.UploadPart(context.Background(), 1, ossupload.FromString("a"))
			must(err)
			return multipart.Complete(context.Background(), callback)
		},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := upload(keyOf(t), application.callback())
			var callbackError *ossupload.CallbackError
			if !errors.As(err, &callbackError) || !errors.Is(err, ossupload.ErrCallbackFailed) || errors.Is(err, ossupload.ErrService) {
				t.Fatalf("%T %v", err, err)
			}
			var failure *ossupload.OpError
			if !errors.As(err, &failure) || failure.Result != result || callbackError.Result != result {
				t.Fatal("the result is not in the error")
			}
			if result.Stored != ossupload.StoredYes || result.HTTPStatus != 203 || result.ErrorCode != "CallbackFailed" || result.ETag == "" {
				t.Fatalf("%+v", result)
			}
			if !strings.Contains(err.Error(), "the object is stored") {
				t.Fatalf("%q does not say that the object is stored", err)
			}
			expectStored(t, keyOf(t), []byte("a"))
			body, err := callbackError.Render(nil)
			if called := application.called(); err != nil || body != called[len(called)-1] {
				t.Fatalf("%q instead of %q, %v", body, called, err)
			}
		})
	}
	if calls := len(application.called()); calls != 4 {
		t.Fatalf("%d callbacks were made for 4 uploads", calls)
	}
}

func TestWriterWhoseCallbackFailedSaysAgainThatTheObjectIsStored(t *testing.T) {
	application := startApplication(t)
	application.fail()
	writer, err := openBucket(t).NewWriter(context.Background(), keyOf(t), application.callback())
	must(err)
	defer writer.Close()
	writer.Write([]byte("a"))
	for range 2 {
		var callbackError *ossupload.CallbackError
		if result, err := writer.Finish(); !errors.As(err, &callbackError) || result.Stored != ossupload.StoredYes {
			t.Fatalf("%v, %v", result.Stored, err)
		}
	}
	if _, err := writer.Write([]byte("b")); !errors.Is(err, ossupload.ErrCallbackFailed) {
		t.Error(err)
	}
}

func TestCallbackWhoseReplyWasLostIsUnknown(t *testing.T) {
	application := startApplication(t)
	inject(t, fault{"action": "close_without_reply", "operation": "PutObject", "key": keyOf(t)})
	result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), application.callback())
	var callbackError *ossupload.CallbackError
	if !errors.As(err, &callbackError) || !errors.Is(err, ossupload.ErrCallbackUnknown) || errors.Is(err, ossupload.ErrCallbackFailed) {
		t.Fatal(err)
	}
	if result.Stored != ossupload.StoredYes || len(application.called()) != 1 {
		t.Fatalf("%+v, %q", result, application.called())
	}
}

func TestCallbackWhoseReplyWasLostIsAskedForAgainOnRequest(t *testing.T) {
	application := startApplication(t)
	inject(t, fault{"action": "close_without_reply", "operation": "PutObject", "key": keyOf(t)})
	result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), application.callback(),
		ossupload.WithCallbackDelivery(ossupload.CallbackAtLeastOnce))
	if err != nil {
		t.Fatal(err)
	}
	if result.CallbackRepeats != 1 || result.Attempts != 2 || len(application.called()) != 2 {
		t.Fatalf("%+v, %q", result, application.called())
	}
	_, err = openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), application.callback(),
		ossupload.WithCallbackDelivery(2))
	if !errors.Is(err, ossupload.ErrInvalidArgument) || !strings.Contains(err.Error(), "oss_callback_delivery") {
		t.Error(err)
	}
}

func TestMistakesInACallbackAreListed(t *testing.T) {
	callback := ossupload.Callback{
		URL: "https://app.example.com", Body: `{"a":"${object}"}`, BodyType: ossupload.CallbackJSON,
		MoreURLs: []string{"http://10.0.0.1/"}, Host: "app.example.com",
		Variables: map[string]string{"x:unused": "1", "wrong": "2"},
	}
	findings, err := callback.Check()
	if !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Fatal(err)
	}
	var rules []string
	for _, finding := range findings {
		rules = append(rules, finding.Rule)
		if finding.Message == "" || (finding.Severity == ossupload.SeverityError) != (finding.Rule == "refused") {
			t.Errorf("%+v", finding)
		}
	}
	for _, rule := range []string{"refused", "https-without-sni", "variable-not-used", "private-host", "quoted-placeholder"} {
		if !slices.Contains(rules, rule) {
			t.Errorf("%s is not among %v", rule, rules)
		}
	}
	good := ossupload.Callback{URL: "https://app.example.com", SNI: true, Body: "a=${x:b}", Variables: map[string]string{"x:b": ""}}
	if findings, err := good.Check(); err != nil || len(findings) != 0 {
		t.Error(findings, err)
	}
	if _, err := (*ossupload.Callback)(nil).Check(); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestCallbackIsEncodedAndRenderedWithoutAnUpload(t *testing.T) {
	callback := ossupload.Callback{URL: "http://a.example", Body: "w=${imageInfo.width}&x=${x:b}&o=${object}", Variables: map[string]string{"x:b": "1"}}
	encoded, variables, err := callback.Encode()
	must(err)
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !strings.Contains(string(decoded), `"callbackUrl":"http://a.example"`) {
		t.Errorf("%s %v", decoded, err)
	}
	if decoded, err := base64.StdEncoding.DecodeString(variables); err != nil || string(decoded) != `{"x:b":"1"}` {
		t.Errorf("%s %v", decoded, err)
	}
	body, err := callback.Render(nil, map[string]string{"imageInfo.width": "7", "object": "a b"})
	if err != nil || body != "w=7&x=1&o=a%20b" {
		t.Errorf("%q %v", body, err)
	}
	if _, err := callback.Render(nil, nil); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := callback.Render(nil, map[string]string{"size": "x"}); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	policy := ossupload.Callback{Policy: "stored"}
	if encoded, variables, err := policy.Encode(); err != nil || encoded == "" || variables != "" {
		t.Error(encoded, variables, err)
	}
	if _, _, err := (&ossupload.Callback{Policy: "stored", URL: "http://a.example"}).Encode(); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestEveryStatusHasAnErrorOfItsOwn(t *testing.T) {
	all := map[ossupload.Status]error{
		ossupload.StatusInvalidArgument: ossupload.ErrInvalidArgument, ossupload.StatusLocalIO: ossupload.ErrLocalIO,
		ossupload.StatusSourceChanged: ossupload.ErrSourceChanged, ossupload.StatusCancelled: ossupload.ErrCancelled,
		ossupload.StatusCredentials: ossupload.ErrCredentials, ossupload.StatusCheckpointBusy: ossupload.ErrCheckpointBusy,
		ossupload.StatusOutOfMemory: ossupload.ErrOutOfMemory,
		ossupload.StatusNetwork:     ossupload.ErrNetwork, ossupload.StatusTimeout: ossupload.ErrTimeout, ossupload.StatusTLS: ossupload.ErrTLS,
		ossupload.StatusService: ossupload.ErrService, ossupload.StatusIntegrity: ossupload.ErrIntegrity,
		ossupload.StatusBadResponse: ossupload.ErrBadResponse, ossupload.StatusCallbackFailed: ossupload.ErrCallbackFailed,
		ossupload.StatusCallbackUnknown: ossupload.ErrCallbackUnknown, ossupload.StatusNotAuthentic: ossupload.ErrNotAuthentic,
		ossupload.StatusInternal: ossupload.ErrInternal,
	}
	for status := range all {
		err := error(&ossupload.OpError{Op: "test", Result: &ossupload.Result{Status: status}})
		for other, sentinel := range all {
			if errors.Is(err, sentinel) != (status == other) {
				t.Errorf("%v is taken for %v", err, sentinel)
			}
		}
		if text := fmt.Sprint(all[status]); text != "ossupload: "+status.String() {
			t.Error(text)
		}
	}
}

func TestDeliveriesOfOneUploadHaveOneID(t *testing.T) {
	application := startApplication(t)
	application.fail()
	callback := application.callback()
	callback.Body += "&delivery=${x:delivery}"
	callback.DeliveryVariable = "x:delivery"
	bucket := openBucket(t)
	var bodies []string
	for range 2 {
		result, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("a"), callback)
		if !errors.Is(err, ossupload.ErrCallbackFailed) {
			t.Fatal(err)
		}
		body, err := callback.Render(result, nil)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	if !slices.Equal(application.called(), bodies) {
		t.Fatalf("%q was sent, %q was made", application.called(), bodies)
	}
	if bodies[0] == bodies[1] {
		t.Fatalf("two uploads have the same id: %q", bodies[0])
	}
}

func TestHeadersAndFieldsAreEncoded(t *testing.T) {
	callback := &ossupload.Callback{
		URL: "http://app.example.com", Body: "b",
		Headers: map[string]string{"key-2": "v", "key-1": ""},
		Fields:  map[string]json.RawMessage{"later": json.RawMessage(`[1]`)},
	}
	encoded, _, err := callback.Encode()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := base64.StdEncoding.DecodeString(encoded)
	expected := `{"callbackUrl":"http://app.example.com","callbackBody":"b","additionalHeaders":{"key-1":"","key-2":"v"},"later":[1]}`
	if err != nil || string(settings) != expected {
		t.Fatalf("%s, %v", settings, err)
	}
	for name, wrong := range map[string]ossupload.Callback{
		"header":   {Headers: map[string]string{"x-oss-a": ""}},
		"field":    {Fields: map[string]json.RawMessage{"later": json.RawMessage("{")}},
		"delivery": {DeliveryVariable: "delivery"},
	} {
		wrong.URL, wrong.Body = callback.URL, callback.Body
		if _, _, err := wrong.Encode(); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBucketKnowsWhetherItsRegionHasCallbacks(t *testing.T) {
	callback := &ossupload.Callback{URL: "http://app.example.com", Body: "b"}
	for endpoint, expected := range map[string]int{"oss-cn-hangzhou.aliyuncs.com": 0, "oss-cn-nanjing.aliyuncs.com": 1} {
		bucket, err := ossupload.NewBucket(endpoint, "bucket", ossupload.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"})
		must(err)
		defer bucket.Close()
		findings, err := bucket.CheckCallback(callback)
		if err != nil || len(findings) != expected {
			t.Errorf("%s: %+v, %v", endpoint, findings, err)
		}
		if expected > 0 && (findings[0].Rule != "region-without-callbacks" || findings[0].Severity != ossupload.SeverityWarning) {
			t.Errorf("%+v", findings[0])
		}
	}
	if _, err := openBucket(t).CheckCallback(nil); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}
