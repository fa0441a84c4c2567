package ossupload

// #include "bridge.h"
import "C"

// UploadOption says how [Bucket.Upload] or a [Writer] goes about it, or, being a [PutOption], what the object is stored
// with.
type UploadOption interface {
	addTo(*uploadSettings)
}

type uploadSettings struct {
	put      []PutOption
	upload   []uploadOption
	observer observer
}

type uploadOption func(*call, *C.oss_upload_options) C.oss_status

func (o uploadOption) addTo(settings *uploadSettings) {
	settings.upload = append(settings.upload, o)
}

type observerOption func(*observer)

func (o observerOption) addTo(settings *uploadSettings) {
	o(&settings.observer)
}

// WithPartSize sets how large the parts are, from 102 400 bytes to 5 GiB. By default they have 8 MiB, or more where 10 000
// parts of that would not suffice.
func WithPartSize(bytes int64) UploadOption {
	return uploadOption(func(c *call, o *C.oss_upload_options) C.oss_status {
		return C.oss_upload_options_set_part_size(o, c.uint64("a part size", bytes))
	})
}

// WithThreshold sets up to which length data is put with a single request. The default is 16 MiB. With [WithCheckpoint]
// everything goes in parts.
func WithThreshold(bytes int64) UploadOption {
	return uploadOption(func(c *call, o *C.oss_upload_options) C.oss_status {
		return C.oss_upload_options_set_threshold(o, c.uint64("a threshold", bytes))
	})
}

// WithParallel sets how many parts are sent at once, from 1 to 100. The default is 4. Data from a reader or writer is held
// in memory meanwhile: so many parts of it.
func WithParallel(parts int) UploadOption {
	return uploadOption(func(c *call, o *C.oss_upload_options) C.oss_status {
		return C.oss_upload_options_set_parallel(o, c.uint32("a number of parts", parts))
	})
}

// WithCheckpoint has an upload of a file leave a record in a folder while it is going on, so that a later call with the same
// arguments goes on where it was stopped, be it by an error, a context or the end of the process. The folder should be one of
// your own, such as /var/lib/myapp/uploads: a record is believed only if it is a regular file of yours that nobody else may
// write.
func WithCheckpoint(folder string) UploadOption {
	return uploadOption(func(c *call, o *C.oss_upload_options) C.oss_status {
		return C.oss_upload_options_set_checkpoint(o, c.optionalText("the path of the folder", folder))
	})
}

// WithKeepParts keeps the parts at OSS when an upload fails; [Result.UploadID] names them, and they cost money.
func WithKeepParts() UploadOption {
	return uploadOption(func(_ *call, o *C.oss_upload_options) C.oss_status {
		return C.oss_upload_options_set_keep_parts(o, 1)
	})
}

// WithMemoryLimit sets how much memory an upload takes for the data that it has in hand, at least 1 MiB. The default is 128
// MiB. It follows from this how many parts are sent at once, and how large they are where no size is set. What not even one
// part can be held of is refused, with the limit that would do.
func WithMemoryLimit(bytes int64) UploadOption {
	return uploadOption(func(c *call, o *C.oss_upload_options) C.oss_status {
		return C.oss_upload_options_set_memory_limit(o, c.uint64("a memory limit", bytes))
	})
}

// WithRateLimit sets how fast the data is sent, all parts together; at least 1024 bytes a second.
func WithRateLimit(bytesPerSecond int64) UploadOption {
	return uploadOption(func(c *call, o *C.oss_upload_options) C.oss_status {
		return C.oss_upload_options_set_rate_limit(o, c.uint64("a rate", bytesPerSecond))
	})
}

// WithProgress sets who is told how the upload gets on: at its beginning, whenever OSS has accepted more, and otherwise at
// least four times a second, also while it waits or pauses. An error cancels the upload, and is found in the upload's error.
func WithProgress(progress func(Progress) error) UploadOption {
	return observerOption(func(o *observer) { o.progress = progress })
}

// WithLog sets who is told what is worth a line in a log about the upload as a whole: that it could not be resumed and starts
// over, say. [WithBucketLogger] is told of each request besides.
func WithLog(log func(line string)) UploadOption {
	return observerOption(func(o *observer) { o.log = log })
}

// uploadOptions lends options; what is wrong with one is a mistake.
func (c *call) uploadOptions(options []UploadOption) *C.oss_upload_options {
	if len(options) == 0 {
		return nil
	}
	settings := uploadSettings{observer: observer{call: c}}
	for _, option := range options {
		option.addTo(&settings)
	}
	made := C.oss_upload_options_new()
	c.atEnd(func() { C.oss_upload_options_free(made) })
	if put := c.putOptions(settings.put); put != nil {
		C.oss_upload_options_set_put_options(made, put)
	}
	for _, option := range settings.upload {
		if option(c, made) != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_upload_options_error(made)))
		}
	}
	c.observe(made, &settings.observer)
	return made
}

func (c *call) observe(options *C.oss_upload_options, observer *observer) {
	if observer.progress != nil {
		C.ossupload_set_progress(options, c.handle(observer))
	}
	if observer.log != nil {
		C.ossupload_set_log(options, c.handle(observer))
	}
}
