package ossupload

// #include "bridge.h"
import "C"

import "time"

// Attempt is what one request of a call came to.
type Attempt struct {
	// Number says which of the call's attempts it was, from 1 on, in the order in which they ended.
	Number int
	// Operation is OSS's name for what it was to do, such as "PutObject" or "UploadPart". "HeadObject" is a look-up.
	Operation string
	// PartNumber is that of the part that it sent; 0 if it sent none.
	PartNumber int
	// Status says how it ended, as if it had been all of the call. It is OSS's reply that is judged: one whose CRC-64 is not that
	// of the data is a success of its attempt. A look-up that found nothing ends with StatusService.
	Status Status
	// HTTPStatus is that of the reply; 0 when there was none.
	HTTPStatus int
	// RequestID is what OSS knows it by; empty when no reply of OSS's came.
	RequestID string
	// ErrorCode is OSS's name for what was wrong.
	ErrorCode string
	// Address is where its connection led, such as "203.0.113.7:443": to the proxy where there is one. It is empty when no
	// connection was made.
	Address string
	// Reason says why it was sent again what it sent; empty when it was sent for the first time.
	Reason string
	// Reused says whether the connection was used before.
	Reused bool
	// Counted says whether it is one of those that [WithMaxAttempts] limits. One that met a connection which the server had
	// closed is not, nor is one whose key OSS refused, where there was a newer one to send it again with.
	Counted bool
	// Times says how long it took.
	Times Times
	// BytesSent counts what the system took to send, as it goes over the network.
	BytesSent int64
	// BytesAcknowledged counts what of that is known to have arrived.
	BytesAcknowledged int64
}

// Times says what attempts spent their time on. But for Pausing, which was before, it is all the time from the beginning to the
// end.
type Times struct {
	// Pausing is how long the call did nothing before.
	Pausing time.Duration
	// Resolving is for the addresses of the host, or of the proxy.
	Resolving time.Duration
	// Connecting is for reaching one of them, and a proxy's tunnel.
	Connecting time.Duration
	// TLS is for handshakes.
	TLS time.Duration
	// Sending is for signing the request, for which a key may have to be asked for, and handing it to the system, waits for the
	// data and for a rate limit included.
	Sending time.Duration
	// Waiting is until the head of the reply was there.
	Waiting time.Duration
	// Receiving is for the rest of the reply.
	Receiving time.Duration
}

// AttemptSum is what all attempts of a call came to together.
type AttemptSum struct {
	// Attempts counts them.
	Attempts int
	// Times says how long they took. Of a call that sends one request at a time, that is all of its time, but for what is done
	// in between on this side; of parts that are sent several at a time, it is more.
	Times Times
	// BytesSent counts what the system took to send.
	BytesSent int64
	// BytesAcknowledged counts what of that is known to have arrived.
	BytesAcknowledged int64
}

func newAttempts(native *C.oss_result) []Attempt {
	attempts := make([]Attempt, int(C.oss_result_attempt_count(native)))
	for i := range attempts {
		var fields C.ossupload_attempt
		C.ossupload_read_attempt(native, C.size_t(i), &fields)
		attempts[i] = Attempt{
			Number:            int(fields.number),
			Operation:         C.GoString(fields.operation),
			PartNumber:        int(fields.part_number),
			Status:            Status(fields.status),
			HTTPStatus:        int(fields.http_status),
			RequestID:         C.GoString(fields.request_id),
			ErrorCode:         C.GoString(fields.error_code),
			Address:           C.GoString(fields.address),
			Reason:            C.GoString(fields.reason),
			Reused:            fields.is_reused != 0,
			Counted:           fields.is_counted != 0,
			Times:             newTimes(&fields.us),
			BytesSent:         int64(fields.bytes_sent),
			BytesAcknowledged: int64(fields.bytes_acknowledged),
		}
	}
	return attempts
}

func newAttemptSum(native *C.oss_result) AttemptSum {
	var fields C.ossupload_sum
	C.ossupload_read_sum(native, &fields)
	return AttemptSum{
		Attempts:          int(fields.attempts),
		Times:             newTimes(&fields.us),
		BytesSent:         int64(fields.bytes_sent),
		BytesAcknowledged: int64(fields.bytes_acknowledged),
	}
}

func newTimes(us *[C.OSSUPLOAD_PHASES]C.uint64_t) Times {
	of := func(phase int) time.Duration { return time.Duration(us[phase]) * time.Microsecond }
	return Times{
		Pausing:    of(C.OSS_PHASE_PAUSING),
		Resolving:  of(C.OSS_PHASE_RESOLVING),
		Connecting: of(C.OSS_PHASE_CONNECTING),
		TLS:        of(C.OSS_PHASE_TLS),
		Sending:    of(C.OSS_PHASE_SENDING),
		Waiting:    of(C.OSS_PHASE_WAITING),
		Receiving:  of(C.OSS_PHASE_RECEIVING),
	}
}
