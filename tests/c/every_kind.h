/* One upload of every kind. */
#ifndef TEST_EVERY_KIND_H
#define TEST_EVERY_KIND_H

#include "support.h"

enum { KIND_SIZE = 700 << 10, KIND_PART = 200 << 10 };

static inline int32_t read_zeros(void *user_data, void *buffer, size_t capacity, size_t *got) {
    size_t *rest = user_data;
    *got = *rest < capacity ? *rest : capacity;
    memset(buffer, 0, *got);
    *rest -= *got;
    return 0;
}

/* An object with as much metadata as it may have, all of which comes back. Returns how much of that failed. */
static inline int put_much_metadata(const oss_bucket *bucket) {
    oss_put_options *options = oss_put_options_new();
    oss_result *result = NULL;
    char name[20], value[8];
    int failed = 0, count = 0;
    do {
        format(name, sizeof name, "%d", count);
    } while (oss_put_options_add_metadata(options, name, name) == OSS_STATUS_OK && ++count > 0);
    failed += count < 400 || strstr(oss_put_options_error(options), "8192") == NULL;
    failed += oss_put_object(bucket, "kind/metadata", "x", 1, options, NULL) != OSS_STATUS_OK;
    failed += oss_stat_object(bucket, "kind/metadata", &result) != OSS_STATUS_OK;
    for (int i = 0; i < count; i++) {
        format(name, sizeof name, "x-oss-meta-%d", i);
        format(value, sizeof value, "%d", i);
        const char *header = oss_result_header(result, name);
        failed += header == NULL || strcmp(header, value) != 0;
    }
    oss_result_free(result);
    oss_put_options_free(options);
    return failed;
}

/* Returns how many of them failed. */
static inline int upload_every_kind(const oss_bucket *bucket, const char *data) {
    oss_upload_options *options = oss_upload_options_new();
    size_t rest = KIND_SIZE;
    oss_body *bytes = oss_body_from_bytes(data, KIND_SIZE);
    oss_body *reader = oss_body_from_reader(read_zeros, NULL, &rest, OSS_LENGTH_UNKNOWN);
    oss_multipart *multipart = NULL;
    int failed = 0;
    failed += oss_upload_options_set_part_size(options, KIND_PART) != OSS_STATUS_OK;
    failed += oss_upload_options_set_threshold(options, 1) != OSS_STATUS_OK;
    failed += oss_upload_options_set_parallel(options, 3) != OSS_STATUS_OK;

    failed += oss_put_object(bucket, "kind/put", data, KIND_SIZE, NULL, NULL) != OSS_STATUS_OK;
    failed += oss_upload_object(bucket, "kind/managed", bytes, NULL, options, NULL) != OSS_STATUS_OK;
    failed += oss_upload_object(bucket, "kind/reader", reader, NULL, options, NULL) != OSS_STATUS_OK;
    failed += oss_begin_multipart(bucket, "kind/parts", NULL, &multipart, NULL) != OSS_STATUS_OK;
    failed += oss_upload_part(multipart, 1, data, KIND_SIZE, NULL) != OSS_STATUS_OK;
    failed += oss_complete_multipart(multipart, NULL, NULL) != OSS_STATUS_OK;
    failed += oss_stat_object(bucket, "kind/parts", NULL) != OSS_STATUS_OK;
    failed += put_much_metadata(bucket);

    oss_multipart_free(multipart);
    oss_body_free(reader);
    oss_body_free(bytes);
    oss_upload_options_free(options);
    return failed;
}

#endif
