package ossupload_test

import (
	"fmt"
	"testing"

	"example.com/ossupload"
)

func TestLibraryGoesWithItsHeader(t *testing.T) {
	if err := ossupload.CheckVersion(); err != nil {
		t.Fatal(err)
	}
	number := ossupload.VersionNumber()
	if text := fmt.Sprintf("%d.%d.%d", number/1_000_000, number/1000%1000, number%1000); text != ossupload.Version() {
		t.Fatalf("%s is not %s", text, ossupload.Version())
	}
}
