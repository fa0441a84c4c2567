//go:build !oss_upload_static && !oss_upload_flags

package ossupload

// #cgo pkg-config: oss_upload
import "C"
