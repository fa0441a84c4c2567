/*
 * Uploads objects under the keys of the file KEYS, each of which ends with a NUL there. What an object holds is its key.
 * Then asks for one key that is too long.
 */

#include "support.h"

int main(void) {
    oss_bucket *bucket = open_bucket();
    size_t size = 0;
    char *keys = (char *)read_file(needed_variable("KEYS"), &size);
    char too_long[1025];

    for (const char *key = keys; key < keys + size; key += strlen(key) + 1) {
        oss_result *result = NULL;
        CHECK_CALL(OSS_STATUS_OK, oss_put_object(bucket, key, key, strlen(key), NULL, &result));
        CHECK(oss_result_stored(result) == OSS_STORED_YES);
        CHECK_STORED(bucket, key, strlen(key), result);
        oss_result_free(result);
        clean_up(bucket, key);
    }

    memset(too_long, 'k', sizeof too_long - 1);
    too_long[1024] = '\0';
    {
        oss_result *result = NULL;
        CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_put_object(bucket, too_long, "x", 1, NULL, &result));
        CHECK_CONTAINS(oss_result_message(result), "1023");
        CHECK(oss_result_stored(result) == OSS_STORED_NO);
        CHECK(oss_result_attempts(result) == 0);
        oss_result_free(result);
    }
    for (int i = 0; i < 3; i++) {
        static const char *const bad[] = {"", "/leading", "\\leading"};
        oss_result *result = NULL;
        CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_put_object(bucket, bad[i], "x", 1, NULL, &result));
        CHECK_CONTAINS(oss_result_message(result), "key");
        oss_result_free(result);
        CHECK_ENDS(OSS_STATUS_INVALID_ARGUMENT, oss_stat_object(bucket, bad[i], &result));
        CHECK_ENDS(OSS_STATUS_INVALID_ARGUMENT, oss_remove_object(bucket, bad[i], &result));
    }

    free(keys);
    oss_bucket_free(bucket);
    return finish();
}
