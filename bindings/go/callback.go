package ossupload

// #include "bridge.h"
import "C"

import (
	"encoding/json"
	"maps"
	"slices"
)

// Callback says what OSS shall tell the application server after an upload: OSS sends a POST, waits for the answer for up
// to 5 seconds, and hands that answer back to the uploader. Any number of goroutines may use it while nobody changes it.
type Callback struct {
	// URL is where OSS sends the POST: http, https, or without scheme for http.
	URL string
	// MoreURLs are tried in turn when those before failed. There can be five in all.
	MoreURLs []string
	// Body is the template of what is sent. In it ${bucket}, ${object}, ${etag}, ${size}, ${mimeType}, ${imageInfo.height},
	// ${imageInfo.width}, ${imageInfo.format}, ${crc64}, ${contentMd5}, ${vpcId}, ${clientIp}, ${reqId} and ${operation}
	// stand for what OSS knows, and ${x:name} for a variable. Everything else is sent as it is.
	Body string
	// BodyType says how the template is filled in.
	BodyType CallbackBodyType
	// Variables are those of the uploader's own, by names such as "x:user".
	Variables map[string]string
	// DeliveryVariable, such as "x:delivery", names a variable that is set for each upload anew: to an id that is the same in
	// all that OSS sends for one upload, so that the application server can tell that it hears of it again.
	DeliveryVariable string
	// Host is the Host header of the POST; empty for the host of the URL.
	Host string
	// SNI has OSS name the host in the TLS handshake with an https URL. Most servers with several domains need that.
	SNI bool
	// Headers are sent with the POST, ten at most. Only error messages of OSS speak of this: try it before you rely on it.
	Headers map[string]string
	// Fields are settings for which there is no field here, such as those that a later OSS may know.
	Fields map[string]json.RawMessage
	// Policy names a callback that is stored on the bucket. Nothing but variables can be set then.
	Policy string
}

// CallbackBodyType says how OSS fills in the template of a callback's body, and the content type it sends.
type CallbackBodyType int32

const (
	// CallbackForm is application/x-www-form-urlencoded: values are percent-encoded.
	CallbackForm CallbackBodyType = C.OSS_CALLBACK_BODY_FORM
	// CallbackJSON is application/json: values become JSON literals. Strings come with their quotes, so the template puts
	// none around a placeholder.
	CallbackJSON CallbackBodyType = C.OSS_CALLBACK_BODY_JSON
)

// Severity says how bad a finding is.
type Severity int32

const (
	// SeverityWarning: it works, but likely not as it is meant.
	SeverityWarning Severity = C.OSS_SEVERITY_WARNING
	// SeverityError: a rule is broken; an upload with this callback is refused.
	SeverityError Severity = C.OSS_SEVERITY_ERROR
)

// Finding is a broken rule or a likely mistake in a callback.
type Finding struct {
	Severity Severity
	// Rule is the finding's name, for programs, such as "https-without-sni".
	Rule string
	// Message is one line for a human.
	Message string
}

// Check looks for broken rules and likely mistakes, without sending anything. There is an error if a rule is broken;
// warnings come without one.
func (cb *Callback) Check() (findings []Finding, err error) {
	_, err = operation{op: "check callback"}.construct(func(c *call) (result *C.oss_result) {
		findings, result = c.check(cb, func(native *C.oss_callback, list **C.oss_finding_list, result **C.oss_result) {
			C.oss_callback_check(native, list, result)
		})
		return result
	})
	return findings, err
}

// CheckCallback looks for the same as Callback.Check, and for what is wrong with a callback after uploads to this bucket.
func (b *Bucket) CheckCallback(cb *Callback) (findings []Finding, err error) {
	_, err = b.construct(operation{op: "check callback"}, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		findings, result = c.check(cb, func(native *C.oss_callback, list **C.oss_finding_list, result **C.oss_result) {
			C.oss_bucket_check_callback(bucket, native, list, result)
		})
		return result
	})
	return findings, err
}

// check gives what was found about a callback, and what its setters refused.
func (c *call) check(cb *Callback, look func(*C.oss_callback, **C.oss_finding_list, **C.oss_result)) (findings []Finding, result *C.oss_result) {
	native, result := c.newCallback(cb)
	if native == nil || c.mistake != "" {
		return nil, result
	}
	taken := c.setCallback(native, cb)
	var list *C.oss_finding_list
	look(native, &list, &result)
	c.atEnd(func() { C.oss_finding_list_free(list) })
	for i := range C.oss_finding_list_count(list) {
		finding := Finding{
			Severity: Severity(C.oss_finding_list_severity(list, i)),
			Rule:     C.GoString(C.oss_finding_list_rule(list, i)),
			Message:  C.GoString(C.oss_finding_list_message(list, i)),
		}
		if finding.Rule == "refused" {
			finding.Severity = SeverityError
		}
		findings = append(findings, finding)
	}
	if !taken {
		// To C it is no part of the callback; here an upload with it is refused.
		c.refuse("%s", C.GoString(C.oss_callback_error(native)))
	}
	if c.mistake != "" {
		C.oss_result_free(result)
		return findings, nil
	}
	return findings, result
}

// Encode encodes a callback as OSS wants it: Base64 of JSON. That is for programs that send it by other means, as the
// headers x-oss-callback and x-oss-callback-var. There may be no variables.
func (cb *Callback) Encode() (encoded, variables string, err error) {
	_, err = operation{op: "encode callback"}.construct(func(c *call) (result *C.oss_result) {
		native := c.callback(cb)
		if c.mistake != "" {
			return nil
		}
		var first, second *C.oss_string
		C.oss_callback_encode(native, &first, &second, &result)
		encoded, variables = take(first), take(second)
		return result
	})
	return encoded, variables, err
}

// Render makes the body that OSS would send after an upload, so that a program can tell its server itself when the callback
// failed. Only the body can be made: OSS signs its requests with a key that nobody else has.
//
// The values come before what the result tells; they are named as in the template, such as "imageInfo.width". The upload
// may be nil if all is among the values. What neither tells is an error, but for what not every upload has.
func (cb *Callback) Render(upload *Result, values map[string]string) (body string, err error) {
	_, err = operation{op: "render callback"}.construct(func(c *call) (result *C.oss_result) {
		native, given := c.callback(cb), c.callbackValues(values)
		if c.mistake != "" {
			return nil
		}
		var of *C.oss_result
		if upload != nil && upload.native != nil {
			of = (*C.oss_result)(upload.native.acquire())
			defer upload.native.release()
		}
		var made *C.oss_string
		C.oss_callback_render(native, of, given, &made, &result)
		body = take(made)
		return result
	})
	return body, err
}

func (c *call) callbackValues(values map[string]string) *C.oss_callback_values {
	made := C.oss_callback_values_new()
	c.atEnd(func() { C.oss_callback_values_free(made) })
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if C.oss_callback_values_set(made, c.text("a value's name", name), c.text("a value", values[name])) != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_callback_values_error(made)))
		}
	}
	return made
}

// callback lends a callback, or NULL for none; what is wrong with it is a mistake.
func (c *call) callback(cb *Callback) *C.oss_callback {
	if cb == nil {
		return nil
	}
	native, result := c.newCallback(cb)
	if native == nil {
		c.refuse("%s", C.GoString(C.oss_result_message(result)))
		C.oss_result_free(result)
		return nil
	}
	if !c.setCallback(native, cb) {
		c.refuse("%s", C.GoString(C.oss_callback_error(native)))
	}
	return native
}

// newCallback makes a callback with nothing set; without one, the result says why.
func (c *call) newCallback(cb *Callback) (native *C.oss_callback, result *C.oss_result) {
	if cb == nil {
		c.refuse("there is no callback")
		return nil, nil
	}
	if cb.Policy == "" {
		C.oss_callback_new(c.text("the callback's URL", cb.URL), c.text("the callback's body", cb.Body), &native, &result)
	} else if C.oss_callback_new_from_policy(c.text("the callback's policy", cb.Policy), &native, &result); cb.URL != "" || cb.Body != "" {
		c.refuse("a callback with a policy has no URL and no body of its own")
	}
	if native != nil {
		C.oss_result_free(result)
		c.atEnd(func() { C.oss_callback_free(native) })
		return native, nil
	}
	return nil, result
}

// setCallback sets what there is to set, and says whether all of it was taken.
func (c *call) setCallback(native *C.oss_callback, cb *Callback) bool {
	taken := true
	set := func(status C.oss_status) { taken = taken && status == C.OSS_STATUS_OK }
	for _, url := range cb.MoreURLs {
		set(C.oss_callback_add_url(native, c.text("one of the callback's URLs", url)))
	}
	if cb.Host != "" {
		set(C.oss_callback_set_host(native, c.text("the callback's host", cb.Host)))
	}
	if cb.BodyType != CallbackForm {
		set(C.oss_callback_set_body_type(native, C.int32_t(cb.BodyType)))
	}
	if cb.SNI {
		set(C.oss_callback_set_sni(native, 1))
	}
	for _, name := range slices.Sorted(maps.Keys(cb.Variables)) {
		set(C.oss_callback_add_variable(native, c.text("a variable's name", name), c.text("a variable's value", cb.Variables[name])))
	}
	if cb.DeliveryVariable != "" {
		set(C.oss_callback_set_delivery_variable(native, c.text("the callback's delivery variable", cb.DeliveryVariable)))
	}
	for _, name := range slices.Sorted(maps.Keys(cb.Headers)) {
		set(C.oss_callback_add_header(native, c.text("a header's name", name), c.text("a header's value", cb.Headers[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(cb.Fields)) {
		set(C.oss_callback_set_field(native, c.text("a field's name", name), c.text("a field's value", string(cb.Fields[name]))))
	}
	return taken
}

// take gives a text of C's, and frees it.
func take(text *C.oss_string) string {
	defer C.oss_string_free(text)
	return C.GoStringN(C.oss_string_data(text), C.int(C.oss_string_len(text)))
}
