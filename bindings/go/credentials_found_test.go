package ossupload_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/ossupload"
)

// keyJSON is a key in the words of services and of profiles.
func keyJSON(id, secret string) string {
	return fmt.Sprintf(`{"AccessKeyId": %[1]q, "AccessKeySecret": %[2]q, "name": "a", "mode": "AK", `+
		`"access_key_id": %[1]q, "access_key_secret": %[2]q}`, id, secret)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeysAreFoundInEveryPlace(t *testing.T) {
	key := keyJSON(server.AccessKeyID, server.AccessKeySecret)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, key) }))
	defer service.Close()
	profile := write(t, "config.json", `{"current": "a", "profiles": [`+key+`]}`)
	for _, found := range []ossupload.Credentials{
		ossupload.CredentialsFromProfile(profile, "a"),
		ossupload.CredentialsFromURI(service.URL),
		ossupload.CredentialsFromProcess("cat <<'EOF'\n" + key + "\nEOF"),
		ossupload.DefaultCredentials(),
	} {
		if err := put(bucketOf(t, found), keyOf(t)); err != nil {
			t.Errorf("%v: %v", found, err)
		}
	}
}

func TestWhatIsMissingWhereKeysAreFoundIsNamed(t *testing.T) {
	token := write(t, "token", "web-token")
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, fmt.Sprintf(`{"Code": %q}`, r.FormValue("RoleArn")+r.FormValue("OIDCToken")[:3]), http.StatusForbidden)
	}))
	defer service.Close()
	for _, place := range []struct {
		credentials ossupload.Credentials
		why         string
	}{
		{ossupload.CredentialsFromProfile("/nowhere/config.json", ""), "/nowhere/config.json"},
		{ossupload.CredentialsFromECSRole("a/b"), "role"},
		{ossupload.CredentialsFromOIDC(ossupload.OIDC{RoleARN: "r"}), "OIDC_PROVIDER_ARN"},
		{ossupload.CredentialsFromOIDC(ossupload.OIDC{
			RoleARN: "role-", ProviderARN: "p", TokenFile: token, SessionName: "s", STSEndpoint: service.URL,
		}), `HTTP status 403: "role-web"`},
		{ossupload.CredentialsFromURI("ftp://example.com"), "URL"},
		{ossupload.CredentialsFromURI(""), "ALIBABA_CLOUD_CREDENTIALS_URI"},
		{ossupload.CredentialsFromProcess("exit 7"), "exit status: 7"},
	} {
		bucket, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], place.credentials)
		if err == nil {
			err = put(bucket, keyOf(t))
			bucket.Close()
		}
		if !errors.Is(err, ossupload.ErrCredentials) || !strings.Contains(err.Error(), place.why) {
			t.Errorf("%v: %v", place.credentials, err)
		}
	}
	for _, wrong := range []ossupload.Credentials{
		ossupload.CredentialsFromProcess(""), ossupload.CredentialsFromProcess("a\x00"), ossupload.CredentialsFromProfile("a\x00", ""),
		ossupload.CredentialsFromECSRole("\x00"), ossupload.CredentialsFromURI("\x00"),
		ossupload.CredentialsFromOIDC(ossupload.OIDC{RoleARN: "\x00"}),
	} {
		if _, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], wrong); !errors.Is(err, ossupload.ErrInvalidArgument) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}
