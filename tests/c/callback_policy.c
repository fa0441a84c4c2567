/*
 * Uploads whose callback is stored on the bucket: as the policy POLICY, which leads to an application server that answers
 * ANSWER, and as FAILING_POLICY, which leads to one that fails.
 */

#include "support.h"

static oss_callback *callback_of_policy(const char *name) {
    oss_callback *callback = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new_from_policy(name, &callback, &result));
    CHECK_SETS(oss_callback_add_variable(callback, "x:user", "42"));
    return callback;
}

static void check_answer(const oss_result *result) {
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_TEXT(oss_result_body(result, NULL), needed_variable("ANSWER"));
}

static void put(const oss_bucket *bucket, const oss_callback *callback) {
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_put_object_with_callback(bucket, "put", "photo", 5, callback, NULL, &result));
    check_answer(result);
    CHECK_STORED(bucket, "put", 5, result);
    oss_result_free(result);
}

static void put_in_parts(const oss_bucket *bucket, const oss_callback *callback) {
    oss_multipart *multipart = NULL;
    oss_result *result = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_begin_multipart(bucket, "parts", NULL, &multipart, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, "film", 4, &result));
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart(multipart, callback, &result));
    check_answer(result);
    oss_result_free(result);
    oss_multipart_free(multipart);
}

static void put_to_url(const oss_bucket *bucket, const oss_callback *callback) {
    oss_presigned *presigned = NULL;
    oss_body *body = oss_body_from_bytes("text", 4);
    oss_result *result = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_presign_put(bucket, "url", callback, NULL, 60, &presigned, &result));
    CHECK_CALL(OSS_STATUS_OK, oss_put_to_url(presigned, body, NULL, &result));
    check_answer(result);
    oss_result_free(result);
    oss_body_free(body);
    oss_presigned_free(presigned);
}

static void failed(const oss_bucket *bucket) {
    oss_callback *callback = callback_of_policy(needed_variable("FAILING_POLICY"));
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_CALLBACK_FAILED,
               oss_put_object_with_callback(bucket, "failed", "photo", 5, callback, NULL, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_CONTAINS(oss_result_message(result), "500");
    oss_result_free(result);
    oss_callback_free(callback);
}

static void unknown(const oss_bucket *bucket) {
    oss_callback *callback = callback_of_policy("nobody stored this");
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_SERVICE,
               oss_put_object_with_callback(bucket, "unknown", "photo", 5, callback, NULL, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_http_status(result) == 400);
    CHECK_TEXT(oss_result_error_code(result), "InvalidArgument");
    oss_result_free(result);
    oss_callback_free(callback);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    oss_callback *callback = callback_of_policy(needed_variable("POLICY"));
    put(bucket, callback);
    put_in_parts(bucket, callback);
    put_to_url(bucket, callback);
    failed(bucket);
    unknown(bucket);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    return finish();
}
