package ossupload

// #include "bridge.h"
import "C"

// Progress says how far a call is.
type Progress struct {
	// Total is how many bytes there are; -1 as long as that is not known.
	Total int64
	// Sent is how many the system has taken to send, those that OSS has accepted among them. It falls back when a request
	// fails.
	Sent int64
	// Acknowledged is how many of these have been acknowledged on the network.
	Acknowledged int64
	// Accepted is how many OSS has said that it has, in whole parts. It only grows; for an upload that is resumed, it
	// is 0 until it is known what was there.
	Accepted int64
	// PartsDone is how many parts OSS has. Data that is put with a single request is one part.
	PartsDone int
	// Parts is how many there are; 0 as long as that is not known.
	Parts int
	// Attempts is how many requests have come to their end.
	Attempts int
	// Rate is how many bytes a second went over the network in the last seconds.
	Rate int64
}

func newProgress(told *C.oss_progress) Progress {
	progress := Progress{
		Total:        -1,
		Sent:         int64(C.oss_progress_sent(told)),
		Acknowledged: int64(C.oss_progress_acknowledged(told)),
		Accepted:     int64(C.oss_progress_accepted(told)),
		PartsDone:    int(C.oss_progress_parts_done(told)),
		Parts:        int(C.oss_progress_parts(told)),
		Attempts:     int(C.oss_progress_attempts(told)),
		Rate:         int64(C.oss_progress_rate(told)),
	}
	if total := C.oss_progress_total(told); total != C.OSS_LENGTH_UNKNOWN {
		progress.Total = int64(total)
	}
	return progress
}

// WithPutProgress sets who is told how [Bucket.Put] gets on: at the beginning, at the end, and at least four times a second in
// between, also while it waits or is sent again. An error cancels the put, and is found in its error. An upload takes no notice
// of it: it has [WithProgress].
func WithPutProgress(progress func(Progress) error) PutOption {
	return putOption(func(c *call, o *C.oss_put_options) C.oss_status {
		if progress == nil {
			return C.oss_put_options_set_progress(o, nil, nil)
		}
		return C.ossupload_set_put_progress(o, c.handle(&observer{call: c, progress: progress}))
	})
}
