package ossupload

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"time"
)

// CredentialsProvider gives access keys that do not live for ever, so that uploads may take longer than any of them lives.
type CredentialsProvider interface {
	// Retrieve gives the key to sign with, and until when OSS takes it; the zero time if that is not known.
	//
	// It is called on the goroutine of a call that needs a key, by one at a time, and that call waits for it: for the first
	// request; when the last key is within 5 minutes of its end, or within a fifth of its life if that is less; before every
	// request if its end is not known; and when OSS refuses the key. It may use this package, but with other credentials. An error
	// ends a call that has no other key, and is found in the call's error.
	Retrieve() (key Credentials, expires time.Time, err error)
}

// CredentialsFromProvider makes credentials that ask a provider for the key of the moment.
func CredentialsFromProvider(provider CredentialsProvider) Credentials {
	return Credentials{provider: provider}
}

// AnonymousCredentials sign nothing: requests go out unsigned, which OSS takes for buckets and objects that anybody may write.
// URLs and forms cannot be signed with them.
func AnonymousCredentials() Credentials {
	return Credentials{anonymous: true}
}

// keptFailures is how many failures of a provider are remembered, the last ones: a call looks for its own as soon as it has ended.
const keptFailures = 64

// provided is what C asks for keys.
type provided struct {
	provider CredentialsProvider
	mutex    sync.Mutex
	// number is that of the last failure.
	number   int32
	failures [keptFailures]failure
}

// failure is why there was no key. C is told its number, and says it in the result of each call that it ended: one that waited
// for the key that another asked for is ended by the same one.
type failure struct {
	number int32
	err    error
}

// keySource has C find what it asks for keys, as long as somebody has it.
type keySource struct {
	provided *provided
	*kept
}

func newKeySource(provider CredentialsProvider) *keySource {
	asked := &provided{provider: provider}
	return &keySource{asked, keep(asked)}
}

// explain has the error of a call that got no key say why.
func (s *keySource) explain(err error) error {
	var failed *OpError
	if s != nil && errors.As(err, &failed) && failed.Result.Status == StatusCredentials && failed.cause == nil {
		failed.cause = s.provided.failureIn(failed.Result.Message)
	}
	return err
}

// failureIn is the failure that a message tells of by its number; nil if it tells of none, or of one that is long ago.
func (p *provided) failureIn(message string) error {
	_, told, _ := strings.Cut(message, "the credentials function failed with ")
	var number int32
	if _, err := fmt.Sscanf(told, "%d", &number); err != nil || number <= 0 {
		return nil
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if failed := p.failures[number%keptFailures]; failed.number == number {
		return failed.err
	}
	return nil
}

// fail remembers why there is no key, and gives the number that C is told.
func (p *provided) fail(err error) C.int32_t {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.number = p.number%math.MaxInt32 + 1
	p.failures[p.number%keptFailures] = failure{p.number, err}
	return C.int32_t(p.number)
}

// retrieve asks the provider. No panic of its may go through C, and the call that it ends need not be this goroutine's last: a
// panic becomes an error.
func (p *provided) retrieve(answer *C.oss_credentials_answer) (code C.int32_t) {
	code = -1
	returned := false
	defer func() {
		if panicked := recover(); panicked != nil {
			code = p.fail(fmt.Errorf("the provider of credentials panicked: %v", panicked))
		} else if !returned {
			// As in guard.
			runtime.LockOSThread()
		}
	}()
	key, expires, err := p.provider.Retrieve()
	returned = true
	if err == nil {
		err = give(answer, key, expires)
	}
	if err != nil {
		return p.fail(err)
	}
	return 0
}

// give hands a key to C, which says what is wrong with it.
func give(answer *C.oss_credentials_answer, key Credentials, expires time.Time) error {
	if key.provider != nil || key.found != nil || key.anonymous {
		return errors.New("the provider of credentials gave no access key")
	}
	var lent call
	defer lent.end()
	id, secret := lent.text("the access key id", key.AccessKeyID), lent.text("the access key secret", key.AccessKeySecret)
	token := lent.text("the security token", key.SecurityToken)
	if lent.mistake != "" {
		return errors.New(lent.mistake)
	}
	C.oss_credentials_answer_set_access_key_id(answer, id)
	C.oss_credentials_answer_set_access_key_secret(answer, secret)
	C.oss_credentials_answer_set_security_token(answer, token)
	if !expires.IsZero() {
		C.oss_credentials_answer_set_expiry(answer, C.int64_t(expires.Unix()))
	}
	return nil
}

//export ossuploadRetrieve
func ossuploadRetrieve(handle C.uintptr_t, answer *C.oss_credentials_answer) C.int32_t {
	return valueOf[*provided](handle).retrieve(answer)
}
