package ossupload

// #include "bridge.h"
import "C"

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
	"unsafe"
)

// Verifier verifies callback requests, for the server that receives them. Keep it: it remembers the service's key.
type Verifier struct {
	native *handle
}

// VerifierOption says what a [Verifier] believes.
type VerifierOption func(*call, *C.oss_callback_verifier) C.oss_status

// WithPublicKey sets the one key to believe, whatever a request names: an RSA public key in PEM form. Nothing is fetched
// then.
func WithPublicKey(pem string) VerifierOption {
	return func(c *call, v *C.oss_callback_verifier) C.oss_status {
		return C.oss_callback_verifier_set_public_key(v, c.text("the public key", pem))
	}
}

// WithKeyPrefix adds a place where keys may be: what the URL of a key must begin with, from the scheme to a slash. The first
// one takes the place of the official ones.
func WithKeyPrefix(prefix string) VerifierOption {
	return func(c *call, v *C.oss_callback_verifier) C.oss_status {
		return C.oss_callback_verifier_add_key_prefix(v, c.text("the prefix", prefix))
	}
}

// WithFetchTimeout sets how long it may take to fetch a key, up to a minute. The default is 3 seconds; OSS waits for the
// answer to a callback for 5 in all.
func WithFetchTimeout(timeout time.Duration) VerifierOption {
	return func(_ *call, v *C.oss_callback_verifier) C.oss_status {
		return C.oss_callback_verifier_set_fetch_timeout_ms(v, milliseconds(timeout))
	}
}

// WithCacheTime sets how long a key is kept that was fetched; 0 to fetch it for every request. The default is a day.
func WithCacheTime(duration time.Duration) VerifierOption {
	return func(_ *call, v *C.oss_callback_verifier) C.oss_status {
		return C.oss_callback_verifier_set_cache_time_s(v, seconds(duration))
	}
}

// WithKeyCAFile sets the certificates to trust when a key is fetched over https, instead of the system's: a file in PEM form.
func WithKeyCAFile(path string) VerifierOption {
	return func(c *call, v *C.oss_callback_verifier) C.oss_status {
		return C.oss_callback_verifier_set_ca_file(v, c.text("the path of the CA file", path))
	}
}

// NewVerifier makes a verifier. By default it believes the key which the service publishes at its official place, and fetches
// it when it is first needed.
func NewVerifier(options ...VerifierOption) (*Verifier, error) {
	c := new(call)
	defer c.end()
	made := C.oss_callback_verifier_new()
	for _, option := range options {
		if option(c, made) != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_callback_verifier_error(made)))
		}
	}
	if c.mistake != "" {
		C.oss_callback_verifier_free(made)
		_, err := operation{op: "new verifier"}.refuse(StatusInvalidArgument, c.mistake, nil)
		return nil, err
	}
	verifier := new(Verifier)
	verifier.native = newHandle(unsafe.Pointer(made), func(p unsafe.Pointer) {
		C.oss_callback_verifier_free((*C.oss_callback_verifier)(p))
	})
	return verifier, nil
}

// Close ends the verifier. It never fails.
func (v *Verifier) Close() error {
	v.native.close()
	return nil
}

// CallbackRequest is a callback request as it came over the wire.
type CallbackRequest struct {
	// Target is path and query of the request line.
	Target string
	// Body is the raw body.
	Body []byte
	// Authorization, PubKeyURL and SignatureVersion are the headers Authorization, x-oss-pub-key-url and
	// x-oss-signature-version; those that are missing are empty.
	Authorization, PubKeyURL, SignatureVersion string
}

// Verify says whether a callback request comes from OSS.
//
// Without an error it comes from OSS. With [ErrNotAuthentic] it does not. With any other error that could not be found out,
// since the key could not be fetched, or since the request is signed in a way that is not known here, which is
// [ErrBadResponse]: do not believe the request. It blocks while a key is being fetched, by this call or by another one, and
// not beyond the time-out for that or the end of the context.
func (v *Verifier) Verify(ctx context.Context, request CallbackRequest) error {
	o := operation{op: "verify callback"}
	_, err := o.runOn(ctx, v.native, func(c *call, pointer unsafe.Pointer, limits *limits) (result *C.oss_result) {
		var limited *C.oss_callback_verifier
		C.oss_callback_verifier_with_limits((*C.oss_callback_verifier)(pointer), limits.deadlineMS, limits.cancel, &limited, &result)
		if limited == nil {
			return result
		}
		C.oss_result_free(result)
		defer C.oss_callback_verifier_free(limited)
		target, signature := c.text("the target", request.Target), c.optionalText("the authorization", request.Authorization)
		key, version := c.optionalText("the key's URL", request.PubKeyURL), c.optionalText("the signature version", request.SignatureVersion)
		body, size := c.bytes(request.Body)
		if c.mistake != "" {
			return nil
		}
		C.oss_callback_verify_request(limited, target, body, size, signature, key, version, &result)
		return result
	})
	return err
}

// VerifyWithKey says whether a callback request was signed with the private half of an RSA public key in PEM form, in the way
// that its documentation describes, as [Verifier.Verify] does. Nothing is fetched.
func VerifyWithKey(publicKey, target string, body []byte, authorization string) error {
	_, err := operation{op: "verify callback"}.construct(func(c *call) (result *C.oss_result) {
		key, path, signature := c.text("the public key", publicKey), c.text("the target", target), c.optionalText("the authorization", authorization)
		data, size := c.bytes(body)
		if c.mistake == "" {
			C.oss_callback_verify_with_key(key, path, data, size, signature, &result)
		}
		return result
	})
	return err
}

// MaxCallbackBody is how large a callback's body may be for [Verifier.Handler], in bytes. OSS takes templates of up to 5 KiB,
// and what it puts into them is not long.
const MaxCallbackBody = 1 << 20

// Handler lets only those requests through to next that come from OSS. It reads the body, which next can read again.
//
// It has to see what came over the wire: the target of the request line and the raw body. So put it outside of whatever
// decodes bodies; handlers that change [http.Request.URL], such as [http.StripPrefix], do no harm. What does not come from
// OSS is answered 403, a method other than POST 405, a body larger than [MaxCallbackBody] 413, and a request of which that
// could not be found out 503: OSS then tells the uploader that the callback failed.
func (v *Verifier) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// OSS signs no method, so a signature would be as good for any other.
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxCallbackBody))
		if err == nil {
			err = v.verifyRequest(r, body)
		}
		if err != nil {
			http.Error(w, http.StatusText(refusalOf(err)), refusalOf(err))
			return
		}
		verified := r.WithContext(r.Context())
		verified.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, verified)
	})
}

func (v *Verifier) verifyRequest(r *http.Request, body []byte) error {
	return v.Verify(r.Context(), CallbackRequest{
		Target:           r.RequestURI,
		Body:             body,
		Authorization:    r.Header.Get("Authorization"),
		PubKeyURL:        r.Header.Get("x-oss-pub-key-url"),
		SignatureVersion: r.Header.Get("x-oss-signature-version"),
	})
}

// refusalOf is the HTTP status for a request that is not let through.
func refusalOf(err error) int {
	var tooLarge *http.MaxBytesError
	var failure *OpError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case !errors.As(err, &failure):
		return http.StatusBadRequest
	case errors.Is(err, ErrClosed):
		return http.StatusServiceUnavailable
	case failure.Result.Status == StatusNotAuthentic || failure.Result.Status == StatusInvalidArgument:
		return http.StatusForbidden
	default:
		return http.StatusServiceUnavailable
	}
}
