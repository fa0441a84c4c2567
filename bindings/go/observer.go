package ossupload

// #include "bridge.h"
import "C"

import "runtime/cgo"

// observer holds the functions that are told how a call gets on, while it does.
type observer struct {
	call     *call
	progress func(accepted, total int64) error
	log      func(line string)
}

func valueOf[T any](handle C.uintptr_t) T {
	return cgo.Handle(handle).Value().(T)
}

//export ossuploadProgress
func ossuploadProgress(handle C.uintptr_t, accepted, total C.uint64_t) C.int32_t {
	observer := valueOf[*observer](handle)
	return observer.call.guard(func() error {
		if total == C.OSS_LENGTH_UNKNOWN {
			return observer.progress(int64(accepted), -1)
		}
		return observer.progress(int64(accepted), int64(total))
	})
}

//export ossuploadLog
func ossuploadLog(handle C.uintptr_t, line *C.char) C.int32_t {
	observer := valueOf[*observer](handle)
	return observer.call.guard(func() error {
		observer.log(C.GoString(line))
		return nil
	})
}

//export ossuploadKeep
func ossuploadKeep(handle C.uintptr_t, line *C.char) {
	valueOf[*outboxLog](handle).keep(C.GoString(line))
}
