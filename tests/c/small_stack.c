/* Uploads on a thread with a stack of STACK_KIB KiB. */
#define _DEFAULT_SOURCE
#include "every_kind.h"

#include <pthread.h>

static char data[KIND_SIZE];

static void *working(void *bucket) {
    static int failed;
    failed = upload_every_kind(bucket, data);
    return &failed;
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    pthread_attr_t attributes;
    pthread_t thread;
    void *failed = NULL;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, strtoul(needed_variable("STACK_KIB"), NULL, 10) << 10) == 0);
    CHECK(pthread_create(&thread, &attributes, working, bucket) == 0);
    CHECK(pthread_join(thread, &failed) == 0);
    CHECK(failed != NULL && *(int *)failed == 0);
    pthread_attr_destroy(&attributes);
    oss_bucket_free(bucket);
    return finish();
}
