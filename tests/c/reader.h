/* Functions that the library calls: one that gives bytes out of memory as a test wants it, and one that watches the
 * progress. Both note what they see. */

#ifndef TEST_READER_H
#define TEST_READER_H

#include "support.h"

#include <pthread.h>

/* More than the buffers of two sockets hold. */
enum { HUGE_SIZE = 64 << 20 };

struct reader {
    const unsigned char *data;
    size_t size;
    size_t position;
    size_t step;         /* How much it gives at once; 0 for as much as is asked for. */
    int32_t failure;     /* What it returns at `fails_at`; 0 if it does not fail. */
    size_t fails_at;
    bool is_silent;      /* Whether it fails without a word: it returns 0, and leaves `*got` alone. */
    bool boasts;         /* Whether it says that it gave more than there was room for. */
    int32_t no_rewind;   /* What rewinding returns. */
    void (*meanwhile)(struct reader *reader);
    unsigned reads;
    unsigned rewinds;
    unsigned elsewhere;  /* How often it was called on another thread. */
    pthread_t thread;
};

static inline struct reader reader_of(const unsigned char *data, size_t size) {
    struct reader reader = {0};
    reader.data = data;
    reader.size = size;
    reader.thread = pthread_self();
    return reader;
}

static inline int32_t read_data(void *user_data, void *buffer, size_t capacity, size_t *got) {
    struct reader *reader = user_data;
    size_t end = reader->size, length;
    reader->reads++;
    reader->elsewhere += !pthread_equal(reader->thread, pthread_self());
    if (reader->meanwhile != NULL) {
        reader->meanwhile(reader);
    }
    if (reader->failure != 0) {
        if (reader->position >= reader->fails_at) {
            return reader->is_silent ? 0 : reader->failure;
        }
        end = reader->fails_at < end ? reader->fails_at : end;
    }
    length = end - reader->position;
    length = length < capacity ? length : capacity;
    length = reader->step != 0 && reader->step < length ? reader->step : length;
    memcpy(buffer, reader->data + reader->position, length);
    reader->position += length;
    *got = reader->boasts ? capacity + 1 : length;
    return 0;
}

static inline int32_t rewind_data(void *user_data) {
    struct reader *reader = user_data;
    reader->rewinds++;
    reader->elsewhere += !pthread_equal(reader->thread, pthread_self());
    if (reader->no_rewind == 0) {
        reader->position = 0;
    }
    return reader->no_rewind;
}

struct watcher {
    uint64_t total;       /* What it is to be told each time. */
    uint64_t first;
    uint64_t last;
    unsigned calls;
    unsigned backwards;   /* How often there was less than before. */
    unsigned wrong_total;
    unsigned elsewhere;   /* How often it was told elsewhere, or what cannot be. */
    unsigned cancels_at;  /* Its which call cancels, counted from 1; 0 for none. */
    uint64_t enough;      /* It cancels, once, when so much was accepted; 0 for never. */
    int32_t answer;       /* What it returns to cancel. */
    void (*meanwhile)(struct watcher *watcher);
    pthread_t thread;
};

static inline struct watcher watcher_of(uint64_t total) {
    struct watcher watcher = {0};
    watcher.total = total;
    watcher.answer = 1;
    watcher.thread = pthread_self();
    return watcher;
}

static inline int32_t watch(void *user_data, const oss_progress *progress) {
    struct watcher *watcher = user_data;
    uint64_t accepted = oss_progress_accepted(progress), total = oss_progress_total(progress);
    uint64_t acknowledged = oss_progress_acknowledged(progress), sent = oss_progress_sent(progress);
    watcher->elsewhere += accepted > acknowledged || acknowledged > sent || sent > total;
    watcher->calls++;
    watcher->first = watcher->calls == 1 ? accepted : watcher->first;
    watcher->backwards += accepted < watcher->last;
    watcher->wrong_total += total != watcher->total;
    watcher->elsewhere += !pthread_equal(watcher->thread, pthread_self());
    watcher->last = accepted;
    if (watcher->meanwhile != NULL) {
        watcher->meanwhile(watcher);
    }
    if (watcher->enough != 0 && accepted >= watcher->enough) {
        watcher->enough = 0;
        return watcher->answer;
    }
    return watcher->calls == watcher->cancels_at ? watcher->answer : 0;
}

/* Checks that it was told of all `size` bytes, in the right order and on the right thread. */
static inline void check_watched(const struct watcher *watcher, uint64_t size, const char *file, int line) {
    check(watcher->calls >= 2 && watcher->first == 0, file, line, "progress begins at 0");
    check(watcher->last == size, file, line, "progress ends with all bytes");
    check(watcher->backwards == 0, file, line, "progress never goes back");
    check(watcher->wrong_total == 0, file, line, "progress names the total");
    check(watcher->elsewhere == 0, file, line, "progress is told on the thread that called");
}

#define CHECK_WATCHED(watcher, size) check_watched((watcher), (size), __FILE__, __LINE__)

/* Checks how many uploads there are whose keys begin with this. */
static inline void check_pending(const oss_bucket *bucket, const char *prefix, size_t expected, const char *file,
                                 int line) {
    oss_upload_list *list = NULL;
    oss_result *result = NULL;
    check_status(oss_list_uploads(bucket, prefix, 1000, &list, &result), OSS_STATUS_OK, result, file, line,
                 "oss_list_uploads");
    check(oss_upload_list_count(list) == expected, file, line, "as many uploads are pending as there should be");
    oss_upload_list_free(list);
    oss_result_free(result);
}

#define CHECK_PENDING(bucket, prefix, expected) check_pending((bucket), (prefix), (expected), __FILE__, __LINE__)

#endif
