/* One handle in a parent and its children, forked while other threads are uploading with it. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3 };

static oss_bucket *bucket;
static atomic_int stop;
static atomic_int failed_in_threads;

static oss_status put(const char *who, int number) {
    char key[64];
    snprintf(key, sizeof key, "%s/%d", who, number);
    return oss_put_object(bucket, key, key, strlen(key), NULL, NULL);
}

static void *uploading(void *argument) {
    (void)argument;
    for (int i = 0; !stop; i++) failed_in_threads += put("thread", i) != OSS_STATUS_OK;
    return NULL;
}

/* What became of a child: 0 if all went well. */
static int outcome_of(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

int main(void) {
    const int rounds = atoi(needed_variable("ROUNDS"));
    pthread_t threads[THREADS];
    alarm(100);
    bucket = open_bucket();

    /* The parent's connection is warm, and stays the parent's. */
    CHECK(put("parent", 0) == OSS_STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        /* A child that hangs is ended by the signal, which the parent sees. */
        alarm(30);
        int failed = 0;
        for (int i = 0; i < 20; i++) failed += put("child", i) != OSS_STATUS_OK;
        /* A grandchild is as well off. */
        pid_t grandchild = fork();
        if (grandchild == 0) {
            alarm(30);
            _exit(put("grandchild", 0) != OSS_STATUS_OK);
        }
        failed += outcome_of(grandchild) != 0;
        oss_bucket_free(bucket);
        _exit(failed);
    }
    for (int i = 1; i < 20; i++) CHECK(put("parent", i) == OSS_STATUS_OK);
    CHECK(outcome_of(child) == 0);
    CHECK(put("parent", 20) == OSS_STATUS_OK);

    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, uploading, NULL);
    for (int round = 0; round < rounds; round++) {
        child = fork();
        if (child == 0) {
            alarm(30);
            int failed = put("child", round) != OSS_STATUS_OK;
            if (round % 2) oss_bucket_free(bucket);
            _exit(failed);
        }
        CHECK(put("parent", round) == OSS_STATUS_OK);
        CHECK(outcome_of(child) == 0);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    CHECK(failed_in_threads == 0);

    oss_bucket_free(bucket);
    return finish();
}
