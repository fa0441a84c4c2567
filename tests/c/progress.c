/*
 * Watches the progress of uploads of pieces of the file SOURCE, and cancels some from there. With CALLBACK_URL, an
 * application server is called. With FAULTS, the server does not answer below "silent/", and what is below "faulty/" is
 * reset, refused for a while or not answered.
 */

#include "reader.h"

enum { PART = 102400, THRESHOLD = 150000, SHORT = 140000, LONG = 350000 };

static oss_bucket *bucket;
static oss_upload_options *options;
static unsigned char *data;
static size_t size;

static oss_status upload(const char *key, oss_body *body, const oss_callback *callback, struct watcher *watcher,
                         oss_result **result) {
    CHECK_SETS(oss_upload_options_set_progress(options, watch, watcher));
    return oss_upload_object(bucket, key, body, callback, options, result);
}

/* Uploads a body of so many bytes, of which it is known, or not, how many they are. */
static void follow(const char *name, oss_body *body, size_t length, bool is_known, const oss_callback *callback) {
    struct watcher watcher = watcher_of(is_known ? length : OSS_LENGTH_UNKNOWN);
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, upload(key_of(name), body, callback, &watcher, &result));
    CHECK_STORED(bucket, key_of(name), length, result);
    CHECK_WATCHED(&watcher, length);
    oss_result_free(result);
    oss_body_free(body);
    clean_up(bucket, key_of(name));
}

static void follow_reader(const char *name, size_t length, bool is_known, bool rewinds) {
    struct reader reader = reader_of(data, length);
    oss_body *body = oss_body_from_reader(read_data, rewinds ? rewind_data : NULL, &reader,
                                          is_known ? length : OSS_LENGTH_UNKNOWN);
    follow(name, body, length, is_known, NULL);
}

static void every_length(void) {
    static const size_t lengths[] = {1, SHORT, 2 * PART, LONG};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        follow("bytes", oss_body_from_bytes(data, lengths[i]), lengths[i], true, NULL);
        follow("range", oss_body_from_file_range(needed_variable("SOURCE"), 7, lengths[i]), lengths[i], true, NULL);
        follow_reader("rewinding", lengths[i], true, true);
        follow_reader("once", lengths[i], true, false);
        follow_reader("unknown", lengths[i], false, false);
        follow_reader("unknown-rewinding", lengths[i], false, true);
    }
    follow("empty", oss_body_from_bytes(NULL, 0), 0, true, NULL);
    follow_reader("empty-unknown", 0, false, false);
}

static void with_callback(void) {
    oss_callback *callback = NULL;
    CHECK_ENDS(OSS_STATUS_OK,
               oss_callback_new(needed_variable("CALLBACK_URL"), "object=${object}", &callback, &result));
    follow("called/put", oss_body_from_bytes(data, SHORT), SHORT, true, callback);
    follow("called/parts", oss_body_from_bytes(data, LONG), LONG, true, callback);
    oss_callback_free(callback);
}

/* What is sent again does not count again. */
static void with_faults(void) {
    follow("faulty/put", oss_body_from_bytes(data, SHORT), SHORT, true, NULL);
    follow("faulty/parts", oss_body_from_bytes(data, LONG), LONG, true, NULL);
    follow_reader("faulty/rewinding", SHORT, true, true);
    follow_reader("faulty/unknown", LONG, false, false);
}

/* How an upload ends whose progress function cancels it. */
struct end {
    oss_status status;
    oss_stored stored;
};

static const struct end CANCELLED = {OSS_STATUS_CANCELLED, OSS_STORED_NO};

/* Uploads with a progress function that cancels, at this call of it or when so much was accepted. */
static void cancel(const char *name, oss_body *body, struct watcher watcher, struct end expected) {
    const char *key = key_of(name);
    const unsigned at = watcher.cancels_at;
    const uint64_t enough = watcher.enough;
    const oss_status there = expected.stored == OSS_STORED_YES ? OSS_STATUS_OK : OSS_STATUS_SERVICE;
    oss_result *result = NULL;
    CHECK_CALL(expected.status, upload(key, body, NULL, &watcher, &result));
    CHECK(oss_result_stored(result) == expected.stored);
    /* Parts are cut off that are not answered at once. */
    CHECK((oss_result_upload_id(result)[0] != '\0') ==
          (strstr(oss_result_message(result), "may yet arrive") != NULL));
    CHECK(watcher.first == 0 && watcher.backwards == 0 && watcher.wrong_total == 0 && watcher.elsewhere == 0);
    /* Whoever has cancelled is not asked again. */
    CHECK(at == 0 || watcher.calls == at);
    CHECK(enough == 0 || (watcher.enough == 0 && watcher.last >= enough));
    oss_result_free(result);
    CHECK_PENDING(bucket, key, 0);
    CHECK_ENDS(there, oss_stat_object(bucket, key, &result));
    oss_body_free(body);
}

static struct watcher cancelling_at(uint64_t total, unsigned call, int32_t answer) {
    struct watcher watcher = watcher_of(total);
    watcher.cancels_at = call;
    watcher.answer = answer;
    return watcher;
}

static struct watcher cancelling_after(uint64_t total, uint64_t accepted, int32_t answer) {
    struct watcher watcher = watcher_of(total);
    watcher.enough = accepted;
    watcher.answer = answer;
    return watcher;
}

static void cancelled_at_once(void) {
    struct reader reader = reader_of(data, LONG);
    cancel("never/put", oss_body_from_bytes(data, SHORT), cancelling_at(SHORT, 1, 1), CANCELLED);
    cancel("never/parts", oss_body_from_bytes(data, LONG), cancelling_at(LONG, 1, -1), CANCELLED);
    cancel("never/unknown", oss_body_from_reader(read_data, NULL, &reader, OSS_LENGTH_UNKNOWN),
           cancelling_at(OSS_LENGTH_UNKNOWN, 1, INT32_MIN), CANCELLED);
}

static void cancelled_midway(void) {
    struct reader reader = reader_of(data, LONG);
    cancel("midway/bytes", oss_body_from_bytes(data, LONG), cancelling_after(LONG, 1, 1), CANCELLED);
    cancel("midway/range", oss_body_from_file_range(needed_variable("SOURCE"), 7, LONG),
           cancelling_after(LONG, PART + 1, 1), CANCELLED);
    cancel("midway/unknown", oss_body_from_reader(read_data, NULL, &reader, OSS_LENGTH_UNKNOWN),
           cancelling_after(OSS_LENGTH_UNKNOWN, PART, -7), CANCELLED);
}

/* When all parts are there, there is no object yet; after a put there is. */
static void cancelled_at_the_end(void) {
    static const struct end done = {OSS_STATUS_OK, OSS_STORED_YES};
    cancel("end/parts", oss_body_from_bytes(data, LONG), cancelling_after(LONG, LONG, 1), CANCELLED);
    cancel("end/put", oss_body_from_bytes(data, SHORT), cancelling_after(SHORT, SHORT, 1), done);
    clean_up(bucket, key_of("end/put"));
}

/* It is told, and asked, though nothing moves. What was put is on its way by then. */
static void asked_again_and_again(void) {
    static const struct end open = {OSS_STATUS_CANCELLED, OSS_STORED_UNKNOWN};
    cancel("silent/put", oss_body_from_bytes(data, SHORT), cancelling_at(SHORT, 4, 1), open);
    cancel("silent/parts", oss_body_from_bytes(data, LONG), cancelling_at(LONG, 4, 1), CANCELLED);
}

int main(void) {
    bucket = open_bucket();
    data = read_file(needed_variable("SOURCE"), &size);
    CHECK(size >= LONG + 7);
    options = oss_upload_options_new();
    CHECK_SETS(oss_upload_options_set_part_size(options, PART));
    CHECK_SETS(oss_upload_options_set_threshold(options, THRESHOLD));
    CHECK_SETS(oss_upload_options_set_parallel(options, 3));
    every_length();
    if (variable("CALLBACK_URL") != NULL) {
        with_callback();
    }
    cancelled_at_once();
    cancelled_midway();
    cancelled_at_the_end();
    if (variable("FAULTS") != NULL) {
        with_faults();
        asked_again_and_again();
    }
    oss_upload_options_free(options);
    free(data);
    oss_bucket_free(bucket);
    return finish();
}
