package ossupload

// #include "bridge.h"
import "C"

// Status says how a call ended. The numbers never change; later versions may add some.
type Status int32

const (
	// StatusOK: all went well; with a callback, the application server answered.
	StatusOK Status = C.OSS_STATUS_OK
	// StatusInvalidArgument: an argument breaks a rule, which the message names. Nothing was sent, unless data of unknown
	// length turned out to be too long.
	StatusInvalidArgument Status = C.OSS_STATUS_INVALID_ARGUMENT
	// StatusLocalIO: a file or another source could not be read.
	StatusLocalIO Status = C.OSS_STATUS_LOCAL_IO
	// StatusSourceChanged: a file had other bytes when it was read again, or another length, so it was not stored.
	StatusSourceChanged Status = C.OSS_STATUS_SOURCE_CHANGED
	// StatusCancelled: the caller cancelled.
	StatusCancelled Status = C.OSS_STATUS_CANCELLED
	// StatusCredentials: there are no credentials to sign with.
	StatusCredentials Status = C.OSS_STATUS_CREDENTIALS
	// StatusCheckpointBusy: another call, of this process or another, is at the same upload.
	StatusCheckpointBusy Status = C.OSS_STATUS_CHECKPOINT_BUSY
	// StatusOutOfMemory: there is no memory for what has to be held.
	StatusOutOfMemory Status = C.OSS_STATUS_OUT_OF_MEMORY
	// StatusNetwork: no connection could be made, or it broke.
	StatusNetwork Status = C.OSS_STATUS_NETWORK
	// StatusTimeout: a time-out or the deadline ended the call.
	StatusTimeout Status = C.OSS_STATUS_TIMEOUT
	// StatusTLS: there is no TLS with the server: a certificate is not trusted, a file is of no use, or only one of the two
	// sides speaks TLS. The message says which.
	StatusTLS Status = C.OSS_STATUS_TLS
	// StatusService: OSS refused; see [Result.ErrorCode] and [Result.HTTPStatus]. With an empty [Result.RequestID], something
	// else answered.
	StatusService Status = C.OSS_STATUS_SERVICE
	// StatusIntegrity: the CRC-64 that OSS computed is not that of the data.
	StatusIntegrity Status = C.OSS_STATUS_INTEGRITY
	// StatusBadResponse: the reply makes no sense, or is not OSS's.
	StatusBadResponse Status = C.OSS_STATUS_BAD_RESPONSE
	// StatusCallbackFailed: the object is stored, but the application server did not answer as it should.
	StatusCallbackFailed Status = C.OSS_STATUS_CALLBACK_FAILED
	// StatusCallbackUnknown: the object is stored, but what became of the callback is not known: the reply was lost and the
	// object looked up, or the answer was cut short, or it was not the application server's. From what has OSS call for an object
	// that is there already, that it is stored may not be known either.
	StatusCallbackUnknown Status = C.OSS_STATUS_CALLBACK_UNKNOWN
	// StatusNotAuthentic: a callback request does not come from OSS.
	StatusNotAuthentic Status = C.OSS_STATUS_NOT_AUTHENTIC
	// StatusInternal: a defect of the library.
	StatusInternal Status = C.OSS_STATUS_INTERNAL
)

// String gives the status's name, such as "CALLBACK_FAILED".
func (s Status) String() string {
	return C.GoString(C.oss_status_name(C.int32_t(s)))
}

// Stored says whether the object is stored. What nothing proves, however likely it is, is StoredUnknown.
type Stored int32

const (
	// StoredNo: what the call had to upload was not stored by it, and will not be: it did not arrive, or OSS is done with it.
	// Another object may be there under the key.
	StoredNo Stored = C.OSS_STORED_NO
	// StoredYes: it is stored: OSS said so in its reply, or a look at the object did.
	StoredYes Stored = C.OSS_STORED_YES
	// StoredUnknown: a request may have arrived whose reply was lost, and what became of it could not be found out; OSS may
	// still be about to store the object. After a minute it is done: [Bucket.Stat] then tells what is there.
	StoredUnknown Stored = C.OSS_STORED_UNKNOWN
)

// String gives "no", "yes" or "unknown".
func (s Stored) String() string {
	switch s {
	case StoredNo:
		return "no"
	case StoredYes:
		return "yes"
	default:
		return "unknown"
	}
}
