/*
 * Paths are bytes: the files and folders here have names in GBK, which are no UTF-8. They are in SCRATCH, and files have
 * PART * PARTS bytes. The server at FAILING_URL answers callbacks with an error.
 */

#include "reader.h"

enum { PART = 102400, PARTS = 4, SIZE = PART * PARTS };

/* Two names that look alike where they are shown. */
#define REPORT "\xb1\xa8\xb8\xe6.txt"
#define OTHER "\xb1\xa9\xb8\xe6.txt"
#define RECORDS "\xbc\xc7\xc2\xbc"
#define OUTBOX "\xb7\xa2\xbc\xfe"

static oss_bucket *bucket;
static unsigned char data[SIZE];

static void write_file(const char *name) {
    FILE *file = fopen(path_of(name), "wb");
    CHECK(file != NULL && fwrite(data, 1, SIZE, file) == SIZE && fclose(file) == 0);
}

static void put(const char *key, oss_body *body, size_t size) {
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_put_body(bucket, key, body, NULL, NULL, &result));
    CHECK_STORED(bucket, key, size, result);
    oss_result_free(result);
    oss_body_free(body);
}

/* A message has it in one line, of valid text. */
static void missing(void) {
    oss_result *result = NULL;
    oss_body *body = oss_body_from_file(path_of("\xb1\xa8\n"));
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_put_body(bucket, "refused", body, NULL, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), "/\xef\xbf\xbd\xef\xbf\xbd\\n: No such file");
    oss_result_free(result);
    oss_body_free(body);
}

/* Uploads a file in parts, one at a time, until OSS has accepted `enough` bytes, or to its end. Returns how much was sent. */
static uint64_t upload(const char *name, uint64_t enough) {
    oss_upload_options *options = oss_upload_options_new();
    struct watcher watcher = watcher_of(SIZE);
    oss_body *body = oss_body_from_file(path_of(name));
    oss_result *result = NULL;
    uint64_t sent;
    watcher.enough = enough;
    CHECK_SETS(oss_upload_options_set_checkpoint(options, path_of(RECORDS)));
    CHECK_SETS(oss_upload_options_set_part_size(options, PART));
    CHECK_SETS(oss_upload_options_set_parallel(options, 1));
    CHECK_SETS(oss_upload_options_set_progress(options, watch, &watcher));
    CHECK_CALL(enough != 0 ? OSS_STATUS_CANCELLED : OSS_STATUS_OK,
               oss_upload_object(bucket, "resumed", body, NULL, options, &result));
    sent = oss_result_sum_bytes_sent(result);
    oss_result_free(result);
    oss_body_free(body);
    oss_upload_options_free(options);
    return sent;
}

static void resumed(void) {
    CHECK(upload(REPORT, 3 * PART) >= 3 * PART);
    /* A file with another name is another upload, and leaves the record of this one alone. */
    CHECK(upload(OTHER, 0) >= SIZE);
    CHECK(upload(REPORT, 0) < 2 * PART);
    CHECK_PENDING(bucket, "resumed", 0);
}

static void owed(void) {
    oss_put_options *options = oss_put_options_new();
    oss_callback *failing = NULL;
    oss_outbox *outbox = NULL;
    oss_owed *next = NULL;
    CHECK_SETS(oss_callback_new(needed_variable("FAILING_URL"), "object=${object}", &failing, NULL));
    CHECK_ENDS(OSS_STATUS_OK, oss_outbox_open(path_of(OUTBOX), &outbox, &result));
    CHECK_SETS(oss_put_options_set_outbox(options, outbox));
    CHECK_ENDS(OSS_STATUS_CALLBACK_FAILED,
               oss_put_file_with_callback(bucket, "owed", path_of(REPORT), failing, options, &result));
    oss_outbox_free(outbox);

    outbox = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_outbox_open(path_of(OUTBOX), &outbox, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_outbox_next(outbox, &next, &result));
    CHECK_TEXT(oss_owed_key(next), "owed");
    oss_owed_free(next);
    oss_outbox_free(outbox);
    oss_callback_free(failing);
    oss_put_options_free(options);
}

int main(void) {
    bucket = open_bucket();
    for (size_t i = 0; i < SIZE; i++) {
        data[i] = (unsigned char)(i * 31 % 251);
    }
    write_file(REPORT);
    write_file(OTHER);
    put("whole", oss_body_from_file(path_of(REPORT)), SIZE);
    put("range", oss_body_from_file_range(path_of(REPORT), 1000, 2000), 2000);
    missing();
    resumed();
    owed();
    oss_bucket_free(bucket);
    return finish();
}
