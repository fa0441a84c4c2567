package ossupload

import (
	"runtime"
	"sync"
	"unsafe"
)

// A handle owns something of C's. It is freed when it is closed and no call uses it any more, so that closing is safe
// whenever it happens. It also closes when its owner is garbage.
type handle struct {
	mutex   sync.Mutex
	pointer unsafe.Pointer
	users   int
	closed  bool
	free    func(unsafe.Pointer)
}

func newHandle[T any](owner *T, pointer unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	h := &handle{pointer: pointer, free: free}
	runtime.AddCleanup(owner, (*handle).close, h)
	return h
}

// acquire gives what is owned, which stays until it is released; nil if the handle is closed.
func (h *handle) acquire() unsafe.Pointer {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.closed {
		return nil
	}
	h.users++
	return h.pointer
}

func (h *handle) release() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.users--
	h.freeIfUnused()
}

func (h *handle) close() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.closed = true
	h.freeIfUnused()
}

func (h *handle) freeIfUnused() {
	if h.closed && h.users == 0 && h.pointer != nil {
		h.free(h.pointer)
		h.pointer = nil
	}
}
