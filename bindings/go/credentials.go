package ossupload

import (
	"log/slog"
	"os"
	"strings"
)

// Credentials are an access key, with a security token if it is a temporary one; or what [CredentialsFromProvider],
// [AnonymousCredentials], [DefaultCredentials] and their like make. They print and log without their secrets; encoding them, as JSON for example, keeps an access
// key whole.
type Credentials struct {
	AccessKeyID     string
	AccessKeySecret string
	// SecurityToken is empty for a key that has none.
	SecurityToken string

	provider  CredentialsProvider
	anonymous bool
	found     *found
}

// String leaves the secrets out.
func (c Credentials) String() string {
	switch {
	case c.provider != nil:
		return "access keys of a provider"
	case c.found != nil:
		return "access keys of " + c.found.name
	case c.anonymous:
		return "no access key"
	default:
		return "access key " + c.AccessKeyID
	}
}

// GoString leaves the secrets out.
func (c Credentials) GoString() string {
	return c.String()
}

// LogValue leaves the secrets out.
func (c Credentials) LogValue() slog.Value {
	return slog.StringValue(c.String())
}

// CredentialsFromEnvironment takes the access key from OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and, for a temporary key,
// OSS_SESSION_TOKEN; or, if those are not set, from ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and
// ALIBABA_CLOUD_SECURITY_TOKEN. Half a key is an error that names the other half.
func CredentialsFromEnvironment() (Credentials, error) {
	// Go reads its environment itself: C must not while another goroutine may be changing it.
	for _, names := range [][3]string{
		{"OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"},
		{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"},
	} {
		id, secret, token := os.Getenv(names[0]), os.Getenv(names[1]), os.Getenv(names[2])
		switch hasID, hasSecret := strings.TrimSpace(id) != "", strings.TrimSpace(secret) != ""; {
		case hasID && hasSecret:
			return Credentials{AccessKeyID: id, AccessKeySecret: secret, SecurityToken: token}, nil
		case hasID:
			return noKeyInEnvironment(names[0] + " is set in the environment, but " + names[1] + " is not")
		case hasSecret:
			return noKeyInEnvironment(names[1] + " is set in the environment, but " + names[0] + " is not")
		}
	}
	return noKeyInEnvironment("the environment holds neither OSS_ACCESS_KEY_ID with OSS_ACCESS_KEY_SECRET nor " +
		"ALIBABA_CLOUD_ACCESS_KEY_ID with ALIBABA_CLOUD_ACCESS_KEY_SECRET")
}

func noKeyInEnvironment(why string) (Credentials, error) {
	return Credentials{}, &OpError{Op: "credentials from environment", Result: refused(StatusCredentials, why)}
}
