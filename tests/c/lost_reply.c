/*
 * What is done about lost replies, as the options have it. The emulator that serves OSS_ENDPOINT closes the connection
 * without a reply: below "stored/", once the object is stored and the callback at CALLBACK_URL made, of the first request;
 * below "lost/", of every put, which it does not carry out.
 */

#include "support.h"

#define TOKEN "x-oss-meta-oss-upload-token"

static oss_callback *callback;

static oss_result *put(const oss_bucket *bucket, oss_status expected, const char *key, const oss_callback *notify,
                       const oss_put_options *options) {
    oss_result *result = NULL;
    if (notify != NULL) {
        CHECK_CALL(expected, oss_put_object_with_callback(bucket, key, "data", 4, notify, options, &result));
    } else {
        CHECK_CALL(expected, oss_put_object(bucket, key, "data", 4, options, &result));
    }
    return result;
}

static void deliveries(const oss_bucket *bucket) {
    oss_put_options *options = oss_put_options_new();
    oss_result *result = put(bucket, OSS_STATUS_CALLBACK_UNKNOWN, "stored/by default", callback, options);
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK(oss_result_attempts(result) == 1 && oss_result_callback_repeats(result) == 0);
    oss_result_free(result);

    CHECK_SETS(oss_put_options_set_callback_delivery(options, OSS_CALLBACK_AT_LEAST_ONCE));
    result = put(bucket, OSS_STATUS_OK, "stored/at least", callback, options);
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK(oss_result_callback_repeats(result) == 1);
    oss_result_free(result);
    /* Who is answered at once has nothing repeated. */
    result = put(bucket, OSS_STATUS_OK, "answered", callback, options);
    CHECK(oss_result_attempts(result) == 1 && oss_result_callback_repeats(result) == 0);
    oss_result_free(result);

    CHECK_REFUSED(oss_put_options_set_callback_delivery(options, 2), oss_put_options_error(options), "2");
    CHECK_SETS(oss_put_options_set_callback_delivery(options, OSS_CALLBACK_AT_MOST_ONCE));
    result = put(bucket, OSS_STATUS_CALLBACK_UNKNOWN, "stored/at most", callback, options);
    CHECK(oss_result_attempts(result) == 1 && oss_result_callback_repeats(result) == 0);
    oss_result_free(result);
    oss_put_options_free(options);
}

/* The token that an object is stored with, or an empty text. */
static void token_of(const oss_bucket *bucket, const char *key, char token[33]) {
    oss_result *result = NULL;
    const char *found;
    CHECK_CALL(OSS_STATUS_OK, oss_stat_object(bucket, key, &result));
    found = oss_result_header(result, TOKEN);
    format(token, 33, "%s", found ? found : "");
    oss_result_free(result);
}

/* The sum of what an attempt, or all of them, took, the pauses apart. */
static uint64_t time_of(const oss_result *result, size_t index) {
    uint64_t us = 0;
    for (int32_t phase = OSS_PHASE_RESOLVING; phase <= OSS_PHASE_RECEIVING; phase++) {
        us += index == SIZE_MAX ? oss_result_sum_us(result, phase) : oss_result_attempt_us(result, index, phase);
    }
    return us;
}

/* What was sent, and what was looked up, is told one by one. */
static void attempts(const oss_bucket *bucket) {
    oss_result *result = put(bucket, OSS_STATUS_CALLBACK_UNKNOWN, "stored/told", callback, NULL);
    CHECK(oss_result_attempt_count(result) == 2 && oss_result_sum_attempts(result) == 2);
    CHECK_TEXT(oss_result_attempt_operation(result, 0), "PutObject");
    CHECK_TEXT(oss_result_attempt_operation(result, 1), "HeadObject");
    CHECK(oss_result_attempt_number(result, 1) == 2 && oss_result_attempt_part_number(result, 1) == 0);
    CHECK(oss_result_attempt_status(result, 0) == OSS_STATUS_NETWORK);
    CHECK(oss_result_attempt_status(result, 1) == OSS_STATUS_OK);
    CHECK(oss_result_attempt_http_status(result, 0) == 0 && oss_result_attempt_http_status(result, 1) == 200);
    CHECK_TEXT(oss_result_attempt_request_id(result, 0), "");
    CHECK_TEXT(oss_result_attempt_request_id(result, 1), oss_result_request_id(result));
    CHECK_TEXT(oss_result_attempt_error_code(result, 1), "");
    CHECK_CONTAINS(oss_result_attempt_address(result, 0), ":");
    CHECK_TEXT(oss_result_attempt_reason(result, 1), "");
    CHECK(oss_result_attempt_is_reused(result, 1) == 0 && oss_result_attempt_is_counted(result, 1) == 1);
    CHECK(oss_result_attempt_bytes_sent(result, 0) > 4);
    CHECK(oss_result_attempt_bytes_acknowledged(result, 1) == oss_result_attempt_bytes_sent(result, 1));
    CHECK(time_of(result, 0) > 0 && time_of(result, 1) > 0);
    CHECK(time_of(result, SIZE_MAX) >= time_of(result, 0) + time_of(result, 1));
    CHECK(oss_result_sum_bytes_sent(result) ==
          oss_result_attempt_bytes_sent(result, 0) + oss_result_attempt_bytes_sent(result, 1));
    CHECK(oss_result_sum_bytes_acknowledged(result) <= oss_result_sum_bytes_sent(result));
    oss_result_free(result);
}

static void tokens(const oss_bucket *bucket) {
    oss_put_options *options = oss_put_options_new();
    char one[33], other[33];
    oss_result_free(put(bucket, OSS_STATUS_OK, "none", NULL, options));
    token_of(bucket, "none", one);
    CHECK_TEXT(one, "");

    CHECK_SETS(oss_put_options_set_write_token(options, 1));
    oss_result_free(put(bucket, OSS_STATUS_OK, "one", NULL, options));
    oss_result_free(put(bucket, OSS_STATUS_OK, "other", NULL, options));
    token_of(bucket, "one", one);
    token_of(bucket, "other", other);
    CHECK(strlen(one) == 32 && strspn(one, "0123456789abcdef") == 32);
    CHECK(strlen(other) == 32 && strcmp(one, other) != 0);

    CHECK_SETS(oss_put_options_set_write_token(options, 0));
    oss_result_free(put(bucket, OSS_STATUS_OK, "none", NULL, options));
    token_of(bucket, "none", one);
    CHECK_TEXT(one, "");
    oss_put_options_free(options);
}

static void looked_for(const char *key, uint64_t settling_ms) {
    oss_bucket_options *options = bucket_options();
    oss_bucket *bucket;
    oss_result *result;
    CHECK_SETS(oss_bucket_options_set_settling_time_ms(options, settling_ms));
    bucket = open_bucket_with(options);
    result = put(bucket, OSS_STATUS_NETWORK, key, callback, NULL);
    CHECK(oss_result_stored(result) == OSS_STORED_UNKNOWN);
    oss_result_free(result);
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(needed_variable("CALLBACK_URL"), "${object}", &callback, &result));
    deliveries(bucket);
    attempts(bucket);
    tokens(bucket);
    looked_for("lost/once", 0);
    looked_for("lost/often", 300);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    return finish();
}
