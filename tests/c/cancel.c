/*
 * Fires cancels, from a thread or a signal handler, at calls that are waiting for something, and prints how long they
 * still took. When a call is waiting is seen in the log of the emulator that serves OSS_ENDPOINT, and of connections in
 * the kernel's table of sockets. The emulator does not answer below "reply/", stops reading below "sending/", and is
 * unavailable below "pause/" and "lost/". With PROXY, all goes through that. CALLBACK_URL answers callbacks. A call
 * that takes longer than PATIENCE_MS is too slow. With SLOWED, a tool looks on that takes most of the time for itself,
 * so that half a second may not be enough to remove parts: then they have to be named.
 */
#define _XOPEN_SOURCE 700

#include "reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    PART = 102400,
    SMALL = 1000,
    LONG = 350000,
    GIVE_UP_MS = 60000
};

static oss_bucket *bucket;
static unsigned char *data;
static int64_t patience;
static bool is_slowed;

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* What the emulator and the kernel see. */

static struct sockaddr_in loopback(unsigned port) {
    struct sockaddr_in address = {0};
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* The requests that the emulator has seen, as JSON. */
static char *request_log(void) {
    static const char request[] = "GET /-/requests HTTP/1.1\r\nHost: emulator\r\nConnection: close\r\n\r\n";
    const char *port = strrchr(needed_variable("OSS_ENDPOINT"), ':');
    struct sockaddr_in address = loopback((unsigned)atoi(port + 1));
    int emulator = socket(AF_INET, SOCK_STREAM, 0);
    size_t length = 0, capacity = 1 << 16;
    char *log = malloc(capacity);
    ssize_t got;
    if (connect(emulator, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(emulator, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1) {
        give_up("the emulator's log", strerror(errno));
    }
    while ((got = recv(emulator, log + length, capacity - length - 1, 0)) > 0) {
        length += (size_t)got;
        if (length + 1 == capacity) {
            log = realloc(log, capacity *= 2);
        }
    }
    log[length] = '\0';
    close(emulator);
    return log;
}

/* What is to be seen of a call before a cancel is fired at it. */
struct sight {
    const char *operation;
    const char *key;
    unsigned requests;
    uint64_t bytes; /* How much has arrived of each. */
    int status;     /* What each was answered; 0 for anything or nothing. */
};

static bool is_seen(const struct sight *sight) {
    static const char start[] = "{\"body_bytes_received\":";
    char operation[100], key[1200], status[100], *log = request_log(), *next;
    unsigned seen = 0;
    format(operation, sizeof operation, "\"operation\":\"%s\"", sight->operation);
    format(key, sizeof key, "\"key\":\"%s\"", sight->key);
    format(status, sizeof status, "\"status\":%d", sight->status);
    for (char *entry = strstr(log, start); entry != NULL; entry = next) {
        next = strstr(entry + 1, start);
        if (next != NULL) {
            next[-1] = '\0';
        }
        seen += strstr(entry, operation) != NULL && (sight->key == NULL || strstr(entry, key) != NULL) &&
                (sight->status == 0 || strstr(entry, status) != NULL) &&
                strtoull(entry + sizeof start - 1, NULL, 10) >= sight->bytes;
    }
    free(log);
    return seen >= sight->requests;
}

/* A port that takes no more connections: whoever connects waits. */
struct black_hole {
    int listener;
    int fillers[4];
    unsigned port;
    unsigned waiting; /* How many of the fillers wait too. */
};

/* How many sockets wait for an answer from this port. */
static unsigned connecting_to(unsigned port) {
    char line[512], wanted[64];
    unsigned count = 0;
    FILE *table = fopen("/proc/self/net/tcp", "r");
    if (table == NULL) {
        give_up("/proc/self/net/tcp", strerror(errno));
    }
    format(wanted, sizeof wanted, " 0100007F:%04X 02 ", port);
    while (fgets(line, sizeof line, table) != NULL) {
        count += strstr(line, wanted) != NULL;
    }
    fclose(table);
    return count;
}

static struct black_hole dig(void) {
    struct black_hole hole;
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    struct pollfd first = {0};
    hole.listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(hole.listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(hole.listener, 0) == 0);
    CHECK(getsockname(hole.listener, (struct sockaddr *)&address, &length) == 0);
    hole.port = ntohs(address.sin_port);
    for (int i = 0; i < 4; i++) {
        hole.fillers[i] = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(fcntl(hole.fillers[i], F_SETFL, O_NONBLOCK) == 0);
        CHECK(connect(hole.fillers[i], (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
        first.fd = hole.fillers[0];
        first.events = POLLOUT;
        CHECK(poll(&first, 1, GIVE_UP_MS) == 1);
    }
    hole.waiting = connecting_to(hole.port);
    CHECK(hole.waiting > 0);
    return hole;
}

static void fill_in(struct black_hole hole) {
    for (int i = 0; i < 4; i++) {
        close(hole.fillers[i]);
    }
    close(hole.listener);
}

/* The cancel that is to be fired, when, and how. */

enum way { BY_THREAD, BY_SIGNAL, BY_TIMER, WAYS };

static const char *const WAY_NAMES[] = {"thread", "signal", "timer"};

static struct {
    oss_cancel *cancel;
    enum way way;
    const struct sight *sight;      /* Either this is to be seen, */
    const struct black_hole *hole;  /* or one more that connects. */
    bool in_vain;                   /* It was never seen. */
    int64_t fired_at;
    pthread_t caller, aiming;
} shot;
/* Whether the next signal fires. */
static int armed;
static volatile sig_atomic_t alarms;

static void fire(void) {
    shot.fired_at = now_us();
    oss_cancel_fire(shot.cancel);
}

static void on_signal(int signal) {
    alarms += signal == SIGALRM;
    if (__atomic_exchange_n(&armed, 0, __ATOMIC_SEQ_CST)) {
        fire();
    }
}

static bool is_due(void) {
    return shot.hole != NULL ? connecting_to(shot.hole->port) > shot.hole->waiting : is_seen(shot.sight);
}

static void *aim(void *unused) {
    const int64_t limit = now_us() + GIVE_UP_MS * INT64_C(1000);
    (void)unused;
    while (!is_due() && !shot.in_vain) {
        shot.in_vain = now_us() > limit;
        poll(NULL, 0, 2);
    }
    switch (shot.way) {
    case BY_THREAD:
        fire();
        break;
    case BY_SIGNAL:
        __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
        pthread_kill(shot.caller, SIGUSR1);
        break;
    default:
        __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void tick_every(long microseconds) {
    struct itimerval timer = {{0, 0}, {0, 0}};
    timer.it_interval.tv_usec = microseconds;
    timer.it_value.tv_usec = microseconds;
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

/* Has a new cancel fired as soon as that is seen. */
static oss_cancel *take_aim(enum way way, const struct sight *sight, const struct black_hole *hole) {
    sigset_t all, before;
    memset(&shot, 0, sizeof shot);
    shot.cancel = oss_cancel_new();
    shot.way = way;
    shot.sight = sight;
    shot.hole = hole;
    shot.caller = pthread_self();
    CHECK(!oss_cancel_has_fired(shot.cancel));
    if (way == BY_TIMER) {
        tick_every(10000);
    }
    /* Signals are for the thread that is in the call. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&shot.aiming, NULL, aim, NULL) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return shot.cancel;
}

/* The calls that are cancelled. Each tells in the result how it ended, and leaves nothing behind but at OSS. */

typedef oss_status (*call_fn)(const char *key, const oss_cancel *cancel, oss_result **result);

static oss_bucket_options *settings(void) {
    oss_bucket_options *options = bucket_options();
    CHECK_SETS(oss_bucket_options_set_max_attempts(options, 100));
    return options;
}

static oss_bucket *bucket_with_cancel(const oss_cancel *cancel) {
    oss_bucket_options *options = settings();
    oss_bucket *made;
    CHECK_SETS(oss_bucket_options_set_cancel(options, cancel));
    made = open_bucket_with(options);
    oss_bucket_options_free(options);
    return made;
}

static oss_put_options *put_options(const oss_cancel *cancel) {
    oss_put_options *options = oss_put_options_new();
    CHECK_SETS(oss_put_options_set_cancel(options, cancel));
    return options;
}

static oss_upload_options *upload_options(const oss_cancel *cancel, uint64_t part_size) {
    oss_upload_options *options = oss_upload_options_new();
    CHECK_SETS(oss_upload_options_set_part_size(options, part_size));
    CHECK_SETS(oss_upload_options_set_threshold(options, PART));
    CHECK_SETS(oss_upload_options_set_parallel(options, 2));
    CHECK_SETS(oss_upload_options_set_cancel(options, cancel));
    return options;
}

static oss_status put(const char *key, size_t length, const oss_cancel *cancel, oss_result **result) {
    oss_put_options *options = put_options(cancel);
    oss_status status = oss_put_object(bucket, key, data, length, options, result);
    oss_put_options_free(options);
    return status;
}

static oss_status put_small(const char *key, const oss_cancel *cancel, oss_result **result) {
    return put(key, SMALL, cancel, result);
}

static oss_status put_huge(const char *key, const oss_cancel *cancel, oss_result **result) {
    return put(key, HUGE_SIZE, cancel, result);
}

static oss_status put_with_callback(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_put_options *options = put_options(cancel);
    oss_callback *callback = NULL;
    oss_status status;
    CHECK_SETS(oss_callback_new(needed_variable("CALLBACK_URL"), "object=${object}", &callback, NULL));
    status = oss_put_object_with_callback(bucket, key, data, SMALL, callback, options, result);
    oss_callback_free(callback);
    oss_put_options_free(options);
    return status;
}

static oss_status put_in_bucket(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_cancel *other = oss_cancel_new();
    oss_put_options *options = put_options(other);
    oss_bucket *own = bucket_with_cancel(cancel);
    oss_status status = oss_put_object(own, key, data, SMALL, options, result);
    CHECK(!oss_cancel_has_fired(other));
    oss_bucket_free(own);
    oss_put_options_free(options);
    oss_cancel_free(other);
    return status;
}

static oss_status stat_in_bucket(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_bucket *own = bucket_with_cancel(cancel);
    oss_status status = oss_stat_object(own, key, result);
    oss_bucket_free(own);
    return status;
}

static oss_status remove_in_bucket(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_bucket *own = bucket_with_cancel(cancel);
    oss_status status = oss_remove_object(own, key, result);
    oss_bucket_free(own);
    return status;
}

static oss_status list_in_bucket(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_bucket *own = bucket_with_cancel(cancel);
    oss_upload_list *list = (oss_upload_list *)&failures;
    oss_status status = oss_list_uploads(own, key, 10, &list, result);
    CHECK(list == NULL);
    oss_bucket_free(own);
    return status;
}

static oss_status upload(const char *key, oss_body *body, oss_upload_options *options, oss_result **result) {
    oss_status status = oss_upload_object(bucket, key, body, NULL, options, result);
    oss_body_free(body);
    oss_upload_options_free(options);
    return status;
}

static oss_status upload_small(const char *key, const oss_cancel *cancel, oss_result **result) {
    return upload(key, oss_body_from_bytes(data, SMALL), upload_options(cancel, PART), result);
}

static oss_status upload_parts(const char *key, const oss_cancel *cancel, oss_result **result) {
    return upload(key, oss_body_from_bytes(data, LONG), upload_options(cancel, PART), result);
}

static oss_status upload_huge_parts(const char *key, const oss_cancel *cancel, oss_result **result) {
    return upload(key, oss_body_from_bytes(data, HUGE_SIZE), upload_options(cancel, HUGE_SIZE / 2), result);
}

static oss_status upload_slowly(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_upload_options *options = upload_options(cancel, PART);
    CHECK_SETS(oss_upload_options_set_rate_limit(options, 1024));
    return upload(key, oss_body_from_bytes(data, LONG), options, result);
}

static oss_status upload_file(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_upload_options *options = upload_options(cancel, PART);
    const char *path = path_of("file");
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(data, 1, LONG, file) == LONG && fclose(file) == 0);
    return upload(key, oss_body_from_file(path), options, result);
}

static oss_status upload_unknown(const char *key, const oss_cancel *cancel, oss_result **result) {
    struct reader reader = reader_of(data, LONG);
    return upload(key, oss_body_from_reader(read_data, NULL, &reader, OSS_LENGTH_UNKNOWN),
                  upload_options(cancel, PART), result);
}

/* A writer that holds as much as it can. */
static oss_writer *full_writer(const char *key, const oss_cancel *cancel) {
    oss_upload_options *options = upload_options(cancel, PART);
    oss_writer *writer = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_new(bucket, key, NULL, options, &writer, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_write(writer, data, 2 * PART, &result));
    oss_upload_options_free(options);
    return writer;
}

/* What was cancelled stays so. */
static void check_writer_is_over(oss_writer *writer) {
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_writer_write(writer, "x", 1, &result));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_writer_finish(writer, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_abort(writer, &result));
    oss_writer_free(writer);
}

static int64_t returned_at;

static oss_status write_more(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_writer *writer = full_writer(key, cancel);
    oss_status status = oss_writer_write(writer, "x", 1, result);
    returned_at = now_us();
    check_writer_is_over(writer);
    return status;
}

static oss_status finish_writer(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_writer *writer = full_writer(key, cancel);
    oss_status status = oss_writer_finish(writer, result);
    returned_at = now_us();
    check_writer_is_over(writer);
    return status;
}

static oss_multipart *begin(const char *key, const oss_cancel *cancel, oss_result **result, oss_status *status) {
    oss_put_options *options = put_options(cancel);
    oss_multipart *multipart = (oss_multipart *)&failures;
    *status = oss_begin_multipart(bucket, key, options, &multipart, result);
    oss_put_options_free(options);
    return multipart;
}

static oss_status begin_only(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_status status;
    CHECK(begin(key, cancel, result, &status) == NULL);
    return status;
}

/* The cancel counts for every operation of an upload in parts. */
static void check_multipart_is_over(oss_multipart *multipart) {
    oss_part_list *parts = (oss_part_list *)&failures;
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_list_parts(multipart, &parts, &result));
    CHECK(parts == NULL);
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_upload_part(multipart, 9, "x", 1, &result));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_complete_multipart_with_all(multipart, NULL, &result));
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_abort_multipart(multipart, &result));
    oss_multipart_free(multipart);
}

static oss_status upload_one_part(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_status status;
    oss_multipart *multipart = begin(key, cancel, NULL, &status);
    CHECK(status == OSS_STATUS_OK);
    status = oss_upload_part(multipart, 1, data, PART, result);
    returned_at = now_us();
    check_multipart_is_over(multipart);
    return status;
}

static oss_status complete(const char *key, const oss_cancel *cancel, oss_result **result) {
    oss_status status;
    oss_multipart *multipart = begin(key, cancel, NULL, &status);
    CHECK(status == OSS_STATUS_OK);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, data, PART, &result));
    status = oss_complete_multipart(multipart, NULL, result);
    returned_at = now_us();
    check_multipart_is_over(multipart);
    return status;
}

/* What is cancelled, and what comes of it. */
struct scene {
    const char *key;
    call_fn call;
    struct sight sight;
    oss_stored stored;
    bool names_upload; /* Whether the result names an upload whose fate is not known. */
    unsigned leaves;   /* How many uploads OSS has afterwards. */
};

/* Checks how a call ended at which the cancel was fired, and that those to come end at once. */
static void check_cancelled(const char *name, oss_status status, oss_result *result, oss_stored stored) {
    int64_t took;
    CHECK(pthread_join(shot.aiming, NULL) == 0);
    took = returned_at - shot.fired_at;
    if (shot.way == BY_TIMER) {
        tick_every(0);
    }
    check(!shot.in_vain, __FILE__, __LINE__, name);
    check_status(status, OSS_STATUS_CANCELLED, result, __FILE__, __LINE__, name);
    CHECK_CONTAINS(oss_result_message(result), "cancelled");
    check(oss_result_stored(result) == stored, __FILE__, __LINE__, name);
    CHECK(oss_cancel_has_fired(shot.cancel));
    printf("%-24s by %s: %.1f ms\n", name, WAY_NAMES[shot.way], (double)took / 1000);
    check(took < patience, __FILE__, __LINE__, name);
    oss_result_free(result);
    CHECK_ENDS(OSS_STATUS_CANCELLED, put_small("fired/again", shot.cancel, &result));
    oss_cancel_free(shot.cancel);
}

/* Removes the uploads that are left, of which there are so many, and perhaps one more. */
static void remove_pending(const char *key, size_t expected, bool perhaps_more) {
    oss_upload_list *list = NULL;
    size_t left;
    CHECK_ENDS(OSS_STATUS_OK, oss_list_uploads(bucket, key, 10, &list, &result));
    left = oss_upload_list_count(list);
    check(left == expected || (perhaps_more && left == expected + 1), __FILE__, __LINE__, key);
    for (size_t i = 0; i < left; i++) {
        const char *id = oss_upload_list_upload_id(list, i);
        oss_multipart *multipart = NULL;
        CHECK_ENDS(OSS_STATUS_OK, oss_reopen_multipart(bucket, key, id, &multipart, &result));
        CHECK_ENDS(OSS_STATUS_OK, oss_abort_multipart(multipart, &result));
        oss_multipart_free(multipart);
    }
    oss_upload_list_free(list);
}

static void play(const struct scene *scene, enum way way) {
    oss_cancel *cancel = take_aim(way, &scene->sight, NULL);
    oss_result *result = NULL;
    oss_status status;
    bool is_named;
    returned_at = 0;
    status = scene->call(scene->key, cancel, &result);
    returned_at = returned_at != 0 ? returned_at : now_us();
    is_named = oss_result_upload_id(result)[0] != '\0';
    check(is_named == scene->names_upload || (is_named && is_slowed), __FILE__, __LINE__, scene->key);
    check_cancelled(scene->key, status, result, scene->stored);
    /* The bucket is as good as before. */
    CHECK_ENDS(OSS_STATUS_OK, put_small("after", NULL, &result));
    remove_pending(scene->key, scene->leaves, is_named && !scene->names_upload);
}

static const struct scene SCENES[] = {
    {"reply/put", put_small, {"PutObject", "reply/put", 1, SMALL, 0}, OSS_STORED_UNKNOWN, false, 0},
    {"reply/put", put_in_bucket, {"PutObject", "reply/put", 2, SMALL, 0}, OSS_STORED_UNKNOWN, false, 0},
    {"reply/callback", put_with_callback, {"PutObject", "reply/callback", 1, SMALL, 0}, OSS_STORED_UNKNOWN, false, 0},
    {"reply/stat", stat_in_bucket, {"HeadObject", "reply/stat", 1, 0, 0}, OSS_STORED_UNKNOWN, false, 0},
    {"reply/remove", remove_in_bucket, {"DeleteObject", "reply/remove", 1, 0, 0}, OSS_STORED_UNKNOWN, false, 0},
    {"reply/upload", upload_small, {"PutObject", "reply/upload", 1, SMALL, 0}, OSS_STORED_UNKNOWN, false, 0},
    {"reply/begin", upload_parts, {"InitiateMultipartUpload", "reply/begin", 1, 0, 0}, OSS_STORED_NO, false, 1},
    {"reply/parts", upload_parts, {"UploadPart", "reply/parts", 2, PART, 0}, OSS_STORED_NO, true, 0},
    {"reply/unknown", upload_unknown, {"UploadPart", "reply/unknown", 2, PART, 0}, OSS_STORED_NO, true, 0},
    {"reply/complete", upload_parts, {"CompleteMultipartUpload", "reply/complete", 1, 1, 0}, OSS_STORED_UNKNOWN, true,
     0},
    {"reply/write", write_more, {"UploadPart", "reply/write", 2, PART, 0}, OSS_STORED_NO, true, 0},
    {"reply/finish", finish_writer, {"CompleteMultipartUpload", "reply/finish", 1, 1, 0}, OSS_STORED_UNKNOWN, true, 0},
    {"reply/multipart", begin_only, {"InitiateMultipartUpload", "reply/multipart", 1, 0, 0}, OSS_STORED_NO, false, 1},
    {"reply/part", upload_one_part, {"UploadPart", "reply/part", 1, PART, 0}, OSS_STORED_NO, false, 1},
    {"reply/last", complete, {"CompleteMultipartUpload", "reply/last", 1, 1, 0}, OSS_STORED_UNKNOWN, false, 0},
    {"sending/put", put_huge, {"PutObject", "sending/put", 1, 100000, 0}, OSS_STORED_NO, false, 0},
    {"sending/parts", upload_huge_parts, {"UploadPart", "sending/parts", 2, 100000, 0}, OSS_STORED_NO, false, 0},
    {"slowly", upload_slowly, {"UploadPart", "slowly", 1, 1, 0}, OSS_STORED_NO, false, 0},
    {"pause/put", put_small, {"PutObject", "pause/put", 3, SMALL, 503}, OSS_STORED_NO, false, 0},
    {"pause/stat", stat_in_bucket, {"HeadObject", "pause/stat", 3, 0, 503}, OSS_STORED_UNKNOWN, false, 0},
    {"pause/parts", upload_parts, {"UploadPart", "pause/parts", 4, PART, 503}, OSS_STORED_NO, false, 0},
    {"pause/begin", upload_parts, {"InitiateMultipartUpload", "pause/begin", 3, 0, 503}, OSS_STORED_NO, false, 0},
    {"pause/write", write_more, {"UploadPart", "pause/write", 4, PART, 503}, OSS_STORED_NO, false, 0},
    {"pause/complete", upload_parts, {"CompleteMultipartUpload", "pause/complete", 3, 1, 503}, OSS_STORED_NO, false, 0},
    {"pause/part", upload_one_part, {"UploadPart", "pause/part", 3, PART, 503}, OSS_STORED_NO, false, 1},
    {"lost/put", put_small, {"PutObject", "lost/put", 3, SMALL, 500}, OSS_STORED_UNKNOWN, false, 0},
    {"lost/parts", upload_parts, {"UploadPart", "lost/parts", 4, PART, 500}, OSS_STORED_NO, false, 0},
};

static void every_scene(void) {
    for (size_t i = 0; i < sizeof SCENES / sizeof SCENES[0]; i++) {
        play(&SCENES[i], i % WAYS);
    }
}

static void while_connecting(void) {
    static const struct {
        const char *name;
        call_fn call;
        oss_stored stored;
    } calls[] = {
        {"connecting/put", put_small, OSS_STORED_NO},
        {"connecting/upload", upload_parts, OSS_STORED_NO},
        {"connecting/finish", finish_writer, OSS_STORED_NO},
    };
    struct black_hole hole = dig();
    oss_credentials *credentials = NULL;
    oss_bucket_options *options = bucket_options();
    oss_bucket *before = bucket;
    char url[64];

    format(url, sizeof url, "http://127.0.0.1:%u", hole.port);
    if (variable("PROXY") != NULL) {
        CHECK_SETS(oss_bucket_options_set_proxy(options, url));
    }
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new_from_environment(&credentials, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_new(url, "test-bucket", credentials, options, &bucket, &result));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        oss_cancel *cancel = take_aim(i % WAYS, NULL, &hole);
        oss_result *result = NULL;
        oss_status status;
        returned_at = 0;
        status = calls[i].call(calls[i].name, cancel, &result);
        returned_at = returned_at != 0 ? returned_at : now_us();
        check_cancelled(calls[i].name, status, result, calls[i].stored);
    }
    oss_bucket_free(bucket);
    bucket = before;
    oss_bucket_options_free(options);
    oss_credentials_free(credentials);
    fill_in(hole);
}

/* A fired cancel ends what is given it before anything is sent, or read. */

static void fired_before(void) {
    static const call_fn calls[] = {
        put_small,   put_huge,       put_with_callback, put_in_bucket, stat_in_bucket, remove_in_bucket, list_in_bucket,
        upload_small, upload_parts, upload_slowly,     upload_file,   begin_only,     write_more,       finish_writer,
    };
    oss_cancel *cancel = oss_cancel_new();
    oss_cancel_fire(cancel);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        oss_result *result = NULL;
        CHECK_CALL(OSS_STATUS_CANCELLED, calls[i]("fired/before", cancel, &result));
        CHECK_CONTAINS(oss_result_message(result), "cancelled");
        CHECK(oss_result_stored(result) != OSS_STORED_YES);
        CHECK(oss_result_http_status(result) == 0);
        oss_result_free(result);
    }
    oss_cancel_free(cancel);
}

/* What a reader gives cannot always be had again, so it is not asked in vain. */
static void fired_before_reading(oss_rewind_fn rewind, uint64_t length, bool is_put, bool with_md5) {
    oss_cancel *cancel = oss_cancel_new();
    oss_put_options *single = put_options(cancel);
    oss_upload_options *options = upload_options(cancel, PART);
    struct reader reader = reader_of(data, LONG);
    oss_body *body = oss_body_from_reader(read_data, rewind, &reader, length);
    oss_result *result = NULL;

    oss_cancel_fire(cancel);
    CHECK_SETS(oss_put_options_set_content_md5(single, with_md5));
    if (is_put) {
        CHECK_CALL(OSS_STATUS_CANCELLED, oss_put_body(bucket, "fired/reader", body, NULL, single, &result));
    } else {
        CHECK_CALL(OSS_STATUS_CANCELLED, oss_upload_object(bucket, "fired/reader", body, NULL, options, &result));
    }
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(reader.reads == 0);
    oss_result_free(result);
    oss_body_free(body);
    oss_put_options_free(single);
    oss_upload_options_free(options);
    oss_cancel_free(cancel);
}

/* Gives a byte each millisecond. It is cancelled soon, and gives up if that has no effect. */
static int32_t trickle(void *user_data, void *buffer, size_t capacity, size_t *got) {
    unsigned *reads = user_data;
    CHECK(capacity > 0);
    if (++*reads == 10) {
        fire();
    }
    if (*reads > 10 && now_us() - shot.fired_at > patience) {
        return 99;
    }
    poll(NULL, 0, 1);
    *(unsigned char *)buffer = 'x';
    *got = 1;
    return 0;
}

static int32_t trickle_again(void *user_data) {
    (void)user_data;
    return 0;
}

/* While a function is slow, the cancel is looked at whenever it returns. */
static void while_reading(void) {
    static const char *const names[] = {
        "reading/unknown", "reading/once", "reading/rewinding", "reading/put-once", "reading/put", "reading/put-md5",
    };
    for (int i = 0; i < 6; i++) {
        const bool rewinds = i == 2 || i >= 4, is_put = i >= 3;
        unsigned reads = 0;
        oss_cancel *cancel = shot.cancel = oss_cancel_new();
        oss_put_options *single = put_options(cancel);
        oss_upload_options *options = upload_options(cancel, PART);
        oss_body *body = oss_body_from_reader(trickle, rewinds ? trickle_again : NULL, &reads,
                                              i == 0 ? OSS_LENGTH_UNKNOWN : 100000);
        oss_result *result = NULL;
        oss_status status;
        CHECK_SETS(oss_put_options_set_content_md5(single, i == 5));
        status = is_put ? oss_put_body(bucket, names[i], body, NULL, single, &result)
                        : oss_upload_object(bucket, names[i], body, NULL, options, &result);
        check_status(status, OSS_STATUS_CANCELLED, result, __FILE__, __LINE__, names[i]);
        CHECK(oss_result_stored(result) == OSS_STORED_NO);
        printf("%-24s: %.1f ms\n", names[i], (double)(now_us() - shot.fired_at) / 1000);
        oss_result_free(result);
        oss_body_free(body);
        oss_upload_options_free(options);
        oss_put_options_free(single);
        oss_cancel_free(cancel);
    }
}

/* Removing the parts may take two seconds, and is then given up. */
static void parts_that_cannot_be_removed(void) {
    static const struct sight sight = {"UploadPart", "stuck", 2, 0, 0};
    oss_cancel *cancel = take_aim(BY_THREAD, &sight, NULL);
    oss_result *result = NULL;
    oss_upload_list *list = NULL;
    oss_status status = upload_parts("stuck", cancel, &result);
    returned_at = now_us();
    CHECK_ENDS(OSS_STATUS_OK, oss_list_uploads(bucket, "stuck", 10, &list, &result));
    CHECK_TEXT(oss_result_upload_id(result), oss_upload_list_upload_id(list, 0));
    CHECK(oss_upload_list_count(list) == 1);
    oss_upload_list_free(list);
    patience += 2000000;
    check_cancelled("stuck", status, result, OSS_STORED_NO);
    patience -= 2000000;
}

/* With a checkpoint a cancel is a pause. */
static void resumed_after_a_cancel(void) {
    static const struct sight sight = {"UploadPart", "resumed", 3, 0, 0};
    oss_cancel *cancel = take_aim(BY_SIGNAL, &sight, NULL);
    oss_upload_options *options = upload_options(cancel, PART);
    oss_result *result = NULL;
    oss_body *body;
    FILE *file = fopen(path_of("resumed"), "wb");
    oss_status status;
    CHECK(file != NULL && fwrite(data, 1, LONG, file) == LONG && fclose(file) == 0);
    body = oss_body_from_file(path_of("resumed"));
    CHECK_SETS(oss_upload_options_set_checkpoint(options, path_of("checkpoints")));
    status = oss_upload_object(bucket, "resumed", body, NULL, options, &result);
    returned_at = now_us();
    CHECK(oss_result_upload_id(result)[0] != '\0');
    CHECK_PENDING(bucket, "resumed", 1);
    check_cancelled("resumed", status, result, OSS_STORED_NO);
    CHECK_SETS(oss_upload_options_set_cancel(options, NULL));
    CHECK_CALL(OSS_STATUS_OK, oss_upload_object(bucket, "resumed", body, NULL, options, &result));
    CHECK_STORED(bucket, "resumed", LONG, result);
    CHECK_PENDING(bucket, "resumed", 0);
    oss_result_free(result);
    oss_body_free(body);
    oss_upload_options_free(options);
}

/* Signals alone end nothing, and neither does it to free a cancel that is in use. */
static void without_being_fired(void) {
    oss_cancel *cancel = oss_cancel_new();
    oss_put_options *single = put_options(cancel);
    oss_upload_options *options = upload_options(cancel, PART);
    oss_body *body = oss_body_from_bytes(data, LONG);
    oss_cancel_free(cancel);
    alarms = 0;
    tick_every(2000);
    do {
        CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "signals/put", data, LONG, single, &result));
        CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, "signals/parts", body, NULL, options, &result));
    } while (alarms < 20);
    tick_every(0);
    oss_body_free(body);
    oss_put_options_free(single);
    oss_upload_options_free(options);
}

int main(void) {
    struct sigaction action;
    oss_bucket_options *options = settings();
    memset(&action, 0, sizeof action);
    /* Without SA_RESTART: system calls are interrupted. */
    action.sa_handler = on_signal;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
    patience = atoi(needed_variable("PATIENCE_MS")) * INT64_C(1000);
    is_slowed = variable("SLOWED") != NULL;
    bucket = open_bucket_with(options);
    data = calloc(1, HUGE_SIZE);
    while_connecting();
    every_scene();
    fired_before();
    fired_before_reading(NULL, OSS_LENGTH_UNKNOWN, false, false);
    fired_before_reading(NULL, LONG, false, false);
    fired_before_reading(rewind_data, LONG, false, false);
    fired_before_reading(NULL, LONG, true, false);
    fired_before_reading(rewind_data, LONG, true, false);
    fired_before_reading(rewind_data, LONG, true, true);
    while_reading();
    parts_that_cannot_be_removed();
    resumed_after_a_cancel();
    without_being_fired();
    free(data);
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
    return finish();
}
