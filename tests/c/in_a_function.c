/*
 * What the caller's functions may do while the library has called them: free another bucket that has been used, and have
 * their own thread cancelled, which comes to pass when the call is over.
 */
#define _DEFAULT_SOURCE
#include "support.h"

#include <pthread.h>
#include <unistd.h>

enum { SIZE = 100000 };

typedef struct reading {
    size_t rest;
    oss_bucket *other; /* To be freed; or NULL. */
    bool cancels;      /* Whether the thread is cancelled. */
} reading;

/* Nothing is to be said on the standard error output. */
static void free_quietly(oss_bucket *bucket) {
    FILE *said = tmpfile();
    const int errors = dup(STDERR_FILENO);
    CHECK(said != NULL && errors >= 0 && dup2(fileno(said), STDERR_FILENO) == STDERR_FILENO);
    oss_bucket_free(bucket);
    CHECK(dup2(errors, STDERR_FILENO) == STDERR_FILENO && close(errors) == 0);
    CHECK(lseek(fileno(said), 0, SEEK_END) == 0);
    fclose(said);
}

static int32_t read_some(void *user_data, void *buffer, size_t capacity, size_t *got) {
    reading *state = user_data;
    if (state->other != NULL) {
        free_quietly(state->other);
        state->other = NULL;
    }
    if (state->cancels) {
        state->cancels = false;
        CHECK(pthread_cancel(pthread_self()) == 0);
    }
    *got = state->rest < capacity ? state->rest : capacity;
    memset(buffer, 0, *got);
    state->rest -= *got;
    return 0;
}

static void upload(oss_bucket *bucket, const char *key, reading state) {
    oss_body *body = oss_body_from_reader(read_some, NULL, &state, SIZE);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, key, body, NULL, NULL, &result));
    CHECK(state.rest == 0);
    oss_body_free(body);
}

static void upload_cancelled(oss_bucket *bucket) {
    reading state = {SIZE, NULL, true};
    upload(bucket, "cancelled", state);
}

/* Nothing is on its stack: what a compiler's checks note of that they would forget to take back. */
static void *be_cancelled(void *bucket) {
    upload_cancelled(bucket);
    pthread_testcancel();
    return NULL;
}

int main(void) {
    oss_bucket *bucket = open_bucket(), *other = open_bucket();
    reading state = {SIZE, other, false};
    pthread_t thread;
    void *ended = NULL;

    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(other, "other", "data", 4, NULL, &result));
    upload(bucket, "freed", state);

    CHECK(pthread_create(&thread, NULL, be_cancelled, bucket) == 0);
    CHECK(pthread_join(thread, &ended) == 0);
    CHECK(ended == PTHREAD_CANCELED);
    CHECK_ENDS(OSS_STATUS_OK, oss_stat_object(bucket, "cancelled", &result));

    oss_bucket_free(bucket);
    return finish();
}
