/*
 * What is owed to application servers is kept in a folder, told, and made up for. The server at CALLBACK_URL answers the
 * first upload, the first try to make up for it and the next three uploads with 500, and everything else with ANSWER; the
 * one at FAILING_CALLBACK_URL answers 500 at all times. Prints the body that the first callback should have.
 *
 * The emulator that serves OSS_ENDPOINT does not answer a HEAD of "slow".
 */

#include "support.h"

#include <dirent.h>
#include <time.h>

static oss_bucket *bucket;
static oss_outbox *outbox;
static oss_callback *recovering;
static oss_callback *failing;

static oss_callback *callback_to(const char *url) {
    oss_callback *callback = NULL;
    CHECK_SETS(oss_callback_new(url, "o=${object}&s=${size}&t=${mimeType}&d=${x:delivery}", &callback, NULL));
    CHECK_SETS(oss_callback_set_delivery_variable(callback, "x:delivery"));
    return callback;
}

/* Uploads an object whose callback fails. */
static oss_result *put(const char *key, const oss_callback *callback) {
    oss_put_options *options = oss_put_options_new();
    oss_result *result = NULL;
    CHECK_SETS(oss_put_options_set_outbox(options, outbox));
    CHECK_CALL(OSS_STATUS_CALLBACK_FAILED,
               oss_put_object_with_callback(bucket, key, "photo", 5, callback, options, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    oss_put_options_free(options);
    return result;
}

/* The next of what is owed, or NULL. */
static oss_owed *next(void) {
    oss_owed *owed = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_outbox_next(outbox, &owed, &result));
    oss_result_free(result);
    return owed;
}

/* Takes away all that is owed. Returns how much it was. */
static int forget_all(void) {
    oss_owed *owed;
    int count = 0;
    for (; (owed = next()) != NULL; count++) {
        CHECK_ENDS(OSS_STATUS_OK, oss_owed_done(owed, &result));
        oss_owed_free(owed);
    }
    return count;
}

static void deliver(const oss_delivery_options *options, oss_status expected, uint64_t delivered, uint64_t owed) {
    oss_result *result = NULL;
    CHECK_CALL(expected, oss_outbox_deliver(outbox, bucket, options, &result));
    CHECK(oss_result_delivered(result) == delivered);
    CHECK(oss_result_owed(result) == owed);
    oss_result_free(result);
}

static void check_record(const oss_owed *owed, const oss_result *upload) {
    uint64_t size = 0, crc64 = 0, uploaded = 1;
    int64_t now = (int64_t)time(NULL) * 1000;
    CHECK(strncmp(oss_owed_url(owed), needed_variable("OSS_ENDPOINT"), strlen(needed_variable("OSS_ENDPOINT"))) == 0);
    CHECK_CONTAINS(oss_owed_url(owed), "/first/photo.jpg");
    CHECK_TEXT(oss_owed_bucket(owed), needed_variable("OSS_BUCKET"));
    CHECK_TEXT(oss_owed_key(owed), "first/photo.jpg");
    CHECK_TEXT(oss_owed_upload_id(owed), "");
    CHECK_TEXT(oss_owed_etag(owed), oss_result_etag(upload));
    CHECK_TEXT(oss_owed_content_type(owed), "image/jpeg");
    CHECK_CONTAINS(oss_owed_message(owed), "the callback failed");
    CHECK(oss_owed_size(owed, &size) == 1 && size == 5);
    CHECK(oss_owed_crc64(owed, &crc64) == 1 && oss_result_crc64(upload, &uploaded) && crc64 == uploaded);
    CHECK(oss_owed_stored(owed) == OSS_STORED_YES);
    CHECK(oss_owed_since_ms(owed) > now - 600000 && oss_owed_since_ms(owed) < now + 2000);
    CHECK(oss_owed_tries(owed) == 0 && oss_owed_due_in_ms(owed) == 0);
}

static void check_bodies(const oss_owed *owed) {
    oss_callback_values *values = oss_callback_values_new();
    oss_string *body = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_owed_render(owed, NULL, &body, &result));
    printf("%s\n", oss_string_data(body));
    oss_string_free(body);
    CHECK_SETS(oss_callback_values_set(values, "object", "other"));
    CHECK_ENDS(OSS_STATUS_OK, oss_owed_render(owed, values, &body, &result));
    CHECK_CONTAINS(oss_string_data(body), "o=other&s=5&t=image%2Fjpeg&d=");
    oss_string_free(body);
    oss_callback_values_free(values);
}

/* Nobody else takes up what somebody has in hand. */
static void check_in_hand(void) {
    oss_outbox *other = NULL;
    oss_owed *owed = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_outbox_open(path_of("outbox"), &other, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_outbox_next(other, &owed, &result));
    CHECK(owed == NULL);
    oss_outbox_free(other);
    deliver(NULL, OSS_STATUS_OK, 0, 0);
}

static void by_hand(void) {
    oss_result *upload = put("first/photo.jpg", recovering), *result = NULL;
    oss_owed *owed = next();
    check_record(owed, upload);
    check_bodies(owed);
    check_in_hand();
    oss_result_free(upload);

    CHECK_ENDS(OSS_STATUS_OK, oss_owed_postpone(owed, 3600000, &result));
    CHECK(oss_owed_due_in_ms(owed) > 3000000 && oss_owed_due_in_ms(owed) <= 3600000);
    oss_owed_free(owed);
    deliver(NULL, OSS_STATUS_OK, 0, 1);

    CHECK(next() == NULL);
    owed = next();
    CHECK_CALL(OSS_STATUS_CALLBACK_FAILED, oss_owed_settle(bucket, owed, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_TEXT(oss_owed_message(owed), oss_result_message(result));
    CHECK(oss_owed_tries(owed) == 1);
    oss_result_free(result);

    CHECK_CALL(OSS_STATUS_OK, oss_owed_settle(bucket, owed, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_TEXT((const char *)oss_result_body(result, NULL), needed_variable("ANSWER"));
    oss_result_free(result);
    CHECK_ENDS(OSS_STATUS_INVALID_ARGUMENT, oss_owed_settle(bucket, owed, &result));
    oss_owed_free(owed);
    CHECK(next() == NULL);
}

struct progress {
    uint64_t accepted, total;
    int calls, answer;
};

static int32_t watch(void *user_data, const oss_progress *told) {
    struct progress *progress = user_data;
    uint64_t accepted = oss_progress_accepted(told), total = oss_progress_total(told);
    CHECK(accepted >= progress->accepted && total == progress->total + 1 && accepted <= total);
    progress->accepted = accepted;
    progress->total = total;
    progress->calls++;
    return progress->answer;
}

static void all_at_once(void) {
    oss_delivery_options *options = oss_delivery_options_new();
    struct progress progress = {0, 0, 0, 0};
    oss_result_free(put("all/1", recovering));
    oss_result_free(put("all/2", recovering));
    oss_result_free(put("all/3", recovering));
    CHECK_SETS(oss_delivery_options_set_parallel(options, 2));
    CHECK_SETS(oss_delivery_options_set_deadline_ms(options, 60000));
    CHECK_SETS(oss_delivery_options_set_progress(options, watch, &progress));
    deliver(options, OSS_STATUS_OK, 3, 0);
    CHECK(progress.calls == 3 && progress.accepted == 3 && progress.total == 3);
    deliver(options, OSS_STATUS_OK, 0, 0);
    CHECK(progress.calls == 3);
    oss_delivery_options_free(options);
}

/* What was not tried is owed as before. */
static void ended_early(void) {
    oss_delivery_options *options = oss_delivery_options_new();
    oss_cancel *cancel = oss_cancel_new();
    struct progress progress = {0, 0, 0, 1};
    oss_result_free(put("early/1", failing));
    oss_result_free(put("early/2", failing));
    CHECK_SETS(oss_delivery_options_set_parallel(options, 1));
    CHECK_SETS(oss_delivery_options_set_cancel(options, cancel));
    oss_cancel_fire(cancel);
    deliver(options, OSS_STATUS_CANCELLED, 0, 0);
    CHECK_SETS(oss_delivery_options_set_cancel(options, NULL));
    CHECK_SETS(oss_delivery_options_set_progress(options, watch, &progress));
    deliver(options, OSS_STATUS_CANCELLED, 0, 1);
    CHECK(progress.calls == 1);
    CHECK_SETS(oss_delivery_options_set_progress(options, NULL, NULL));
    CHECK(forget_all() == 2);

    oss_result_free(put("slow", failing));
    CHECK_SETS(oss_delivery_options_set_deadline_ms(options, 300));
    deliver(options, OSS_STATUS_TIMEOUT, 0, 1);
    CHECK(forget_all() == 1);
    oss_cancel_free(cancel);
    oss_delivery_options_free(options);
}

static void upload_in_parts(void) {
    oss_upload_options *options = oss_upload_options_new();
    oss_body *body = oss_body_from_bytes("photo", 5);
    CHECK_SETS(oss_upload_options_set_threshold(options, 0));
    CHECK_SETS(oss_upload_options_set_outbox(options, outbox));
    CHECK_ENDS(OSS_STATUS_CALLBACK_FAILED,
               oss_upload_object(bucket, "upload", body, failing, options, &result));
    oss_body_free(body);
    oss_upload_options_free(options);
}

static void upload_to_a_url(void) {
    oss_bucket_options *options = oss_bucket_options_new();
    oss_body *body = oss_body_from_bytes("photo", 5);
    oss_presigned *url = NULL;
    CHECK_SETS(oss_bucket_options_set_outbox(options, outbox));
    CHECK_SETS(oss_presign_put(bucket, "url", failing, NULL, 60, &url, NULL));
    CHECK_ENDS(OSS_STATUS_CALLBACK_FAILED, oss_put_to_url(url, body, options, &result));
    oss_presigned_free(url);
    oss_body_free(body);
    oss_bucket_options_free(options);
}

static void however_it_is_uploaded(void) {
    oss_owed *owed;
    upload_in_parts();
    owed = next();
    CHECK_TEXT(oss_owed_key(owed), "upload");
    CHECK(strlen(oss_owed_upload_id(owed)) > 0);
    oss_owed_free(owed);
    CHECK(next() == NULL && forget_all() == 1);

    upload_to_a_url();
    owed = next();
    CHECK_TEXT(oss_owed_bucket(owed), "");
    CHECK_TEXT(oss_owed_key(owed), "");
    CHECK(strstr(oss_owed_url(owed), "/url") != NULL && strchr(oss_owed_url(owed), '?') == NULL);
    CHECK_ENDS(OSS_STATUS_CALLBACK_FAILED, oss_owed_settle(bucket, owed, &result));
    oss_owed_free(owed);
    CHECK(next() == NULL && forget_all() == 1);
}

/* Puts something in the place of the only record. */
static void damage(void) {
    DIR *folder = opendir(path_of("outbox"));
    struct dirent *entry;
    char path[1200] = "";
    FILE *file;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strstr(entry->d_name, ".json") != NULL) format(path, sizeof path, "%s/%s", path_of("outbox"), entry->d_name);
    }
    if (folder != NULL) closedir(folder);
    file = fopen(path, "w");
    CHECK(file != NULL && fputs("no record", file) >= 0 && fclose(file) == 0);
}

struct log {
    char line[300];
    int calls, answer;
};

static int32_t note(void *user_data, int32_t level, const char *line) {
    struct log *log = user_data;
    CHECK(level == OSS_LOG_LEVEL_WARNING);
    format(log->line, sizeof log->line, "%s", line);
    log->calls++;
    return log->answer;
}

static void damaged(void) {
    struct log log = {"", 0, 0};
    CHECK_SETS(oss_outbox_set_log(outbox, note, &log));
    oss_result_free(put("damaged", failing));
    damage();
    CHECK(next() == NULL);
    CHECK(log.calls == 1);
    CHECK_CONTAINS(log.line, "is set aside");

    oss_result_free(put("damaged", failing));
    damage();
    log.answer = 1;
    deliver(NULL, OSS_STATUS_CANCELLED, 0, 0);
    CHECK(log.calls == 2);
    CHECK_SETS(oss_outbox_set_log(outbox, NULL, NULL));
    deliver(NULL, OSS_STATUS_OK, 0, 0);
}

static void unusable(void) {
    oss_outbox *made = NULL;
    oss_result *result = NULL;
    char path[1200];
    FILE *file = fopen(path_of("file"), "w");
    CHECK(file != NULL && fclose(file) == 0);
    format(path, sizeof path, "%s/outbox", path_of("file"));
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_outbox_open(path, &made, &result));
    CHECK(made == NULL);
    CHECK_CONTAINS(oss_result_message(result), path);
    oss_result_free(result);
}

int main(void) {
    bucket = open_bucket();
    recovering = callback_to(needed_variable("CALLBACK_URL"));
    failing = callback_to(needed_variable("FAILING_CALLBACK_URL"));
    CHECK_ENDS(OSS_STATUS_OK, oss_outbox_open(path_of("outbox"), &outbox, &result));
    by_hand();
    all_at_once();
    ended_early();
    however_it_is_uploaded();
    damaged();
    unusable();
    oss_outbox_free(outbox);
    oss_callback_free(failing);
    oss_callback_free(recovering);
    oss_bucket_free(bucket);
    return finish();
}
