package ossupload

import (
	"errors"
	"fmt"
	"math"
	"testing"
)

func TestFailureOfAProviderIsThatOfTheCallThatItEnded(t *testing.T) {
	asked := &provided{number: math.MaxInt32 - 1}
	fail := func(err error) string {
		return fmt.Sprintf("part 7: the credentials function failed with %d; nothing is stored", asked.fail(err))
	}
	first, second := errors.New("first"), errors.New("second")
	ofFirst, ofSecond := fail(first), fail(second)
	// One failure can end several calls.
	for range 2 {
		if found := asked.failureIn(ofFirst); found != first {
			t.Error(found)
		}
	}
	if found := asked.failureIn(ofSecond); found != second {
		t.Error(found)
	}
	for range keptFailures - 1 {
		fail(errors.New("other"))
	}
	for _, message := range []string{ofFirst, "the credentials function failed with -1", "the credentials function gave no key", ""} {
		if found := asked.failureIn(message); found != nil {
			t.Errorf("%q: %v", message, found)
		}
	}
}
