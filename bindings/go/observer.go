package ossupload

// #include "bridge.h"
import "C"

import "runtime/cgo"

// observer holds the functions that are told how a call gets on, while it does.
type observer struct {
	call     *call
	progress func(Progress) error
	log      func(line string)
}

func valueOf[T any](handle C.uintptr_t) T {
	return cgo.Handle(handle).Value().(T)
}

//export ossuploadProgress
func ossuploadProgress(handle C.uintptr_t, told *C.oss_progress) C.int32_t {
	observer := valueOf[*observer](handle)
	return observer.call.guard(func() error { return observer.progress(newProgress(told)) })
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
