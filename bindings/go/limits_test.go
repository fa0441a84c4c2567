package ossupload

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestTimeOutIsTheContextsIfNothingButTheReserveIsLeft(t *testing.T) {
	for _, it := range []struct {
		total, left time.Duration
		isContexts  bool
	}{
		{time.Hour, 10 * time.Minute, false},
		{time.Hour, 10 * time.Second, false},
		{time.Hour, time.Second, true},
		{10 * time.Second, 2 * time.Second, false},
		{10 * time.Second, time.Second, true},
		{longestDeadline + time.Hour, 1900 * time.Millisecond, false},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), it.total)
		limits := newLimits(ctx)
		// As if the rest had passed.
		deadline, _ := ctx.Deadline()
		late, cancelLate := context.WithDeadline(context.Background(), deadline.Add(it.left-it.total))
		limits.ctx, limits.began = late, limits.began.Add(it.left-it.total)
		err := limits.explain(&Result{Status: StatusTimeout})
		if errors.Is(err, context.DeadlineExceeded) != it.isContexts {
			t.Errorf("%v of %v are left: %v", it.left, it.total, err)
		}
		limits.end()
		cancelLate()
		cancel()
	}
}
