package ossupload_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ossupload"
)

func TestWrongOptionIsRefusedWithTheRule(t *testing.T) {
	for rule, option := range map[string]ossupload.BucketOption{
		"settling time":         ossupload.WithSettlingTime(-1),
		"CA file":               ossupload.WithAddedCAFile(""),
		"certificate is empty":  ossupload.WithClientCertificate("", "key.pem"),
		"private key is empty":  ossupload.WithClientCertificate("certificate.pem", ""),
		"32 bytes in Base64":    ossupload.WithPublicKeyPin("sha256//AAEC"),
		"the proxy is not":      ossupload.WithProxy("ftp://user:tell-nobody@a"),
		"network interface":     ossupload.WithBindAddress("no/interface"),
		"not a name to look up": ossupload.WithResolve("127.0.0.1", "127.0.0.1"),
		"not an IP address":     ossupload.WithResolve("oss.example.com", "localhost"),
	} {
		_, err := ossupload.NewBucket(server.Endpoint, server.Buckets[0], credentials(), option)
		if !errors.Is(err, ossupload.ErrInvalidArgument) || !strings.Contains(err.Error(), rule) {
			t.Errorf("%v does not say %q", err, rule)
		}
		if err != nil && strings.Contains(err.Error(), "tell-nobody") {
			t.Error(err)
		}
	}
	openBucket(t, ossupload.WithSettlingTime(0), ossupload.WithAddedCAFile("ca.pem"), ossupload.WithClientCertificate("certificate.pem", "key.pem"),
		ossupload.WithPublicKeyPin("sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
		ossupload.WithBindAddress("127.0.0.1"), ossupload.WithResolve("oss.example.com", "127.0.0.1"))
}

func TestProxyOfTheEnvironmentIsUsedOnRequestOnly(t *testing.T) {
	// The emulator answers as a proxy does, and knows the bucket by the host.
	open := func(options ...ossupload.BucketOption) (*ossupload.Bucket, error) {
		options = append(options, ossupload.WithRegion(server.Region))
		return ossupload.NewBucket("http://oss-cn-hangzhou.aliyuncs.com", server.Buckets[0], credentials(), options...)
	}
	t.Setenv("http_proxy", server.Endpoint)
	bucket, err := open(ossupload.WithProxyFromEnvironment())
	must(err)
	defer bucket.Close()
	if _, err := bucket.Put(context.Background(), keyOf(t), ossupload.FromString("through it"), nil); err != nil {
		t.Fatal(err)
	}
	expectStored(t, keyOf(t), []byte("through it"))

	t.Setenv("http_proxy", "ftp://user:tell-nobody@a")
	_, err = open(ossupload.WithProxyFromEnvironment())
	if !errors.Is(err, ossupload.ErrInvalidArgument) || !strings.Contains(err.Error(), "variable http_proxy") {
		t.Error(err)
	}
	other, err := open()
	must(err)
	other.Close()
}
