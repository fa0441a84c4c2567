/* 64 threads share one bucket and one upload in parts. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 64, SIZE = 100 << 10 };

static oss_bucket *bucket;
static oss_multipart *multipart;
static atomic_int failed;
static char data[SIZE];

static void *working(void *argument) {
    int number = *(int *)argument;
    char key[64];
    for (int i = 0; i < 5; i++) {
        format(key, sizeof key, "threads/%d/%d", number, i);
        failed += oss_put_object(bucket, key, data, (size_t)number * 1000, NULL, NULL) != OSS_STATUS_OK;
    }
    failed += oss_upload_part(multipart, (uint32_t)number + 1, data, SIZE, NULL) != OSS_STATUS_OK;
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    bucket = open_bucket();
    CHECK_SETS(oss_begin_multipart(bucket, "together", NULL, &multipart, NULL));
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, working, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(failed == 0);
    CHECK_ENDS(OSS_STATUS_OK, oss_complete_multipart(multipart, NULL, &result));
    oss_multipart_free(multipart);
    oss_bucket_free(bucket);
    return finish();
}
