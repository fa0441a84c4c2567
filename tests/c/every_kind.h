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

    oss_multipart_free(multipart);
    oss_body_free(reader);
    oss_body_free(bytes);
    oss_upload_options_free(options);
    return failed;
}

#endif
