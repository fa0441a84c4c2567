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
// What uploads, completes or looks up returns a [*Result], which is never nil, with and without an error. [Result.Stored] says
// Yes, No or Unknown: Yes and No where something proves it, Unknown for the rest, of which [Bucket.Stat] tells when a minute
// has passed. Errors are [*OpError] and hold a result too; [errors.Is] tells them apart by [ErrService], [ErrNetwork] and
// the others, and finds the error of a reader, [context.Canceled] and [context.DeadlineExceeded] in them.
//
// # No callback is lost
//
// OSS calls an application server once. With [WithOutbox], what it did not answer is kept on disk, and [Outbox.Deliver] has OSS
// call again, in this process or a later one:
//
//	outbox, err := ossupload.OpenOutbox("/var/lib/myapp/outbox")
//	...
//	result, err := bucket.Upload(ctx, key, body, callback, ossupload.WithOutbox(outbox))
//	...
//	result, err = outbox.Deliver(ctx, bucket)
//
// # Contexts, goroutines, memory
//
// A context that is done ends a call within a tenth of a second, whether it waits for a name, a connection, a reply or the
// next attempt. Only a function of the caller's is waited for, a reader that blocks for example, and up to two seconds more
// if parts are to be removed. A deadline is known to the call beforehand, so that an upload removes its parts in time. A call
// that had done its work by then succeeds.
//
// A call occupies an operating system thread while it runs, as every call of C does; so bound the number of calls at once,
// not that of goroutines. No goroutine outlives it.
//
// Readers and other functions are called by the goroutine that made the call, and must not make another one meanwhile: that
// is refused. When one of them panics, the call ends and the panic goes on in the caller. One that calls [runtime.Goexit], as
// FailNow of the package testing does, ends the goroutine together with its thread, and what the call had in C is lost.
//
// [Bucket], [Multipart], [Writer], [Outbox] and [Verifier] have to be closed. Closing a writer gives up what is not finished;
// the others wait for nothing: what is still running goes on to its end. All but [Writer], [Owed], and bodies made of readers,
// can be used by any number of goroutines at once.
//
// # Linking
//
// By default the shared library is linked, which pkg-config finds as oss_upload. With the build tag oss_upload_static it is
// the static library. With the tag oss_upload_flags nothing is looked for: CGO_CFLAGS and CGO_LDFLAGS say where header and
// library are.
//
// Go asks pkg-config when it compiles this package, and does not notice when that would say something else. After the library
// has moved, build once with -a.
package ossupload
