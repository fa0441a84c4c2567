/*
 * Uploads pieces of the file SOURCE, from every source there is and of lengths around those at which parts begin; and
 * has the sources fail. With CALLBACK_URL, an application server is called; ANSWER is what it is known to answer. With
 * FAULTS, the server resets what is put below "resent/" once, and does not answer parts below "late/".
 */
#define _XOPEN_SOURCE 700

#include "reader.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    PART = 102400,
    THRESHOLD = 150000,
    FROM = 1000, /* Where ranges of files begin. */
    MOST_HELD = 4 << 20 /* What a put takes of a reader that cannot rewind. */
};

enum kind { BYTES, WHOLE_FILE, RANGE, DESCRIPTOR, REWINDING, ONCE, UNKNOWN, UNKNOWN_REWINDING, KINDS };

static const char *const NAMES[] = {
    "bytes", "file", "range", "descriptor", "rewinding", "once", "unknown", "unknown-rewinding",
};
static const size_t SIZES[] = {
    0, 1, PART - 1, PART, PART + 1, THRESHOLD, THRESHOLD + 1, 2 * PART, 3 * PART, 350000,
};

static oss_bucket *bucket;
static oss_upload_options *options;
static unsigned char *data;
static size_t size;

static bool is_reader(enum kind kind) {
    return kind >= REWINDING;
}

static const char *file_of(size_t length) {
    const char *path = path_of("whole");
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(data, 1, length, file) == length && fclose(file) == 0);
    return path;
}

static oss_body *body_of(enum kind kind, size_t length, struct reader *reader, int fd) {
    const bool known = kind == REWINDING || kind == ONCE, rewinds = kind == REWINDING || kind == UNKNOWN_REWINDING;
    switch (kind) {
    case BYTES:
        return oss_body_from_bytes(data, length);
    case WHOLE_FILE:
        return oss_body_from_file(file_of(length));
    case RANGE:
        return oss_body_from_file_range(needed_variable("SOURCE"), FROM, length);
    case DESCRIPTOR:
        return oss_body_from_fd(fd, FROM, length);
    default:
        return oss_body_from_reader(read_data, rewinds ? rewind_data : NULL, reader,
                                    known ? length : OSS_LENGTH_UNKNOWN);
    }
}

/* Uploads so many bytes, and checks that they are there. The test looks whether they came in parts. */
static void store(enum kind kind, size_t length, const oss_callback *callback, int fd) {
    struct reader reader = reader_of(data, length);
    oss_body *body = body_of(kind, length, &reader, fd);
    oss_result *result = NULL;
    char name[100];
    const char *key;

    format(name, sizeof name, "%s/%s/%zu", callback != NULL ? "called" : "plain", NAMES[kind], length);
    key = key_of(name);
    CHECK_CALL(OSS_STATUS_OK, oss_upload_object(bucket, key, body, callback, options, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_TEXT(oss_result_message(result), "");
    CHECK_TEXT(oss_result_upload_id(result), "");
    if (callback != NULL && variable("ANSWER") != NULL) {
        CHECK_TEXT(oss_result_body(result, NULL), variable("ANSWER"));
        CHECK_TEXT(oss_result_content_type(result), needed_variable("ANSWER_TYPE"));
    }
    CHECK_STORED(bucket, key, length, result);
    oss_result_free(result);
    CHECK(!is_reader(kind) || reader.position == length);
    CHECK(reader.rewinds == 0 && reader.elsewhere == 0);
    oss_body_free(body);
    clean_up(bucket, key);
}

static void every_source(void) {
    int fd = open(needed_variable("SOURCE"), O_RDONLY);
    CHECK(fd >= 0 && lseek(fd, 12345, SEEK_SET) == 12345);
    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
            store(kind, SIZES[i], NULL, fd);
        }
    }
    CHECK(lseek(fd, 0, SEEK_CUR) == 12345);
    CHECK(close(fd) == 0);
}

static void every_source_with_callback(void) {
    int fd = open(needed_variable("SOURCE"), O_RDONLY);
    oss_callback *callback = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(needed_variable("CALLBACK_URL"), "object=${object}&size=${size}",
                                               &callback, &result));
    for (int kind = 0; kind < KINDS; kind++) {
        store(kind, 0, callback, fd);
        store(kind, 100000, callback, fd);
        store(kind, 350000, callback, fd);
    }
    oss_callback_free(callback);
    CHECK(close(fd) == 0);
}

/* Many sources, one byte at a time. */
static void byte_by_byte(void) {
    for (int kind = REWINDING; kind < KINDS; kind++) {
        struct reader reader = reader_of(data, THRESHOLD + 1);
        oss_body *body;
        oss_result *result = NULL;
        char name[100];
        reader.step = 1;
        body = body_of(kind, reader.size, &reader, -1);
        format(name, sizeof name, "byte-by-byte/%s", NAMES[kind]);
        CHECK_CALL(OSS_STATUS_OK, oss_upload_object(bucket, key_of(name), body, NULL, options, &result));
        CHECK_STORED(bucket, key_of(name), reader.size, result);
        CHECK(reader.reads >= reader.size);
        oss_result_free(result);
        oss_body_free(body);
        clean_up(bucket, key_of(name));
    }
}

/* Uploads what the reader gives, of which the caller says that there are `length` bytes, and checks how that fails. */
static void fail(struct reader *reader, oss_rewind_fn rewind, uint64_t length, const char *part) {
    oss_body *body = oss_body_from_reader(read_data, rewind, reader, length);
    oss_result *result = NULL;
    const char *key = key_of("failed");
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_upload_object(bucket, key, body, NULL, options, &result));
    CHECK_CONTAINS(oss_result_message(result), part);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK_TEXT(oss_result_upload_id(result), "");
    oss_result_free(result);
    CHECK_PENDING(bucket, key, 0);
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key, &result));
    oss_body_free(body);
}

static void sources_that_fail(void) {
    static const struct {
        uint64_t length;
        bool rewinds;
    } kinds[] = {{350000, true}, {350000, false}, {140000, true}, {100000, false}, {OSS_LENGTH_UNKNOWN, false}};
    static const size_t places[] = {0, 50000, 102400, 250000};
    char early[100];

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const uint64_t length = kinds[i].length;
        oss_rewind_fn rewind = kinds[i].rewinds ? rewind_data : NULL;
        for (size_t j = 0; j < sizeof places / sizeof places[0] && places[j] < length; j++) {
            struct reader failing = reader_of(data, size), boasting = reader_of(data, size), silent;
            failing.failure = 7000 + (int32_t)j;
            failing.fails_at = places[j];
            format(early, sizeof early, "%d", (int)failing.failure);
            silent = failing;
            silent.is_silent = true;
            fail(&failing, rewind, length, early);
            fail(&silent, rewind, length, "did not set *got");
            boasting.boasts = true;
            fail(&boasting, rewind, length, "room");
            if (length != OSS_LENGTH_UNKNOWN) {
                struct reader short_one = reader_of(data, places[j]);
                format(early, sizeof early, "ended after %zu bytes instead of %" PRIu64, places[j], length);
                fail(&short_one, rewind, length, early);
            }
        }
    }
}

static void negative_failure(void) {
    struct reader reader = reader_of(data, size);
    reader.failure = INT32_MIN;
    fail(&reader, NULL, OSS_LENGTH_UNKNOWN, "-2147483648");
}

/* What fails leaves its parts if it is told to, and they can be gone on with. */
static void parts_that_are_kept(void) {
    struct reader reader = reader_of(data, size);
    oss_body *body = oss_body_from_reader(read_data, NULL, &reader, OSS_LENGTH_UNKNOWN);
    oss_multipart *multipart = NULL;
    oss_part_list *parts = NULL;
    oss_result *result = NULL;
    const char *key = key_of("kept");
    char upload_id[100];

    reader.failure = 1;
    reader.fails_at = 2 * PART + 1;
    CHECK_SETS(oss_upload_options_set_keep_parts(options, INT32_MIN));
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_upload_object(bucket, key, body, NULL, options, &result));
    CHECK(oss_result_upload_id(result)[0] != '\0');
    CHECK_CONTAINS(oss_result_message(result), oss_result_upload_id(result));
    format(upload_id, sizeof upload_id, "%s", oss_result_upload_id(result));
    oss_result_free(result);
    CHECK_PENDING(bucket, key, 1);
    CHECK_ENDS(OSS_STATUS_OK, oss_reopen_multipart(bucket, key, upload_id, &multipart, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_list_parts(multipart, &parts, &result));
    CHECK(oss_part_list_count(parts) <= 2);
    CHECK_ENDS(OSS_STATUS_OK, oss_abort_multipart(multipart, &result));
    CHECK_PENDING(bucket, key, 0);
    CHECK_SETS(oss_upload_options_set_keep_parts(options, 0));
    oss_part_list_free(parts);
    oss_multipart_free(multipart);
    oss_body_free(body);
}

/* Puts what a reader gives; it is rewound so many times. */
static void put(const char *name, size_t length, oss_rewind_fn rewind, const oss_put_options *put_options,
                unsigned rewinds) {
    struct reader reader = reader_of(data, length);
    oss_body *body = oss_body_from_reader(read_data, rewind, &reader, length);
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_put_body(bucket, key_of(name), body, NULL, put_options, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK_STORED(bucket, key_of(name), length, result);
    CHECK(reader.rewinds == rewinds && reader.elsewhere == 0);
    oss_result_free(result);
    oss_body_free(body);
    clean_up(bucket, key_of(name));
}

static void puts_of_readers(void) {
    oss_put_options *checked = oss_put_options_new();
    CHECK_SETS(oss_put_options_set_content_md5(checked, 1));
    put("put/rewinding", 350000, rewind_data, NULL, 0);
    put("put/rewinding-long", size, rewind_data, NULL, 0);
    put("put/rewinding-empty", 0, rewind_data, NULL, 0);
    put("put/once", 350000, NULL, NULL, 0);
    put("put/once-most", MOST_HELD, NULL, NULL, 0);
    put("put/once-empty", 0, NULL, NULL, 0);
    /* For the MD5 the data is read once more. */
    put("put/md5-rewinding", 350000, rewind_data, checked, 1);
    put("put/md5-once", 350000, NULL, checked, 0);
    oss_put_options_free(checked);
}

/* A put, and a part, have to know how much there is, and must be able to send it again. */
static void refuse_single(oss_rewind_fn rewind, uint64_t length, const char *part) {
    struct reader reader = reader_of(data, size);
    oss_body *body = oss_body_from_reader(read_data, rewind, &reader, length);
    oss_multipart *multipart = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_put_body(bucket, key_of("refused"), body, NULL, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), part);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_attempts(result) == 0);
    oss_result_free(result);
    CHECK_ENDS(OSS_STATUS_OK, oss_begin_multipart(bucket, key_of("refused-part"), NULL, &multipart, &result));
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_upload_part_body(multipart, 1, body, &result));
    CHECK_CONTAINS(oss_result_message(result), part);
    CHECK(oss_result_attempts(result) == 0);
    oss_result_free(result);
    CHECK_ENDS(OSS_STATUS_OK, oss_abort_multipart(multipart, &result));
    CHECK(reader.reads == 0);
    oss_multipart_free(multipart);
    oss_body_free(body);
}

static void single_requests_that_cannot_be(void) {
    refuse_single(NULL, OSS_LENGTH_UNKNOWN, "length");
    refuse_single(rewind_data, OSS_LENGTH_UNKNOWN, "length");
    refuse_single(NULL, MOST_HELD + 1, "4194304");
    refuse_single(NULL, OSS_LENGTH_UNKNOWN - 1, "4194304");
    refuse_single(rewind_data, (UINT64_C(5) << 30) + 1, "5368709120");
}

/* What cannot be read is not put either. */
static void puts_that_fail(void) {
    static const size_t lengths[] = {50000, 350000};
    for (size_t i = 0; i < 4; i++) {
        struct reader reader = reader_of(data, size);
        const size_t length = lengths[i / 2];
        oss_body *body = oss_body_from_reader(read_data, i % 2 == 0 ? rewind_data : NULL, &reader, length);
        oss_result *result = NULL;
        reader.failure = 8001;
        reader.fails_at = length - 1;
        CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_put_body(bucket, key_of("failed"), body, NULL, NULL, &result));
        CHECK_CONTAINS(oss_result_message(result), "8001");
        CHECK(oss_result_stored(result) == OSS_STORED_NO);
        oss_result_free(result);
        oss_body_free(body);
    }
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key_of("failed"), &result));
}

/* A reader serves again: from its beginning if it can rewind, or else from where it is. */
static void second_operations(void) {
    struct reader rewinding = reader_of(data, 5000), once = reader_of(data, 10000), stuck = reader_of(data, 5000);
    oss_body *body = oss_body_from_reader(read_data, rewind_data, &rewinding, 5000);
    oss_result *result = NULL;

    CHECK_ENDS(OSS_STATUS_OK, oss_put_body(bucket, key_of("twice/rewinding/0"), body, NULL, NULL, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, key_of("twice/rewinding/1"), body, NULL, NULL, &result));
    CHECK(rewinding.rewinds == 1);
    oss_body_free(body);
    body = oss_body_from_reader(read_data, NULL, &once, 5000);
    CHECK_ENDS(OSS_STATUS_OK, oss_put_body(bucket, key_of("twice/once/0"), body, NULL, NULL, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, key_of("twice/once/1"), body, NULL, NULL, &result));
    oss_body_free(body);

    stuck.no_rewind = 8002;
    body = oss_body_from_reader(read_data, rewind_data, &stuck, 5000);
    CHECK_ENDS(OSS_STATUS_OK, oss_put_body(bucket, key_of("twice/stuck/0"), body, NULL, NULL, &result));
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_put_body(bucket, key_of("failed"), body, NULL, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), "8002");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    oss_body_free(body);
    for (int i = 0; i < 2; i++) {
        clean_up(bucket, key_of(i == 0 ? "twice/rewinding/0" : "twice/rewinding/1"));
        clean_up(bucket, key_of(i == 0 ? "twice/once/0" : "twice/once/1"));
    }
    clean_up(bucket, key_of("twice/stuck/0"));
}

/* A part is sent again as a put is. */
static void resend_part(oss_rewind_fn rewind, const char *name, unsigned rewinds) {
    struct reader reader = reader_of(data, 350000);
    oss_body *body = oss_body_from_reader(read_data, rewind, &reader, reader.size);
    oss_multipart *multipart = NULL;
    oss_result *result = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_begin_multipart(bucket, key_of(name), NULL, &multipart, &result));
    CHECK_CALL(OSS_STATUS_OK, oss_upload_part_body(multipart, 1, body, &result));
    /* The connection was used before, so the time that it was reset counts for nothing. */
    CHECK(oss_result_attempts(result) == 1);
    CHECK(reader.rewinds == rewinds && reader.elsewhere == 0);
    oss_result_free(result);
    CHECK_ENDS(OSS_STATUS_OK, oss_complete_multipart(multipart, NULL, &result));
    oss_multipart_free(multipart);
    oss_body_free(body);
}

static void upload_again(const char *name, oss_rewind_fn rewind, uint64_t length, unsigned rewinds) {
    struct reader reader = reader_of(data, length < OSS_LENGTH_UNKNOWN ? length : 350000);
    oss_body *body = oss_body_from_reader(read_data, rewind, &reader, length);
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_upload_object(bucket, key_of(name), body, NULL, options, &result));
    CHECK_STORED(bucket, key_of(name), reader.size, result);
    CHECK(reader.rewinds == rewinds && reader.elsewhere == 0);
    oss_result_free(result);
    oss_body_free(body);
}

/* Over connections that are reset. */
static void sent_again(void) {
    /* What two sockets hold could have arrived, and be stored. */
    unsigned char *huge = calloc(1, HUGE_SIZE);
    struct reader stuck = reader_of(huge, HUGE_SIZE);
    oss_body *body = oss_body_from_reader(read_data, rewind_data, &stuck, stuck.size);
    oss_result *result = NULL;

    put("resent/put-rewinding", 350000, rewind_data, NULL, 1);
    put("resent/put-once", 350000, NULL, NULL, 0);
    resend_part(rewind_data, "resent/part-rewinding", 1);
    resend_part(NULL, "resent/part-once", 0);
    upload_again("resent/rewinding", rewind_data, 140000, 1);
    /* Parts are held in memory. */
    upload_again("resent/rewinding-parts", rewind_data, 350000, 0);
    upload_again("resent/once-parts", NULL, 350000, 0);
    upload_again("resent/unknown-parts", NULL, OSS_LENGTH_UNKNOWN, 0);

    stuck.no_rewind = 8003;
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_put_body(bucket, key_of("resent/stuck"), body, NULL, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), "8003");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(stuck.rewinds == 1);
    oss_result_free(result);
    oss_body_free(body);
    free(huge);
}

static char inner_key[1100];
static unsigned inner_calls;

/* Checks that a call within a call is refused, and why. */
static void check_inner(oss_status status, oss_result *result, int line) {
    inner_calls++;
    check_status(status, OSS_STATUS_INVALID_ARGUMENT, result, __FILE__, line, "a call within a call");
    check_contains(oss_result_message(result), "must not", __FILE__, line, "the message of a call within a call");
    check(oss_result_http_status(result) == 0, __FILE__, line, "there was no reply");
    oss_result_free(result);
}

#define CHECK_INNER(call)                       \
    do {                                        \
        oss_result *result = NULL;              \
        oss_status inner_ = (call);             \
        check_inner(inner_, result, __LINE__);  \
    } while (0)

static void call_the_library(void) {
    struct reader reader = reader_of(data, 1000);
    oss_body *bytes = oss_body_from_bytes(data, 350000);
    oss_body *other = oss_body_from_reader(read_data, NULL, &reader, OSS_LENGTH_UNKNOWN);
    oss_upload_list *list = NULL;
    oss_multipart *multipart = NULL;
    oss_writer *writer = NULL;
    const char *key = inner_key;

    CHECK_INNER(oss_put_object(bucket, key, "x", 1, NULL, &result));
    CHECK_INNER(oss_put_body(bucket, key, bytes, NULL, NULL, &result));
    CHECK_INNER(oss_upload_object(bucket, key, bytes, NULL, options, &result));
    CHECK_INNER(oss_upload_object(bucket, key, other, NULL, NULL, &result));
    CHECK_INNER(oss_stat_object(bucket, key, &result));
    CHECK_INNER(oss_remove_object(bucket, key, &result));
    CHECK_INNER(oss_begin_multipart(bucket, key, NULL, &multipart, &result));
    CHECK(multipart == NULL);
    CHECK_INNER(oss_list_uploads(bucket, NULL, 10, &list, &result));
    CHECK(list == NULL);
    /* To make a writer, and to write what is only held, sends nothing. */
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_new(bucket, key, NULL, NULL, &writer, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_write(writer, "x", 1, &result));
    CHECK_INNER(oss_writer_finish(writer, &result));
    oss_writer_free(writer);
    oss_body_free(other);
    oss_body_free(bytes);
}

static void call_while_reading(struct reader *reader) {
    if (reader->reads == 2) {
        call_the_library();
    }
}

static void call_while_told(struct watcher *watcher) {
    if (watcher->calls <= 2) {
        call_the_library();
    }
}

/* Functions that call the library meet an error there, which does the call around them no harm. */
static void calls_within_calls(void) {
    static const size_t lengths[] = {140000, 350000};
    format(inner_key, sizeof inner_key, "%s", key_of("inner"));
    for (int i = 0; i < 2; i++) {
        const size_t length = lengths[i];
        struct reader reader = reader_of(data, length);
        struct watcher watcher = watcher_of(length);
        oss_body *body = oss_body_from_reader(read_data, rewind_data, &reader, length);
        oss_result *result = NULL;
        const char *key = key_of(i == 0 ? "outer/put" : "outer/parts");
        reader.step = 10000;
        reader.meanwhile = call_while_reading;
        watcher.meanwhile = call_while_told;
        inner_calls = 0;
        CHECK_SETS(oss_upload_options_set_progress(options, watch, &watcher));
        CHECK_CALL(OSS_STATUS_OK, oss_upload_object(bucket, key, body, NULL, options, &result));
        CHECK_STORED(bucket, key, length, result);
        CHECK(inner_calls == 3 * 9);
        CHECK(reader.elsewhere == 0);
        CHECK_WATCHED(&watcher, length);
        oss_result_free(result);
        oss_body_free(body);
        clean_up(bucket, key);
    }
    CHECK_SETS(oss_upload_options_set_progress(options, NULL, NULL));
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, inner_key, &result));
}

/* What an object is stored with is said by options that may be gone by then. */
static void options_of_the_object(void) {
    static const size_t lengths[] = {1000, 350000};
    oss_put_options *put_options = oss_put_options_new();
    oss_body *body;
    CHECK_SETS(oss_put_options_set_content_type(put_options, "text/x-managed"));
    CHECK_SETS(oss_put_options_add_metadata(put_options, "made-by", "an upload"));
    CHECK_SETS(oss_put_options_set_traffic_limit(put_options, 838860800));
    CHECK_SETS(oss_upload_options_set_put_options(options, put_options));
    oss_put_options_free(put_options);
    for (int i = 0; i < 2; i++) {
        const char *key = key_of(i == 0 ? "options/put" : "options/parts");
        oss_result *result = NULL;
        body = oss_body_from_bytes(data, lengths[i]);
        CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, key, body, NULL, options, &result));
        CHECK_CALL(OSS_STATUS_OK, oss_stat_object(bucket, key, &result));
        CHECK_TEXT(oss_result_content_type(result), "text/x-managed");
        CHECK_TEXT(oss_result_header(result, "x-oss-meta-made-by"), "an upload");
        oss_result_free(result);
        oss_body_free(body);
        clean_up(bucket, key);
    }
    CHECK_SETS(oss_upload_options_set_put_options(options, NULL));
}

/* A value that is refused leaves the one before it. The test sees in how many parts, and how many at once, it comes. */
static void refused_values(void) {
    oss_upload_options *ours = oss_upload_options_new();
    oss_body *body = oss_body_from_bytes(data, 350000);
    struct watcher watcher = watcher_of(350000);
    CHECK_SETS(oss_upload_options_set_part_size(ours, 2 * PART));
    CHECK_SETS(oss_upload_options_set_threshold(ours, PART));
    CHECK_SETS(oss_upload_options_set_parallel(ours, 1));
    CHECK(oss_upload_options_set_part_size(ours, PART - 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_threshold(ours, (UINT64_C(5) << 30) + 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_parallel(ours, 101) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, key_of("refused/sizes"), body, NULL, ours, &result));
    /* At 1024 bytes a second there is time to be told at the beginning, twice in between, and once more. */
    watcher.cancels_at = 4;
    CHECK_SETS(oss_upload_options_set_progress(ours, watch, &watcher));
    CHECK_SETS(oss_upload_options_set_rate_limit(ours, 1024));
    CHECK(oss_upload_options_set_rate_limit(ours, 1023) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_upload_object(bucket, key_of("refused/rate"), body, NULL, ours, &result));
    CHECK(watcher.last == 0);
    clean_up(bucket, key_of("refused/sizes"));
    oss_body_free(body);
    oss_upload_options_free(ours);
}

struct logger {
    unsigned lines;
    unsigned elsewhere;
    int32_t answer;
    char first[300];
    pthread_t thread;
};

static int32_t note_line(void *user_data, int32_t level, const char *line) {
    struct logger *logger = user_data;
    logger->elsewhere += level != OSS_LOG_LEVEL_WARNING;
    logger->elsewhere += !pthread_equal(logger->thread, pthread_self());
    if (logger->lines++ == 0) {
        format(logger->first, sizeof logger->first, "%.299s", line);
    }
    return logger->answer;
}

/* What cannot be taken up again is said in a line, and whoever hears it can cancel. */
static void lines_for_a_log(void) {
    struct watcher watcher = watcher_of(300000);
    struct logger unwilling = {0, 0, -1, "", pthread_self()}, willing = {0, 0, 0, "", pthread_self()};
    oss_upload_options *ours = oss_upload_options_new();
    oss_body *body = oss_body_from_file(file_of(300000));
    oss_result *result = NULL;
    const char *key = key_of("logged");

    watcher.enough = PART;
    CHECK_SETS(oss_upload_options_set_part_size(ours, PART));
    CHECK_SETS(oss_upload_options_set_parallel(ours, 1));
    CHECK_SETS(oss_upload_options_set_checkpoint(ours, path_of("checkpoints")));
    CHECK_SETS(oss_upload_options_set_progress(ours, watch, &watcher));
    CHECK_SETS(oss_upload_options_set_log(ours, note_line, &unwilling));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_upload_object(bucket, key, body, NULL, ours, &result));
    CHECK(unwilling.lines == 0);
    CHECK_PENDING(bucket, key, 1);

    /* It is no longer the file that it was. */
    file_of(300001);
    CHECK_SETS(oss_upload_options_set_progress(ours, NULL, NULL));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_upload_object(bucket, key, body, NULL, ours, &result));
    CHECK(unwilling.lines > 0 && unwilling.elsewhere == 0);
    CHECK_CONTAINS(unwilling.first, "starting over");
    CHECK_SETS(oss_upload_options_set_log(ours, note_line, &willing));
    CHECK_CALL(OSS_STATUS_OK, oss_upload_object(bucket, key, body, NULL, ours, &result));
    CHECK(willing.lines > 0 && willing.elsewhere == 0);
    CHECK_CONTAINS(willing.first, "starting over");
    CHECK_STORED(bucket, key, 300001, result);
    CHECK_PENDING(bucket, key, 0);
    oss_result_free(result);
    oss_body_free(body);
    oss_upload_options_free(ours);
    clean_up(bucket, key);
}

/* The deadline ends an upload, and what is kept of it suffices to remove the parts. */
static void deadline(void) {
    oss_body *body = oss_body_from_bytes(data, 350000);
    oss_result *result = NULL;
    CHECK_SETS(oss_upload_options_set_deadline_ms(options, 3000));
    CHECK_CALL(OSS_STATUS_TIMEOUT, oss_upload_object(bucket, key_of("late/parts"), body, NULL, options, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    /* They had been sent, and were not answered. */
    CHECK(oss_result_upload_id(result)[0] != '\0');
    CHECK_PENDING(bucket, key_of("late/parts"), 0);
    CHECK_SETS(oss_upload_options_set_deadline_ms(options, 0));
    oss_result_free(result);
    oss_body_free(body);
}

int main(void) {
    bucket = open_bucket();
    data = read_file(needed_variable("SOURCE"), &size);
    CHECK(size > MOST_HELD);
    options = oss_upload_options_new();
    CHECK_SETS(oss_upload_options_set_part_size(options, PART));
    CHECK_SETS(oss_upload_options_set_threshold(options, THRESHOLD));
    CHECK_SETS(oss_upload_options_set_parallel(options, 3));
    every_source();
    if (variable("CALLBACK_URL") != NULL) {
        every_source_with_callback();
    }
    byte_by_byte();
    sources_that_fail();
    negative_failure();
    parts_that_are_kept();
    puts_of_readers();
    single_requests_that_cannot_be();
    puts_that_fail();
    second_operations();
    calls_within_calls();
    options_of_the_object();
    refused_values();
    lines_for_a_log();
    if (variable("FAULTS") != NULL) {
        sent_again();
        deadline();
    }
    oss_upload_options_free(options);
    free(data);
    oss_bucket_free(bucket);
    return finish();
}
