package ossupload

// #include "bridge.h"
import "C"

import (
	"context"
	"maps"
	"slices"
	"time"
)

// PostPolicy says what others may upload with a form (PostObject), a browser for example, without knowing a secret. All that
// is not said here is left to them.
type PostPolicy struct {
	// Key is the key that the object gets. Otherwise whoever fills in the form chooses it.
	Key string
	// KeyPrefix is what the key begins with.
	KeyPrefix string
	// AnyKey allows every key. One of the three has to be set.
	AnyKey bool
	// MinLength and MaxLength say how many bytes the object may have; both 0 for any number.
	MinLength, MaxLength int64
	// ContentType is the content type that the object gets, whatever its file says; empty to leave that open.
	ContentType string
	// Fields are those that the form has to have with exactly these values, such as "x-oss-object-acl".
	Fields map[string]string
	// FieldPrefixes are what the values of fields have to begin with, such as "image/" for "x-oss-content-type".
	FieldPrefixes map[string]string
	// AnyCallback allows whoever has a form that was signed without a callback to add one of their own: OSS then calls whatever
	// server they name, and signs that. Otherwise the form has an empty field "callback", and nobody can add one.
	AnyCallback bool
}

// PostForm is a form that uploads an object: the URL that it is sent to, and its fields without the file, which comes last
// and is called "file". Whoever knows them can use them until they expire. As JSON it is what a web page needs.
type PostForm struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
	// Expires is until when it is good; the zero time if somebody else signed it.
	Expires time.Time `json:"-"`
}

// SignPostPolicy gives the form that uploads what a policy allows. The callback may be nil; its variables become fields.
// Each field has its condition, so nobody can change it. Whoever uses the form adds the field "key" if the policy leaves it
// open. The lifetime is up to seven days with V4.
func (b *Bucket) SignPostPolicy(policy PostPolicy, callback *Callback, lifetime time.Duration) (form *PostForm, err error) {
	_, err = b.construct(operation{op: "sign post policy", key: policy.Key}, func(c *call, bucket *C.oss_bucket) (result *C.oss_result) {
		native, notify := c.postPolicy(policy), c.callback(callback)
		if c.mistake != "" {
			return nil
		}
		var made *C.oss_post_form
		C.oss_post_policy_sign(native, bucket, notify, seconds(lifetime), &made, &result)
		if made != nil {
			defer C.oss_post_form_free(made)
			form = readPostForm(made)
		}
		return result
	})
	return form, err
}

func (c *call) postPolicy(policy PostPolicy) *C.oss_post_policy {
	made := C.oss_post_policy_new()
	c.atEnd(func() { C.oss_post_policy_free(made) })
	set := func(status C.oss_status) {
		if status != C.OSS_STATUS_OK {
			c.refuse("%s", C.GoString(C.oss_post_policy_error(made)))
		}
	}
	if policy.Key != "" {
		set(C.oss_post_policy_set_key(made, c.text("the policy's key", policy.Key)))
	}
	if policy.KeyPrefix != "" || policy.AnyKey {
		set(C.oss_post_policy_set_key_prefix(made, c.text("the policy's key prefix", policy.KeyPrefix)))
	}
	if policy.MinLength != 0 || policy.MaxLength != 0 {
		set(C.oss_post_policy_set_length_range(made, c.uint64("a length", policy.MinLength), c.uint64("a length", policy.MaxLength)))
	}
	if policy.ContentType != "" {
		set(C.oss_post_policy_set_content_type(made, c.text("the policy's content type", policy.ContentType)))
	}
	for _, name := range slices.Sorted(maps.Keys(policy.Fields)) {
		set(C.oss_post_policy_add_field(made, c.text("a field's name", name), c.text("a field's value", policy.Fields[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(policy.FieldPrefixes)) {
		set(C.oss_post_policy_add_field_prefix(made, c.text("a field's name", name), c.text("a field's prefix", policy.FieldPrefixes[name])))
	}
	if policy.AnyCallback {
		set(C.oss_post_policy_allow_any_callback(made, 1))
	}
	return made
}

func readPostForm(native *C.oss_post_form) *PostForm {
	form := &PostForm{
		URL:     C.GoString(C.oss_post_form_url(native)),
		Fields:  map[string]string{},
		Expires: time.Unix(int64(C.oss_post_form_expires(native)), 0),
	}
	for i := range C.oss_post_form_field_count(native) {
		form.Fields[C.GoString(C.oss_post_form_field_name(native, i))] = C.GoString(C.oss_post_form_field_value(native, i))
	}
	return form
}

// PostObject uploads an object by a form that somebody signed, without any access key. The form needs the field "key". The
// callback in it and its answer are treated as everywhere. Nothing can be looked up: when a reply is lost, and sending again
// brings none where that is done, [Result.Stored] is StoredUnknown.
func PostObject(ctx context.Context, form *PostForm, body Body, options ...BucketOption) (*Result, error) {
	o := operation{op: "post", key: form.Fields["key"]}
	return o.anywhere(ctx, options, func(c *call, settings *C.oss_bucket_options) *C.oss_result {
		native, result := c.postForm(form)
		if native == nil {
			return result
		}
		if data := c.body(body); c.mistake == "" {
			C.oss_post_object(native, data, settings, &result)
		}
		return result
	})
}

// postForm lends a form; without one, the result says why.
func (c *call) postForm(form *PostForm) (*C.oss_post_form, *C.oss_result) {
	var native *C.oss_post_form
	var result *C.oss_result
	C.oss_post_form_new(c.text("the form's URL", form.URL), &native, &result)
	if native == nil {
		return nil, result
	}
	c.atEnd(func() { C.oss_post_form_free(native) })
	for _, name := range slices.Sorted(maps.Keys(form.Fields)) {
		C.oss_result_free(result)
		result = nil
		field, value := c.text("a field's name", name), c.text("a field's value", form.Fields[name])
		if C.oss_post_form_set_field(native, field, value, &result) != C.OSS_STATUS_OK {
			return nil, result
		}
	}
	C.oss_result_free(result)
	return native, nil
}
