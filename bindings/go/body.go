package ossupload

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"
)

// Body is what to upload. It can be used any number of times, and by several goroutines at once unless it is made of an
// [io.Reader]. One that cannot be right is still made; the operation that uses it says what is wrong.
type Body struct {
	open func(*call) *C.oss_body
}

// FromBytes makes a body of bytes. They are not copied, and must stay as they are while an operation uses the body.
func FromBytes(data []byte) Body {
	return Body{func(c *call) *C.oss_body {
		pointer, size := c.bytes(data)
		return C.oss_body_from_bytes(pointer, size)
	}}
}

// FromString makes a body of a text.
func FromString(text string) Body {
	return FromBytes([]byte(text))
}

// FromFile makes a body of a whole file. Every operation opens the file anew. Only such a body can be resumed with
// [WithCheckpoint], or one of [FromFileRange]. Its path may be any bytes but NUL. A file that has bytes although its length is
// said to be 0, as in /proc, can only be given to [Bucket.Upload].
func FromFile(path string) Body {
	return Body{func(c *call) *C.oss_body { return C.oss_body_from_file(c.text("the path of the file", path)) }}
}

// FromFileRange makes a body of a part of a file. Every operation opens the file anew. What happens to the file elsewhere
// does not matter: it may grow.
func FromFileRange(path string, offset, length int64) Body {
	return Body{func(c *call) *C.oss_body {
		name, from, size := c.text("the path of the file", path), c.uint64("an offset", offset), c.uint64("a length", length)
		return C.oss_body_from_file_range(name, from, size)
	}}
}

// FromOpenFile makes a body of a part of an open regular file. The file's own offset is neither used nor moved. It has to
// stay open until the operation that uses the body has begun.
func FromOpenFile(file *os.File, offset, length int64) Body {
	return Body{func(c *call) *C.oss_body {
		var made *C.oss_body
		connection, err := file.SyscallConn()
		if err == nil {
			err = connection.Control(func(descriptor uintptr) {
				made = C.oss_body_from_fd(C.int(descriptor), c.uint64("an offset", offset), c.uint64("a length", length))
			})
		}
		if err != nil {
			c.refuse("the file cannot be used: %v", err)
		}
		return made
	}}
}

// FromReader makes a body of what a reader gives, from where it stands. One operation at a time may use it.
//
// [Bucket.Upload] takes any reader. A single request ([Bucket.Put], [Bucket.Append], [Multipart.UploadPart] and their like)
// needs to know the length, and a way to send the data again: a reader that can [io.Seeker] tells both. Otherwise give
// [FromReaderN] the length; up to 4 MiB are then held in memory.
func FromReader(reader io.Reader) Body {
	if seeker, ok := reader.(io.Seeker); ok {
		if start, length, err := extent(seeker); err == nil {
			return fromReader(reader, length, func() error {
				_, err := seeker.Seek(start, io.SeekStart)
				return err
			})
		}
	}
	return fromReader(reader, C.OSS_LENGTH_UNKNOWN, nil)
}

// FromReaderN makes a body of exactly n bytes of what a reader gives, from where it stands, as [FromReader] does. A reader
// that ends before is an error.
func FromReaderN(reader io.Reader, n int64) Body {
	if n < 0 {
		return Body{func(c *call) *C.oss_body {
			c.refuse("a length cannot be %d", n)
			return nil
		}}
	}
	if seeker, ok := reader.(io.Seeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			return fromReader(reader, C.uint64_t(n), func() error {
				_, err := seeker.Seek(start, io.SeekStart)
				return err
			})
		}
	}
	return fromReader(reader, C.uint64_t(n), nil)
}

// FromReaderAt makes a body of the first n bytes that a reader has. Several operations may use it at once if the reader
// allows it.
func FromReaderAt(reader io.ReaderAt, n int64) Body {
	return Body{func(c *call) *C.oss_body {
		if reader == nil {
			c.refuse("the reader is nil")
			return nil
		}
		section := io.NewSectionReader(reader, 0, n)
		return FromReaderN(section, n).open(c)
	}}
}

// extent says where a seeker stands, and how much there is from there on.
func extent(seeker io.Seeker) (start int64, length C.uint64_t, err error) {
	start, err = seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, 0, err
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, 0, err
	}
	// If that fails, it fails again where an operation begins, which says so.
	seeker.Seek(start, io.SeekStart)
	return start, C.uint64_t(max(0, end-start)), nil
}

func fromReader(reader io.Reader, length C.uint64_t, rewind func() error) Body {
	return Body{func(c *call) *C.oss_body {
		if reader == nil {
			c.refuse("the reader is nil")
			return nil
		}
		source := &source{call: c, reader: reader, rewind: rewind}
		// An earlier operation may have left it anywhere.
		if rewind != nil && c.guard(rewind) != 0 {
			c.refuse("the reader cannot begin again")
			return nil
		}
		return C.ossupload_body_from_reader(c.handle(source), C.bool(rewind != nil), length)
	}}
}

// body lends a body.
func (c *call) body(body Body) *C.oss_body {
	if body.open == nil {
		c.refuse("the body is empty: make one with FromBytes or its like")
		return nil
	}
	made := body.open(c)
	if made != nil {
		c.atEnd(func() { C.oss_body_free(made) })
	}
	return made
}

// source is a reader during a call.
type source struct {
	call   *call
	reader io.Reader
	rewind func() error
	// ended is what the reader said together with its last bytes.
	ended error
}

// emptyReads is how often a reader may give nothing and no error.
const emptyReads = 100

var errInvalidRead = errors.New("the reader says that it gave more than there was room for")

func (s *source) read(into []byte) (int, error) {
	for range emptyReads {
		if s.ended == io.EOF {
			return 0, nil
		}
		if s.ended != nil {
			return 0, s.ended
		}
		got, err := s.reader.Read(into)
		if got < 0 || got > len(into) {
			return 0, fmt.Errorf("%w: %d", errInvalidRead, got)
		}
		s.ended = err
		if got > 0 {
			return got, nil
		}
	}
	return 0, io.ErrNoProgress
}

//export ossuploadRead
func ossuploadRead(handle C.uintptr_t, buffer unsafe.Pointer, capacity C.size_t, got *C.size_t) C.int32_t {
	source := valueOf[*source](handle)
	return source.call.guard(func() error {
		n, err := source.read(unsafe.Slice((*byte)(buffer), int(capacity)))
		*got = C.size_t(n)
		return err
	})
}

//export ossuploadRewind
func ossuploadRewind(handle C.uintptr_t) C.int32_t {
	source := valueOf[*source](handle)
	source.ended = nil
	return source.call.guard(source.rewind)
}
