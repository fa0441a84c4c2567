/* Appends the file SOURCE to an object piece by piece, and checks where each append says that the next one goes on. */

#include "support.h"

static oss_bucket *bucket;

/* Appends bytes; the result is the caller's. */
static oss_result *append(const char *key, uint64_t position, const void *data, size_t size,
                          const oss_put_options *options) {
    oss_body *body = oss_body_from_bytes(data, size);
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_append_object(bucket, key, position, body, options, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK(oss_result_next_position(result) == position + size);
    oss_body_free(body);
    return result;
}

static void pieces(const unsigned char *data, size_t size) {
    const char *key = key_of("append");
    oss_put_options *options = oss_put_options_new();
    oss_result *result = NULL;
    uint64_t crc64 = 0;
    size_t position = 0;
    while (position < size) {
        size_t rest = size - position;
        size_t piece = rest < 70001 ? rest : 70001;
        oss_result_free(result);
        CHECK_SETS(oss_put_options_set_previous_crc64(options, crc64));
        result = append(key, position, data + position, piece, options);
        CHECK(oss_result_crc64(result, &crc64));
        position += piece;
    }
    CHECK_STORED(bucket, key, size, result);
    oss_result_free(result);
    clean_up(bucket, key);
    oss_put_options_free(options);
}

static void file_after_bytes(const char *source, size_t size) {
    const char *key = key_of("append-file");
    oss_body *body = oss_body_from_file(source);
    oss_result *result = append(key, 0, "head ", 5, NULL);
    oss_result_free(result);
    CHECK_CALL(OSS_STATUS_OK, oss_append_object(bucket, key, 5, body, NULL, &result));
    CHECK_STORED(bucket, key, 5 + size, result);
    oss_result_free(result);
    clean_up(bucket, key);
    oss_body_free(body);
}

static void wrong_position(void) {
    const char *key = key_of("append-wrong");
    oss_body *body = oss_body_from_bytes("tail", 4);
    oss_result *result = append(key, 0, "head", 4, NULL);
    oss_result_free(result);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_append_object(bucket, key, 3, body, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "PositionNotEqualToLength");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_next_position(result) == 4);
    oss_result_free(result);
    clean_up(bucket, key);
    oss_body_free(body);
}

static void callback_is_refused(void) {
    oss_put_options *options = oss_put_options_new();
    CHECK_REFUSED(oss_put_options_set_header(options, "x-oss-callback", "e30="), oss_put_options_error(options),
                  "an append has none");
    oss_put_options_free(options);
}

int main(void) {
    const char *source = needed_variable("SOURCE");
    size_t size = 0;
    unsigned char *data = read_file(source, &size);
    bucket = open_bucket();
    pieces(data, size);
    file_after_bytes(source, size);
    wrong_position();
    callback_is_refused();
    free(data);
    oss_bucket_free(bucket);
    return finish();
}
