package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"log/slog"
)

// WithBucketLogger sets who keeps a log of what the calls on the bucket do: a line for each attempt, look-up and part, with what
// came of it and how long it took; for each time that something is sent again, with the pause before it and why; for each new
// connection, at the level of debugging; for each time that the credentials are asked for a key, and what came of that after how
// long; and for a call that failed. What is refused before the call begins, as a wrong argument or a file that cannot be opened,
// has no line: its error tells. No line holds an access key, a signature, a token, or what a callback tells. Lines are logged
// while calls go on, on their goroutines. What the logger lets through is found out once, when the option is used.
func WithBucketLogger(logger *slog.Logger) BucketOption {
	return func(c *call, o *C.oss_bucket_options) C.oss_status {
		level := mostOf(logger)
		if level == 0 {
			c.logger = nil
			return C.oss_bucket_options_set_log(o, C.OSS_LOG_LEVEL_ERROR, nil, nil)
		}
		c.logger = keep(logger)
		return C.ossupload_set_bucket_log(o, level, C.uintptr_t(c.logger.handle))
	}
}

// mostOf gives the level of the lines that matter least and are let through; 0 if none are.
func mostOf(logger *slog.Logger) C.int32_t {
	if logger == nil {
		return 0
	}
	for level := C.int32_t(C.OSS_LOG_LEVEL_DEBUG); level > 0; level-- {
		if logger.Enabled(context.Background(), levelOf(level)) {
			return level
		}
	}
	return 0
}

func levelOf(level C.int32_t) slog.Level {
	switch level {
	case C.OSS_LOG_LEVEL_ERROR:
		return slog.LevelError
	case C.OSS_LOG_LEVEL_WARNING:
		return slog.LevelWarn
	case C.OSS_LOG_LEVEL_INFO:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

//export ossuploadSay
func ossuploadSay(handle C.uintptr_t, level C.int32_t, line *C.char) {
	defer func() {
		// No panic may go through C. Nobody could recover from this one, so it ends the program.
		if panicked := recover(); panicked != nil {
			go panic(panicked)
		}
	}()
	valueOf[*slog.Logger](handle).Log(context.Background(), levelOf(level), C.GoString(line))
}
