package ossupload_test

import (
	"context"
	"testing"

	"example.com/ossupload"
)

func TestEachRequestOfACallIsTold(t *testing.T) {
	inject(t, fault{"action": "status", "status": 503, "code": "ServiceUnavailable", "key": keyOf(t)})
	result, err := openBucket(t).Put(context.Background(), keyOf(t), ossupload.FromString("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	told := result.History
	if len(told) != 2 || result.Sum.Attempts != 2 || result.Attempts != 2 {
		t.Fatalf("%+v", result)
	}
	first, last := told[0], told[1]
	if first.Status != ossupload.StatusService || first.HTTPStatus != 503 || first.ErrorCode != "ServiceUnavailable" || first.Reason != "" {
		t.Errorf("%+v", first)
	}
	if last.Number != 2 || last.Operation != "PutObject" || last.Status != ossupload.StatusOK || last.RequestID != result.RequestID {
		t.Errorf("%+v", last)
	}
	if last.Reason != "HTTP 503 ServiceUnavailable" || last.Times.Pausing == 0 || !last.Reused || !last.Counted || last.PartNumber != 0 {
		t.Errorf("%+v", last)
	}
	if last.Address == "" || last.BytesSent == 0 || last.BytesAcknowledged != last.BytesSent || last.Times.Waiting == 0 {
		t.Errorf("%+v", last)
	}
	if result.Sum.BytesSent != first.BytesSent+last.BytesSent || result.Sum.Times.Pausing != last.Times.Pausing {
		t.Errorf("%+v", result.Sum)
	}
}
