//go:build oss_upload_static && !oss_upload_flags

package ossupload

// The archive comes first and leaves nothing for the shared library of the same name to do, so that is not linked.

// #cgo LDFLAGS: -l:liboss_upload.a -Wl,--as-needed
// #cgo pkg-config: --static oss_upload
import "C"
