package ossupload_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ossupload"
)

// keyService gives keys, and counts how often it is asked.
type keyService struct {
	mutex sync.Mutex
	asked int
	give  func(asked int) (ossupload.Credentials, time.Time, error)
}

func (s *keyService) Retrieve() (ossupload.Credentials, time.Time, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.asked++
	return s.give(s.asked)
}

func (s *keyService) count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.asked
}

func bucketOf(t *testing.T, credentials ossupload.Credentials) *ossupload.Bucket {
	t.Helper()
	bucket, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], credentials, ossupload.WithRegion(server.Region))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	return bucket
}

func put(bucket *ossupload.Bucket, key string) error {
	_, err := bucket.Put(context.Background(), key, ossupload.FromString("data"), nil)
	return err
}

func TestKeysAreAskedForWhenTheyAreNeeded(t *testing.T) {
	for _, life := range []time.Duration{0, time.Hour} {
		service := &keyService{give: func(int) (ossupload.Credentials, time.Time, error) {
			if life == 0 {
				return credentials(), time.Time{}, nil
			}
			return credentials(), time.Now().Add(life), nil
		}}
		bucket := bucketOf(t, ossupload.CredentialsFromProvider(service))
		for range 3 {
			if err := put(bucket, "asked"); err != nil {
				t.Fatal(err)
			}
		}
		if asked := service.count(); life == 0 && asked != 3 || life != 0 && asked != 1 {
			t.Errorf("asked %d times for keys that live for %v", asked, life)
		}
	}
}

func TestKeyThatIsRefusedIsAskedForAgain(t *testing.T) {
	service := &keyService{give: func(asked int) (ossupload.Credentials, time.Time, error) {
		key := credentials()
		if asked == 1 {
			key = ossupload.Credentials{AccessKeyID: "STS.over", AccessKeySecret: "secret", SecurityToken: "token"}
		}
		return key, time.Now().Add(time.Hour), nil
	}}
	result, err := bucketOf(t, ossupload.CredentialsFromProvider(service)).
		Put(context.Background(), "renewed", ossupload.FromString("data"), nil)
	if err != nil || result.Attempts != 1 || service.count() != 2 {
		t.Fatal(result, err, service.count())
	}
}

func TestWhatIsMadeOfABucketGoesOnAskingForKeys(t *testing.T) {
	service := &keyService{give: func(int) (ossupload.Credentials, time.Time, error) { return credentials(), time.Time{}, nil }}
	bucket := bucketOf(t, ossupload.CredentialsFromProvider(service))
	multipart, err := bucket.BeginMultipart(context.Background(), "parts")
	if err != nil {
		t.Fatal(err)
	}
	writer, err := bucket.NewWriter(context.Background(), "written", nil)
	if err != nil {
		t.Fatal(err)
	}
	bucket.Close()
	bucket = nil
	// What nobody has any more goes in two steps.
	runtime.GC()
	runtime.GC()
	if _, err := multipart.UploadPart(context.Background(), 1, ossupload.FromString("data")); err != nil {
		t.Error(err)
	}
	if _, err := multipart.Abort(context.Background()); err != nil {
		t.Error(err)
	}
	fmt.Fprint(writer, "data")
	if _, err := writer.Finish(); err != nil {
		t.Error(err)
	}
	writer.Close()
	multipart.Close()
}

var errNoKey = errors.New("no key today")

func TestErrorOfAProviderIsFoundInThatOfTheCall(t *testing.T) {
	service := &keyService{give: func(int) (ossupload.Credentials, time.Time, error) {
		return ossupload.Credentials{}, time.Time{}, errNoKey
	}}
	bucket := bucketOf(t, ossupload.CredentialsFromProvider(service))
	_, presign := bucket.PresignGet("key", time.Minute)
	for _, err := range []error{put(bucket, "refused"), presign} {
		if !errors.Is(err, ossupload.ErrCredentials) || !errors.Is(err, errNoKey) {
			t.Error(err)
		}
	}
}

func TestProviderThatGivesNoKeyIsRefused(t *testing.T) {
	for why, give := range map[string]func(int) (ossupload.Credentials, time.Time, error){
		"access key id is empty": func(int) (ossupload.Credentials, time.Time, error) {
			return ossupload.Credentials{AccessKeySecret: "tell-nobody"}, time.Time{}, nil
		},
		"without its security token": func(int) (ossupload.Credentials, time.Time, error) {
			return ossupload.Credentials{AccessKeyID: "STS.id", AccessKeySecret: "tell-nobody"}, time.Time{}, nil
		},
		"holds a NUL": func(int) (ossupload.Credentials, time.Time, error) {
			return ossupload.Credentials{AccessKeyID: "id", AccessKeySecret: "tell-nobody\x00"}, time.Time{}, nil
		},
		"gave no access key": func(int) (ossupload.Credentials, time.Time, error) {
			return ossupload.AnonymousCredentials(), time.Time{}, nil
		},
		"panicked: out of keys": func(int) (ossupload.Credentials, time.Time, error) { panic("out of keys") },
	} {
		bucket := bucketOf(t, ossupload.CredentialsFromProvider(&keyService{give: give}))
		err := put(bucket, "refused")
		if !errors.Is(err, ossupload.ErrCredentials) || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "tell-nobody") {
			t.Errorf("%q: %v", why, err)
		}
	}
}

func TestProviderMayUploadWithOtherCredentials(t *testing.T) {
	other := openBucket(t)
	service := &keyService{give: func(int) (ossupload.Credentials, time.Time, error) {
		return credentials(), time.Time{}, put(other, "nested")
	}}
	if err := put(bucketOf(t, ossupload.CredentialsFromProvider(service)), "outer"); err != nil {
		t.Fatal(err)
	}
}

func TestAnonymousCredentialsSignNothing(t *testing.T) {
	bucket := bucketOf(t, ossupload.AnonymousCredentials())
	if err := put(bucket, "anonymous"); !errors.Is(err, ossupload.ErrService) || !strings.Contains(err.Error(), "AccessDenied") {
		t.Error(err)
	}
	if _, err := bucket.PresignGet("key", time.Minute); !errors.Is(err, ossupload.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestCredentialsSayWhatTheyAre(t *testing.T) {
	provided := ossupload.CredentialsFromProvider(&keyService{})
	if text := fmt.Sprintf("%v, %#v", provided, ossupload.AnonymousCredentials()); text != "access keys of a provider, no access key" {
		t.Error(text)
	}
}
