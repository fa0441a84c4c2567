/*
 * Writes objects piece by piece, out of the file SOURCE. With CALLBACK_URL, an application server is called; ANSWER is
 * what it is known to answer. With FAULTS, the server refuses parts below "refused/", does not answer aborts below
 * "silent/" and refuses the first below "unwilling/", and each part below "slow/" takes 0.3 s.
 */

#include "reader.h"

enum { PART = 102400, PARALLEL = 2 };

static oss_bucket *bucket;
static oss_upload_options *options;
static unsigned char *data;
static size_t size;

static oss_writer *begin_with(const char *name, const oss_callback *callback, const oss_upload_options *with) {
    oss_writer *writer = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_writer_new(bucket, key_of(name), callback, with, &writer, &result));
    if (writer == NULL) {
        give_up("oss_writer_new", oss_result_message(result));
    }
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    return writer;
}

static oss_writer *begin(const char *name) {
    return begin_with(name, NULL, options);
}

/* Writes the first `length` bytes, `step` at a time. */
static void write_in_steps(oss_writer *writer, size_t length, size_t step) {
    for (size_t at = 0; at < length; at += step) {
        const size_t piece = length - at < step ? length - at : step;
        /* What was handed over may change at once. */
        unsigned char *copy = malloc(piece);
        memcpy(copy, data + at, piece);
        CHECK_ENDS(OSS_STATUS_OK, oss_writer_write(writer, copy, piece, &result));
        memset(copy, 0, piece);
        free(copy);
    }
}

/* Checks that there is an object of so many bytes. */
static void conclude(oss_writer *writer, const char *name, size_t length) {
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_writer_finish(writer, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_TEXT(oss_result_message(result), "");
    CHECK_TEXT(oss_result_upload_id(result), "");
    CHECK_STORED(bucket, key_of(name), length, result);
    oss_result_free(result);
    oss_writer_free(writer);
    clean_up(bucket, key_of(name));
}

static void every_length(void) {
    static const size_t lengths[] = {
        0, 1, PART - 1, PART, PART + 1, PARALLEL * PART, PARALLEL * PART + 1, 3 * PART, 5 * PART + 4321,
    };
    static const size_t steps[] = {997, 65536, PART, 3 * PART + 11, SIZE_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++) {
            const size_t step = steps[j] < SIZE_MAX ? steps[j] : lengths[i] + 1;
            char name[100];
            oss_writer *writer;
            format(name, sizeof name, "plain/%zu/%zu", lengths[i], j);
            writer = begin(name);
            write_in_steps(writer, lengths[i], step);
            conclude(writer, name, lengths[i]);
        }
    }
}

/* The steps that are to show: nothing is stored before the end, and what is held is not sent. */
static void step_by_step(void) {
    oss_writer *writer = begin("steps");
    oss_result *result = NULL;
    write_in_steps(writer, PARALLEL * PART, PART);
    CHECK_PENDING(bucket, key_of("steps"), 0);
    CHECK_CALL(OSS_STATUS_OK, oss_writer_write(writer, data + PARALLEL * PART, 1, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK_TEXT(oss_result_message(result), "");
    CHECK_PENDING(bucket, key_of("steps"), 1);
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key_of("steps"), &result));
    oss_result_free(result);
    conclude(writer, "steps", PARALLEL * PART + 1);
    CHECK_PENDING(bucket, key_of("steps"), 0);
}

static void check_answer(oss_writer *writer, const char *name) {
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_writer_finish(writer, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    if (variable("ANSWER") != NULL) {
        CHECK_TEXT(oss_result_body(result, NULL), variable("ANSWER"));
        CHECK_TEXT(oss_result_content_type(result), needed_variable("ANSWER_TYPE"));
    }
    oss_result_free(result);
    clean_up(bucket, key_of(name));
}

/* What a writer was made from may be gone before anything is written. */
static void answered(const char *name, size_t length) {
    oss_callback *callback = NULL;
    oss_bucket *other = open_bucket();
    oss_upload_options *ours = oss_upload_options_new();
    oss_put_options *put_options = oss_put_options_new();
    oss_writer *writer = NULL;
    CHECK_ENDS(OSS_STATUS_OK,
               oss_callback_new(needed_variable("CALLBACK_URL"), "size=${size}&by=${x:by}", &callback, &result));
    CHECK_SETS(oss_callback_add_variable(callback, "x:by", "writer"));
    CHECK_SETS(oss_put_options_set_content_type(put_options, "text/x-written"));
    CHECK_SETS(oss_upload_options_set_part_size(ours, PART));
    CHECK_SETS(oss_upload_options_set_put_options(ours, put_options));
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_new(other, key_of(name), callback, ours, &writer, &result));
    oss_put_options_free(put_options);
    oss_upload_options_free(ours);
    oss_callback_free(callback);
    oss_bucket_free(other);
    write_in_steps(writer, length, 50001);
    check_answer(writer, name);
    oss_writer_free(writer);
}

/* Checks that nothing can be done with a writer any more, and that it says why. */
static void check_over(oss_writer *writer, oss_status status, const char *part) {
    oss_result *result = NULL;
    CHECK_CALL(status, oss_writer_write(writer, "x", 1, &result));
    CHECK_CONTAINS(oss_result_message(result), part);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    CHECK_CALL(status, oss_writer_write(writer, NULL, 0, &result));
    CHECK_CONTAINS(oss_result_message(result), part);
    oss_result_free(result);
    CHECK_CALL(status, oss_writer_finish(writer, &result));
    CHECK_CONTAINS(oss_result_message(result), part);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_http_status(result) == 0);
    oss_result_free(result);
}

static void finished_is_over(void) {
    static const size_t lengths[] = {10, 3 * PART};
    for (int i = 0; i < 2; i++) {
        oss_writer *writer = begin("finished");
        write_in_steps(writer, lengths[i], lengths[i]);
        CHECK_ENDS(OSS_STATUS_OK, oss_writer_finish(writer, &result));
        check_over(writer, OSS_STATUS_INVALID_ARGUMENT, "finished");
        /* The object stays. */
        CHECK_ENDS(OSS_STATUS_OK, oss_writer_abort(writer, &result));
        CHECK_ENDS(OSS_STATUS_OK, oss_stat_object(bucket, key_of("finished"), &result));
        oss_writer_free(writer);
        clean_up(bucket, key_of("finished"));
    }
}

static void aborted_is_over(void) {
    static const size_t lengths[] = {0, 10, PARALLEL * PART, PARALLEL * PART + 1, 5 * PART};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        oss_writer *writer = begin("aborted");
        oss_result *result = NULL;
        write_in_steps(writer, lengths[i], PART);
        CHECK_PENDING(bucket, key_of("aborted"), lengths[i] > PARALLEL * PART ? 1 : 0);
        CHECK_CALL(OSS_STATUS_OK, oss_writer_abort(writer, &result));
        CHECK(oss_result_stored(result) == OSS_STORED_NO);
        CHECK_TEXT(oss_result_upload_id(result), "");
        oss_result_free(result);
        CHECK_PENDING(bucket, key_of("aborted"), 0);
        check_over(writer, OSS_STATUS_INVALID_ARGUMENT, "aborted");
        CHECK_ENDS(OSS_STATUS_OK, oss_writer_abort(writer, &result));
        oss_writer_free(writer);
    }
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key_of("aborted"), &result));
}

/* Freed without an end, a writer leaves its parts. */
static void freed_midway(void) {
    oss_writer *writer = begin("left");
    oss_upload_list *list = NULL;
    oss_multipart *multipart = NULL;
    write_in_steps(writer, 3 * PART, PART);
    oss_writer_free(writer);
    CHECK_ENDS(OSS_STATUS_OK, oss_list_uploads(bucket, key_of("left"), 10, &list, &result));
    CHECK(oss_upload_list_count(list) == 1);
    CHECK_ENDS(OSS_STATUS_OK, oss_reopen_multipart(bucket, key_of("left"), oss_upload_list_upload_id(list, 0),
                                                   &multipart, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_abort_multipart(multipart, &result));
    oss_multipart_free(multipart);
    oss_upload_list_free(list);
}

static void checkpoint_is_refused(void) {
    oss_upload_options *ours = oss_upload_options_new();
    oss_writer *writer = (oss_writer *)&failures;
    oss_result *result = NULL;
    CHECK_SETS(oss_upload_options_set_checkpoint(ours, path_of("checkpoints")));
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT,
               oss_writer_new(bucket, key_of("checkpoint"), NULL, ours, &writer, &result));
    CHECK_CONTAINS(oss_result_message(result), "checkpoint");
    CHECK(writer == NULL);
    oss_result_free(result);
    oss_upload_options_free(ours);
}

/* Checks the progress during one call: it goes on from what was there. */
static void check_told(const struct watcher *watcher, uint64_t first, uint64_t last) {
    CHECK(watcher->calls >= 2 && watcher->first == first && watcher->last == last);
    CHECK(watcher->backwards == 0 && watcher->wrong_total == 0 && watcher->elsewhere == 0);
}

static void progress(void) {
    struct watcher watcher = watcher_of(OSS_LENGTH_UNKNOWN);
    oss_upload_options *ours = oss_upload_options_new();
    oss_writer *writer;
    CHECK_SETS(oss_upload_options_set_part_size(ours, PART));
    CHECK_SETS(oss_upload_options_set_parallel(ours, PARALLEL));
    CHECK_SETS(oss_upload_options_set_progress(ours, watch, &watcher));
    writer = begin_with("progress", NULL, ours);
    oss_upload_options_free(ours);
    write_in_steps(writer, PARALLEL * PART, PART);
    CHECK(watcher.calls == 0);
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_write(writer, data + PARALLEL * PART, PARALLEL * PART, &result));
    check_told(&watcher, 0, PARALLEL * PART);
    watcher = watcher_of(OSS_LENGTH_UNKNOWN);
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_write(writer, data + 2 * PARALLEL * PART, 1, &result));
    check_told(&watcher, PARALLEL * PART, 2 * PARALLEL * PART);
    /* At the end it is known how much there is. */
    watcher = watcher_of(2 * PARALLEL * PART + 1);
    conclude(writer, "progress", 2 * PARALLEL * PART + 1);
    check_told(&watcher, 2 * PARALLEL * PART, 2 * PARALLEL * PART + 1);
}

/* A progress function that cancels, be it when the last part of a write was accepted, ends the upload: with that write,
 * or with what comes next. */
static void cancelled_by_progress(unsigned at, uint64_t enough) {
    struct watcher watcher = watcher_of(OSS_LENGTH_UNKNOWN);
    oss_upload_options *ours = oss_upload_options_new();
    oss_writer *writer;
    oss_status status;
    CHECK_SETS(oss_upload_options_set_part_size(ours, PART));
    CHECK_SETS(oss_upload_options_set_parallel(ours, PARALLEL));
    CHECK_SETS(oss_upload_options_set_progress(ours, watch, &watcher));
    writer = begin_with("cancelled", NULL, ours);
    write_in_steps(writer, PARALLEL * PART, PART);
    watcher.cancels_at = at;
    watcher.enough = enough;
    status = oss_writer_write(writer, data, PART, NULL);
    CHECK(status == OSS_STATUS_CANCELLED || (status == OSS_STATUS_OK && at != 1));
    watcher.total = status == OSS_STATUS_OK ? (PARALLEL + 1) * PART : watcher.total;
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_writer_finish(writer, &result));
    CHECK_PENDING(bucket, key_of("cancelled"), 0);
    check_over(writer, OSS_STATUS_CANCELLED, "cancelled");
    oss_writer_free(writer);
    oss_upload_options_free(ours);
}

static void *write_elsewhere(void *writer) {
    write_in_steps(writer, 3 * PART, 10007);
    return NULL;
}

/* One thread may begin what another goes on with. */
static void on_other_threads(void) {
    oss_writer *writer = begin("threads");
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, write_elsewhere, writer) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    conclude(writer, "threads", 3 * PART);
}

/* A writer whose parts are refused fails, stays so and leaves nothing. */
static void refused(const char *name, size_t held) {
    oss_writer *writer = begin(name);
    oss_result *result = NULL;
    write_in_steps(writer, held, PART);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_writer_write(writer, data + held, PARALLEL * PART + 1, &result));
    CHECK_TEXT(oss_result_error_code(result), "AccessDenied");
    CHECK(oss_result_http_status(result) == 403);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK_TEXT(oss_result_upload_id(result), "");
    oss_result_free(result);
    CHECK_PENDING(bucket, key_of(name), 0);
    check_over(writer, OSS_STATUS_SERVICE, "AccessDenied");
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_abort(writer, &result));
    oss_writer_free(writer);
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key_of(name), &result));
}

static void refused_at_the_end(void) {
    oss_writer *writer = begin("refused/end");
    oss_result *result = NULL;
    write_in_steps(writer, PARALLEL * PART, PART);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_writer_finish(writer, &result));
    CHECK_TEXT(oss_result_error_code(result), "AccessDenied");
    oss_result_free(result);
    CHECK_PENDING(bucket, key_of("refused/end"), 0);
    check_over(writer, OSS_STATUS_SERVICE, "AccessDenied");
    oss_writer_free(writer);
}

/* What an abort could not remove is named, and can be removed by another one. */
static void abort_that_fails(void) {
    oss_writer *writer = begin("unwilling/abort");
    oss_result *result = NULL;
    write_in_steps(writer, 3 * PART, PART);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_writer_abort(writer, &result));
    CHECK_TEXT(oss_result_error_code(result), "AccessDenied");
    CHECK(oss_result_upload_id(result)[0] != '\0');
    oss_result_free(result);
    CHECK_PENDING(bucket, key_of("unwilling/abort"), 1);
    check_over(writer, OSS_STATUS_INVALID_ARGUMENT, "aborted");
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_abort(writer, &result));
    CHECK_PENDING(bucket, key_of("unwilling/abort"), 0);
    oss_writer_free(writer);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The deadline counts for each call: a single write that would take six seconds is ended after one. */
static void write_that_takes_too_long(void) {
    enum { LONG = 40 * PART };
    oss_upload_options *ours = oss_upload_options_new();
    unsigned char *zeros = calloc(LONG, 1);
    oss_result *result = NULL;
    oss_writer *writer;
    int64_t began;
    CHECK_SETS(oss_upload_options_set_part_size(ours, PART));
    CHECK_SETS(oss_upload_options_set_parallel(ours, PARALLEL));
    CHECK_SETS(oss_upload_options_set_deadline_ms(ours, 1000));
    CHECK_SETS(oss_upload_options_set_keep_parts(ours, 1));
    writer = begin_with("slow/write", NULL, ours);
    began = now_ms();
    CHECK_CALL(OSS_STATUS_TIMEOUT, oss_writer_write(writer, zeros, LONG, &result));
    CHECK(now_ms() - began < 4000);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_upload_id(result)[0] != '\0');
    oss_result_free(result);
    check_over(writer, OSS_STATUS_TIMEOUT, "deadline");
    oss_writer_free(writer);
    free(zeros);
    oss_upload_options_free(ours);
}

/* The deadline counts for each call, and so for an abort: it comes before the time-out of the connection. */
static void abort_that_is_not_answered(void) {
    oss_bucket_options *impatient = bucket_options();
    oss_upload_options *ours = oss_upload_options_new();
    oss_writer *writer = NULL;
    oss_bucket *other;
    oss_result *result = NULL;
    CHECK_SETS(oss_bucket_options_set_stall_timeout_ms(impatient, 4000));
    CHECK_SETS(oss_bucket_options_set_max_attempts(impatient, 1));
    other = open_bucket_with(impatient);
    CHECK_SETS(oss_upload_options_set_part_size(ours, PART));
    CHECK_SETS(oss_upload_options_set_parallel(ours, PARALLEL));
    CHECK_SETS(oss_upload_options_set_deadline_ms(ours, 2000));
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_new(other, key_of("silent/abort"), NULL, ours, &writer, &result));
    write_in_steps(writer, 3 * PART, PART);
    CHECK_CALL(OSS_STATUS_TIMEOUT, oss_writer_abort(writer, &result));
    CHECK_CONTAINS(oss_result_message(result), "deadline");
    CHECK(oss_result_upload_id(result)[0] != '\0');
    oss_result_free(result);
    oss_writer_free(writer);
    oss_upload_options_free(ours);
    oss_bucket_options_free(impatient);
    oss_bucket_free(other);
}

int main(void) {
    bucket = open_bucket();
    data = read_file(needed_variable("SOURCE"), &size);
    CHECK(size > 5 * PART + 4321);
    options = oss_upload_options_new();
    CHECK_SETS(oss_upload_options_set_part_size(options, PART));
    CHECK_SETS(oss_upload_options_set_parallel(options, PARALLEL));
    every_length();
    step_by_step();
    if (variable("CALLBACK_URL") != NULL) {
        answered("called/put", 100000);
        answered("called/parts", 7 * 50001);
        answered("called/empty", 0);
    }
    finished_is_over();
    aborted_is_over();
    freed_midway();
    checkpoint_is_refused();
    progress();
    cancelled_by_progress(1, 0);
    cancelled_by_progress(0, 1);
    cancelled_by_progress(0, PARALLEL * PART);
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key_of("cancelled"), &result));
    on_other_threads();
    if (variable("FAULTS") != NULL) {
        refused("refused/first", PARALLEL * PART);
        refused("refused/later", 3 * PART);
        refused_at_the_end();
        abort_that_fails();
        abort_that_is_not_answered();
        write_that_takes_too_long();
    }
    oss_upload_options_free(options);
    free(data);
    oss_bucket_free(bucket);
    return finish();
}
