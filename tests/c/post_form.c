/*
 * Hands out a form with a callback to the application server at CALLBACK_URL, whose answer is ANSWER, and uploads the
 * file SOURCE with it, as somebody who knows the form and nothing else.
 */

#include "support.h"

static oss_post_form *handed_out(const oss_bucket *bucket) {
    oss_post_policy *policy = oss_post_policy_new();
    oss_callback *callback = NULL;
    oss_post_form *form = NULL;
    CHECK_SETS(oss_callback_new(needed_variable("CALLBACK_URL"), "object=${object}&user=${x:user}", &callback, NULL));
    CHECK_SETS(oss_callback_add_variable(callback, "x:user", "42"));
    CHECK_SETS(oss_post_policy_set_key_prefix(policy, "forms/"));
    CHECK_SETS(oss_post_policy_set_length_range(policy, 1, 100));
    CHECK_SETS(oss_post_policy_set_content_type(policy, "image/jpeg"));
    CHECK_SETS(oss_post_policy_sign(policy, bucket, callback, 900, &form, NULL));
    CHECK(oss_post_form_expires(form) > 0);
    oss_callback_free(callback);
    oss_post_policy_free(policy);
    return form;
}

/* The form as it is after its way through a network. */
static oss_post_form *received(const oss_post_form *form) {
    oss_post_form *copy = NULL;
    oss_string *json = NULL;
    CHECK_SETS(oss_post_form_to_json(form, &json, NULL));
    CHECK_SETS(oss_post_form_new(oss_post_form_url(form), &copy, NULL));
    CHECK_CONTAINS(oss_string_data(json), oss_post_form_url(form));
    for (size_t i = 0; i < oss_post_form_field_count(form); i++) {
        CHECK_CONTAINS(oss_string_data(json), oss_post_form_field_name(form, i));
        CHECK_CONTAINS(oss_string_data(json), oss_post_form_field_value(form, i));
        CHECK_SETS(oss_post_form_set_field(copy, oss_post_form_field_name(form, i), oss_post_form_field_value(form, i),
                                           NULL));
    }
    oss_string_free(json);
    return copy;
}

/* Whoever has a form without a callback adds one of their own. */
static void refuse_callbacks(const oss_bucket *bucket, const oss_body *body) {
    oss_post_policy *policy = oss_post_policy_new();
    oss_callback *callback = NULL;
    oss_string *encoded = NULL, *variables = NULL;
    CHECK_SETS(oss_callback_new(needed_variable("CALLBACK_URL"), "object=${object}&user=42", &callback, NULL));
    CHECK_SETS(oss_callback_encode(callback, &encoded, &variables, NULL));
    CHECK_SETS(oss_post_policy_set_key(policy, "forms/photo.jpg"));
    CHECK_SETS(oss_post_policy_set_content_type(policy, "image/jpeg"));
    for (int32_t allowed = 0; allowed <= 1; allowed++) {
        oss_post_form *form = NULL;
        CHECK_SETS(oss_post_policy_allow_any_callback(policy, allowed));
        CHECK_SETS(oss_post_policy_sign(policy, bucket, NULL, 900, &form, NULL));
        CHECK_ENDS(OSS_STATUS_OK, oss_post_object(form, body, NULL, &result));
        CHECK_SETS(oss_post_form_set_field(form, "callback", oss_string_data(encoded), NULL));
        CHECK_ENDS(allowed ? OSS_STATUS_OK : OSS_STATUS_SERVICE, oss_post_object(form, body, NULL, &result));
        oss_post_form_free(form);
    }
    oss_string_free(variables);
    oss_string_free(encoded);
    oss_callback_free(callback);
    oss_post_policy_free(policy);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    oss_post_form *ours = handed_out(bucket);
    oss_post_form *form = received(ours);
    oss_body *file = oss_body_from_file(needed_variable("SOURCE"));
    oss_body *none = oss_body_from_bytes(NULL, 0);
    oss_result *result = NULL;

    CHECK_SETS(oss_post_form_set_field(form, "key", "forms/photo.jpg", NULL));
    CHECK_CALL(OSS_STATUS_OK, oss_post_object(form, file, NULL, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_TEXT(oss_result_body(result, NULL), needed_variable("ANSWER"));
    CHECK_STORED(bucket, "forms/photo.jpg", 11, result);
    oss_result_free(result);

    CHECK_CALL(OSS_STATUS_SERVICE, oss_post_object(form, none, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "EntityTooSmall");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);

    CHECK_SETS(oss_post_form_set_field(form, "key", "elsewhere/photo.jpg", NULL));
    CHECK_CALL(OSS_STATUS_SERVICE, oss_post_object(form, file, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "AccessDenied");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);

    refuse_callbacks(bucket, none);

    oss_body_free(none);
    oss_body_free(file);
    oss_post_form_free(form);
    oss_post_form_free(ours);
    oss_bucket_free(bucket);
    return finish();
}
