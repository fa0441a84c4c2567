/* Handles with limits of their own: a call through one is ended, and everything else goes on. What is below "silent/" the
 * emulator that serves OSS_ENDPOINT does not answer. */

#include "support.h"

enum { PART = 102400, SHORT_MS = 200, LONG_MS = 600000 };

static oss_bucket *bucket;

static oss_bucket *limited_bucket(uint64_t deadline_ms, const oss_cancel *cancel) {
    oss_bucket *limited = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_bucket_with_limits(bucket, deadline_ms, cancel, &limited, &result));
    oss_result_free(result);
    return limited;
}

static oss_multipart *limited_multipart(oss_multipart *multipart, uint64_t deadline_ms, const oss_cancel *cancel) {
    oss_multipart *limited = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_multipart_with_limits(multipart, deadline_ms, cancel, &limited, &result));
    CHECK_TEXT(oss_multipart_upload_id(limited), oss_multipart_upload_id(multipart));
    oss_result_free(result);
    return limited;
}

static oss_cancel *fired(void) {
    oss_cancel *cancel = oss_cancel_new();
    oss_cancel_fire(cancel);
    return cancel;
}

static void of_a_bucket(void) {
    oss_cancel *cancel = fired();
    oss_bucket *hurried = limited_bucket(SHORT_MS, NULL), *cancelled = limited_bucket(0, cancel);
    oss_bucket *patient = limited_bucket(LONG_MS, NULL);
    oss_upload_list *uploads = NULL;
    oss_cancel_free(cancel);

    CHECK_ENDS(OSS_STATUS_TIMEOUT, oss_stat_object(hurried, "silent/stat", &result));
    CHECK_ENDS(OSS_STATUS_TIMEOUT, oss_remove_object(hurried, "silent/remove", &result));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_stat_object(cancelled, "any", &result));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_list_uploads(cancelled, NULL, 1, &uploads, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(patient, "in time", "x", 1, NULL, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_stat_object(bucket, "in time", &result));

    oss_bucket_free(patient);
    oss_bucket_free(cancelled);
    oss_bucket_free(hurried);
}

static void of_an_upload_in_parts(const unsigned char *data) {
    oss_cancel *cancel = fired(), *unfired = oss_cancel_new();
    oss_bucket *short_lived = limited_bucket(0, unfired);
    oss_multipart *multipart = NULL, *cancelled, *limited;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_begin_multipart(short_lived, "parts", NULL, &multipart, &result));
    oss_result_free(result);
    cancelled = limited_multipart(multipart, 0, cancel);
    limited = limited_multipart(multipart, LONG_MS, NULL);
    /* What it was begun with ends here, and does not count for a handle with limits of its own. */
    oss_cancel_fire(unfired);
    oss_bucket_free(short_lived);

    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_upload_part(multipart, 1, data, PART, &result));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_upload_part(cancelled, 1, data, PART, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(limited, 1, data, PART, &result));
    oss_multipart_free(cancelled);
    cancelled = limited_multipart(limited, 0, NULL);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(cancelled, 2, data + PART, PART, &result));
    CHECK_CALL(OSS_STATUS_OK, oss_complete_multipart(limited, NULL, &result));
    CHECK_STORED(bucket, "parts", 2 * PART, result);
    oss_result_free(result);

    oss_multipart_free(cancelled);
    oss_multipart_free(limited);
    oss_multipart_free(multipart);
    oss_cancel_free(unfired);
    oss_cancel_free(cancel);
}

int main(void) {
    unsigned char *data = calloc(2, PART);
    bucket = open_bucket();
    of_a_bucket();
    of_an_upload_in_parts(data);
    free(data);
    oss_bucket_free(bucket);
    return finish();
}
