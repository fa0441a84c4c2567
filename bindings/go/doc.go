// Package ossupload uploads to Alibaba Cloud OSS and takes upload callbacks seriously: OSS tells your application server
// about the upload, and the server's answer comes back to the uploader. It is the Go face of the C library oss_upload.
//
//	bucket, err := ossupload.NewBucket("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials)
//	...
//	defer bucket.Close()
//	callback := &ossupload.Callback{
//		URL:       "http://app.example.com/uploaded",
//		Body:      "bucket=${bucket}&object=${object}&user=${x:user}",
//		Variables: map[string]string{"x:user": "42"},
//	}
//	result, err := bucket.Upload(ctx, "films/film.mp4", ossupload.FromFile("/data/film.mp4"), callback)
//
// # How a call ends
//
// Without an error the object is stored, and with a callback result.Body is the application server's answer.
//
// A callback that failed is not an upload that failed: the object is stored, and must not be uploaded again. The error is
// then a [*CallbackError], which no other ending makes:
//
//	var callbackError *ossupload.CallbackError
//	switch {
//	case err == nil:
//		// Stored, and the application server has answered.
//	case errors.As(err, &callbackError):
//		// Stored, but the application server has to be told by other means: callbackError.Render makes the body.
//	default:
//		// result.Stored says whether the object is stored.
//	}
//
// Every operation returns a [*Result], which is never nil, with and without an error. [Result.Stored] says Yes, No or
// Unknown. Errors are [*OpError] and hold the result too; [errors.Is] tells them apart by [ErrService], [ErrNetwork] and
// the others, and finds the error of a reader, [context.Canceled] and [context.DeadlineExceeded] in them.
//
// # Contexts, goroutines, memory
//
// A context that is done ends a call within a tenth of a second, whatever it is waiting for, and its deadline is known to
// the call beforehand, so that an upload can still remove its parts. No goroutine is started to watch it.
//
// A call occupies an operating system thread while it runs, as every call of C does; so bound the number of calls at once,
// not that of goroutines. Readers and other functions are called by the goroutine that made the call, and must not call
// [runtime.Goexit]. When one of them panics, the call ends and the panic goes on in the caller.
//
// [Bucket], [Multipart], [Writer] and [Verifier] have to be closed. Closing waits for nothing: what is still running goes
// on to its end. All but [Writer], and bodies made of readers, can be used by any number of goroutines at once.
//
// # Linking
//
// By default the shared library is linked, which pkg-config finds as oss_upload. With the build tag oss_upload_static it is
// the static library. With the tag oss_upload_flags nothing is looked for: CGO_CFLAGS and CGO_LDFLAGS say where header and
// library are.
package ossupload
