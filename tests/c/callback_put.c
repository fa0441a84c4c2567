/*
 * Uploads with a callback, to an application server at CALLBACK_URL that answers well, and to one at
 * FAILING_CALLBACK_URL that does not. ANSWER is what the first is known to answer, ANSWER_TYPE its content type.
 */

#include "support.h"

#define TEMPLATE "bucket=${bucket}&object=${object}&size=${size}&user=${x:user}"

static oss_callback *new_callback(const char *url) {
    oss_callback *callback = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_callback_new(url, TEMPLATE, &callback, &result));
    oss_result_free(result);
    CHECK_SETS(oss_callback_add_variable(callback, "x:user", "42 & more"));
    CHECK_TEXT(oss_callback_error(callback), "");
    return callback;
}

static void answered(const oss_bucket *bucket) {
    oss_callback *callback = new_callback(needed_variable("CALLBACK_URL"));
    const char *key = key_of("answered/photo.jpg");
    oss_result *result = NULL;
    uint64_t crc64 = 0;
    size_t length = 0;

    CHECK_CALL(OSS_STATUS_OK, oss_put_object_with_callback(bucket, key, "photo", 5, callback, NULL, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK(oss_result_http_status(result) == 200);
    CHECK(oss_result_body(result, &length) != NULL);
    CHECK(strlen(oss_result_body(result, NULL)) == length);
    CHECK(length > 0);
    if (variable("ANSWER") != NULL) {
        CHECK_TEXT(oss_result_body(result, NULL), variable("ANSWER"));
        CHECK_TEXT(oss_result_content_type(result), needed_variable("ANSWER_TYPE"));
    }
    CHECK_TEXT(oss_result_message(result), "");
    CHECK_TEXT(oss_result_error_code(result), "");
    CHECK_TEXT(oss_result_etag(result), "5AE0C1C8A5260BC7B6648F6FBD115C35");
    CHECK(oss_result_request_id(result)[0] != '\0');
    CHECK(oss_result_crc64(result, &crc64));
    CHECK_STORED(bucket, key, 5, result);
    oss_result_free(result);
    clean_up(bucket, key);

    /* The same callback again, from a file. */
    key = key_of("answered/file.txt");
    CHECK_CALL(OSS_STATUS_OK,
               oss_put_file_with_callback(bucket, key, needed_variable("SOURCE"), callback, NULL, &result));
    CHECK_CONTAINS(oss_result_body(result, NULL), variable("ANSWER") ? variable("ANSWER") : "");
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    oss_result_free(result);
    clean_up(bucket, key);
    oss_callback_free(callback);
}

/* OSS calls again for an object that is there, and for others not. */
static void triggered(const oss_bucket *bucket) {
    oss_callback *callback = new_callback(needed_variable("CALLBACK_URL"));
    oss_callback *failing = new_callback(needed_variable("FAILING_CALLBACK_URL"));
    oss_put_options *options = oss_put_options_new();
    oss_presigned *presigned = NULL;
    const char *key = key_of("triggered/photo.jpg");
    oss_result *result = NULL;
    size_t length = 0;

    CHECK_CALL(OSS_STATUS_SERVICE, oss_trigger_callback(bucket, key, callback, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchKey");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);

    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, key, "photo", 5, NULL, &result));
    CHECK_SETS(oss_put_options_set_callback_delivery(options, OSS_CALLBACK_AT_LEAST_ONCE));
    CHECK_CALL(OSS_STATUS_OK, oss_trigger_callback(bucket, key, callback, options, &result));
    CHECK_TEXT(oss_result_body(result, NULL), needed_variable("ANSWER"));
    CHECK_TEXT(oss_result_content_type(result), needed_variable("ANSWER_TYPE"));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK(oss_result_callback_repeats(result) == 0);
    oss_result_free(result);

    CHECK_CALL(OSS_STATUS_CALLBACK_FAILED, oss_trigger_callback(bucket, key, failing, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "CallbackFailed");
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    oss_result_free(result);

    CHECK_ENDS(OSS_STATUS_OK, oss_presign_trigger_callback(bucket, key, callback, 900, &presigned, &result));
    CHECK_TEXT(oss_presigned_method(presigned), "POST");
    CHECK(oss_presigned_header_count(presigned) == 2);
    CHECK_CONTAINS(oss_presigned_body(presigned, &length), "x-oss-process=trigger/callback,callback_");
    CHECK(length == strlen(oss_presigned_body(presigned, NULL)));
    oss_presigned_free(presigned);
    clean_up(bucket, key);
    oss_put_options_free(options);
    oss_callback_free(failing);
    oss_callback_free(callback);
}

static void failed(const oss_bucket *bucket) {
    oss_callback *callback = new_callback(needed_variable("FAILING_CALLBACK_URL"));
    const char *key = key_of("failed/photo.jpg");
    oss_result *result = NULL;
    uint64_t crc64 = 0;

    CHECK_CALL(OSS_STATUS_CALLBACK_FAILED,
               oss_put_object_with_callback(bucket, key, "photo", 5, callback, NULL, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK(oss_result_http_status(result) == 203);
    CHECK(oss_result_attempts(result) == 1);
    CHECK_TEXT(oss_result_error_code(result), "CallbackFailed");
    CHECK(oss_result_ec(result)[0] != '\0');
    CHECK_TEXT(oss_result_etag(result), "5AE0C1C8A5260BC7B6648F6FBD115C35");
    CHECK(oss_result_request_id(result)[0] != '\0');
    CHECK(oss_result_crc64(result, &crc64));
    CHECK_CONTAINS(oss_result_message(result), "CallbackFailed");
    CHECK_CONTAINS(oss_result_message(result), "stored");
    CHECK_CONTAINS(oss_result_message(result), "500");
    CHECK_CONTAINS(oss_result_body(result, NULL), "<Code>CallbackFailed</Code>");
    CHECK_STORED(bucket, key, 5, result);
    oss_result_free(result);
    clean_up(bucket, key);
    oss_callback_free(callback);
}

static void not_made(const char *url, const char *body, const char *rule) {
    oss_callback *callback = (oss_callback *)&failures;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_callback_new(url, body, &callback, &result));
    CHECK_CONTAINS(oss_result_message(result), rule);
    CHECK(callback == NULL);
    oss_result_free(result);
}

/* Puts with a callback that breaks a rule which shows only when all of it is there. */
static void not_sent(const oss_bucket *bucket, const oss_callback *callback, const char *rule) {
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT,
               oss_put_object_with_callback(bucket, key_of("refused/photo.jpg"), "photo", 5, callback, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), rule);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_attempts(result) == 0);
    oss_result_free(result);
}

static void refused(const oss_bucket *bucket) {
    static char huge[6000];
    oss_callback *callback = NULL;
    oss_string *encoded = (oss_string *)&failures, *variables = (oss_string *)&failures;
    oss_result *result = NULL;

    not_made("", "a", "empty");
    not_made("ftp://a.example.com", "a", "http");
    not_made("http://", "a", "host");
    not_made("http://a.example.com/\r\nX: y", "a", "control");
    not_made("http://a.example.com/x;http://b.example.com", "a", "semicolon");
    not_made("http://a.example.com", "", "empty");
    not_made("http://a.example.com", "${objekt}", "objekt");
    not_made("http://a.example.com", "${object", "closed");

    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new("http://a.example.com", "u=${x:user}", &callback, &result));
    not_sent(bucket, callback, "x:user");
    CHECK_REFUSED(oss_callback_add_variable(callback, "user", "1"), oss_callback_error(callback), "x:");
    CHECK_REFUSED(oss_callback_add_variable(callback, "x:User", "1"), oss_callback_error(callback), "lower-case");
    CHECK_REFUSED(oss_callback_add_variable(callback, "x:", "1"), oss_callback_error(callback), "x:");
    CHECK_REFUSED(oss_callback_set_host(callback, "a\r\nX: y"), oss_callback_error(callback), "host");
    CHECK_REFUSED(oss_callback_set_host(callback, ""), oss_callback_error(callback), "host");
    CHECK_REFUSED(oss_callback_set_body_type(callback, 2), oss_callback_error(callback), "2");
    for (int i = 0; i < 4; i++) {
        CHECK_SETS(oss_callback_add_url(callback, "b.example.com"));
    }
    CHECK_REFUSED(oss_callback_add_url(callback, "b.example.com"), oss_callback_error(callback), "5");
    memset(huge, 'v', sizeof huge - 1);
    CHECK_SETS(oss_callback_add_variable(callback, "x:user", huge));
    CHECK_REFUSED(oss_callback_add_variable(callback, "x:user", "1"), oss_callback_error(callback), "twice");
    not_sent(bucket, callback, "5120");
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_callback_encode(callback, &encoded, &variables, &result));
    CHECK_CONTAINS(oss_result_message(result), "5120");
    CHECK(encoded == NULL && variables == NULL);
    oss_result_free(result);
    oss_callback_free(callback);

    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new_from_policy("policy", &callback, &result));
    CHECK_REFUSED(oss_callback_add_url(callback, "b.example.com"), oss_callback_error(callback), "policy");
    oss_callback_free(callback);
}

/* What a setter refused, and a callback that is encoded, leave no trace in the callback. */
static void encoded(void) {
    oss_callback *callback = NULL;
    oss_string *text = NULL, *variables = NULL;

    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new("http://a.example.com/cb", "o=${object}", &callback, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_encode(callback, &text, &variables, &result));
    CHECK(variables == NULL);
    CHECK(oss_string_len(text) > 0 && strlen(oss_string_data(text)) == oss_string_len(text));
    oss_string_free(text);
    CHECK_SETS(oss_callback_set_body_type(callback, OSS_CALLBACK_BODY_JSON));
    CHECK_SETS(oss_callback_set_sni(callback, 256));
    CHECK_SETS(oss_callback_set_host(callback, "other.example.com"));
    CHECK_SETS(oss_callback_add_variable(callback, "x:a", ""));
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_encode(callback, &text, &variables, &result));
    CHECK(oss_string_len(text) > 0 && oss_string_len(variables) > 0);
    oss_string_free(text);
    oss_string_free(variables);
    oss_callback_free(callback);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    encoded();
    refused(bucket);
    if (variable("CALLBACK_URL") != NULL) {
        answered(bucket);
    }
    if (variable("FAILING_CALLBACK_URL") != NULL) {
        failed(bucket);
        triggered(bucket);
    }
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key_of("refused/photo.jpg"), &result));
    oss_bucket_free(bucket);
    return finish();
}
