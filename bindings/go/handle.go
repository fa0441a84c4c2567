package ossupload

import (
	"runtime"
	"runtime/cgo"
	"sync"
	"unsafe"
)

// A handle is what has to be kept of something of C's: when nobody has it any more, it closes. Structs that are copied share
// theirs. It is in use until it is released, so it stays while it is acquired.
type handle struct {
	*owned
}

// Owned is something of C's. It is freed when it is closed and no call uses it any more, so that closing is safe whenever it
// happens.
type owned struct {
	mutex   sync.Mutex
	pointer unsafe.Pointer
	users   int
	closed  bool
	free    func(unsafe.Pointer)
	callees
}

// callees are what C calls as long as it has what was made with them.
type callees struct {
	// keys is what C asks for keys, if it does.
	keys *keySource
	// logger is who keeps C's log, if somebody does.
	logger *kept
}

// calling has what is owned keep what C calls.
func (h *handle) calling(callees callees) *handle {
	h.callees = callees
	return h
}

// kept has C find a value for as long as somebody has this.
type kept struct {
	handle cgo.Handle
	// The value, since what holds no pointer may share its memory with what lives longer, and would then never be cleaned up.
	value any
}

func keep(value any) *kept {
	k := &kept{cgo.NewHandle(value), value}
	runtime.AddCleanup(k, cgo.Handle.Delete, k.handle)
	return k
}

func newHandle(pointer unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	h := &handle{&owned{pointer: pointer, free: free}}
	runtime.AddCleanup(h, (*owned).close, h.owned)
	return h
}

// acquire gives what is owned, which stays until it is released; nil if it is closed.
func (o *owned) acquire() unsafe.Pointer {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.closed {
		return nil
	}
	o.users++
	return o.pointer
}

func (o *owned) release() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.users--
	o.freeIfUnused()
}

func (o *owned) close() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.closed = true
	o.freeIfUnused()
}

func (o *owned) freeIfUnused() {
	if o.closed && o.users == 0 && o.pointer != nil {
		o.free(o.pointer)
		o.pointer = nil
	}
}
