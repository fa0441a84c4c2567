package ossupload

// #include "bridge.h"
import "C"

// Version gives the version of the C library, such as "1.2.3".
func Version() string {
	return C.GoString(C.oss_version())
}

// VersionNumber gives the same as a number: major * 1000000 + minor * 1000 + patch.
func VersionNumber() int {
	return int(C.oss_version_number())
}

// CheckVersion checks that the library which was loaded can do what the header says that the package was compiled with. It
// finds a library that is older than the header.
func CheckVersion() error {
	_, err := operation{op: "check version"}.construct(func(*call) (result *C.oss_result) {
		C.oss_check_version(C.OSS_UPLOAD_ABI, C.OSS_UPLOAD_VERSION_NUMBER, &result)
		return result
	})
	return err
}
