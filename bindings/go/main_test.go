package ossupload_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/ossupload"
)

// The emulator that all tests use; each keeps to keys of its own.
var server struct {
	Endpoint        string   `json:"endpoint"`
	Buckets         []string `json:"buckets"`
	Region          string   `json:"region"`
	AccessKeyID     string   `json:"access_key_id"`
	AccessKeySecret string   `json:"access_key_secret"`
}

// Patience is how long a test waits for something that is going to happen.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	os.Exit(withEmulator(m))
}

// withEmulator runs the tests. The emulator ends when this process does, however that happens: its standard input closes.
func withEmulator(m *testing.M) int {
	program := os.Getenv("OSS_EMULATOR")
	if program == "" {
		fmt.Fprintln(os.Stderr, "set OSS_EMULATOR to the path of the program oss-emulator")
		return 1
	}
	emulator := exec.Command(program, "--print-json", "--exit-with-stdin", "--bucket", "examplebucket", "--bucket", "slowbucket")
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

	application := newApplication()
	defer application.Close()
	for name, value := range map[string]string{
		"OSS_ENDPOINT": server.Endpoint, "OSS_BUCKET": server.Buckets[0], "OSS_REGION": server.Region,
		"OSS_ACCESS_KEY_ID": server.AccessKeyID, "OSS_ACCESS_KEY_SECRET": server.AccessKeySecret,
		"OSS_CALLBACK_URL": application.URL,
	} {
		must(os.Setenv(name, value))
	}
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func credentials() ossupload.Credentials {
	return ossupload.Credentials{AccessKeyID: server.AccessKeyID, AccessKeySecret: server.AccessKeySecret}
}

// slowBucket is for what the emulator shall be slow to answer and does not know by its key.
func slowBucket() string {
	return server.Buckets[1]
}

func openBucket(t testing.TB, options ...ossupload.BucketOption) *ossupload.Bucket {
	t.Helper()
	options = append([]ossupload.BucketOption{ossupload.WithRegion(server.Region)}, options...)
	bucket, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], credentials(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	return bucket
}

// control makes one of the emulator's own requests.
func control(t testing.TB, method, path string, body any) []byte {
	t.Helper()
	text, err := json.Marshal(body)
	must(err)
	request, err := http.NewRequest(method, server.Endpoint+"/-/"+path, bytes.NewReader(text))
	must(err)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	answer, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, reply.Status, answer, err)
	}
	return answer
}

// fault is one of the emulator's, for one key.
type fault map[string]any

func inject(t testing.TB, faults ...fault) {
	t.Helper()
	control(t, "POST", "faults", faults)
}

// requestsFor says which operations the emulator saw for a key.
func requestsFor(t testing.TB, key string) []string {
	t.Helper()
	return requests(t, func(_, other string) bool { return other == key })
}

func requests(t testing.TB, count func(bucket, key string) bool) (operations []string) {
	t.Helper()
	var all []struct{ Operation, Bucket, Key string }
	must(json.Unmarshal(control(t, "GET", "requests", nil), &all))
	for _, request := range all {
		if count(request.Bucket, request.Key) {
			operations = append(operations, request.Operation)
		}
	}
	return operations
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for giveUp := time.Now().Add(patience); !isSo(); runtime.Gosched() {
		if time.Now().After(giveUp) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// stored reads an object from the emulator.
func stored(t testing.TB, key string) []byte {
	t.Helper()
	presigned, err := openBucket(t).PresignGet(key, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.Get(presigned.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", key, reply.Status, err)
	}
	return body
}

func isThere(t testing.TB, key string) bool {
	t.Helper()
	result, err := openBucket(t).Stat(context.Background(), key)
	if err != nil && result.HTTPStatus != http.StatusNotFound {
		t.Fatal(err)
	}
	return result.Stored == ossupload.StoredYes
}

func expectStored(t testing.TB, key string, expected []byte) {
	t.Helper()
	if actual := stored(t, key); !bytes.Equal(actual, expected) {
		t.Fatalf("%s: %d bytes are stored, which are not the %d that they should be", key, len(actual), len(expected))
	}
}

func expectNoUploads(t testing.TB, prefix string) {
	t.Helper()
	uploads, _, err := openBucket(t).ListUploads(context.Background(), prefix, 100)
	if err != nil || len(uploads) != 0 {
		t.Fatalf("%v are left, %v", uploads, err)
	}
}

// noise gives bytes without a pattern that a mistaken offset could hide in.
func noise(size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(data)
	return data
}

var (
	runs    sync.Map
	lastRun atomic.Int64
)

// keyOf gives a key that is the test's own, and another one each time that the test runs.
func keyOf(t testing.TB) string {
	run, _ := runs.LoadOrStore(t, lastRun.Add(1))
	return fmt.Sprintf("%s_%d", t.Name(), run)
}

// application is an application server that keeps the callbacks it gets.
type application struct {
	*httptest.Server
	mutex  sync.Mutex
	bodies []string
	status int
	answer string
}

func newApplication() *application {
	a := &application{status: http.StatusOK, answer: `{"Status":"OK"}`}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.bodies = append(a.bodies, string(body))
		w.Header().Set("Content-Type", "application/vnd.test+json")
		w.WriteHeader(a.status)
		io.WriteString(w, a.answer)
	}))
	return a
}

func startApplication(t testing.TB) *application {
	a := newApplication()
	t.Cleanup(a.Close)
	return a
}

// fail has later callbacks answered with an error.
func (a *application) fail() {
	a.respond(http.StatusInternalServerError, a.answer)
}

func (a *application) respond(status int, answer string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.status, a.answer = status, answer
}

func (a *application) called() []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return append([]string(nil), a.bodies...)
}

func (a *application) callback() *ossupload.Callback {
	return &ossupload.Callback{
		URL:       a.URL + "/uploaded?from=oss",
		Body:      "object=${object}&size=${size}&user=${x:user}",
		Variables: map[string]string{"x:user": "名 42"},
	}
}

const userInBody = "&user=%E5%90%8D%2042"
