/*
 * A thread ends: what it kept under a pthread_key is destroyed when the library's own storage for the thread is gone
 * already, and still that destructor uploads.
 */
#include "support.h"

#include <pthread.h>

static pthread_key_t key;
static oss_bucket *bucket;

static void put(const char *name) {
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, name, "data", 4, NULL, &result));
}

static void upload_last(void *name) {
    put(name);
}

static void *use(void *name) {
    CHECK(pthread_setspecific(key, name) == 0);
    put("in the thread");
    return NULL;
}

static void *leave(void *name) {
    CHECK(pthread_setspecific(key, name) == 0);
    return NULL;
}

static void run(void *(*thread)(void *), char *last) {
    pthread_t running;
    CHECK(pthread_create(&running, NULL, thread, last) == 0);
    CHECK(pthread_join(running, NULL) == 0);
    CHECK_ENDS(OSS_STATUS_OK, oss_stat_object(bucket, last, &result));
}

int main(void) {
    char after_another[] = "after another", by_itself[] = "by itself";
    bucket = open_bucket();
    CHECK(pthread_key_create(&key, upload_last) == 0);
    run(use, after_another);
    run(leave, by_itself);
    oss_bucket_free(bucket);
    return finish();
}
