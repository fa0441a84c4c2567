/*
 * Uploads the file SOURCE in three parts, and ends such uploads in every way there is. With CALLBACK_URL and
 * FAILING_CALLBACK_URL, application servers are called.
 */

#include "support.h"

#define SMALLEST 102400

static oss_bucket *bucket;
static unsigned char *data;
static size_t size;

static oss_multipart *begin(const char *key) {
    oss_multipart *multipart = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_begin_multipart(bucket, key, NULL, &multipart, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    if (multipart == NULL) {
        give_up("oss_begin_multipart", oss_result_message(result));
    }
    oss_result_free(result);
    CHECK(oss_multipart_upload_id(multipart)[0] != '\0');
    return multipart;
}

/* Uploads the piece of the source that belongs into this part; its ETag goes into the list, if there is one. */
static void upload(oss_multipart *multipart, uint32_t number, oss_part_list *list) {
    size_t from = (number - 1) * (size_t)SMALLEST;
    size_t length = number < 3 ? SMALLEST : size - from;
    oss_result *result = NULL;
    uint64_t crc64;
    if (number == 2) {
        oss_body *body = oss_body_from_file_range(needed_variable("SOURCE"), from, length);
        CHECK_CALL(OSS_STATUS_OK, oss_upload_part_body(multipart, number, body, &result));
        oss_body_free(body);
    } else {
        CHECK_CALL(OSS_STATUS_OK, oss_upload_part(multipart, number, data + from, length, &result));
    }
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(strlen(oss_result_etag(result)) == 32);
    CHECK(oss_result_crc64(result, &crc64));
    if (list != NULL) {
        CHECK_SETS(oss_part_list_add(list, number, oss_result_etag(result)));
    }
    oss_result_free(result);
}

static oss_callback *callback_to(const char *url) {
    oss_callback *callback = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(url, "object=${object}&size=${size}", &callback, &result));
    return callback;
}

static void check_completed(const char *key, oss_result *result) {
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_STORED(bucket, key, size, result);
    oss_result_free(result);
    clean_up(bucket, key);
}

static void completed(void) {
    const char *key = key_of("completed");
    oss_multipart *multipart = begin(key);
    oss_result *result = NULL;
    /* In any order, and one of them twice. */
    upload(multipart, 3, NULL);
    upload(multipart, 1, NULL);
    upload(multipart, 2, NULL);
    upload(multipart, 1, NULL);
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart(multipart, NULL, &result));
    check_completed(key, result);
    /* It is over. */
    CHECK_CALL(OSS_STATUS_SERVICE, oss_upload_part(multipart, 1, data, SMALLEST, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchUpload");
    oss_result_free(result);
    oss_multipart_free(multipart);
}

static void completed_with_callback(void) {
    const char *key = key_of("called/completed");
    oss_multipart *multipart = begin(key);
    oss_callback *callback = callback_to(variable("CALLBACK_URL"));
    oss_result *result = NULL;
    size_t length = 0;
    for (uint32_t number = 1; number <= 3; number++) {
        upload(multipart, number, NULL);
    }
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart(multipart, callback, &result));
    CHECK(oss_result_body(result, &length) != NULL && length > 0);
    if (variable("ANSWER") != NULL) {
        CHECK_TEXT(oss_result_body(result, NULL), variable("ANSWER"));
        CHECK_TEXT(oss_result_content_type(result), needed_variable("ANSWER_TYPE"));
    }
    check_completed(key, result);
    oss_callback_free(callback);
    oss_multipart_free(multipart);
}

static void callback_failed(void) {
    const char *key = key_of("called/failed");
    oss_multipart *multipart = begin(key);
    oss_callback *callback = callback_to(variable("FAILING_CALLBACK_URL"));
    oss_result *result = NULL;
    for (uint32_t number = 1; number <= 3; number++) {
        upload(multipart, number, NULL);
    }
    CHECK_CALL(OSS_STATUS_CALLBACK_FAILED, oss_complete_multipart(multipart, callback, &result));
    CHECK(oss_result_http_status(result) == 203);
    CHECK(oss_result_attempts(result) == 1);
    CHECK_TEXT(oss_result_error_code(result), "CallbackFailed");
    CHECK(oss_result_ec(result)[0] != '\0');
    check_completed(key, result);
    oss_callback_free(callback);
    oss_multipart_free(multipart);
}

static void reopened(void) {
    const char *key = key_of("reopened");
    oss_multipart *multipart = begin(key), *again = NULL;
    char upload_id[1024];
    oss_result *result = NULL;

    upload(multipart, 1, NULL);
    upload(multipart, 2, NULL);
    format(upload_id, sizeof upload_id, "%s", oss_multipart_upload_id(multipart));
    oss_multipart_free(multipart);

    CHECK_ENDS(OSS_STATUS_OK, oss_reopen_multipart(bucket, key, upload_id, &again, &result));
    CHECK_TEXT(oss_multipart_upload_id(again), upload_id);
    upload(again, 3, NULL);
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart(again, NULL, &result));
    check_completed(key, result);
    oss_multipart_free(again);

    again = (oss_multipart *)&failures;
    CHECK_CALL(OSS_STATUS_SERVICE, oss_reopen_multipart(bucket, key, upload_id, &again, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchUpload");
    CHECK(again == NULL);
    oss_result_free(result);
}

static void completed_with_parts(void) {
    const char *key = key_of("with-parts");
    oss_multipart *multipart = begin(key), *other = NULL;
    oss_part_list *list = oss_part_list_new(), *wrong = oss_part_list_new(), *there = NULL;
    oss_result *result = NULL;

    upload(multipart, 3, list);
    upload(multipart, 1, list);
    upload(multipart, 2, list);
    /* This one is not to be in it. */
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 4, "four", 4, &result));

    CHECK(oss_part_list_count(list) == 3);
    CHECK(oss_part_list_number(list, 0) == 3 && oss_part_list_number(list, 3) == 0);
    CHECK(oss_part_list_size(list, 0) == 0);
    CHECK(!oss_part_list_crc64(list, 0, NULL));
    CHECK_REFUSED(oss_part_list_add(list, 1, "etag"), oss_part_list_error(list), "part 1");
    CHECK_REFUSED(oss_part_list_add(list, 0, "etag"), oss_part_list_error(list), "0");
    CHECK_REFUSED(oss_part_list_add(list, 10001, "etag"), oss_part_list_error(list), "10001");
    CHECK_REFUSED(oss_part_list_add(list, 5, ""), oss_part_list_error(list), "ETag");
    CHECK_REFUSED(oss_part_list_add(list, 5, "a\nb"), oss_part_list_error(list), "control");
    CHECK(oss_part_list_count(list) == 3);

    CHECK_SETS(oss_part_list_add(wrong, 1, "\"00000000000000000000000000000000\""));
    CHECK_TEXT(oss_part_list_etag(wrong, 0), "00000000000000000000000000000000");
    CHECK_CALL(OSS_STATUS_SERVICE, oss_complete_multipart_with_parts(multipart, wrong, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "InvalidPart");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    oss_part_list_free(wrong);
    wrong = oss_part_list_new();
    CHECK_ENDS(OSS_STATUS_INVALID_ARGUMENT, oss_complete_multipart_with_parts(multipart, wrong, NULL, &result));
    oss_part_list_free(wrong);

    CHECK_ENDS(OSS_STATUS_OK, oss_list_parts(multipart, &there, &result));
    CHECK(oss_part_list_count(there) == 4);
    for (size_t i = 0; i < 4; i++) {
        uint64_t crc64 = 0;
        CHECK(oss_part_list_number(there, i) == i + 1);
        CHECK(oss_part_list_size(there, i) == (i < 2 ? SMALLEST : i == 2 ? size - 2 * SMALLEST : 4));
        CHECK(strlen(oss_part_list_etag(there, i)) == 32);
        CHECK(oss_part_list_crc64(there, i, &crc64) && crc64 != 0);
    }
    oss_part_list_free(there);

    /* By a handle that has not seen the parts. */
    CHECK_ENDS(OSS_STATUS_OK,
               oss_reopen_multipart(bucket, key, oss_multipart_upload_id(multipart), &other, &result));
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart_with_parts(other, list, NULL, &result));
    check_completed(key, result);
    oss_part_list_free(list);
    oss_multipart_free(other);
    oss_multipart_free(multipart);
}

static void completed_with_all(void) {
    const char *key = key_of("with-all");
    oss_multipart *multipart = begin(key);
    oss_result *result = NULL;
    for (uint32_t number = 3; number >= 1; number--) {
        upload(multipart, number, NULL);
    }
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart_with_all(multipart, NULL, &result));
    check_completed(key, result);
    oss_multipart_free(multipart);
}

static void aborted(void) {
    const char *key = key_of("aborted");
    oss_multipart *multipart = begin(key);
    oss_part_list *parts = (oss_part_list *)&failures;
    oss_result *result = NULL;

    upload(multipart, 1, NULL);
    CHECK_ENDS(OSS_STATUS_OK, oss_abort_multipart(multipart, &result));
    CHECK_CALL(OSS_STATUS_SERVICE, oss_upload_part(multipart, 2, data, SMALLEST, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchUpload");
    CHECK(oss_result_http_status(result) == 404);
    oss_result_free(result);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_list_parts(multipart, &parts, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchUpload");
    CHECK(parts == NULL);
    oss_result_free(result);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_complete_multipart(multipart, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchUpload");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_abort_multipart(multipart, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchUpload");
    oss_result_free(result);
    oss_multipart_free(multipart);
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key, &result));
}

static void rules(void) {
    const char *key = key_of("rules");
    oss_multipart *multipart = begin(key);
    static const uint32_t bad[] = {0, 10001, UINT32_MAX};
    oss_result *result = NULL;

    for (int i = 0; i < 3; i++) {
        char number[16];
        CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_upload_part(multipart, bad[i], "x", 1, &result));
        format(number, sizeof number, "%" PRIu32, bad[i]);
        CHECK_CONTAINS(oss_result_message(result), number);
        CHECK_CONTAINS(oss_result_message(result), "10000");
        oss_result_free(result);
    }
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_complete_multipart(multipart, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), "part");
    oss_result_free(result);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, data, SMALLEST - 1, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 10000, "", 0, &result));
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_complete_multipart(multipart, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), "102400");
    CHECK_CONTAINS(oss_result_message(result), "part 1");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    /* It is all still there: with a larger first part it can be completed. */
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, data, SMALLEST, &result));
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart(multipart, NULL, &result));
    CHECK_STORED(bucket, key, SMALLEST, result);
    oss_result_free(result);
    clean_up(bucket, key);
    oss_multipart_free(multipart);
}

/* What an upload was begun with, its object has; and the bucket may be freed before the upload. */
static void options_and_order_of_frees(void) {
    const char *key = key_of("options");
    oss_bucket *other = open_bucket();
    oss_put_options *options = oss_put_options_new();
    oss_multipart *multipart = NULL;
    oss_result *result = NULL;

    CHECK_SETS(oss_put_options_set_content_type(options, "text/x-parts"));
    CHECK_SETS(oss_put_options_add_metadata(options, "made-of", "parts"));
    CHECK_SETS(oss_put_options_set_traffic_limit(options, 838860800));
    CHECK_ENDS(OSS_STATUS_OK, oss_begin_multipart(other, key, options, &multipart, &result));
    oss_put_options_free(options);
    oss_bucket_free(other);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, data, 1000, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_complete_multipart(multipart, NULL, &result));
    oss_multipart_free(multipart);
    CHECK_CALL(OSS_STATUS_OK, oss_stat_object(bucket, key, &result));
    CHECK_TEXT(oss_result_content_type(result), "text/x-parts");
    CHECK_TEXT(oss_result_header(result, "x-oss-meta-made-of"), "parts");
    oss_result_free(result);
    clean_up(bucket, key);
}

int main(void) {
    bucket = open_bucket();
    data = read_file(needed_variable("SOURCE"), &size);
    CHECK(size > 2 * SMALLEST);
    completed();
    if (variable("CALLBACK_URL") != NULL) {
        completed_with_callback();
    }
    if (variable("FAILING_CALLBACK_URL") != NULL) {
        callback_failed();
    }
    reopened();
    completed_with_parts();
    completed_with_all();
    aborted();
    rules();
    options_and_order_of_frees();
    free(data);
    oss_bucket_free(bucket);
    return finish();
}
