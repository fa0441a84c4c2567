package ossupload

import (
	"context"
	"errors"
	"fmt"
)

// What [errors.Is] finds in the error of a call, one for each status but StatusOK.
var (
	ErrInvalidArgument error = statusError(StatusInvalidArgument)
	ErrLocalIO         error = statusError(StatusLocalIO)
	ErrSourceChanged   error = statusError(StatusSourceChanged)
	ErrCancelled       error = statusError(StatusCancelled)
	ErrCredentials     error = statusError(StatusCredentials)
	ErrCheckpointBusy  error = statusError(StatusCheckpointBusy)
	ErrOutOfMemory     error = statusError(StatusOutOfMemory)
	ErrNetwork         error = statusError(StatusNetwork)
	ErrTimeout         error = statusError(StatusTimeout)
	ErrTLS             error = statusError(StatusTLS)
	ErrService         error = statusError(StatusService)
	ErrIntegrity       error = statusError(StatusIntegrity)
	ErrBadResponse     error = statusError(StatusBadResponse)
	ErrCallbackFailed  error = statusError(StatusCallbackFailed)
	ErrCallbackUnknown error = statusError(StatusCallbackUnknown)
	ErrNotAuthentic    error = statusError(StatusNotAuthentic)
	ErrInternal        error = statusError(StatusInternal)
)

// ErrClosed is found in the error of a call on something that was closed.
var ErrClosed = errors.New("already closed")

type statusError Status

func (e statusError) Error() string {
	return "ossupload: " + Status(e).String()
}

// OpError is the error of a call that did not end with StatusOK.
type OpError struct {
	// Op is what was called, such as "put".
	Op string
	// Key is that of the object, if it was about one.
	Key string
	// Result is all there is to know about the call; never nil. [Result.Stored] says whether the object is stored.
	Result *Result

	cause error
}

// Error says in one line what went wrong and what ended the call, and that the object is stored if it is.
func (e *OpError) Error() string {
	what := e.Op
	if e.Key != "" {
		what = fmt.Sprintf("%s %q", e.Op, e.Key)
	}
	status := e.Result.Status.String()
	if e.Result.Stored == StoredYes {
		status += ", the object is stored"
	}
	text := fmt.Sprintf("ossupload: %s: %s: %s", what, status, e.Result.Message)
	if e.cause != nil && e.cause.Error() != e.Result.Message {
		text += ": " + e.cause.Error()
	}
	if e.Result.RequestID != "" {
		text += fmt.Sprintf(" (request id %s)", e.Result.RequestID)
	}
	return text
}

// Is reports whether the target stands for the status of the call, as [ErrService] and the others do.
func (e *OpError) Is(target error) bool {
	status, ok := target.(statusError)
	return ok && Status(status) == e.Result.Status
}

// Unwrap gives what ended the call from outside: the error of its context, of a reader or of a progress function.
func (e *OpError) Unwrap() error {
	return e.cause
}

// Timeout reports whether a time-out or the deadline ended the call, as [net.Error] has it.
func (e *OpError) Timeout() bool {
	return e.Result.Status == StatusTimeout || errors.Is(e.cause, context.DeadlineExceeded)
}

// CallbackError says that the object is stored, but that its callback failed ([ErrCallbackFailed]) or that its fate is not
// known ([ErrCallbackUnknown]). Do not upload again: tell the application server by other means, or ask it what it knows.
//
// It is never the error of an upload that did not store the object. It is an [*OpError] as well.
type CallbackError struct {
	*OpError
	callback *Callback
}

// Unwrap gives the [*OpError].
func (e *CallbackError) Unwrap() error {
	return e.OpError
}

// Render makes the body that OSS would have sent, as [Callback.Render] does from the result of the upload.
func (e *CallbackError) Render(values map[string]string) (string, error) {
	if e.callback == nil {
		return "", &OpError{Op: "render", Result: refused(StatusInvalidArgument, "the callback came with a URL or form that was signed before")}
	}
	return e.callback.Render(e.Result, values)
}

// errorOf is the error of a result: nil if all went well.
func (o operation) errorOf(result *Result, cause error) error {
	if result.Status == StatusOK {
		return nil
	}
	err := &OpError{Op: o.op, Key: o.key, Result: result, cause: cause}
	if !o.delivers && (result.Status == StatusCallbackFailed || result.Status == StatusCallbackUnknown) {
		return &CallbackError{OpError: err, callback: o.callback}
	}
	return err
}
