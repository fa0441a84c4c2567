/* A rate that several calls share, and that is turned while they run. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, SIZE = 150000, PER_SECOND = 1000000 };

static const char data[SIZE];
static oss_rate *rate;
static oss_bucket *bucket;
/* A call has begun, and waits for the rate. */
static sem_t waiting;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A bucket on which nothing may stand still for long. */
static oss_bucket *bucket_at(const oss_rate *its_rate) {
    oss_bucket_options *options = bucket_options();
    CHECK_SETS(oss_bucket_options_set_stall_timeout_ms(options, 300));
    CHECK_SETS(oss_bucket_options_set_rate(options, its_rate));
    oss_bucket *made = open_bucket_with(options);
    oss_bucket_options_free(options);
    return made;
}

static void *put(void *key) {
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, key, data, SIZE, NULL, &result));
    return NULL;
}

/* In parts, at the rate of the options. */
static void *upload(void *key) {
    oss_put_options *put_options = oss_put_options_new();
    oss_upload_options *options = oss_upload_options_new();
    oss_bucket *free_bucket = bucket_at(NULL);
    oss_body *body = oss_body_from_bytes(data, SIZE);
    CHECK_SETS(oss_put_options_set_rate(put_options, rate));
    CHECK_SETS(oss_upload_options_set_put_options(options, put_options));
    CHECK_SETS(oss_upload_options_set_rate(options, rate));
    CHECK_SETS(oss_upload_options_set_threshold(options, 0));
    CHECK_SETS(oss_upload_options_set_part_size(options, 102400));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(free_bucket, key, body, NULL, options, &result));
    oss_body_free(body);
    oss_bucket_free(free_bucket);
    oss_upload_options_free(options);
    oss_put_options_free(put_options);
    return NULL;
}

static void together(void) {
    static char keys[THREADS][32];
    pthread_t threads[THREADS];
    const double began = now();
    for (int i = 0; i < THREADS; i++) {
        format(keys[i], sizeof keys[i], "together/%d", i);
        pthread_create(&threads[i], NULL, i % 2 ? upload : put, keys[i]);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    /* The last piece goes at once; all others have had their time before. */
    CHECK(now() - began >= (double)(THREADS * SIZE) / PER_SECOND - 0.11);
}

static void release(int signal) {
    (void)signal;
    oss_rate_set(rate, UINT64_MAX);
}

static void *release_later(void *argument) {
    /* Longer than anything may stand still. */
    usleep(700000);
    kill(getpid(), SIGUSR1);
    return argument;
}

static void a_pause_is_no_standstill(void) {
    pthread_t thread;
    signal(SIGUSR1, release);
    for (int i = 0; i < 2; i++) {
        const double began = now();
        oss_rate_set(rate, 0);
        pthread_create(&thread, NULL, release_later, NULL);
        if (i == 0) {
            put("paused/put");
        } else {
            upload("paused/upload");
        }
        CHECK(now() - began >= 0.6);
        pthread_join(thread, NULL);
    }
}

/* What is told again while nothing may be sent is told of a call that waits. */
static int32_t note_waiting(void *times, const oss_progress *progress) {
    (void)progress;
    if (++*(int *)times == 2) sem_post(&waiting);
    return 0;
}

static void *fire_in_pause(void *cancel) {
    sem_wait(&waiting);
    oss_cancel_fire(cancel);
    return NULL;
}

static void a_pause_ends_with_the_call(void) {
    oss_put_options *options = oss_put_options_new();
    oss_cancel *cancel = oss_cancel_new();
    oss_body *body = oss_body_from_bytes(data, SIZE);
    pthread_t thread;
    int times = 0;
    oss_rate_set(rate, 0);
    CHECK_SETS(oss_put_options_set_deadline_ms(options, 400));
    CHECK_ENDS(OSS_STATUS_TIMEOUT, oss_put_body(bucket, "never/late", body, NULL, options, &result));
    CHECK_SETS(oss_put_options_set_deadline_ms(options, 0));
    CHECK_SETS(oss_put_options_set_cancel(options, cancel));
    CHECK_SETS(oss_put_options_set_progress(options, note_waiting, &times));
    pthread_create(&thread, NULL, fire_in_pause, cancel);
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_put_body(bucket, "never/cancelled", body, NULL, options, &result));
    pthread_join(thread, NULL);
    oss_body_free(body);
    oss_cancel_free(cancel);
    oss_put_options_free(options);
}

static void *free_in_pause(void *argument) {
    sem_wait(&waiting);
    oss_rate_set(rate, UINT64_MAX);
    oss_rate_free(rate);
    return argument;
}

/* What it was given to keeps its own reference. */
static void a_rate_may_be_freed_in_a_pause(void) {
    oss_put_options *options = oss_put_options_new();
    pthread_t thread;
    int times = 0;
    oss_rate_set(rate, 0);
    CHECK_SETS(oss_put_options_set_progress(options, note_waiting, &times));
    pthread_create(&thread, NULL, free_in_pause, NULL);
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "freed", data, SIZE, options, &result));
    pthread_join(thread, NULL);
    put("freed/again");
    oss_put_options_free(options);
}

int main(void) {
    alarm(100);
    sem_init(&waiting, 0, 0);
    rate = oss_rate_new(PER_SECOND);
    bucket = bucket_at(rate);
    together();
    a_pause_is_no_standstill();
    a_pause_ends_with_the_call();
    a_rate_may_be_freed_in_a_pause();
    oss_bucket_free(bucket);
    sem_destroy(&waiting);
    return finish();
}
