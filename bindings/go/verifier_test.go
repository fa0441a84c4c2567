package ossupload_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ossupload"
)

// request is a callback request as it came over the wire.
type request struct {
	target, authorization, keyURL string
	body                          []byte
}

func (r request) asReceived() ossupload.CallbackRequest {
	return ossupload.CallbackRequest{Target: r.target, Body: r.body, Authorization: r.authorization, PubKeyURL: r.keyURL, SignatureVersion: "1.0"}
}

// received uploads something and gives the callback request that came of it.
func received(t *testing.T) request {
	t.Helper()
	got := make(chan request, 1)
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, "{}")
		got <- request{r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("x-oss-pub-key-url"), body}
	}))
	defer application.Close()
	callback := &ossupload.Callback{URL: application.URL + "/up%20loaded?from=oss&a=%2F", Body: "object=${object}"}
	if _, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), callback); err != nil {
		t.Fatal(err)
	}
	return <-got
}

func publicKey(t *testing.T) string {
	return string(control(t, "GET", "callback_pub_key.pem", nil))
}

func verifier(t *testing.T, options ...ossupload.VerifierOption) *ossupload.Verifier {
	t.Helper()
	verifier, err := ossupload.NewVerifier(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { verifier.Close() })
	return verifier
}

func TestRequestIsBelievedOnlyIfItComesFromOSS(t *testing.T) {
	got := received(t)
	fetching := verifier(t, ossupload.WithKeyPrefix(server.Endpoint+"/"), ossupload.WithFetchTimeout(patience), ossupload.WithCacheTime(time.Hour))
	for name, verify := range map[string]func(r request) error{
		"fetched": func(r request) error { return fetching.Verify(context.Background(), r.asReceived()) },
		"given": func(r request) error {
			r.keyURL = ""
			return verifier(t, ossupload.WithPublicKey(publicKey(t))).Verify(context.Background(), r.asReceived())
		},
		"function": func(r request) error {
			return ossupload.VerifyWithKey(publicKey(t), r.target, r.body, r.authorization)
		},
	} {
		if err := verify(got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for what, change := range map[string]func(*request){
			"target":       func(r *request) { r.target += "1" },
			"body":         func(r *request) { r.body = append([]byte("x"), r.body...) },
			"no signature": func(r *request) { r.authorization = "" },
			"signature":    func(r *request) { r.authorization = strings.ToLower(r.authorization) },
		} {
			changed := got
			change(&changed)
			if err := verify(changed); !errors.Is(err, ossupload.ErrNotAuthentic) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	if err := verifier(t).Verify(context.Background(), got.asReceived()); !errors.Is(err, ossupload.ErrNotAuthentic) {
		t.Error("a key from elsewhere was believed: ", err)
	}
	if _, err := ossupload.NewVerifier(ossupload.WithPublicKey("no key")); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
	must(fetching.Close())
	if err := fetching.Verify(context.Background(), got.asReceived()); !errors.Is(err, ossupload.ErrClosed) {
		t.Error(err)
	}
}

func TestContextEndsTheFetchingOfAKey(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	url := "http://" + listener.Addr().String() + "/"
	got := received(t)
	got.keyURL = base64.StdEncoding.EncodeToString([]byte(url + "key.pem"))
	waiting := verifier(t, ossupload.WithKeyPrefix(url), ossupload.WithFetchTimeout(time.Minute))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- waiting.Verify(ctx, got.asReceived()) }()
	connection, err := listener.Accept()
	must(err)
	defer connection.Close()
	hurried, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer stop()
	if err := waiting.Verify(hurried, got.asReceived()); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ossupload.ErrTimeout) {
		t.Error(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !errors.Is(err, ossupload.ErrCancelled) {
		t.Error(err)
	}
}

func TestWayOfSigningThatIsNotKnownIsNotCalledForged(t *testing.T) {
	got := received(t).asReceived()
	got.SignatureVersion = "2.0"
	err := verifier(t, ossupload.WithPublicKey(publicKey(t))).Verify(context.Background(), got)
	if !errors.Is(err, ossupload.ErrBadResponse) || !strings.Contains(err.Error(), `"2.0"`) {
		t.Error(err)
	}
}

// guarded is an application server behind a verifier; it keeps what was let through.
type guarded struct {
	*httptest.Server
	mutex  sync.Mutex
	bodies []string
}

func (g *guarded) letThrough() []string {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.bodies
}

func guard(t *testing.T, verifier *ossupload.Verifier) *guarded {
	g := new(guarded)
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		g.mutex.Lock()
		defer g.mutex.Unlock()
		g.bodies = append(g.bodies, string(body))
		if err == nil {
			io.WriteString(w, `{"Status":"verified"}`)
		}
	})
	g.Server = httptest.NewServer(http.StripPrefix("/prefix", verifier.Handler(next)))
	t.Cleanup(g.Close)
	return g
}

func TestHandlerLetsThroughWhatComesFromOSS(t *testing.T) {
	g := guard(t, verifier(t, ossupload.WithKeyPrefix(server.Endpoint+"/")))
	callback := &ossupload.Callback{URL: g.URL + "/prefix/up%20loaded?a=%2F", Body: "object=${object}"}
	result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("a"), callback)
	if err != nil || string(result.Body) != `{"Status":"verified"}` {
		t.Fatalf("%v %+v", err, result)
	}
	if bodies := g.letThrough(); len(bodies) != 1 || bodies[0] != "object="+keyOf(t) {
		t.Fatal(bodies)
	}
}

func TestHandlerLetsNothingElseThrough(t *testing.T) {
	got := received(t)
	believing := verifier(t, ossupload.WithPublicKey(publicKey(t)))
	closed := verifier(t, ossupload.WithPublicKey(publicKey(t)))
	must(closed.Close())
	unreachable := verifier(t, ossupload.WithKeyPrefix("http://127.0.0.1:1/"), ossupload.WithFetchTimeout(patience))
	for name, it := range map[string]struct {
		verifier *ossupload.Verifier
		keyURL   string
		version  string
		body     []byte
		status   int
	}{
		"changed":     {believing, got.keyURL, "1.0", []byte("object=other"), http.StatusForbidden},
		"too large":   {believing, got.keyURL, "1.0", make([]byte, ossupload.MaxCallbackBody+1), http.StatusRequestEntityTooLarge},
		"no key":      {verifier(t), "", "", got.body, http.StatusForbidden},
		"closed":      {closed, got.keyURL, "1.0", got.body, http.StatusServiceUnavailable},
		"unreachable": {unreachable, "aHR0cDovLzEyNy4wLjAuMToxL2E=", "1.0", got.body, http.StatusServiceUnavailable},
		"version":     {believing, got.keyURL, "2.0", got.body, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			g := guard(t, it.verifier)
			request, err := http.NewRequest("POST", g.URL+"/prefix/uploaded", bytes.NewReader(it.body))
			must(err)
			request.Header.Set("Authorization", got.authorization)
			if it.keyURL != "" {
				request.Header.Set("x-oss-pub-key-url", it.keyURL)
			}
			if it.version != "" {
				request.Header.Set("x-oss-signature-version", it.version)
			}
			reply, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			if reply.StatusCode != it.status || len(g.letThrough()) != 0 {
				t.Fatal(reply.Status, g.letThrough())
			}
		})
	}
}

func TestHandlerTakesNoMethodButPOST(t *testing.T) {
	got := received(t)
	var methods []string
	handler := verifier(t, ossupload.WithPublicKey(publicKey(t))).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		methods = append(methods, r.Method)
	}))
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "post", "POST"} {
		request := httptest.NewRequest(method, got.target, bytes.NewReader(got.body))
		request.Header.Set("Authorization", got.authorization)
		reply := httptest.NewRecorder()
		handler.ServeHTTP(reply, request)
		if method != "POST" && (reply.Code != http.StatusMethodNotAllowed || reply.Header().Get("Allow") != "POST") {
			t.Errorf("%s: %d %v", method, reply.Code, reply.Header())
		}
	}
	if len(methods) != 1 || methods[0] != "POST" {
		t.Errorf("%v were let through", methods)
	}
}

func TestHandlerLeavesTheRequestAsItCame(t *testing.T) {
	got := received(t)
	request := httptest.NewRequest("POST", got.target, bytes.NewReader(got.body))
	request.Header.Set("Authorization", got.authorization)
	before := request.Body
	var seen *http.Request
	handler := verifier(t, ossupload.WithPublicKey(publicKey(t))).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r
	}))
	handler.ServeHTTP(httptest.NewRecorder(), request)
	if request.Body != before {
		t.Error("whoever has the request outside has another body now")
	}
	if body, err := io.ReadAll(seen.Body); err != nil || !bytes.Equal(body, got.body) || seen.Context() != request.Context() {
		t.Errorf("%q, %v", body, err)
	}
}
